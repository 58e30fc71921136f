"""Every code of an error is documented, and no code is documented that nothing gives any more."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
_BY_POSITION = {"ApiError": 1, "refusal": 2, "_malformed": 1}
_CODE = re.compile(r"[a-z][a-z0-9_]+\Z")


@cache
def sources() -> tuple[Path, ...]:
    """Ours and the adapters', without stand-ins and what mints records for tests."""
    files = [*(ROOT / "connector").rglob("*.py"), *(ROOT / "adapters").rglob("*.py")]
    return tuple(f for f in files if "testing" not in f.parts and not f.name.startswith(("sandbox", "standin")))


def given(tree: ast.AST) -> Iterator[str]:
    """The codes in `code="..."`, `default_code = "..."`, and in the calls that take one by position."""
    for node in ast.walk(tree):
        values: list[ast.expr | None] = []
        if isinstance(node, ast.Call):
            values = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            place = _BY_POSITION.get(getattr(node.func, "id", ""), len(node.args))
            values += node.args[place : place + 1]
        elif isinstance(node, ast.Assign) and any(getattr(t, "id", "") == "default_code" for t in node.targets):
            values = [node.value]
        for value in values:
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and _CODE.match(value.value):
                yield value.value


def test_every_code_of_an_error_is_documented() -> None:
    documented = "".join(page.read_text("utf-8") for page in DOCS.glob("*.md"))
    codes = {code for file in sources() for code in given(ast.parse(file.read_text("utf-8")))}
    assert len(codes) > 100, "they were not found"
    assert {code for code in codes if f"`{code}`" not in documented} == set()


def test_every_documented_code_of_an_error_is_given_somewhere() -> None:
    code = "".join(file.read_text("utf-8") for file in sources())
    page = (DOCS / "errors.md").read_text("utf-8")
    named = {name for row in page.splitlines() if row.startswith("|") for name in re.findall(r"`([a-z0-9_]+)`", row)}
    assert len(named) > 100, "they were not found"
    assert {name for name in named if f'"{name}"' not in code} == set()
