"""One achievement or badge class: the achievement claim, and the skills that it names (DOMAIN section 5).

Skills come from a competency alignment, a `Competency`-type achievement, tags, a result or rubric level that names one,
and the employer's crosswalk; never from an achievement's name. Grades are not read, nor are descriptions and
narratives: issuers write the person's name into them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from connector.model.claims import Alignment, SkillSource
from connector.normalize.collect import Collector
from connector.normalize.frameworks import Kind, Target, read_target, web_address
from connector.normalize.values import first_of, identifier, local_type, many, objects, text, types

COURSE_TYPES: Final = frozenset(
    {"course", "courseoffering", "assessment", "assignment", "learningprogramitem", "fieldwork"}
)
"""What a transcript lists below its degree; shown unticked."""
_SHAPES: Final = frozenset({"Achievement", "BadgeClass", "Credential"})
"""Types that say what an object is, not what was earned."""
_RUBRIC_RESULTS: Final = frozenset({"RubricCriterion", "RubricCriterionLevel", "RubricScore"})
_MAX_TAG: Final = 100
_MAX_TAGS: Final = 50


class AchievementReader:
    """Reads one achievement object into a collector.

    Args:
        place: where it stands in the credential; part of the claims' ids.
        in_transcript: it sits inside a CLR; its courses are then unticked.
    """

    def __init__(self, raw: dict[str, Any], place: str, collector: Collector, *, in_transcript: bool = False) -> None:
        self._raw = raw
        self._place = place
        self._collector = collector
        self._id = identifier(raw)
        self._name = text(raw.get("name"))
        self._type = text(raw.get("achievementType")) or next((t for t in types(raw) if t not in _SHAPES), None)
        self._unticked = in_transcript and (self._type or "").casefold() in COURSE_TYPES
        self._targets = [t for a in objects(first_of(raw, "alignment", "alignments")) if (t := read_target(a))]

    def read(self, results: Any = None) -> None:
        """Note the achievement and its skills; `results` are the results of the person who earned it."""
        if self._name:
            self._note_achievement()
        self._note_alignments()
        levels = _Levels(self._raw)
        if self._is_competency() and self._name:
            own = [t.alignment for t in self._targets if self._repeats_name(t)]
            self._skill(self._name, "competency", SkillSource.COMPETENCY, own, levels.of_whole(results))
        self._note_results(results, levels)
        self._note_tags()
        self._collector.crosswalk(self._name, self._id, self._alignments(), unticked=self._unticked)

    def _note_achievement(self) -> None:
        assert self._name is not None
        criteria = self._raw.get("criteria")
        self._collector.achievement(
            self._name,
            self._place,
            unticked=self._unticked,
            achievement_id=self._id,
            achievement_type=self._type,
            criteria_url=web_address(identifier(criteria)),
            alignments=self._alignments(),
        )

    def _note_alignments(self) -> None:
        for index, target in enumerate(self._targets):
            name = target.alignment.name
            if name and self._is_skill(target):
                self._skill(name, f"alignment[{index}]", SkillSource.ALIGNMENT, [target.alignment])

    def _is_skill(self, target: Target) -> bool:
        """A competency by its address or its type. Where neither says so, a statement of a framework counts,
        unless it only repeats the achievement's name: then it is the same achievement in some catalogue. Of one
        without a name that cannot be told: its name may have been moved to another object with the same id."""
        if target.kind is Kind.COMPETENCY:
            return True
        unsaid = target.kind in (Kind.FRAMEWORK_ITEM, Kind.UNSAID)
        return unsaid and self._name is not None and not self._repeats_name(target)

    def _repeats_name(self, target: Target) -> bool:
        return (target.alignment.name or "").casefold() == (self._name or "").casefold()

    def _is_competency(self) -> bool:
        return local_type(self._type or "") == "Competency" or "Competency" in types(self._raw)

    def _note_results(self, results: Any, levels: _Levels) -> None:
        for index, result in enumerate(objects(results)):
            for target, level in levels.named_by(result):
                name = target.alignment.name
                if name:
                    self._skill(name, f"result[{index}]:{name}", SkillSource.RESULT, [target.alignment], level)

    def _note_tags(self) -> None:
        for index, tag in enumerate(many(first_of(self._raw, "tag", "tags"))[:_MAX_TAGS]):
            name = text(tag)
            if name and len(name) <= _MAX_TAG:
                self._skill(name, f"tag[{index}]", SkillSource.TAG, [])

    def _alignments(self) -> tuple[Alignment, ...]:
        return tuple(dict.fromkeys(t.alignment for t in self._targets))

    def _skill(
        self, name: str, place: str, source: SkillSource, alignments: list[Alignment], level: str | None = None
    ) -> None:
        self._collector.skill(
            name,
            f"{self._place}.{place}",
            source,
            achievement=self._name,
            achievement_id=self._id,
            alignments=alignments,
            level=level,
            unticked=self._unticked,
        )


class _Levels:
    """The rubric levels of an achievement (`resultDescription.rubricCriterionLevel`). Marks and scores stay unread."""

    def __init__(self, achievement: dict[str, Any]) -> None:
        described = objects(first_of(achievement, "resultDescription", "resultDescriptions"))
        self._descriptions = {i: d for d in described if (i := identifier(d))}
        self._levels = {
            i: level for d in described for level in objects(d.get("rubricCriterionLevel")) if (i := identifier(level))
        }

    def named_by(self, result: dict[str, Any]) -> Iterator[tuple[Target, str | None]]:
        """The skills a result names, with the level reached: by itself, by its level, by what it is a result of."""
        description = self._descriptions.get(identifier(result.get("resultDescription")) or "", {})
        level = self._levels.get(identifier(result.get("achievedLevel")) or "", {})
        by_rubric = bool(level) and (text(description.get("resultType")) or "RubricCriterionLevel") in _RUBRIC_RESULTS
        reached = _level_name(level) if by_rubric else None
        for holder in (result, level, description):
            for raw in objects(first_of(holder, "alignment", "alignments")):
                target = read_target(raw)
                if target and (target.kind is Kind.COMPETENCY or (by_rubric and target.kind is Kind.FRAMEWORK_ITEM)):
                    yield target, reached

    def of_whole(self, results: Any) -> str | None:
        """The level reached where a rubric stands for the whole achievement: it has one result, aligned to nothing."""
        reached = [
            name
            for result in objects(results)
            if (level := self._levels.get(identifier(result.get("achievedLevel")) or ""))
            and not first_of(result, "alignment", "alignments")
            and (name := _level_name(level))
        ]
        return reached[0] if len(reached) == 1 else None


def _level_name(level: dict[str, Any]) -> str | None:
    return text(level.get("level")) or text(level.get("name"))
