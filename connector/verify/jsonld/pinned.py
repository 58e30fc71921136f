"""The contexts that this release carries: URL -> published contents, newest first, each pinned by SHA-256.

Contexts are never fetched (VC Data Integrity 1.0, section "Context Validation"). One URL can have several published
contents (`ob/v3p0/context-3.0.3.json` has two).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from connector.codec import parse_json

_KEYWORD_LIKE = re.compile(r"@[A-Za-z]*\Z")


@dataclass(frozen=True, slots=True)
class PinnedContext:
    """One published content of one context URL."""

    file: str
    sha256: str
    origin: str
    licence: str


def _folder() -> Any:
    return files("connector.verify.jsonld").joinpath("contexts")


@cache
def index() -> dict[str, tuple[PinnedContext, ...]]:
    """URL -> its contents, newest first."""
    raw = parse_json(_folder().joinpath("index.json").read_bytes())
    return {url: tuple(PinnedContext(**entry) for entry in entries) for url, entries in raw.items()}


@cache
def load(pinned: PinnedContext) -> dict[str, Any]:
    """The parsed file, after its bytes were compared with the pinned hash.

    Raises:
        RuntimeError: the installed file is not the one that was released.
    """
    raw = _folder().joinpath(pinned.file).read_bytes()
    if hashlib.sha256(raw).hexdigest() != pinned.sha256:
        raise RuntimeError(f"the carried JSON-LD context {pinned.file} was changed after release")
    document: dict[str, Any] = parse_json(raw)
    return document


def contexts(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every context object of a context document, scoped contexts included."""
    pending = [document["@context"]]
    while pending:
        context = pending.pop()
        if isinstance(context, list):
            pending.extend(context)
        elif isinstance(context, str) and context in index():
            pending.append(load(index()[context][0])["@context"])
        elif isinstance(context, dict):
            yield context
            for definition in context.values():
                if isinstance(definition, dict) and "@context" in definition:
                    pending.append(definition["@context"])


def definitions(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every term definition of a context document, scoped contexts included."""
    for context in contexts(document):
        for name, definition in context.items():
            if not name.startswith("@"):
                yield name, definition


@cache
def words(content: PinnedContext) -> frozenset[str]:
    """Every name that the content defines somewhere."""
    return frozenset(name for name, _ in definitions(load(content)))


@cache
def known_iris() -> frozenset[str]:
    """Every IRI that any carried context has a term for, prefixes expanded."""
    result = set()
    for contents in index().values():
        for content in contents:
            defined = list(definitions(load(content)))
            prefixes = {name: value for name, value in defined if isinstance(value, str)}
            for _, definition in defined:
                iri = definition if isinstance(definition, str) else (definition or {}).get("@id")
                if isinstance(iri, str) and not _KEYWORD_LIKE.match(iri):
                    result.add(_expand(iri, prefixes))
    return frozenset(result)


def _expand(iri: str, prefixes: Mapping[str, str]) -> str:
    prefix, colon, rest = iri.partition(":")
    if colon and not rest.startswith("//") and prefix in prefixes and prefixes[prefix] != iri:
        return prefixes[prefix] + rest
    return iri
