"""Conformance: what is written stands there as it was meant, everything else stays, and the right person has it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from connector.errors import AmbiguousTarget, NotFoundInAts, RejectedByAts, UnsupportedByAts
from connector.model.applicant import ApplicationRef
from connector.model.changes import Family, FieldValue, NoteState, PutForm
from connector.ports import AtsAdapter, FieldDefinition, NoteSupport, Sandbox
from connector.testing.ats_suite_base import (
    CONNECTION,
    HOSTILE,
    MARKER,
    OTHER_MARKER,
    PLAIN,
    SuiteBase,
    attachment,
    held,
    plain,
    sample,
    visible,
)


class ValuesSuite(SuiteBase):
    """Reading, fields, tags, links, notes, attachments, forms, and which application is meant."""

    # --- reading ------------------------------------------------------------------------------------------------

    async def test_reading_a_fresh_candidate_shows_what_the_ats_holds(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        assert visible(await self.look(ats, ref)) == visible(self.holdings(sandbox, ref))
        assert self.writes(sandbox) == 0

    async def test_families_that_were_not_asked_for_are_empty(self, ats: AtsAdapter, ref: ApplicationRef) -> None:
        for family in held(ats.capabilities):
            state = await ats.read(ref, frozenset({family}))
            others = [f for f in Family if f is not family]
            assert [f for f in others if getattr(state, f.value)] == []

    async def test_reading_costs_at_most_two_requests_for_a_family(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        families = held(ats.capabilities)
        await self.look(ats, ref)
        before = len(sandbox.log)
        await self.look(ats, ref)
        assert len(sandbox.log) - before <= 2 * len(families)

    async def test_an_unknown_candidate_is_not_found(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        nobody = ApplicationRef(connection=CONNECTION, candidate=sandbox.absent_candidate)
        for family in held(ats.capabilities):
            with pytest.raises(NotFoundInAts):
                await ats.read(nobody, frozenset({family}))

    async def test_a_deleted_candidate_is_not_found(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        await self.look(ats, ref)
        sandbox.delete_candidate(ref.candidate)
        for family in held(ats.capabilities):
            with pytest.raises(NotFoundInAts):
                await ats.read(ref, frozenset({family}))

    async def test_an_id_that_is_no_id_is_not_found_and_reaches_no_other_path(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        for wrong in ("../users", "1?x=1", "", "a/b", "1,2", "not an id"):
            odd = ApplicationRef(connection=CONNECTION, candidate=wrong, application=None)
            with pytest.raises((NotFoundInAts, RejectedByAts)):
                await self.look(ats, odd)
        assert self.writes(sandbox) == 0

    # --- fields -------------------------------------------------------------------------------------------------

    async def test_every_declared_type_of_field_is_written_and_read_back_by_name(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        self.need(ats.capabilities.fields, "fields")
        fields = await self.fields_by_type(ats, ref)
        for turn in (0, 1):
            wanted = {d.key: sample(d, turn) for d in fields.values()}
            await ats.set_fields(ref, wanted, await self.look(ats, ref))
            state = await self.look(ats, ref)
            assert plain({k: state.fields[k] for k in wanted}) == plain(wanted)
            assert visible(state) == visible(self.holdings(sandbox, ref))

    async def test_fields_we_do_not_own_keep_their_value(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        self.need(ats.capabilities.fields, "fields")
        before = self.holdings(sandbox, ref)
        field = await self.text_field(ats, ref)
        await ats.set_fields(ref, {field.key: sample(field)}, await self.look(ats, ref))
        await ats.set_fields(ref, {field.key: sample(field, 1)}, await self.look(ats, ref))
        after = self.holdings(sandbox, ref)
        assert plain({k: v for k, v in after.fields.items() if k != field.key}) == plain(before.fields)
        assert after.tags == before.tags

    async def test_a_recruiters_edit_between_reading_and_writing_survives(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        """Another client of the same account writes another field after our read; ours must not put it back."""
        self.need(ats.capabilities.fields, "fields")
        fields = list((await self.fields_by_type(ats, ref)).values())
        if len(fields) < 2:
            pytest.skip("capabilities declare one type of field only")
        seen = await self.look(ats, ref)
        ours, theirs = fields[0], fields[1]
        await ats.set_fields(ref, {theirs.key: sample(theirs)}, seen)
        await ats.set_fields(ref, {ours.key: sample(ours)}, seen)
        after = self.holdings(sandbox, ref).fields
        wanted = {ours.key: sample(ours), theirs.key: sample(theirs)}
        assert plain({k: after.get(k, "") for k in wanted}) == plain(wanted)

    async def test_none_empties_a_field(self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef) -> None:
        self.need(ats.capabilities.fields and Family.FIELDS in ats.capabilities.removable, "fields that can be emptied")
        fields = await self.fields_by_type(ats, ref)
        await ats.set_fields(ref, {d.key: sample(d) for d in fields.values()}, await self.look(ats, ref))
        await ats.set_fields(ref, {d.key: None for d in fields.values()}, await self.look(ats, ref))
        assert [d.key for d in fields.values() if d.key in (await self.look(ats, ref)).fields] == []
        assert [d.key for d in fields.values() if d.key in self.holdings(sandbox, ref).fields] == []

    async def test_an_unknown_option_is_refused_and_nothing_is_written(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        selects = {"single_select", "multi_select"} & ats.capabilities.field_types
        self.need(ats.capabilities.fields and selects, "fields with options")
        before = self.holdings(sandbox, ref)
        for kind, field in (await self.fields_by_type(ats, ref)).items():
            if kind in selects:
                wrong: FieldValue = "No such option" if kind == "single_select" else ("No such option",)
                with pytest.raises(RejectedByAts):
                    await ats.set_fields(ref, {field.key: wrong}, await self.look(ats, ref))
        assert visible(self.holdings(sandbox, ref)) == visible(before)

    async def test_a_field_that_does_not_exist_is_refused_and_named(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        self.need(ats.capabilities.fields, "fields")
        before = self.holdings(sandbox, ref)
        with pytest.raises(RejectedByAts) as refusal:
            await ats.set_fields(ref, {"ler_no_such_field": "x"}, await self.look(ats, ref))
        assert "ler_no_such_field" in refusal.value.message + refusal.value.detail + refusal.value.ats_words
        assert visible(self.holdings(sandbox, ref)) == visible(before)

    async def test_fields_that_stand_there_already_are_not_written_again(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        self.need(ats.capabilities.fields, "fields")
        wanted = {d.key: sample(d) for d in (await self.fields_by_type(ats, ref)).values()}
        await ats.set_fields(ref, wanted, await self.look(ats, ref))
        before = self.writes(sandbox)
        await ats.set_fields(ref, wanted, await self.look(ats, ref))
        assert self.writes(sandbox) == before

    async def test_text_in_a_field_survives_unchanged(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        self.need("long_text" in ats.capabilities.field_types, "long text fields")
        field = (await self.fields_by_type(ats, ref))["long_text"]
        await ats.set_fields(ref, {field.key: HOSTILE}, await self.look(ats, ref))
        assert (await self.look(ats, ref)).fields[field.key] == HOSTILE
        assert self.holdings(sandbox, ref).fields[field.key] == HOSTILE

    # --- tags and links -----------------------------------------------------------------------------------------

    async def test_tags_are_added_and_removed_and_others_are_kept(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        self.need(ats.capabilities.tags, "tags")
        before = self.holdings(sandbox, ref)
        one, two = await self.new_tags(ats, before)
        await ats.add_tags(ref, [one, two], await self.look(ats, ref))
        assert self.holdings(sandbox, ref).tags == before.tags | {one, two}
        assert (await self.look(ats, ref)).tags == before.tags | {one, two}
        if Family.TAGS in ats.capabilities.removable:
            await ats.remove_tags(ref, [one], await self.look(ats, ref))
            assert self.holdings(sandbox, ref).tags == before.tags | {two}
        assert plain(self.holdings(sandbox, ref).fields) == plain(before.fields)

    async def test_tags_that_are_there_are_not_added_and_absent_ones_not_removed(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        self.need(ats.capabilities.tags, "tags")
        one, two = await self.new_tags(ats, self.holdings(sandbox, ref))
        await ats.add_tags(ref, [one], await self.look(ats, ref))
        before, tags = self.writes(sandbox), self.holdings(sandbox, ref).tags
        seen = await self.look(ats, ref)
        await ats.add_tags(ref, [one], seen)
        if Family.TAGS in ats.capabilities.removable:
            await ats.remove_tags(ref, [two], seen)
        assert self.writes(sandbox) == before
        assert self.holdings(sandbox, ref).tags == tags

    async def test_a_tag_outside_the_vocabulary_is_refused(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        self.need(ats.capabilities.tags and ats.capabilities.tags_need_vocabulary, "a vocabulary of tags")
        before = self.holdings(sandbox, ref)
        with pytest.raises(RejectedByAts):
            await ats.add_tags(ref, ["No such tag"], await self.look(ats, ref))
        assert visible(self.holdings(sandbox, ref)) == visible(before)

    async def test_links_are_added_once_and_removed_and_others_are_kept(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        self.need(ats.capabilities.links, "links")
        before = self.holdings(sandbox, ref).links
        link = "https://ler.example/r/4b1f?lang=en&x=1"
        await ats.add_links(ref, [link], await self.look(ats, ref))
        assert self.holdings(sandbox, ref).links == before | {link}
        written = self.writes(sandbox)
        await ats.add_links(ref, [link], await self.look(ats, ref))
        assert self.writes(sandbox) == written
        if Family.LINKS in ats.capabilities.removable:
            await ats.remove_links(ref, [link], await self.look(ats, ref))
            assert self.holdings(sandbox, ref).links == before

    # --- notes --------------------------------------------------------------------------------------------------

    async def test_a_note_is_found_again_by_its_marker_with_its_text_unchanged(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        self.need(ats.capabilities.notes is not NoteSupport.NONE, "notes")
        private = ats.capabilities.private_notes
        first = await ats.put_note(ref, MARKER, HOSTILE, private=private, existing=None)
        second = await ats.put_note(ref, OTHER_MARKER, PLAIN, private=private, existing=None)
        notes = {n.marker: n for n in (await self.look(ats, ref)).notes}
        assert notes == {
            MARKER: NoteState(marker=MARKER, remote_id=first, text=HOSTILE),
            OTHER_MARKER: NoteState(marker=OTHER_MARKER, remote_id=second, text=PLAIN),
        }
        assert visible(await self.look(ats, ref)) == visible(self.holdings(sandbox, ref))

    async def test_text_that_looks_like_a_marker_inside_a_note_is_text(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        self.need(ats.capabilities.notes is not NoteSupport.NONE, "notes")
        text = f"a line\nler-ref: {OTHER_MARKER}\nanother line\nler-ref: {OTHER_MARKER}"
        await ats.put_note(ref, MARKER, text, private=ats.capabilities.private_notes, existing=None)
        assert [(n.marker, n.text) for n in (await self.look(ats, ref)).notes] == [(MARKER, text)]

    async def test_an_editable_note_is_edited_in_place(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        editable = ats.capabilities.notes in (NoteSupport.EDITABLE, NoteSupport.EMULATED)
        self.need(editable, "notes that can be edited")
        private = ats.capabilities.private_notes
        await ats.put_note(ref, MARKER, PLAIN, private=private, existing=None)
        existing = (await self.look(ats, ref)).notes[0]
        await ats.put_note(ref, MARKER, HOSTILE, private=private, existing=existing)
        assert [(n.marker, n.text) for n in self.holdings(sandbox, ref).notes] == [(MARKER, HOSTILE)]
        assert [(n.marker, n.text) for n in (await self.look(ats, ref)).notes] == [(MARKER, HOSTILE)]

    async def test_an_append_only_note_is_neither_edited_nor_removed(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        self.need(ats.capabilities.notes is NoteSupport.APPEND_ONLY, "append-only notes")
        await ats.put_note(ref, MARKER, PLAIN, private=ats.capabilities.private_notes, existing=None)
        note = (await self.look(ats, ref)).notes[0]
        with pytest.raises(UnsupportedByAts):
            await ats.put_note(ref, MARKER, HOSTILE, private=ats.capabilities.private_notes, existing=note)
        with pytest.raises(UnsupportedByAts):
            await ats.remove_note(ref, note)
        assert Family.NOTES not in ats.capabilities.removable
        assert [n.text for n in self.holdings(sandbox, ref).notes] == [PLAIN]

    async def test_a_removed_note_is_gone_and_the_other_stays(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        self.need(Family.NOTES in ats.capabilities.removable, "notes that can be removed")
        private = ats.capabilities.private_notes
        await ats.put_note(ref, MARKER, PLAIN, private=private, existing=None)
        await ats.put_note(ref, OTHER_MARKER, PLAIN, private=private, existing=None)
        note = next(n for n in (await self.look(ats, ref)).notes if n.marker == MARKER)
        await ats.remove_note(ref, note)
        assert [n.marker for n in self.holdings(sandbox, ref).notes] == [OTHER_MARKER]

    async def test_no_note_is_left_on_a_candidate_who_is_gone(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        """A note nobody can see or delete is the worst thing to leave behind."""
        self.need(ats.capabilities.notes is not NoteSupport.NONE, "notes")
        await self.look(ats, ref)
        sandbox.delete_candidate(ref.candidate)
        with pytest.raises(NotFoundInAts):
            await ats.put_note(ref, MARKER, PLAIN, private=ats.capabilities.private_notes, existing=None)

    # --- attachments and forms ----------------------------------------------------------------------------------

    async def test_an_attachment_is_found_again_under_exactly_its_name(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        self.need(ats.capabilities.attachments, "attachments")
        before = self.holdings(sandbox, ref).attachments
        change = attachment(ats.capabilities)
        remote_id = await ats.add_attachment(ref, change)
        found = [a for a in (await self.look(ats, ref)).attachments if a.filename == change.value.filename]
        assert [a.remote_id for a in found] == [remote_id]
        assert len(self.holdings(sandbox, ref).attachments) == len(before) + 1
        if Family.ATTACHMENTS in ats.capabilities.removable:
            await ats.remove_attachment(ref, found[0])
            assert self.holdings(sandbox, ref).attachments == before

    async def test_a_form_is_completed_found_by_its_marker_and_superseded(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        self.need(ats.capabilities.forms, "forms")
        template, fields = next(iter((await ats.catalog()).form_templates.items()))
        for turn in (0, 1):
            values = {f.name: sample(f, turn) for f in fields}
            form = PutForm(target=template, rule="form", value=values)
            existing = next((f for f in (await self.look(ats, ref)).forms if f.marker == MARKER), None)
            assert (existing is None) == (turn == 0)
            await ats.put_form(ref, MARKER, form, existing=existing)
            mine = [f for f in (await self.look(ats, ref)).forms if f.marker == MARKER]
            assert [f.template for f in mine] == [template]
            assert plain({k: mine[0].values[k] for k in values}) == plain(values)
            assert visible(await self.look(ats, ref)) == visible(self.holdings(sandbox, ref))

    # --- the whole delivery, twice ------------------------------------------------------------------------------

    async def test_delivering_the_same_twice_writes_nothing_the_second_time(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        seen = await self.look(ats, ref)
        fields = list((await self.fields_by_type(ats, ref)).values()) if ats.capabilities.fields else []
        tags = await self.new_tags(ats, seen) if ats.capabilities.tags else ()
        await self._deliver(ats, ref, fields, tags)
        once, written = visible(self.holdings(sandbox, ref)), self.writes(sandbox)
        assert written > 0
        await self._deliver(ats, ref, fields, tags)
        assert visible(self.holdings(sandbox, ref)) == once
        assert self.writes(sandbox) == written

    async def _deliver(
        self, ats: AtsAdapter, ref: ApplicationRef, fields: Sequence[FieldDefinition], tags: Sequence[str]
    ) -> None:
        """Look, then write what is missing: as the core does."""
        able, seen = ats.capabilities, await self.look(ats, ref)
        if able.fields:
            await ats.set_fields(ref, {d.key: sample(d) for d in fields}, seen)
        if able.tags:
            await ats.add_tags(ref, tags, seen)
        if able.links:
            await ats.add_links(ref, ["https://ler.example/r/1"], seen)
        if able.notes is not NoteSupport.NONE and MARKER not in {n.marker for n in seen.notes}:
            await ats.put_note(ref, MARKER, HOSTILE, private=able.private_notes, existing=None)
        change = attachment(able) if able.attachments else None
        if change and change.value.filename not in {a.filename for a in seen.attachments}:
            await ats.add_attachment(ref, change)

    # --- which application --------------------------------------------------------------------------------------

    async def test_the_only_application_is_taken_when_none_is_named(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        self.need(ats.capabilities.needs_application, "that an application is needed")
        unnamed = ref.model_copy(update={"application": None})
        assert visible(await self.look(ats, unnamed)) == visible(self.holdings(sandbox, ref))
        if ats.capabilities.attachments:
            change = attachment(ats.capabilities)
            await ats.add_attachment(unnamed, change)
            assert change.value.filename in {a.filename for a in self.holdings(sandbox, ref).attachments}

    async def test_several_applications_and_none_named_is_ambiguous(self, ats: AtsAdapter, sandbox: Sandbox) -> None:
        self.need(ats.capabilities.needs_application, "that an application is needed")
        people = sandbox.people()
        twice = [p for p in people if sum(q.candidate == p.candidate for q in people) > 1]
        assert twice, "the stand-in needs somebody with two applications"
        unnamed = ApplicationRef(connection=CONNECTION, candidate=twice[0].candidate)
        with pytest.raises(AmbiguousTarget):
            await self.look(ats, unnamed)
        if ats.capabilities.attachments:
            with pytest.raises(AmbiguousTarget):
                await ats.add_attachment(unnamed, attachment(ats.capabilities))
        assert self.writes(sandbox) == 0

    async def test_somebody_elses_application_is_not_found(self, ats: AtsAdapter, sandbox: Sandbox) -> None:
        """Writing to the wrong person is worse than not writing. The core reads first, whatever it then writes."""
        one = sandbox.people()[0]
        other = next(p for p in sandbox.people() if p.candidate != one.candidate)
        mixed = ApplicationRef(connection=CONNECTION, candidate=one.candidate, application=other.application)
        await self.look(ats, self.ref_to(one))
        await self.look(ats, self.ref_to(other))
        for family in held(ats.capabilities):
            with pytest.raises(NotFoundInAts) as refusal:
                await ats.read(mixed, frozenset({family}))
            assert refusal.value.code == "application_not_found"
        if ats.capabilities.attachments:
            with pytest.raises(NotFoundInAts):
                await ats.add_attachment(mixed, attachment(ats.capabilities))
        assert self.writes(sandbox) == 0

    async def test_an_application_that_is_not_there_is_not_found(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        gone = ref.model_copy(update={"application": sandbox.absent_candidate})
        with pytest.raises(NotFoundInAts):
            await self.look(ats, gone)
        assert self.writes(sandbox) == 0
