"""The recipe for adapters stays true: what it names exists, and its plugin is a complete one."""

from __future__ import annotations

import ast
import dataclasses
import re
from pathlib import Path

import pytest

import adapters.base
import adapters.standin
import connector.errors
import connector.ports
from connector.ports import AtsPlugin, SandboxFault
from connector.registry import GROUP
from connector.testing import ats_suite

ROOT = Path(__file__).resolve().parent.parent.parent
RECIPE = (ROOT / "adapters" / "ADDING_AN_ATS.md").read_text("utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", RECIPE, re.DOTALL)


def test_every_file_it_names_exists() -> None:
    named = set(re.findall(r"`((?:adapters|connector|tests)/[\w./]+)`", RECIPE))
    assert len(named) >= 5
    assert [p for p in sorted(named) if not (ROOT / p).exists()] == []


def test_every_name_it_uses_exists() -> None:
    modules = (adapters.base, adapters.standin, connector.ports, connector.errors, ats_suite, connector.ports.AtsHttp)
    known = {name for module in modules for name in dir(module)}
    known |= {f.name for cls in (connector.ports.Capabilities, SandboxFault) for f in dataclasses.fields(cls)}
    known |= {"append_only", "maybe_applied", "ats_words", "application_not_found"}
    helpers = set(re.findall(r"`([a-z]+_[a-z_]+)(?:\([^`]*\))?`", RECIPE))
    classes = set(re.findall(r"`([A-Z][A-Za-z]+)(?:\([^`]*\))?`", RECIPE))
    assert sorted(helpers - known) == []
    assert sorted(classes - known) == []


def test_its_plugin_names_every_member() -> None:
    call = next(
        node
        for snippet in SNIPPETS
        for node in ast.walk(ast.parse(snippet))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "AtsPlugin"
    )
    assert [k.arg for k in call.keywords] == [f.name for f in dataclasses.fields(AtsPlugin)]


def test_it_speaks_of_every_member_of_the_capabilities_that_the_stand_in_cannot_show() -> None:
    assert [name for name in ("candidate_wide", "form_field_types") if f"`{name}`" not in RECIPE] == []


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_its_imports_from_the_connector_work(snippet: str) -> None:
    for node in ast.walk(ast.parse(snippet)):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("connector"):
            module = __import__(str(node.module), fromlist=["*"])
            assert all(hasattr(module, alias.name) for alias in node.names)


def test_the_entry_point_group_is_the_one_that_is_read() -> None:
    assert f'[project.entry-points."{GROUP}"]' in RECIPE
