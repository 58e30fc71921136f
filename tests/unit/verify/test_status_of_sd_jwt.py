"""The `status` claim of an SD-JWT, and lists that are found and signed in the ways of SD-JWT issuers."""

from __future__ import annotations

from typing import Any

import pytest

from connector.model.report import Decision, Verdict
from connector.testing.certificates import Authority
from connector.testing.issuer import Issuer
from connector.testing.sd_jwt import SdJwtMint, jwt_vc_issuer_metadata
from connector.testing.status_lists import token_list
from connector.verify import Policy

from .conftest import Scene

Json = dict[str, Any]
URL = "https://lakeview.example/status/1"
METADATA = "https://lakeview.example/.well-known/jwt-vc-issuer/issuer"
ROOT = Authority("Root of trust")
OTHER_ROOT = Authority("Another root")


def _token(issuer: Issuer, *, header: Json | None = None, index: int = 9) -> str:
    mint = SdJwtMint(issuer)
    status = {"status_list": {"idx": index, "uri": URL}}
    return mint.mint(mint.claims(status=status), hide=["achievement"], header=header).text()


def _answer(scene: Scene, served: Any, document: str) -> tuple[Verdict, Decision]:
    scene.extra[URL] = served
    assessed = scene.assess(document)
    return assessed.report.verdict, assessed.decision


@pytest.mark.parametrize("method", ["web", "jwk", "key"])
def test_the_list_of_an_issuer_with_a_did(method: str) -> None:
    issuer = Issuer("lakeview", method=method, alg="ES256")
    scene = Scene(issuer=issuer)
    assert _answer(scene, token_list(issuer, URL), _token(issuer)) == (Verdict.VERIFIED, Decision.ACCEPTED)
    assert _answer(scene, token_list(issuer, URL, {9: 1}), _token(issuer)) == (Verdict.REVOKED, Decision.REFUSED)
    assert _answer(scene, token_list(issuer, URL, {9: 2}, bits=2), _token(issuer))[0] is Verdict.SUSPENDED
    assert _answer(scene, token_list(issuer, URL, wrong_key=True), _token(issuer))[0] is Verdict.STATUS_UNKNOWN


def test_the_list_of_an_issuer_that_publishes_its_keys_in_metadata() -> None:
    issuer = Issuer("lakeview", method="https", alg="ES256")
    scene = Scene(issuer=issuer, extra={issuer.id: 404, METADATA: jwt_vc_issuer_metadata(issuer)})
    header = {"kid": "key-1"}
    document = _token(issuer, header=header)
    assert _answer(scene, token_list(issuer, URL, header=header), document) == (Verdict.VERIFIED, Decision.ACCEPTED)
    without = token_list(issuer, URL, header=header, claims={"iss": None})
    assert _answer(scene, without, document) == (Verdict.VERIFIED, Decision.ACCEPTED)
    assert _answer(scene, token_list(issuer, URL, {9: 1}, header=header), document)[0] is Verdict.REVOKED
    unknown = token_list(issuer, URL, header={"kid": "key-2"})
    assert _answer(scene, unknown, document)[0] is Verdict.STATUS_UNKNOWN


def test_the_list_of_an_issuer_that_a_certificate_names() -> None:
    issuer = Issuer("lakeview", method="https", alg="ES256")
    policy = Policy.model_validate({"trusted_issuers": [issuer.id], "trusted_certificates": [{"pem": ROOT.pem}]})
    scene = Scene(issuer=issuer, policy=policy, extra={issuer.id: 404})
    header = {"kid": None, "x5c": ROOT.certify(issuer.key, uris=(issuer.id,))}
    document = _token(issuer, header=header)
    assert _answer(scene, token_list(issuer, URL, header=header), document) == (Verdict.VERIFIED, Decision.ACCEPTED)
    assert _answer(scene, token_list(issuer, URL, {9: 1}, header=header), document)[0] is Verdict.REVOKED
    untrusted = header | {"x5c": OTHER_ROOT.certify(issuer.key, uris=(issuer.id,))}
    assert _answer(scene, token_list(issuer, URL, header=untrusted), document)[0] is Verdict.STATUS_UNKNOWN
    elses = header | {"x5c": ROOT.certify(issuer.key, uris=("https://other.example/issuer",))}
    assert _answer(scene, token_list(issuer, URL, header=elses), document)[0] is Verdict.STATUS_UNKNOWN


@pytest.mark.parametrize(("revoked", "verdict"), [(False, Verdict.VERIFIED), (True, Verdict.REVOKED)])
def test_an_open_badge_in_an_sd_jwt_keeps_its_own_kind_of_status(revoked: bool, verdict: Verdict) -> None:
    issuer = Issuer("lakeview", method="web")
    entry = issuer.status_entry(set_=revoked)
    minted = SdJwtMint(issuer).badge(email="maria@mail.example", status=entry)
    assert Scene(issuer=issuer).assess(minted.text()).report.verdict is verdict
