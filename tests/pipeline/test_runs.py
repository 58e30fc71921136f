"""Whole runs through the durable pipeline: what the ATS holds afterwards, and how many writes that took."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connector.model.records import State

from .conftest import House

ATSS = ["greenhouse", "lever", "workday"]


@pytest.mark.parametrize("kind", ATSS)
def test_a_genuine_badge_ends_in_the_ats(houses: Callable[..., House], kind: str) -> None:
    house = houses(kind)
    record = house.deliver(house.badge())
    assert record.state is State.DELIVERED, (record.code, record.message)
    assert record.answer is not None
    assert record.answer["decision"] == "accepted"
    assert record.receipt is not None
    assert record.receipt.complete
    assert record.receipt.writes > 0
    assert record.receipt.requests >= record.receipt.writes


@pytest.mark.parametrize("kind", ATSS)
def test_the_same_ler_again_writes_nothing(houses: Callable[..., House], kind: str) -> None:
    house = houses(kind)
    badge = house.badge()
    first = house.deliver(badge)
    writes, held = house.writes, house.held
    again = house.deliver(badge)
    assert again.state is State.DELIVERED
    assert again.duplicate_of == first.id
    assert house.writes == writes
    assert again.receipt is not None
    assert again.receipt.writes == 0
    assert (house.held.fields, house.held.notes) == (held.fields, held.notes)


@pytest.mark.parametrize("kind", ATSS)
def test_a_second_ler_adds_and_undoing_one_leaves_the_other(houses: Callable[..., House], kind: str) -> None:
    house = houses(kind)
    house.deliver(house.badge("Welder I"))
    one = house.held
    second = house.deliver(house.badge("Rigger II"))
    both = house.held
    assert both != one
    undone = house.settled(house.connector.undo(second.id))
    assert (undone.state, undone.code) == (State.WITHDRAWN, "undone")
    assert (house.held.fields, house.held.tags, house.held.links) == (one.fields, one.tags, one.links)
    assert "Rigger II" not in str(house.held.fields)


def test_undoing_everything_leaves_what_was_there_before(house: House) -> None:
    before = house.held
    record = house.deliver(house.badge())
    undone = house.settled(house.connector.undo(record.id))
    assert undone.state is State.WITHDRAWN
    assert (house.held.fields, house.held.tags) == (before.fields, before.tags)
    assert undone.message is not None
    assert "note" in undone.message  # Greenhouse keeps notes, and that is said
