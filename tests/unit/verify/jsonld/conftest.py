"""A reader of N-Quads, and pyld as the second implementation that the compiled walk is held against."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

import pytest
from pyld import jsonld

from connector.verify.jsonld.nquads import XSD, Quad, quoted
from connector.verify.jsonld.pinned import index, load

_TOKEN = re.compile(r'[ \t]*(<[^>]*>|_:[^\s<"]+|"(?:[^"\\]|\\.)*"(?:\^\^<[^>]*>|@[A-Za-z0-9-]+)?|\.|#.*)')
_ESCAPED = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)")
_CHARACTERS = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f", '"': '"', "'": "'", "\\": "\\"}


def _unescape(text: str) -> str:
    return _ESCAPED.sub(lambda m: chr(int(m[1][1:], 16)) if m[1][0] in "uU" else _CHARACTERS[m[1]], text)


def _term(token: str) -> str:
    if not token.startswith('"'):
        return _unescape(token)
    end = token.rindex('"')
    suffix = _unescape(token[end + 1 :])
    return f"{quoted(_unescape(token[1:end]))}{'' if suffix == f'^^<{XSD}string>' else suffix}"


def read(text: str) -> list[Quad]:
    quads = []
    for row in text.split("\n"):
        terms = [_term(token) for token in _TOKEN.findall(row) if not token.startswith("#")]
        if terms:
            *parts, dot = terms
            assert dot == "." and len(parts) in (3, 4), row
            quads.append((parts[0], parts[1], parts[2], parts[3] if len(parts) == 4 else ""))
    return quads


@pytest.fixture(scope="session")
def read_nquads() -> Callable[[str], list[Quad]]:
    return read


def _loader(url: str, options: dict[str, Any]) -> dict[str, Any]:
    document = copy.deepcopy(load(index()[url][0]))
    return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url, "document": document,
            "tag": "static"}  # fmt: skip


@pytest.fixture(scope="session")
def by_pyld() -> Callable[[Any], str]:
    """Canonical N-Quads as pyld makes them from the newest contents of the pinned contexts."""
    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": _loader}
    return lambda document: jsonld.normalize(copy.deepcopy(document), options)
