"""THREATS section 3: each hostile document is refused beside its unbroken twin, one fault at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connector.model.report import Decision, Outcome, Verdict
from connector.testing.issuer import VC2, Issuer
from connector.verify import Policy

from .conftest import EMAIL, Scene, subject_of

Json = dict[str, Any]
SUITES = ["eddsa-rdfc-2022", "Ed25519Signature2020", "Ed25519Signature2018"]


@pytest.mark.parametrize("model", ["1.1", "2.0"])
@pytest.mark.parametrize("proof", [*SUITES, ["eddsa-rdfc-2022", "Ed25519Signature2020"]])
def test_a_genuine_badge_is_accepted(scene: Scene, proof: Any, model: str) -> None:
    assessed = scene.assess(scene.issuer.open_badge(email=EMAIL, proof=proof, model=model))
    assert assessed.report.verdict is Verdict.VERIFIED
    assert assessed.decision is Decision.ACCEPTED
    assert assessed.report.securing == ((proof,) if isinstance(proof, str) else tuple(proof))


@pytest.mark.parametrize("proof", SUITES)
@pytest.mark.parametrize("fault", ["tampered", "wrong_key"])
def test_a_changed_or_forged_badge_is_invalid(scene: Scene, proof: str, fault: str) -> None:
    assessed = scene.assess(scene.issuer.open_badge(email=EMAIL, proof=proof, **{fault: True}))
    assert assessed.report.verdict is Verdict.INVALID
    assert assessed.decision is Decision.REFUSED


def test_without_a_proof_nothing_the_document_says_is_evidence_and_nothing_it_names_is_fetched(scene: Scene) -> None:
    badge = scene.issuer.open_badge(email=EMAIL, tampered=True, revoked=True, expired=True)
    report = scene.assess(badge).report
    later = {str(c.check): c.code for c in report.checks if c.check in ("validity", "status", "issuer", "subject")}
    assert later == dict.fromkeys(("validity", "status", "issuer", "subject"), "proof_not_verified")
    assert report.verdict is Verdict.INVALID
    assert [request.url for request in scene.documents.requests] == [scene.issuer.document_url]


# --- the proof's own form ---


def _set(**members: Any) -> Callable[[Json], None]:
    def change(document: Json) -> None:
        for name, value in members.items():
            if value is None:
                document["proof"].pop(name)
            else:
                document["proof"][name] = value

    return change


@pytest.mark.parametrize("value", [None, {}, [], [{}], "x", [[{}]], 7], ids=repr)
def test_an_empty_or_odd_proof_is_an_error_never_unsigned(scene: Scene, value: Any) -> None:
    badge = scene.issuer.open_badge(email=EMAIL, edit_signed=lambda d: d.update(proof=value))
    assert scene.code(badge) == "proof_malformed"


def test_no_proof_member_is_unsigned_and_refused(scene: Scene) -> None:
    badge = scene.issuer.open_badge(email=EMAIL, edit_signed=lambda d: d.pop("proof"))
    assessed = scene.assess(badge)
    assert (assessed.report.verdict, assessed.decision) == (Verdict.UNSIGNED, Decision.REFUSED)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_set(type=None), "proof_malformed"),
        (_set(type=["DataIntegrityProof"]), "proof_malformed"),
        (_set(cryptosuite=None), "proof_malformed"),
        (_set(cryptosuite="eddsa-2022"), "proof_unsupported"),
        (_set(type="RsaSignature2018"), "proof_unsupported"),
        (_set(proofPurpose=None), "proof_purpose_wrong"),
        (_set(proofPurpose="authentication"), "proof_purpose_wrong"),
        (_set(verificationMethod=None), "proof_malformed"),
        (_set(proofValue=None), "proof_malformed"),
        (_set(proofValue="u" + "A" * 86), "proof_malformed"),
        (_set(proofValue="z1111"), "proof_malformed"),
        (_set(created="yesterday"), "proof_malformed"),
        (_set(created="2025-05-01T00:00:00"), "proof_malformed"),
        (_set(created="2025-05-02T00:00:00Z"), "proof_signature_wrong"),
    ],
)
def test_a_proof_must_be_whole(scene: Scene, change: Callable[[Json], None], code: str) -> None:
    assert scene.code(scene.issuer.open_badge(email=EMAIL)) == "proof_valid"
    assert scene.code(scene.issuer.open_badge(email=EMAIL, edit_signed=change)) == code


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"created": "2030-01-01T00:00:00Z"}, "proof_from_future"),
        ({"expires": "2026-01-01T00:00:00Z"}, "proof_expired"),
        ({"expires": "2027-01-01T00:00:00Z"}, "proof_valid"),
        ({"created": None}, "proof_valid"),
    ],
)
def test_the_proofs_own_dates_are_kept(scene: Scene, options: Json, code: str) -> None:
    assert scene.code(scene.issuer.open_badge(email=EMAIL, options=options)) == code


# --- sets and chains ---


def test_every_proof_of_a_set_must_hold(scene: Scene) -> None:
    def spoil_second(document: Json) -> None:
        document["proof"][1]["proofValue"] = document["proof"][0]["proofValue"]

    proofs = ["eddsa-rdfc-2022", "Ed25519Signature2020"]
    badge = scene.issuer.open_badge(email=EMAIL, proof=proofs, edit_signed=spoil_second)
    assert scene.assess(badge).report.verdict is Verdict.INVALID


def test_an_unknown_kind_beside_a_proof_that_holds_gives_unsupported(scene: Scene) -> None:
    def add(document: Json) -> None:
        document["proof"].append({**document["proof"][0], "type": "SomeProofType"})

    badge = scene.issuer.open_badge(email=EMAIL, proof=["eddsa-rdfc-2022"], edit_signed=add)
    assert scene.assess(badge).report.verdict is Verdict.UNSUPPORTED


@pytest.mark.parametrize("previous", ["urn:uuid:nowhere", [], 7, "urn:uuid:first"])
def test_a_link_of_a_chain_is_never_taken_for_a_proof_of_its_own(scene: Scene, previous: Any) -> None:
    badge = scene.issuer.open_badge(email=EMAIL, options={"id": "urn:uuid:first", "previousProof": previous})
    assert scene.code(badge) == "proof_chain_broken"


def test_too_many_proofs_are_refused_before_any_is_checked(scene: Scene) -> None:
    badge = scene.issuer.open_badge(email=EMAIL, edit_signed=lambda d: d.update(proof=[d["proof"]] * 9))
    assert scene.code(badge) == "too_complex"
    assert not scene.documents.requests


# --- what is mapped is what was signed ---


HIDING: dict[str, Callable[[Json], None]] = {
    "a claim that no vocabulary defines": lambda d: subject_of(d).update(unsignedSkill="Brain surgery"),
    "a second achievement under an IRI key": lambda d: subject_of(d).update({"https://example.org/x": "y"}),
    "an expiry re-keyed to its IRI": lambda d: d.update(
        {"https://www.w3.org/2018/credentials#validUntil": d.pop("validUntil")}
    ),
    "a status re-keyed to its IRI": lambda d: d.update(
        {"https://www.w3.org/2018/credentials#credentialStatus": {"id": "urn:x"}}
    ),
    "a term that is mapped to nothing": lambda d: (
        d["@context"].append({"hidden": None}),
        d.update(hidden="x"),
    ),
    "a nested array": lambda d: subject_of(d)["achievement"].update(tag=[["MIG welding"]]),
    "a blank node of its own": lambda d: subject_of(d).update(id="_:b0"),
    "a relative id": lambda d: subject_of(d).update(id="maria"),
    "a keyword key": lambda d: subject_of(d).update({"@type": "Thing"}),
}


@pytest.mark.parametrize("name", HIDING)
def test_members_that_the_signature_does_not_cover_are_refused(scene: Scene, name: str) -> None:
    twin = scene.issuer.open_badge(email=EMAIL, valid_until="2030-01-01T00:00:00Z")
    assert scene.assess(twin).decision is Decision.ACCEPTED
    hostile = scene.issuer.open_badge(email=EMAIL, valid_until="2030-01-01T00:00:00Z", edit_signed=HIDING[name])
    assessed = scene.assess(hostile)
    assert assessed.decision is Decision.REFUSED
    proof = assessed.report.check("proof")  # type: ignore[arg-type]  # a str enum
    assert proof is not None and proof.outcome is not Outcome.PASSED


def test_an_unknown_vocabulary_is_never_fetched_and_could_not_be_checked(scene: Scene) -> None:
    url = "https://vocabulary.example/v1"
    badge = scene.issuer.open_badge(email=EMAIL, edit_signed=lambda d: d["@context"].append(url))
    scene.extra[url] = {"@context": {}}
    assessed = scene.assess(badge)
    assert assessed.report.verdict is Verdict.UNRESOLVABLE
    assert scene.code(badge) == "context_unknown"
    assert url not in [request.url for request in scene.documents.requests]


def test_the_vc_context_comes_first(scene: Scene) -> None:
    badge = scene.issuer.open_badge(email=EMAIL, edit=lambda d: d["@context"].reverse())
    assert scene.assess(badge).report.verdict in (Verdict.NONCONFORMANT, Verdict.INVALID)


def test_a_proof_from_another_document_does_not_hold(scene: Scene) -> None:
    other = scene.issuer.open_badge(name="Welder II", email=EMAIL)["proof"]
    badge = scene.issuer.open_badge(email=EMAIL, edit_signed=lambda d: d.update(proof=other))
    assert scene.code(badge) == "proof_signature_wrong"


def test_a_key_of_another_kind_is_no_key_for_the_suite() -> None:
    scene = Scene(issuer=Issuer("curve", method="web", alg="ES256"))
    badge = scene.issuer.open_badge(email=EMAIL)
    assert scene.code(badge) == "key_algorithm_mismatch"


def test_a_2018_signature_needs_exactly_its_header(scene: Scene) -> None:
    def header(document: Json) -> None:
        _, _, signature = document["proof"]["jws"].split(".")
        document["proof"]["jws"] = f"eyJhbGciOiJFZERTQSJ9..{signature}"  # {"alg":"EdDSA"}: without b64 and crit

    badge = scene.issuer.open_badge(email=EMAIL, proof="Ed25519Signature2018", edit_signed=header)
    assert scene.code(badge) == "proof_malformed"


def test_an_unrecognised_issuer_is_genuine_but_not_accepted(scene: Scene) -> None:
    scene.policy = Policy()
    assessed = scene.assess(scene.issuer.open_badge(email=EMAIL))
    assert (assessed.report.verdict, assessed.decision) == (Verdict.VERIFIED, Decision.ACCEPTED_WITH_WARNING)
    assert assessed.assurance == "genuine_unbound"


def test_nested_credentials_are_verified_each_on_its_own(scene: Scene) -> None:
    good = scene.issuer.open_badge(email=EMAIL)
    bad = scene.issuer.open_badge(name="Welder II", email=EMAIL, wrong_key=True)
    outer, first, second = scene.assess_all(scene.issuer.clr(badges=[good, bad], email=EMAIL))
    assert outer.report.verdict is Verdict.VERIFIED
    assert first.decision is Decision.ACCEPTED
    assert second.report.verdict is Verdict.INVALID


def test_a_context_of_version_2_is_what_makes_a_record_version_2(scene: Scene) -> None:
    badge = scene.issuer.open_badge(email=EMAIL)
    assert badge["@context"][0] == VC2
    assert scene.assess(badge).report.data_model == "2.0"
