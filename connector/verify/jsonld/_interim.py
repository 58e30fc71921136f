"""Canonicalization by pyld, until the compiled walk replaces it in the next commits."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

from pyld import jsonld

from connector.verify.jsonld.errors import CONTEXT_UNKNOWN, TERM_NOT_ALLOWED, JsonLdError
from connector.verify.jsonld.limits import Limits
from connector.verify.jsonld.pinned import index, load


def _loader(url: str, options: dict[str, Any]) -> dict[str, Any]:
    contents = index().get(url)
    if contents is None:
        raise JsonLdError(CONTEXT_UNKNOWN, f"@context: {url}")
    document = copy.deepcopy(load(contents[0]))
    return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url, "document": document}


def canonicalize(documents: Sequence[Any], limits: Limits) -> Iterator[tuple[str, ...]]:
    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": _loader}
    try:
        yield tuple(jsonld.normalize(document, options) for document in documents)
    except jsonld.JsonLdError as error:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, JsonLdError):
                raise cause from None
            cause = cause.__cause__
        raise JsonLdError(TERM_NOT_ALLOWED, str(error.code)) from None
