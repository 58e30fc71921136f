"""From claims to a change set, by rules that the employer writes in YAML (docs/mappings.md).

The names of this package are loaded when they are first used: the schema of mappings takes as long to load as half of
the verifier, and who only wants clean text (`mapping.text`) needs none of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from connector.mapping.check import Finding, as_finding, check_mapping, in_order
    from connector.mapping.context import PlanContext, SharedDocument
    from connector.mapping.engine import make_plan
    from connector.mapping.loader import (
        FieldMapping,
        load_mapping,
        mapping_path,
        mistakes,
        parse_mapping,
        shipped_mapping,
    )
    from connector.mapping.schema import mapping_schema
    from connector.mapping.selecting import preselected
    from connector.mapping.words import languages, words_for

__all__ = [
    "FieldMapping",
    "Finding",
    "PlanContext",
    "SharedDocument",
    "as_finding",
    "check_mapping",
    "in_order",
    "languages",
    "load_mapping",
    "make_plan",
    "mapping_path",
    "mapping_schema",
    "mistakes",
    "parse_mapping",
    "preselected",
    "shipped_mapping",
    "words_for",
]

_HOME: Final = {
    "FieldMapping": "loader",
    "Finding": "check",
    "PlanContext": "context",
    "SharedDocument": "context",
    "as_finding": "check",
    "check_mapping": "check",
    "in_order": "check",
    "languages": "words",
    "load_mapping": "loader",
    "make_plan": "engine",
    "mapping_path": "loader",
    "mapping_schema": "schema",
    "mistakes": "loader",
    "parse_mapping": "loader",
    "preselected": "selecting",
    "shipped_mapping": "loader",
    "words_for": "words",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
