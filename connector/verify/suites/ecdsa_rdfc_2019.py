"""Cryptosuite `ecdsa-rdfc-2019` (Data Integrity ECDSA Cryptosuites 1.0 section 3.2): P-256 and P-384."""

from __future__ import annotations

from connector.verify.keys import PublicKey
from connector.verify.suites.base import Json, hashed_rdf, multibase_signature, proof_options
from connector.verify.suites.ecdsa import CURVES


class EcdsaRdfc2019:
    name = "ecdsa-rdfc-2019"
    kinds = frozenset(CURVES)

    def holds(self, document: Json, proof: Json, key: PublicKey) -> bool:
        curve = CURVES[key.kind]
        signature = multibase_signature(proof, curve.signature_bytes)
        options = proof_options(document, proof, without="proofValue")
        return any(key.verifies(signature, data) for data in hashed_rdf(document, options, curve.hash_name))
