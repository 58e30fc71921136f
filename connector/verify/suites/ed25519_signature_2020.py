"""Proof type `Ed25519Signature2020` (W3C CCG; Data Integrity EdDSA Cryptosuites, appendix)."""

from __future__ import annotations

from connector.verify.keys import KeyKind, PublicKey
from connector.verify.suites.base import Json, hashed_rdf, multibase_signature, proof_options


class Ed25519Signature2020:
    name = "Ed25519Signature2020"
    kinds = frozenset({KeyKind.ED25519})

    def holds(self, document: Json, proof: Json, key: PublicKey) -> bool:
        signature = multibase_signature(proof, 64)
        options = proof_options(document, proof, without="proofValue")
        return any(key.verifies(signature, data) for data in hashed_rdf(document, options))
