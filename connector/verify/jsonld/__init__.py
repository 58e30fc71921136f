"""Strict JSON-LD 1.1 to RDFC-1.0 canonical N-Quads, with pinned contexts and work limits.

Every proof over RDF (`*-rdfc-*`, `ecdsa-sd-2023`, the 2018 and 2020 suites) is checked over what `canonicalize`
returns. Nothing is fetched: contexts are the release's own (`contexts/index.json`). The steps: `vocabulary` has pyld
process each combination of contexts once, `walk` goes over the document once, `rdfc` labels its blank nodes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from connector.verify.jsonld.choice import choices, vocabulary
from connector.verify.jsonld.errors import CODES, CONTEXT_UNKNOWN, TOO_COMPLEX, JsonLdError
from connector.verify.jsonld.limits import DEFAULT, Limits
from connector.verify.jsonld.rdfc import canonical
from connector.verify.jsonld.undefined import undefined_term
from connector.verify.jsonld.walk import Walker

__all__ = ["CODES", "DEFAULT", "JsonLdError", "Limits", "canonicalize"]


def canonicalize(
    documents: Sequence[Any], *, limits: Limits = DEFAULT, hash_algorithm: str = "sha256"
) -> Iterator[tuple[str, ...]]:
    """Yield the canonical N-Quads of each document, once per published content of the contexts they name.

    One URL can have been published with two contents; the newest is tried first, and usually there is one. All
    documents of one call use the same contents. For a Data Integrity proof pass
    `[document_without_proof, proof_options_with_the_document's_context]`.

    Args:
        documents: parsed by `connector.codec.parse_json`; not changed.
        limits: what the call may cost.
        hash_algorithm: of RDFC-1.0; `sha384` where a cryptosuite says so (ecdsa-rdfc-2019 with P-384).

    Raises:
        JsonLdError: a document is not covered by the contexts word for word, or is over a limit. Raised while
            iterating, and only when no content of the contexts fits.
    """
    first: JsonLdError | None = None
    fitted = False
    for choice in choices(documents):
        walker = Walker(vocabulary(choice), limits)
        try:
            datasets = [walker.walk(document) for document in documents]
            walker.check_inline_contexts()
            result = [canonical(dataset, work=limits.work, hash_algorithm=hash_algorithm) for dataset in datasets]
        except JsonLdError as error:
            if error.code == TOO_COMPLEX:
                raise
            first = first or error
            continue
        fitted = True
        yield tuple(result)
    if first is not None and not fitted:
        raise (undefined_term(documents) if first.code == CONTEXT_UNKNOWN else None) or first
