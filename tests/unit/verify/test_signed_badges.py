"""Open Badges 2.0, signed: the signature, whose key it is, the revocation list and the dates. One fault per test."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connector import codec
from connector.intake import fetch_link
from connector.intake.receive import receive
from connector.model.credential import AssessedCredential
from connector.model.report import Assurance, Decision, SubjectMatch, Verdict
from connector.model.submission import Submission
from connector.normalize import read_claims
from connector.ports import World
from connector.testing import bake
from connector.testing.documents import NOW, MemoryDocuments
from connector.testing.signed_badges import SignedBadges
from connector.testing.signing import SigningKey
from connector.verify import Policy, assess_all
from connector.verify.checks import issuer as issuer_check

from .conftest import MARIA, codes

Json = dict[str, Any]
EVIL = "badges.evil.example"


class Site:
    """An issuer's documents, what is handed in, and what came of it."""

    def __init__(self, issuer: SignedBadges | None = None, **extra: Any) -> None:
        self.issuer = issuer or SignedBadges()
        self.extra: Json = extra
        self.documents = MemoryDocuments({})

    def assess(self, given: str | bytes) -> AssessedCredential:
        self.documents = MemoryDocuments(self.issuer.documents | self.extra)
        credentials = receive(Submission(content=given if isinstance(given, bytes) else given.encode()))
        policy = Policy.trusting([self.issuer.id])
        (assessed,) = assess_all(credentials, policy, World(self.documents), applicant=MARIA, now=NOW)
        return assessed

    def verdict(self, given: str | bytes) -> tuple[Verdict, set[str]]:
        assessed = self.assess(given)
        return assessed.report.verdict, codes(assessed)

    @property
    def asked(self) -> list[str]:
        return [request.url for request in self.documents.requests]


def _honest(site: Site, **options: Any) -> None:
    assessed = site.assess(site.issuer.issue(**options))
    assert (assessed.report.verdict, assessed.decision) == (Verdict.VERIFIED, Decision.ACCEPTED)


@pytest.mark.parametrize("alg", ["RS256", "ES256", "ES384", "EdDSA"])
@pytest.mark.parametrize("key_form", ["pem", "jwk", "profile"])
def test_a_signed_badge_is_a_signature_like_any_other(alg: str, key_form: str) -> None:
    site = Site(SignedBadges(alg=alg, key_form=key_form))
    verification = (
        {"type": "signed"} if key_form == "profile" else {"type": "SignedBadge", "creator": site.issuer.key_url}
    )
    assessed = site.assess(site.issuer.issue(verification=verification))
    report = assessed.report
    assert (report.verdict, assessed.decision, assessed.assurance) == (
        Verdict.VERIFIED,
        Decision.ACCEPTED,
        Assurance.VERIFIED,
    )
    assert (report.securing, report.issuer.id, report.issuer.bound) == (("jws",), site.issuer.id, True)
    assert report.subject.match is SubjectMatch.EMAIL_HASH
    assert {"proof_valid", "status_clear", "validity_current"} <= codes(assessed)
    assert {claim.name for claim in read_claims(assessed)} == {"Welder I", "MIG welding"}


@pytest.mark.parametrize("carry", ["png", "svg", "svg attribute", "json string"])
def test_a_signed_badge_comes_baked_too(carry: str) -> None:
    site = Site()
    token = site.issuer.issue()
    given = {
        "png": bake.bake_png(token, keyword=bake.OB2_KEYWORD),
        "svg": bake.bake_svg(token, version=2),
        "svg attribute": bake.bake_svg(token, version=2, attribute=True),
        "json string": json.dumps([token]).encode(),
    }[carry]
    assert site.assess(given).decision is Decision.ACCEPTED


@pytest.mark.parametrize("served", ["token", "png"])
def test_a_link_may_lead_to_a_signed_badge(served: str) -> None:
    site = Site()
    token, link = site.issuer.issue(), "https://wallet.example/1"
    content = bake.bake_png(token, keyword=bake.OB2_KEYWORD) if served == "png" else token.encode()
    submission = fetch_link(link, MemoryDocuments({link: content}))
    documents = MemoryDocuments(site.issuer.documents)
    policy = Policy.trusting([site.issuer.id])
    (assessed,) = assess_all(receive(submission), policy, World(documents), applicant=MARIA, now=NOW)
    assert (assessed.decision, assessed.report.securing) == (Decision.ACCEPTED, ("jws",))


def test_badge_class_and_profile_may_stand_in_what_is_signed() -> None:
    site = Site()
    inside = site.issuer.badge | {"id": "urn:uuid:5b7d0f8e-0000-4000-8000-000000000001"}
    assessed = site.assess(site.issuer.issue(badge=inside))
    assert assessed.decision is Decision.ACCEPTED
    assert site.issuer.badge_url not in site.asked


def test_without_creator_the_keys_of_the_profile_are_tried() -> None:
    site = Site()
    other = SigningKey("another of theirs", "ES256")
    site.issuer.profile["publicKey"] = [f"https://{site.issuer.host}/old-key", site.issuer.key_url]
    site.extra[f"https://{site.issuer.host}/old-key"] = site.issuer.key_document | {
        "id": f"https://{site.issuer.host}/old-key",
        "publicKeyPem": other.public_pem,
    }
    _honest(site, verification={"type": "SignedBadge"})
    verdict, found = site.verdict(site.issuer.issue(verification={"type": "SignedBadge"}, wrong_key=True))
    assert (verdict, "proof_signature_wrong" in found) == (Verdict.INVALID, True)


def test_a_named_key_may_stand_in_the_profile_alone() -> None:
    site = Site(SignedBadges(key_form="profile"))
    _honest(site)
    site.issuer.profile["publicKey"]["id"] = f"https://{site.issuer.host}/another-key"
    assert site.verdict(site.issuer.issue())[0] is Verdict.UNRESOLVABLE


def test_a_key_may_be_a_part_of_the_profile() -> None:
    site = Site()
    named = f"{site.issuer.profile_url}#key-1"
    site.issuer.profile["publicKey"] = [{"id": named, "publicKeyPem": site.issuer.key.public_pem}]
    _honest(site, verification={"type": "SignedBadge", "creator": named})
    wrong = {"type": "SignedBadge", "creator": f"{site.issuer.profile_url}#key-2"}
    assert site.verdict(site.issuer.issue(verification=wrong))[0] is Verdict.UNRESOLVABLE


# --- the signature -----------------------------------------------------------------------------------------------


def _tampered(token: str) -> str:
    header, payload, signature = token.split(".")
    changed = codec.b64url_decode(payload).replace(b"2025-05-01", b"2025-05-02")
    return f"{header}.{codec.b64url_encode(changed)}.{signature}"


def _unsigned(token: str) -> str:
    return f"{codec.b64url_encode(json.dumps({'alg': 'none'}).encode())}.{token.split('.')[1]}."


def test_a_changed_badge_is_invalid_and_nothing_but_its_key_was_asked_for() -> None:
    site = Site()
    token = site.issuer.issue()
    assert site.verdict(token)[0] is Verdict.VERIFIED
    verdict, found = site.verdict(_tampered(token))
    assert (verdict, "proof_signature_wrong" in found) == (Verdict.INVALID, True)
    assert site.asked == [site.issuer.key_url]


SPOILT: dict[str, tuple[Json, Verdict, str]] = {
    "by another key": ({"wrong_key": True}, Verdict.INVALID, "proof_signature_wrong"),
    "with another algorithm": ({"header": {"alg": "RS256"}}, Verdict.INVALID, "key_algorithm_mismatch"),
    "with a shared secret": ({"header": {"alg": "HS256"}}, Verdict.INVALID, "jwt_algorithm_refused"),
    "with crit": ({"header": {"crit": ["x"]}}, Verdict.INVALID, "jwt_header_refused"),
    "of another kind of token": ({"header": {"typ": "at+jwt"}}, Verdict.INVALID, "jwt_type_refused"),
    "with another key in its header": (
        {"header": {"jwk": SigningKey("x", "ES256").public_jwk}},
        Verdict.INVALID,
        "key_conflict",
    ),
    "by a key that is no address": (
        {"verification": {"type": "SignedBadge", "creator": "urn:key"}},
        Verdict.UNRESOLVABLE,
        "key_method_unknown",
    ),
    "by a key that is nowhere": (
        {"verification": {"type": "SignedBadge", "creator": "https://badges.lakeview.example/gone"}},
        Verdict.UNRESOLVABLE,
        "key_document_unreachable",
    ),
    "of an older context": (
        {"@context": "https://w3id.org/openbadges/v1"},
        Verdict.NONCONFORMANT,
        "hosted_nonconformant",
    ),
    "of another type": (
        {"type": "Endorsement", "badge": "https://badges.lakeview.example/badges/welder"},
        Verdict.NONCONFORMANT,
        "hosted_nonconformant",
    ),
    "without id": ({"id": None}, Verdict.NONCONFORMANT, "hosted_nonconformant"),
    "without a kind of verification": (
        {"verification": {"creator": "https://badges.lakeview.example/key"}},
        Verdict.NONCONFORMANT,
        "hosted_nonconformant",
    ),
    "without recipient": ({"recipient": None, "type": "Assertion"}, Verdict.NONCONFORMANT, "hosted_nonconformant"),
    "expired": ({"expires": "2026-01-01T00:00:00Z"}, Verdict.EXPIRED, "validity_expired"),
    "from the future": ({"issuedOn": "2031-01-01T00:00:00Z"}, Verdict.NOT_YET_VALID, "validity_not_yet"),
    "that ends before it begins": ({"expires": "2024-01-01T00:00:00Z"}, Verdict.NONCONFORMANT, "validity_reversed"),
    "that says it was taken back": ({"revoked": True}, Verdict.REVOKED, "status_revoked"),
    "that does not say no": ({"revoked": "no"}, Verdict.REVOKED, "status_revoked"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_badge_with_one_thing_wrong(name: str) -> None:
    options, verdict, code = SPOILT[name]
    site = Site()
    _honest(site)
    found = site.verdict(site.issuer.issue(**options))
    assert (found[0], code in found[1]) == (verdict, True), found


def test_no_signature_is_none_whatever_the_header_says() -> None:
    site = Site()
    assert site.verdict(_unsigned(site.issuer.issue()))[0] is Verdict.INVALID
    assert site.verdict(json.dumps(site.issuer.assertion()))[0] is Verdict.UNSIGNED


def test_a_token_around_a_hosted_badge_proves_nothing_for_it() -> None:
    """It says that its site answers for it, so the site is asked."""
    site = Site()
    address = f"https://{site.issuer.host}/assertions/1"
    token = site.issuer.issue(id=address, verification={"type": "hosted"})
    assert site.verdict(token)[0] is Verdict.INVALID
    site.extra[address] = site.issuer.assertion(id=address, verification={"type": "hosted"})
    assessed = site.assess(token)
    assert (assessed.report.verdict, assessed.report.securing) == (Verdict.VERIFIED, ("hosted",))


# --- whose key it is ---------------------------------------------------------------------------------------------


def _key(site: Site, **members: Any) -> None:
    document = site.issuer.key_document | members
    site.extra[site.issuer.key_url] = {name: value for name, value in document.items() if value is not None}


def _weak() -> str:
    public = rsa.generate_private_key(65537, 1024).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return public.public_bytes(serialization.Encoding.PEM, form).decode()


KEYS: dict[str, tuple[Json, Verdict, str]] = {
    "of another owner": ({"owner": f"https://{EVIL}/issuer"}, Verdict.INVALID, "key_not_authorised"),
    "of another id": ({"id": f"https://{EVIL}/key"}, Verdict.UNRESOLVABLE, "key_document_mismatch"),
    "without a key": ({"publicKeyPem": None}, Verdict.UNRESOLVABLE, "key_document_malformed"),
    "with a broken key": ({"publicKeyPem": "-----BEGIN PUBLIC KEY-----\nAAAA"}, Verdict.INVALID, "key_malformed"),
    "with a key that is no text": ({"publicKeyPem": 7}, Verdict.INVALID, "key_malformed"),
    "with a weak key": ({"publicKeyPem": _weak()}, Verdict.INVALID, "key_too_weak"),
    "with two keys": (
        {"publicKeyJwk": SigningKey("another", "ES256").public_jwk},
        Verdict.INVALID,
        "key_conflict",
    ),
    "that does not name an owner": ({"owner": None}, Verdict.VERIFIED, "proof_valid"),
}


@pytest.mark.parametrize("name", KEYS)
def test_a_key_document(name: str) -> None:
    members, verdict, code = KEYS[name]
    site = Site()
    _honest(site)
    _key(site, **members)
    found = site.verdict(site.issuer.issue())
    assert (found[0], code in found[1]) == (verdict, True), found


@pytest.mark.parametrize("listed", [None, [], "https://badges.lakeview.example/other-key"])
def test_a_key_that_the_profile_does_not_list_proves_nothing(listed: Any) -> None:
    site = Site()
    _honest(site)
    site.issuer.profile["publicKey"] = listed
    verdict, found = site.verdict(site.issuer.issue())
    assert (verdict, "key_not_authorised" in found) == (Verdict.INVALID, True)


def test_a_profile_that_holds_another_key_at_that_address_does_not_list_it() -> None:
    site = Site()
    other = SigningKey("another", "ES256")
    site.issuer.profile["publicKey"] = {"id": site.issuer.key_url, "publicKeyPem": other.public_pem}
    assert site.verdict(site.issuer.issue())[0] is Verdict.INVALID


def test_nobody_signs_in_the_name_of_another_issuer() -> None:
    """A forger signs with a key of the forger's site, for a badge class of the university."""
    honest, forger = Site(), SignedBadges("forger", host=EVIL)
    _honest(honest)
    forged = Site(honest.issuer, **forger.documents)
    token = forger.issue(badge=honest.issuer.badge_url)
    assert "key_not_authorised" in forged.verdict(token)[1]
    assert forged.assess(token).decision is Decision.REFUSED
    claims_owner = forger.key_document | {"owner": honest.issuer.profile_url}
    forged = Site(honest.issuer, **(forger.documents | {forger.key_url: claims_owner}))
    assert forged.assess(token).decision is Decision.REFUSED


def test_a_forger_cannot_bring_the_issuers_profile_along() -> None:
    """An embedded profile with the university's id, listing the forger's key: its own address is asked."""
    honest, forger = Site(), SignedBadges("forger", host=EVIL)
    profile = honest.issuer.profile | {"publicKey": forger.key_url}
    badge = honest.issuer.badge | {"id": "urn:uuid:5b7d0f8e-0000-4000-8000-000000000001", "issuer": profile}
    owned = forger.key_document | {"owner": honest.issuer.profile_url}
    site = Site(honest.issuer, **(forger.documents | {forger.key_url: owned}))
    assert "key_not_authorised" in site.verdict(forger.issue(badge=badge))[1]


def test_a_profile_without_an_address_is_nobody() -> None:
    """The signature holds, and nothing shows whose it is."""
    site = Site()
    profile = site.issuer.profile | {"id": "urn:uuid:5b7d0f8e-0000-4000-8000-000000000002"}
    _key(site, owner=profile["id"])
    badge = site.issuer.badge | {"id": "urn:uuid:5b7d0f8e-0000-4000-8000-000000000001", "issuer": profile}
    assessed = site.assess(site.issuer.issue(badge=badge))
    assert (assessed.report.verdict, assessed.report.issuer.bound) == (Verdict.VERIFIED, False)
    assert "issuer_unbound" in codes(assessed)
    assert assessed.decision is Decision.ACCEPTED_WITH_WARNING


def test_a_badge_class_of_another_site_is_not_the_issuers_word() -> None:
    site = Site()
    elsewhere = f"https://{EVIL}/badge"
    site.extra[elsewhere] = site.issuer.badge | {"id": elsewhere}
    assessed = site.assess(site.issuer.issue(badge=elsewhere))
    assert (assessed.report.issuer.bound, assessed.decision) == (False, Decision.ACCEPTED_WITH_WARNING)
    site.issuer.profile["verification"] = {"allowedOrigins": [EVIL, site.issuer.host]}
    assert site.assess(site.issuer.issue(badge=elsewhere)).report.issuer.bound


def test_a_published_key_is_anybodys(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site()
    _honest(site)
    monkeypatch.setattr(issuer_check, "is_published", lambda key: True)
    assessed = site.assess(site.issuer.issue())
    assert ("issuer_is_test" in codes(assessed), assessed.decision) == (True, Decision.REFUSED)


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        ({"startsWith": "https://badges.lakeview.example/a"}, Verdict.VERIFIED),
        ({"startsWith": ["https://badges.lakeview.example/b", "https://badges.lakeview.example/a"]}, Verdict.VERIFIED),
        ({"startsWith": "https://badges.lakeview.example/b"}, Verdict.NONCONFORMANT),
        ({"allowedOrigins": "badges.lakeview.example"}, Verdict.VERIFIED),
        ({"allowedOrigins": ["lakeview.example"]}, Verdict.INVALID),
    ],
)
def test_what_the_profile_says_of_its_assertions_holds_for_signed_ones(rule: Json, verdict: Verdict) -> None:
    site = Site()
    _honest(site)
    site.issuer.profile["verification"] = rule
    token = site.issuer.issue(id="https://badges.lakeview.example/assertions/1")
    assert site.verdict(token)[0] is verdict


@pytest.mark.parametrize("own", ["https://[x", "http://]", "https://" + "\u0301" * 300])
def test_an_id_that_only_looks_like_an_address_is_outside_of_every_rule(own: str) -> None:
    """It is signed and never asked; a rule of the profile's made an unexpected error of it."""
    site = Site()
    site.issuer.profile["verification"] = {"startsWith": "https://badges.lakeview.example/"}
    assert site.verdict(site.issuer.issue(id="https://badges.lakeview.example/1"))[0] is Verdict.VERIFIED
    assert "hosted_outside_scope" in site.verdict(site.issuer.issue(id=own))[1]


@pytest.mark.parametrize("missing", ["badge_url", "profile_url"])
def test_what_the_badge_belongs_to_must_be_had(missing: str) -> None:
    site = Site()
    _honest(site)
    site.extra[getattr(site.issuer, missing)] = 404
    assert site.verdict(site.issuer.issue())[0] is Verdict.UNRESOLVABLE


# --- the revocation list -----------------------------------------------------------------------------------------

OWN = str(SignedBadges().assertion()["id"])


@pytest.mark.parametrize(
    ("entry", "verdict"),
    [
        ("urn:uuid:5b7d0f8e-0000-4000-8000-00000000000f", Verdict.VERIFIED),
        (OWN, Verdict.REVOKED),
        ({"id": OWN, "revocationReason": "Issued in error"}, Verdict.REVOKED),
        ({"id": OWN, "revoked": True}, Verdict.REVOKED),
        ({"id": OWN, "revoked": "?"}, Verdict.REVOKED),
        ({"id": OWN, "revoked": False}, Verdict.VERIFIED),
        ({"uid": "abc123"}, Verdict.REVOKED),
        ({"uid": "abc124"}, Verdict.VERIFIED),
        ({"revocationReason": "Issued in error"}, Verdict.STATUS_UNKNOWN),
        (7, Verdict.STATUS_UNKNOWN),
    ],
    ids=repr,
)
def test_an_entry_of_the_revocation_list(entry: Any, verdict: Verdict) -> None:
    site = Site()
    site.issuer.revoked.append(entry)
    assert site.verdict(site.issuer.issue(uid="abc123"))[0] is verdict


LIST: Json = {"type": "RevocationList", "id": "https://badges.lakeview.example/revoked", "revokedAssertions": []}


@pytest.mark.parametrize(
    ("served", "verdict", "decision"),
    [
        (LIST, Verdict.VERIFIED, Decision.ACCEPTED),
        (LIST | {"revokedAssertions": OWN}, Verdict.REVOKED, Decision.REFUSED),
        (404, Verdict.STATUS_UNKNOWN, Decision.ACCEPTED_WITH_WARNING),
        (b"<html>", Verdict.STATUS_UNKNOWN, Decision.ACCEPTED_WITH_WARNING),
        ([], Verdict.STATUS_UNKNOWN, Decision.ACCEPTED_WITH_WARNING),
        (LIST | {"type": "Assertion"}, Verdict.STATUS_UNKNOWN, Decision.ACCEPTED_WITH_WARNING),
        ({"type": "RevocationList"}, Verdict.STATUS_UNKNOWN, Decision.ACCEPTED_WITH_WARNING),
        (LIST | {"issuer": f"https://{EVIL}/issuer"}, Verdict.VERIFIED, Decision.ACCEPTED_WITH_WARNING),
        (LIST | {"id": f"https://{EVIL}/revoked"}, Verdict.VERIFIED, Decision.ACCEPTED_WITH_WARNING),
    ],
    ids=repr,
)
def test_a_revocation_list(served: Any, verdict: Verdict, decision: Decision) -> None:
    site = Site()
    site.extra[site.issuer.list_url] = served
    assessed = site.assess(site.issuer.issue())
    assert (assessed.report.verdict, assessed.decision) == (verdict, decision)


def test_an_issuer_without_revocation_list_revokes_nothing() -> None:
    site = Site()
    del site.issuer.profile["revocationList"]
    assessed = site.assess(site.issuer.issue())
    assert ("status_none" in codes(assessed), assessed.decision) == (True, Decision.ACCEPTED)


@pytest.mark.parametrize("value", [None, 7, "revoked.json", ["a", "b"]], ids=repr)
def test_an_odd_place_of_the_list_is_never_no_list(value: Any) -> None:
    site = Site()
    site.issuer.profile["revocationList"] = value
    assert site.verdict(site.issuer.issue())[0] is Verdict.STATUS_UNKNOWN
