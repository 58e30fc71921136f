"""One public verifier on one workload, in an environment of its own (made by `run.py`); prints one line of JSON.

    python python_peer.py NAME CONTEXTS.json WORKLOAD SECONDS

It gets the raw bytes and checks every proof, with the calls that the library documents. Nothing is fetched: contexts
come from CONTEXTS.json, keys from did:key.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Verify = Callable[[bytes], None]

MOST_ROUNDS = 200
_DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def every(credential: Json) -> Iterator[Json]:
    yield credential
    subject = credential["credentialSubject"]
    for inner in subject.get("verifiableCredential", ()):
        yield from every(inner)


def from_multibase(text: str) -> bytes:
    number = 0
    for digit in text[1:]:
        number = number * 58 + _DIGITS.index(digit)
    body = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return bytes(len(text[1:]) - len(text[1:].lstrip("1"))) + body


@cache
def key_of(method: str) -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    raw = from_multibase(method.partition("#")[0].removeprefix("did:key:"))
    if raw[:2] == b"\x80\x24":
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw[2:])
    return ed25519.Ed25519PublicKey.from_public_bytes(raw[2:])


def proof_alone(canonical: Callable[[Json], bytes]) -> Verify:
    """A canonicalizer and a signature check: the two steps of a proof, and none of a verifier's other checks."""

    def verify(raw: bytes) -> None:
        if raw.startswith(b"ey"):
            raise ValueError("it takes no tokens")
        for credential in every(json.loads(raw)):
            options = dict(credential["proof"])
            if options.get("cryptosuite") == "eddsa-jcs-2022":
                raise ValueError("it canonicalizes RDF")
            value = from_multibase(options.pop("proofValue"))
            content = {name: part for name, part in credential.items() if name != "proof"}
            pieces = (canonical({**options, "@context": credential["@context"]}), canonical(content))
            message = b"".join(hashlib.sha256(piece).digest() for piece in pieces)
            key_of(options["verificationMethod"]).verify(value, message)

    return verify


def pyld(contexts: Json) -> Verify:
    from pyld import jsonld

    def load(url: str, _: object = None) -> Json:
        return {"contentType": None, "contextUrl": None, "documentUrl": url, "document": contexts[url]}

    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": load}
    return proof_alone(lambda value: str(jsonld.normalize(value, options)).encode())


def pyoxigraph(contexts: Json) -> Verify:
    """It loads no contexts, so they are written into the document in place of their addresses."""
    import pyoxigraph as ox

    def spelled_out(value: Any) -> Any:
        if isinstance(value, list):
            return [spelled_out(item) for item in value]
        if not isinstance(value, dict):
            return value
        return {name: flat(part) if name == "@context" else spelled_out(part) for name, part in value.items()}

    def flat(context: Any) -> list[Any]:
        if isinstance(context, list):
            return [one for part in context for one in flat(part)]
        return flat(contexts[context]["@context"]) if isinstance(context, str) else [context]

    def canonical(value: Json) -> bytes:
        dataset = ox.Dataset(ox.parse(json.dumps(spelled_out(value)), ox.RdfFormat.JSON_LD))
        dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
        lines = ox.serialize(dataset, format=ox.RdfFormat.N_QUADS).splitlines(keepends=True)
        return b"".join(sorted(lines))

    return proof_alone(canonical)


def openvc_core(contexts: Json) -> Verify:
    from openvc.proof.data_integrity import DataIntegrityProofSuite
    from openvc.proof.di_jcs import EddsaJcsProofSuite
    from openvc.verify import verify_credential

    rdf, jcs = DataIntegrityProofSuite(), EddsaJcsProofSuite()

    def verify(raw: bytes) -> None:
        if raw.startswith(b"ey"):
            assert verify_credential(raw.decode())
            return
        for credential in every(json.loads(raw)):
            if credential["proof"].get("cryptosuite") == "eddsa-jcs-2022":
                jcs.verify(credential)
            else:
                rdf.verify(credential, extra_contexts=contexts)

    return verify


def openbadgeslib(contexts: Json) -> Verify:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from openbadgeslib.ob3 import ldp
    from openbadgeslib.ob3.verifier import OB3Verifier

    @cache
    def pem(method: str) -> bytes:
        encoded: bytes = key_of(method).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return encoded

    def verify(raw: bytes) -> None:
        if raw.startswith(b"ey"):
            import base64

            head = raw.partition(b".")[0]
            header = json.loads(base64.urlsafe_b64decode(head + b"=" * (-len(head) % 4)))
            OB3Verifier(pem(header["kid"])).verify(raw.decode())
            return
        for credential in every(json.loads(raw)):
            key = pem(credential["proof"]["verificationMethod"])
            ldp.verify_data_integrity_proof(credential, key, extra_contexts=contexts)

    return verify


def openedx_didkit(_: Json) -> Verify:
    """It carries its own contexts, and takes no others."""
    import didkit

    loop = asyncio.new_event_loop()

    async def ask(text: str, options: Json) -> Any:
        return await didkit.verify_credential(text, json.dumps(options))

    def verify(raw: bytes) -> None:
        if raw.startswith(b"ey"):
            asked = [(raw.decode(), {"proofFormat": "jwt"})]
        else:
            asked = [(json.dumps(credential), {}) for credential in every(json.loads(raw))]
        for text, options in asked:
            errors = json.loads(loop.run_until_complete(ask(text, options)))["errors"]
            if errors:
                raise ValueError("; ".join(errors))

    return verify


PEERS: dict[str, Callable[[Json], Verify]] = {
    "pyld": pyld,
    "pyoxigraph": pyoxigraph,
    "openvc-core": openvc_core,
    "openbadgeslib": openbadgeslib,
    "openedx-didkit": openedx_didkit,
}


def measure(verify: Verify, raw: bytes, seconds: float) -> Json:
    taken: list[float] = []
    try:
        verify(raw)
        end = time.monotonic() + seconds
        while not taken or (time.monotonic() < end and len(taken) < MOST_ROUNDS):
            start = time.process_time_ns()
            verify(raw)
            taken.append((time.process_time_ns() - start) / 1e6)
    except Exception as error:  # noqa: BLE001  # whatever a library says no with is its answer
        return {"ms": None, "why": f"{type(error).__name__}: {error}"[:160]}
    return {"ms": statistics.median(taken), "why": ""}


def main() -> None:
    name, contexts, workload, seconds = sys.argv[1:]
    verify = PEERS[name](json.loads(Path(contexts).read_bytes()))
    print(json.dumps(measure(verify, Path(workload).read_bytes().strip(), float(seconds))))


if __name__ == "__main__":
    main()
