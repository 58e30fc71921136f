"""Bounds on what one document, and one submission, may cost; every honest LER stays far below them."""

from __future__ import annotations

from collections.abc import Hashable
from contextvars import ContextVar, Token
from dataclasses import dataclass
from typing import Any, Final

from connector.verify.jsonld.errors import TOO_COMPLEX, JsonLdError
from connector.verify.jsonld.records import Records

SUBMISSION_WORK: Final = 300_000
"""Statements walked, for all records and proofs of one submission, and what costs more in the same measure: a second.
A CLR of 490 badges with two proofs each takes 170,000; without this bound, small poisoned records could follow each
other."""
BLANK_COST: Final = 2
"""A blank node whose own statements are hashed."""
STEP_COST: Final = 8
"""A step of RDFC-1.0 beyond first-degree hashing, in statements."""
STATE_COST: Final = 1_200
"""An active context that no earlier document of the submission used: it may have to be worked out."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Work limits of one `canonicalize` call.

    Attributes:
        statements: members and list items of one document. A CLR with 100 signed badges has about 8,000.
        depth: nesting of objects. The deepest published LER nests 14 levels.
        work: steps of RDFC-1.0 beyond first-degree hashing (a neighbour hashed, a path element tried), per document.
            The heaviest published LER takes 17,000, a signed CLR of 100 badges none.
        states: distinct active contexts (of contexts, types and members) that one call may use. Published LERs use
            20 at most.
        inline_contexts: distinct inline contexts of one call.
    """

    statements: int = 100_000
    depth: int = 64
    work: int = 60_000
    states: int = 100
    inline_contexts: int = 16


DEFAULT = Limits()


class Purse:
    """What is left of a submission's work, and what was found out on the way.

    Attributes:
        states: the active contexts that were paid for.
        records: what has been walked.
        read: documents of others by their bytes, as they were parsed.
        listed: the keys that others list, by who and what for.
    """

    __slots__ = ("left", "listed", "read", "records", "states")

    def __init__(self, left: int) -> None:
        self.left = left
        self.records = Records()
        self.states: set[object] = set()
        self.read: dict[bytes, Any] = {}
        self.listed: dict[Hashable, Any] = {}


_purse: ContextVar[Purse | None] = ContextVar("jsonld_work", default=None)


class shared_work:  # noqa: N801  # it is used as a function is, and costs half of one made by contextlib
    """Everything that is canonicalized within draws on one budget, and documents do not change meanwhile."""

    __slots__ = ("_token", "_units")
    _token: Token[Purse | None]

    def __init__(self, units: int = SUBMISSION_WORK) -> None:
        self._units = units

    def __enter__(self) -> None:
        self._token = _purse.set(Purse(self._units))

    def __exit__(self, *_: object) -> None:
        _purse.reset(self._token)


def purse() -> Purse | None:
    """The submission's, where there is one."""
    return _purse.get()


def spend(units: int) -> None:
    """Draw on the submission's budget, where there is one.

    Raises:
        JsonLdError: `too_complex`, it is spent.
    """
    shared = _purse.get()
    if shared is None:
        return
    shared.left -= units
    if shared.left < 0:
        raise JsonLdError(TOO_COMPLEX, "work for one submission")


def spend_on_state(state: object) -> None:
    """Draw on the budget for an active context, the first time that the submission uses it.

    Whether it was worked out for an earlier submission makes no difference: the same input gets the same answer.

    Raises:
        JsonLdError: `too_complex`, it is spent.
    """
    shared = _purse.get()
    if shared is not None and state not in shared.states:
        shared.states.add(state)
        spend(STATE_COST)
