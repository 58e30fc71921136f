"""LER-RS in both spellings, and Europass: what is read of them, and what never is."""

from __future__ import annotations

from typing import Any

import pytest

from connector.model.credential import CredentialFormat
from connector.model.report import Assurance, Decision, Verdict
from connector.normalize import read_claims

from .conftest import Assess, make_assessed

SCHEMA_SPELLING = {
    "skills": [{"name": "Planning"}],
    "certifications": [{"name": "Product certificate"}],
    "licenses": [{"name": "Crane licence"}],
    "educationAndLearnings": [{"educationDegrees": [{"name": "Bachelor of Commerce"}]}],
}
BUILDER_SPELLING = {
    "skills": ["Planning"],
    "certifications": [{"name": "Product certificate", "issuer": "Somebody", "verificationStatus": "verified"}],
    "license": {"name": "Crane licence"},
    "educationAndLearning": [{"degree": "Bachelor of Commerce", "institution": "Lakeview"}],
}


def ler_rs(subject: dict[str, Any]) -> dict[str, Any]:
    return {"type": ["VerifiableCredential", "LERRSCredential"], "credentialSubject": subject}


def names(document: dict[str, Any], assess: Assess) -> set[tuple[str, str]]:
    found = read_claims(assess(document, format=CredentialFormat.LER_RS))
    return {(claim.kind, claim.name) for claim in found}


@pytest.mark.parametrize("subject", [SCHEMA_SPELLING, BUILDER_SPELLING])
def test_both_spellings_of_an_ler_rs_say_the_same(assess: Assess, subject: dict[str, Any]) -> None:
    assert names(ler_rs(subject), assess) == {
        ("skill", "Planning"),
        ("achievement", "Product certificate"),
        ("achievement", "Crane licence"),
        ("achievement", "Bachelor of Commerce"),
    }


@pytest.mark.parametrize("skill", ["Planning", {"name": "Planning"}, {"skills": "Planning"}])
def test_a_skill_is_read_however_a_resume_builder_writes_it(assess: Assess, skill: object) -> None:
    assert names(ler_rs({"skills": [skill]}), assess) == {("skill", "Planning")}


@pytest.mark.parametrize("enrolled", [True, [True], [False, True], "true"])
def test_a_degree_that_is_still_under_way_is_not_earned(assess: Assess, enrolled: Any) -> None:
    """However it is written: a list of one is the same statement."""
    entry = {"degree": "BSc", "currentlyEnrolled": enrolled}
    assert names(ler_rs({"educationAndLearning": [entry]}), assess) == set()
    assert names(ler_rs({"educationAndLearning": [{**entry, "currentlyEnrolled": False}]}), assess) == {
        ("achievement", "BSc")
    }


# --- Europass ----------------------------------------------------------------------------------------------------

ESCO = "http://data.europa.eu/esco/skill/b590d4e5-7c62-4b4d-abc9-c270b482e0ce"
EUROPASS: dict[str, Any] = {
    "type": ["VerifiableCredential", "EuropeanDigitalCredential"],
    "credentialSubject": {
        "type": "Person",
        "fullName": {"en": "Ana Example"},
        "dateOfBirth": "1999-10-01",
        "hasClaim": [
            {
                "type": "LearningAchievement",
                "title": {"de": "Schweißen", "en": ["Welding programme"]},
                "specifiedBy": {
                    "id": "https://lakeview.example/programmes/welding",
                    "learningOutcome": [
                        {
                            "title": {"en": "Knows how to weld"},
                            "relatedESCOSkill": {"id": ESCO, "prefLabel": {"en": "operate welding equipment"}},
                        }
                    ],
                },
                "provenBy": {"type": "LearningAssessment", "title": {"en": "Exam"}, "grade": {"noteLiteral": "1"}},
                "hasPart": {"type": "LearningAchievement", "title": {"en": "Safety course"}},
            },
            {"type": "LearningEntitlement", "title": {"en": "May enter a master's programme"}},
        ],
    },
}


def sealed(document: dict[str, Any] = EUROPASS, verdict: Verdict = Verdict.UNSUPPORTED) -> Any:
    return make_assessed(
        document,
        format=CredentialFormat.EUROPASS_EDC,
        decision=Decision.REFUSED,
        assurance=Assurance.STATED,
        verdict=verdict,
    )


def test_europass_gives_titles_and_related_skills_as_stated() -> None:
    claims = read_claims(sealed())
    assert [(c.kind, c.name, c.preselected) for c in claims] == [
        ("achievement", "Welding programme", True),
        ("skill", "operate welding equipment", True),
        ("achievement", "Safety course", False),
    ]
    assert {c.assurance for c in claims} == {Assurance.STATED}
    assert [(a.framework, a.url) for a in claims[1].alignments] == [("esco", ESCO)]


def test_nothing_about_the_person_and_no_grade_leaves_a_europass_record() -> None:
    written = "\n".join(claim.model_dump_json() for claim in read_claims(sealed()))
    assert "Welding programme" in written
    for private in ("Ana", "1999", "Exam", "noteLiteral", "Knows how to weld", "master"):
        assert private not in written


def test_a_europass_record_without_a_seal_says_nothing() -> None:
    assert read_claims(sealed(verdict=Verdict.UNSIGNED)) == ()


def test_a_europass_record_that_nests_without_end_is_read_to_a_limit() -> None:
    claim: dict[str, Any] = {"type": "LearningAchievement", "title": {"en": "0"}}
    for number in range(1, 40):
        claim = {"type": "LearningAchievement", "title": {"en": str(number)}, "hasPart": claim}
    found = read_claims(sealed({"credentialSubject": {"hasClaim": claim}}))
    assert [c.name for c in found] == [str(number) for number in range(39, 30, -1)]
