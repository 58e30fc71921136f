"""A large submission goes through the whole run in a process of its own; when that is ended, the others go on."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from connector.infra.workbench import INLINE_BYTES, Workbench
from connector.infra.worker import LargeWork
from connector.model.records import State

from .conftest import House


def _large(house: House) -> bytes:
    """A badge with white space behind it."""
    return house.badge() + b" " * INLINE_BYTES


def test_a_large_submission_is_delivered_like_any_other(house: House) -> None:
    record = house.deliver(_large(house))
    assert record.state is State.DELIVERED
    assert record.answer is not None and record.answer["verdict"] == "verified"


def test_one_that_takes_too_much_is_refused_and_the_next_is_delivered(
    houses: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = houses(start=False)
    sleeper = (sys.executable, "-c", "import time; time.sleep(60)")
    never_ready = Workbench(large=LargeWork(command=sleeper))
    monkeypatch.setattr("connector.infra.worker._START_SECONDS", 0.5)
    monkeypatch.setattr(house.connector, "_tools", replace(house.connector._tools, look_into=never_ready))
    house.connector.start()
    refused = house.deliver(_large(house))
    assert (refused.state, refused.code) == (State.REFUSED, "too_complex")
    assert house.deliver(house.badge("Crane operator")).state is State.DELIVERED


def test_a_transcript_with_one_forged_badge_is_told_badge_by_badge(house: House) -> None:
    badges = [json.loads(house.badge(f"Course {n}")) for n in range(3)]
    badges[1]["name"] = "Something else"
    record = house.deliver(json.dumps(badges).encode() + b" " * INLINE_BYTES)
    assert record.answer is not None
    assert [c["verdict"] for c in record.answer["credentials"]] == ["verified", "invalid", "verified"]
