"""Published LERs all the way into the three stand-ins: what these hold equals the change set, value by value."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console

from connector.model.changes import AtsState
from connector.model.records import State
from connector.testing import published


@pytest.mark.shared
@pytest.mark.slow
def test_every_issued_looking_ler_ends_in_each_stand_in_as_planned(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = published.run(shared, tmp_path)
    with capsys.disabled():
        published.show(results, Console(width=140, emoji=False))
    per_stand_in = Counter(result.kind for result in results)
    assert set(per_stand_in) == {"greenhouse", "lever", "workday"}
    assert set(per_stand_in.values()) == {len(published.published(shared))}
    assert [(r.kind, r.ler.file, r.record.message) for r in results if r.record.state is not State.DELIVERED] == []
    assert [(r.kind, r.ler.file, r.differences) for r in results if r.differences] == []


@pytest.mark.shared
def test_a_stand_in_that_lost_a_value_is_noticed(shared: Path, tmp_path: Path) -> None:
    results = published.run(shared, tmp_path)
    written = next(r for r in results if r.record.change_set and r.record.change_set.changes)
    assert list(published.differences(written.record, AtsState())) != []
