"""The floor of a document: what no verifier can leave out. Also the workloads, and what is signed in them.

JSON: parse it, hash its bytes, check one signature per proof. A JWT: take it apart, decode and parse header and
payload, find the key, check. The floor is the usual libraries' (`orjson`, `cryptography`); a second one has libsodium
check the Ed25519 signatures, so that what is the library's gain and what is ours can be told apart.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from nacl.bindings import crypto_sign_open

from connector.codec import multibase_decode
from connector.verify.jsonld import canonicalize

WORKLOADS = (
    Path(os.environ.get("LER_SHARED_DIR") or Path(__file__).resolve().parents[2] / "shared") / "bench" / "workloads"
)
ED25519_PREFIX, P256_PREFIX = b"\xed\x01", b"\x80\x24"
ES256 = ECDSA(SHA256())


@dataclass(frozen=True)
class Signature:
    """One check: key, value and message, ready for the library."""

    method: str
    value: bytes
    message: bytes


@dataclass(frozen=True)
class Document:
    """One workload; `signatures` are what the floor checks."""

    name: str
    raw: bytes
    signatures: list[Signature] = field(default_factory=list)

    @property
    def is_jwt(self) -> bool:
        return self.name.endswith(".jwt")


def load(name: str) -> Document:
    raw = (WORKLOADS / name).read_bytes().strip()
    if name.endswith(".jwt"):
        _, payload, _ = _parts(raw)
        inner = payload["credentialSubject"].get("verifiableCredential", ())
        return Document(name, raw, [signature_of(credential) for credential in inner])
    return Document(name, raw, [signature_of(credential) for credential in credentials(orjson.loads(raw))])


def credentials(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The outer credential and every one inside it."""
    yield document
    for inner in document["credentialSubject"].get("verifiableCredential", ()):
        yield from credentials(inner)


def signature_of(credential: dict[str, Any]) -> Signature:
    """What an embedded proof signs: the hash of the canonical options, then that of the canonical document."""
    proof = credential["proof"]
    document = {name: value for name, value in credential.items() if name != "proof"}
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    if str(proof.get("cryptosuite")).endswith("-jcs-2022"):
        pieces = (rfc8785.dumps(options), rfc8785.dumps(document))
    else:
        content, configuration = next(canonicalize([document, {**options, "@context": document["@context"]}]))
        pieces = (configuration.encode(), content.encode())
    message = b"".join(hashlib.sha256(piece).digest() for piece in pieces)
    return Signature(proof["verificationMethod"], multibase_decode(proof["proofValue"]), message)


@cache
def key_of(method: str) -> Ed25519PublicKey | EllipticCurvePublicKey:
    raw = _raw_key(method)
    if raw.startswith(P256_PREFIX):
        return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), raw.removeprefix(P256_PREFIX))
    return Ed25519PublicKey.from_public_bytes(raw.removeprefix(ED25519_PREFIX))


@cache
def _raw_key(method: str) -> bytes:
    return multibase_decode(method.partition("#")[0].removeprefix("did:key:"))


def check(signature: Signature) -> bool:
    """Raises when it does not hold."""
    key = key_of(signature.method)
    if isinstance(key, Ed25519PublicKey):
        key.verify(signature.value, signature.message)
    else:
        r, s = int.from_bytes(signature.value[:32], "big"), int.from_bytes(signature.value[32:], "big")
        key.verify(encode_dss_signature(r, s), signature.message, ES256)
    return True


def check_with_sodium(signature: Signature) -> bool:
    raw = _raw_key(signature.method)
    if not raw.startswith(ED25519_PREFIX):
        return check(signature)
    crypto_sign_open(signature.value + signature.message, raw.removeprefix(ED25519_PREFIX))
    return True


def floor(document: Document, check: Any = check) -> bool:
    if document.is_jwt:
        header, _, signature = _parts(document.raw)
        assert header["alg"] in ("EdDSA", "ES256")
        check(signature)
    else:
        hashlib.sha256(document.raw).digest()
        orjson.loads(document.raw)
    return all(check(signature) for signature in document.signatures)


def sodium_floor(document: Document) -> bool:
    return floor(document, check_with_sodium)


def _parts(token: bytes) -> tuple[dict[str, Any], dict[str, Any], Signature]:
    head, body, tail = token.split(b".")
    header = orjson.loads(_unpadded(head))
    payload = orjson.loads(_unpadded(body))
    return header, payload, Signature(header["kid"], _unpadded(tail), head + b"." + body)


def _unpadded(segment: bytes) -> bytes:
    return base64.urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))
