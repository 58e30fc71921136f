"""The employer's crosswalk: which skills an achievement stands for (DOMAIN section 5).

Real badges rarely carry alignments but have stable ids, so the first key is the id of the achievement or badge class;
then the identifier of a framework's statement. Matching is by identifier, exactly; names are never compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from connector.model.claims import Alignment


@dataclass(frozen=True, slots=True)
class Skill:
    """A skill that a crosswalk names."""

    name: str
    alignments: tuple[Alignment, ...] = ()


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """A crosswalk ready for looking up; the empty one answers nothing."""

    by_achievement: dict[str, tuple[Skill, ...]] = field(default_factory=dict)
    by_code: dict[tuple[str, str], tuple[Skill, ...]] = field(default_factory=dict)
    by_url: dict[str, tuple[Skill, ...]] = field(default_factory=dict)

    def skills(self, achievement_id: str | None, alignments: Iterable[Alignment]) -> tuple[Skill, ...]:
        """The skills for an achievement: by its own id first, then by what it is aligned to."""
        found = list(self.by_achievement.get(achievement_id or "", ()))
        for alignment in alignments:
            found += self.by_url.get(alignment.url or "", ())
            found += self.by_code.get((alignment.framework, (alignment.code or "").casefold()), ())
        return tuple(dict.fromkeys(found))


EMPTY = Crosswalk()
