"""The contexts that this release carries: URL -> published contents, newest first, each pinned by SHA-256.

Contexts are never fetched (VC Data Integrity 1.0, section "Context Validation"). One URL can have several published
contents (`ob/v3p0/context-3.0.3.json` has two).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from connector.codec import parse_json


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
