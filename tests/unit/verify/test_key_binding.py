"""THREATS section 5: the holder's proof behind an SD-JWT (RFC 9901 section 7.3), one fault at a time."""

from __future__ import annotations

from typing import Any

import pytest

from connector.model.report import Decision, Verdict
from connector.testing.documents import NOW
from connector.testing.issuer import Issuer
from connector.testing.sd_jwt import Minted, SdJwtMint
from connector.testing.signing import SigningKey
from connector.verify import PresentationContext, verdict_of_file

from .conftest import Scene, codes

Json = dict[str, Any]

HOLDER = SigningKey("the holder", "ES256")
THEN = int(NOW.timestamp())
ASKED = PresentationContext(nonce="n-1", audience="https://apply.example")
NEEDED = PresentationContext(nonce="n-1", audience="https://apply.example", require_key_binding=True)


def scene_of(context: PresentationContext | None) -> tuple[Scene, Minted]:
    scene = Scene(issuer=Issuer("lakeview", method="web", alg="ES256"), presentation=context)
    return scene, minted(scene)


def minted(scene: Scene, cnf: Any = None, **options: Any) -> Minted:
    mint = SdJwtMint(scene.issuer)
    claims = mint.claims(cnf=cnf if cnf is not None else {"jwk": HOLDER.public_jwk})
    return mint.mint(claims, hide=["email", "achievement"], **options)


def outcome(scene: Scene, text: str) -> tuple[str, str, Decision]:
    """The code of the holder check, the subject's match, the decision."""
    assessed = scene.assess(text)
    (holder,) = [check.code for check in assessed.report.checks if check.check == "holder"]
    return holder, str(assessed.report.subject.match), assessed.decision


# --- what it is worth ---


def test_a_key_binding_for_this_request_is_a_holder_proof() -> None:
    for context in (ASKED, NEEDED):
        scene, one = scene_of(context)
        text = one.bound(HOLDER, made=THEN, only=["achievement"])
        assert outcome(scene, text) == ("holder_valid", "holder_proof", Decision.ACCEPTED)


@pytest.mark.parametrize("alg", ["ES256", "ES384", "EdDSA"])
def test_the_holder_has_a_key_of_any_known_kind(alg: str) -> None:
    scene, _ = scene_of(ASKED)
    holder = SigningKey("another holder", alg)
    text = minted(scene, {"jwk": holder.public_jwk}).bound(holder, made=THEN)
    assert outcome(scene, text)[1] == "holder_proof"


@pytest.mark.parametrize("algorithm", ["sha-384", "sha-512"])
def test_it_is_hashed_as_the_disclosures_are(algorithm: str) -> None:
    scene, _ = scene_of(ASKED)
    assert outcome(scene, minted(scene, algorithm=algorithm).bound(HOLDER, made=THEN))[1] == "holder_proof"


def test_a_badge_may_be_bound_to_a_key_too() -> None:
    scene, _ = scene_of(ASKED)
    document = {"iss": scene.issuer.id, "cnf": {"jwk": HOLDER.public_jwk}, **scene.issuer.unsigned_badge()}
    one = SdJwtMint(scene.issuer).mint(document, hide=["name"], header={"typ": "vc+sd-jwt"})
    assert outcome(scene, one.bound(HOLDER, made=THEN)) == ("holder_valid", "holder_proof", Decision.ACCEPTED)


def test_a_key_binding_for_nobody_in_particular_proves_nothing_fresh() -> None:
    for context in (None, PresentationContext(nonce="n-1"), PresentationContext(audience="https://apply.example")):
        scene, one = scene_of(context)
        text = one.bound(HOLDER, made=THEN, only=["achievement"])
        assert outcome(scene, text) == ("holder_unsolicited", "none", Decision.ACCEPTED_WITH_WARNING)


def test_one_that_holds_several_people_is_not_tied_to_its_holder() -> None:
    scene, _ = scene_of(ASKED)
    badge = scene.issuer.unsigned_badge(subject_id="did:example:maria")
    badge["credentialSubject"] = [badge["credentialSubject"], {**badge["credentialSubject"], "id": "did:example:eve"}]
    document = {"iss": scene.issuer.id, "cnf": {"jwk": HOLDER.public_jwk}, **badge}
    one = SdJwtMint(scene.issuer).mint(document, header={"typ": "vc+sd-jwt"})
    assert outcome(scene, one.bound(HOLDER, made=THEN))[1] != "holder_proof"


# --- whether one is needed ---


def test_whether_one_is_needed_is_our_setting() -> None:
    scene, one = scene_of(None)
    assert outcome(scene, one.text()) == ("holder_none", "email", Decision.ACCEPTED)
    scene.presentation = ASKED
    assert outcome(scene, one.text()) == ("holder_none", "email", Decision.ACCEPTED)
    scene.presentation = NEEDED
    assert outcome(scene, one.text()) == ("holder_proof_required", "email", Decision.REFUSED)


def test_one_that_is_needed_is_not_any_one() -> None:
    scene, one = scene_of(PresentationContext(require_key_binding=True))
    assert outcome(scene, one.bound(HOLDER, made=THEN)) == ("holder_proof_required", "email", Decision.REFUSED)


# --- what is refused ---

_FAULTS: list[tuple[str, Json, str]] = [
    ("another nonce", {"nonce": "n-2"}, "holder_other_request"),
    ("another site", {"audience": "https://evil.example"}, "holder_other_request"),
    ("no nonce", {"claims": {"nonce": None}}, "key_binding_invalid"),
    ("no audience", {"claims": {"aud": None}}, "key_binding_invalid"),
    ("two audiences", {"audience": ["https://apply.example", "https://evil.example"]}, "key_binding_invalid"),
    ("a list of audiences", {"audience": ["https://apply.example"]}, "key_binding_invalid"),
    ("a nonce that is no text", {"claims": {"nonce": 1}}, "key_binding_invalid"),
    ("no hash", {"claims": {"sd_hash": None}}, "key_binding_invalid"),
    ("the hash of something else", {"over": "something else"}, "key_binding_invalid"),
    ("an hour old", {"made": THEN - 3600}, "holder_expired"),
    ("an hour ahead", {"made": THEN + 3600}, "holder_expired"),
    ("without a time", {"claims": {"iat": None}}, "key_binding_invalid"),
    ("a time in words", {"claims": {"iat": "now"}}, "key_binding_invalid"),
    ("over", {"claims": {"exp": THEN - 600}}, "holder_expired"),
    ("of no kind", {"header": {"typ": None}}, "key_binding_invalid"),
    ("of another kind", {"header": {"typ": "JWT"}}, "key_binding_invalid"),
    ("of the record's kind", {"header": {"typ": "dc+sd-jwt"}}, "key_binding_invalid"),
    ("by no algorithm", {"header": {"alg": "none"}}, "key_binding_invalid"),
    ("by HMAC", {"header": {"alg": "HS256"}}, "key_binding_invalid"),
    ("by another algorithm", {"header": {"alg": "EdDSA"}}, "key_binding_invalid"),
    ("with crit", {"header": {"crit": ["iat"]}}, "key_binding_invalid"),
]


@pytest.mark.parametrize("context", [ASKED, NEEDED], ids=["asked", "needed"])
@pytest.mark.parametrize(("fault", "code"), [case[1:] for case in _FAULTS], ids=[case[0] for case in _FAULTS])
def test_a_key_binding_with_one_thing_wrong_is_refused(fault: Json, code: str, context: PresentationContext) -> None:
    scene, one = scene_of(context)
    assert outcome(scene, one.bound(HOLDER, made=THEN))[2] is Decision.ACCEPTED
    found = outcome(scene, one.bound(HOLDER, **{"made": THEN} | fault))
    assert found == (code, "email", Decision.REFUSED)


_UNASKED = [case for case in _FAULTS if case[0] not in ("another nonce", "another site")]


@pytest.mark.parametrize(("fault", "code"), [case[1:] for case in _UNASKED], ids=[case[0] for case in _UNASKED])
def test_one_that_nobody_asked_for_must_still_be_right(fault: Json, code: str) -> None:
    scene, one = scene_of(None)
    assert outcome(scene, one.bound(HOLDER, made=THEN))[0] == "holder_unsolicited"
    assert outcome(scene, one.bound(HOLDER, **{"made": THEN} | fault)) == (code, "email", Decision.REFUSED)


def test_one_that_does_not_hold_is_a_forged_record_and_one_for_others_is_not() -> None:
    scene, one = scene_of(ASKED)
    forged = scene.assess(one.bound(SigningKey("a thief", "ES256"), made=THEN))
    assert "key_binding_invalid" in codes(forged)
    assert (forged.report.verdict, forged.decision) == (Verdict.INVALID, Decision.REFUSED)
    elsewhere = scene.assess(one.bound(HOLDER, made=THEN, nonce="n-2"))
    assert (elsewhere.report.verdict, elsewhere.decision) == (Verdict.VERIFIED, Decision.REFUSED)
    late = scene.assess(one.bound(HOLDER, made=THEN - 3600))
    assert verdict_of_file([late.report]) is Verdict.EXPIRED


def test_it_covers_exactly_the_disclosures_that_came_with_it() -> None:
    """Whoever intercepts it can neither take a disclosure away nor add one."""
    scene, one = scene_of(ASKED)
    whole, part = one.bound(HOLDER, made=THEN), one.bound(HOLDER, made=THEN, only=["achievement"])
    binding_of_whole, binding_of_part = whole.rpartition("~")[2], part.rpartition("~")[2]
    assert outcome(scene, one.text(only=["achievement"]) + binding_of_part)[1] == "holder_proof"
    assert "key_binding_invalid" in codes(scene.assess(one.text(only=["achievement"]) + binding_of_whole))
    assert "key_binding_invalid" in codes(scene.assess(one.text() + binding_of_part))
    first, *shown, _ = whole.split("~")
    assert len(shown) == 2
    assert "key_binding_invalid" in codes(scene.assess("~".join([first, *reversed(shown), binding_of_whole])))


@pytest.mark.parametrize("last", ["garbage", "a.b.c", "e30.e30.AA", "e30.W10.AA"])
def test_what_stands_in_its_place_must_be_a_token(last: str) -> None:
    scene, one = scene_of(None)
    assessed = scene.assess(one.text() + last)
    assert codes(assessed) & {"key_binding_malformed", "key_binding_invalid"}
    assert (assessed.report.verdict, assessed.decision) == (Verdict.INVALID, Decision.REFUSED)


# --- the holder's key ---


@pytest.mark.parametrize(
    ("cnf", "code"),
    [
        ({}, "key_binding_invalid"),
        ("a key", "key_binding_invalid"),
        ({"jwk": {**SigningKey("a thief", "ES256").public_jwk}}, "key_binding_invalid"),
        ({"jwk": {**HOLDER.public_jwk, "use": "enc"}}, "key_binding_invalid"),
        ({"jwk": {"kty": "OKP", "crv": "Ed448", "x": "AAAA"}}, "holder_unchecked"),
        ({"jku": "https://evil.example/jwks.json"}, "holder_unchecked"),
        ({"x5t#S256": "AAAA"}, "holder_unchecked"),
        ({"kid": "key-1"}, "holder_unchecked"),
        ({"kid": "https://evil.example/keys#1"}, "holder_unchecked"),
        ({"kid": "did:unknown:1#key"}, "holder_unchecked"),
        ({"kid": f"did:key:{SigningKey('a thief', 'ES256').multikey}"}, "key_binding_invalid"),
        ({"kid": f"did:key:{HOLDER.multikey}"}, "holder_valid"),
        ({"jwk": HOLDER.public_jwk}, "holder_valid"),
    ],
)
def test_the_key_is_the_one_that_the_record_names(cnf: Any, code: str) -> None:
    scene, _ = scene_of(ASKED)
    found = outcome(scene, minted(scene, cnf).bound(HOLDER, made=THEN))
    assert found[0] == code
    assert (found[2] is Decision.ACCEPTED) is (code == "holder_valid")
    assert (found[2] is Decision.REFUSED) is (code == "key_binding_invalid")
    assert not [request.url for request in scene.documents.requests if "evil" in request.url]


def test_a_record_that_names_no_key_has_no_holder() -> None:
    scene, _ = scene_of(ASKED)
    mint = SdJwtMint(scene.issuer)
    text = mint.mint(mint.claims()).bound(HOLDER, made=THEN)
    assert outcome(scene, text) == ("key_binding_invalid", "email", Decision.REFUSED)


def test_of_a_record_that_is_not_proven_nobody_is_the_holder() -> None:
    scene, _ = scene_of(NEEDED)
    assessed = scene.assess(minted(scene, wrong_key=True).bound(HOLDER, made=THEN))
    assert assessed.report.verdict is Verdict.INVALID
    assert "holder_valid" not in codes(assessed)
    assert assessed.report.subject.match == "none"


def test_a_presentation_by_somebody_else_is_not_made_good_by_a_key_binding() -> None:
    """The presentation around it says that another key than the subject's presents it."""
    thief = Issuer("a thief", method="key")
    scene, one = scene_of(ASKED)
    enveloped = {
        "@context": "https://www.w3.org/ns/credentials/v2",
        "type": "EnvelopedVerifiableCredential",
        "id": f"data:application/dc+sd-jwt,{one.bound(HOLDER, made=THEN)}",
    }
    shown = thief.jwt_presentation([enveloped], nonce="n-1", audience="https://apply.example")
    assessed = scene.assess(shown)
    assert (assessed.report.subject.match, assessed.decision) == ("contradicted", Decision.REFUSED)
    unsigned = {"@context": ["https://www.w3.org/ns/credentials/v2"], "type": "VerifiablePresentation"}
    assert scene.assess(unsigned | {"verifiableCredential": [enveloped]}).report.subject.match == "holder_proof"


def test_a_presentation_that_cannot_be_checked_does_not_hide_a_bad_key_binding() -> None:
    stranger = Issuer("somebody unknown", method="web")  # whose document is not to be had
    scene, one = scene_of(ASKED)
    for text, code in (
        (one.bound(HOLDER, made=THEN), "holder_unchecked"),
        (one.bound(SigningKey("a thief", "ES256"), made=THEN), "key_binding_invalid"),
    ):
        enveloped = {
            "@context": "https://www.w3.org/ns/credentials/v2",
            "type": "EnvelopedVerifiableCredential",
            "id": f"data:application/dc+sd-jwt,{text}",
        }
        shown = stranger.jwt_presentation([enveloped], nonce="n-1", audience="https://apply.example")
        assert code in codes(scene.assess(shown))


def test_a_holder_whose_secret_key_is_published_is_anybody(monkeypatch: pytest.MonkeyPatch) -> None:
    scene, one = scene_of(ASKED)
    text = one.bound(HOLDER, made=THEN)
    assert outcome(scene, text)[1] == "holder_proof"
    monkeypatch.setattr("connector.verify.checks.key_binding.is_published", lambda key: True)
    assert outcome(scene, text) == ("key_binding_invalid", "email", Decision.REFUSED)
