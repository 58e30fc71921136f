"""Reading JSON-LD as it comes: one or many, a string or a language map, dates with and without time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

MAX_TEXT: Final = 2_000
"""Longest text that becomes part of a claim, in characters; what a target takes is the mapping's affair."""
MAX_ITEMS: Final = 500
"""Most alignments, tags or results read from one achievement."""

_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ].*)?\Z", re.DOTALL)


def many(value: Any) -> list[Any]:
    """A JSON-LD value that may be one thing or a list of them; nulls are nothing."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items[:MAX_ITEMS] if item is not None]


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects among one or many."""
    return [item for item in many(value) if isinstance(item, dict)]


def first_of(document: dict[str, Any], *names: str) -> Any:
    """The first member of these names that is there (`alignment` or `alignments`)."""
    return next((document[name] for name in names if document.get(name) is not None), None)


def text(value: Any) -> str | None:
    """The text of a value: a string, `{"@value": ...}`, a language map, or a list of those (English first).

    Empty text is none.
    """
    if isinstance(value, str):
        return value.strip()[:MAX_TEXT] or None
    if isinstance(value, list):
        return _of_list(value)
    if isinstance(value, dict):
        return text(value["@value"]) if "@value" in value else _of_language_map(value)
    return None


def _of_list(values: list[Any]) -> str | None:
    tagged = [v for v in values[:MAX_ITEMS] if isinstance(v, dict) and str(v.get("@language", "")).startswith("en")]
    found = (text(v) for v in [*tagged, *values[:MAX_ITEMS]] if not isinstance(v, list))
    return next((t for t in found if t), None)


def _of_language_map(values: dict[str, Any]) -> str | None:
    english = [k for k in values if k == "en" or k.startswith(("en-", "en_"))]
    found = (text(values[k]) for k in [*english, *values] if isinstance(values[k], str | list))
    return next((t for t in found if t), None)


def identifier(value: Any) -> str | None:
    """An id: the string itself, or the `id` of an object. An empty one or a blank node is none."""
    if isinstance(value, dict):
        value = value.get("id") or value.get("@id")
    if not isinstance(value, str) or not value or value.startswith("_:"):
        return None
    return value[:MAX_TEXT]


def reference(value: Any) -> Any:
    """An address as it may also be written under the same signature: in a list of one, in an object of its own."""
    if isinstance(value, list) and value and all(item == value[0] for item in value):
        value = value[0]
    return value["id"] if isinstance(value, dict) and value.keys() == {"id"} else value


def day(value: Any) -> str | None:
    """`YYYY-MM-DD` of a date or a date and time; anything else is none."""
    match = _DATE.match(value) if isinstance(value, str) else None
    if not match:
        return None
    try:
        return date.fromisoformat(match.group(1)).isoformat()
    except ValueError:
        return None


def local_type(value: str) -> str:
    """A type without its prefix or vocabulary (`ceasn:Competency`, `https://.../terms/Competency` -> `Competency`)."""
    return re.split(r"[#/:]", value.rstrip("/"))[-1]


def types(document: dict[str, Any]) -> list[str]:
    """The types of an object, without prefixes."""
    return [local_type(t) for t in many(first_of(document, "type", "@type")) if isinstance(t, str)]


def subjects(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each credential subject with its place."""
    value = document.get("credentialSubject")
    if isinstance(value, dict):
        yield "credentialSubject", value
    for index, item in enumerate(value[:MAX_ITEMS] if isinstance(value, list) else []):
        if isinstance(item, dict):
            yield f"credentialSubject[{index}]", item
