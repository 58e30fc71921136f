"""Which claims a target takes, and why not the others.

The order of a plan is the candidate's, then the document's; what a mapping's expression does to the order does not
count, so that no mapping can rank.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from connector.mapping.context import PlanContext
from connector.mapping.loader import FieldMapping
from connector.mapping.reasons import skip
from connector.mapping.text import clean, same_name
from connector.mapping.view import as_view
from connector.model.changes import Skip
from connector.model.claims import Claim, SkillClaim
from connector.model.report import Assurance

_NOT_CURRENT: Final = frozenset({"expired", "suspended", "status_unknown"})
_WORDS_FOR: Final = {
    "no_claims": "nothing that was shared fits this rule",
    "no_name": "the name holds nothing that can be shown",
    "below_assurance": "founded less well than this target takes",
    "sensitive_needs_private": "sensitive, and this target is not declared private",
    "suspended": "suspended by the issuer, and the mapping does not say to write that",
    "not_current": "expired or not yet checked, and this target cannot say so",
}


@dataclass(frozen=True, slots=True)
class Taken:
    """A claim a target takes, with its index among the claims of the plan."""

    index: int
    claim: Claim


@dataclass(slots=True)
class Selection:
    """What came of one rule's `select`."""

    taken: list[Taken] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)


class Selector:
    """The ticked claims of one plan, in the candidate's order."""

    def __init__(self, claims: Sequence[Claim], mapping: FieldMapping, context: PlanContext) -> None:
        self._mapping = mapping
        self._ticked = _ticked(claims, context.selected)
        self._rank = {t.index: rank for rank, t in enumerate(self._ticked)}
        self._views = [as_view(t.index, t.claim) for t in self._ticked]
        self._by_index = {t.index: t for t in self._ticked}

    @property
    def anything(self) -> bool:
        return bool(self._ticked)

    @property
    def ticked_ids(self) -> frozenset[str]:
        return frozenset(t.claim.id for t in self._ticked)

    def of_document(self, claim_ids: frozenset[str]) -> list[Taken]:
        """The ticked claims that were read from one record."""
        return [t for t in self._ticked if t.claim.id in claim_ids]

    def take(
        self, rule: str, expression: str, *, lowest: Assurance | None, private: bool, has_words: bool
    ) -> Selection:
        """The claims for one target.

        Args:
            lowest: the lowest assurance it takes; the mapping's default when None.
            private: sensitive claims may go there.
            has_words: it says how well each line is founded, and what is not current.
        """
        found = self._mapping.claims_of(expression, self._views)
        floor = lowest or self._mapping.content.defaults.lowest_assurance
        result = Selection()
        refused: dict[str, int] = {}
        for taken in sorted((self._by_index[i] for i in found), key=lambda t: self._rank[t.index]):
            reason = self._objection(taken.claim, floor, private=private, has_words=has_words)
            if reason is None:
                result.taken.append(taken)
            else:
                refused[reason] = refused.get(reason, 0) + 1
        result.taken = _once(result.taken)
        result.skips = [skip(rule, r, _detail(r, n, floor)) for r, n in refused.items()]
        if not result.taken and not result.skips:
            result.skips = [skip(rule, "no_claims", _WORDS_FOR["no_claims"])]
        return result

    def _objection(self, claim: Claim, floor: Assurance, *, private: bool, has_words: bool) -> str | None:
        if not clean(claim.name):
            return "no_name"
        if claim.sensitive and not private:
            return "sensitive_needs_private"
        if claim.assurance.rank > floor.rank:
            return "below_assurance"
        if claim.verdict == "suspended" and self._mapping.content.defaults.suspended == "skip":
            return "suspended"
        if not has_words and claim.verdict in _NOT_CURRENT:
            return "not_current"
        return None


def preselected(claims: Iterable[Claim]) -> tuple[str, ...]:
    """Ids of the claims that start ticked."""
    return tuple(c.id for c in claims if c.preselected)


def weakest(taken: Iterable[Taken]) -> Assurance | None:
    """The lowest assurance among them; None for none."""
    return max((t.claim.assurance for t in taken), key=lambda a: a.rank, default=None)


def all_trusted(taken: Sequence[Taken]) -> bool:
    return bool(taken) and all(t.claim.trusted for t in taken)


def _ticked(claims: Sequence[Claim], selected: tuple[str, ...] | None) -> list[Taken]:
    every = [Taken(index, claim) for index, claim in enumerate(claims)]
    if selected is None:
        return [t for t in every if t.claim.preselected]
    order = {claim_id: rank for rank, claim_id in enumerate(reversed(selected))}
    chosen = [t for t in every if t.claim.id in order]
    return sorted(chosen, key=lambda t: -order[t.claim.id])


def _once(taken: list[Taken]) -> list[Taken]:
    """The same statement from several records once, from the one that is founded best; it keeps the first's place."""
    best: dict[tuple[str, ...], Taken] = {}
    for item in taken:
        key = _identity(item.claim)
        kept = best.get(key)
        if kept is None or _standing(item.claim) < _standing(kept.claim):
            best[key] = item
    return list(best.values())


def _identity(claim: Claim) -> tuple[str, ...]:
    if isinstance(claim, SkillClaim):
        return ("skill", same_name(claim.name))
    return ("achievement", same_name(claim.name), claim.issuer_id or "", claim.achievement_id or "")


def _standing(claim: Claim) -> tuple[int, bool]:
    return claim.assurance.rank, claim.verdict in _NOT_CURRENT


def _detail(reason: str, count: int, floor: Assurance) -> str:
    said = f"{count} {'claim' if count == 1 else 'claims'}: {_WORDS_FOR[reason]}"
    return f"{said} ({floor.value})" if reason == "below_assurance" else said
