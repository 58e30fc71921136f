"""Cryptosuite `ecdsa-sd-2023`, derived proofs (Data Integrity ECDSA Cryptosuites 1.0 sections 3.5.9 and 3.6.7).

The issuer signs, with its own key, what is mandatory and a key made for this one record; with that key each other
statement of the record. A holder shows some of them. What is verified and read is what is shown: every statement of it
is either mandatory and covered by the issuer's signature, or has a signature of its own.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from connector.verify.keys import KeyKind, PublicKey
from connector.verify.suites import derived_proof
from connector.verify.suites.base import Json, canonical_rdf, proof_options
from connector.verify.suites.derived_proof import DerivedProof

_STATEMENT: Final = re.compile(r'"(?:[^"\\]|\\.)*"\S*|\S+')
"""Subject, predicate, object, graph and full stop of a canonical statement; only a literal holds spaces."""


class EcdsaSd2023:
    name = "ecdsa-sd-2023"
    kinds = frozenset({KeyKind.P256})

    def holds(self, document: Json, proof: Json, key: PublicKey) -> bool:
        derived = derived_proof.parse(proof.get("proofValue"))
        options = proof_options(document, proof, without="proofValue")
        written = canonical_rdf(document, options)
        return any(_holds(derived, content, configuration, key) for content, configuration in written)


def _holds(derived: DerivedProof, content: str, configuration: str, key: PublicKey) -> bool:
    # 1. The statements under the labels that the issuer gave to the blank nodes.
    statements = _relabelled(content, derived.labels)
    # 2. Mandatory ones, by position; as many signatures as there are others.
    if statements is None or not derived.mandatory <= set(range(len(statements))):
        return False
    mandatory = "".join([line for index, line in enumerate(statements) if index in derived.mandatory])
    others = [line for index, line in enumerate(statements) if index not in derived.mandatory]
    if len(others) != len(derived.signatures):
        return False
    # 3. The issuer's signature over the proof's options, the key of this record, and what is mandatory.
    signed = _sha256(configuration) + derived.own_key + _sha256(mandatory)
    if not key.verifies(derived.base_signature, signed):
        return False
    # 4. Every other statement has its own.
    own_key = derived.public_key()
    pairs = zip(derived.signatures, others, strict=True)
    return all(own_key.verifies(signature, line.encode()) for signature, line in pairs)


def _relabelled(content: str, labels: tuple[str, ...]) -> list[str] | None:
    """The canonical statements with other labels, sorted again; None if the labels are not exactly the nodes'."""
    known = {f"_:c14n{number}": label for number, label in enumerate(labels)}
    used: set[str] = set()
    statements = []
    for line in content.split("\n")[:-1]:
        parts = _STATEMENT.findall(line)
        nodes = [part for part in parts if part.startswith("_:")]
        if not known.keys() >= set(nodes):
            return None
        used.update(nodes)
        statements.append(" ".join([known.get(part, part) for part in parts]) + "\n")
    return sorted(statements) if len(used) == len(known) else None


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
