"""From claims to a change set, by rules that the employer writes in YAML (docs/mappings.md)."""

from connector.mapping.check import Finding, as_finding, check_mapping, in_order
from connector.mapping.context import PlanContext, SharedDocument
from connector.mapping.engine import make_plan
from connector.mapping.loader import FieldMapping, load_mapping, mapping_path, mistakes, parse_mapping, shipped_mapping
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
