"""Whatever a document holds: claims or none, never an exception, and never more than the limits allow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model.credential import CredentialFormat
from connector.normalize import read_claims
from connector.normalize.collect import MAX_CLAIMS

from .conftest import make_assessed

MEMBERS = st.sampled_from(
    [
        "credentialSubject",
        "achievement",
        "achievements",
        "hasCredential",
        "degree",
        "hasPerformed",
        "competencyText",
        "name",
        "type",
        "id",
        "criteria",
        "achievementType",
        "alignment",
        "alignments",
        "targetName",
        "targetUrl",
        "targetType",
        "targetFramework",
        "targetCode",
        "tag",
        "tags",
        "result",
        "resultDescription",
        "resultType",
        "rubricCriterionLevel",
        "achievedLevel",
        "level",
        "badge",
        "@value",
        "@language",
        "en",
        "skills",
        "skill",
        "certifications",
        "educationAndLearnings",
        "educationDegrees",
        "degreeGrantedStatus",
        "effectiveTimePeriod",
        "validTo",
    ]
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.sampled_from(
        [
            "",
            "Welding",
            "Competency",
            "CFItem",
            "urn:1",
            "http://[",
            "https://x.example:0/",
            "http://data.europa.eu/esco/",
        ]
    ),
    st.text(max_size=8),
)
DOCUMENTS = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(MEMBERS, inner, max_size=5)
)


@given(DOCUMENTS, DOCUMENTS, st.sampled_from(CredentialFormat))
def test_any_document_is_read_without_an_exception(subject, badge, format):
    document = {"credentialSubject": subject, "badge": badge}
    for claim in read_claims(make_assessed(document, format=format)):
        assert claim.name.strip() and claim.id.startswith("c_")


def test_a_flood_of_achievements_is_limited():
    flood = [{"name": f"Badge {n}", "tag": [f"Skill {n} {m}" for m in range(60)]} for n in range(600)]
    document = {"credentialSubject": {"achievement": flood}}
    assert len(read_claims(make_assessed(document))) <= MAX_CLAIMS


@pytest.mark.parametrize("length", [3_000, 100_000])
def test_an_endless_name_is_cut(length):
    (claim,) = read_claims(make_assessed({"credentialSubject": {"achievement": {"name": "x" * length}}}))
    assert len(claim.name) <= 500
