"""Proof type `JsonWebSignature2020` (W3C CCG lds-jws2020), with the algorithms that are supported for tokens too."""

from __future__ import annotations

from connector.verify.errors import CheckError
from connector.verify.keys import KeyKind, PublicKey
from connector.verify.suites import detached_jws
from connector.verify.suites.base import Json, hashed_rdf, proof_options


class JsonWebSignature2020:
    name = "JsonWebSignature2020"
    kinds = frozenset(KeyKind)

    def holds(self, document: Json, proof: Json, key: PublicKey) -> bool:
        header, start, signature = detached_jws.split(proof.get("jws"))
        algorithm = header.get("alg")
        if not isinstance(algorithm, str) or not key.allows(algorithm):
            raise CheckError("key_algorithm_mismatch", f"jws alg for {key.kind}")
        options = proof_options(document, proof, without="jws")
        return any(key.verifies(signature, start + data, algorithm) for data in hashed_rdf(document, options))
