"""The stand-in's world: invented candidates, their job applications, custom objects and files; knows no XML.

Rules are labelled as the stand-in's source of them: [X] the WSDL v26.1 says it, [C] seen by clients of live tenants,
[G] our guess.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from adapters.standin import SeedPerson
from adapters.workday.settings import WORKDAY_OWNED_CATEGORIES

OUR_OBJECT: Final = "lerVerification"
OUR_CHILDREN: Final[Mapping[str, str]] = {
    "lerVerificationId": "text",
    "lerCredentials": "long_text",
    "lerSkills": "long_text",
    "lerReport": "url",
    "lerCheckedOn": "date",
    "lerNote": "long_text",
    "lerIssuers": "text",
    "lerCredentialCount": "number",
    "lerDegree": "yes_no",
    "recruiterRemark": "text",
}
FOREIGN_OBJECT: Final = "backgroundCheck"
DEFINITIONS: Final[Mapping[str, Mapping[str, str]]] = {
    OUR_OBJECT: OUR_CHILDREN,
    FOREIGN_OBJECT: {"checkStatus": "text", "orderedOn": "date"},
}
OWN_CATEGORY: Final = "LER_RECORDS"
"""A category that the employer has made, restricted to few."""
CATEGORIES: Final = frozenset(
    {
        ("Document_Category_ID", OWN_CATEGORY),
        *(("Document_Category__Workday_Owned__ID", name) for name in WORKDAY_OWNED_CATEGORIES),
    }
)
FIRST_CANDIDATE: Final = 1182
FIRST_APPLICATION: Final = 248


class Invalid(Exception):
    """Workday refuses what a request says; each line is a message and an XPath. It becomes a validation fault."""

    def __init__(self, *lines: tuple[str, str]) -> None:
        super().__init__(lines[0][0])
        self.lines = lines


@dataclass
class StoredFile:
    wid: str
    file_id: str
    filename: str
    content: bytes
    content_type: str
    comment: str
    category: str
    entered: float


@dataclass
class JobApplication:
    number: str
    wid: str
    job: str
    requisition: str
    objects: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass
class Candidate:
    number: str
    wid: str
    person: SeedPerson
    applications: list[JobApplication]
    files: list[StoredFile] = field(default_factory=list)


def wid(kind: str, number: object) -> str:
    """A WID, 32 hex digits; the same seed gives the same ones."""
    return hashlib.sha256(f"{kind}/{number}".encode()).hexdigest()[:32]


class World:
    """Everybody, found by the ids that Workday takes."""

    def __init__(self, people: Sequence[SeedPerson]) -> None:
        self.candidates: list[Candidate] = []
        applications = 0
        for index, person in enumerate(people):
            mine = []
            for job in person.jobs:
                number = f"JOB_APPLICATION-6-{FIRST_APPLICATION + applications}"
                mine.append(JobApplication(number, wid("application", number), job, f"R-{applications + 1:05}"))
                applications += 1
            number = f"CAND-{FIRST_CANDIDATE + index}"
            self.candidates.append(Candidate(number, wid("candidate", number), person, mine))
        self._furnish(self.candidates[0])

    @staticmethod
    def _furnish(first: Candidate) -> None:
        """What recruiters and other integrations have put there: none of it may change by our hand."""
        application = first.applications[0]
        application.objects[OUR_OBJECT] = {"recruiterRemark": "Phone screen on Tuesday; asks about the night shift"}
        application.objects[FOREIGN_OBJECT] = {"checkStatus": "ORDERED", "orderedOn": "2026-11-02"}
        first.files.append(
            StoredFile(
                wid("file", 1), "PORTFOLIO-1", "portfolio.txt", b"Photographs of welds\n", "text/plain", "",
                "OTHER_DOCUMENTS", 0.0,
            )
        )  # fmt: skip

    def candidate(self, id_type: str, value: str) -> Candidate | None:
        return next(
            (c for c in self.candidates if (id_type, value) in (("Candidate_ID", c.number), ("WID", c.wid))), None
        )

    def application(self, id_type: str, value: str) -> tuple[Candidate, JobApplication] | None:
        for candidate in self.candidates:
            for application in candidate.applications:
                if (id_type, value) in (("Job_Application_ID", application.number), ("WID", application.wid)):
                    return candidate, application
        return None

    def file(self, file_id: str) -> StoredFile | None:
        return next((f for c in self.candidates for f in c.files if f.file_id == file_id), None)

    def remove(self, number: str) -> None:
        self.candidates = [c for c in self.candidates if c.number != number]


def put_object(application: JobApplication, alias: str, children: Mapping[str, str], *, replace: bool) -> None:
    """Write a custom object on one application. Other objects of the application stay as they are [G].

    Args:
        replace: an absent child is emptied; otherwise it keeps its value. Which of both Workday does is not documented.
    """
    before = {} if replace else application.objects.get(alias, {})
    merged = {**before, **children}
    application.objects[alias] = {name: text for name, text in merged.items() if text}


def stored_value(alias: str, name: str, text: str) -> str:
    """A child's text as it is stored.

    Raises:
        Invalid: no such object or child, or not of the child's type [G: the texts are ours].
    """
    kind = DEFINITIONS[alias].get(name)
    if kind is None:
        raise Invalid((f"'{name}' is not a web service alias of a field of custom object '{alias}'.", ""))
    if text and not _fits(kind, text):
        raise Invalid((f"The value of field '{name}' of custom object '{alias}' is not a valid {kind}.", ""))
    if kind == "yes_no" and text:
        return "1" if text in ("1", "true") else "0"
    return text[:10] if kind == "date" else text


def _fits(kind: str, text: str) -> bool:
    if kind == "yes_no":
        return text in ("0", "1", "true", "false")
    if kind == "number":
        try:
            return Decimal(text).is_finite()
        except InvalidOperation:
            return False
    if kind == "date":
        return _is_date(text)
    return True


def _is_date(text: str) -> bool:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}([+-]\d{2}:\d{2}|Z)?", text):
        return False
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return True
