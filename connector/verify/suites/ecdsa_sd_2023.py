"""Cryptosuite `ecdsa-sd-2023`, derived proofs (Data Integrity ECDSA Cryptosuites 1.0 sections 3.5.8, 3.5.9, 3.6.7).

The issuer signs, with its own key, what is mandatory and a key made for this one record; with that key each other
statement of the record. Every statement that is shown is either mandatory and covered by the issuer's signature, or
has a signature of its own.
"""

from __future__ import annotations

from typing import Final

from connector import codec
from connector.model.frozen import frozen
from connector.verify import keys
from connector.verify.errors import CheckError
from connector.verify.keys import KeyKind, PublicKey
from connector.verify.suites import disclosure
from connector.verify.suites.base import Json, canonical_rdf, proof_options, spend

MAX_SIGNATURES: Final = 1_000
"""One for each statement that is shown and not mandatory; each costs a tenth of a millisecond."""
_UNITS_PER_SIGNATURE: Final = 40
_HEADERS: Final = {b"\xd9\x5d\x00": "proof_not_derived", b"\xd9\x5d\x01": None}
_P256_MULTICODEC: Final = b"\x80\x24"


@frozen
class DerivedProof:
    """The components, each of its right form.

    Attributes:
        base_signature: the issuer's, over what is mandatory and over `own_key`.
        own_key: the multikey whose private half signed each statement once, and was then thrown away.
        signatures: of the statements that are not mandatory, in their order.
        labels: position N holds the label that the issuer gave to the blank node `_:c14nN`.
        mandatory: positions of the mandatory statements among those that are shown.
    """

    base_signature: bytes
    own_key: bytes
    signatures: tuple[bytes, ...]
    labels: tuple[str, ...]
    mandatory: tuple[int, ...]


class EcdsaSd2023:
    name = "ecdsa-sd-2023"
    kinds = frozenset({KeyKind.P256})

    def holds(self, document: Json, proof: Json, key: PublicKey) -> bool:
        derived = parse(proof.get("proofValue"))
        options = proof_options(document, proof, without="proofValue")
        written = canonical_rdf(document, options)
        return any(_holds(derived, content, configuration, key) for content, configuration in written)


def parse(value: object) -> DerivedProof:
    """Take a `proofValue` apart.

    Raises:
        CheckError: `proof_not_derived` for a base proof, `proof_malformed` for what is not exactly a derived one.
    """
    signature, own_key, signatures, labels, mandatory = disclosure.components(value, _HEADERS)
    if not disclosure.is_bytes(signature, 64):
        disclosure.refuse("the base signature")
    if not disclosure.is_bytes(own_key, 35) or not own_key.startswith(_P256_MULTICODEC):
        disclosure.refuse("the key of the record")
    if type(signatures) is not list or not all(disclosure.is_bytes(item, 64) for item in signatures):
        disclosure.refuse("the signatures")
    if len(signatures) > MAX_SIGNATURES:
        raise CheckError("too_complex", "disclosed statements")
    digests = disclosure.labels(labels)
    if not all(disclosure.is_bytes(digest, 32) for digest in digests):
        disclosure.refuse("the label map")
    names = tuple(["_:u" + codec.b64url_encode(digest) for digest in digests])
    return DerivedProof(signature, own_key, tuple(signatures), names, disclosure.indexes(mandatory))


def _holds(derived: DerivedProof, content: str, configuration: str, key: PublicKey) -> bool:
    # 1. The statements under the issuer's labels, mandatory ones apart; as many signatures as there are others.
    statements = disclosure.relabelled(content, derived.labels)
    parts = disclosure.split(statements, derived.mandatory) if statements is not None else None
    if parts is None or len(parts[1]) != len(derived.signatures):
        return False
    mandatory, others = parts
    # 2. The issuer's signature over the proof's options, the key of this record, and what is mandatory.
    signed = disclosure.sha256(configuration) + derived.own_key + disclosure.sha256(mandatory)
    if not key.verifies(derived.base_signature, signed):
        return False
    # 3. Every other statement has its own.
    spend(_UNITS_PER_SIGNATURE * len(others))
    own_key = keys.from_raw(KeyKind.P256, derived.own_key.removeprefix(_P256_MULTICODEC))
    pairs = zip(derived.signatures, others, strict=True)
    return all(own_key.verifies(signature, line.encode()) for signature, line in pairs)
