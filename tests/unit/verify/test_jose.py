"""THREATS section 4: tokens, one fault at a time, beside the twin that is accepted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connector import codec
from connector.errors import UnreadableSubmission, UnsafeSubmission
from connector.model.report import Decision, Verdict
from connector.testing.issuer import Issuer
from connector.testing.signing import RSA_ALGORITHMS, SigningKey, compact_json, jws

from .conftest import EMAIL, Scene, codes

Json = dict[str, Any]
PROFILES = ["vc+jwt", "vc-jwt"]
DID = "did:example:maria"
ALGORITHMS = ["EdDSA", "ES256", "ES384", "ES512", "ES256K", *RSA_ALGORITHMS]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_genuine_token_is_accepted(alg: str, profile: str) -> None:
    scene = Scene(issuer=Issuer("tokens", method="web", alg=alg))
    assessed = scene.assess(scene.issuer.jwt_badge(email=EMAIL, profile=profile))
    assert (assessed.report.verdict, assessed.decision) == (Verdict.VERIFIED, Decision.ACCEPTED)
    assert assessed.report.securing == (f"jwt-{alg}",)


@pytest.mark.parametrize("method", ["key", "jwk", "https"])
@pytest.mark.parametrize("alg", ["EdDSA", "ES256", "ES384", "ES512", "ES256K", "RS256", "PS512"])
def test_every_kind_of_key_is_found_in_every_place(alg: str, method: str) -> None:
    scene = Scene(issuer=Issuer("places", method=method, alg=alg))
    assessed = scene.assess(scene.issuer.jwt_badge(email=EMAIL))
    assert (assessed.decision, assessed.report.issuer.bound) == (Decision.ACCEPTED, True)
    assert scene.code(scene.issuer.jwt_badge(email=EMAIL, wrong_key=True)) == "proof_signature_wrong"


@pytest.mark.parametrize("alg", ALGORITHMS)
@pytest.mark.parametrize("fault", ["tampered", "wrong_key"])
def test_a_changed_or_forged_token_is_invalid(alg: str, fault: str) -> None:
    scene = Scene(issuer=Issuer("tokens", method="web", alg=alg))
    assessed = scene.assess(scene.issuer.jwt_badge(email=EMAIL, **{fault: True}))
    assert (assessed.report.verdict, assessed.decision) == (Verdict.INVALID, Decision.REFUSED)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({"alg": "none"}, "jwt_algorithm_refused"),
        ({"alg": "HS256"}, "jwt_algorithm_refused"),
        ({"alg": None}, "jwt_algorithm_refused"),
        ({"alg": ["EdDSA"]}, "jwt_algorithm_refused"),
        ({"alg": "Ed448"}, "proof_unsupported"),
        ({"alg": "ES512"}, "key_algorithm_mismatch"),
        ({"alg": "ES256"}, "key_algorithm_mismatch"),
        ({"alg": "RS256"}, "key_algorithm_mismatch"),
        ({"crit": ["exp"]}, "jwt_header_refused"),
        ({"crit": []}, "jwt_header_refused"),
        ({"b64": False}, "jwt_header_refused"),
        ({"b64": True}, "jwt_header_refused"),
        ({"zip": "DEF"}, "jwt_header_refused"),
        ({"enc": "A256GCM"}, "jwt_header_refused"),
        ({"typ": "at+jwt"}, "jwt_type_refused"),
        ({"typ": "kb+jwt"}, "jwt_type_refused"),
        ({"typ": "statuslist+jwt"}, "jwt_type_refused"),
        ({"typ": "vp+jwt"}, "jwt_type_refused"),
        ({"typ": "application/at+jwt"}, "jwt_type_refused"),
        ({"typ": 7}, "jwt_type_refused"),
        ({"typ": "id+jwt"}, "jwt_type_refused"),
        ({"typ": "secevent+jwt"}, "jwt_type_refused"),
        ({"typ": "logout+jwt"}, "jwt_type_refused"),
        ({"typ": "dpop+jwt"}, "jwt_type_refused"),
        ({"typ": "openid4vci-proof+jwt"}, "jwt_type_refused"),
        ({"typ": "entity-statement+jwt"}, "jwt_type_refused"),
        ({"typ": "token-introspection+jwt"}, "jwt_type_refused"),
        ({"typ": "JOSE"}, "jwt_type_refused"),
        ({"typ": "JOSE+JSON"}, "jwt_type_refused"),
        ({"typ": "application/application/vc+jwt"}, "jwt_type_refused"),
        ({"typ": "vc+jwt; charset=utf-8"}, "jwt_type_refused"),
        ({"typ": " vc+jwt"}, "jwt_type_refused"),
        ({"typ": ""}, "jwt_type_refused"),
        ({"typ": ["vc+jwt"]}, "jwt_type_refused"),
        ({"cty": "JWT"}, "jwt_type_refused"),
        ({"cty": "application/jwt"}, "jwt_type_refused"),
        ({"cty": "vc+jwt"}, "jwt_type_refused"),
        ({"cty": "bad+cty"}, "jwt_type_refused"),
        ({"cty": ["vc"]}, "jwt_type_refused"),
        ({"cty": "vc"}, "proof_valid"),
        ({"cty": "application/vc"}, "proof_valid"),
        ({"cty": "json"}, "proof_valid"),
        ({"cty": "application/vc+ld+json"}, "proof_valid"),
        ({"cty": "vc+json; charset=utf-8"}, "jwt_type_refused"),
        ({"alg": "None"}, "jwt_algorithm_refused"),
        ({"alg": "nOnE"}, "jwt_algorithm_refused"),
        ({"alg": "eddsa"}, "jwt_algorithm_refused"),
        ({"alg": ""}, "jwt_algorithm_refused"),
        ({"alg": "RSA1_5"}, "jwt_algorithm_refused"),
        ({"alg": "dir"}, "jwt_algorithm_refused"),
        ({"alg": "HS512"}, "jwt_algorithm_refused"),
        ({"alg": "ES256K"}, "key_algorithm_mismatch"),
        ({"alg": "PS256"}, "key_algorithm_mismatch"),
        ({"crit": ["b64"], "b64": False}, "jwt_header_refused"),
        ({"crit": ["http://keys.evil.example/x"], "http://keys.evil.example/x": True}, "jwt_header_refused"),
        ({"crit": "exp"}, "jwt_header_refused"),
        ({"epk": {}}, "jwt_header_refused"),
        ({"kid": ""}, "jwt_header_refused"),
        ({"kid": 7}, "jwt_header_refused"),
        ({"typ": "application/vc+jwt"}, "proof_valid"),
        ({"typ": None}, "proof_valid"),
        ({"typ": "JWT"}, "proof_valid"),
        ({"alg": "Ed25519"}, "proof_valid"),
    ],
)
def test_what_a_header_may_say(scene: Scene, header: Json, code: str) -> None:
    assert scene.code(scene.issuer.jwt_badge(email=EMAIL, header=header)) == code


def test_the_public_key_is_never_a_secret_for_hmac(scene: Scene) -> None:
    """The classic confusion: a token MACed with the issuer's public key."""
    import hashlib
    import hmac

    token = scene.issuer.jwt_badge(email=EMAIL, header={"alg": "HS256"})
    signing_input = token.rpartition(".")[0]
    secret = scene.issuer.key.multikey.encode()
    mac = codec.b64url_encode(hmac.new(secret, signing_input.encode(), hashlib.sha256).digest())
    assert scene.code(f"{signing_input}.{mac}") == "jwt_algorithm_refused"


def test_a_signature_in_der_form_is_refused() -> None:
    scene = Scene(issuer=Issuer("tokens", method="web", alg="ES256"))
    signing_input = scene.issuer.jwt_badge(email=EMAIL).rpartition(".")[0]
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    raw = scene.issuer.key.sign(signing_input.encode())
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    assert scene.code(f"{signing_input}.{codec.b64url_encode(raw)}") == "proof_valid"
    assert scene.code(f"{signing_input}.{codec.b64url_encode(der)}") == "proof_signature_wrong"


# --- keys ---


def test_a_key_in_the_header_shows_integrity_only(scene: Scene) -> None:
    stranger = SigningKey("a stranger")
    payload = json.loads(codec.b64url_decode(scene.issuer.jwt_badge(email=EMAIL).split(".")[1]))
    forged = jws({"alg": "EdDSA", "typ": "vc+jwt", "jwk": stranger.public_jwk}, compact_json(payload), stranger)
    assessed = scene.assess(forged)
    assert assessed.report.verdict is Verdict.VERIFIED
    assert not assessed.report.issuer.bound
    assert not assessed.report.issuer.recognised
    assert "issuer_key_mismatch" in codes(assessed)
    assert assessed.decision is Decision.REFUSED


def test_a_key_in_the_header_that_the_issuer_lists_is_the_issuers(scene: Scene) -> None:
    token = scene.issuer.jwt_badge(email=EMAIL, header={"kid": None, "jwk": scene.issuer.key.public_jwk})
    assessed = scene.assess(token)
    assert assessed.report.issuer.bound
    assert assessed.decision is Decision.ACCEPTED


def test_a_key_in_the_header_of_an_issuer_whose_keys_cannot_be_had_is_not_bound(scene: Scene) -> None:
    token = scene.issuer.jwt_badge(email=EMAIL, header={"kid": None, "jwk": scene.issuer.key.public_jwk})
    scene.extra[str(scene.issuer.document_url)] = 404
    assessed = scene.assess(token)
    assert assessed.report.verdict is Verdict.VERIFIED
    assert "issuer_unbound" in codes(assessed)
    assert (assessed.decision, assessed.assurance) == (Decision.ACCEPTED_WITH_WARNING, "stated")


def test_kid_and_jwk_must_be_one_key(scene: Scene) -> None:
    header = {"jwk": SigningKey("a stranger").public_jwk}
    assert scene.code(scene.issuer.jwt_badge(email=EMAIL, header=header)) == "key_conflict"


@pytest.mark.parametrize("with_kid", [True, False])
def test_a_token_with_a_secret_key_in_its_header_is_not_even_kept(scene: Scene, with_kid: bool) -> None:
    """Open Badges 3.0: "The JWK MUST never contain d". Whoever reads the token can sign as its issuer."""
    kid = scene.issuer.key_id if with_kid else None
    honest = scene.issuer.jwt_badge(email=EMAIL, header={"kid": kid, "jwk": scene.issuer.key.public_jwk})
    assert scene.assess(honest).decision is Decision.ACCEPTED
    secret = {**scene.issuer.key.public_jwk, "d": "AAAA"}
    token = scene.issuer.jwt_badge(email=EMAIL, header={"kid": kid, "jwk": secret})
    with pytest.raises(UnsafeSubmission):
        scene.assess(token)


@pytest.mark.parametrize("member", ["alg", "kid", "typ", "crit"])
def test_a_header_that_names_a_member_twice_is_no_header(scene: Scene, member: str) -> None:
    header, payload, signature = scene.issuer.jwt_badge(email=EMAIL).split(".")
    text = codec.b64url_decode(header).decode()
    assert scene.code(f"{codec.b64url_encode(text.encode())}.{payload}.{signature}") == "proof_valid"
    twice = text.replace("{", f'{{"{member}":"x","{member}":"y",', 1)
    with pytest.raises(UnreadableSubmission):
        scene.assess(f"{codec.b64url_encode(twice.encode())}.{payload}.{signature}")


def test_a_key_for_presentations_makes_no_credentials(scene: Scene) -> None:
    token = scene.issuer.jwt_badge(email=EMAIL)
    document = scene.issuer.controller_document()
    scene.extra[str(scene.issuer.document_url)] = document
    assert scene.code(token) == "proof_valid"
    document.pop("assertionMethod")
    assert scene.code(token) == "key_not_authorised"


@pytest.mark.parametrize("named", ["RS256", "PS256"])
def test_the_algorithm_that_an_rsa_key_names_is_the_one_it_is_used_with(named: str) -> None:
    scene = Scene(issuer=Issuer("tokens", method="web", alg="PS256"))
    document = scene.issuer.controller_document()
    document["verificationMethod"][0]["publicKeyJwk"]["alg"] = named
    scene.extra[str(scene.issuer.document_url)] = document
    expected = "proof_valid" if named == "PS256" else "key_algorithm_mismatch"
    assert scene.code(scene.issuer.jwt_badge(email=EMAIL)) == expected


def test_a_signature_of_one_rsa_algorithm_is_none_of_another() -> None:
    scene = Scene(issuer=Issuer("tokens", method="web", alg="RS256"))
    header, payload, _ = scene.issuer.jwt_badge(email=EMAIL, header={"alg": "PS256"}).split(".")
    signature = scene.issuer.key.sign(f"{header}.{payload}".encode())
    assert scene.code(f"{header}.{payload}.{codec.b64url_encode(signature)}") == "proof_signature_wrong"


@pytest.mark.parametrize("member", ["jku", "x5u", "x5c"])
def test_addresses_and_certificates_in_the_header_are_not_followed(scene: Scene, member: str) -> None:
    url = "https://keys.evil.example/jwks.json"
    token = scene.issuer.jwt_badge(email=EMAIL, header={"kid": None, member: url})
    assert scene.code(token) == "key_not_named"
    assert url not in [request.url for request in scene.documents.requests]


def test_without_kid_only_an_issuer_that_is_its_own_key_can_be_checked() -> None:
    own_key = Scene(issuer=Issuer("own", method="key"))
    assert own_key.code(own_key.issuer.jwt_badge(email=EMAIL, header={"kid": None})) == "proof_valid"
    listed = Scene(issuer=Issuer("listed", method="web"))
    assert listed.code(listed.issuer.jwt_badge(email=EMAIL, header={"kid": None})) == "key_not_named"


@pytest.mark.parametrize("kid", ["key-1", "#key-1"])
def test_a_short_kid_is_looked_up_in_the_issuers_own_document(scene: Scene, kid: str) -> None:
    assessed = scene.assess(scene.issuer.jwt_badge(email=EMAIL, header={"kid": kid}))
    assert assessed.decision is Decision.ACCEPTED
    assert "key_reference_short" in codes(assessed)
    assert scene.code(scene.issuer.jwt_badge(email=EMAIL, header={"kid": "key-2"})) == "key_not_in_document"


# --- claims ---


@pytest.mark.parametrize("profile", PROFILES)
def test_iss_and_issuer_must_agree(scene: Scene, profile: str) -> None:
    token = scene.issuer.jwt_badge(email=EMAIL, profile=profile, claims={"iss": "did:web:other.example"})
    assessed = scene.assess(token)
    assert "issuer_claim_mismatch" in codes(assessed)
    assert not assessed.report.issuer.bound
    assert assessed.decision is Decision.REFUSED


@pytest.mark.parametrize("profile", PROFILES)
def test_sub_and_subject_must_agree(scene: Scene, profile: str) -> None:
    token = scene.issuer.jwt_badge(email=EMAIL, subject_id=DID, profile=profile)
    assert scene.assess(token).decision is Decision.ACCEPTED
    other = scene.issuer.jwt_badge(email=EMAIL, subject_id=DID, profile=profile, claims={"sub": "did:example:eve"})
    assessed = scene.assess(other)
    assert assessed.report.subject.match == "contradicted"
    assert assessed.decision is Decision.REFUSED


def test_jti_and_id_must_agree(scene: Scene) -> None:
    assessed = scene.assess(scene.issuer.jwt_badge(email=EMAIL, claims={"jti": "urn:uuid:other"}))
    assert "jwt_id_mismatch" in codes(assessed)
    assert assessed.report.verdict is Verdict.NONCONFORMANT


@pytest.mark.parametrize("claim", ["iss", "jti", "nbf"])
def test_open_badges_require_their_claims(scene: Scene, claim: str) -> None:
    assessed = scene.assess(scene.issuer.jwt_badge(email=EMAIL, drop=[claim]))
    assert assessed.report.verdict is Verdict.NONCONFORMANT
    assert "proof_valid" in codes(assessed), "it is a matter of form, not of the signature"


@pytest.mark.parametrize(
    ("claims", "verdict"),
    [
        ({"exp": 1_770_000_000}, Verdict.EXPIRED),
        ({"nbf": 1_900_000_000}, Verdict.NOT_YET_VALID),
        ({"exp": "tomorrow"}, Verdict.NONCONFORMANT),
        ({"exp": "1900000000"}, Verdict.NONCONFORMANT),
        ({"exp": None}, Verdict.NONCONFORMANT),
        ({"exp": True}, Verdict.NONCONFORMANT),
        ({"exp": -1}, Verdict.NONCONFORMANT),
        ({"exp": 1e300}, Verdict.NONCONFORMANT),
        ({"nbf": "2025"}, Verdict.NONCONFORMANT),
        ({"exp": 1_900_000_000.5}, Verdict.VERIFIED),
        ({"iat": "2025-01-01T00:00:00Z"}, Verdict.VERIFIED),
    ],
)
def test_dates_of_the_token_hold_beside_those_of_the_record(scene: Scene, claims: Json, verdict: Verdict) -> None:
    assert scene.assess(scene.issuer.jwt_badge(email=EMAIL, claims=claims)).report.verdict is verdict


@pytest.mark.parametrize("profile", PROFILES)
def test_dates_of_the_record_hold_beside_those_of_the_token(scene: Scene, profile: str) -> None:
    token = scene.issuer.jwt_badge(email=EMAIL, profile=profile, expired=True, claims={"exp": 1_900_000_000})
    assert scene.assess(token).report.verdict is Verdict.EXPIRED


def test_two_records_in_one_token_must_agree(scene: Scene) -> None:
    subject = {"id": "did:example:eve", "achievement": {"name": "Surgeon"}}
    token = scene.issuer.jwt_badge(email=EMAIL, profile="vc-jwt", claims={"credentialSubject": subject})
    assert scene.code(token) == "jwt_documents_differ"


def test_claims_stand_for_members_that_the_vc_claim_leaves_out(scene: Scene) -> None:
    """VCDM 1.1 section 6.3.1 lets an issuer say these things once."""

    def shorten(document: Json) -> None:
        for member in ("issuer", "id", "issuanceDate"):
            document.pop(member)

    full = scene.issuer.unsigned_badge(email=EMAIL, model="1.1")
    payload = {"vc": dict(full), "iss": scene.issuer.id, "jti": full["id"], "nbf": 1_746_057_600}
    shorten(payload["vc"])
    assessed = scene.assess(scene.issuer.jwt(payload))
    assert assessed.decision is Decision.ACCEPTED
    assert assessed.document["issuer"] == scene.issuer.id
    assert assessed.document["issuanceDate"] == "2025-05-01T00:00:00Z"


def test_the_record_that_is_mapped_is_the_one_in_the_token(scene: Scene) -> None:
    (credential,) = scene.receive(scene.issuer.jwt_badge(email=EMAIL))
    assessed = scene.assess(credential.jws.token if credential.jws else "")
    assert assessed.document == json.loads(assessed.credential.jws.payload)  # type: ignore[union-attr]  # it is a token


def test_a_token_of_another_kind_does_not_become_an_sd_jwt_by_a_tilde(scene: Scene) -> None:
    assert scene.code(scene.issuer.jwt_badge(email=EMAIL) + "~") == "jwt_type_refused"


def test_unusual_header_members_are_a_remark_not_an_invalid_signature(scene: Scene) -> None:
    assessed = scene.assess(scene.issuer.jwt_badge(email=EMAIL, header={"x-note": "hello"}))
    assert assessed.decision is Decision.ACCEPTED
    assert "jose_header_unusual" in codes(assessed)


# --- records with both ---


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("fault", [None, "tampered", "wrong_key", "unknown"])
def test_a_proof_inside_of_a_tokens_record_must_hold_too(scene: Scene, profile: str, fault: str | None) -> None:
    """Open Badges 3.0: an embedded proof is made first. An issuer that signs twice means both."""
    options: Json = {fault: True} if fault in ("tampered", "wrong_key") else {}
    record = scene.issuer.open_badge(email=EMAIL, model="2.0" if profile == "vc+jwt" else "1.1", **options)
    if fault == "unknown":
        record["proof"]["cryptosuite"] = "quantum-jcs-2031"
    claims = {"iss": scene.issuer.id, "jti": record["id"], "nbf": 1_746_057_600}
    payload = record | claims if profile == "vc+jwt" else {"vc": record} | claims
    assessed = scene.assess(scene.issuer.jwt(payload, typ="JWT"))
    verdict = {None: Verdict.VERIFIED, "unknown": Verdict.UNSUPPORTED}.get(fault, Verdict.INVALID)
    assert assessed.report.verdict is verdict
    assert (assessed.decision is Decision.ACCEPTED) is (fault is None)


def test_a_proof_inside_does_not_stand_for_the_tokens_own_signature(scene: Scene) -> None:
    record = scene.issuer.open_badge(email=EMAIL)
    payload = record | {"iss": scene.issuer.id, "jti": record["id"], "nbf": 1_746_057_600}
    assert scene.code(scene.issuer.jwt(payload)) == "proof_valid"
    assert scene.code(scene.issuer.jwt(payload, wrong_key=True)) == "proof_signature_wrong"
