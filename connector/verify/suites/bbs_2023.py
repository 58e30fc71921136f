"""Cryptosuite `bbs-2023`, derived proofs (Data Integrity BBS Cryptosuites 1.0 section 3), its baseline.

The issuer signs all statements together; a holder proves that it has such a signature over those that it shows, and
nobody can tell that two proofs are of one signature. Proofs that are bound to a holder's secret or to a pseudonym are
made otherwise and are not supported.
"""

from __future__ import annotations

from typing import Final

from connector.model.frozen import frozen
from connector.verify import bbs
from connector.verify.errors import CheckError
from connector.verify.keys import KeyKind, PublicKey
from connector.verify.suites import disclosure
from connector.verify.suites.base import Json, canonical_rdf, proof_options, spend

MAX_PRESENTATION_HEADER: Final = 10_000
_UNITS_PER_PROOF: Final = 2_400
_UNITS_PER_MESSAGE: Final = 30
_HEADERS: Final = {
    **{bytes((0xD9, 0x5D, feature)): "proof_not_derived" for feature in (2, 4, 6, 8)},
    **{bytes((0xD9, 0x5D, feature)): "proof_unsupported" for feature in (5, 7, 9)},
    b"\xd9\x5d\x03": None,
}


@frozen
class DerivedProof:
    """The components, each of its right form.

    Attributes:
        labels: position N holds the label that the issuer gave to the blank node `_:c14nN`.
        mandatory: positions of the mandatory statements among those that are shown.
        selected: positions of the others among all that are not mandatory.
        presentation_header: what the holder bound the proof to.
    """

    proof: bbs.Proof
    labels: tuple[str, ...]
    mandatory: tuple[int, ...]
    selected: tuple[int, ...]
    presentation_header: bytes


class Bbs2023:
    name = "bbs-2023"
    kinds = frozenset({KeyKind.BLS12_381})

    def holds(self, document: Json, proof: Json, key: PublicKey) -> bool:
        derived = parse(proof.get("proofValue"))
        options = proof_options(document, proof, without="proofValue")
        written = canonical_rdf(document, options)
        return any(_holds(derived, content, configuration, key) for content, configuration in written)


def parse(value: object) -> DerivedProof:
    """Take a `proofValue` apart.

    Raises:
        CheckError: `proof_not_derived` for a base proof, `proof_unsupported` for one with another feature,
            `proof_malformed` for what is not exactly a derived one.
    """
    raw, labels, mandatory, selected, header = disclosure.components(value, _HEADERS)
    proof = bbs.read_proof(raw) if type(raw) is bytes else None
    if proof is None:
        disclosure.refuse("the proof of knowledge")
    if type(header) is not bytes or len(header) > MAX_PRESENTATION_HEADER:
        disclosure.refuse("the presentation header")
    numbers = disclosure.labels(labels)
    if not all(type(number) is int and number >= 0 for number in numbers):
        disclosure.refuse("the label map")
    chosen = disclosure.indexes(selected)
    if len(proof.hidden) + len(chosen) > bbs.MAX_MESSAGES:
        raise CheckError("too_complex", "signed statements")
    names = tuple([f"_:b{number}" for number in numbers])
    return DerivedProof(proof, names, disclosure.indexes(mandatory), chosen, header)


def _holds(derived: DerivedProof, content: str, configuration: str, key: PublicKey) -> bool:
    # 1. The statements under the issuer's labels, mandatory ones apart; as many positions as there are others.
    statements = disclosure.relabelled(content, derived.labels)
    parts = disclosure.split(statements, derived.mandatory) if statements is not None else None
    if parts is None or len(parts[1]) != len(derived.selected):
        return False
    mandatory, others = parts
    spend(_UNITS_PER_PROOF + _UNITS_PER_MESSAGE * (len(derived.proof.hidden) + len(others)))
    # 2. One proof over the proof's options, what is mandatory, and the others.
    header = disclosure.sha256(configuration) + disclosure.sha256(mandatory)
    messages = [line.encode() for line in others]
    return bbs.verifies(key.spki, derived.proof, header, derived.presentation_header, messages, derived.selected)
