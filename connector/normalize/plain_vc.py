"""Verifiable credentials of no profile: the few shapes in which they name an achievement or a competency.

Read are `achievement`, `hasCredential`, `hasAchieved` and `degree` (all: what was earned), `hasPerformed` with a
competency (a skill), and HR Open's `educationAndLearning`. The credential's own `name` and `type` are not read: a
residence permit, too, has a name.
"""

from __future__ import annotations

from typing import Any, Final

from connector.model.claims import Alignment, SkillSource
from connector.model.credential import AssessedCredential
from connector.normalize.achievements import AchievementReader
from connector.normalize.collect import Collector
from connector.normalize.frameworks import recognise, web_address
from connector.normalize.ler_rs import read_education
from connector.normalize.values import first_of, identifier, objects, subjects, text, types

_EARNED: Final = ("achievement", "hasCredential", "schema:hasCredential", "hasAchieved", "schema:hasAchieved", "degree")
_DONE: Final = ("hasPerformed", "schema:hasPerformed", "competency")


def read_plain_vc(assessed: AssessedCredential, collector: Collector) -> None:
    in_transcript = assessed.credential.parent is not None
    for place, subject in subjects(assessed.document):
        results = first_of(subject, "result", "results")
        for member in _EARNED:
            for index, raw in enumerate(objects(subject.get(member))):
                where = f"{place}.{member}[{index}]"
                AchievementReader(raw, where, collector, in_transcript=in_transcript).read(results)
        for member in _DONE:
            for index, raw in enumerate(objects(subject.get(member))):
                _read_competency(raw, f"{place}.{member}[{index}]", collector)
        read_education(subject, place, collector, source="credential")


def _read_competency(raw: dict[str, Any], place: str, collector: Collector) -> None:
    """A competency by its own statement (`ceasn:competencyText`) or name."""
    name = text(first_of(raw, "competencyText", "ceasn:competencyText", "name"))
    if not name or "Competency" not in types(raw):
        return
    url = web_address(identifier(raw))
    framework, code, _ = recognise(url)
    alignment = Alignment(framework=framework or "other", code=code, url=url, name=name)
    collector.skill(name, place, SkillSource.COMPETENCY, alignments=[alignment] if url else [])
