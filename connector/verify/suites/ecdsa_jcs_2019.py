"""Cryptosuite `ecdsa-jcs-2019` (Data Integrity ECDSA Cryptosuites 1.0 section 3.3): P-256 and P-384."""

from __future__ import annotations

from connector.verify.keys import PublicKey
from connector.verify.suites.base import Json, multibase_signature
from connector.verify.suites.ecdsa import CURVES
from connector.verify.suites.jcs import hashed_json


class EcdsaJcs2019:
    name = "ecdsa-jcs-2019"
    kinds = frozenset(CURVES)

    def holds(self, document: Json, proof: Json, key: PublicKey) -> bool:
        curve = CURVES[key.kind]
        signature = multibase_signature(proof, curve.signature_bytes)
        return key.verifies(signature, hashed_json(document, proof, curve.digest))
