"""How long verification takes, as multiples of a floor measured in the same run.

The floor of a document is what no verifier can leave out: parse it, hash its bytes, check one Ed25519 signature per
proof. Times are CPU times, medians of rounds that alternate between the floor and what is measured, so that other load
and clock changes touch both. The workloads are signed samples in `LER_SHARED_DIR/bench/workloads`.

    python bench/bench.py [--rounds N]

A measurement is a function `(document) -> bool` with a line in `MEASUREMENTS`; `document` holds the raw bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from connector.codec import multibase_decode, parse_json
from connector.verify.jsonld import canonicalize

WORKLOADS = (
    Path(os.environ.get("LER_SHARED_DIR") or Path(__file__).resolve().parents[2] / "shared") / "bench" / "workloads"
)
FILES = {
    "S_rdfc.json": "one badge",
    "M_rdfc.json": "CLR, 10 badges",
    "L25_rdfc.json": "CLR, 25 badges",
    "L_rdfc.json": "CLR, 100 badges",
}
ED25519_PREFIX = b"\xed\x01"


@dataclass(frozen=True)
class Signature:
    key: Ed25519PublicKey
    value: bytes
    message: bytes


@dataclass(frozen=True)
class Document:
    """One workload; `signatures` are what the floor checks."""

    name: str
    raw: bytes
    signatures: list[Signature] = field(default_factory=list)


@cache
def key_of(verification_method: str) -> Ed25519PublicKey:
    raw = multibase_decode(verification_method.partition("#")[0].removeprefix("did:key:"))
    return Ed25519PublicKey.from_public_bytes(raw.removeprefix(ED25519_PREFIX))


def credentials(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The outer credential and every one inside it."""
    yield document
    for inner in document["credentialSubject"].get("verifiableCredential", ()):
        yield from credentials(inner)


def signature_of(credential: dict[str, Any]) -> Signature:
    """eddsa-rdfc-2022: the hash of the canonical proof options, then that of the canonical document."""
    proof = credential["proof"]
    document = {name: value for name, value in credential.items() if name != "proof"}
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    canonical, canonical_options = next(canonicalize([document, {**options, "@context": document["@context"]}]))
    message = hashlib.sha256(canonical_options.encode()).digest() + hashlib.sha256(canonical.encode()).digest()
    return Signature(key_of(proof["verificationMethod"]), multibase_decode(proof["proofValue"]), message)


def check(signature: Signature) -> bool:
    signature.key.verify(signature.value, signature.message)  # raises when it does not hold
    return True


# --- what is measured ------------------------------------------------------------------------------------------------


def floor(document: Document) -> bool:
    orjson.loads(document.raw)
    hashlib.sha256(document.raw).digest()
    return all(check(signature) for signature in document.signatures)


def canonicalize_and_check(document: Document) -> bool:
    parsed = parse_json(document.raw)
    return all(check(signature_of(credential)) for credential in credentials(parsed))


MEASUREMENTS: dict[str, Callable[[Document], bool]] = {
    "strict parse, canonicalize, all proofs": canonicalize_and_check,
}


# --- measuring -------------------------------------------------------------------------------------------------------


def load(name: str) -> Document:
    raw = (WORKLOADS / name).read_bytes()
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
    print(f"{'measurement':<42}{'workload':<18}{'proofs':>7}{'floor ms':>10}{'ms':>10}{'x floor':>9}")
    for label, measurement in MEASUREMENTS.items():
        for name, what in FILES.items():
            document = load(name)
            base, taken = compare(measurement, document, rounds)
            print(f"{label:<42}{what:<18}{len(document.signatures):>7}{base:>10.2f}{taken:>10.2f}{taken / base:>9.1f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
