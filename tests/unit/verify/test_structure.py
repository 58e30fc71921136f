"""Structure: the MUSTs of the data model, one broken at a time; and the W3C's own cases where they are at hand."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model.report import Decision, Verdict
from connector.testing.issuer import Issuer
from connector.verify.checks import structure
from connector.verify.checks.structure import credential_faults, is_url, presentation_faults

from .conftest import EMAIL, Scene, codes

Json = dict[str, Any]


def _good(model: str = "2.0") -> Json:
    document = Issuer("form").unsigned_badge(email=EMAIL, model=model)
    document |= {
        "credentialSchema": {"id": "https://lakeview.example/schema.json", "type": "JsonSchema"},
        "evidence": [{"id": "https://lakeview.example/evidence/1", "type": ["Evidence"]}],
        "description": "A badge",
    }
    return document


@pytest.mark.parametrize("model", ["1.1", "2.0"])
def test_a_good_record_has_no_fault(model: str) -> None:
    assert list(credential_faults(_good(model))) == []


FAULTS: dict[str, Callable[[Json], Any]] = {
    "no context": lambda d: d.pop("@context"),
    "another context first": lambda d: d["@context"].reverse(),
    "a context that is no URL": lambda d: d["@context"].append("not a url"),
    "a context that is a number": lambda d: d["@context"].append(7),
    "no type": lambda d: d.pop("type"),
    "an empty type": lambda d: d.update(type=[]),
    "a type that is no text": lambda d: d.update(type=["VerifiableCredential", 7]),
    "not a verifiable credential": lambda d: d.update(type=["OpenBadgeCredential"]),
    "a presentation at the same time": lambda d: d["type"].append("VerifiablePresentation"),
    "no issuer": lambda d: d.pop("issuer"),
    "an issuer that is no URL": lambda d: d.update(issuer="Lakeview"),
    "an issuer without id": lambda d: d["issuer"].pop("id"),
    "two issuers": lambda d: d.update(issuer=[d["issuer"], d["issuer"]]),
    "an id that is no URL": lambda d: d.update(id="badge 1"),
    "two ids": lambda d: d.update(id=["urn:a", "urn:b"]),
    "an id of null": lambda d: d.update(id=None),
    "no subject": lambda d: d.pop("credentialSubject"),
    "an empty subject": lambda d: d.update(credentialSubject={}),
    "no subjects": lambda d: d.update(credentialSubject=[]),
    "a subject that is text": lambda d: d.update(credentialSubject="did:example:maria"),
    "a subject with two ids": lambda d: d["credentialSubject"].update(id=["urn:a", "urn:b"]),
    "a date without a zone": lambda d: d.update(validFrom="2025-05-01T00:00:00"),
    "a date without a time": lambda d: d.update(validFrom="2025-05-01"),
    "a date that is a number": lambda d: d.update(validFrom=1_746_057_600),
    "an end before its beginning": lambda d: d.update(validUntil="2024-01-01T00:00:00Z"),
    "a status without type": lambda d: d.update(credentialStatus={"id": "urn:status"}),
    "a status with two ids": lambda d: d.update(credentialStatus={"id": ["urn:a", "urn:b"], "type": "X"}),
    "a schema without id": lambda d: d["credentialSchema"].pop("id"),
    "a schema without type": lambda d: d["credentialSchema"].pop("type"),
    "evidence without type": lambda d: d["evidence"][0].pop("type"),
    "terms without type": lambda d: d.update(termsOfUse={}),
    "a refresh service without type": lambda d: d.update(refreshService={"id": "urn:refresh"}),
    "a name that is an object": lambda d: d.update(name={"en": "Welder"}),
    "a name with stray members": lambda d: d.update(name={"@value": "x", "@language": "en", "url": "y"}),
    "a related resource without digest": lambda d: d.update(relatedResource={"id": "https://x.example/y"}),
    "a proof without type": lambda d: d.update(proof={"proofValue": "z"}),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_broken_rule_is_found(name: str) -> None:
    document = _good()
    assert structure._is_plain(document)
    FAULTS[name](document)
    assert len(list(credential_faults(document))) >= 1
    assert not structure._is_plain(document), "the short way round would overlook it"


def test_version_1_1_requires_an_issuance_date() -> None:
    document = _good("1.1")
    document.pop("issuanceDate")
    assert list(credential_faults(document)) == ["issuanceDate is missing"]


def test_records_are_remembered_by_what_they_are_made_of_and_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structure, "_heads", heads := {})
    monkeypatch.setattr(structure, "_MAX_HEADS", 3)
    for number in range(10):
        document = _good()
        document["type"] = [*document["type"], f"Kind{number}"]
        assert structure._is_plain(document)
        assert 1 <= len(heads) <= 3
    document = _good()
    document["type"] = [*document["type"], "K" * 1_000]
    assert not structure._is_plain(document)
    assert list(credential_faults(document)) == []


def test_two_lists_are_not_taken_for_one_another() -> None:
    """`@context` and `type` are looked up together: what moved from the one to the other is another record."""
    document = _good()
    assert structure._is_plain(document)
    first, *others = document["type"]
    document |= {"@context": [*document["@context"], first], "type": others}
    assert not structure._is_plain(document)


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ("https://lakeview.example/x", True),
        ("did:web:lakeview.example", True),
        ("urn:uuid:1", True),
        ("mailto:maria@mail.example", True),
        ("lakeview.example", False),
        ("https ://x", False),
        ("https://", False),
        ("https://[::1", False),
        ("https://x.example/a b", False),
        ("", False),
        (None, False),
        (["https://x.example"], False),
    ],
)
def test_what_a_url_is(value: object, right: bool) -> None:
    assert is_url(value) is right


def test_a_signed_record_that_breaks_a_rule_is_refused(scene: Scene) -> None:
    twin = scene.issuer.jwt_badge(email=EMAIL)
    assert scene.assess(twin).decision is Decision.ACCEPTED
    broken = scene.issuer.jwt_badge(email=EMAIL, edit=lambda d: d.update(type=["OpenBadgeCredential"]))
    assessed = scene.assess(broken)
    assert (assessed.report.verdict, assessed.decision) == (Verdict.NONCONFORMANT, Decision.REFUSED)


def test_a_subject_without_id_or_identifier_is_only_a_remark(scene: Scene) -> None:
    assessed = scene.assess(scene.issuer.open_badge(subject_name="Maria Okafor"))
    assert "subject_without_id" in codes(assessed)
    assert assessed.report.verdict is Verdict.VERIFIED


def _as_the_suite_completes_it(document: Json) -> Json:
    """The W3C suite's own harness names an issuer where its file leaves one out, before it issues the credential."""
    document = copy.deepcopy(document)
    issuer = document.get("issuer", {})
    if issuer == {} or (isinstance(issuer, dict) and "id" not in issuer):
        document["issuer"] = {**issuer, "id": "did:web:issuer.example"}
    return document


NOT_A_MATTER_OF_FORM = {
    "presentation-self-asserted-vc-issuer-mismatch.json": "who vouches for an unsigned record is judged by its proof",
}


@pytest.mark.shared
def test_the_w3c_structure_cases_come_out_as_their_names_say(shared: Path) -> None:
    entries = json.loads((shared / "vectors" / "vectors.json").read_bytes())
    cases = [entry for entry in entries if entry["format"] == "vcdm2-structure"]
    wrong = []
    for entry in cases:
        name = Path(entry["file"]).name
        if entry["expected"] not in ("conformant", "nonconformant") or name in NOT_A_MATTER_OF_FORM:
            continue
        document = json.loads((shared / "vectors" / entry["file"]).read_bytes())
        if name.startswith("presentation"):
            faults = list(presentation_faults(document))
        else:
            faults = list(credential_faults(_as_the_suite_completes_it(document)))
        if bool(faults) is not (entry["expected"] == "nonconformant"):
            wrong.append((name, entry["expected"], faults))
    assert len(cases) > 50
    assert wrong == []


def _is_url_taken_apart(text: str) -> bool:
    """What the quick pattern of usual addresses stands in for."""
    if not structure._URL.match(text):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.netloc) if parts.scheme in ("http", "https") else True


URL_PIECES = st.text(st.sampled_from("a1:/?#[]@%.-^é \n\x00{\u2100"), max_size=8)


@given(st.sampled_from(["", "http://", "https://", "HTTPS://", "https:", "did:", "urn:", "did://", "x:"]), URL_PIECES)
def test_a_url_is_told_as_by_taking_it_apart(beginning: str, rest: str) -> None:
    assert is_url(beginning + rest) == _is_url_taken_apart(beginning + rest)
