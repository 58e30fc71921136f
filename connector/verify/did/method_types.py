"""How a verification method writes its key, by its type (Controlled Identifiers 1.0 section 2.2, DID Specification
Registries "Verification Method Types").

A type fixes what kind of key there may be; the two general ones fix how it is written. A method of a type that is not
here may mean something else by the same members, so it is not read.
"""

from __future__ import annotations

from typing import Any, Final

from connector.verify import keys
from connector.verify.errors import CheckError
from connector.verify.keys import KeyKind, PublicKey

Json = dict[str, Any]

_GENERAL: Final[dict[str, str]] = {
    "Multikey": "publicKeyMultibase",
    "JsonWebKey": "publicKeyJwk",
    "JsonWebKey2020": "publicKeyJwk",
    "JwsVerificationKey2020": "publicKeyJwk",
}
"""Any kind of key, written in one way."""
_OF_ONE_KIND: Final[dict[str, KeyKind]] = {
    "Ed25519VerificationKey2018": KeyKind.ED25519,
    "Ed25519VerificationKey2020": KeyKind.ED25519,
    "EcdsaSecp256k1VerificationKey2019": KeyKind.SECP256K1,
    "EcdsaSecp256r1VerificationKey2019": KeyKind.P256,
    "EcdsaSecp384r1VerificationKey2019": KeyKind.P384,
    "EcdsaSecp521r1VerificationKey2019": KeyKind.P521,
    "RsaVerificationKey2018": KeyKind.RSA,
}
"""One kind of key; their contexts define several ways to write it, and issuers use them all."""
_KEY_MEMBERS: Final = ("publicKeyMultibase", "publicKeyJwk", "publicKeyBase58", "publicKeyPem", "publicKeyHex")
_SECRET_MEMBERS: Final = frozenset(
    f"{prefix}Key{form}"
    for prefix in ("secret", "private")
    for form in ("Multibase", "Jwk", "Base58", "Pem", "Hex", "")
)


def read_key(method: Json) -> PublicKey:
    """The public key of a verification method.

    Raises:
        CheckError: it holds none or several, a secret one, one that its type does not have, or one that is unusable.
    """
    if not _SECRET_MEMBERS.isdisjoint(method):
        raise CheckError("key_too_weak", "the document publishes the secret half")
    kind = method.get("type")
    if not isinstance(kind, str):
        raise CheckError("key_malformed", "the key has no type")
    if kind not in _GENERAL and kind not in _OF_ONE_KIND:
        raise CheckError("key_kind_unsupported", kind[:60])
    present = [member for member in _KEY_MEMBERS if member in method]
    if len(present) != 1:
        raise CheckError("key_malformed", "a key must be written in exactly one way")
    if kind in _GENERAL:
        if present[0] != _GENERAL[kind]:
            raise CheckError("key_malformed", f"{kind} is not written as {present[0]}")
        return _read(present[0], method[present[0]], None)
    key = _read(present[0], method[present[0]], _OF_ONE_KIND[kind])
    if key.kind is not _OF_ONE_KIND[kind]:
        raise CheckError("key_malformed", f"{kind} holds a key of another kind: {key.kind}")
    return key


def _read(member: str, value: object, kind: KeyKind | None) -> PublicKey:
    if member == "publicKeyJwk":
        return keys.from_jwk(value)
    if not isinstance(value, str):
        raise CheckError("key_malformed", "the key is not text")
    if member == "publicKeyMultibase":
        return keys.from_multikey(value)
    if member == "publicKeyPem":
        return keys.from_pem(value)
    if member == "publicKeyBase58" and kind is not None:
        return keys.from_base58(value, kind)
    raise CheckError("key_kind_unsupported", member)
