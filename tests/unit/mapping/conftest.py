"""Claims and capabilities made by hand, and a short way from YAML to a plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from connector.mapping import PlanContext, make_plan, parse_mapping
from connector.model.changes import ChangeSet
from connector.model.claims import AchievementClaim, Claim, SkillClaim, SkillSource
from connector.model.report import Assurance
from connector.ports import Capabilities, NoteSupport

ALL_TYPES = frozenset({"text", "long_text", "url", "yes_no", "number", "date", "single_select", "multi_select"})
CAPABLE = Capabilities(
    fields=True,
    field_types=ALL_TYPES,
    tags=True,
    notes=NoteSupport.EDITABLE,
    private_notes=True,
    attachments=True,
    links=True,
    forms=True,
    form_field_types=ALL_TYPES,
)
REPORT = "https://ler.employer.example/r/1a2b"
CONTEXT = PlanContext(ats="greenhouse", shared_on=date(2026, 11, 23), report_url=REPORT, employer_name="Millworks")


def _common(given: dict[str, Any]) -> dict[str, Any]:
    base = {
        "credential": "$",
        "document_sha256": "ab" * 32,
        "issuer_id": "did:web:lakeview.example",
        "issuer_name": "Lakeview University",
        "issuer_name_source": "policy",
        "issuer_recognised": True,
        "subject_match": "email_hash",
        "verdict": "verified",
        "issued_on": "2025-05-01",
        "assurance": Assurance.VERIFIED,
        "trusted": given.get("assurance", Assurance.VERIFIED) is Assurance.VERIFIED,
    }
    return {**base, **given}


def achievement(name: str = "Welder I", **given: Any) -> AchievementClaim:
    given.setdefault("id", f"a:{name}:{given.get('document_sha256', '')}")
    return AchievementClaim(name=name, **_common(given))


def skill(name: str = "MIG welding", **given: Any) -> SkillClaim:
    given.setdefault("id", f"s:{name}:{given.get('document_sha256', '')}")
    given.setdefault("achievement", "Welder I")
    given.setdefault("source", SkillSource.ALIGNMENT)
    return SkillClaim(name=name, **_common(given))


Plan = Callable[..., ChangeSet]


@pytest.fixture
def plan() -> Plan:
    """`plan(claims, yaml)`: the plan of a mapping whose head is added, on an ATS that can do everything."""

    def make(claims: Sequence[Claim], yaml: str, capabilities: Capabilities = CAPABLE, **context: Any) -> ChangeSet:
        mapping = parse_mapping(f"version: 1\nats: greenhouse\n{yaml}", "test.yaml")
        return make_plan(claims, mapping, capabilities, replace(CONTEXT, **context))

    return make


def values(changes: ChangeSet) -> dict[str, Any]:
    return {c.target: c.value for c in changes.changes}


def reasons(changes: ChangeSet) -> list[tuple[str, str]]:
    return [(s.rule, s.reason) for s in changes.skipped]
