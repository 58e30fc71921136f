"""The core's delivery through the Greenhouse adapter: what the stand-in holds in the end, and what that costs."""

from __future__ import annotations

import hashlib
import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from tenacity import wait_none

from adapters.greenhouse import plugin
from connector.deliver.delivery import deliver
from connector.deliver.ledger import LedgerEntry
from connector.errors import RetryableDeliveryError
from connector.infra.ats_http import AtsHttpClients
from connector.model.applicant import ApplicationRef
from connector.model.changes import AddAttachment, AddTag, AttachmentValue, ChangeSet, PutNote, Receipt, SetField
from connector.ports import AtsAdapter, Sandbox, SandboxFault, SandboxSeed
from connector.testing.ats_suite import BASE_URL, LoopbackTransport, visible

PDF = b"%PDF-1.7\nsummary"
FILE = AttachmentValue(
    filename="ler-summary.pdf",
    content_type="application/pdf",
    sha256=hashlib.sha256(PDF).hexdigest(),
    length=len(PDF),
)
WISH = ChangeSet(
    ats="greenhouse",
    mapping_version="v1",
    changes=(
        SetField(target="ler_credentials", value="Welder I\nFirst aid", rule="credentials"),
        SetField(target="ler_skill_set", value=("MIG welding", "First aid"), rule="skill_set"),
        SetField(target="ler_report", value="https://ler.example/r/1", rule="report"),
        SetField(target="ler_checked_on", value="2026-11-23", rule="shared_on"),
        AddTag(target="tags", value="LER: MIG welding", rule="tags"),
        AddTag(target="tags", value="LER: First aid", rule="tags"),
        PutNote(target="note", value="The applicant shared records.", rule="note", private=True),
        AddAttachment(target="summary", value=FILE, content=PDF, rule="summary", private=True),
    ),
)
NOTHING = ChangeSet(ats="greenhouse", mapping_version="v1")


class MemoryLedger:
    def __init__(self) -> None:
        self.rows: dict[str, LedgerEntry] = {}

    def entries(self, ref: ApplicationRef) -> tuple[LedgerEntry, ...]:
        return tuple(self.rows.values())

    def save(self, ref: ApplicationRef, entries: Sequence[LedgerEntry]) -> None:
        self.rows.update({entry.key: entry for entry in entries})


class Account:
    """One Greenhouse account, one applicant, one ledger."""

    def __init__(self, person: int = 0, **options: Any) -> None:
        self.sandbox: Sandbox = plugin.sandbox(SandboxSeed(options=options))
        self.http = AtsHttpClients("gh", rate=1e6, burst=10**6, transport=LoopbackTransport(self.sandbox))
        self.ats: AtsAdapter = plugin.adapter(
            plugin.settings.model_validate(self.sandbox.settings(BASE_URL)), self.http
        )
        someone = self.sandbox.people()[person]
        self.ref = ApplicationRef(connection="gh", candidate=someone.candidate, application=someone.application)
        self.ledger = MemoryLedger()

    async def deliver(self, wish: ChangeSet = WISH) -> Receipt:
        return await deliver(wish, self.ats, self.ledger, self.ref, sleep=_at_once)

    def holdings(self) -> dict[str, object]:
        return visible(self.sandbox.holdings(self.ref.candidate, self.ref.application))

    def sent(self) -> tuple[int, int]:
        """Requests and writes so far."""
        return len(self.sandbox.log), sum(r.write for r in self.sandbox.log)


async def _at_once(seconds: float) -> None:
    """Waiting is not what is tested here."""


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A read that is tried again within one attempt is tried at once."""
    monkeypatch.setattr("connector.retry.wait_exponential_jitter", lambda **options: wait_none())


@pytest.fixture
async def account() -> AsyncIterator[Callable[..., Account]]:
    made: list[Account] = []

    def make(person: int = 0, **options: Any) -> Account:
        made.append(Account(person, **options))
        return made[-1]

    yield make
    for one in made:
        await one.http.aclose()


async def test_the_full_mapping_costs_a_bounded_number_of_requests_and_nothing_the_second_time(
    account: Callable[..., Account],
) -> None:
    gh = account()
    before = gh.holdings()
    receipt = await gh.deliver()
    assert receipt.complete
    requests, writes = gh.sent()
    assert (requests, writes) == (18, 7), "one PATCH, two tags made and two put on, one note, one file"
    held = gh.holdings()
    assert held["tags"] == before["tags"] | {"LER: MIG welding", "LER: First aid"}  # type: ignore[operator]  # a set
    again = await gh.deliver()
    assert again.complete and not any(effect.wrote for effect in again.effects)
    assert (gh.sent()[0] - requests, gh.sent()[1]) == (3, writes)
    assert gh.holdings() == held


async def test_undoing_everything_leaves_what_was_there_and_the_note(account: Callable[..., Account]) -> None:
    gh = account()
    before = gh.holdings()
    await gh.deliver()
    await gh.deliver(NOTHING)
    after = gh.holdings()
    assert after | {"notes": []} == before
    assert [text for _, _, text in after["notes"]] == ["The applicant shared records."]  # type: ignore[attr-defined]


FAULTS = (
    SandboxFault(status=500, on="write"),
    SandboxFault(status=502, on="write", after_commit=True, body=b"<html>", content_type="text/html"),
    SandboxFault(reset=True, on="write"),
    SandboxFault(reset=True, on="write", after_commit=True),
    SandboxFault(status=429, on="write", headers={"Retry-After": "1"}),
    SandboxFault(status=200, on="write", after_commit=True, body=b"<html>", content_type="text/html"),
    SandboxFault(status=503, on="read", times=3),
    SandboxFault(reset=True, on="read", times=3),
    SandboxFault(status=429, on="any", headers={"Retry-After": "1"}, times=2),
)


@pytest.mark.parametrize("person", [0, 1])
@pytest.mark.parametrize("options", [{}, {"custom_fields_patch": "merge"}, {"patch_answer": "message"}], ids=str)
@pytest.mark.parametrize("seed", range(12))
async def test_whatever_fails_on_the_way_the_end_is_the_same(
    account: Callable[..., Account], seed: int, options: dict[str, Any], person: int
) -> None:
    """Lost answers, refusals for a moment and outages, before and after every write: one note, one file, no more."""
    clean = account(person, **options)
    await clean.deliver()
    gh, chance = account(person, **options), random.Random(seed)
    failures = 0
    for _ in range(60):
        gh.sandbox.inject(replace(chance.choice(FAULTS)))
        try:
            receipt = await gh.deliver()
        except RetryableDeliveryError:
            failures += 1
            continue
        if receipt.complete and chance.random() < 0.3:
            break
    receipt = await _until_complete(gh)
    assert receipt.complete and failures > 0
    assert _without_ids(gh.holdings()) == _without_ids(clean.holdings())


async def _until_complete(gh: Account) -> Receipt:
    for _ in range(10):
        try:
            return await gh.deliver()
        except RetryableDeliveryError:
            continue
    raise AssertionError("ten attempts without new faults were not enough")


def _without_ids(holdings: dict[str, Any]) -> dict[str, Any]:
    notes = [(marker, text) for marker, _, text in holdings["notes"]]
    return holdings | {"notes": notes, "attachments": [name for name, _ in holdings["attachments"]]}
