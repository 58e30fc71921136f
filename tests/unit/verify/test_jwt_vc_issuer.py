"""Keys of https issuers: their JWT VC Issuer Metadata, at the one address that belongs to `iss`."""

from __future__ import annotations

from typing import Any

import pytest

from connector.errors import FetchError
from connector.model.report import Decision, Verdict
from connector.testing.issuer import Issuer
from connector.testing.sd_jwt import SdJwtMint, jwt_vc_issuer_metadata
from connector.testing.signing import SigningKey
from connector.verify.did import jwt_vc_issuer
from connector.verify.errors import CheckError

from .conftest import EMAIL, Scene, codes

Json = dict[str, Any]

ISSUER = Issuer("lakeview", method="https", alg="ES256")
WHERE = "https://lakeview.example/.well-known/jwt-vc-issuer/issuer"
SET = "https://keys.lakeview.example/jwks"
OTHER = {**SigningKey("another key", "ES256").public_jwk, "kid": "key-2"}
KEY = {**ISSUER.key.public_jwk, "kid": "key-1"}


def assess(metadata: Any, *, kid: str | None = "key-1", **extra: Any) -> Any:
    scene = Scene(issuer=ISSUER, extra={ISSUER.id: 404, WHERE: metadata} | extra)
    mint = SdJwtMint(ISSUER)
    assessed = scene.assess(mint.mint(mint.claims(), hide=["email"], header={"kid": kid}).text())
    return assessed, [request.url for request in scene.documents.requests]


@pytest.mark.parametrize(
    ("issuer", "where"),
    [
        ("https://lakeview.example", "https://lakeview.example/.well-known/jwt-vc-issuer"),
        ("https://lakeview.example/", "https://lakeview.example/.well-known/jwt-vc-issuer"),
        ("https://lakeview.example/a/b", "https://lakeview.example/.well-known/jwt-vc-issuer/a/b"),
        ("https://lakeview.example/a/", "https://lakeview.example/.well-known/jwt-vc-issuer/a"),
        ("https://lakeview.example:8443/a", "https://lakeview.example:8443/.well-known/jwt-vc-issuer/a"),
    ],
)
def test_the_well_known_path_stands_between_host_and_path(issuer: str, where: str) -> None:
    assert jwt_vc_issuer.address(issuer) == where


@pytest.mark.parametrize(
    "issuer",
    [
        "http://lakeview.example",
        "https://lakeview.example/a?b",
        "https://lakeview.example/a#b",
        "https://lakeview.example/?",
        "https://user@lakeview.example/a",
        "https://@lakeview.example/a",
        "https://lakeview.example/a/../b",
        "https://lakeview.example/./a",
        "https://lakeview.example/%2e%2e/a",
        "https://lakeview.example/a%2fb",
        "https://lakeview.example//a",
        "https://lakeview.example/a\\b",
        "https://lakeview.example/a b",
        "https:///a",
        "https://[::1/a",
        "did:web:lakeview.example",
    ],
)
def test_an_issuer_that_could_lead_elsewhere_has_no_metadata(issuer: str) -> None:
    with pytest.raises(CheckError, match="key_identifier_malformed"):
        jwt_vc_issuer.address(issuer)


def test_the_issuers_published_key_binds_the_record() -> None:
    assessed, requests = assess(jwt_vc_issuer_metadata(ISSUER))
    assert (assessed.decision, assessed.report.issuer.bound) == (Decision.ACCEPTED, True)
    assert requests == [WHERE]


def test_the_keys_may_stand_at_another_address() -> None:
    metadata = {"issuer": ISSUER.id, "jwks_uri": SET}
    assessed, requests = assess(metadata, **{SET: {"keys": [OTHER, KEY]}})
    assert assessed.decision is Decision.ACCEPTED
    assert requests == [WHERE, SET]


@pytest.mark.parametrize(
    ("keys", "kid", "code"),
    [
        ([OTHER, KEY], "key-1", "proof_valid"),
        ([OTHER, KEY], "key-2", "proof_signature_wrong"),
        ([OTHER, KEY], "key-3", "key_not_in_document"),
        ([KEY, KEY], "key-1", "key_not_in_document"),
        ([{**OTHER, "kid": "key-1"}, KEY], "key-1", "key_not_in_document"),
        ([OTHER, KEY], None, "key_not_named"),
        ([KEY], None, "proof_valid"),
        ([OTHER], None, "proof_signature_wrong"),
        ([], "key-1", "key_not_in_document"),
        ([], None, "key_not_named"),
        (["key-1"], "key-1", "key_not_in_document"),
        ([{**KEY, "d": "AAAA"}], "key-1", "key_too_weak"),
        ([{**KEY, "use": "enc"}], "key-1", "key_malformed"),
        ([{**KEY, "revoked": {"revoked_at": 1}}], "key-1", "key_revoked"),
        ([{**KEY, "kid": "urn:ietf:params:oauth:jwk-thumbprint:sha-256:x"}], "urn:x", "key_not_in_document"),
        ([{**KEY, "kid": "urn:x"}], "urn:x", "proof_valid"),
    ],
)
def test_a_kid_selects_exactly_one_key(keys: list[Any], kid: str | None, code: str) -> None:
    assessed, _ = assess(jwt_vc_issuer_metadata(ISSUER, jwks={"keys": keys}), kid=kid)
    assert code in codes(assessed)
    assert (assessed.decision is Decision.ACCEPTED) is (code == "proof_valid")


@pytest.mark.parametrize(
    "metadata",
    [
        404,
        b"<html>",
        [],
        jwt_vc_issuer_metadata(ISSUER, issuer="https://lakeview.example"),
        jwt_vc_issuer_metadata(ISSUER, issuer="https://lakeview.example/issuer/"),
        jwt_vc_issuer_metadata(ISSUER, issuer=None),
        jwt_vc_issuer_metadata(ISSUER, jwks=None),
        jwt_vc_issuer_metadata(ISSUER, jwks_uri=SET),
        jwt_vc_issuer_metadata(ISSUER, jwks=[KEY]),
        jwt_vc_issuer_metadata(ISSUER, jwks={"keys": KEY}),
        {"issuer": ISSUER.id, "jwks_uri": "http://keys.lakeview.example/jwks"},
        {"issuer": ISSUER.id, "jwks_uri": "file:///etc/keys"},
        {"issuer": ISSUER.id, "jwks_uri": [SET]},
        {"issuer": ISSUER.id, "jwks_uri": "https://user:pass@keys.lakeview.example/jwks"},
        {"issuer": ISSUER.id, "jwks_uri": "https://keys.lakeview.example/none"},
        FetchError("It was moved.", code="redirect_refused"),
    ],
)
def test_metadata_that_cannot_be_used_makes_no_record_genuine(metadata: Any) -> None:
    assessed, requests = assess(metadata, **{SET: {"keys": [KEY]}})
    assert assessed.decision is Decision.REFUSED
    assert assessed.report.verdict in (Verdict.UNRESOLVABLE, Verdict.INVALID)
    assert set(requests) <= {WHERE, "https://keys.lakeview.example/none"}


def test_a_key_in_the_header_is_compared_with_those_that_are_published() -> None:
    scene = Scene(issuer=ISSUER, extra={ISSUER.id: 404, WHERE: jwt_vc_issuer_metadata(ISSUER)})
    mint = SdJwtMint(ISSUER)
    header = {"kid": None, "jwk": ISSUER.key.public_jwk}
    text = mint.mint(mint.claims(), header=header).text()
    assert scene.assess(text).decision is Decision.ACCEPTED
    scene.extra[WHERE] = jwt_vc_issuer_metadata(ISSUER, jwks={"keys": [OTHER]})
    assert "issuer_key_mismatch" in codes(scene.assess(text))
    scene.extra[WHERE] = 404
    assert "issuer_unbound" in codes(scene.assess(text))
    both = mint.mint(mint.claims(), header={"kid": "key-2", "jwk": ISSUER.key.public_jwk}).text()
    scene.extra[WHERE] = jwt_vc_issuer_metadata(ISSUER, jwks={"keys": [OTHER, KEY]})
    assert scene.code(both) == "key_conflict"


def test_a_badge_of_an_https_issuer_is_looked_up_in_both_ways() -> None:
    """VC-JOSE-COSE names the issuer's own document, and allows its metadata."""
    text = SdJwtMint(ISSUER).badge(email=EMAIL, header={"kid": "key-1"}).text()
    own = Scene(issuer=ISSUER)
    assert own.assess(text).decision is Decision.ACCEPTED
    assert [request.url for request in own.documents.requests] == [ISSUER.id]
    for nothing in (404, b"<html>the home page</html>", {"name": "Lakeview"}):
        published = Scene(issuer=ISSUER, extra={ISSUER.id: nothing, WHERE: jwt_vc_issuer_metadata(ISSUER)})
        assert published.assess(text).decision is Decision.ACCEPTED
    withdrawn = Scene(issuer=ISSUER, extra={WHERE: jwt_vc_issuer_metadata(ISSUER)})
    withdrawn.extra[ISSUER.id] = ISSUER.controller_document() | {"assertionMethod": []}
    assert withdrawn.code(text) in ("key_not_authorised", "key_not_in_document"), "its own document speaks first"


def test_claims_of_an_https_issuer_may_name_a_key_by_its_did() -> None:
    holder = Issuer("somebody else", method="key", alg="ES256")
    mint = SdJwtMint(holder)
    scene = Scene(issuer=ISSUER, extra={ISSUER.id: 404, WHERE: jwt_vc_issuer_metadata(ISSUER)})
    forged = scene.assess(mint.mint(mint.claims(iss=ISSUER.id)).text())
    assert "issuer_key_mismatch" in codes(forged)
    assert forged.decision is Decision.REFUSED
