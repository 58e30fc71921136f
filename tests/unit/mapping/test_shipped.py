"""The mappings that come with the product: they load, fit their ATS, and are as restrained as DOMAIN section 8 says."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import date
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from connector.mapping import PlanContext, check_mapping, load_mapping, make_plan, mapping_schema, shipped_mapping
from connector.model.changes import PutNote
from connector.model.claims import SkillSource
from connector.model.report import Assurance

from .conftest import REPORT, achievement, skill

FOLDER = shipped_mapping("greenhouse.yaml").parent
KINDS = ("greenhouse", "lever", "workday")
NAMES = [f"{kind}{more}" for kind in KINDS for more in ("", "-full")]
GOLDEN = Path(__file__).parent / "golden"

CAPABILITIES = {e.name: e.load().capabilities for e in entry_points(group="ler_connector.ats") if e.name in KINDS}
"""What the three ATSs can hold, as their adapters declare it."""
CLAIMS = (
    achievement("Welder I", id="a1"),
    skill("MIG welding", id="s1"),
    skill("Blueprint reading", id="s2", source=SkillSource.TAG),
    achievement(
        "Data basics",
        id="a2",
        issuer_id="https://badges.harborview.example/issuers/1",
        issuer_name="Harborview Academy",
        assurance=Assurance.SOURCE_CONFIRMED,
        confirmed_by="badges.harborview.example",
        confirmed_on="2026-11-23",
    ),
    skill("SQL", id="s3", achievement="Data basics", assurance=Assurance.GENUINE_NAME_MATCH, subject_match="name_only"),
    achievement(
        "Leadership in a day",
        id="a3",
        issuer_id="did:web:skillmill.example",
        issuer_name="Skill Mill",
        issuer_name_source="self_asserted",
        issuer_recognised=False,
        assurance=Assurance.GENUINE_UNBOUND,
    ),
    skill("Leadership", id="s4", issuer_recognised=False, assurance=Assurance.GENUINE_UNBOUND),
    achievement("Hot works permit", id="a4", assurance=Assurance.STATED, verdict="expired", expires_on="2026-01-01"),
    skill("Planning", id="s5", source=SkillSource.LER_RS, achievement=None, assurance=Assurance.STATED),
    achievement("Reserve service", id="a5", sensitive=True),
)
"""Something of every assurance; the last one is sensitive and ticked."""


def shipped_plan(name: str):
    mapping = load_mapping(FOLDER / f"{name}.yaml")
    context = PlanContext(
        ats=mapping.ats, shared_on=date(2026, 11, 23), report_url=REPORT, selected=tuple(c.id for c in CLAIMS)
    )
    return make_plan(CLAIMS, mapping, CAPABILITIES[mapping.ats], context)


@pytest.mark.parametrize("name", NAMES)
class TestEach:
    def test_it_loads_and_fits_its_ats(self, name):
        mapping = load_mapping(FOLDER / f"{name}.yaml")
        assert mapping.ats == name.removesuffix("-full")
        assert [str(f) for f in check_mapping(mapping, CAPABILITIES[mapping.ats])] == []

    def test_it_points_editors_to_the_schema(self, name):
        first = (FOLDER / f"{name}.yaml").read_text("utf-8").splitlines()[0]
        assert first == "# yaml-language-server: $schema=mapping.schema.json"

    def test_its_plan_is_the_recorded_one(self, name):
        """Golden plans: `LER_UPDATE_GOLDEN=1` records them anew; read the difference before committing it."""
        made = json.loads(shipped_plan(name).model_dump_json(exclude={"mapping_version"}))
        file = GOLDEN / f"{name}.json"
        if os.environ.get("LER_UPDATE_GOLDEN"):
            file.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", "utf-8")
        assert made == json.loads(file.read_text("utf-8"))

    def test_a_sensitive_record_reaches_private_targets_only(self, name):
        index = next(i for i, c in enumerate(CLAIMS) if c.sensitive)
        assert all(c.private for c in shipped_plan(name).changes if index in c.claims)

    def test_nothing_is_said_about_the_person(self, name):
        text = (FOLDER / f"{name}.yaml").read_text("utf-8").lower() + shipped_plan(name).model_dump_json().lower()
        for word in ("ler_status", "verified applicant", "failed", "withdrawn", "score", "ranking", "recommend"):
            assert word not in text

    def test_no_value_is_trusted_that_rests_on_an_untrusted_claim(self, name):
        for change in shipped_plan(name).changes:
            trusted = bool(change.claims) and all(CLAIMS[i].trusted for i in change.claims)
            assert (change.trust == "verified") == trusted


@pytest.mark.parametrize("kind", KINDS)
class TestRestraint:
    def test_the_default_writes_no_tags_and_no_files(self, kind):
        ops = {c.op for c in shipped_plan(kind).changes}
        assert ops <= {"set_field", "put_form", "put_note", "add_link"}

    def test_the_default_note_names_nobody_and_nothing_unless_it_can_be_taken_back(self, kind):
        (note,) = [c for c in shipped_plan(kind).changes if isinstance(c, PutNote)]
        if kind == "lever":
            assert note.private and "“" in note.value
            return
        for claim in CLAIMS:
            assert claim.name not in note.value and (claim.issuer_name or "-") not in note.value
        assert len(note.value) <= 560

    def test_a_stated_skill_is_in_no_list_of_skills(self, kind):
        for more in ("", "-full"):
            plan = shipped_plan(kind + more)
            index = next(i for i, c in enumerate(CLAIMS) if c.name == "Planning")
            assert all(c.op == "add_attachment" for c in plan.changes if index in c.claims)


def test_the_notes_of_greenhouse_name_nothing_in_any_shipped_mapping():
    """They cannot be removed (Harvest v3)."""
    for name in ("greenhouse", "greenhouse-full"):
        assert load_mapping(FOLDER / f"{name}.yaml").content.note.lines is None


def test_the_schema_file_is_the_one_the_models_make():
    assert json.loads((FOLDER / "mapping.schema.json").read_text("utf-8")) == mapping_schema()


def test_the_schema_describes_every_key_an_author_can_write():
    schema = mapping_schema()
    for name, model in [("MappingFile", schema), *schema["$defs"].items()]:
        for key, value in model.get("properties", {}).items():
            if key not in ("defaults",):
                assert "description" in value or "$ref" in value, f"{name}.{key}"
        if model.get("type") == "object":
            assert model["additionalProperties"] is False


def test_a_smaller_ats_takes_what_it_can_and_says_what_it_left_out():
    mapping = load_mapping(FOLDER / "greenhouse-full.yaml")
    small = replace(CAPABILITIES["greenhouse"], tags=False, attachments=False)
    context = PlanContext(ats="greenhouse", shared_on=date(2026, 11, 23), report_url=REPORT)
    plan = make_plan(CLAIMS, mapping, small, context)
    assert {(s.rule, s.reason) for s in plan.skipped} >= {
        ("skill_tags", "unsupported_by_ats"),
        ("summary", "unsupported_by_ats"),
    }
    assert {c.op for c in plan.changes} == {"set_field", "put_note"}
