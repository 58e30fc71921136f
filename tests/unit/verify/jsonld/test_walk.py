"""What the walk makes of a document, and what it refuses. Each refusal changes one thing in a good badge."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from connector.verify.jsonld import JsonLdError, Limits, canonicalize

from .samples import BADGE, CRED, OB, V2, badge, canonical, refusal, scored


def test_a_badge_comes_out_as_pyld_makes_it(by_pyld: Callable[[Any], str]) -> None:
    assert canonical(BADGE) == by_pyld(BADGE)
    assert '<did:web:lakeview.example> <https://schema.org/name> "Lakeview University" .' in canonical(BADGE)


def test_the_document_is_not_changed() -> None:
    document = badge()
    canonical(document)
    assert document == BADGE


def test_proof_options_are_read_with_the_document_s_context() -> None:
    options = {
        "@context": BADGE["@context"], "type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022",
        "created": "2025-05-01T00:00:00Z", "verificationMethod": "did:web:lakeview.example#key-1",
        "proofPurpose": "assertionMethod",
    }  # fmt: skip
    (_, proof), *older = list(canonicalize([BADGE, options]))
    assert "<https://w3id.org/security#proofPurpose> <https://w3id.org/security#assertionMethod>" in proof
    assert len(older) == 1, "Open Badges 3.0.3 was published with two contents"


# --- values ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        (5, '"5"^^<http://www.w3.org/2001/XMLSchema#integer>'),
        (5.0, '"5"^^<http://www.w3.org/2001/XMLSchema#integer>'),
        (-0.0, '"0"^^<http://www.w3.org/2001/XMLSchema#integer>'),
        (1.5, '"1.5E0"^^<http://www.w3.org/2001/XMLSchema#double>'),
        (0.000123, '"1.23E-4"^^<http://www.w3.org/2001/XMLSchema#double>'),
        (1e21, '"1.0E21"^^<http://www.w3.org/2001/XMLSchema#double>'),
        (True, '"true"^^<http://www.w3.org/2001/XMLSchema#boolean>'),
        ("é\u007f\x00", '"é\\u007F\\u0000"'),
        ({"@value": "Bonjour", "@language": "fr-CA"}, '"Bonjour"@fr-ca'),
    ],
)
def test_values_take_their_canonical_form(value: Any, literal: str) -> None:
    assert f"<https://www.w3.org/ns/credentials/undefined-term#score> {literal} .\n" in canonical(scored(value))


def test_a_coerced_number_keeps_the_context_s_datatype() -> None:
    document = badge()
    document["credentialSubject"]["achievement"]["creditsAvailable"] = 3
    assert '#creditsAvailable> "3"^^<https://www.w3.org/2001/XMLSchema#float>' in canonical(document)


def test_a_list_keeps_its_order(by_pyld: Callable[[Any], str]) -> None:
    document = badge()
    document["credentialSubject"]["achievement"]["resultDescription"] = [
        {"id": "urn:r:1", "type": ["ResultDescription"], "name": "Grade", "resultType": "LetterGrade",
         "allowedValue": ["A", "B", "A"]},
    ]  # fmt: skip
    assert canonical(document) == by_pyld(document)
    swapped = copy.deepcopy(document)
    swapped["credentialSubject"]["achievement"]["resultDescription"][0]["allowedValue"] = ["A", "A", "B"]
    assert canonical(swapped) != canonical(document)


def test_a_json_literal_is_canonical_json_and_its_members_need_no_terms() -> None:
    schema = {"id": "https://a.example/s", "type": "JsonSchema", "jsonSchema": {"b": [1, None], "a": {"$x": "é"}}}
    document = {"@context": [V2], "type": ["VerifiableCredential", "JsonSchemaCredential"], "credentialSubject": schema}
    assert r'"{\"a\":{\"$x\":\"é\"},\"b\":[1,null]}"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON>' in canonical(
        document
    )


def test_null_and_an_empty_list_say_nothing() -> None:
    assert canonical(badge(description=None, evidence=[])) == canonical(BADGE)


def test_a_presentation_puts_each_credential_into_a_graph_of_its_own(by_pyld: Callable[[Any], str]) -> None:
    presentation = {
        "@context": [V2], "type": "VerifiablePresentation", "holder": "did:web:maria.example",
        "verifiableCredential": [BADGE, badge(id="urn:uuid:0b6fb6cd-0000-4000-8000-000000000002")],
    }  # fmt: skip
    assert canonical(presentation) == by_pyld(presentation)


# --- refusals --------------------------------------------------------------------------------------------------------


def test_an_undefined_member_is_refused_wherever_it_stands() -> None:
    document = badge()
    document["credentialSubject"]["achievement"]["skillLevelX"] = "Expert"
    error = refusal(document)
    assert error.code == "undefined_term"
    assert error.detail.startswith("$.credentialSubject.achievement.skillLevelX: ")
    assert "Expert" not in error.detail + error.message


def test_an_undefined_member_with_no_value_is_refused_too() -> None:
    assert refusal(badge(hireMe=None)).code == "undefined_term"


@pytest.mark.parametrize("type_", ["Genius", "genius/x", ""])
def test_an_undefined_type_is_refused(type_: str) -> None:
    assert refusal(badge(type=[*BADGE["type"], type_])).code == "undefined_term"


def test_expiry_cannot_be_re_keyed_to_its_iri() -> None:
    document = badge()
    until = document.pop("validUntil")
    document[f"{CRED}validUntil"] = {"@type": "http://www.w3.org/2001/XMLSchema#dateTime", "@value": until}
    assert refusal(document).code == "term_not_allowed"


def test_a_type_cannot_be_written_as_the_iri_of_its_term() -> None:
    error = refusal(badge(type=["VerifiableCredential", f"{OB}OpenBadgeCredential"]))
    assert (error.code, error.detail[:7]) == ("term_not_allowed", "$.type:")


def test_a_type_may_be_an_iri_that_no_pinned_context_has_a_term_for() -> None:
    assert "<https://lakeview.example/types#Micro>" in canonical(
        badge(type=[*BADGE["type"], "https://lakeview.example/types#Micro"])
    )


def test_a_class_name_cannot_stand_for_the_member_that_shares_its_iri() -> None:
    first_version = "https://purl.imsglobal.org/spec/ob/v3p0/context.json"
    document = badge(**{"@context": ["https://www.w3.org/2018/credentials/v1", first_version]})
    del document["validFrom"], document["validUntil"]
    subject = document["credentialSubject"]
    assert canonical(document)
    subject["Achievement"] = subject.pop("achievement")
    assert refusal(document).code == "term_not_allowed"


@pytest.mark.parametrize(
    "keyword", ["@id", "@type", "@graph", "@included", "@reverse", "@nest", "@index", "@set", "@list", "@version"]
)
def test_keywords_are_refused_as_members(keyword: str) -> None:
    document = badge()
    document["credentialSubject"]["achievement"]["criteria"][keyword] = "x"
    assert refusal(document).code == "term_not_allowed"


@pytest.mark.parametrize(
    "value",
    [
        {"@value": "2035-05-01T00:00:00Z", "@type": "http://www.w3.org/2001/XMLSchema#dateTime"},
        {"@value": "x"},
        {"@value": 1, "@language": "en"},
        {"@value": "x", "@language": "not a tag"},
        {"@value": "x", "@language": "en", "@direction": "ltr"},
        {"@value": None, "@language": "en"},
        {"@value": "x", "@language": "en", "name": "y"},
    ],
)
def test_value_objects_are_refused_unless_they_are_text_with_a_language(value: dict[str, Any]) -> None:
    assert refusal(badge(name=value)).code == "term_not_allowed"


def test_lists_in_lists_are_refused() -> None:
    document = badge()
    document["credentialSubject"]["achievement"]["tag"] = ["welding", ["MIG"]]
    assert refusal(document).code == "term_not_allowed"


def test_null_in_a_list_is_refused() -> None:
    document = badge()
    document["credentialSubject"]["achievement"]["tag"] = ["welding", None]
    assert refusal(document).detail.startswith("$.credentialSubject.achievement.tag[1]: ")


@pytest.mark.parametrize("identifier", ["badge/1", "", "#1", "https://a b.example", "//a.example/1"])
def test_an_identifier_that_is_not_absolute_is_refused(identifier: str) -> None:
    assert refusal(badge(id=identifier)).code == "relative_iri"


def test_an_identifier_cannot_break_out_of_its_place_in_the_statement() -> None:
    assert refusal(badge(id="urn:x><urn:p><urn:o>.<urn:y")).code == "relative_iri"


@pytest.mark.parametrize("identifier", ["_:b0", ["urn:a"], None, 5])
def test_an_identifier_is_one_text_and_never_a_blank_node(identifier: Any) -> None:
    assert refusal(badge(id=identifier)).code == "term_not_allowed"


def test_a_compact_iri_is_refused_where_its_prefix_is_defined() -> None:
    document = {"@context": ["https://w3id.org/security/v2"], "type": "Ed25519Signature2018", "id": "sec:key-1"}
    assert refusal(document).code == "term_not_allowed"


@pytest.mark.parametrize("types", [None, 5, {"a": "b"}, ["VerifiableCredential", 5]])
def test_types_are_text(types: Any) -> None:
    assert refusal(badge(type=types)).code == "term_not_allowed"


def test_a_number_that_readers_disagree_about_is_refused() -> None:
    assert refusal(scored(2**53)).code == "term_not_allowed"


def test_a_term_that_is_the_reverse_of_a_property_is_refused() -> None:
    document = {
        "@context": ["https://www.w3.org/2018/credentials/v1", "https://w3id.org/dcc/v1"],
        "type": ["VerifiableCredential"],
        "credentialSubject": {"id": "urn:x", "hasCredential": {"type": "EducationalOccupationalCredential"}},
    }
    assert canonical(document)
    document["credentialSubject"]["hasCredential"]["awardedOnCompletionOf"] = {"type": "Course"}
    assert refusal(document).code == "term_not_allowed"


@pytest.mark.parametrize("document", [[], "x", None, 5, {}, {"@context": V2}, {"@context": [V2], "id": "urn:x"}])
def test_a_document_that_says_nothing_is_refused(document: Any) -> None:
    assert refusal(document).code == "term_not_allowed"


@pytest.mark.parametrize("inner", ["urn:x", "eyJhbGciOiJub25lIn0", {"@context": V2, "id": "urn:x"}, {}, 5])
def test_what_a_graph_would_leave_unsaid_is_refused(inner: Any) -> None:
    """`{"id": "urn:x"}` alone in a `@graph` container makes no statement: the id could be exchanged."""
    presentation = {"@context": [V2], "type": "VerifiablePresentation", "verifiableCredential": [inner]}
    assert refusal(presentation).code == "term_not_allowed"


def test_an_expiry_cannot_be_moved_to_another_place_that_describes_the_same_identifier() -> None:
    """RDF merges two descriptions of one node: the statements, and so the signature, would stay the same."""
    endorsed = {"id": BADGE["id"], "type": ["EndorsementSubject"], "endorsementComment": "Good work."}
    endorsement = {
        "id": "urn:uuid:0b6fb6cd-0000-4000-8000-00000000000e",
        "type": ["VerifiableCredential", "EndorsementCredential"],
        "issuer": "did:web:peer.example", "name": "Endorsement", "validFrom": "2025-06-01T00:00:00Z",
        "credentialSubject": endorsed,
    }  # fmt: skip
    honest = badge(endorsement=[endorsement])
    assert canonical(honest)
    moved = copy.deepcopy(honest)
    hidden = moved["endorsement"][0]["credentialSubject"]
    hidden["type"] = ["EndorsementSubject", "VerifiableCredential"]
    hidden["validUntil"] = moved.pop("validUntil")
    assert "described twice" in refusal(moved).detail


def test_the_same_credential_may_be_there_twice(by_pyld: Callable[[Any], str]) -> None:
    inner = badge()
    document = badge(id="urn:uuid:0b6fb6cd-0000-4000-8000-0000000000ff", endorsement=[inner, copy.deepcopy(inner)])
    assert canonical(document) == by_pyld(document)


# --- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "limits",
    [Limits(statements=5), Limits(depth=2), Limits(states=1), Limits(work=0)],
    ids=["statements", "depth", "states", "work"],
)
def test_a_document_over_a_limit_is_too_complex(limits: Limits) -> None:
    document = badge(evidence=[{"type": ["Evidence"]}, {"type": ["Evidence"]}])
    with pytest.raises(JsonLdError) as caught:
        list(canonicalize([document], limits=limits))
    assert caught.value.code == "too_complex"


def test_a_deep_document_is_refused_before_python_s_stack_runs_out() -> None:
    document = badge()
    inner = document
    for _ in range(500):
        inner["evidence"] = {"type": ["Evidence"]}
        inner = inner["evidence"]
    assert refusal(document).code in ("too_complex", "undefined_term")


@pytest.mark.parametrize("contexts", [[V2] * 50, [V2, *({f"a{n}": f"https://a.example/#a{n}"} for n in range(50))]])
def test_many_contexts_are_too_complex(contexts: list[Any]) -> None:
    assert refusal(badge(**{"@context": contexts})).code == "too_complex"
