"""What a token says beside its record: the rules of Open Badges 3.0, VCDM 1.1 and VC-JOSE-COSE, one breach at a time.

A breach is told in `structure`; the signature stays genuine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connector.model.credential import CredentialFormat
from connector.model.report import Decision, Verdict
from connector.testing.documents import NOW
from connector.testing.issuer import VALID_FROM, Issuer
from connector.verify.checks import proof, token_form
from connector.verify.codes import result

from .conftest import EMAIL, Scene, codes

Json = dict[str, Any]
MARIA_DID = "did:example:maria"

TOKENS: dict[str, Callable[[Json, Json], Any]] = {
    "no iss": lambda c, h: c.pop("iss"),
    "no jti": lambda c, h: c.pop("jti"),
    "no nbf": lambda c, h: c.pop("nbf"),
    "no sub": lambda c, h: c.pop("sub"),
    "no exp": lambda c, h: c.pop("exp"),
    "an iss that is no text": lambda c, h: c.update(iss=7),
    "a sub that is no text": lambda c, h: c.update(sub={"id": MARIA_DID}),
    "a jti that is no text": lambda c, h: c.update(jti=7),
    "another jti": lambda c, h: c.update(jti="urn:uuid:another"),
    "an nbf that is true": lambda c, h: c.update(nbf=True),
    "an nbf in words": lambda c, h: c.update(nbf="soon"),
    "an nbf of null": lambda c, h: c.update(nbf=None),
    "another nbf": lambda c, h: c.update(nbf=c["nbf"] + 1),
    "another exp": lambda c, h: c.update(exp=c["exp"] + 1),
    "an exp of null": lambda c, h: c.update(exp=None),
    "an exp in words": lambda c, h: c.update(exp="never"),
    "an iat in words": lambda c, h: c.update(iat="now"),
    "a claim vp": lambda c, h: c.update(vp={}),
    "no kid": lambda c, h: h.pop("kid"),
    "a member that no badge has": lambda c, h: h.update(x5c=[]),
}


@pytest.mark.parametrize("name", TOKENS)
def test_each_breach_is_found(name: str) -> None:
    document = Issuer("form").unsigned_badge(subject_id=MARIA_DID)
    document |= {"validFrom": "2025-05-01T00:00:00Z", "validUntil": "2030-05-01T00:00:00Z"}
    claims = {"iss": document["issuer"]["id"], "jti": document["id"], "sub": MARIA_DID}
    claims |= {"nbf": 1_746_057_600, "exp": 1_903_824_000}
    header = {"alg": "EdDSA", "kid": "did:example:issuer#1", "typ": "vc+jwt"}
    found = proof.ProofFinding(result("proof_valid"), document, securing=("jwt-EdDSA",), claims=claims, header=header)
    assert token_form._has_plain_claims(claims)
    assert token_form.measure(document, CredentialFormat.OPEN_BADGE_3, found) == []
    TOKENS[name](claims, header)
    assert token_form.measure(document, CredentialFormat.OPEN_BADGE_3, found)
    if token_form._has_plain_claims(claims):
        assert list(token_form._claim_faults(claims)) == [], "the short way round would overlook it"


def _badge(scene: Scene, **options: Any) -> str:
    return scene.issuer.jwt_badge(email=EMAIL, **options)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"drop": ["iss"]}, "jwt_claim_missing"),
        ({"drop": ["jti"]}, "jwt_claim_missing"),
        ({"drop": ["nbf"]}, "jwt_claim_missing"),
        ({"claims": {"jti": "urn:uuid:another"}}, "jwt_id_mismatch"),
        ({"claims": {"exp": "2030-01-01T00:00:00Z"}}, "jwt_claim_malformed"),
        ({"claims": {"exp": [1_900_000_000]}}, "jwt_claim_malformed"),
        ({"claims": {"iss": ["did:web:lakeview.example"]}}, "jwt_claim_malformed"),
    ],
)
@pytest.mark.parametrize("profile", ["vc+jwt", "vc-jwt"])
def test_what_open_badges_require_of_a_token(scene: Scene, profile: str, options: Json, code: str) -> None:
    assert scene.assess(_badge(scene, profile=profile)).decision is Decision.ACCEPTED
    assessed = scene.assess(_badge(scene, profile=profile, **options))
    assert code in codes(assessed)
    assert "proof_valid" in codes(assessed), "a matter of form, not of the signature"
    assert (assessed.report.verdict, assessed.decision) == (Verdict.NONCONFORMANT, Decision.REFUSED)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"header": {"x5u": "https://keys.evil.example/x"}}, "jose_header_unusual"),
        ({"header": {"jku": "https://keys.evil.example/x"}}, "jose_header_unusual"),
        ({"profile": "vc-jwt", "header": {"typ": "vc+ld+jwt"}}, "jwt_claim_forbidden"),
        ({"valid_until": "2030-01-01T00:00:00Z", "drop": ["exp"]}, "jwt_dates_differ"),
        ({"valid_until": "2030-01-01T00:00:00Z", "claims": {"exp": 1_900_000_000}}, "jwt_dates_differ"),
        ({"claims": {"nbf": 1_746_057_601}}, "jwt_dates_differ"),
        ({"claims": {"nbf": 1_746_057_599}}, "jwt_dates_differ"),
        ({"subject_id": MARIA_DID, "drop": ["sub"]}, "jwt_sub_missing"),
        ({"claims": {"iat": "2025-05-01T00:00:00Z"}}, "jwt_claim_unusual"),
    ],
)
def test_what_a_token_says_in_an_unusual_way(scene: Scene, options: Json, code: str) -> None:
    assert code not in codes(scene.assess(_badge(scene)))
    assessed = scene.assess(_badge(scene, **options))
    assert code in codes(assessed)
    assert (assessed.decision is Decision.ACCEPTED) is (code != "jwt_claim_forbidden")
    assert "https://keys.evil.example/x" not in [request.url for request in scene.documents.requests]


def test_a_token_of_an_issuer_that_is_its_own_key_need_not_name_it_but_should() -> None:
    scene = Scene(issuer=Issuer("own", method="key"))
    assessed = scene.assess(_badge(scene, header={"kid": None}))
    assert "jose_header_unusual" in codes(assessed)
    assert assessed.decision is Decision.ACCEPTED


@pytest.mark.parametrize("typ", ["vc+jwt", "vc+ld+jwt", "application/vc+jwt"])
def test_a_record_that_is_the_payload_has_no_claim_vc(scene: Scene, typ: str) -> None:
    """VC-JOSE-COSE section 3.1.3."""
    assert scene.assess(_badge(scene, header={"typ": typ})).decision is Decision.ACCEPTED
    record = scene.issuer.unsigned_badge(email=EMAIL)
    assessed = scene.assess(_badge(scene, header={"typ": typ}, claims={"vc": record}))
    assert "jwt_claim_forbidden" in codes(assessed)
    assert assessed.decision is Decision.REFUSED


@pytest.mark.parametrize("nbf", [1_746_057_600, 1_746_057_600.0, 1_746_057_600.75])
def test_dates_agree_by_the_second(scene: Scene, nbf: float) -> None:
    token = _badge(scene, edit=lambda d: d.update(validFrom="2025-05-01T02:00:00.25+02:00"), claims={"nbf": nbf})
    assessed = scene.assess(token)
    assert "jwt_dates_differ" not in codes(assessed)
    assert assessed.decision is Decision.ACCEPTED


@pytest.mark.parametrize("claims", [{"nbf": 4_102_444_800}, {"exp": 1_746_057_601}])
def test_the_stricter_of_two_dates_counts(scene: Scene, claims: Json) -> None:
    """The record itself is current; its token is not yet, or no longer."""
    assert scene.assess(_badge(scene)).decision is Decision.ACCEPTED
    assessed = scene.assess(_badge(scene, claims=claims))
    assert assessed.report.verdict in (Verdict.NOT_YET_VALID, Verdict.EXPIRED)
    assert assessed.decision is not Decision.ACCEPTED


def test_other_records_may_begin_apart_from_their_tokens(scene: Scene) -> None:
    """Only Open Badges require `nbf`."""
    document = scene.issuer.plain_vc(model="1.1", subject={"id": MARIA_DID})
    document.pop("proof")
    claims = {"vc": document, "iss": scene.issuer.id, "nbf": 1_746_057_000}
    assessed = scene.assess(scene.issuer.jwt(claims))
    assert "jwt_dates_differ" in codes(assessed)
    assert assessed.report.verdict is Verdict.VERIFIED


@pytest.mark.parametrize("jti", ["af0b1f36-ff3f-438b-b06e-067386367f20", "17"])
def test_a_jti_that_is_no_url_is_not_the_records_id(scene: Scene, jti: str) -> None:
    """RFC 7519 section 4.1.7 lets it be any text, VCDM 1.1 asks for a URL as `id`, and for none."""
    document = scene.issuer.plain_vc(model="1.1", subject={"id": MARIA_DID})
    document.pop("proof")
    document.pop("id")
    claims = {"vc": document, "iss": scene.issuer.id, "nbf": 1_746_057_600, "jti": jti}
    assessed = scene.assess(scene.issuer.jwt(claims))
    assert "id" not in assessed.document
    assert "jwt_claim_unusual" in codes(assessed)
    assert assessed.report.verdict is Verdict.VERIFIED


def test_a_token_that_is_yet_to_be_signed_is_not_yet_valid(scene: Scene) -> None:
    """Two minutes of skew are allowed; a moment that has passed changes nothing, also where it is after `validFrom`."""
    moment = int(NOW.timestamp())
    for past in (moment - 3600, moment + 110):
        assessed = scene.assess(_badge(scene, claims={"iat": past}))
        assert (assessed.decision, assessed.report.valid_from) == (Decision.ACCEPTED, VALID_FROM)
    assessed = scene.assess(_badge(scene, claims={"iat": moment + 130}))
    assert (assessed.report.verdict, assessed.decision) == (Verdict.NOT_YET_VALID, Decision.REFUSED)
