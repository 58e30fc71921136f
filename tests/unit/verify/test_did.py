"""Finding keys: DID methods, controller documents, JWK Sets; THREATS section 3, "the proof's key"."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connector import codec
from connector.errors import FetchError
from connector.model.report import Decision, Verdict
from connector.testing.documents import NOW, MemoryDocuments
from connector.testing.issuer import Issuer
from connector.testing.pieces import SIGNED_ON
from connector.testing.signing import SigningKey, compact_json
from connector.verify.did import KeyQuestion, did_web, find_key, resolve
from connector.verify.did.method_types import read_key
from connector.verify.errors import CheckError

from .conftest import EMAIL, Scene, codes

Json = dict[str, Any]
QUESTION = KeyQuestion("assertionMethod", NOW, NOW)
NOBODY = MemoryDocuments({})


def _code(action: Callable[[], object]) -> str:
    with pytest.raises(CheckError) as caught:
        action()
    return caught.value.code


@pytest.mark.parametrize("alg", ["EdDSA", "ES256", "ES384", "ES512", "ES256K", "RS256"])
def test_did_key_is_its_own_document(alg: str) -> None:
    key = SigningKey("own", alg)
    did = f"did:key:{key.multikey}"
    assert find_key(f"{did}#{key.multikey}", QUESTION, NOBODY).controller == did
    assert NOBODY.requests == ()


def test_did_key_without_its_fragment_is_accepted_with_a_remark() -> None:
    scene = Scene(issuer=Issuer("short", method="key"))
    badge = scene.issuer.open_badge(email=EMAIL, options={"verificationMethod": scene.issuer.id})
    assessed = scene.assess(badge)
    assert assessed.decision is Decision.ACCEPTED
    assert "key_reference_short" in codes(assessed)


def test_did_jwk_without_its_fragment_is_accepted_with_a_remark() -> None:
    scene = Scene(issuer=Issuer("short", method="jwk"))
    for kid in (scene.issuer.key_id, scene.issuer.id, "0", "#0", None):
        assessed = scene.assess(scene.issuer.jwt_badge(email=EMAIL, header={"kid": kid}))
        assert assessed.decision is Decision.ACCEPTED
        assert ("key_reference_short" in codes(assessed)) is (kid != scene.issuer.key_id)
    assert scene.code(scene.issuer.jwt_badge(email=EMAIL, header={"kid": f"{scene.issuer.id}#1"})) != "proof_valid"


def test_did_web_without_a_fragment_names_no_key(scene: Scene) -> None:
    """Though its document lists but one: no key is taken because it is the first."""
    for kid in (scene.issuer.id, None):
        assert scene.assess(scene.issuer.jwt_badge(email=EMAIL, header={"kid": kid})).decision is Decision.REFUSED


def test_a_method_that_is_called_after_another_document_is_not_found_by_a_short_name(scene: Scene) -> None:
    """Who refers to the other document's key would be shown this one in its place."""
    token = scene.issuer.jwt_badge(email=EMAIL, header={"kid": "one"})
    document = scene.issuer.controller_document()
    method = _method(document)
    method.pop("publicKeyMultibase")
    method |= {"type": "JsonWebKey", "publicKeyJwk": {**scene.issuer.key.public_jwk, "kid": "one"}}
    scene.extra[str(scene.issuer.document_url)] = document
    assert scene.code(token) == "proof_valid"
    method["id"] = "did:web:another.example#key-1"
    document["assertionMethod"] = [method["id"]]
    assert scene.code(token) == "key_not_in_document"


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("did:key:z6Mkfoo", "key_malformed"),
        ("did:key:u7QE", "key_identifier_malformed"),
        ("did:key:", "key_identifier_malformed"),
        (f"did:key:{SigningKey('a').multikey}#{SigningKey('b').multikey}", "key_not_in_document"),
        (f"did:key:{SigningKey('a').multikey}#", "key_identifier_malformed"),
        (f"did:key:{SigningKey('a').multikey}?x=1", "key_identifier_malformed"),
        ("did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc", "key_kind_unsupported"),
        ("did:ion:abc#key", "key_method_unknown"),
        ("did:example:123#key-0", "key_method_unknown"),
        ("urn:uuid:1#key", "key_method_unknown"),
        ("http://issuer.example/keys#1", "key_method_unknown"),
        ("file:///etc/passwd", "key_method_unknown"),
        ("#key-1", "key_identifier_malformed"),
        ("https://user:pw@issuer.example/keys#1", "key_identifier_malformed"),
        ("https://[#1", "key_identifier_malformed"),
        ("https:#1", "key_identifier_malformed"),
        ("did:jwk:%%%#0", "key_identifier_malformed"),
        (f"did:jwk:{codec.b64url_encode(b'[]')}#0", "key_identifier_malformed"),
    ],
)
def test_names_of_keys_that_lead_nowhere(method: str, code: str) -> None:
    assert _code(lambda: find_key(method, QUESTION, NOBODY)) == code


@pytest.mark.shared
def test_published_did_keys_hold_the_key_their_vectors_say(shared: Path) -> None:
    vectors = json.loads((shared / "vectors" / "did-key" / "ed25519-x25519.json").read_bytes())
    methods = {did: vector["didDocument"]["verificationMethod"][0] for did, vector in vectors.items()}
    assert len(methods) > 3
    for did, method in methods.items():
        assert find_key(did, QUESTION, NOBODY).key == read_key(method)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["secp256k1.json", "rsa.json"])
def test_published_did_keys_of_other_kinds_are_read_as_their_vectors_say(shared: Path, name: str) -> None:
    vectors = json.loads((shared / "vectors" / "did-key" / name).read_bytes())
    assert vectors
    for did, vector in vectors.items():
        assert find_key(did, QUESTION, NOBODY).key == read_key(vector["didDocument"]["verificationMethod"][0])


def test_did_jwk_for_encryption_signs_nothing() -> None:
    jwk = SigningKey("enc").public_jwk | {"use": "enc"}
    did = f"did:jwk:{codec.b64url_encode(compact_json(jwk))}"
    assert _code(lambda: find_key(f"{did}#0", QUESTION, NOBODY)) == "key_not_authorised"


@pytest.mark.parametrize(
    ("did", "url"),
    [
        ("did:web:lakeview.example", "https://lakeview.example/.well-known/did.json"),
        ("did:web:lakeview.example:issuers:one", "https://lakeview.example/issuers/one/did.json"),
        ("did:web:lakeview.example%3A3000:d", "https://lakeview.example:3000/d/did.json"),
        ("did:web:Lakeview.example", "https://lakeview.example/.well-known/did.json"),
        ("did:web:lakeview.example:a%20b", "https://lakeview.example/a%20b/did.json"),
    ],
)
def test_did_web_addresses(did: str, url: str) -> None:
    assert did_web.address(did) == url


@pytest.mark.parametrize(
    "did",
    [
        "did:web:",
        "did:web:user@lakeview.example",
        "did:web:user%40lakeview.example",
        "did:web:lakeview.example%2Fetc",
        "did:web:lakeview.example/etc",
        "did:web:lakeview.example:..:x",
        "did:web:lakeview.example:.",
        "did:web:lakeview.example:%2e%2e:x",
        "did:web:lakeview.example:a%2Fb",
        "did:web:lakeview.example:a%5Cb",
        "did:web:lakeview.example:a%00b",
        "did:web:lakeview.example::x",
        "did:web:lakeview.example:",
        "did:web:lakeview.example%3A99999",
        "did:web:lakeview.example%3A0",
        "did:web:lakeview.example%3Aabc",
        "did:web:lakeview.example:a?b",
        "did:web:lakeview..example",
        "did:web:-lakeview.example",
        "did:web:[::1]",
        "did:web:läkeview.example",
    ],
)
def test_did_web_refuses_what_moves_the_address(did: str) -> None:
    assert _code(lambda: did_web.address(did)) == "key_identifier_malformed"


# --- documents ---


def _method(document: Json) -> Json:
    method: Json = document["verificationMethod"][0]
    return method


def _add_secret(document: Json) -> None:
    _method(document)["secretKeyMultibase"] = "z3u2"


SPOILT: dict[str, tuple[Callable[[Json], Any], str]] = {
    "another identifier": (lambda d: d.update(id="did:web:evil.example"), "key_document_mismatch"),
    "no identifier": (lambda d: d.pop("id"), "key_document_mismatch"),
    "not for assertions": (lambda d: d.update(assertionMethod=[]), "key_not_authorised"),
    "no relationships": (lambda d: d.pop("assertionMethod"), "key_not_authorised"),
    "only for authentication": (lambda d: d.pop("assertionMethod"), "key_not_authorised"),
    "another controller": (lambda d: _method(d).update(controller="did:web:evil.example"), "key_not_authorised"),
    "no controller": (lambda d: _method(d).pop("controller"), "key_not_authorised"),
    "revoked": (lambda d: _method(d).update(revoked="2026-01-01T00:00:00Z"), "key_revoked"),
    "revoked at an unreadable time": (lambda d: _method(d).update(revoked="soon"), "key_document_malformed"),
    "expired before it signed": (lambda d: _method(d).update(expires="2025-01-01T00:00:00Z"), "key_revoked"),
    "another key's name": (lambda d: _method(d).update(id="did:web:lakeview.example#key-2"), "key_not_in_document"),
    "no key": (lambda d: _method(d).pop("publicKeyMultibase"), "key_malformed"),
    "two keys in one": (lambda d: _method(d).update(publicKeyJwk={}), "key_malformed"),
    "its secret half": (_add_secret, "key_too_weak"),
    "defined in two ways": (
        lambda d: d["verificationMethod"].append({**_method(d), "publicKeyMultibase": SigningKey("evil").multikey}),
        "key_document_malformed",
    ),
    "defined another way where it is listed": (
        lambda d: d.update(assertionMethod=[{**_method(d), "publicKeyMultibase": SigningKey("evil").multikey}]),
        "key_document_malformed",
    ),
    "listed, and kept in another's document": (
        lambda d: d.update(verificationMethod=[], assertionMethod=["did:web:lakeview.example#key-1"]),
        "key_not_in_document",
    ),
    "expired the moment it signed": (lambda d: _method(d).update(expires=SIGNED_ON), "key_revoked"),
    "expires at an unreadable time": (lambda d: _method(d).update(expires="2099"), "key_document_malformed"),
    "revoked at a time without a zone": (
        lambda d: _method(d).update(revoked="2026-01-01T00:00:00"),
        "key_document_malformed",
    ),
    "no type": (lambda d: _method(d).pop("type"), "key_malformed"),
    "several types": (lambda d: _method(d).update(type=["Multikey"]), "key_malformed"),
    "a type that is written otherwise": (lambda d: _method(d).update(type="JsonWebKey"), "key_malformed"),
    "a type of another kind of key": (
        lambda d: _method(d).update(type="EcdsaSecp256k1VerificationKey2019"),
        "key_malformed",
    ),
    "a type for encryption": (lambda d: _method(d).update(type="X25519KeyAgreementKey2020"), "key_kind_unsupported"),
    "a type nobody knows": (lambda d: _method(d).update(type="QuantumKey2031"), "key_kind_unsupported"),
    "a key of a kind its suite does not have": (
        lambda d: _method(d).update(publicKeyMultibase=SigningKey("evil", "ES256").multikey),
        "key_algorithm_mismatch",
    ),
    "somebody else's key": (
        lambda d: _method(d).update(publicKeyMultibase=SigningKey("evil").multikey),
        "proof_signature_wrong",
    ),
}


UNBROKEN: dict[str, Callable[[Json], Any]] = {
    "defined twice alike": lambda d: d["verificationMethod"].append(copy.deepcopy(_method(d))),
    "revoked only later": lambda d: _method(d).update(revoked="2031-01-01T00:00:00Z"),
    "expired after it signed": lambda d: _method(d).update(expires="2025-05-01T00:00:01Z"),
    "expires later, by another zone's clock": lambda d: _method(d).update(expires="2025-05-01T01:00:00-01:00"),
    "named relatively": lambda d: _method(d).update(id="#key-1"),
    "its suite's own type": lambda d: _method(d).update(type="Ed25519VerificationKey2020"),
}


@pytest.mark.parametrize("name", UNBROKEN)
def test_what_does_not_matter_about_a_key(scene: Scene, name: str) -> None:
    document = scene.issuer.controller_document()
    UNBROKEN[name](document)
    scene.extra[str(scene.issuer.document_url)] = document
    assert scene.assess(scene.issuer.open_badge(email=EMAIL)).decision is Decision.ACCEPTED


@pytest.mark.parametrize("name", SPOILT)
def test_a_key_counts_only_as_its_owners_document_lists_it(scene: Scene, name: str) -> None:
    badge = scene.issuer.open_badge(email=EMAIL)
    assert scene.code(badge) == "proof_valid"
    change, code = SPOILT[name]
    document = scene.issuer.controller_document()
    change(document)
    scene.extra[str(scene.issuer.document_url)] = document
    assert scene.code(badge) == code
    assert scene.assess(badge).decision is Decision.REFUSED


def test_a_key_may_be_embedded_in_its_relationship_and_named_relatively(scene: Scene) -> None:
    document = scene.issuer.controller_document()
    method = document.pop("verificationMethod")[0]
    document["assertionMethod"] = [{**method, "id": "#key-1"}]
    scene.extra[str(scene.issuer.document_url)] = document
    assert scene.code(scene.issuer.open_badge(email=EMAIL)) == "proof_valid"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (404, "key_document_unreachable"),
        (500, "key_document_unreachable"),
        (FetchError("no", code="timeout"), "key_document_unreachable"),
        (FetchError("no", code="private_address", refused=True), "key_document_unreachable"),
        (b"<html>", "key_document_malformed"),
        (b"[]", "key_document_malformed"),
        (b'{"id": 1, "id": 2}', "key_document_malformed"),
    ],
)
def test_keys_that_cannot_be_had_leave_it_unresolvable(scene: Scene, answer: Any, code: str) -> None:
    scene.extra[str(scene.issuer.document_url)] = answer
    badge = scene.issuer.open_badge(email=EMAIL)
    assert scene.code(badge) == code
    assert scene.assess(badge).report.verdict is Verdict.UNRESOLVABLE


# --- https ---


def _https() -> Scene:
    return Scene(issuer=Issuer("https", method="https", alg="RS256"))


def test_a_key_in_a_controller_document_at_an_address() -> None:
    scene = _https()
    assert scene.assess(scene.issuer.jwt_badge(email=EMAIL)).decision is Decision.ACCEPTED


def test_a_key_at_an_address_of_its_own_is_the_issuers_only_if_the_issuer_lists_it() -> None:
    scene = _https()
    url = "https://https.example/keys/1"
    scene.extra[url] = scene.issuer.key.public_jwk
    listed = scene.assess(scene.issuer.jwt_badge(email=EMAIL, header={"kid": url}))
    assert listed.decision is Decision.ACCEPTED, "the issuer's own document lists the same key"
    scene.extra[scene.issuer.id] = 404
    unlisted = scene.assess(scene.issuer.jwt_badge(email=EMAIL, header={"kid": url}))
    assert "issuer_unbound" in codes(unlisted)
    assert unlisted.decision is Decision.ACCEPTED_WITH_WARNING


def test_a_single_key_at_an_address_may_have_a_name() -> None:
    scene = _https()
    url = "https://https.example/keys/1"
    scene.extra[url] = {**scene.issuer.key.public_jwk, "kid": "one"}
    assert scene.code(scene.issuer.jwt_badge(email=EMAIL, header={"kid": url})) == "proof_valid"
    assert scene.code(scene.issuer.jwt_badge(email=EMAIL, header={"kid": f"{url}#one"})) == "proof_valid"
    assert scene.code(scene.issuer.jwt_badge(email=EMAIL, header={"kid": f"{url}#two"})) == "key_document_mismatch"


def test_a_key_in_a_jwk_set_by_its_kid() -> None:
    scene = _https()
    issuer = scene.issuer
    jwk = {**issuer.key.public_jwk, "kid": "one"}
    scene.extra[issuer.id] = {"keys": [{**SigningKey("other").public_jwk, "kid": "two"}, jwk]}
    assert scene.assess(issuer.jwt_badge(email=EMAIL, header={"kid": f"{issuer.id}#one"})).decision is Decision.ACCEPTED
    assert scene.assess(issuer.jwt_badge(email=EMAIL, header={"kid": "one"})).decision is Decision.ACCEPTED
    assert scene.code(issuer.jwt_badge(email=EMAIL, header={"kid": "three"})) == "key_not_in_document"


SETS: dict[str, tuple[Callable[[Json], list[Any]], str]] = {
    "alone": (lambda jwk: [jwk], "proof_valid"),
    "beside a key without a name": (lambda jwk: [SigningKey("other").public_jwk, jwk], "proof_valid"),
    "beside what is no key": (lambda jwk: [None, "x", jwk], "proof_valid"),
    "ends later": (lambda jwk: [jwk | {"exp": 1_900_000_000}], "proof_valid"),
    "to be revoked later": (lambda jwk: [jwk | {"revoked": {"revoked_at": 1_900_000_000}}], "proof_valid"),
    "for its own algorithm": (lambda jwk: [jwk | {"alg": "RS256", "use": "sig"}], "proof_valid"),
    "twice": (lambda jwk: [jwk, jwk], "key_not_in_document"),
    "one name for two keys": (lambda jwk: [jwk, SigningKey("x").public_jwk | {"kid": "one"}], "key_not_in_document"),
    "of another name": (lambda jwk: [jwk | {"kid": "One"}], "key_not_in_document"),
    "without a name": (lambda jwk: [{k: v for k, v in jwk.items() if k != "kid"}], "key_not_in_document"),
    "none": (lambda jwk: [], "key_not_in_document"),
    "over": (lambda jwk: [jwk | {"exp": 1_700_000_000}], "key_revoked"),
    "over at no time": (lambda jwk: [jwk | {"exp": "never"}], "key_revoked"),
    "revoked": (lambda jwk: [jwk | {"revoked": {"revoked_at": 1_760_000_000}}], "key_revoked"),
    "revoked at no time": (lambda jwk: [jwk | {"revoked": True}], "key_revoked"),
    "for encryption": (lambda jwk: [jwk | {"use": "enc"}], "key_malformed"),
    "for another algorithm": (lambda jwk: [jwk | {"alg": "PS256"}], "key_algorithm_mismatch"),
    "with its secret half": (lambda jwk: [jwk | {"d": "AAAA"}], "key_too_weak"),
    "a shared secret": (lambda jwk: [{"kty": "oct", "k": "AAAA", "kid": "one"}], "key_too_weak"),
}


@pytest.mark.parametrize("name", SETS)
def test_one_key_of_a_set_has_the_name_and_is_in_use(name: str) -> None:
    scene = _https()
    make, code = SETS[name]
    scene.extra[scene.issuer.id] = {"keys": make({**scene.issuer.key.public_jwk, "kid": "one"})}
    assessed = scene.assess(scene.issuer.jwt_badge(email=EMAIL, header={"kid": f"{scene.issuer.id}#one"}))
    assert code in codes(assessed)
    assert (assessed.decision is Decision.ACCEPTED) is (code == "proof_valid")


def test_a_set_at_another_address_is_the_issuers_only_if_the_issuer_lists_the_key() -> None:
    scene = _https()
    url = "https://https.example/keys"
    scene.extra[url] = {"keys": [{**scene.issuer.key.public_jwk, "kid": "one"}]}
    token = scene.issuer.jwt_badge(email=EMAIL, header={"kid": f"{url}#one"})
    assert scene.assess(token).decision is Decision.ACCEPTED
    scene.extra[scene.issuer.id] = {"id": scene.issuer.id, "type": "Profile"}
    assert "issuer_unbound" in codes(scene.assess(token))


def test_a_key_kept_in_anothers_document_counts_only_where_the_issuer_refers_to_it(scene: Scene) -> None:
    """Controlled Identifiers 1.0 section 3.3: its controller must list it; whose record it is says the issuer."""
    keeper = Issuer("keeper", method="web")
    scene.others.append(keeper)
    badge = keeper.open_badge(email=EMAIL, edit=lambda d: d["issuer"].update(id=scene.issuer.id))
    assert "issuer_key_mismatch" in codes(scene.assess(badge))
    document = scene.issuer.controller_document()
    document["assertionMethod"].append(keeper.key_id)
    scene.extra[str(scene.issuer.document_url)] = document
    assert scene.assess(badge).decision is Decision.ACCEPTED
    kept = keeper.controller_document() | {"assertionMethod": []}
    scene.extra[str(keeper.document_url)] = kept
    assert "key_not_authorised" in codes(scene.assess(badge)), "its keeper no longer lists it"


def test_never_the_first_key_of_a_set() -> None:
    scene = _https()
    scene.extra[scene.issuer.id] = {"keys": [scene.issuer.key.public_jwk]}
    assert scene.code(scene.issuer.jwt_badge(email=EMAIL, header={"kid": f"{scene.issuer.id}#one"})) != "proof_valid"


def test_a_recorded_world_answers_for_any_method() -> None:
    issuer = Issuer("recorded", method="web")
    document = issuer.controller_document()
    renamed = {**document, "id": "did:example:9", "verificationMethod": [], "assertionMethod": []}
    found = resolve("did:example:9", MemoryDocuments({"did:example:9": renamed}))
    assert found.id == "did:example:9"
    wrong = MemoryDocuments({"did:example:9": document})
    assert _code(lambda: resolve("did:example:9", wrong)) == "key_document_mismatch"
