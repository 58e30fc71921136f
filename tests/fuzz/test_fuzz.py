"""A short run of the fuzzers, always the same; `make fuzz` is the long one."""

from __future__ import annotations

import pytest

from tests.fuzz.__main__ import fuzz, run
from tests.fuzz.targets import KEPT, TARGETS, kept

SEED = 20261123
INPUTS = 400


@pytest.mark.parametrize("name", TARGETS)
def test_changed_inputs_are_read_or_refused_and_nothing_else(name: str) -> None:
    wrong, count = fuzz(name, seed=SEED, inputs=INPUTS)
    assert count == INPUTS
    assert not wrong, wrong[0][1]


def test_what_once_went_wrong_goes_right() -> None:
    assert {path.name for path in KEPT.iterdir() if path.is_dir()} <= TARGETS.keys()
    for name in TARGETS:
        for data in kept(name):
            assert run(name, data) is None
