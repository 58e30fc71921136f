"""Records that two readers could take for two different ones: they are refused, whoever signed them."""

from __future__ import annotations

from typing import Any

import pytest

from connector.model.report import Decision, Verdict

from .conftest import EMAIL, Scene, codes

Json = dict[str, Any]


@pytest.mark.parametrize(
    "beside",
    [
        {"validUntil": "2025-06-01T00:00:00Z"},
        {"expirationDate": "2025-06-01T00:00:00Z"},
        {"credentialStatus": {"id": "urn:uuid:1", "type": "BitstringStatusListEntry"}},
        {"id": "urn:uuid:another"},
        {"name": "Another name"},
        {"evidence": [{"type": ["Evidence"]}]},
    ],
)
def test_what_stands_beside_vc_must_stand_in_it(scene: Scene, beside: Json) -> None:
    """An expiry or a status entry beside `vc` would be seen by some readers and not by others."""
    assessed = scene.assess(scene.issuer.jwt_badge(email=EMAIL, profile="vc-jwt", claims=beside))
    assert "jwt_documents_differ" in codes(assessed)
    assert (assessed.report.verdict, assessed.decision) == (Verdict.INVALID, Decision.REFUSED)


def test_what_stands_beside_vc_as_it_stands_in_it_is_no_fault(scene: Scene) -> None:
    token = scene.issuer.jwt_badge(email=EMAIL, profile="vc-jwt", claims={"name": "Welder I"})
    assert scene.assess(token).decision is Decision.ACCEPTED


def test_claims_that_are_no_members_of_a_record_may_stand_beside_vc(scene: Scene) -> None:
    token = scene.issuer.jwt_badge(email=EMAIL, profile="vc-jwt", claims={"nonce": "1", "client_id": "x"})
    assert scene.assess(token).decision is Decision.ACCEPTED


@pytest.mark.parametrize("profile", ["vc-jwt", "vc+jwt"])
@pytest.mark.parametrize(
    ("proof", "verdict"),
    [
        ({"type": "SomethingElse2031"}, Verdict.UNSUPPORTED),
        ([], Verdict.INVALID),
        (
            {
                "type": "DataIntegrityProof",
                "cryptosuite": "eddsa-rdfc-2022",
                "proofPurpose": "assertionMethod",
                "verificationMethod": "did:web:lakeview.example#key-1",
                "proofValue": "z" + "2" * 87,
            },
            Verdict.INVALID,
        ),
    ],
)
def test_a_proof_inside_a_token_must_hold_too(scene: Scene, profile: str, proof: Any, verdict: Verdict) -> None:
    token = scene.issuer.jwt_badge(email=EMAIL, profile=profile, edit=lambda document: document.update(proof=proof))
    assessed = scene.assess(token)
    assert (assessed.report.verdict, assessed.decision) == (verdict, Decision.REFUSED)


def test_a_token_around_a_record_with_a_proof_that_holds_is_genuine(scene: Scene) -> None:
    signed = scene.issuer.open_badge(email=EMAIL, model="1.1", proof="Ed25519Signature2020")
    claims = {"iss": scene.issuer.id, "jti": signed["id"], "nbf": 1746057600}
    assert scene.assess(scene.issuer.jwt({"vc": signed} | claims)).decision is Decision.ACCEPTED


def test_a_genuine_record_in_somebody_elses_token_is_not_the_issuers(scene: Scene) -> None:
    """The token completes the record (dates, subject), so its signer answers for it."""
    from connector.testing.issuer import Issuer

    mallory = Issuer("mallory", method="key")
    signed = scene.issuer.open_badge(email=EMAIL, model="1.1", proof="Ed25519Signature2020")
    claims = {"jti": signed["id"], "nbf": 1746057600, "sub": "did:example:mallory"}
    assessed = scene.assess(mallory.jwt({"vc": signed} | claims))
    assert not assessed.report.issuer.bound
    assert assessed.decision is Decision.REFUSED
