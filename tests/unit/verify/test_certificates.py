"""Keys in `x5c`: a chain says whose key it is only under an authority of the employer's, and for the very `iss`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from connector.errors import PolicyFileError
from connector.model.report import Decision, Verdict
from connector.testing.certificates import Authority, key_usage
from connector.testing.documents import NOW
from connector.testing.issuer import Issuer
from connector.testing.sd_jwt import SdJwtMint, jwt_vc_issuer_metadata
from connector.testing.signing import SigningKey
from connector.verify import Policy, load_policy

from .conftest import Scene, codes

ISSUER = Issuer("lakeview", method="https", alg="ES256")
ROOT = Authority("Root of trust")
BELOW = Authority("Authority below", above=ROOT)
NO_AUTHORITY = Authority("No authority", above=ROOT, ca=False)
STRANGER = Authority("Another root")
PAST = NOW - timedelta(days=1)


def scene_of(*anchors: Authority) -> Scene:
    policy = Policy.model_validate(
        {"trusted_issuers": [ISSUER.id], "trusted_certificates": [{"pem": anchor.pem} for anchor in anchors]}
    )
    return Scene(issuer=ISSUER, policy=policy, extra={ISSUER.id: 404})


def token(x5c: Any, **options: Any) -> str:
    mint = SdJwtMint(options.pop("issuer", ISSUER))
    claims = mint.claims(**options.pop("claims", {}))
    return mint.mint(claims, hide=["email"], header={"x5c": x5c, "kid": None}, **options).text()


def chain(by: Authority = BELOW, **options: Any) -> list[str]:
    return by.certify(ISSUER.key, **({"uris": (ISSUER.id,)} | options))


@pytest.mark.parametrize(
    "x5c",
    [
        chain(),
        chain(ROOT),
        chain(uris=(), hosts=("lakeview.example",)),
        chain(uris=(), hosts=("LAKEVIEW.example", "other.example")),
        chain(uris=("https://other.example/", ISSUER.id)),
        chain(uses=(x509.ObjectIdentifier("1.3.130.2.0.0.1.2"),)),
        [*chain(), *Authority("Root of trust").certify(SigningKey("x", "ES256"), hosts=("x.example",))[1:]],
    ],
    ids=["below", "at the root", "by host", "host in capitals", "one of two names", "for a use", "no more"],
)
def test_a_chain_that_leads_to_a_trusted_certificate_binds_the_issuer(x5c: list[str]) -> None:
    scene = scene_of(ROOT)
    assessed = scene.assess(token(x5c))
    assert (assessed.report.verdict, assessed.decision) == (Verdict.VERIFIED, Decision.ACCEPTED)
    assert assessed.report.issuer.bound
    assert scene.documents.requests == (), "nothing is fetched for it"


def test_a_chain_that_names_an_authority_twice_leads_nowhere() -> None:
    """Each further one of a name doubles the paths that would have to be tried: a tenth of a second for one token."""
    assessed = scene_of(ROOT).assess(token([*chain(), chain()[-1]]))
    assert not assessed.report.issuer.bound
    assert "issuer_unbound" in codes(assessed)


@pytest.mark.parametrize("alg", ["EdDSA", "ES384", "RS256"])
def test_keys_of_every_kind_may_be_certified(alg: str) -> None:
    issuer = Issuer("lakeview", method="https", alg=alg)
    x5c = BELOW.certify(issuer.key, uris=(issuer.id,))
    assert scene_of(ROOT).assess(token(x5c, issuer=issuer)).decision is Decision.ACCEPTED


_UNBOUND: list[tuple[str, list[str], tuple[Authority, ...]]] = [
    ("no trusted certificate", chain(), ()),
    ("only another one", chain(), (STRANGER,)),
    ("a certificate that is over", chain(until=PAST), (ROOT,)),
    ("an authority that is over", chain(Authority("Old", above=ROOT, until=PAST)), (ROOT,)),
    ("a root that is over", chain(Authority("Old root", until=PAST)), (Authority("Old root", until=PAST),)),
    ("certified by none", chain(NO_AUTHORITY), (ROOT,)),
    ("a link that is missing", chain()[:1], (ROOT,)),
    ("for no signatures", chain(usage=key_usage(agrees=True)), (ROOT,)),
    ("for a web server", chain(uses=(ExtendedKeyUsageOID.SERVER_AUTH,)), (ROOT,)),
    ("for itself an authority", chain(ca=True), (ROOT,)),
    ("without a name", chain(uris=()), (ROOT,)),
]


@pytest.mark.parametrize(("x5c", "anchors"), [case[1:] for case in _UNBOUND], ids=[case[0] for case in _UNBOUND])
def test_any_other_chain_shows_integrity_and_no_more(x5c: list[str], anchors: tuple[Authority, ...]) -> None:
    assessed = scene_of(*anchors).assess(token(x5c))
    assert assessed.report.verdict is Verdict.VERIFIED
    assert not assessed.report.issuer.bound
    assert not assessed.report.issuer.recognised
    assert "issuer_unbound" in codes(assessed)
    assert (assessed.decision, assessed.assurance) == (Decision.ACCEPTED_WITH_WARNING, "stated")


@pytest.mark.parametrize(
    "names",
    [
        {"uris": ("https://lakeview.example/other",)},
        {"uris": ("https://lakeview.example/issuer/",)},
        {"uris": (), "hosts": ("other.example",)},
        {"uris": (), "hosts": ("*.example",)},
        {"uris": (), "hosts": ("www.lakeview.example",)},
        {"uris": (), "hosts": ("lakeview.example.evil.example",)},
    ],
)
def test_a_trusted_certificate_for_somebody_else_is_refused(names: dict[str, Any]) -> None:
    assessed = scene_of(ROOT).assess(token(chain(**names)))
    assert "key_not_authorised" in codes(assessed)
    assert (assessed.report.verdict, assessed.decision) == (Verdict.INVALID, Decision.REFUSED)


def test_a_host_speaks_for_https_issuers_only() -> None:
    x5c = BELOW.certify(ISSUER.key, hosts=("lakeview.example",))
    assessed = scene_of(ROOT).assess(token(x5c, claims={"iss": "did:web:lakeview.example"}))
    assert assessed.report.verdict is Verdict.INVALID


def test_a_certificate_of_anothers_key_proves_nothing() -> None:
    x5c = BELOW.certify(SigningKey("somebody else", "ES256"), uris=(ISSUER.id,))
    assert scene_of(ROOT).code(token(x5c)) == "proof_signature_wrong"


@pytest.mark.parametrize(
    "x5c",
    [{}, [], "a certificate", ["garbage"], ["AAAA"], [7], chain() * 4, [*chain(), "garbage"], [chain()[0][:-8]]],
    ids=["no list", "empty", "text", "no base64", "no certificate", "a number", "too many", "one bad", "cut short"],
)
def test_what_is_no_chain_is_refused(x5c: Any) -> None:
    assessed = scene_of(ROOT).assess(token(x5c))
    assert (assessed.report.verdict, assessed.decision) == (Verdict.INVALID, Decision.REFUSED)


def test_an_issuer_that_publishes_other_keys_did_not_sign_whatever_an_unknown_authority_says() -> None:
    scene = scene_of()
    where = "https://lakeview.example/.well-known/jwt-vc-issuer/issuer"
    scene.extra[where] = jwt_vc_issuer_metadata(ISSUER)
    assert scene.assess(token(chain())).report.issuer.bound, "the key is among those it publishes"
    other = {**SigningKey("somebody else", "ES256").public_jwk, "kid": "key-1"}
    scene.extra[where] = jwt_vc_issuer_metadata(ISSUER, jwks={"keys": [other]})
    assessed = scene.assess(token(chain()))
    assert "issuer_key_mismatch" in codes(assessed)
    assert assessed.decision is Decision.REFUSED


def test_certificates_are_for_sd_jwts_and_for_no_other_token() -> None:
    scene = scene_of(ROOT)
    plain = ISSUER.jwt_badge(email="maria@mail.example", header={"x5c": chain(), "kid": None})
    assert scene.code(plain) == "key_not_named"


def without_iss(x5c: list[str]) -> str:
    mint = SdJwtMint(ISSUER)
    claims = mint.claims()
    del claims["iss"]
    return mint.mint(claims, hide=["email"], header={"x5c": x5c, "kid": None}).text()


@pytest.mark.parametrize(
    ("names", "issuer"),
    [
        ({"uris": (ISSUER.id,)}, ISSUER.id),
        ({"uris": (ISSUER.id,), "hosts": ("a.example", "b.example")}, ISSUER.id),
        ({"uris": (), "hosts": ("lakeview.example",)}, "https://lakeview.example"),
        ({"uris": (ISSUER.id, "https://b.example")}, None),
        ({"uris": (), "hosts": ("a.example", "b.example")}, None),
        ({"uris": (), "hosts": ("*.example",)}, None),
    ],
)
def test_a_record_that_names_no_issuer_is_of_the_one_that_its_trusted_certificate_is_for(
    names: dict[str, Any], issuer: str | None
) -> None:
    scene = scene_of(ROOT)
    assessed = scene.assess(without_iss(chain(**names)))
    assert (assessed.report.issuer.id, assessed.report.issuer.bound) == (issuer, issuer is not None)
    assert (assessed.decision is Decision.ACCEPTED) is (issuer == ISSUER.id)
    assert (assessed.decision is Decision.REFUSED) is (issuer is None)


def test_a_record_that_names_no_issuer_is_nobodys_under_an_unknown_authority() -> None:
    assessed = scene_of(STRANGER).assess(without_iss(chain()))
    assert "issuer_missing" in codes(assessed)
    assert (assessed.report.verdict, assessed.decision) == (Verdict.VERIFIED, Decision.REFUSED)


def test_a_badge_may_be_certified_by_the_issuer_in_it() -> None:
    badge = ISSUER.unsigned_badge(email="maria@mail.example")
    header = {"typ": "vc+sd-jwt", "x5c": chain(), "kid": None}
    assert scene_of(ROOT).assess(SdJwtMint(ISSUER).mint(badge, header=header).text()).decision is Decision.ACCEPTED
    other = SdJwtMint(ISSUER).mint({**badge, "issuer": "https://other.example"}, header=header)
    assert scene_of(ROOT).assess(other.text()).decision is Decision.REFUSED


# --- the policy ---


def test_a_policy_names_certificates_by_file_or_writes_them_out(tmp_path: Path) -> None:
    (tmp_path / "roots.pem").write_text(ROOT.pem + STRANGER.pem)
    written = "\n".join(f"      {line}" for line in STRANGER.pem.splitlines())
    text = f"trusted_certificates:\n  - roots.pem\n  - file: roots.pem\n  - pem: |\n{written}\n"
    (tmp_path / "policy.yaml").write_text(text)
    anchors = load_policy(tmp_path / "policy.yaml").anchors
    assert [anchor.count("BEGIN CERTIFICATE") for anchor in anchors] == [2, 2, 1]


@pytest.mark.parametrize(
    "entry",
    ["missing.pem", "bad.pem", "{file: bad.pem, pem: x}", "{}", "{pem: nothing}", "{files: roots.pem}", "7"],
)
def test_a_policy_with_a_certificate_that_cannot_be_read_is_refused(tmp_path: Path, entry: str) -> None:
    (tmp_path / "bad.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    path = tmp_path / "policy.yaml"
    path.write_text(f"trusted_issuers: [did:web:a.example]\ntrusted_certificates:\n  - {entry}\n")
    with pytest.raises(PolicyFileError) as caught:
        load_policy(path)
    assert caught.value.line in (2, 3)


def test_a_trusted_certificate_recognises_nobody() -> None:
    scene = scene_of(ROOT)
    scene.policy = Policy.model_validate({"trusted_certificates": [{"pem": ROOT.pem}]})
    assessed = scene.assess(token(chain()))
    assert (assessed.report.issuer.bound, assessed.report.issuer.recognised) == (True, False)
    assert assessed.decision is Decision.ACCEPTED_WITH_WARNING
