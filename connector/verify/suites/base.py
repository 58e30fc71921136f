"""The interface of a suite, and what the suites over RDF share.

A suite answers one question: did this key make this proof over this document? Which key it must be, for what purpose
and when, is asked once for all suites in `checks.proof`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from connector import codec
from connector.errors import IntakeError
from connector.verify.errors import CheckError
from connector.verify.jsonld import JsonLdError, canonicalize, limits
from connector.verify.keys import KeyKind, PublicKey

Json = dict[str, Any]


class Suite(Protocol):
    """One way of securing a document with an embedded proof.

    Attributes:
        name: as `securing` reports it: the cryptosuite, or the proof's type.
        kinds: the kinds of key it may be used with.
    """

    name: str
    kinds: frozenset[KeyKind]

    def holds(self, document: Json, proof: Json, key: PublicKey) -> bool:
        """Whether `key` made `proof` over `document` (which is without its proofs, or has those it builds on).

        Raises:
            CheckError: the proof is malformed, or the document is not one that can be signed this way.
        """
        ...


def spend(units: int) -> None:
    """Draw on the work that one submission may cost; a unit is some three microseconds.

    Raises:
        CheckError: `too_complex`, it is spent.
    """
    try:
        limits.spend(units)
    except JsonLdError as error:
        raise CheckError(error.code, error.detail) from None


def proof_options(document: Json, proof: Json, *, without: str) -> Json:
    """The proof as it is signed: without its value, under the document's own context.

    Data Integrity EdDSA Cryptosuites 1.0 section 3.2.5; the 2018 and 2020 suites do the same. Nothing is injected: a
    proof whose terms the document's contexts do not define is refused, since its options would not be signed.

    Raises:
        CheckError: the proof brings a context of its own that is not the document's: it would be read by others, and
            is not signed.
    """
    if "@context" in proof:
        _check_own_context(proof["@context"], document.get("@context"))
    options = {name: value for name, value in proof.items() if name != without}
    return options | {"@context": document.get("@context")}


def _check_own_context(own: object, contexts: object) -> None:
    known = contexts if isinstance(contexts, list) else [contexts]
    named = own if isinstance(own, list) else [own]
    if not named or not all(context in known for context in named):
        raise CheckError("proof_context_mismatch", "the proof's own @context is not the document's")


def canonical_rdf(document: Json, options: Json, hash_name: str = "sha256") -> Iterator[tuple[str, ...]]:
    """The canonical document and the canonical options, per published content of the contexts.

    Raises:
        CheckError: with the code of the `JsonLdError`.
    """
    try:
        yield from canonicalize([document, options], hash_algorithm=hash_name)
    except JsonLdError as error:
        raise CheckError(error.code, error.detail) from None


def hashed_rdf(document: Json, options: Json, hash_name: str = "sha256") -> Iterator[bytes]:
    """Hash of the canonical options followed by that of the canonical document, per published content of the contexts.

    Args:
        hash_name: `sha256` or `sha384`, for the two hashes and within RDF canonicalization.

    Raises:
        CheckError: with the code of the `JsonLdError`.
    """
    digest: Callable[[bytes], Any] = getattr(hashlib, hash_name)
    for content, configuration in canonical_rdf(document, options, hash_name):
        yield digest(configuration.encode()).digest() + digest(content.encode()).digest()


def multibase_signature(proof: Json, length: int) -> bytes:
    """The `proofValue`, base58btc, of exactly `length` bytes."""
    value = proof.get("proofValue")
    if not isinstance(value, str) or not value.startswith("z"):
        raise CheckError("proof_malformed", "proofValue is not base58btc")
    try:
        signature = codec.multibase_decode(value)
    except IntakeError as error:
        raise CheckError("proof_malformed", f"proofValue: {error.code}") from None
    if len(signature) != length:
        raise CheckError("proof_malformed", f"proofValue has {len(signature)} bytes")
    return signature
