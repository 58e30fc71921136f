"""What a refused submission may say was done: only what was taken back because of it, whatever else was delivered."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from connector import registry
from connector.mapping import shipped_mapping
from connector.model.changes import EffectState
from connector.model.records import State, SubmissionRecord
from connector.model.work import Action
from connector.testing.issuer import Issuer

from .conftest import House


def after_its_turn(
    house: House, record: SubmissionRecord, done: Callable[[SubmissionRecord], bool]
) -> SubmissionRecord:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        now = house.connector.submission(record.id)
        assert now is not None
        if done(now):
            return now
        time.sleep(0.02)
    pytest.fail("the run did not end")


def test_a_refused_submission_has_no_receipt_of_what_others_put_there(house: House) -> None:
    first = house.deliver(house.badge())
    assert first.state is State.DELIVERED
    writes = house.writes
    record = house.deliver(house.badge("Crane operator", tampered=True))
    assert record.state is State.REFUSED
    after = after_its_turn(house, record, lambda r: r.attempts > 0)
    house.connector.stop()  # the run behind the last attempt has ended
    kept = house.build().submission(after.id)
    assert kept is not None
    assert (kept.state, kept.receipt) == (State.REFUSED, None)
    assert house.writes == writes


def test_a_submission_that_no_longer_counts_tells_only_what_was_taken_back(house: House) -> None:
    full = str(shipped_mapping(registry.plugin(house.kind).full_mapping))
    counted = house.deliver(house.badge("Welder I", tags=["MIG welding"]), mapping=full)
    other = Issuer("skillmill", method="key", name="Skill Mill")
    badge = other.open_badge(name="Rigger II", email=house.person.email, tags=["Rigging"])
    kept = house.deliver(json.dumps(badge).encode(), mapping=full)
    assert (counted.state, kept.state) == (State.DELIVERED, State.DELIVERED)
    (house.folder / "policy.yaml").write_text(f"denied_issuers: ['{house.issuer.id}']\n", encoding="utf-8")

    store = house.connector._store
    store.change(counted.id, lambda work: work.model_copy(update={"action": Action.RECHECK}))
    house.connector._drive(counted.id)
    after = after_its_turn(house, counted, lambda r: r.state is State.REFUSED and r.receipt != counted.receipt)

    assert after.receipt is not None
    assert {e.state for e in after.receipt.effects} == {EffectState.UNDONE}
    assert "LER: MIG welding" in [e.value for e in after.receipt.effects]
    assert not any("Rigg" in str(e.value) for e in after.receipt.effects)
    assert "Rigger II" in str(house.held.fields)
    assert "Welder I" not in str(house.held.fields)
