"""Delivery against an ATS in memory: what it really holds afterwards, and how many writes that took."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connector.deliver.delivery import LOOKS, Delivery, deliver
from connector.deliver.ledger import LedgerEntry
from connector.errors import AtsAuthError, NotFoundInAts, RetryableDeliveryError, StoreError
from connector.model.applicant import ApplicationRef
from connector.model.changes import AtsState, ChangeSet, EffectState, Family, NoteState
from connector.ports import NoteSupport, SandboxFault
from connector.testing.fake_ats import CAPABILITIES, FakeAdapter, FakeAts

from .memory import REF, MemoryLedger, attachment, link, note, set_field, tag, wish

EVERYTHING = wish(
    set_field("MIG welding"),
    set_field("https://ler.example/r/1", target="ler_report"),
    tag("LER: welding"),
    tag("LER: shared"),
    link("https://ler.example/r/1"),
    note(),
    attachment(),
)


@pytest.fixture
def world() -> FakeAts:
    return FakeAts()


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


class Pauses:
    """Stands in for sleeping, and remembers."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


def writes(world: FakeAts) -> list[str]:
    return [r.path for r in world.log if r.write]


def notes(world: FakeAts) -> list[str]:
    return [n.text for n in world.holdings("c1", "a1").notes]


async def test_everything_is_written_with_one_call_per_family(world: FakeAts, ledger: MemoryLedger) -> None:
    receipt = await deliver(EVERYTHING, FakeAdapter(world), ledger, REF)
    assert writes(world) == ["set_fields", "add_tags", "add_links", "put_note", "add_attachment"]
    assert receipt.complete
    assert receipt.writes == 5
    held = world.holdings("c1", "a1")
    assert held.fields == {"shift": "Night", "ler_skills": "MIG welding", "ler_report": "https://ler.example/r/1"}
    assert held.tags == {"Referred by a colleague", "LER: welding", "LER: shared"}


async def test_the_same_again_writes_nothing(world: FakeAts, ledger: MemoryLedger) -> None:
    await deliver(EVERYTHING, FakeAdapter(world), ledger, REF)
    before = len(writes(world))
    receipt = await deliver(EVERYTHING, FakeAdapter(world), ledger, REF)
    assert len(writes(world)) == before
    assert receipt.writes == 0
    assert receipt.complete
    assert not any(e.wrote for e in receipt.effects)


async def test_the_ledger_says_sent_before_the_call_and_confirmed_after(world: FakeAts, ledger: MemoryLedger) -> None:
    await deliver(wish(note()), FakeAdapter(world), ledger, REF)
    assert [e.state for e in ledger.history] == [EffectState.SENT, EffectState.CONFIRMED]


async def test_nothing_is_sent_when_the_intent_cannot_be_recorded(world: FakeAts) -> None:
    class FullDisk(MemoryLedger):
        def save(self, ref: ApplicationRef, entries: Any) -> None:
            raise StoreError("full", code="store_full")

    with pytest.raises(StoreError):
        await deliver(EVERYTHING, FakeAdapter(world), FullDisk(), REF)
    assert writes(world) == []


async def test_an_empty_wish_with_an_empty_ledger_asks_the_ats_nothing(world: FakeAts, ledger: MemoryLedger) -> None:
    await deliver(ChangeSet(ats="fake"), FakeAdapter(world), ledger, REF)
    assert world.log == ()


async def test_an_empty_wish_takes_back_what_is_ours_and_nothing_else(world: FakeAts, ledger: MemoryLedger) -> None:
    before = world.holdings("c1", "a1")
    await deliver(EVERYTHING, FakeAdapter(world), ledger, REF)
    receipt = await deliver(ChangeSet(ats="fake"), FakeAdapter(world), ledger, REF)
    assert world.holdings("c1", "a1") == before
    assert {e.state for e in receipt.effects} == {EffectState.UNDONE}
    assert set(ledger.states().values()) == {"undone"}


async def test_what_was_taken_back_can_be_written_again(world: FakeAts, ledger: MemoryLedger) -> None:
    await deliver(EVERYTHING, FakeAdapter(world), ledger, REF)
    full = world.holdings("c1", "a1")
    await deliver(ChangeSet(ats="fake"), FakeAdapter(world), ledger, REF)
    await deliver(EVERYTHING, FakeAdapter(world), ledger, REF)
    assert world.holdings("c1", "a1").fields == full.fields
    assert len(notes(world)) == 1


async def test_a_lost_answer_is_not_followed_by_a_second_note(world: FakeAts, ledger: MemoryLedger) -> None:
    world.inject(SandboxFault(reset=True, after_commit=True, on="write"))
    with pytest.raises(RetryableDeliveryError):
        await deliver(wish(note()), FakeAdapter(world), ledger, REF)
    receipt = await deliver(wish(note()), FakeAdapter(world), ledger, REF)
    assert len(notes(world)) == 1
    assert receipt.complete
    assert receipt.writes == 0


async def test_a_lost_request_is_repeated(world: FakeAts, ledger: MemoryLedger) -> None:
    world.inject(SandboxFault(reset=True, on="write"))
    with pytest.raises(RetryableDeliveryError):
        await deliver(wish(note()), FakeAdapter(world), ledger, REF, sleep=Pauses())
    pauses = Pauses()
    await deliver(wish(note()), FakeAdapter(world), ledger, REF, sleep=pauses)
    assert len(notes(world)) == 1
    assert pauses.taken == list(LOOKS)


class SlowToShow(FakeAdapter):
    """A vendor whose new notes can be read only some looks later."""

    def __init__(self, world: FakeAts, blind_looks: int) -> None:
        super().__init__(world)
        self.capabilities = replace(CAPABILITIES, notes=NoteSupport.APPEND_ONLY)
        self.blind_looks = blind_looks

    async def read(self, ref: ApplicationRef, wanted: frozenset[Family]) -> AtsState:
        state = await super().read(ref, wanted)
        if self.blind_looks > 0:
            self.blind_looks -= 1
            return replace(state, notes=())
        return state


async def test_a_note_that_shows_late_is_found_by_looking_several_times(world: FakeAts, ledger: MemoryLedger) -> None:
    world.inject(SandboxFault(status=502, after_commit=True, on="write"))
    with pytest.raises(RetryableDeliveryError):
        await deliver(wish(note()), FakeAdapter(world), ledger, REF)
    await deliver(wish(note()), SlowToShow(world, blind_looks=3), ledger, REF, sleep=Pauses())
    assert len(notes(world)) == 1


async def test_a_first_attempt_looks_once(world: FakeAts, ledger: MemoryLedger) -> None:
    pauses = Pauses()
    await deliver(EVERYTHING, FakeAdapter(world), ledger, REF, sleep=pauses)
    assert pauses.taken == []
    assert [r.path for r in world.log].count("read") == 1


async def test_after_half_a_delivery_only_the_missing_half_is_sent(world: FakeAts, ledger: MemoryLedger) -> None:
    class FailsAtNotes(FakeAdapter):
        async def put_note(self, *args: Any, **more: Any) -> str:
            raise RetryableDeliveryError("busy", code="ats_busy", retry_after=3)

    attempt = Delivery(EVERYTHING, FailsAtNotes(world), ledger, REF)
    with pytest.raises(RetryableDeliveryError):
        await attempt.run()
    states = {e.op: str(e.state) for e in attempt.receipt().effects}
    assert states == {
        "set_field": "confirmed",
        "add_tag": "confirmed",
        "add_link": "confirmed",
        "put_note": "planned",
        "add_attachment": "planned",
    }
    done = len(writes(world))
    await deliver(EVERYTHING, FakeAdapter(world), ledger, REF)
    assert writes(world)[done:] == ["put_note", "add_attachment"]


async def test_one_refused_field_does_not_keep_the_others_out(world: FakeAts, ledger: MemoryLedger) -> None:
    changes = wish(set_field("x", target="no_such_field"), set_field("MIG welding"), note())
    receipt = await deliver(changes, FakeAdapter(world), ledger, REF)
    states = {(e.op, e.target): (str(e.state), e.code) for e in receipt.effects}
    assert states == {
        ("set_field", "no_such_field"): ("failed", "ats_rejected"),
        ("set_field", "ler_skills"): ("confirmed", None),
        ("put_note", "note"): ("confirmed", None),
    }
    assert not receipt.complete
    assert "no_such_field" in next(e.detail for e in receipt.effects if e.state is EffectState.FAILED)


async def test_a_refused_value_is_tried_again_by_the_next_delivery(world: FakeAts, ledger: MemoryLedger) -> None:
    world.inject(SandboxFault(status=422, on="write"))
    await deliver(wish(set_field("MIG welding")), FakeAdapter(world), ledger, REF)
    receipt = await deliver(wish(set_field("MIG welding")), FakeAdapter(world), ledger, REF)
    assert receipt.complete


async def test_refused_credentials_stop_the_delivery(world: FakeAts, ledger: MemoryLedger) -> None:
    world.permissions.discard("write")
    attempt = Delivery(EVERYTHING, FakeAdapter(world), ledger, REF)
    with pytest.raises(AtsAuthError):
        await attempt.run()
    assert len(writes(world)) == 1
    assert {e.state for e in attempt.receipt().effects} == {EffectState.FAILED, EffectState.PLANNED}


async def test_a_candidate_who_is_gone_gets_nothing(world: FakeAts, ledger: MemoryLedger) -> None:
    world.delete_candidate("c1")
    with pytest.raises(NotFoundInAts):
        await deliver(EVERYTHING, FakeAdapter(world), ledger, REF)
    assert writes(world) == []
    assert ledger.history == []


async def test_a_busy_ats_leaves_the_effect_planned_not_sent(world: FakeAts, ledger: MemoryLedger) -> None:
    world.inject(SandboxFault(status=429, headers={"Retry-After": "7"}, on="write"))
    with pytest.raises(RetryableDeliveryError) as caught:
        await deliver(wish(note()), FakeAdapter(world), ledger, REF)
    assert caught.value.retry_after == 7
    assert ledger.states() == {"note:note": "planned"}


async def test_a_file_is_replaced_in_place(world: FakeAts, ledger: MemoryLedger) -> None:
    await deliver(wish(attachment(b"one")), FakeAdapter(world), ledger, REF)
    await deliver(wish(attachment(b"two")), FakeAdapter(world), ledger, REF)
    record = world.record(REF)
    assert [record.contents[a.remote_id] for a in record.attachments.values()] == [b"two"]


async def test_a_crash_between_removing_and_adding_a_file_ends_with_one_file(
    world: FakeAts, ledger: MemoryLedger
) -> None:
    await deliver(wish(attachment(b"one")), FakeAdapter(world), ledger, REF)

    class Dies(FakeAdapter):
        async def add_attachment(self, *args: Any) -> str:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await deliver(wish(attachment(b"two")), Dies(world), ledger, REF)
    await deliver(wish(attachment(b"two")), FakeAdapter(world), ledger, REF, sleep=Pauses())
    record = world.record(REF)
    assert [record.contents[a.remote_id] for a in record.attachments.values()] == [b"two"]


async def test_a_recruiters_edit_is_kept_and_said(world: FakeAts, ledger: MemoryLedger) -> None:
    await deliver(wish(set_field("MIG welding")), FakeAdapter(world), ledger, REF)
    world.record(REF).fields["ler_skills"] = "MIG welding, asked on the phone"
    receipt = await deliver(wish(set_field("MIG welding, TIG welding")), FakeAdapter(world), ledger, REF)
    assert world.holdings("c1", "a1").fields["ler_skills"] == "MIG welding, asked on the phone"
    assert [s.reason for s in receipt.skipped] == ["kept_existing_value"]


@pytest.mark.parametrize("crash_at", range(1, 11))
async def test_a_crash_at_any_save_ends_as_a_run_without_one(world: FakeAts, crash_at: int) -> None:
    """The ledger is saved before and after every call; the process may die at each of these points."""

    class Crashing(MemoryLedger):
        armed = True

        def save(self, ref: ApplicationRef, entries: Any) -> None:
            if self.armed and len(self.saves) + 1 == crash_at:
                raise KeyboardInterrupt
            self.saves.append(tuple(entries))
            super().save(ref, entries)

        def __init__(self) -> None:
            super().__init__()
            self.saves: list[tuple[LedgerEntry, ...]] = []

    ledger = Crashing()
    with pytest.raises(KeyboardInterrupt):
        await deliver(EVERYTHING, FakeAdapter(world), ledger, REF)
    ledger.armed = False
    receipt = await deliver(EVERYTHING, FakeAdapter(world), ledger, REF, sleep=Pauses())

    clean = FakeAts()
    await deliver(EVERYTHING, FakeAdapter(clean), MemoryLedger(), REF)
    assert _comparable(world) == _comparable(clean)
    assert receipt.complete


def _comparable(world: FakeAts) -> tuple[Any, ...]:
    held = world.holdings("c1", "a1")
    return (
        held.fields,
        held.tags,
        held.links,
        sorted((n.marker, n.text) for n in held.notes),
        sorted(a.filename for a in held.attachments),
    )


class Wide(FakeAdapter):
    """An ATS that keeps fields and notes on the person, files on the application."""

    def __init__(self, world: FakeAts) -> None:
        super().__init__(world)
        self.capabilities = replace(CAPABILITIES, candidate_wide=frozenset({Family.FIELDS, Family.NOTES}))


async def test_what_an_ats_keeps_on_the_person_is_one_for_all_applications(
    world: FakeAts, ledger: MemoryLedger
) -> None:
    first = ApplicationRef(connection="fake", candidate="c3", application="a3")
    second = ApplicationRef(connection="fake", candidate="c3", application="a4")
    world.records["a4"] = world.records["a3"]  # one record behind two applications
    await deliver(wish(set_field("MIG"), note(), attachment()), Wide(world), ledger, first)
    receipt = await deliver(wish(set_field("MIG, TIG"), note()), Wide(world), ledger, second)
    held = world.holdings("c3", "a3")
    assert held.fields["ler_skills"] == "MIG, TIG"
    assert len(held.notes) == 1
    assert len(held.attachments) == 1  # the first application's, and no business of the second's
    assert receipt.skipped == ()


async def test_a_foreign_note_is_not_ours(world: FakeAts, ledger: MemoryLedger) -> None:
    world.record(REF).notes["1"] = NoteState("somebody-else", "1", "The applicant shared records.")
    await deliver(wish(note()), FakeAdapter(world), ledger, REF)
    assert len(notes(world)) == 2
