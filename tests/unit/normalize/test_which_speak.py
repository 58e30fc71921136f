"""Which credentials give claims, and how well founded those are (DOMAIN sections 1 and 5)."""

from __future__ import annotations

import pytest

from connector.model.claims import SkillClaim
from connector.model.credential import CredentialFormat
from connector.model.report import Assurance, CheckName, Decision, SubjectMatch, Verdict
from connector.normalize import read_claims

REFUSED = {"decision": Decision.REFUSED, "assurance": Assurance.STATED}
LER_RS = {
    "type": ["VerifiableCredential", "LERRSCredential"],
    "credentialSubject": {
        "type": "LER-RSType.json",
        "person": {"name": {"formattedName": "Maria Okafor"}, "birthDate": "1990-01-01"},
        "communication": {"email": [{"address": "maria@mail.example"}]},
        "skills": [{"name": "Planning", "comments": ["ten years"]}],
        "certifications": [
            {
                "name": "Product certificate",
                "verificationStatus": "verified",
                "effectiveTimePeriod": {"validTo": "2030-08-25T00:00:00.0"},
            },
            {"verifications": [{"type": ["VerifiableCredential"]}]},
        ],
        "educationAndLearnings": [
            {"educationDegrees": [{"name": "Bachelor of Commerce", "degreeGrantedStatus": "Granted"}]},
            {"educationDegrees": [{"name": "Master of Commerce", "degreeGrantedStatus": "In Progress"}]},
        ],
        "employmentHistories": [{"organization": {"tradeName": "ACME"}}],
    },
}


def test_a_warning_is_never_trusted(assess, badge):
    claims = read_claims(
        assess(badge(), decision=Decision.ACCEPTED_WITH_WARNING, assurance=Assurance.GENUINE_NAME_MATCH)
    )
    assert [(c.assurance, c.trusted) for c in claims] == [(Assurance.GENUINE_NAME_MATCH, False)]


@pytest.mark.parametrize("verdict", [Verdict.UNRESOLVABLE, Verdict.UNSUPPORTED])
def test_what_could_not_be_found_out_is_stated(assess, badge, verdict):
    (claim,) = read_claims(assess(badge(), verdict=verdict, **REFUSED))
    assert (claim.assurance, claim.trusted, claim.verdict) == (Assurance.STATED, False, verdict)


def test_a_refused_record_is_never_better_than_stated_whatever_it_comes_with(assess, badge):
    given = {"decision": Decision.REFUSED, "assurance": Assurance.VERIFIED, "verdict": Verdict.UNRESOLVABLE}
    (claim,) = read_claims(assess(badge(), **given))
    assert (claim.assurance, claim.trusted) == (Assurance.STATED, False)


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict.MALFORMED,
        Verdict.NO_CREDENTIAL,
        Verdict.UNSIGNED,
        Verdict.INVALID,
        Verdict.REVOKED,
        Verdict.NOT_YET_VALID,
        Verdict.NONCONFORMANT,
        Verdict.VERIFIED,  # a denied or test issuer
    ],
)
def test_a_refused_record_that_something_speaks_against_gives_nothing(assess, badge, verdict):
    assert read_claims(assess(badge(tag=["MIG welding"]), verdict=verdict, **REFUSED)) == ()


def test_somebody_elses_record_gives_nothing(assess, badge):
    given = {"match": SubjectMatch.CONTRADICTED, "verdict": Verdict.UNRESOLVABLE, **REFUSED}
    assert read_claims(assess(badge(), **given)) == ()


@pytest.mark.parametrize("check", [CheckName.ISSUER, CheckName.HOLDER])
def test_another_key_than_the_issuers_or_the_holders_gives_nothing(assess, badge, check):
    assert read_claims(assess(badge(), verdict=Verdict.UNSUPPORTED, failed=check, **REFUSED)) == ()


@pytest.mark.parametrize("format", [CredentialFormat.ENDORSEMENT, CredentialFormat.CLR_2])
def test_records_that_name_nothing_themselves_give_nothing(assess, badge, format):
    assert read_claims(assess(badge(tag=["MIG welding"]), format=format)) == ()


class TestLerRs:
    def read(self, assess, document=LER_RS, **given):
        return read_claims(assess(document, format=CredentialFormat.LER_RS, **given))

    def test_entries_are_read_by_name_and_nothing_else_of_them(self, assess):
        claims = self.read(assess)
        assert [(c.kind, c.name) for c in claims] == [
            ("achievement", "Product certificate"),
            ("achievement", "Bachelor of Commerce"),
            ("skill", "Planning"),
        ]
        assert claims[0].expires_on == "2030-08-25"
        written = "".join(c.model_dump_json() for c in claims)
        assert not [s for s in ("Maria", "maria@", "1990", "ten years", "ACME") if s in written]

    def test_it_stays_stated_even_when_its_signature_holds_and_its_issuer_is_recognised(self, assess):
        claims = self.read(assess, decision=Decision.ACCEPTED, assurance=Assurance.VERIFIED)
        assert {(c.assurance, c.trusted) for c in claims} == {(Assurance.STATED, False)}

    def test_an_unsigned_one_still_speaks(self, assess):
        assert len(self.read(assess, verdict=Verdict.UNSIGNED, **REFUSED)) == 3

    @pytest.mark.parametrize("verdict", [Verdict.INVALID, Verdict.REVOKED, Verdict.MALFORMED])
    def test_a_tampered_one_does_not(self, assess, verdict):
        assert self.read(assess, verdict=verdict, **REFUSED) == ()

    def test_a_bare_record_and_the_singular_names_are_read(self, assess):
        document = {"educationAndLearning": {"educationDegrees": {"name": "Diploma"}}, "skills": {"name": "Filing"}}
        assert [c.name for c in self.read(assess, document)] == ["Diploma", "Filing"]


class TestPlainCredentials:
    def read(self, assess, subject, **given):
        document = {"name": "Residence permit", "credentialSubject": subject}
        return read_claims(assess(document, format=CredentialFormat.VERIFIABLE_CREDENTIAL, **given))

    def test_the_name_of_a_credential_is_never_an_achievement(self, assess):
        assert self.read(assess, {"id": "did:key:z6Mk", "residentSince": "2015-01-01"}) == ()

    @pytest.mark.parametrize("member", ["achievement", "hasCredential", "schema:hasCredential", "schema:hasAchieved"])
    def test_known_shapes_of_what_was_earned(self, assess, member):
        assert [c.name for c in self.read(assess, {member: {"name": "Supply chain", "type": "BadgeClass"}})] == [
            "Supply chain"
        ]

    def test_a_degree_keeps_its_type(self, assess):
        (claim,) = self.read(assess, {"degree": {"type": "BachelorDegree", "name": "Bachelor of Science"}})
        assert claim.achievement_type == "BachelorDegree"

    def test_a_performed_competency_is_a_skill(self, assess):
        raw = {"type": "ceasn:Competency", "competencyText": "Thinks critically.", "id": "https://c.example/1"}
        (claim,) = self.read(assess, {"schema:hasPerformed": raw})
        assert isinstance(claim, SkillClaim) and claim.name == "Thinks critically."

    def test_education_signed_by_a_school_has_the_schools_assurance(self, assess):
        subject = {"educationAndLearning": {"educationDegrees": [{"name": "Bachelor of Arts"}]}}
        (claim,) = self.read(assess, subject)
        assert (claim.assurance, claim.trusted) == (Assurance.VERIFIED, True)


class TestTicks:
    def test_sensitive_ones_start_unticked(self, assess, badge):
        claims = read_claims(assess(badge(tag=["Logistics"]), sensitive=True))
        assert {(c.sensitive, c.preselected) for c in claims} == {(True, False)}

    def test_a_transcript_ticks_the_degree_and_not_the_courses(self, assess, badge):
        inside = {"parent": "$", "path": "$.credentialSubject.verifiableCredential[0]"}
        (degree,) = read_claims(assess(badge(name="BSc", achievementType="BachelorDegree"), **inside))
        course = read_claims(assess(badge(name="Algebra", achievementType="Course", tag=["Algebra"]), **inside))
        assert degree.preselected
        assert [c.preselected for c in course] == [False, False]

    def test_a_course_on_its_own_is_ticked(self, assess, badge):
        (course,) = read_claims(assess(badge(name="Algebra", achievementType="Course")))
        assert course.preselected


class TestIds:
    def test_the_same_document_gives_the_same_ids(self, assess, badge):
        document = badge(tag=["MIG welding", "Safety"])
        first, second = read_claims(assess(document)), read_claims(assess(document))
        assert [c.id for c in first] == [c.id for c in second]
        assert len({c.id for c in first}) == 3

    def test_another_document_or_place_gives_other_ids(self, assess, badge):
        ids = {
            read_claims(assess(badge(), **given))[0].id
            for given in ({}, {"sha256": "cd" * 32}, {"path": "$.verifiableCredential[0]"})
        }
        assert len(ids) == 3
