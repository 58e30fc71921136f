"""Cryptosuite `eddsa-jcs-2022` (Data Integrity EdDSA Cryptosuites 1.0 section 3.3)."""

from __future__ import annotations

import hashlib

from connector.verify.keys import KeyKind, PublicKey
from connector.verify.suites.base import Json, multibase_signature
from connector.verify.suites.jcs import hashed_json


class EddsaJcs2022:
    name = "eddsa-jcs-2022"
    kinds = frozenset({KeyKind.ED25519})

    def holds(self, document: Json, proof: Json, key: PublicKey) -> bool:
        signature = multibase_signature(proof, 64)
        return key.verifies(signature, hashed_json(document, proof, hashlib.sha256))
