"""docs/mappings.md says what the code does: its examples load, its tables are complete (INT-01)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connector.mapping import parse_mapping
from connector.mapping.reasons import REASONS, skip
from connector.mapping.view import MEMBERS
from connector.model.report import Assurance

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "mappings.md").read_text("utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_loads(example):
    assert parse_mapping(example).content.version == 1


def test_every_reason_is_explained_in_the_words_of_the_code():
    for reason, meaning in REASONS.items():
        assert f"| `{reason}` | {meaning} |" in PAGE


def test_every_member_of_a_claim_is_listed():
    listed = set(re.findall(r"`(\w+)`", PAGE.split("## Claims")[1].split("## Assurance")[0]))
    assert set(MEMBERS) <= listed


def test_every_assurance_and_every_finding_is_listed():
    source = (ROOT / "connector" / "mapping" / "check.py").read_text("utf-8")
    codes = set(re.findall(r'_finding\(\s*"(?:error|warning)", "(\w+)"', source)) | {"unknown_option", "unknown_tag"}
    for word in (*Assurance, *codes):
        assert f"`{word}`" in PAGE


def test_the_readme_lists_every_shipped_file():
    folder = ROOT / "mappings"
    listed = set(re.findall(r"^\| `([\w/.-]+\.yaml)`", (folder / "README.md").read_text("utf-8"), re.MULTILINE))
    assert listed == {str(p.relative_to(folder)) for p in folder.rglob("*.yaml")}


def test_a_reason_that_is_not_in_the_table_is_a_mistake_of_ours():
    with pytest.raises(AssertionError):
        skip("rule", "whatever", "")
