"""THREATS section 5: disclosures, one fault at a time, beside the twin that is accepted (RFC 9901 section 7.1)."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from connector import codec, disclosures
from connector.model.report import Decision, Verdict
from connector.normalize import read_claims
from connector.testing.documents import NOW
from connector.testing.issuer import Issuer
from connector.testing.sd_jwt import Minted, SdJwtMint, digest, disclosure
from connector.verify import Policy, PresentationContext

from .conftest import EMAIL, Scene, codes

Json = dict[str, Any]

SALT = "a salt of some length"
NAME = disclosure(SALT, "nickname", "Mia")
ELEMENT = disclosure(SALT, "a tag")


@pytest.fixture
def scene() -> Scene:
    return Scene(issuer=Issuer("lakeview", method="web", alg="ES256"))


@pytest.fixture
def mint(scene: Scene) -> SdJwtMint:
    return SdJwtMint(scene.issuer)


def plain(mint: SdJwtMint, **claims: Any) -> Minted:
    return mint.mint(mint.claims(**claims))


# --- what is accepted ---


@pytest.mark.parametrize("alg", ["ES256", "ES384", "EdDSA"])
@pytest.mark.parametrize("typ", ["dc+sd-jwt", "vc+sd-jwt", "application/dc+sd-jwt"])
def test_a_genuine_sd_jwt_vc_is_accepted(alg: str, typ: str) -> None:
    scene = Scene(issuer=Issuer("lakeview", method="web", alg=alg))
    mint = SdJwtMint(scene.issuer)
    assessed = scene.assess(mint.mint(mint.claims(), hide=["email", "achievement"], header={"typ": typ}).text())
    assert (assessed.report.verdict, assessed.decision) == (Verdict.VERIFIED, Decision.ACCEPTED)
    assert assessed.report.securing == (f"sd-jwt-{alg}",)
    assert (assessed.report.format, assessed.report.data_model) == ("sd_jwt_vc", None)
    assert assessed.report.subject.match == "email"


def test_a_genuine_open_badge_in_an_sd_jwt_is_an_open_badge(scene: Scene, mint: SdJwtMint) -> None:
    hidden = ["credentialSubject.identifier", "credentialSubject.achievement.tag.0", "issuer"]
    minted = mint.badge(email=EMAIL, tags=["MIG welding", "TIG welding"], hide=hidden)
    assessed = scene.assess(minted.text())
    assert (assessed.report.verdict, assessed.decision) == (Verdict.VERIFIED, Decision.ACCEPTED)
    assert (assessed.report.format, assessed.report.data_model) == ("open_badge_3", "2.0")
    names = [claim.name for claim in read_claims(assessed)]
    assert names == ["Welder I", "MIG welding", "TIG welding"]


def test_what_is_not_disclosed_is_not_there(scene: Scene, mint: SdJwtMint) -> None:
    minted = mint.badge(
        email=EMAIL,
        tags=["MIG welding", "TIG welding"],
        hide=["credentialSubject.identifier", "credentialSubject.achievement.tag.0"],
    )
    assessed = scene.assess(minted.text(only=[]))
    assert assessed.report.verdict is Verdict.VERIFIED
    assert (assessed.report.subject.match, assessed.decision) == ("none", Decision.ACCEPTED_WITH_WARNING)
    assert [claim.name for claim in read_claims(assessed)] == ["Welder I", "TIG welding"]


def test_a_disclosure_inside_a_disclosure_comes_with_the_outer_one_only(scene: Scene, mint: SdJwtMint) -> None:
    minted = mint.mint(mint.claims(), hide=["achievement.name", "achievement"])
    assert scene.assess(minted.text()).document["credentialSubject"]["achievement"]["name"] == "Welder I"
    without = scene.assess(minted.text(only=["achievement"]))
    assert (without.report.verdict, "name" in without.document["credentialSubject"]["achievement"]) == (
        Verdict.VERIFIED,
        False,
    )
    assert scene.code(minted.text(only=["achievement.name"])) == "disclosure_unreferenced"


@pytest.mark.parametrize("algorithm", [None, "sha-256", "sha-384", "sha-512"])
def test_every_hash_that_is_known_is_used(scene: Scene, mint: SdJwtMint, algorithm: str | None) -> None:
    minted = mint.mint(mint.claims(), hide=["email"], algorithm=algorithm, decoys=3)
    assert scene.assess(minted.text()).decision is Decision.ACCEPTED


def test_nothing_of_the_mechanism_is_left_in_the_record(scene: Scene, mint: SdJwtMint) -> None:
    claims = mint.claims(tags=["a", "b"], address={"city": "Lakeview"})
    minted = mint.mint(claims, hide=["tags.0", "tags.1", "address.city"], decoys=2, algorithm="sha-256")
    for shown in (None, [], ["tags.1"]):
        text = json.dumps(scene.assess(minted.text(only=shown)).document)
        assert not [mark for mark in ('"_sd"', '"_sd_alg"', '"..."') if mark in text]


def test_the_record_that_is_mapped_is_the_one_that_was_put_together(scene: Scene, mint: SdJwtMint) -> None:
    text = mint.badge(email=EMAIL, hide=["credentialSubject.identifier"]).text()
    (credential,) = scene.receive(text)
    assessed = scene.assess(text)
    assert assessed.document == credential.document
    assert assessed.document is assessed.credential.document


# --- what is refused ---


def spoiled(payload: Json, mint: SdJwtMint, *shown: str, header: Json | None = None) -> str:
    return mint.mint(payload, header=header).text(more=shown)


_NEVER = digest("nothing that anybody has")
_REFUSED: list[tuple[str, Json, tuple[str, ...], str]] = [
    ("a disclosure that no digest names", {}, (NAME,), "disclosure_unreferenced"),
    ("one disclosure twice", {"_sd": [digest(NAME)]}, (NAME, NAME), "disclosure_repeated"),
    ("one digest twice", {"_sd": [digest(NAME), digest(NAME)]}, (NAME,), "disclosure_repeated"),
    ("one decoy twice", {"_sd": [_NEVER, _NEVER]}, (), "disclosure_repeated"),
    ("one digest in two places", {"_sd": [digest(NAME)], "a": {"_sd": [digest(NAME)]}}, (NAME,), "disclosure_repeated"),
    ("an element where a member belongs", {"_sd": [digest(ELEMENT)]}, (ELEMENT,), "disclosure_malformed"),
    ("a member where an element belongs", {"tags": [{"...": digest(NAME)}]}, (NAME,), "disclosure_malformed"),
    ("something beside an element", {"tags": [{"...": digest(ELEMENT), "a": 1}]}, (ELEMENT,), "disclosure_malformed"),
    ("digests that are no list", {"_sd": digest(NAME)}, (NAME,), "disclosure_malformed"),
    ("a digest that is no text", {"_sd": [7]}, (), "disclosure_malformed"),
    ("an element's digest that is no text", {"tags": [{"...": 7}]}, (), "disclosure_malformed"),
    ("an element outside of a list", {"address": {"...": digest(ELEMENT)}}, (ELEMENT,), "disclosure_name_reserved"),
    ("a hash named further in", {"address": {"_sd_alg": "sha-256"}}, (), "disclosure_name_reserved"),
    ("an empty disclosure", {}, ("",), "disclosure_malformed"),
]


@pytest.mark.parametrize(
    ("claims", "shown", "code"), [case[1:] for case in _REFUSED], ids=[case[0] for case in _REFUSED]
)
def test_disclosures_fit_exactly_or_the_record_is_refused(
    scene: Scene, mint: SdJwtMint, claims: Json, shown: tuple[str, ...], code: str
) -> None:
    assert scene.assess(plain(mint).text()).decision is Decision.ACCEPTED
    assessed = scene.assess(spoiled(mint.claims() | claims, mint, *shown))
    assert code in codes(assessed)
    assert (assessed.report.verdict, assessed.decision) == (Verdict.INVALID, Decision.REFUSED)
    assert read_claims(assessed) == ()


_PARTS: list[tuple[Any, str]] = [
    ((SALT,), "disclosure_malformed"),
    ((SALT, "nickname", "Mia", "more"), "disclosure_malformed"),
    ((7, "nickname", "Mia"), "disclosure_malformed"),
    ((SALT, 7, "Mia"), "disclosure_malformed"),
    ((SALT, "_sd", []), "disclosure_name_reserved"),
    ((SALT, "...", "Mia"), "disclosure_name_reserved"),
    ((SALT, "_sd_alg", "sha-256"), "disclosure_name_reserved"),
    ((SALT, "email", "eve@mail.example"), "disclosure_replaces"),
    ((SALT, "nickname", {"_sd": "no list"}), "disclosure_malformed"),
    ((SALT, "nickname", "Mia"), "proof_valid"),
    ((SALT, "nickname", {"_sd": []}), "proof_valid"),
    ((SALT, "", None), "proof_valid"),
]


@pytest.mark.parametrize(("parts", "code"), _PARTS, ids=[json.dumps(parts) for parts, _ in _PARTS])
def test_what_a_disclosure_may_be(scene: Scene, mint: SdJwtMint, parts: tuple[Any, ...], code: str) -> None:
    text = disclosure(*parts)
    assert scene.code(spoiled(mint.claims(_sd=[digest(text)]), mint, text)) == code


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b'["salt", "nickname", {"a": 1, "a": 2}]', "disclosure_malformed"),
        (b'["salt", "nickname", NaN]', "disclosure_malformed"),
        (b'["salt", "nickname", "\\ud800"]', "disclosure_malformed"),
        (b'["salt", "nickname", "Mia"] ["salt"]', "disclosure_malformed"),
        (b'\xef\xbb\xbf["salt", "nickname", "Mia"]', "disclosure_malformed"),
        (b'{"salt": "nickname"}', "disclosure_malformed"),
        (b'["salt", "nickname", ' + b"[" * 70 + b"]" * 70 + b"]", "disclosure_malformed"),
        (b'[ "salt",\n "nickname", "Mia" ]', "proof_valid"),
    ],
)
def test_the_json_in_a_disclosure_is_read_strictly(scene: Scene, mint: SdJwtMint, raw: bytes, code: str) -> None:
    text = codec.b64url_encode(raw)
    assert scene.code(spoiled(mint.claims(_sd=[digest(text)]), mint, text)) == code


def test_disclosures_do_not_nest_without_end(scene: Scene, mint: SdJwtMint) -> None:
    def nested(depth: int) -> str:
        shown: list[str] = []
        claims: Json = {"at": "the end"}
        for _ in range(depth):
            shown.append(disclosure(SALT, "further", claims))
            claims = {"_sd": [digest(shown[-1])]}
        return spoiled(mint.claims() | claims, mint, *shown)

    assert scene.code(nested(40)) == "proof_valid"
    assert scene.code(nested(100)) == "disclosure_malformed"


@pytest.mark.parametrize(
    ("algorithm", "verdict"),
    [
        ("md5", Verdict.INVALID),
        ("sha-1", Verdict.INVALID),
        ("SHA-256", Verdict.INVALID),
        ("sha-256-32", Verdict.INVALID),
        ("", Verdict.INVALID),
        (None, Verdict.INVALID),
        (["sha-256"], Verdict.INVALID),
        ("sha3-256", Verdict.UNSUPPORTED),
        ("sha-256", Verdict.VERIFIED),
    ],
)
def test_another_hash_than_those_known_is_refused(
    scene: Scene, mint: SdJwtMint, algorithm: Any, verdict: Verdict
) -> None:
    text = spoiled(mint.claims(_sd=[digest(NAME)], _sd_alg=algorithm), mint, NAME)
    assert scene.assess(text).report.verdict is verdict


# --- what must not be hidden ---

_TELLING = {
    "iss": "did:web:lakeview.example",
    "exp": 1_900_000_000,
    "nbf": 1_746_057_600,
    "cnf": {"jwk": {}},
    "vct": "https://lakeview.example/credentials/welder",
    "vct#integrity": "sha256-AAAA",
    "status": {"status_list": {"idx": 0, "uri": "https://lakeview.example/status/1"}},
    "aud": "https://apply.example",
}


@pytest.mark.parametrize("name", _TELLING)
def test_what_decides_about_a_token_is_never_disclosed(scene: Scene, mint: SdJwtMint, name: str) -> None:
    assessed = scene.assess(mint.mint(mint.claims(**{name: _TELLING[name]}), hide=[name]).text())
    assert (assessed.report.verdict, assessed.decision) == (Verdict.INVALID, Decision.REFUSED)
    assert codes(assessed) & {"disclosure_hides", "jwt_type_refused"}


@pytest.mark.parametrize(
    ("name", "value"), [("iat", 1_746_057_600), ("sub", "did:example:maria"), ("jti", "urn:x"), ("type", "a trade")]
)
def test_what_decides_about_nothing_may_be_disclosed(scene: Scene, mint: SdJwtMint, name: str, value: Any) -> None:
    minted = mint.mint(mint.claims(**{name: value}), hide=[name])
    assert [scene.code(minted.text(only=shown)) for shown in (None, [])] == ["proof_valid", "proof_valid"]


def test_a_part_of_what_decides_about_a_token_is_not_hidden_either(scene: Scene, mint: SdJwtMint) -> None:
    status = {"status_list": {"idx": 0, "uri": "https://lakeview.example/status/1"}}
    minted = mint.mint(mint.claims(status=status), hide=["status.status_list"])
    for text in (minted.text(), minted.text(only=[])):
        assert scene.code(text) == "disclosure_hides"


_MEMBERS = ["@context", "type", "validFrom", "validUntil", "credentialStatus", "credentialSchema", "relatedResource"]


@pytest.mark.parametrize("name", _MEMBERS)
def test_what_decides_about_a_record_is_never_disclosed(name: str) -> None:
    scene = Scene()
    mint = SdJwtMint(scene.issuer)
    document = {"iss": scene.issuer.id, **scene.issuer.unsigned_badge(email=EMAIL, valid_until="2031-01-01T00:00:00Z")}
    document["credentialSchema"] = {"id": "https://lakeview.example/s.json", "type": "JsonSchema"}
    document["credentialStatus"] = scene.issuer.status_entry().as_json()
    document["relatedResource"] = [{"id": "https://lakeview.example/r", "digestSRI": "sha256-AAAA"}]
    header = {"typ": "vc+sd-jwt"}
    assert scene.assess(mint.mint(document, header=header).text()).decision is Decision.ACCEPTED
    hidden = scene.assess(mint.mint(document, hide=[name], header=header).text())
    assert (hidden.report.verdict, hidden.decision) == (Verdict.INVALID, Decision.REFUSED)
    assert codes(hidden) & {"disclosure_hides", "jwt_type_refused"}


@pytest.mark.parametrize("path", ["type.1", "credentialStatus.statusListIndex", "credentialSubject.@context"])
def test_neither_is_a_part_of_it(scene: Scene, mint: SdJwtMint, path: str) -> None:
    document = {"iss": scene.issuer.id, **scene.issuer.unsigned_badge(email=EMAIL)}
    document["credentialStatus"] = scene.issuer.status_entry().as_json()
    document["credentialSubject"]["@context"] = document["@context"][1]
    minted = mint.mint(document, hide=[path], header={"typ": "vc+sd-jwt"})
    assert scene.code(minted.text()) == "disclosure_hides"


def test_an_issuer_who_is_disclosed_stands_beside_a_plain_iss(scene: Scene, mint: SdJwtMint) -> None:
    badge = scene.issuer.unsigned_badge(email=EMAIL)
    header = {"typ": "vc+sd-jwt"}
    both = mint.mint({"iss": scene.issuer.id, **badge}, hide=["issuer"], header=header)
    assert scene.assess(both.text()).decision is Decision.ACCEPTED
    assert scene.assess(both.text(only=[])).decision is Decision.REFUSED, "then it names no issuer"
    assert scene.code(mint.mint(badge, hide=["issuer"], header=header).text()) == "disclosure_hides"
    badge["issuer"] = "did:web:other.example"
    other = mint.mint({"iss": scene.issuer.id, **badge}, hide=["issuer"], header=header)
    assert "issuer_claim_mismatch" in codes(scene.assess(other.text()))


# --- kinds of token, and their dates ---


@pytest.mark.parametrize(
    ("typ", "for_claims", "for_badge"),
    [
        ("dc+sd-jwt", "proof_valid", "jwt_type_refused"),  # for a badge: it has no vct
        ("vc+sd-jwt", "proof_valid", "proof_valid"),
        ("vc+ld+sd-jwt", "jwt_type_refused", "proof_valid"),
        (None, "jwt_type_refused", "proof_valid"),
        ("JWT", "jwt_type_refused", "jwt_type_refused"),
        ("vc+jwt", "jwt_type_refused", "jwt_type_refused"),
        ("kb+jwt", "jwt_type_refused", "jwt_type_refused"),
        ("vp+sd-jwt", "jwt_type_refused", "jwt_type_refused"),
        ("statuslist+jwt", "jwt_type_refused", "jwt_type_refused"),
        ("example+sd-jwt", "jwt_type_refused", "jwt_type_refused"),
        (["dc+sd-jwt"], "jwt_type_refused", "jwt_type_refused"),
    ],
)
def test_the_kind_of_token_is_the_expected_one(
    scene: Scene, mint: SdJwtMint, typ: Any, for_claims: str, for_badge: str
) -> None:
    assert scene.code(mint.mint(mint.claims(), header={"typ": typ}).text()) == for_claims
    assert scene.code(mint.badge(email=EMAIL, header={"typ": typ}).text()) == for_badge


@pytest.mark.parametrize("vct", [None, 7, "", ["a"], {"a": "b"}])
def test_a_record_of_no_type_is_of_another_kind(scene: Scene, mint: SdJwtMint, vct: Any) -> None:
    claims = mint.claims(vct=vct)
    if vct is None:
        del claims["vct"]
    assert scene.code(mint.mint(claims).text()) == "jwt_type_refused"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({"alg": "none"}, "jwt_algorithm_refused"),
        ({"alg": "HS256"}, "jwt_algorithm_refused"),
        ({"alg": "EdDSA"}, "key_algorithm_mismatch"),
        ({"crit": ["exp"]}, "jwt_header_refused"),
        ({"b64": False}, "jwt_header_refused"),
        ({"zip": "DEF"}, "jwt_header_refused"),
        ({"cty": "JWT"}, "jwt_type_refused"),
        ({"kid": "did:web:lakeview.example#key-2"}, "key_not_in_document"),
    ],
)
def test_its_header_is_held_to_the_rules_of_every_token(scene: Scene, mint: SdJwtMint, header: Json, code: str) -> None:
    assert scene.code(mint.mint(mint.claims(), header=header).text()) == code


def test_a_token_that_lost_its_tilde_is_none(scene: Scene, mint: SdJwtMint) -> None:
    badge = mint.badge(email=EMAIL).text()
    assert scene.code(badge) == "proof_valid"
    assert scene.code(badge.removesuffix("~")) == "jwt_type_refused"


def test_a_forged_signature_is_found_whatever_is_disclosed(scene: Scene, mint: SdJwtMint) -> None:
    assert scene.code(mint.mint(mint.claims(), hide=["email"], wrong_key=True).text()) == "proof_signature_wrong"


@pytest.mark.parametrize(
    ("claims", "verdict"),
    [
        ({"exp": 1_770_000_000}, Verdict.EXPIRED),
        ({"nbf": 1_900_000_000}, Verdict.NOT_YET_VALID),
        ({"iat": 1_900_000_000}, Verdict.NOT_YET_VALID),
        ({"exp": "1900000000"}, Verdict.NONCONFORMANT),
        ({"exp": 1_900_000_000}, Verdict.VERIFIED),
    ],
)
def test_its_dates_count(scene: Scene, mint: SdJwtMint, claims: Json, verdict: Verdict) -> None:
    assert scene.assess(plain(mint, **claims).text()).report.verdict is verdict


def test_a_badge_in_it_expires_by_its_own_date_too(scene: Scene, mint: SdJwtMint) -> None:
    assert scene.assess(mint.badge(email=EMAIL, expired=True).text()).report.verdict is Verdict.EXPIRED


def test_a_revoked_badge_in_it_is_revoked() -> None:
    scene = Scene()
    text = SdJwtMint(scene.issuer).badge(email=EMAIL, revoked=True, hide=["credentialSubject.identifier"]).text()
    assert scene.assess(text).report.verdict is Verdict.REVOKED


def test_a_status_that_cannot_be_looked_up_is_unknown(scene: Scene, mint: SdJwtMint) -> None:
    status = {"status_list": {"idx": 0, "uri": "https://lakeview.example/status/none"}}
    assessed = scene.assess(plain(mint, status=status).text())
    assert (assessed.report.verdict, assessed.decision) == (Verdict.STATUS_UNKNOWN, Decision.ACCEPTED_WITH_WARNING)


@pytest.mark.parametrize(
    ("claims", "verdict"),
    [
        ({"validUntil": "2026-01-01T00:00:00Z"}, Verdict.EXPIRED),
        ({"expirationDate": "2026-01-01T00:00:00Z"}, Verdict.EXPIRED),
        ({"validFrom": "2031-01-01T00:00:00Z"}, Verdict.NOT_YET_VALID),
        ({"credentialStatus": {"type": "Unheard"}}, Verdict.STATUS_UNKNOWN),
        ({"validUntil": "2031-01-01T00:00:00Z"}, Verdict.VERIFIED),
    ],
)
def test_plain_claims_in_the_words_of_the_data_model_count(
    scene: Scene, mint: SdJwtMint, claims: Json, verdict: Verdict
) -> None:
    """Else a record that its issuer ended would go on."""
    assert scene.assess(plain(mint, **claims).text()).report.verdict is verdict
    (name,) = claims
    assert scene.code(mint.mint(mint.claims(**claims), hide=[name]).text()) == "disclosure_hides"


def test_type_metadata_is_never_fetched(scene: Scene, mint: SdJwtMint) -> None:
    scene.assess(mint.mint(mint.claims(**{"vct#integrity": "sha256-AAAA"})).text())
    assert [request.url for request in scene.documents.requests] == [scene.issuer.document_url]


# --- records in claims ---


def test_plain_claims_become_an_achievement_only_where_they_name_one(scene: Scene, mint: SdJwtMint) -> None:
    (claim,) = read_claims(scene.assess(plain(mint).text()))
    assert (claim.kind, claim.name, claim.trusted) == ("achievement", "Welder I", True)
    permit = mint.claims(name="Residence permit", nationalities=["US"])
    del permit["achievement"]
    assert read_claims(scene.assess(mint.mint(permit).text())) == ()


def test_a_policy_may_name_the_type_of_claims(scene: Scene, mint: SdJwtMint) -> None:
    entry = {"id": scene.issuer.id, "types": ["https://lakeview.example/credentials/welder"]}
    scene.policy = Policy.model_validate({"trusted_issuers": [entry]})
    assert scene.assess(plain(mint).text()).decision is Decision.ACCEPTED
    other = scene.assess(plain(mint, vct="https://lakeview.example/credentials/other").text())
    assert "issuer_outside_terms" in codes(other)


@pytest.mark.parametrize(
    ("claims", "match"),
    [
        ({"email": EMAIL}, "email"),
        ({"email": "eve@mail.example"}, "other_identity"),
        ({"email": None, "given_name": "Maria", "family_name": "Okafor"}, "name_only"),
        ({"email": None, "name": "Somebody Else"}, "other_identity"),
        ({"email": None}, "none"),
    ],
)
def test_plain_claims_say_whom_they_are_about(scene: Scene, mint: SdJwtMint, claims: Json, match: str) -> None:
    assert scene.assess(plain(mint, **claims).text()).report.subject.match == match


@pytest.mark.parametrize(("iss", "verdict"), [(None, Verdict.UNRESOLVABLE), (7, Verdict.NONCONFORMANT)])
def test_claims_without_an_issuer_are_nobodys(scene: Scene, mint: SdJwtMint, iss: Any, verdict: Verdict) -> None:
    claims = mint.claims(iss=iss)
    header = None
    if iss is None:
        del claims["iss"]
        header = {"kid": None}
    assessed = scene.assess(mint.mint(claims, header=header).text())
    assert (assessed.report.verdict, assessed.decision) == (verdict, Decision.REFUSED)


def test_a_linked_data_record_among_the_claims_is_that_record(scene: Scene, mint: SdJwtMint) -> None:
    badge = scene.issuer.unsigned_badge(email=EMAIL, tags=["MIG welding"])
    for said_by_claims in ("issuer", "validFrom", "type"):
        part = {name: value for name, value in badge.items() if name != said_by_claims}
        claims = {"iss": scene.issuer.id, "nbf": 1_746_057_600, "vct": "https://lakeview.example/c", "ld": part}
        assessed = scene.assess(mint.mint(claims, hide=["ld.credentialSubject"]).text())
        assert assessed.report.verdict is Verdict.VERIFIED, said_by_claims
        if said_by_claims != "type":
            assert assessed.report.format == "open_badge_3"
            assert [claim.name for claim in read_claims(assessed)] == ["Welder I", "MIG welding"]


@pytest.mark.parametrize(
    ("hide", "edit", "code"),
    [
        ("ld", {}, "disclosure_hides"),
        ("ld.type", {}, "disclosure_hides"),
        ("ld.validFrom", {}, "disclosure_hides"),
        ("ld.credentialSubject", {"proof": {"type": "DataIntegrityProof"}}, "proof_unsupported"),
        ("ld.credentialSubject", {"issuer": "did:web:other.example"}, "issuer_claim_mismatch"),
    ],
)
def test_a_linked_data_record_is_held_to_the_same_rules(
    scene: Scene, mint: SdJwtMint, hide: str, edit: Json, code: str
) -> None:
    badge = scene.issuer.unsigned_badge(email=EMAIL) | edit
    claims = {"iss": scene.issuer.id, "vct": "https://lakeview.example/c", "ld": badge}
    assessed = scene.assess(mint.mint(claims, hide=[hide]).text())
    assert assessed.decision is Decision.REFUSED
    assert code in codes(assessed)


@pytest.mark.parametrize(
    ("beside", "inside", "verdict"),
    [
        ({"validUntil": "2026-01-01T00:00:00Z"}, {}, Verdict.EXPIRED),
        ({"credentialStatus": {"type": "Unheard"}}, {}, Verdict.STATUS_UNKNOWN),
        ({"validUntil": "2026-01-01T00:00:00Z"}, {"validUntil": "2031-01-01T00:00:00Z"}, Verdict.INVALID),
        ({"validUntil": "2031-01-01T00:00:00Z"}, {"validUntil": "2031-01-01T00:00:00Z"}, Verdict.VERIFIED),
        ({"exp": 1_770_000_000}, {}, Verdict.EXPIRED),
    ],
)
def test_what_stands_beside_a_linked_data_record_counts_too(
    scene: Scene, mint: SdJwtMint, beside: Json, inside: Json, verdict: Verdict
) -> None:
    badge = scene.issuer.unsigned_badge(email=EMAIL) | inside
    claims = {"iss": scene.issuer.id, "vct": "https://lakeview.example/c", "ld": badge} | beside
    assert scene.assess(mint.mint(claims, hide=["ld.id"]).text()).report.verdict is verdict


@pytest.mark.parametrize("member", ["vc", "vp"])
def test_a_record_in_a_claim_vc_or_vp_is_not_read(scene: Scene, mint: SdJwtMint, member: str) -> None:
    badge = scene.issuer.unsigned_badge(email=EMAIL)
    assessed = scene.assess(plain(mint, **{member: badge}).text())
    assert (assessed.report.verdict, assessed.decision) == (Verdict.UNSUPPORTED, Decision.REFUSED)


# --- presentations ---


def test_an_sd_jwt_inside_a_signed_presentation_is_verified(scene: Scene, mint: SdJwtMint) -> None:
    holder = Issuer("holder", method="key")
    good = mint.badge(subject_id=holder.id, hide=["credentialSubject.achievement.name"]).text()
    bad = mint.badge(subject_id=holder.id, email=EMAIL).text(more=[NAME])
    enveloped = [
        {"@context": "https://www.w3.org/ns/credentials/v2", "type": "EnvelopedVerifiableCredential", "id": url}
        for url in (f"data:application/vc+sd-jwt,{good}", f"data:application/vc+sd-jwt,{bad}")
    ]
    first, second = scene.assess_all(holder.jwt_presentation(enveloped))
    assert (first.report.verdict, first.decision) == (Verdict.VERIFIED, Decision.ACCEPTED_WITH_WARNING)
    assert (second.report.verdict, second.decision) == (Verdict.INVALID, Decision.REFUSED)


def _presented(holder: SdJwtMint, credentials: list[Any], **claims: Any) -> Json:
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "holder": holder.issuer.id,
        "verifiableCredential": credentials,
    } | claims


@pytest.mark.parametrize("hide", [[], ["holder", "type"]])
def test_a_presentation_may_itself_be_an_sd_jwt(scene: Scene, hide: list[str]) -> None:
    holder, signer = SdJwtMint(Issuer("holder", method="key", alg="ES256")), Issuer("other", method="web")
    scene.others.append(signer)
    badge = signer.open_badge(subject_id=holder.issuer.id)
    payload = _presented(holder, [badge], nonce="n-1", aud="https://apply.example")
    shown = holder.mint(payload, hide=hide, header={"typ": "vp+sd-jwt"})
    scene.presentation = PresentationContext(nonce="n-1", audience="https://apply.example")
    assert scene.assess(shown.text()).report.subject.match == "holder_proof"
    scene.presentation = PresentationContext(nonce="n-2", audience="https://apply.example")
    assert "holder_other_request" in codes(scene.assess(shown.text()))
    forged = holder.mint(payload, hide=hide, header={"typ": "vp+sd-jwt"}, wrong_key=True)
    assert "holder_invalid" in codes(scene.assess(forged.text()))
    for typ in ("vc+sd-jwt", "dc+sd-jwt", "JWT"):
        other = holder.mint(payload, hide=hide, header={"typ": typ})
        assert "holder_invalid" in codes(scene.assess(other.text()))


def test_a_key_binding_behind_a_presentation_is_not_taken_for_checked(scene: Scene) -> None:
    holder = SdJwtMint(Issuer("holder", method="key", alg="ES256"))
    signer = Issuer("other", method="web")
    scene.others.append(signer)
    shown = holder.mint(_presented(holder, [signer.open_badge(email=EMAIL)]), header={"typ": "vp+sd-jwt"})
    assessed = scene.assess(shown.bound(holder.issuer.key, made=int(NOW.timestamp())))
    assert "holder_unchecked" in codes(assessed)
    assert assessed.decision is Decision.ACCEPTED_WITH_WARNING


# --- work ---


def test_a_thousand_disclosures_cost_no_more_than_their_length(scene: Scene, mint: SdJwtMint) -> None:
    many = [disclosure(SALT, f"claim {n}", n) for n in range(disclosures.MAX_DISCLOSURES)]
    text = spoiled(mint.claims(_sd=[digest(one) for one in many]), mint, *many)
    start = time.process_time()
    assert scene.code(text) == "proof_valid"
    assert time.process_time() - start < 1


# --- odd values ---

_ODD: list[Any] = [None, True, 7, -1.5, "", "text", [], [[]], ["a", 1], {}, {"id": 1}, {"a": {"b": []}}, 10**30]


@pytest.mark.parametrize(
    "name",
    ["iss", "sub", "iat", "nbf", "exp", "jti", "cnf", "vct", "status", "type", "@context", "ld", "issuer", "email",
     "name", "credentialSubject", "credentialStatus", "achievement", "id", "proof", "holder", "verifiableCredential"],
)  # fmt: skip
def test_odd_values_are_answered(name: str) -> None:
    scene = Scene(issuer=Issuer("lakeview", method="web", alg="EdDSA"))
    mint = SdJwtMint(scene.issuer)
    for value in _ODD:
        for payload, typ in ((mint.claims(), "dc+sd-jwt"), (scene.issuer.unsigned_badge(email=EMAIL), "vc+sd-jwt")):
            minted = mint.mint({**payload, name: value}, header={"typ": typ})
            for text in (minted.text(), minted.bound(scene.issuer.key, made=int(NOW.timestamp()))):
                for assessed in scene.assess_all(text):
                    read_claims(assessed)
