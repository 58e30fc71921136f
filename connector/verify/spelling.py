"""One statement, several spellings: what a proof over RDF cannot tell apart is read as the same thing.

`"x"`, `["x"]` and `["x", "x"]` give the same statement, and so do an address and `{"id": address}`. Whoever passes a
record on can exchange them under its signature; a reader that understood only one of them could be made to overlook a
status entry, or the address that a badge was issued to.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote


def single(value: Any) -> Any:
    """The one value of a list that holds nothing else; any other value as it is."""
    if isinstance(value, list) and value and all(item == value[0] for item in value):
        return value[0]
    return value


def reference(value: Any) -> Any:
    """The same for an address, which may also stand in an object that holds only it."""
    value = single(value)
    if isinstance(value, dict) and value.keys() == {"id"}:
        return value["id"]
    return value


def identifier(value: object) -> str | None:
    """The id of an issuer, holder or subject that is written as text or as an object."""
    if isinstance(value, dict):
        value = value.get("id")
    return value if isinstance(value, str) and value else None


def comparable(text: str) -> str:
    """An id for comparing: percent-decoded, without white space around it (Open Badges 3.0, "Credential equality and
    comparison algorithm")."""
    return unquote(text).strip()


def every(value: Any) -> list[Any]:
    """The values of a member that may have several."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
