"""Cryptosuite `eddsa-rdfc-2022` (Data Integrity EdDSA Cryptosuites 1.0 section 3.2)."""

from __future__ import annotations

from connector.verify.keys import KeyKind, PublicKey
from connector.verify.suites.base import Json, hashed_rdf, multibase_signature, proof_options


class EddsaRdfc2022:
    name = "eddsa-rdfc-2022"
    kinds = frozenset({KeyKind.ED25519})

    def holds(self, document: Json, proof: Json, key: PublicKey) -> bool:
        signature = multibase_signature(proof, 64)
        options = proof_options(document, proof, without="proofValue")
        return any(key.verifies(signature, data) for data in hashed_rdf(document, options))
