"""Assessed credentials made by hand: what a reader sees, without a verifier behind it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from connector.model.credential import AssessedCredential, CredentialFormat, UnverifiedCredential
from connector.model.report import (
    Assurance,
    CheckName,
    CheckResult,
    Decision,
    IssuerFinding,
    Outcome,
    SubjectFinding,
    SubjectMatch,
    Verdict,
    VerificationReport,
)

Assess = Callable[..., AssessedCredential]


def make_assessed(
    document: dict[str, Any],
    *,
    format: CredentialFormat = CredentialFormat.OPEN_BADGE_3,
    decision: Decision = Decision.ACCEPTED,
    assurance: Assurance = Assurance.VERIFIED,
    verdict: Verdict = Verdict.VERIFIED,
    match: SubjectMatch = SubjectMatch.EMAIL_HASH,
    recognised: bool = True,
    sensitive: bool = False,
    path: str = "$",
    parent: str | None = None,
    sha256: str = "ab" * 32,
    failed: CheckName | None = None,
    confirmed_by: str | None = None,
) -> AssessedCredential:
    """An assessed credential with exactly what a test names; everything else is as good as it can be."""
    moment = datetime(2026, 11, 23, 12, tzinfo=UTC)
    checks = (CheckResult(check=failed, outcome=Outcome.FAILED, code="x", summary="x"),) if failed else ()
    report = VerificationReport(
        path=path,
        format=format,
        data_model="2.0",
        securing=("eddsa-rdfc-2022",),
        verdict=verdict,
        issuer=IssuerFinding(
            id="did:web:lakeview.example",
            name="Lakeview University",
            name_source="policy",
            bound=True,
            recognised=recognised,
            sensitive=sensitive,
        ),
        subject=SubjectFinding(match=match),
        valid_from="2025-05-01T00:00:00Z",
        valid_until="2027-05-01T00:00:00Z",
        document_sha256=sha256,
        checks=checks,
    )
    return AssessedCredential(
        credential=UnverifiedCredential(
            path=path, format=format, data_model="2.0", document=document, sha256=sha256, parent=parent
        ),
        document=document,
        report=report,
        decision=decision,
        assurance=assurance,
        checked_at=moment,
        confirmed_on=moment if confirmed_by else None,
        confirmed_by=confirmed_by,
    )


@pytest.fixture
def assess() -> Assess:
    return make_assessed


@pytest.fixture
def badge() -> Callable[..., dict[str, Any]]:
    """An Open Badge 3.0 whose achievement has the members that are given."""

    def make(result: Any = None, **achievement: Any) -> dict[str, Any]:
        base = {
            "id": "https://lakeview.example/achievements/welder-1",
            "type": ["Achievement"],
            "name": "Welder I",
            "criteria": {"id": "https://lakeview.example/criteria/welder-1", "narrative": "Weld."},
        }
        subject: dict[str, Any] = {
            "id": "did:key:z6MkExample",
            "type": ["AchievementSubject"],
            "achievement": {**base, **achievement},
        }
        if result is not None:
            subject["result"] = result
        return {
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "name": "Maria Okafor's badge",
            "credentialSubject": subject,
        }

    return make
