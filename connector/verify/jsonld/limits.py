"""Bounds on what one document may cost; every honest LER stays far below them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Work limits of one `canonicalize` call.

    Attributes:
        quads: quads of one document. A CLR with 100 signed badges makes about 8,000.
        depth: nesting of objects. The deepest published LER nests 14 levels.
        work: steps of RDFC-1.0 beyond first-degree hashing (a neighbour hashed, a path element tried), per document.
            The heaviest published LER takes 17,000, a signed CLR of 100 badges none.
        states: distinct active contexts (of contexts, types and members) that one call may use. Published LERs use
            20 at most.
        inline_contexts: distinct inline contexts of one call.
    """

    quads: int = 100_000
    depth: int = 64
    work: int = 60_000
    states: int = 100
    inline_contexts: int = 16


DEFAULT = Limits()
