"""The conformance suite: what every ATS adapter, ours or anybody's, must keep (STYLE section 6, `ports.AtsAdapter`).

A new adapter's test file starts with this, and is mostly this::

    class TestMyAtsConformance(AtsConformance):
        @pytest.fixture
        def plugin(self) -> AtsPlugin:
            return my_ats.plugin

The adapter then talks to its plugin's stand-in, in the vendor's wire format, without a socket. A test is skipped by
what `capabilities` declares, never by the adapter's name. The stand-in must be seeded so that nothing is skipped by
poverty: its first person has one application, at least one value or tag of a recruiter's, and an empty field of each
declared type; where an application is needed, somebody has two. Needs pytest with pytest-asyncio in auto mode.
"""

from __future__ import annotations

import hashlib
import html
import math
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Final

import httpx
import pytest

from connector.errors import (
    AmbiguousTarget,
    AtsAuthError,
    NotFoundInAts,
    RejectedByAts,
    RetryableDeliveryError,
    UnsupportedByAts,
)
from connector.infra.ats_http import AtsHttpClients
from connector.model.applicant import ApplicationRef
from connector.model.changes import AddAttachment, AtsState, AttachmentValue, Family, FieldValue, NoteState, PutForm
from connector.ports import (
    AtsAdapter,
    AtsPlugin,
    Capabilities,
    FieldDefinition,
    NoteSupport,
    Sandbox,
    SandboxFault,
    SandboxPerson,
    SandboxSeed,
)

BASE_URL: Final = "http://127.0.0.1"
CONNECTION: Final = "suite"
MARKER: Final = "9f2c51d07a3be846"
OTHER_MARKER: Final = "03be7d5512aa90ff"
PLAIN: Final = "MIG welding; issued by Lakeview University"
HOSTILE: Final = (
    "First line\nC++ & R&D <b>bold</b> <script>alert(1)</script> \"double\" 'single' {{7*7}} %s ${x}\n"
    "é ñ Ж 溶接 مهارة 🔧 ]]> &amp; \\n\n\nlast line"
)
CONTENT_TYPES: Final = {"application/pdf": "pdf", "text/plain": "txt", "application/json": "json", "image/png": "png"}


class LoopbackTransport(httpx.AsyncBaseTransport):
    """Calls a stand-in without a socket; a connection the stand-in breaks looks to the client as one that broke."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._inner = httpx.ASGITransport(app=sandbox.app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._inner.handle_async_request(request)
        except ConnectionResetError as error:
            raise httpx.RemoteProtocolError("the peer closed the connection", request=request) from error


def visible(state: AtsState) -> dict[str, object]:
    """A state as it can be compared: without the adapter's memory, and without an order where there is none."""
    return {
        "fields": {k: tuple(sorted(v)) if isinstance(v, tuple) else v for k, v in state.fields.items()},
        "tags": state.tags,
        "links": state.links,
        "notes": sorted((n.marker, n.remote_id, n.text) for n in state.notes),
        "attachments": sorted((a.filename, a.remote_id) for a in state.attachments),
        "forms": sorted((f.marker, f.template, f.remote_id, sorted(f.values)) for f in state.forms),
    }


def held(capabilities: Capabilities) -> frozenset[Family]:
    """The families this ATS has anything of."""
    return frozenset(f for f in Family if capabilities.holds(f))


def attachment(capabilities: Capabilities, name: str = "ler-9f2c51d07a3b") -> AddAttachment:
    """A small file of a type that the ATS takes."""
    allowed = capabilities.attachment_types or frozenset(CONTENT_TYPES)
    content_type = next(t for t in CONTENT_TYPES if t in allowed)
    content = b"%PDF-1.7\n% a record\n%%EOF\n" if content_type == "application/pdf" else b"a record\n"
    value = AttachmentValue(
        filename=f"{name}.{CONTENT_TYPES[content_type]}",
        content_type=content_type,
        sha256=hashlib.sha256(content).hexdigest(),
        length=len(content),
    )
    return AddAttachment(target="record", rule="record", value=value, content=content)


def sample(definition: FieldDefinition, turn: int = 0) -> FieldValue:
    """A value for that field; another `turn` gives another value."""
    options = definition.options or ()
    values: dict[str, tuple[FieldValue, FieldValue]] = {
        "text": ("Lakeview University", "Harbor College"),
        "long_text": (PLAIN, f"{PLAIN}\nTIG welding"),
        "url": ("https://ler.example/r/4b1f?lang=en&x=1", "https://ler.example/r/77aa"),
        "yes_no": (True, False),
        "number": (3, 7),
        "date": ("2026-11-23", "2026-12-01"),
        "single_select": (options[0], options[-1]) if options else ("", ""),
        "multi_select": (options[:2], options[1:3]),
    }
    return values[definition.type][turn]


class AtsConformance:
    """Override `plugin`; override the other fixtures only where that is not enough."""

    # --- fixtures -----------------------------------------------------------------------------------------------

    @pytest.fixture
    def plugin(self) -> AtsPlugin:
        raise NotImplementedError("override the fixture `plugin`")

    @pytest.fixture
    def sandbox(self, plugin: AtsPlugin) -> Sandbox:
        return plugin.sandbox(SandboxSeed())

    @pytest.fixture
    async def http(self, sandbox: Sandbox) -> AsyncIterator[AtsHttpClients]:
        clients = AtsHttpClients(CONNECTION, rate=10_000, burst=10_000, transport=LoopbackTransport(sandbox))
        yield clients
        await clients.aclose()

    @pytest.fixture
    async def ats(self, plugin: AtsPlugin, sandbox: Sandbox, http: AtsHttpClients) -> AsyncIterator[AtsAdapter]:
        settings = plugin.settings.model_validate(sandbox.settings(BASE_URL))
        adapter = plugin.adapter(settings, http)
        yield adapter
        await adapter.aclose()

    @pytest.fixture
    def ref(self, sandbox: Sandbox) -> ApplicationRef:
        return self.ref_to(sandbox.people()[0])

    # --- helpers ------------------------------------------------------------------------------------------------

    @staticmethod
    def ref_to(person: SandboxPerson) -> ApplicationRef:
        return ApplicationRef(connection=CONNECTION, candidate=person.candidate, application=person.application)

    @staticmethod
    def need(declared: object, what: str) -> None:
        """Skip unless the capability is declared."""
        if not declared:
            pytest.skip(f"capabilities do not declare {what}")

    @staticmethod
    def holdings(sandbox: Sandbox, ref: ApplicationRef) -> AtsState:
        return sandbox.holdings(ref.candidate, ref.application)

    @staticmethod
    def writes(sandbox: Sandbox) -> int:
        return sum(request.write for request in sandbox.log)

    async def look(self, ats: AtsAdapter, ref: ApplicationRef) -> AtsState:
        return await ats.read(ref, held(ats.capabilities))

    async def fields_by_type(self, ats: AtsAdapter, ref: ApplicationRef) -> dict[str, FieldDefinition]:
        """One field of each declared type that is empty on a fresh candidate."""
        taken = (await ats.read(ref, frozenset({Family.FIELDS}))).fields
        found: dict[str, FieldDefinition] = {}
        for definition in (await ats.catalog()).fields:
            if definition.key not in taken:
                found.setdefault(definition.type, definition)
        missing = ats.capabilities.field_types - found.keys()
        assert not missing, f"the stand-in has no empty field of these declared types: {sorted(missing)}"
        return {kind: found[kind] for kind in sorted(ats.capabilities.field_types)}

    async def text_field(self, ats: AtsAdapter, ref: ApplicationRef) -> FieldDefinition:
        fields = await self.fields_by_type(ats, ref)
        return fields.get("long_text") or fields.get("text") or next(iter(fields.values()))

    async def new_tags(self, ats: AtsAdapter, seen: AtsState) -> tuple[str, str]:
        """Two tags that are not on the candidate, from the vocabulary where there is one."""
        if not ats.capabilities.tags_need_vocabulary:
            return "LER: C++ & R&D", "LER: Schweißen"
        free = [tag for tag in (await ats.catalog()).tags if tag not in seen.tags]
        assert len(free) >= 2, "the stand-in needs two tags in its vocabulary that the first person does not have"
        return free[0], free[1]

    async def write_something(self, ats: AtsAdapter, ref: ApplicationRef, seen: AtsState) -> None:
        """One write of the first family the ATS has; nothing when `seen` says it stands there already."""
        able = ats.capabilities
        if able.fields:
            field = await self.text_field(ats, ref) if not seen.fields.get(self._key) else self._field
            self._key, self._field = field.key, field
            await ats.set_fields(ref, {field.key: sample(field)}, seen)
        elif able.tags:
            await ats.add_tags(ref, [(await self.new_tags(ats, AtsState()))[0]], seen)
        elif able.links:
            await ats.add_links(ref, ["https://ler.example/r/1"], seen)
        elif able.notes is not NoteSupport.NONE:
            if not any(n.marker == MARKER for n in seen.notes):
                await ats.put_note(ref, MARKER, PLAIN, private=False, existing=None)
        else:
            pytest.skip("this ATS holds nothing that the suite knows how to write")

    _key = ""
    _field = FieldDefinition(key="", name="", type="text")

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
            assert _plain({k: state.fields[k] for k in wanted}) == _plain(wanted)
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
        assert _plain({k: v for k, v in after.fields.items() if k != field.key}) == _plain(before.fields)
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
        assert _plain({k: after.get(k, "") for k in wanted}) == _plain(wanted)

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
        assert _plain(self.holdings(sandbox, ref).fields) == _plain(before.fields)

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
            assert _plain({k: mine[0].values[k] for k in values}) == _plain(values)
            assert visible(await self.look(ats, ref)) == visible(self.holdings(sandbox, ref))

    # --- the whole delivery, twice ------------------------------------------------------------------------------

    async def test_delivering_the_same_twice_writes_nothing_the_second_time(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        await self._deliver(ats, ref)
        once, written = visible(self.holdings(sandbox, ref)), self.writes(sandbox)
        assert written > 0
        await self._deliver(ats, ref)
        assert visible(self.holdings(sandbox, ref)) == once
        assert self.writes(sandbox) == written

    async def _deliver(self, ats: AtsAdapter, ref: ApplicationRef) -> None:
        """Look, then write what is missing: as the core does."""
        able, seen = ats.capabilities, await self.look(ats, ref)
        if able.fields:
            keys = {f.key: f for f in (await ats.catalog()).fields if f.type in able.field_types}
            mine = self.__dict__.setdefault("_delivered", [k for k in keys if k not in seen.fields])
            await ats.set_fields(ref, {k: sample(keys[k]) for k in mine}, seen)
        if able.tags:
            tags = self.__dict__.setdefault("_delivered_tags", await self.new_tags(ats, seen))
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
        """Writing to the wrong person is worse than not writing."""
        self.need(ats.capabilities.needs_application, "that an application is needed")
        one, other = sandbox.people()[0], sandbox.people()[1]
        mixed = ApplicationRef(connection=CONNECTION, candidate=one.candidate, application=other.application)
        with pytest.raises(NotFoundInAts):
            await self.look(ats, mixed)
        if ats.capabilities.attachments:
            with pytest.raises(NotFoundInAts):
                await ats.add_attachment(mixed, attachment(ats.capabilities))
        assert self.writes(sandbox) == 0

    # --- what goes wrong ----------------------------------------------------------------------------------------

    @pytest.mark.parametrize("status", [401, 403])
    async def test_a_refused_credential_is_an_auth_error(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef, status: int
    ) -> None:
        seen = await self.look(ats, ref)
        await self._warm(ats, ref)
        sandbox.inject(SandboxFault(status=status, times=50))
        with pytest.raises(AtsAuthError):
            await self.look(ats, ref)
        with pytest.raises(AtsAuthError):
            await self.write_something(ats, ref, seen)

    @pytest.mark.parametrize("kind", ["read", "write"])
    @pytest.mark.parametrize("header", ["7", "date", "-5", "999999999", "soon", None])
    async def test_429_says_how_long_to_wait_within_reason(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef, kind: str, header: str | None
    ) -> None:
        later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
        headers = {} if header is None else {"Retry-After": later if header == "date" else header}
        error = await self._fail(ats, sandbox, ref, kind, SandboxFault(status=429, headers=headers))
        assert not error.maybe_applied
        waits = error.retry_after
        if header == "7":
            assert waits == 7
        elif header == "date":
            assert waits is not None and 0 < waits <= 91
        elif header == "-5":
            assert waits is None or waits == 0
        elif header == "999999999":
            assert waits is not None and math.isfinite(waits) and 0 < waits <= 86_400
        else:
            assert waits is None

    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    @pytest.mark.parametrize("kind", ["read", "write"])
    async def test_a_server_error_leaves_a_write_open_and_a_read_not(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef, kind: str, status: int
    ) -> None:
        error = await self._fail(ats, sandbox, ref, kind, SandboxFault(status=status, content_type="text/html"))
        assert error.maybe_applied == (kind == "write")

    @pytest.mark.parametrize(
        "fault",
        [
            SandboxFault(reset=True, after_commit=True),
            SandboxFault(status=502, after_commit=True, body=b"<html>bad gateway</html>", content_type="text/html"),
            SandboxFault(status=500, after_commit=True),
        ],
        ids=["reset", "502", "500"],
    )
    async def test_a_write_whose_answer_is_lost_is_looked_for_and_not_repeated(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef, fault: SandboxFault
    ) -> None:
        error = await self._fail(ats, sandbox, ref, "write", fault)
        assert error.maybe_applied
        written, there = self.writes(sandbox), visible(self.holdings(sandbox, ref))
        seen = await self.look(ats, ref)
        assert visible(seen) == there
        await self.write_something(ats, ref, seen)
        assert self.writes(sandbox) == written
        assert visible(self.holdings(sandbox, ref)) == there

    @pytest.mark.parametrize("kind", ["read", "write"])
    async def test_a_broken_connection_is_retryable(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef, kind: str
    ) -> None:
        error = await self._fail(ats, sandbox, ref, kind, SandboxFault(reset=True))
        assert error.maybe_applied == (kind == "write")

    @pytest.mark.parametrize(
        ("body", "content_type"),
        [
            (b"<!doctype html><title>Sign in</title>", "text/html"),
            (b'{"data": [{"id": 1', "application/json"),
            (b"", "application/json"),
            (b'"ok"', "application/json"),
            (b"\xff\xfe\x00", "application/octet-stream"),
        ],
        ids=["html", "truncated", "empty", "a string", "garbage"],
    )
    async def test_200_with_something_else_than_an_answer_is_a_failed_read(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef, body: bytes, content_type: str
    ) -> None:
        fault = SandboxFault(status=200, body=body or b" ", content_type=content_type)
        error = await self._fail(ats, sandbox, ref, "read", fault)
        assert not error.maybe_applied

    async def test_a_proxys_page_with_200_is_no_success_of_a_write(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        page = SandboxFault(status=200, body=b"<!doctype html><title>Sign in</title>", content_type="text/html")
        error = await self._fail(ats, sandbox, ref, "write", page)
        assert error.maybe_applied

    @pytest.mark.parametrize("status", [400, 409, 422])
    async def test_a_refused_write_is_final_and_carries_the_atss_words(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef, status: int
    ) -> None:
        seen = await self.look(ats, ref)
        await self._warm(ats, ref)
        sandbox.inject(SandboxFault(status=status, on="write"))
        with pytest.raises(RejectedByAts) as refusal:
            await self.write_something(ats, ref, seen)
        assert f"Injected fault {status}" in refusal.value.ats_words

    async def test_an_access_token_that_ends_in_mid_run_is_renewed_once(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        await self.look(ats, ref)
        if not sandbox.expire_tokens():
            pytest.skip("this connection's credential does not expire")
        before = len(sandbox.log)
        seen = await self.look(ats, ref)
        await self.write_something(ats, ref, seen)
        assert [r.status for r in list(sandbox.log)[before:]].count(401) == 1

    async def test_a_credential_that_is_refused_at_renewal_is_an_auth_error(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        await self.look(ats, ref)
        if not sandbox.expire_tokens():
            pytest.skip("this connection's credential does not expire")
        sandbox.inject(SandboxFault(status=401, on="token", body=b'{"error":"invalid_client"}', times=3))
        with pytest.raises(AtsAuthError):
            await self.look(ats, ref)

    async def _warm(self, ats: AtsAdapter, ref: ApplicationRef) -> None:
        """Let the adapter learn what it keeps (definitions, options), so that a fault meets the write itself."""
        await ats.catalog()
        if ats.capabilities.fields:
            field = await self.text_field(ats, ref)
            self._key, self._field = field.key, field

    async def _fail(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef, kind: str, fault: SandboxFault
    ) -> RetryableDeliveryError:
        """Read or write with that fault injected; the error must be a retryable one."""
        seen = await self.look(ats, ref)
        await self._warm(ats, ref)
        sandbox.inject(replace(fault, on="write" if kind == "write" else "read"))
        with pytest.raises(RetryableDeliveryError) as caught:
            if kind == "write":
                await self.write_something(ats, ref, seen)
            else:
                await self.look(ats, ref)
        return caught.value

    # --- what does not exist ------------------------------------------------------------------------------------

    async def test_families_that_are_not_declared_are_unsupported(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        able, seen = ats.capabilities, AtsState()
        if not able.fields:
            with pytest.raises(UnsupportedByAts):
                await ats.set_fields(ref, {"x": "y"}, seen)
        if not able.tags:
            with pytest.raises(UnsupportedByAts):
                await ats.add_tags(ref, ["x"], seen)
        if not able.links:
            with pytest.raises(UnsupportedByAts):
                await ats.add_links(ref, ["https://ler.example"], seen)
        if able.notes is NoteSupport.NONE:
            with pytest.raises(UnsupportedByAts):
                await ats.put_note(ref, MARKER, PLAIN, private=True, existing=None)
        if not able.attachments:
            with pytest.raises(UnsupportedByAts):
                await ats.add_attachment(ref, attachment(able))
        if not able.forms:
            with pytest.raises(UnsupportedByAts):
                await ats.put_form(ref, MARKER, PutForm(target="x", rule="x", value={}), existing=None)
        assert self.writes(sandbox) == 0

    def test_capabilities_are_consistent(self, ats: AtsAdapter, plugin: AtsPlugin) -> None:
        able = ats.capabilities
        assert able.removable <= held(able)
        assert bool(able.field_types) == able.fields
        assert held(able)
        assert ats.kind == plugin.kind

    # --- the catalog and the doctor ------------------------------------------------------------------------------

    async def test_the_catalog_lists_what_can_be_written_to(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        catalog = await ats.catalog()
        if ats.capabilities.fields:
            assert {f.type for f in catalog.fields} >= ats.capabilities.field_types
            assert len({f.key for f in catalog.fields}) == len(catalog.fields)
            assert all(f.options for f in catalog.fields if f.type in ("single_select", "multi_select"))
            assert all(f.options is None for f in catalog.fields if f.type not in ("single_select", "multi_select"))
        if ats.capabilities.forms:
            assert catalog.form_templates
        assert self.writes(sandbox) == 0

    async def test_a_well_set_up_connection_passes_every_probe(self, ats: AtsAdapter) -> None:
        probes = await ats.probe()
        assert probes
        assert [(p.name, p.message) for p in probes if not p.ok] == []

    async def test_every_missing_permission_is_named_by_a_probe(self, ats: AtsAdapter, sandbox: Sandbox) -> None:
        assert sandbox.permissions, "the stand-in must say which permissions the adapter needs"
        for permission in sorted(sandbox.permissions):
            sandbox.permissions.discard(permission)
            bad = [p for p in await ats.probe() if not p.ok]
            assert any(permission in f"{p.name} {p.message} {p.fix}" for p in bad), permission
            assert all(p.fix for p in bad)
            sandbox.permissions.add(permission)

    async def test_probing_changes_nothing_and_survives_an_outage(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        before = visible(self.holdings(sandbox, ref))
        await ats.probe()
        assert visible(self.holdings(sandbox, ref)) == before
        sandbox.inject(SandboxFault(status=503, times=200))
        probes = await ats.probe()
        assert [p for p in probes if not p.ok]

    # --- the recruiter's page ------------------------------------------------------------------------------------

    async def test_the_page_shows_the_candidate_and_escapes_every_value(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        able, seen = ats.capabilities, await self.look(ats, ref)
        if "long_text" in able.field_types:
            field = (await self.fields_by_type(ats, ref))["long_text"]
            await ats.set_fields(ref, {field.key: HOSTILE}, seen)
        if able.notes is not NoteSupport.NONE:
            await ats.put_note(ref, MARKER, HOSTILE, private=able.private_notes, existing=None)
        async with httpx.AsyncClient(transport=LoopbackTransport(sandbox), base_url=BASE_URL) as browser:
            answer = await browser.get(sandbox.view_path(ref.candidate))
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/html")
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        page = answer.text
        assert html.escape(sandbox.people()[0].name) in page
        assert "<script>alert" not in page and "<b>bold" not in page
        if "long_text" in able.field_types or able.notes is not NoteSupport.NONE:
            assert html.escape(HOSTILE) in page


def _plain(values: Mapping[str, FieldValue] | Iterable[tuple[str, FieldValue]]) -> dict[str, FieldValue]:
    """Field values without the order of several options, which no ATS promises."""
    return {k: tuple(sorted(v)) if isinstance(v, tuple) else v for k, v in dict(values).items()}
