"""What a record inside another one says by itself, kept until its own proof is checked.

The proof of a CLR signs the badges in it, and each badge has a proof of its own: without this, every badge is walked
twice. A record is found again by the identity of its members, so documents must not change within `shared_work`.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Final

from connector.verify.jsonld.dataset import Dataset

MAX_KEPT: Final = 200_000
"""Statements and blank nodes kept for one submission; a CLR with 500 signed badges has about 25,000."""

WORTH_KEEPING: Final = 4
"""What says less, as the options of a proof do, is walked again as fast as it is found."""


class Records:
    """The records of one submission."""

    __slots__ = ("_kept", "_room")

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[Dataset, object]] = {}
        self._room = MAX_KEPT

    def find(self, document: Mapping[str, Any], reading: tuple[object, ...]) -> Dataset | None:
        if not self._kept:
            return None
        known = self._kept.get(_key(document, reading))
        return known[0] if known is not None else None

    def keep(self, document: Mapping[str, Any], reading: tuple[object, ...], dataset: Dataset) -> None:
        """Keep what `document` says.

        Args:
            reading: the objects that decide what it says.
        """
        size = dataset.size()
        if size < WORTH_KEEPING:
            return
        self._room -= size
        if self._room >= 0:  # what is kept also keeps the objects alive that the key names by their identity
            self._kept[_key(document, reading)] = dataset, (reading, [*document.values()])


def _key(document: Mapping[str, Any], reading: tuple[object, ...]) -> Hashable:
    return (*map(id, reading), *document, *map(id, document.values()))
