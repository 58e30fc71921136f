"""Does a mapping fit the ATS: types, options, tags, forms, privacy (INT-03, INT-10)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.mapping import check_mapping, parse_mapping
from connector.ports import Capabilities, Catalog, FieldDefinition, NoteSupport

from .conftest import CAPABLE

CATALOG = Catalog(
    fields=(
        FieldDefinition("ler_skills", "LER skills", "long_text", private=False),
        FieldDefinition("ler_set", "LER set", "multi_select", ("SQL", "Python"), private=True),
    ),
    tags=("LER: SQL",),
    form_templates={"Record": (FieldDefinition("s", "Skills", "long_text"), FieldDefinition("d", "Day", "date"))},
)


def findings(yaml: str, capabilities: Capabilities = CAPABLE, catalog: Catalog | None = CATALOG):
    mapping = parse_mapping(f"version: 1\nats: greenhouse\n{yaml}", "team.yaml")
    return [(f.code, f.line, f.column) for f in check_mapping(mapping, capabilities, catalog)]


def field(more: str) -> str:
    return f"fields:\n  f: {{{more}, select: claims}}\n"


@pytest.mark.parametrize(
    ("yaml", "expected"),
    [
        (field("target: ler_skills, type: long_text"), []),
        (field("target: ler_skils, type: long_text"), [("unknown_field", 4, 15)]),
        (field("target: ler_skills, type: multi_select"), [("type_mismatch", 4, 33)]),
        (field("target: ler_skills, type: long_text, private: true"), [("not_private", 4, 53)]),
        (field("target: ler_set, type: multi_select, private: true, options: [SQL]"), []),
        (field("target: ler_set, type: multi_select, options: [SQL, Pyhton]"), [("unknown_option", 4, 59)]),
        ("forms:\n  f: {template: Recrd, fields: {Skills: {type: text, select: claims}}}\n", [("unknown_form", 4, 17)]),
        (
            "forms:\n  f: {template: Record, fields: {Skils: {type: text, select: claims}}}\n",
            [("unknown_form_field", 4, 34)],
        ),
        (
            "forms:\n  f: {template: Record, fields: {Day: {type: long_text, select: claims}}}\n",
            [("type_mismatch", 4, 46)],
        ),
    ],
)
def test_what_does_not_exist_or_does_not_fit_is_found_with_its_place(yaml, expected):
    assert findings(yaml) == expected


def test_a_finding_names_the_nearest_right_name():
    mapping = parse_mapping("version: 1\nats: x\n" + field("target: ler_skils, type: long_text"), "team.yaml")
    (found,) = check_mapping(mapping, CAPABLE, CATALOG)
    assert "Did you mean `ler_skills`?" in found.message
    assert str(found).startswith("team.yaml:4:15: error: ") and str(found).endswith("[unknown_field]")


class TestTags:
    NEEDS = replace(CAPABLE, tags_need_vocabulary=True)

    def tags(self, vocabulary: str) -> str:
        return f"tags:\n  t: {{select: claims, prefix: 'LER: ', vocabulary: {vocabulary}}}\n"

    def test_tags_that_have_to_exist_are_looked_up_with_their_prefix(self):
        assert findings(self.tags("[SQL]"), self.NEEDS) == []
        assert findings(self.tags("[SQL, Python]"), self.NEEDS) == [("unknown_tag", 4, 58)]

    def test_any_word_does_not_go_where_tags_have_to_exist(self):
        assert findings(self.tags("any"), self.NEEDS) == [("vocabulary_needed", 4, 52)]
        assert findings(self.tags("any")) == []


def test_what_the_ats_cannot_hold_is_a_warning_because_it_is_only_skipped():
    yaml = field("target: x, type: long_text") + "links: {l: {}}\nattachments: {a: {content: summary}}\nnote: {}\n"
    mapping = parse_mapping(f"version: 1\nats: x\n{yaml}")
    found = check_mapping(mapping, Capabilities())
    assert [(f.rule, f.severity, f.code) for f in found] == [
        (rule, "warning", "unsupported_by_ats") for rule in ("f", "l", "a", "note")
    ]


def test_lines_in_a_note_that_cannot_be_removed_are_a_warning():
    append_only = replace(CAPABLE, notes=NoteSupport.APPEND_ONLY)
    assert findings("note: {lines: claims}\n", append_only) == [("note_not_removable", 3, 15)]


def test_without_a_catalogue_only_capabilities_are_looked_at():
    assert findings(field("target: whatever, type: long_text"), catalog=None) == []
    limited = replace(CAPABLE, field_types=frozenset({"text"}))
    assert findings(field("target: whatever, type: long_text"), limited, None) == [("unsupported_by_ats", 4, 31)]
