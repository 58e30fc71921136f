"""What others publish (keys, profiles, lists, newer versions), read within bounds of the whole submission.

One small submission can name the same document five hundred times, or five hundred documents that take long to read:
each is read once, and draws on the submission's work (THREATS section 1).
"""

from __future__ import annotations

from typing import Any, Final

from connector import codec
from connector.errors import SubmissionTooLarge
from connector.verify.jsonld import JsonLdError, limits

_BYTES_PER_UNIT: Final = 100
_PARTS_PER_UNIT: Final = 3
"""Objects, lists and what commas divide: each takes a microsecond, so a megabyte of nothing else a quarter of a second;
a key document of 2 kB is some 30 units."""


def parse(content: bytes, *, max_bytes: int = codec.MAX_JSON_BYTES) -> Any:
    """As `codec.parse_json`; nobody may change what it gives.

    Raises:
        SubmissionTooLarge, UnreadableSubmission: as `codec.parse_json`; with code `too_complex` when what one
            submission may cost is spent.
    """
    shared = limits.purse()
    if shared is None:
        return codec.parse_json(content, max_bytes=max_bytes)
    known = shared.read.get(content)
    if known is None:
        pay(content, b"{[,")
        known = shared.read[content] = codec.parse_json(content, max_bytes=max_bytes)
    return known


def pay(content: bytes, marks: bytes) -> None:
    """Draw on the submission's work for a text that takes as long to read as there are `marks` in it.

    Raises:
        SubmissionTooLarge: code `too_complex`, it is spent.
    """
    parts = sum(content.count(mark) for mark in marks)
    try:
        limits.spend(len(content) // _BYTES_PER_UNIT + parts // _PARTS_PER_UNIT)
    except JsonLdError as error:
        raise SubmissionTooLarge("The documents behind it take too long to read.", code=error.code) from None
