"""Proof type `Ed25519Signature2018` (W3C CCG lds-ed25519-2018): a detached JWS over the two hashes."""

from __future__ import annotations

from connector.verify.errors import CheckError
from connector.verify.keys import KeyKind, PublicKey
from connector.verify.suites import detached_jws
from connector.verify.suites.base import Json, hashed_rdf, proof_options


class Ed25519Signature2018:
    name = "Ed25519Signature2018"
    kinds = frozenset({KeyKind.ED25519})

    def holds(self, document: Json, proof: Json, key: PublicKey) -> bool:
        header, start, signature = detached_jws.split(proof.get("jws"))
        if not key.allows(header.get("alg")):
            raise CheckError("key_algorithm_mismatch", "jws alg")
        options = proof_options(document, proof, without="jws")
        return any(key.verifies(signature, start + data) for data in hashed_rdf(document, options))
