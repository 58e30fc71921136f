"""Notes where Workday has none: their text in one long-text field, their markers in another.

One note, the usual case, is stored as it is. Several are joined by an empty line, and the markers carry the length of
each (`marker=length`), so that no text inside a note can pass for a border between notes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

SEPARATOR: Final = "\n\n"

_ENTRY = re.compile(r"([^\s=]{1,80})(?:=([0-9]{1,7}))?\Z")


def is_marker(text: str) -> bool:
    """Whether `text` can stand in the field of markers."""
    match = _ENTRY.match(text)
    return match is not None and match.group(2) is None


def join(notes: Mapping[str, str]) -> tuple[str, str]:
    """Marker -> text, as `(text field, marker field)`."""
    if len(notes) <= 1:
        return "".join(notes.values()), "".join(notes)
    return SEPARATOR.join(notes.values()), " ".join(f"{marker}={len(text)}" for marker, text in notes.items())


def split(text: str, markers: str) -> dict[str, str] | None:
    """The notes that `join` stored; None when the two fields do not fit together: somebody edited them."""
    entries = [_ENTRY.match(entry) for entry in markers.split(" ")] if markers else []
    names = [entry.group(1) for entry in entries if entry]
    if len(names) != len(entries) or bool(names) != bool(text):
        return None
    if len(names) <= 1:
        return dict.fromkeys(names, text)
    return _cut(text, {entry.group(1): int(entry.group(2) or -1) for entry in entries if entry})


def _cut(text: str, lengths: Mapping[str, int]) -> dict[str, str] | None:
    notes: dict[str, str] = {}
    rest = text
    for marker, length in lengths.items():
        notes[marker], rest = rest[:length], rest[length:]
        if length < 0 or len(notes[marker]) != length or (rest and not rest.startswith(SEPARATOR)):
            return None
        rest = rest[len(SEPARATOR) :]
    return None if rest or join(notes)[0] != text else notes
