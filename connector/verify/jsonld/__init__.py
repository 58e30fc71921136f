"""Strict JSON-LD 1.1 to RDFC-1.0 canonical N-Quads, with pinned contexts and work limits.

Every proof over RDF (`*-rdfc-*`, `ecdsa-sd-2023`, the 2018 and 2020 suites) is checked over what `canonicalize`
returns. Nothing is fetched: contexts are the release's own (`contexts/index.json`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from connector.verify.jsonld.errors import CODES, JsonLdError
from connector.verify.jsonld.limits import DEFAULT, Limits

__all__ = ["CODES", "DEFAULT", "JsonLdError", "Limits", "canonicalize"]


def canonicalize(documents: Sequence[Any], *, limits: Limits = DEFAULT) -> Iterator[tuple[str, ...]]:
    """Yield the canonical N-Quads of each document, once per published content of the contexts they name.

    One URL can have been published with two contents; the newest is tried first, and usually there is one. All
    documents of one call use the same contents. For a Data Integrity proof pass
    `[document_without_proof, proof_options_with_the_document's_context]`.

    Raises:
        JsonLdError: a document is not covered by the contexts word for word, or is over a limit. Raised while
            iterating, and only when no content of the contexts fits.
    """
    from connector.verify.jsonld import _interim

    yield from _interim.canonicalize(documents, limits)
