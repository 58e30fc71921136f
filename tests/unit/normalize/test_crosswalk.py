"""The employer's crosswalk: by identifier only, with the place of every mistake."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import pytest

from connector.errors import MappingError
from connector.model.claims import SkillSource
from connector.normalize import read_claims
from connector.normalize.crosswalk_file import crosswalk_schema, load_crosswalk

ESCO = "http://data.europa.eu/esco/skill/0fb4ac4c-3f4c-4a48-8d47-6d3a1b9a7f1f"


@pytest.fixture
def crosswalk(tmp_path):
    def load(text: str):
        path = tmp_path / "crosswalk.yaml"
        path.write_text(text, "utf-8")
        return load_crosswalk(path)

    return load


def skill_names(claims):
    return [(c.name, c.source) for c in claims if c.kind == "skill"]


def test_an_achievement_id_gives_the_employers_skills(assess, badge, crosswalk):
    table = crosswalk(
        "version: 1\n"
        "crosswalk:\n"
        "  - match: {achievement: 'https://lakeview.example/achievements/welder-1'}\n"
        "    skills:\n"
        "      - MIG welding\n"
        f"      - {{name: Blueprint reading, alignments: [{{url: '{ESCO}'}}]}}\n"
    )
    claims = read_claims(assess(badge()), table)
    assert skill_names(claims) == [
        ("MIG welding", SkillSource.CROSSWALK),
        ("Blueprint reading", SkillSource.CROSSWALK),
    ]
    assert claims[-1].alignments[0].framework == "esco"
    assert claims[-1].achievement == "Welder I"


def test_a_name_never_matches(assess, badge, crosswalk):
    table = crosswalk("version: 1\ncrosswalk:\n  - match: {achievement: Welder I}\n    skills: [MIG welding]\n")
    assert skill_names(read_claims(assess(badge()), table)) == []


def test_a_framework_code_or_address_matches(assess, badge, crosswalk):
    aligned = badge(alignment=[{"targetName": "arc welding", "targetUrl": ESCO}])
    by_url = crosswalk(f"crosswalk:\n  - match: {{alignment: {{url: '{ESCO}'}}}}\n    skills: [Welding]\n")
    by_code = crosswalk(
        "crosswalk:\n"
        "  - match: {alignment: {framework: esco, code: 0FB4AC4C-3f4c-4a48-8d47-6d3a1b9a7f1f}}\n"
        "    skills: [Welding]\n"
    )
    for table in (by_url, by_code):
        assert ("Welding", SkillSource.CROSSWALK) in skill_names(read_claims(assess(aligned), table))


def test_a_skill_the_badge_names_itself_keeps_its_source(assess, badge, crosswalk):
    table = crosswalk(
        "crosswalk:\n"
        "  - match: {achievement: 'https://lakeview.example/achievements/welder-1'}\n"
        "    skills: [mig welding]\n"
    )
    assert skill_names(read_claims(assess(badge(tag=["MIG welding"])), table)) == [("MIG welding", SkillSource.TAG)]


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("crosswalk:\n  - mach: {achievement: x}\n    skills: [a]\n", 2, 5, "Did you mean `match`?"),
        ("crosswalk:\n  - match: {}\n    skills: [a]\n", 2, 12, "exactly one of"),
        ("crosswalk:\n  - match: {achievement: x}\n    skills: []\n", 3, 13, "at least 1"),
        ("crosswalk:\n  - match: {alignment: {framework: escoo, code: '1'}}\n    skills: [a]\n", 2, 36, "`esco`"),
        (
            "crosswalk:\n  - {match: {achievement: x}, skills: [a]}\n  - {match: {achievement: x}, skills: [b]}\n",
            3,
            27,
            "twice",
        ),
        ("- a\n", 1, 1, "not a crosswalk"),
        ("crosswalk: &a []\nversion: *a\n", 1, 12, "Anchors and aliases"),
    ],
)
def test_mistakes_have_a_place_and_a_hint(crosswalk, text, line, column, words):
    with pytest.raises(MappingError) as caught:
        crosswalk(text)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert words in str(caught.value)
    assert f"crosswalk.yaml:{line}:{column}: " in str(caught.value)


class TestShipped:
    folder = Path(str(resources.files("mappings")))

    def test_the_example_loads(self):
        table = load_crosswalk(self.folder / "examples" / "crosswalk.yaml")
        assert table.by_achievement and table.by_code

    def test_the_schema_file_is_the_one_the_models_make(self):
        assert json.loads((self.folder / "crosswalk.schema.json").read_text("utf-8")) == crosswalk_schema()
