"""The small account behind Lever's stand-in: people with their candidacies, in the shapes of Lever's own answers.

Member names and types follow answers recorded on 2026-07-02 where there are any, the developer documentation (read
2026-11-23) elsewhere. Everybody in it is invented.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from adapters.lever.wire import REFERENCE_FIELD
from adapters.standin import SeedPerson

Json = dict[str, Any]

STAGES: Final = (
    {"id": "lead-new", "text": "New lead"},
    {"id": "applicant-new", "text": "New applicant"},
    {"id": "7d5a5b1e-30a4-4b0e-8f0b-52b2d4c1a001", "text": "Recruiter screen"},
    {"id": "offer", "text": "Offer"},
)
"""Stage ids are slugs beside UUIDs, as in real accounts."""

_PLACES: Final = (
    ("Operations", "Production", "Columbus, OH", "Full-time"),
    ("Technology", "Platform", "Leeds", "Full-time"),
    ("Care", "Clinics", "Austin, TX", "Part-time"),
)


@dataclass(slots=True)
class Candidacy:
    """One opportunity with what hangs on it. `opportunity` lacks what its contact holds."""

    opportunity: Json
    job: str
    notes: list[Json] = field(default_factory=list)
    files: list[Json] = field(default_factory=list)
    forms: list[Json] = field(default_factory=list)
    made_by_api: set[str] = field(default_factory=set)
    """Ids of notes that came through the API: only these may be changed through it."""
    secret_forms: set[str] = field(default_factory=set)

    @property
    def id(self) -> str:
        return str(self.opportunity["id"])


class World:
    """The account's records.

    Args:
        new_id: gives the next id.
        now: epoch seconds.
    """

    def __init__(self, people: Sequence[SeedPerson], new_id: Callable[[], str], now: Callable[[], float]) -> None:
        self._new_id, self._now = new_id, now
        self.recruiter = self._user("Hannah Weiss", "super admin")
        self.integration = self._user("LER connector", "team member")
        self.former = {**self._user("Piet Vermeer", "team member"), "deactivatedAt": self.millis()}
        self.users: list[Json] = [self.recruiter, self.integration, self.former]
        self.contacts: dict[str, Json] = {}
        self.candidacies: dict[str, Candidacy] = {}
        self.deleted: list[Json] = []
        self.moved: dict[str, str] = {}
        self.templates: list[Json] = [_ler_template(self), _foreign_template(self)]
        for index, person in enumerate(people):
            contact = self._new_contact(person.name, [person.email])
            for job in person.jobs:
                self._apply(contact, job, _PLACES[index % len(_PLACES)])
        guarded = self._new_contact("Vera Stone", ["vera.stone@mail.example"])
        self.confidential = self._apply(guarded, "Chief financial officer", _PLACES[0])
        self.confidential.opportunity["confidentiality"] = "confidential"

    def millis(self) -> int:
        return int(self._now() * 1000)

    # --- people

    def _user(self, name: str, role: str) -> Json:
        short = name.split()[0].lower()
        return {
            "id": self._new_id(),
            "name": name,
            "username": short,
            "email": f"{short}@employer.example",
            "accessRole": role,
            "photo": None,
            "createdAt": self.millis(),
            "deactivatedAt": None,
            "externalDirectoryId": None,
            "linkedContactIds": None,
            "jobTitle": None,
            "managerId": None,
        }

    def _new_contact(self, name: str, emails: list[str]) -> Json:
        contact = {
            "id": self._new_id(),
            "name": name,
            "headline": "",
            "isAnonymized": False,
            "location": {"name": ""},
            "emails": emails,
            "phones": [{"type": "mobile", "value": "(555) 010-0147"}],
            "links": [],
            "dataProtection": None,
        }
        self.contacts[str(contact["id"])] = contact
        return contact

    def _apply(self, contact: Json, job: str, place: tuple[str, str, str, str]) -> Candidacy:
        """A candidacy as recruiters left it: tags, a note, a link and a file that are none of our business."""
        candidacy = Candidacy(self._new_opportunity(contact, job, place), job)
        self.candidacies[candidacy.id] = candidacy
        candidacy.notes.append(self.new_note("Phone screen on Tuesday.", str(self.recruiter["id"]), "applicant-new"))
        candidacy.files.append(self.new_file(candidacy.id, "portfolio.pdf", 48_213))
        link = f"https://portfolio.example/{contact['id'][:8]}"
        contact["links"] = [link]
        return candidacy

    def _new_opportunity(self, contact: Json, job: str, place: tuple[str, str, str, str]) -> Json:
        """Lever adds the posting's title, department, team, location and commitment to the tags by itself."""
        now, owner, stage, identifier = self.millis(), self.recruiter["id"], "applicant-new", self._new_id()
        return {
            "id": identifier,
            "contact": contact["id"],
            "stage": stage,
            "confidentiality": "non-confidential",
            "archived": None,
            "tags": list(dict.fromkeys(["Referred", job, *place])),
            "sources": ["Job site"],
            "stageChanges": [{"toStageId": stage, "toStageIndex": 0, "updatedAt": now, "userId": owner}],
            "origin": "applied",
            "sourcedBy": None,
            "owner": owner,
            "followers": [owner],
            "applications": [self._new_id()],
            "createdAt": now,
            "updatedAt": now,
            "lastInteractionAt": now,
            "lastAdvancedAt": now,
            "snoozedUntil": None,
            "urls": {
                "list": "https://hire.lever.example/candidates",
                "show": f"https://hire.lever.example/candidates/{identifier}",
            },
            "isAnonymized": False,
            "opportunityLocation": place[2],
        }

    def contact_of(self, candidacy: Candidacy) -> Json:
        return self.contacts[candidacy.opportunity["contact"]]

    # --- what is shown

    def opportunity(self, candidacy: Candidacy) -> Json:
        """The opportunity as a read shows it, its contact's data in it."""
        contact = self.contact_of(candidacy)
        return {
            **candidacy.opportunity,
            "name": contact["name"],
            "headline": contact["headline"],
            "location": contact["location"]["name"],
            "phones": contact["phones"],
            "emails": contact["emails"],
            "links": contact["links"],
            "dataProtection": contact["dataProtection"],
        }

    def written_opportunity(self, candidacy: Candidacy, *, with_contact: bool) -> Json:
        """The opportunity as a write answers it: no location, and often nothing of the contact's (recorded)."""
        shown = self.opportunity(candidacy)
        del shown["opportunityLocation"]
        if not with_contact:
            shown.update(name="", headline="", phones=[], emails=[], links=[])
        return shown

    def contact(self, contact: Json) -> Json:
        shown = {k: v for k, v in contact.items() if k != "links"}
        return {**shown, "dataProtection": {"interviewIntelligence": {"allowed": True, "expiresAt": None}}}

    def tags(self) -> list[Json]:
        counts: dict[str, int] = {}
        for candidacy in self.candidacies.values():
            for tag in candidacy.opportunity["tags"]:
                counts[tag] = counts.get(tag, 0) + 1
        return [{"count": count, "text": text} for text, count in sorted(counts.items())]

    # --- what hangs on a candidacy

    def comment(
        self, value: str, user: str | None, stage: str, *, score: int | None = None, at: int | None = None
    ) -> Json:
        return {
            "createdAt": self.millis() if at is None else at,
            "score": score,
            "stage": stage,
            "text": "Comment",
            "type": "note",
            "user": user,
            "value": value,
        }

    def new_note(
        self, value: str, user: str | None, stage: str, *, secret: bool = False, score: int | None = None
    ) -> Json:
        now = self.millis()
        return {
            "id": self._new_id(),
            "text": "Note",
            "fields": [self.comment(value, user, stage, score=score)],
            "user": user,
            "secret": secret,
            "completedAt": now,
            "deletedAt": None,
            "createdAt": now,
        }

    def new_file(self, opportunity: str, name: str, size: int) -> Json:
        """`uploadedAt` and `size` are strings in the documentation's examples."""
        identifier = self._new_id()
        return {
            "id": identifier,
            "downloadUrl": f"https://hire.lever.example/candidates/{opportunity}/files/{identifier}/download",
            "ext": "." + name.rpartition(".")[2],
            "name": name,
            "uploadedAt": str(self.millis()),
            "status": "processed",
            "size": str(size),
        }

    def new_template(self, text: str, fields: Sequence[Json], *, secret: bool, instructions: str = "") -> Json:
        now = self.millis()
        return {
            "id": self._new_id(),
            "createdAt": now,
            "updatedAt": now,
            "text": text,
            "instructions": instructions,
            "group": None,
            "secretByDefault": secret,
            "fields": [{"description": "", "required": False, **f, "id": self._new_id()} for f in fields],
        }

    def new_form(self, template: Json, values: dict[str, Any], user: str | None, stage: str) -> Json:
        now = self.millis()
        return {
            "id": self._new_id(),
            "type": "form",
            "text": template["text"],
            "instructions": template["instructions"],
            "baseTemplateId": template["id"],
            "fields": [{**f, "value": values[f["text"]]} for f in template["fields"]],
            "user": user,
            "stage": stage,
            "completedAt": now,
            "createdAt": now,
            "deletedAt": None,
        }

    # --- what happens to people

    def delete(self, candidacy: Candidacy) -> None:
        del self.candidacies[candidacy.id]
        gone = {**self.opportunity(candidacy), "deletedBy": self.recruiter["id"], "deletedAt": self.millis()}
        self.deleted.append(gone)

    def anonymize(self, candidacy: Candidacy) -> None:
        candidacy.opportunity["isAnonymized"] = True
        contact = self.contact_of(candidacy)
        contact.update(name="", headline="", emails=[], phones=[], links=[], isAnonymized=True)

    def move(self, candidacy: Candidacy) -> str:
        """Give the candidacy another id; the old address answers 301 from now on."""
        old, new = candidacy.id, self._new_id()
        candidacy.opportunity["id"] = new
        self.candidacies[new] = self.candidacies.pop(old)
        self.moved[old] = new
        return new


def _ler_template(world: World) -> Json:
    """The template that the shipped mapping completes."""
    fields: list[Json] = [
        {"type": "textarea", "text": "Credentials"},
        {"type": "textarea", "text": "Skills"},
        {"type": "text", "text": "Report"},
        {"type": "date", "text": "Checked on"},
        {"type": "text", "text": REFERENCE_FIELD, "required": True},
    ]
    return world.new_template("Learning and Employment Record", fields, secret=True)


def _foreign_template(world: World) -> Json:
    """One of the employer's own, with every other field type."""
    fields: list[Json] = [
        {"type": "yes-no", "text": "May start at once", "required": True},
        {"type": "currency", "text": "Expected pay", "currency": "USD"},
        {"type": "dropdown", "text": "Shift", "prompt": "Select one", "options": [{"text": "Day"}, {"text": "Night"}]},
        {"type": "multiple-choice", "text": "Contract", "options": [{"text": "Full-time"}, {"text": "Part-time"}]},
        {"type": "multiple-select", "text": "Licences", "options": [{"text": "Forklift"}, {"text": "Crane"}]},
        {"type": "date", "text": "Earliest start"},
        {"type": "text", "text": REFERENCE_FIELD},
    ]
    return world.new_template("Availability", fields, secret=False)
