"""Europass Digital Credentials for Learning (European Learning Model 3): what the person has claimed to have learnt.

Read are the titles of achievements and activities (`credentialSubject.hasClaim`), what they are parts of, and the ESCO
and other skills that their specifications name (`specifiedBy.learningOutcome`). The seal of such a record is JAdES,
which is not checked here: what it says is never better than stated. Assessments with their grades, entitlements and
everything about the person stay unread.

European Learning Model 3, application profile EDC generic: Learning Achievement, Learning Activity, Learning Outcome.
"""

from __future__ import annotations

from typing import Any, Final

from connector.model.claims import Alignment, SkillSource
from connector.model.credential import AssessedCredential
from connector.normalize.collect import Collector
from connector.normalize.frameworks import recognise, web_address
from connector.normalize.values import identifier, objects, subjects, text, types

_EARNED: Final = frozenset({"LearningAchievement", "LearningActivity", "Qualification"})
_RELATED: Final = ("relatedESCOSkill", "relatedSkill")
_MAX_DEPTH: Final = 8
"""Parts of parts of a programme; published diplomas nest three levels."""


def read_europass(assessed: AssessedCredential, collector: Collector) -> None:
    """The achievements and activities of every subject, with what they consist of."""
    for place, subject in subjects(assessed.document):
        for index, claim in enumerate(objects(subject.get("hasClaim"))):
            _read_claim(claim, f"{place}.hasClaim[{index}]", collector, depth=0)


def _read_claim(claim: dict[str, Any], place: str, collector: Collector, *, depth: int) -> None:
    kind = next((name for name in types(claim) if name in _EARNED), None)
    name = text(claim.get("title"))
    if kind is None or name is None or depth > _MAX_DEPTH:
        return
    part = depth > 0  # the courses of a programme are listed, not put forward
    collector.achievement(name, place, achievement_type=kind, achievement_id=_stable_id(claim), unticked=part)
    for specification in objects(claim.get("specifiedBy")):
        _read_skills(specification, place, name, collector, part=part)
    for index, inner in enumerate(objects(claim.get("hasPart"))):
        _read_claim(inner, f"{place}.hasPart[{index}]", collector, depth=depth + 1)


def _stable_id(claim: dict[str, Any]) -> str | None:
    """What is specified, where it has an address: `urn:epass:` ids are counted anew in every record."""
    specification = next(iter(objects(claim.get("specifiedBy"))), {})
    return web_address(identifier(specification))


def _read_skills(
    specification: dict[str, Any], place: str, achievement: str, collector: Collector, *, part: bool
) -> None:
    for number, outcome in enumerate(objects(specification.get("learningOutcome"))):
        concepts = [concept for member in _RELATED for concept in objects(outcome.get(member))]
        for index, concept in enumerate(concepts):
            name = text(concept.get("prefLabel"))
            if name:
                collector.skill(
                    name,
                    f"{place}.learningOutcome[{number}].skill[{index}]",
                    SkillSource.ALIGNMENT,
                    achievement=achievement,
                    alignments=_alignment(concept, name),
                    unticked=part,
                )


def _alignment(concept: dict[str, Any], name: str) -> list[Alignment]:
    url = web_address(identifier(concept))
    if url is None:
        return []
    framework, code, _ = recognise(url)
    return [Alignment(framework=framework or "other", code=code, url=url, name=name)]
