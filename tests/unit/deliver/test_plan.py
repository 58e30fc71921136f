"""What is still to be written: wish, state and ledger in, steps out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connector.deliver.ledger import LedgerEntry, note_marker
from connector.deliver.plan import Kept, Standing, Step, Write, WriteKind, plan_steps, same
from connector.model.applicant import ApplicationRef
from connector.model.changes import (
    AtsState,
    AttachmentState,
    Change,
    EffectState,
    Family,
    FormState,
    NoteState,
    PutForm,
    RemoveTag,
)
from connector.ports import Capabilities, NoteSupport
from connector.testing.fake_ats import CAPABILITIES

from .memory import REF, attachment, link, note, set_field, tag, wish

APPEND_ONLY = replace(CAPABILITIES, notes=NoteSupport.APPEND_ONLY, removable=CAPABILITIES.removable - {Family.NOTES})
NOTHING_REMOVABLE = replace(CAPABILITIES, removable=frozenset())


def confirmed(change: Change, *, value: Any = None, **more: Any) -> LedgerEntry:
    [step] = plan_steps(wish(change), AtsState(), (), CAPABILITIES, REF)
    assert isinstance(step, Write)
    entry = step.entry if value is None else replace(step.entry, value=value)
    return replace(entry.done("n1"), **more)


def unknown(change: Change) -> LedgerEntry:
    entry = confirmed(change)
    return replace(entry, state=EffectState.SENT, confirmed=None, maybe=(entry.value,))


def steps(
    *changes: Change,
    state: AtsState = AtsState(),
    ledger: tuple[LedgerEntry, ...] = (),
    can: Capabilities = CAPABILITIES,
) -> tuple[Step, ...]:
    return plan_steps(wish(*changes), state, ledger, can, REF)


def one(*changes: Change, **more: Any) -> Step:
    [step] = steps(*changes, **more)
    return step


def reason(step: Step) -> str:
    assert isinstance(step, Kept), step
    return step.skip.reason


MARKER = note_marker(REF, "note")
OUR_NOTE = NoteState(MARKER, "n1", "The applicant shared records.")


class TestFields:
    def test_an_empty_field_is_written(self) -> None:
        step = one(set_field("MIG welding"))
        assert isinstance(step, Write)
        assert (step.kind, step.value) == (WriteKind.SET_FIELD, "MIG welding")

    def test_what_stands_already_is_not_written_again(self) -> None:
        change = set_field("MIG welding")
        step = one(change, state=AtsState(fields={"ler_skills": "MIG welding\r\n"}), ledger=(confirmed(change),))
        assert isinstance(step, Standing)
        assert step.entry.ours

    def test_our_own_older_value_is_replaced(self) -> None:
        ledger = (confirmed(set_field("MIG welding")),)
        step = one(set_field("MIG, TIG"), state=AtsState(fields={"ler_skills": "MIG welding"}), ledger=ledger)
        assert isinstance(step, Write)
        assert step.value == "MIG, TIG"
        assert step.entry.before is None

    def test_a_recruiters_value_is_left_alone(self) -> None:
        assert reason(one(set_field("x"), state=AtsState(fields={"ler_skills": "by hand"}))) == "kept_existing_value"

    def test_a_recruiters_edit_of_our_value_is_left_alone(self) -> None:
        ledger = (confirmed(set_field("MIG welding")),)
        state = AtsState(fields={"ler_skills": "MIG welding (asked her)"})
        assert reason(one(set_field("MIG, TIG"), state=state, ledger=ledger)) == "kept_existing_value"

    def test_a_field_that_a_recruiter_emptied_stays_empty(self) -> None:
        assert reason(one(set_field("MIG"), ledger=(confirmed(set_field("MIG")),))) == "emptied_in_ats"

    def test_overwrite_replaces_a_recruiters_value_and_remembers_it(self) -> None:
        step = one(set_field("x", overwrite=True), state=AtsState(fields={"ler_skills": "by hand"}))
        assert isinstance(step, Write)
        assert step.entry.before == "by hand"

    def test_a_value_that_stood_there_before_us_is_never_taken_back(self) -> None:
        state = AtsState(fields={"ler_skills": "MIG"})
        step = one(set_field("MIG"), state=state)
        assert isinstance(step, Standing)
        assert steps(state=state, ledger=(step.entry.done(),)) == ()

    def test_a_write_with_unknown_outcome_that_did_apply_is_recognised_as_ours(self) -> None:
        step = one(set_field("MIG"), state=AtsState(fields={"ler_skills": "MIG"}), ledger=(unknown(set_field("MIG")),))
        assert isinstance(step, Standing)
        assert step.entry.ours

    def test_an_update_with_unknown_outcome_that_did_not_apply_is_repeated(self) -> None:
        entry = replace(confirmed(set_field("MIG")), value="MIG, TIG").sent()
        step = one(set_field("MIG, TIG"), state=AtsState(fields={"ler_skills": "MIG"}), ledger=(entry,))
        assert isinstance(step, Write)

    def test_of_several_writes_without_an_answer_any_may_stand_and_is_ours(self) -> None:
        """V2 was applied and its answer lost; V3 was refused for being too many; V2 must not look like a stranger's."""
        entry = replace(confirmed(set_field("V1")), value="V2").sent()
        [step] = steps(set_field("V3"), state=AtsState(fields={"ler_skills": "V1"}), ledger=(entry,))
        assert isinstance(step, Write)
        for after in (step.entry.sent(), step.entry.waiting("ats_busy")):
            found = one(set_field("V4"), state=AtsState(fields={"ler_skills": "V2"}), ledger=(after,))
            assert isinstance(found, Write)

    def test_taking_back_with_a_lost_answer_finds_the_old_value_restored(self) -> None:
        entry = confirmed(set_field("MIG", overwrite=True), before="by hand").sent()
        step = one(state=AtsState(fields={"ler_skills": "by hand"}), ledger=(entry,))
        assert isinstance(step, Standing)
        assert step.undone

    def test_a_value_no_longer_wished_for_is_emptied(self) -> None:
        step = one(state=AtsState(fields={"ler_skills": "MIG"}), ledger=(confirmed(set_field("MIG")),))
        assert isinstance(step, Write)
        assert (step.value, step.takes_back) == (None, True)

    def test_taking_back_restores_what_was_overwritten(self) -> None:
        entry = confirmed(set_field("MIG", overwrite=True), before="by hand")
        step = one(state=AtsState(fields={"ler_skills": "MIG"}), ledger=(entry,))
        assert isinstance(step, Write)
        assert step.value == "by hand"

    def test_taking_back_leaves_a_recruiters_edit(self) -> None:
        step = one(state=AtsState(fields={"ler_skills": "edited"}), ledger=(confirmed(set_field("MIG")),))
        assert reason(step) == "changed_in_ats"
        assert isinstance(step, Kept)
        assert step.entry is not None
        assert step.entry.state is EffectState.UNDONE

    def test_a_field_that_cannot_be_emptied_stays_and_is_said(self) -> None:
        ledger = (confirmed(set_field("MIG")),)
        step = one(state=AtsState(fields={"ler_skills": "MIG"}), ledger=ledger, can=NOTHING_REMOVABLE)
        assert reason(step) == "cannot_be_removed"


class TestListFields:
    def test_our_options_join_a_recruiters(self) -> None:
        step = one(set_field(("MIG",)), state=AtsState(fields={"ler_skills": ("SQL",)}))
        assert isinstance(step, Write)
        assert step.value == ("SQL", "MIG")
        assert step.entry.value == ("MIG",)

    def test_only_ours_are_taken_back(self) -> None:
        entry = confirmed(set_field(("MIG", "TIG")))
        step = one(state=AtsState(fields={"ler_skills": ("SQL", "TIG", "MIG")}), ledger=(entry,))
        assert isinstance(step, Write)
        assert step.value == ("SQL",)

    def test_an_option_that_both_wanted_stays_when_ours_go(self) -> None:
        state = AtsState(fields={"ler_skills": ("MIG",)})
        step = one(set_field(("MIG", "TIG")), state=state)
        assert isinstance(step, Write)
        assert step.entry.value == ("TIG",)

    def test_an_option_that_a_recruiter_took_out_does_not_come_back(self) -> None:
        ledger = (confirmed(set_field(("MIG", "TIG"))),)
        step = one(set_field(("MIG", "TIG", "SQL")), state=AtsState(fields={"ler_skills": ("MIG",)}), ledger=ledger)
        assert isinstance(step, Write)
        assert step.value == ("MIG", "SQL")

    def test_an_option_no_longer_wished_for_goes(self) -> None:
        ledger = (confirmed(set_field(("MIG", "TIG"))),)
        step = one(set_field(("MIG",)), state=AtsState(fields={"ler_skills": ("MIG", "TIG")}), ledger=ledger)
        assert isinstance(step, Write)
        assert step.value == ("MIG",)

    def test_options_of_every_write_without_an_answer_are_ours(self) -> None:
        entry = replace(confirmed(set_field(("MIG",))), value=("MIG", "TIG")).sent()
        entry = replace(entry, value=("MIG", "SQL"))
        step = one(set_field(("MIG",)), state=AtsState(fields={"ler_skills": ("MIG", "TIG", "own")}), ledger=(entry,))
        assert isinstance(step, Write)
        assert step.value == ("own", "MIG")

    def test_the_order_of_options_is_no_difference(self) -> None:
        change = set_field(("MIG", "TIG"))
        step = one(change, state=AtsState(fields={"ler_skills": ("TIG", "MIG")}), ledger=(confirmed(change),))
        assert isinstance(step, Standing)

    def test_overwrite_drops_theirs_and_undo_brings_them_back(self) -> None:
        step = one(set_field(("MIG",), overwrite=True), state=AtsState(fields={"ler_skills": ("SQL",)}))
        assert isinstance(step, Write)
        assert step.value == ("MIG",)
        back = one(state=AtsState(fields={"ler_skills": ("MIG",)}), ledger=(step.entry.done(),))
        assert isinstance(back, Write)
        assert back.value == ("SQL",)


class TestTagsAndLinks:
    @pytest.mark.parametrize("make", [tag, link])
    def test_added_once_and_taken_back(self, make: Any) -> None:
        change = make("https://x.example")
        assert isinstance(one(change), Write)
        state = AtsState(tags=frozenset({change.value}), links=frozenset({change.value}))
        assert isinstance(one(change, state=state, ledger=(confirmed(change),)), Standing)
        back = one(state=state, ledger=(confirmed(change),))
        assert isinstance(back, Write)
        assert back.takes_back

    def test_a_tag_that_differs_only_in_case_is_the_same_tag(self) -> None:
        assert isinstance(one(tag("Welding"), state=AtsState(tags=frozenset({"welding"}))), Standing)

    def test_a_recruiters_own_tag_is_never_taken_back(self) -> None:
        state = AtsState(tags=frozenset({"Welding"}))
        step = one(tag("Welding"), state=state)
        assert isinstance(step, Standing)
        assert steps(state=state, ledger=(step.entry.done(),)) == ()

    def test_a_tag_that_a_recruiter_removed_does_not_come_back(self) -> None:
        assert reason(one(tag("Welding"), ledger=(confirmed(tag("Welding")),))) == "removed_in_ats"

    def test_remove_tag_takes_only_ours(self) -> None:
        change = RemoveTag(target="tags", value="Welding", rule="r")
        state = AtsState(tags=frozenset({"Welding"}))
        assert reason(one(change, state=state)) == "not_ours"
        assert isinstance(one(change, state=state, ledger=(confirmed(tag("Welding")),)), Write)


class TestNotes:
    def test_an_append_only_note_is_never_rewritten(self) -> None:
        ledger = (confirmed(note()),)
        step = one(note("another text"), state=AtsState(notes=(OUR_NOTE,)), ledger=ledger, can=APPEND_ONLY)
        assert isinstance(step, Standing)
        assert step.entry.value == "The applicant shared records."

    def test_a_note_found_by_its_marker_is_not_written_a_second_time_even_without_a_ledger(self) -> None:
        assert isinstance(one(note(), state=AtsState(notes=(OUR_NOTE,)), can=APPEND_ONLY), Standing)

    def test_an_editable_note_is_edited_in_place(self) -> None:
        step = one(note("new words"), state=AtsState(notes=(OUR_NOTE,)), ledger=(confirmed(note()),))
        assert isinstance(step, Write)
        assert step.existing == OUR_NOTE

    def test_a_note_that_a_recruiter_edited_is_left_alone(self) -> None:
        edited = replace(OUR_NOTE, text="I called her about this.")
        step = one(note("new words"), state=AtsState(notes=(edited,)), ledger=(confirmed(note()),))
        assert reason(step) == "kept_existing_value"

    def test_a_note_that_a_recruiter_removed_does_not_come_back(self) -> None:
        assert reason(one(note(), ledger=(confirmed(note()),))) == "removed_in_ats"

    def test_line_breaks_of_the_vendor_are_no_difference(self) -> None:
        standing = replace(OUR_NOTE, text="The  applicant\nshared records.")
        assert isinstance(one(note(), state=AtsState(notes=(standing,))), Standing)

    def test_an_append_only_note_that_is_no_longer_wished_for_stays_and_is_said(self) -> None:
        step = one(state=AtsState(notes=(OUR_NOTE,)), ledger=(confirmed(note()),), can=APPEND_ONLY)
        assert reason(step) == "cannot_be_removed"

    def test_the_marker_knows_connection_candidate_application_and_rule_only(self) -> None:
        other = ApplicationRef(connection="fake", candidate="c1", application="a2")
        assert note_marker(REF, "note") == note_marker(REF, "note")
        assert len({note_marker(REF, "note"), note_marker(REF, "other"), note_marker(other, "note")}) == 3


class TestFilesAndForms:
    FORM = PutForm(target="LER", value={"summary": "x"}, rule="form")

    def test_a_file_is_added_once(self) -> None:
        state = AtsState(attachments=(AttachmentState("ler-summary.txt", "7"),))
        assert isinstance(one(attachment()), Write)
        assert isinstance(one(attachment(), state=state, ledger=(confirmed(attachment()),)), Standing)

    def test_a_file_with_other_content_replaces_ours(self) -> None:
        old = AttachmentState("ler-summary.txt", "7")
        step = one(attachment(b"two"), state=AtsState(attachments=(old,)), ledger=(confirmed(attachment()),))
        assert isinstance(step, Write)
        assert step.existing == old

    def test_a_file_that_cannot_be_replaced_is_not_doubled(self) -> None:
        state = AtsState(attachments=(AttachmentState("ler-summary.txt", "7"),))
        step = one(attachment(b"two"), state=state, ledger=(confirmed(attachment()),), can=NOTHING_REMOVABLE)
        assert reason(step) == "cannot_be_replaced"

    def test_where_files_cannot_be_removed_a_rule_has_one_file(self) -> None:
        """A summary is named by its digest; a second record must not leave a pile of them."""
        state = AtsState(attachments=(AttachmentState("ler-summary.txt", "7"),))
        ledger = (confirmed(attachment()),)
        found = steps(attachment(b"two", "ler-summary-2.txt"), state=state, ledger=ledger, can=NOTHING_REMOVABLE)
        assert {reason(s) for s in found} == {"cannot_be_replaced", "cannot_be_removed"}
        replaced = steps(attachment(b"two", "ler-summary-2.txt"), state=state, ledger=ledger)
        assert [s.kind for s in replaced if isinstance(s, Write)] == ["add_attachment", "remove_attachment"]

    def test_a_strangers_file_of_that_name_is_not_touched(self) -> None:
        state = AtsState(attachments=(AttachmentState("ler-summary.txt", "7"),))
        assert reason(one(attachment(), state=state)) == "kept_existing_value"

    def test_a_completed_form_is_found_by_marker_and_values(self) -> None:
        standing = FormState("LER", note_marker(REF, "form"), "9", {"summary": "x"})
        assert isinstance(one(self.FORM, state=AtsState(forms=(standing,))), Standing)

    def test_a_form_with_other_values_is_superseded(self) -> None:
        standing = FormState("LER", note_marker(REF, "form"), "9", {"summary": "old"})
        step = one(
            self.FORM, state=AtsState(forms=(standing,)), ledger=(confirmed(self.FORM, value={"summary": "old"}),)
        )
        assert isinstance(step, Write)
        assert step.existing == standing

    def test_a_form_cannot_be_taken_back(self) -> None:
        standing = FormState("LER", note_marker(REF, "form"), "9", {"summary": "x"})
        step = one(state=AtsState(forms=(standing,)), ledger=(confirmed(self.FORM),))
        assert reason(step) == "cannot_be_removed"


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        ("a\r\nb ", "a\nb", True),
        (5, 5.0, True),
        (True, 1, False),
        (("a", "b"), ["b", "a"], True),
        ("a", ("a",), True),
        ("a", "A", False),
    ],
)
def test_two_field_values_are_one_when_a_recruiter_sees_no_difference(left: Any, right: Any, equal: bool) -> None:
    assert same(left, right) is equal
