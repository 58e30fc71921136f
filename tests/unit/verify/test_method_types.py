"""Verification methods: what each type may hold, and how it may be written."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from connector import codec
from connector.testing.signing import SigningKey
from connector.verify import keys
from connector.verify.did.method_types import read_key
from connector.verify.errors import CheckError

Json = dict[str, Any]

KINDS = {alg: SigningKey("types", alg) for alg in ("EdDSA", "ES256", "ES384", "ES512", "ES256K", "RS256")}
TYPES = {
    "Ed25519VerificationKey2018": "EdDSA",
    "Ed25519VerificationKey2020": "EdDSA",
    "EcdsaSecp256r1VerificationKey2019": "ES256",
    "EcdsaSecp384r1VerificationKey2019": "ES384",
    "EcdsaSecp521r1VerificationKey2019": "ES512",
    "EcdsaSecp256k1VerificationKey2019": "ES256K",
    "RsaVerificationKey2018": "RS256",
}


def _base58(key: SigningKey) -> str:
    return codec.base58_encode(codec.base58_decode(key.multikey[1:])[2:])


def _pem(key: SigningKey) -> str:
    spki = keys.from_jwk(key.public_jwk).spki
    body = codec.b64url_encode(spki).replace("-", "+").replace("_", "/")
    body += "=" * (-len(body) % 4)
    lines = "\n".join(body[start : start + 64] for start in range(0, len(body), 64))
    return f"-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n"


def _ways(key: SigningKey) -> dict[str, Any]:
    return {
        "publicKeyMultibase": key.multikey,
        "publicKeyJwk": key.public_jwk,
        "publicKeyBase58": _base58(key),
        "publicKeyPem": _pem(key),
    }


def _code(method: Json) -> str:
    with pytest.raises(CheckError) as caught:
        read_key(method)
    return caught.value.code


@pytest.mark.parametrize("member", ["publicKeyMultibase", "publicKeyJwk", "publicKeyBase58", "publicKeyPem"])
@pytest.mark.parametrize("kind", TYPES)
def test_a_type_of_one_kind_holds_that_kind_however_it_is_written(kind: str, member: str) -> None:
    key = KINDS[TYPES[kind]]
    assert read_key({"type": kind, member: _ways(key)[member]}) == keys.from_jwk(key.public_jwk)


@pytest.mark.parametrize("member", ["publicKeyMultibase", "publicKeyJwk", "publicKeyBase58", "publicKeyPem"])
@pytest.mark.parametrize("kind", TYPES)
def test_a_type_of_one_kind_holds_no_other(kind: str, member: str) -> None:
    others = [key for alg, key in KINDS.items() if alg != TYPES[kind]]
    for other in others:
        curves = {"ES256", "ES256K"}  # a bare point does not say of which of the two it is
        if member == "publicKeyBase58" and {other.alg, TYPES[kind]} == curves:
            continue
        assert _code({"type": kind, member: _ways(other)[member]}) == "key_malformed"


@pytest.mark.parametrize("alg", KINDS)
@pytest.mark.parametrize(
    ("kind", "right"),
    [
        ("Multikey", "publicKeyMultibase"),
        ("JsonWebKey", "publicKeyJwk"),
        ("JsonWebKey2020", "publicKeyJwk"),
        ("JwsVerificationKey2020", "publicKeyJwk"),
    ],
)
def test_a_general_type_holds_every_kind_in_its_one_way(kind: str, right: str, alg: str) -> None:
    for member, value in _ways(KINDS[alg]).items():
        if member == right:
            assert read_key({"type": kind, member: value}) == keys.from_jwk(KINDS[alg].public_jwk)
        else:
            assert _code({"type": kind, member: value}) == "key_malformed"


@pytest.mark.parametrize("member", ["privateKeyJwk", "privateKeyPem", "secretKeyMultibase", "privateKeyHex"])
def test_a_method_with_its_secret_half_is_nobodys(member: str) -> None:
    key = KINDS["RS256"]
    method = {"type": "RsaVerificationKey2018", "publicKeyPem": _pem(key)}
    assert read_key(method)
    assert _code(method | {member: "x"}) == "key_too_weak"


def _private_pem() -> str:
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _weak_pem() -> str:
    key = rsa.generate_private_key(65537, 1024)  # what must be refused
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize(
    ("pem", "code"),
    [
        (_pem(KINDS["RS256"]) + _pem(KINDS["EdDSA"]), "key_malformed"),
        ("for you:\n" + _pem(KINDS["RS256"]), "key_malformed"),
        (_pem(KINDS["RS256"]).replace("PUBLIC KEY", "CERTIFICATE"), "key_malformed"),
        (_pem(KINDS["RS256"])[:-80], "key_malformed"),
        (_pem(KINDS["RS256"]).replace("A", "B"), "key_malformed"),
        (_private_pem(), "key_too_weak"),
        (_weak_pem(), "key_too_weak"),
        ("", "key_malformed"),
    ],
    ids=["two", "text before", "certificate", "cut short", "changed", "private", "weak", "empty"],
)
def test_a_pem_is_one_public_key(pem: str, code: str) -> None:
    assert _code({"type": "RsaVerificationKey2018", "publicKeyPem": pem}) == code


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ({"type": "EcdsaSecp256k1VerificationKey2019", "publicKeyHex": "02" * 33}, "key_kind_unsupported"),
        ({"type": "EcdsaSecp256k1RecoveryMethod2020", "blockchainAccountId": "eip155:1:0x0"}, "key_kind_unsupported"),
        ({"type": "Bls12381G2Key2020", "publicKeyBase58": "o"}, "key_kind_unsupported"),
        ({"type": "Ed25519VerificationKey2020", "publicKeyMultibase": 7}, "key_malformed"),
        ({"type": "Ed25519VerificationKey2018", "publicKeyBase58": "1" * 101}, "key_malformed"),
        ({"publicKeyMultibase": KINDS["EdDSA"].multikey}, "key_malformed"),
    ],
)
def test_what_no_method_is(method: Json, code: str) -> None:
    assert _code(method) == code
