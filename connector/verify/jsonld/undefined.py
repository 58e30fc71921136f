"""Whether a document that is refused for its contexts also holds what none of them defines.

No signature can cover such a member or type, whatever else is wrong: that is the graver answer. Nothing is accepted
here, and no context is processed: a name counts as defined when any context of the document mentions it anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from connector.verify.jsonld.errors import UNDEFINED_TERM, JsonLdError
from connector.verify.jsonld.pinned import PinnedContext, contexts, index, load

_TYPES = ("type", "@type")


@dataclass(slots=True)
class _Mentioned:
    """What some contexts mention.

    Attributes:
        opaque: members whose value is JSON, not statements.
        anything: they may define any name: one of them is not carried, or imports another, or sets `@vocab`.
    """

    words: set[str] = field(default_factory=set)
    opaque: set[str] = field(default_factory=set)
    anything: bool = False

    def add(self, context: Mapping[str, Any]) -> None:
        self.words.update(context)  # `|=` with keys would copy what is there
        self.opaque.update(name for name, meaning in context.items() if _is_json(meaning))
        self.anything = self.anything or "@vocab" in context or "@import" in context

    def add_all(self, other: _Mentioned) -> None:
        self.words |= other.words
        self.opaque |= other.opaque
        self.anything = self.anything or other.anything


def undefined_term(documents: Sequence[Any]) -> JsonLdError | None:
    """The first member or type that no context of `documents` mentions, if there is one."""
    mentioned = _mentioned_in(documents)
    if mentioned.anything:
        return None
    for document in documents:
        place = _first_undefined(document, mentioned)
        if place is not None:
            return JsonLdError(UNDEFINED_TERM, f"{place}: no context of the document defines this")
    return None


def _mentioned_in(documents: Sequence[Any]) -> _Mentioned:
    """What the contexts mention that the documents name or hold."""
    result = _Mentioned()
    urls: set[str] = set()
    pending = list(documents)
    while pending and not result.anything:
        value = pending.pop()
        if isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, dict):
            named = value.get("@context", {})
            for part in (named if isinstance(named, list) else [named]) or [None]:
                if isinstance(part, dict):
                    _add_inline(result, part, urls)
                elif isinstance(part, str) and part in index():
                    urls.add(part)
                else:
                    result.anything = True
            pending.extend(inner for name, inner in value.items() if name != "@context")
    for url in urls:
        for content in index()[url]:
            result.add_all(_mentioned_by(content))
    return result


def _add_inline(result: _Mentioned, own: Mapping[str, Any], urls: set[str]) -> None:
    pending: list[Any] = [own]
    while pending:
        context = pending.pop()
        if isinstance(context, list):
            pending.extend(context)
        elif isinstance(context, dict):
            result.add(context)
            pending.extend(meaning["@context"] for meaning in context.values() if _has_context(meaning))
        elif isinstance(context, str) and context in index():
            urls.add(context)
        else:
            result.anything = True


@cache
def _mentioned_by(content: PinnedContext) -> _Mentioned:
    result = _Mentioned()
    for context in contexts(load(content)):
        result.add(context)
    return result


def _first_undefined(document: Any, mentioned: _Mentioned) -> str | None:
    pending = [("$", document)]
    while pending:
        place, value = pending.pop()
        if isinstance(value, list):
            pending.extend((f"{place}[{position}]", inner) for position, inner in enumerate(value))
        elif isinstance(value, dict) and "@value" not in value:
            for name, inner in value.items():
                if name.startswith("@") or ":" in name or name in mentioned.opaque:
                    continue
                if name not in mentioned.words:
                    return f"{place}.{name if name.isidentifier() else repr(name)[:60]}"
                if name in _TYPES and not _are_words(inner, mentioned.words):
                    return f"{place}.{name}"
                pending.append((f"{place}.{name}", inner))
    return None


def _is_json(meaning: Any) -> bool:
    return isinstance(meaning, dict) and meaning.get("@type") == "@json"


def _has_context(meaning: Any) -> bool:
    return isinstance(meaning, dict) and "@context" in meaning


def _are_words(types: Any, words: set[str]) -> bool:
    listed = types if isinstance(types, list) else [types]
    return all(type_ in words or ":" in type_ for type_ in listed if isinstance(type_, str))
