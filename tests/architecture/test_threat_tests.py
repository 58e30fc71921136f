"""`docs/threat-tests.md` names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "threat-tests.md").read_text("utf-8")
NAMED = re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)


def test_every_test_that_the_page_names_exists() -> None:
    assert len(NAMED) > 100
    missing = [
        f"{path}::{name}"
        for path, name in NAMED
        if not (ROOT / "tests" / path).is_file()
        or not re.search(rf"^\s*(?:async )?def {name}\(", (ROOT / "tests" / path).read_text("utf-8"), re.MULTILINE)
    ]
    assert not missing


def test_every_threat_has_a_test() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| threat |")]
    assert len(rows) > 40
    assert all("::" in row for row in rows)
    assert [int(number) for number in re.findall(r"^## (\d)\.", PAGE, re.MULTILINE)] == list(range(1, 9))
