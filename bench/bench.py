"""How long verification takes, as multiples of a floor measured in the same run; then what the service costs.

The floor of a document is what no verifier can leave out: parse it, hash its bytes, check one signature per proof; of a
JWT also: take it apart, decode header and payload, look the key up.
Times are CPU times, medians of rounds that alternate between the floor and what is measured, so that other load and
clock changes touch both. The workloads are signed samples in `LER_SHARED_DIR/bench/workloads`.

    python bench/bench.py [--rounds N]

A measurement is a function `(document) -> bool` with a line in `MEASUREMENTS`; `document` holds the raw bytes.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import rfc8785
import service
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from connector.answers import answer
from connector.codec import multibase_decode, parse_json, split_compact_jws
from connector.infra.documents import NoDocuments
from connector.intake import receive
from connector.model.applicant import Applicant
from connector.model.report import Verdict
from connector.model.submission import Submission
from connector.ports import World
from connector.verify import Policy, assess_all
from connector.verify.jsonld import canonicalize
from connector.verify.jsonld.limits import shared_work

WORKLOADS = (
    Path(os.environ.get("LER_SHARED_DIR") or Path(__file__).resolve().parents[2] / "shared") / "bench" / "workloads"
)
JWT_FILES = {
    "S_eddsa.jwt": "one badge, EdDSA",
    "S_es256.jwt": "one badge, ES256",
}
FILES = {
    "S_rdfc.json": "one badge",
    "M_rdfc.json": "CLR, 10 badges",
    "L25_rdfc.json": "CLR, 25 badges",
    "L_rdfc.json": "CLR, 100 badges",
}
JCS_FILES = {
    "S_jcs.json": "one badge, JCS",
    "M_jcs.json": "CLR, 10 badges, JCS",
}
ED25519_PREFIX, P256_PREFIX = b"\xed\x01", b"\x80\x24"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NOBODY, OFFLINE = Applicant(), NoDocuments()


@dataclass(frozen=True)
class Signature:
    key: Ed25519PublicKey | EllipticCurvePublicKey
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


@cache
def key_of(verification_method: str) -> Ed25519PublicKey | EllipticCurvePublicKey:
    raw = multibase_decode(verification_method.partition("#")[0].removeprefix("did:key:"))
    if raw.startswith(P256_PREFIX):
        return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), raw.removeprefix(P256_PREFIX))
    return Ed25519PublicKey.from_public_bytes(raw.removeprefix(ED25519_PREFIX))


def credentials(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The outer credential and every one inside it."""
    yield document
    for inner in document["credentialSubject"].get("verifiableCredential", ()):
        yield from credentials(inner)


def signature_of(credential: dict[str, Any]) -> Signature:
    """The hash of the canonical proof options, then that of the canonical document, as RDF or as JSON."""
    proof = credential["proof"]
    document = {name: value for name, value in credential.items() if name != "proof"}
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    if proof["cryptosuite"] == "eddsa-jcs-2022":
        content, configuration = rfc8785.dumps(document), rfc8785.dumps(options)
    else:
        written = next(canonicalize([document, {**options, "@context": document["@context"]}]))
        content, configuration = written[0].encode(), written[1].encode()
    message = hashlib.sha256(configuration).digest() + hashlib.sha256(content).digest()
    return Signature(key_of(proof["verificationMethod"]), multibase_decode(proof["proofValue"]), message)


def jwt_signature(raw: bytes) -> Signature:
    """The one signature of a compact JWT; ES256 in the form that the library takes (RFC 7518 section 3.4)."""
    header, _payload, message, value = split_compact_jws(raw.decode().strip())
    if header["alg"] == "ES256":
        value = encode_dss_signature(int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big"))
    return Signature(key_of(header["kid"]), value, message)


def check(signature: Signature) -> bool:
    """Raises when it does not hold."""
    if isinstance(signature.key, Ed25519PublicKey):
        signature.key.verify(signature.value, signature.message)
    else:
        signature.key.verify(signature.value, signature.message, ECDSA(SHA256()))
    return True


# --- what is measured ------------------------------------------------------------------------------------------------


def floor(document: Document) -> bool:
    hashlib.sha256(document.raw).digest()
    if document.is_jwt:
        return jwt_floor(document.raw)
    orjson.loads(document.raw)
    return all(check(signature) for signature in document.signatures)


def jwt_floor(raw: bytes) -> bool:
    """What every reader of a JWT does: take it apart, decode and parse header and payload, find the key, check."""
    head, body, tail = raw.strip().split(b".")
    header = orjson.loads(_unpadded(head))
    orjson.loads(_unpadded(body))
    value = _unpadded(tail)
    if header["alg"] == "ES256":
        value = encode_dss_signature(int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big"))
    return check(Signature(key_of(header["kid"]), value, head + b"." + body))


def _unpadded(segment: bytes) -> bytes:
    return base64.urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))


def canonicalize_and_check(document: Document) -> bool:
    parsed = parse_json(document.raw)
    with shared_work():
        return all(check(signature_of(credential)) for credential in credentials(parsed))


def decide(document: Document) -> bool:
    """Bytes to decision: every check of every credential; no claims, no report."""
    found = receive(Submission(content=document.raw))
    assessed = assess_all(found, Policy(), World(OFFLINE.session()), applicant=NOBODY, now=NOW)
    return all(one.report.verdict is Verdict.VERIFIED for one in assessed)


def answer_in_full(document: Document) -> bool:
    """The whole answer of `verify --stream`, but for writing the JSON."""
    result = answer(Submission(content=document.raw), Policy(), World(OFFLINE.session()), applicant=NOBODY, now=NOW)
    return bool(result["verdict"] == "verified")


Measurement = Callable[[Document], bool]
MEASUREMENTS: tuple[tuple[str, Measurement, dict[str, str]], ...] = (
    ("canonicalize, all proofs", canonicalize_and_check, FILES),
    ("bytes to decision", decide, FILES),
    ("whole answer", answer_in_full, FILES),
    ("bytes to decision", decide, JWT_FILES),
    ("bytes to decision", decide, JCS_FILES),
)


# --- measuring -------------------------------------------------------------------------------------------------------


def load(name: str) -> Document:
    raw = (WORKLOADS / name).read_bytes()
    if name.endswith(".jwt"):
        return Document(name, raw, [jwt_signature(raw)])
    return Document(name, raw, [signature_of(credential) for credential in credentials(parse_json(raw))])


def cpu_ms(measurement: Callable[[Document], bool], document: Document) -> float:
    start = time.process_time_ns()
    assert measurement(document), f"{document.name} did not verify"
    return (time.process_time_ns() - start) / 1e6


def compare(measurement: Callable[[Document], bool], document: Document, rounds: int) -> tuple[float, float]:
    """Median CPU milliseconds of the floor and of the measurement."""
    pairs = [(cpu_ms(floor, document), cpu_ms(measurement, document)) for _ in range(rounds)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    if not WORKLOADS.is_dir():
        print("bench: skipped, LER_SHARED_DIR is not there")
        return 0
    print(f"{'measurement':<28}{'workload':<20}{'proofs':>7}{'floor ms':>10}{'ms':>10}{'x floor':>9}")
    for label, measurement, files in MEASUREMENTS:
        for name, what in files.items():
            document = load(name)
            base, taken = compare(measurement, document, rounds)
            print(f"{label:<28}{what:<20}{len(document.signatures):>7}{base:>10.2f}{taken:>10.2f}{taken / base:>9.1f}")
    print()
    service.report()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
