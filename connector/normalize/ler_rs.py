"""LER-RS (HR Open Standards 4.4 and 4.5): what the applicant says of themselves, entry by entry.

Two spellings are in use: that of the standard's schemas (`educationAndLearnings` with `educationDegrees`), and that of
the résumé builders, which name an entry's degree by itself (`educationAndLearning` with `degree`, `programName`).

Read are names only: certifications, licences, degrees and skills. Employment, addresses, narratives, attachments and
the words `verified` or `verificationStatus` are not. Credentials embedded in `verifications` are assessed on their own
and come under their own paths; an entry that has nothing but those is silent here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from connector.model.claims import SkillSource
from connector.model.credential import AssessedCredential
from connector.normalize.collect import Collector
from connector.normalize.values import day, first_of, identifier, many, objects, subjects, text

SOURCE: Final = "ler_rs"
_GRANTED: Final = frozenset({"granted", "awarded", "conferred", "completed"})
_ENTRIES: Final = (
    ("certifications", "certification", "Certification"),
    ("licenses", "license", "License"),
)


def read_ler_rs(assessed: AssessedCredential, collector: Collector) -> None:
    for place, record in _records(assessed.document):
        for plural, singular, kind in _ENTRIES:
            _read_entries(record, place, (plural, singular), kind, collector)
        read_education(record, place, collector)
        _read_skills(record, place, collector)


def _records(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The record itself: the subject of a credential, or the document when it is no credential."""
    found = list(subjects(document))
    yield from found or [("$", document)]


def _read_entries(
    record: dict[str, Any], place: str, members: tuple[str, str], kind: str, collector: Collector
) -> None:
    for index, entry in enumerate(objects(first_of(record, *members))):
        name = text(entry.get("name"))
        if name:
            period = next(iter(objects(entry.get("effectiveTimePeriod"))), {})
            where, until = f"{place}.{members[0]}[{index}]", day(period.get("validTo"))
            collector.achievement(name, where, achievement_type=kind, expires_on=until, source=SOURCE)
            collector.crosswalk(name, identifier(entry), ())


def read_education(record: dict[str, Any], record_place: str, collector: Collector, *, source: str = SOURCE) -> None:
    """The degrees of `educationAndLearnings` (4.4: `educationAndLearning`), by name; none that is still under way."""
    for index, entry in enumerate(objects(first_of(record, "educationAndLearnings", "educationAndLearning"))):
        place = f"{record_place}.educationAndLearnings[{index}]"
        _read_builder_entry(entry, place, collector, source)
        for number, degree in enumerate(objects(first_of(entry, "educationDegrees", "educationDegree"))):
            name = text(degree.get("name"))
            status = text(degree.get("degreeGrantedStatus"))
            if name and (status is None or status.casefold() in _GRANTED):
                where = f"{place}.educationDegrees[{number}]"
                collector.achievement(name, where, achievement_type="Degree", source=source)


def _read_builder_entry(entry: dict[str, Any], place: str, collector: Collector, source: str) -> None:
    """An entry that names its degree, its programme or its certificate by itself; none that is still under way."""
    degree = text(first_of(entry, "degree", "programName"))
    if degree and all(enrolled is False for enrolled in many(entry.get("currentlyEnrolled"))):
        collector.achievement(degree, f"{place}.degree", achievement_type="Degree", source=source)
    for education in objects(entry.get("education")):
        name = text(education.get("name"))
        if name:
            collector.achievement(name, f"{place}.education", source=source)


def _read_skills(record: dict[str, Any], place: str, collector: Collector) -> None:
    for index, entry in enumerate(many(first_of(record, "skills", "skill", "competencies"))):
        name = text(first_of(entry, "name", "competencyName", "skills") if isinstance(entry, dict) else entry)
        if name:
            collector.skill(name, f"{place}.skills[{index}]", SkillSource.LER_RS)
