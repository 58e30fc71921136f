"""The world behind the Greenhouse stand-in: invented applicants, jobs, custom fields, and what is written to them.

Rows are kept in the shape that Harvest v3 answers with, except that a candidate's custom field values hold option ids
and user ids (`values`), which become names when the row is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from adapters.base import split_marker
from adapters.standin import SeedPerson
from connector.model.changes import AtsState, AttachmentState, FieldValue, NoteState
from connector.ports import SandboxPerson

Row = dict[str, Any]

SKILL_OPTIONS: Final = (
    "MIG welding",
    "TIG welding",
    "Blueprint reading",
    "CNC machining",
    "Electrical wiring",
    "Forklift operation",
    "First aid",
    "Network administration",
    "Cloud computing",
    "Data analysis",
    "JavaScript",
    "Python",
    "SQL",
)
FIELD_SEEDS: Final[tuple[tuple[str, str, str, bool], ...]] = (
    ("ler_credentials", "LER credentials", "long_text", False),
    ("ler_skills", "LER skills", "long_text", False),
    ("ler_skill_set", "LER skill set", "multi_select", False),
    ("ler_report", "LER report", "url", False),
    ("ler_checked_on", "LER checked on", "date", False),
    ("preferred_shift", "Preferred shift", "single_select", False),
    ("notice_period_days", "Notice period (days)", "number", False),
    ("willing_to_relocate", "Willing to relocate", "yes_no", False),
    ("heard_of_us", "Heard of us through", "short_text", False),
    ("tools_owned", "Tools owned", "multi_select", False),
    ("interview_summary", "Interview summary", "rich_text", True),
    ("desired_pay", "Desired pay", "currency", True),
    ("talent_partner", "Talent partner", "user", False),
    ("payroll_number", "Payroll number", "short_text_hris", True),
    ("site_preference", "Site preference", "single_select", False),
    ("safety_boots_size", "Safety boots size", "number", False),
    ("has_own_van", "Has own van", "yes_no", False),
    ("agency_reference", "Agency reference", "short_text", False),
)
"""Key, name, value type, private. The first five are what the mappings of this product use."""
OPTION_SEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "ler_skill_set": SKILL_OPTIONS,
    "preferred_shift": ("Day", "Evening", "Night"),
    "tools_owned": ("Multimeter", "Torque wrench", "Laptop"),
    "site_preference": ("Harbor plant", "Lakeside plant", "Remote"),
}
TAG_SEEDS: Final = ("Referred by a colleague", "Silver medalist", "Veterans hiring event", "Career fair")
HIDDEN: Final = "_hris"


@dataclass
class Candidate:
    """A person: the row's plain members, and custom field values by key (ids for options and users)."""

    id: int
    row: Row
    values: dict[str, Any] = field(default_factory=dict)


class World:
    """Everything the stand-in holds.

    Args:
        now: its clock, for the rows' times.
        next_id: gives ids.
    """

    def __init__(self, people: Sequence[SeedPerson], *, now: Callable[[], float], next_id: Callable[[], int]) -> None:
        self._now, self._next_id = now, next_id
        self.candidates: dict[int, Candidate] = {}
        self.applications: dict[int, Row] = {}
        self.jobs: dict[int, Row] = {}
        self.notes: dict[int, Row] = {}
        self.tags: dict[int, Row] = {}
        self.applied_tags: dict[int, Row] = {}
        self.attachments: dict[int, Row] = {}
        self.contents: dict[int, bytes] = {}
        self.custom_fields: dict[int, Row] = {}
        self.options: dict[int, Row] = {}
        self.users: dict[int, Row] = {}
        self.service_user = self._user("LER", "Connector", "service@greenhouse.example", admin=True)
        self.admin = self._user("Ada", "Quist", "ada.quist@employer.example", admin=True)
        self.recruiter = self._user("Ben", "Ruiz", "ben.ruiz@employer.example", admin=False)
        self._seed_fields()
        self.tag_ids = {name: self.add(self.tags, {"name": name})["id"] for name in TAG_SEEDS}
        for person in people:
            self._seed_person(person)
        self._seed_recruiters_work()

    # --- making rows ---

    def stamp(self) -> str:
        return datetime.fromtimestamp(self._now(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def add(self, table: dict[int, Row], row: Row) -> Row:
        """Put a new row in a table, with its id and times."""
        number, stamp = self._next_id(), self.stamp()
        table[number] = {"id": number, **row, "created_at": stamp, "updated_at": stamp}
        return table[number]

    def _user(self, first: str, last: str, email: str, *, admin: bool) -> int:
        row = {
            "first_name": first,
            "last_name": last,
            "name": f"{first} {last}",
            "primary_email": email,
            "emails": [email],
            "site_admin": admin,
            "deactivated": False,
            "job_title": None,
        }
        return int(self.add(self.users, row)["id"])

    def _seed_fields(self) -> None:
        for order, (key, name, value_type, private) in enumerate(FIELD_SEEDS):
            self.define(key, name, value_type, private=private, order=order, options=OPTION_SEEDS.get(key, ()))
        old = self.define("old_grade", "Old grade", "single_select", order=99, options=("A", "B"))
        old["active"] = False
        retired = next(o for o in self.options.values() if o["name"] == "Laptop")
        retired["active"] = False

    def define(
        self,
        key: str,
        name: str,
        value_type: str,
        *,
        private: bool = False,
        order: int = 0,
        options: Iterable[str] = (),
        field_type: str = "candidate",
    ) -> Row:
        """A custom field, with its options."""
        row = {
            "name": name,
            "name_key": key,
            "field_type": field_type,
            "value_type": value_type,
            "active": True,
            "private": private,
            "required": False,
            "api_only": False,
            "description": None,
            "sort_order": order,
        }
        definition = self.add(self.custom_fields, row)
        for rank, option in enumerate(options):
            values = {"custom_field_id": definition["id"], "name": option, "active": True, "sort_order": rank}
            self.add(self.options, {**values, "external_id": None})
        return definition

    def _seed_person(self, person: SeedPerson) -> None:
        row = {
            "first_name": person.first_name,
            "last_name": person.last_name,
            "preferred_name": None,
            "company": None,
            "title": None,
            "private": False,
            "can_email": True,
            "linked_user_ids": [],
            "phone_numbers": [],
            "addresses": [],
            "email_addresses": [{"value": person.email, "type": "personal"}],
            "website_addresses": [],
            "social_media_addresses": [],
            "time_zone": None,
        }
        holder: dict[int, Row] = {}
        number = int(self.add(holder, row)["id"])
        self.candidates[number] = Candidate(number, holder[number])
        for title in person.jobs:
            self._seed_application(number, self._job(title))

    def _job(self, title: str) -> int:
        for row in self.jobs.values():
            if row["name"] == title:
                return int(row["id"])
        job = {"name": title, "status": "open", "confidential": False, "is_template": False, "requisition_id": None}
        return int(self.add(self.jobs, job)["id"])

    def _seed_application(self, candidate: int, job: int) -> None:
        row = {
            "candidate_id": candidate,
            "job_id": job,
            "status": "in_process",
            "stage_name": "Application Review",
            "prospect": False,
            "answers": [],
            "custom_fields": {},
            "rejected_at": None,
        }
        self.add(self.applications, row)

    def _seed_recruiters_work(self) -> None:
        """The first applicant has been worked on: values, tags, a note and a file that are not ours."""
        first = next(iter(self.candidates.values()))
        option = {(o["custom_field_id"], o["name"]): o["id"] for o in self.options.values()}
        ids = {row["name_key"]: row["id"] for row in self.custom_fields.values()}
        first.values = {
            "preferred_shift": option[ids["preferred_shift"], "Night"],
            "notice_period_days": 14,
            "willing_to_relocate": False,
            "heard_of_us": "Union hall",
            "tools_owned": [option[ids["tools_owned"], "Torque wrench"], option[ids["tools_owned"], "Laptop"]],
            "interview_summary": "<p>Calm, <strong>precise</strong>.</p>",
            "desired_pay": {"amount": 31, "currency_code": "USD"},
            "talent_partner": self.recruiter,
            "payroll_number": "0042",
            "old_grade": option[ids["old_grade"], "A"],
        }
        for name in ("Referred by a colleague", "Career fair"):
            self.add(self.applied_tags, {"candidate_id": first.id, "candidate_tag_id": self.tag_ids[name]})
        application = next(a["id"] for a in self.applications.values() if a["candidate_id"] == first.id)
        self.add_note(first.id, "Phone screen went well.", "NOTE", "publicly_visible", self.recruiter)
        self.add_attachment(application, "resume.pdf", "resume", b"%PDF-1.4\n%%EOF\n")
        self.add_attachment(application, "weld-test-photo.png", "other", b"\x89PNG\r\n\x1a\n")

    def add_note(self, candidate: int, body: str, kind: str, visibility: str, user: int, **more: Any) -> Row:
        row = {
            "candidate_id": candidate,
            "application_id": None,
            "body": body,
            "body_with_tags": body,
            "subject": None,
            "type": kind,
            "user_id": user,
            "visibility": visibility,
            "import_hash": None,
        }
        return self.add(self.notes, {**row, **more})

    def add_attachment(self, application: int, filename: str, kind: str, content: bytes) -> Row:
        candidate = self.applications[application]["candidate_id"]
        row = {"application_id": application, "candidate_id": candidate, "filename": filename, "type": kind}
        made = self.add(self.attachments, row)
        made["url"] = f"https://files.greenhouse.example/{made['id']}?signature=expires-in-7-days"
        self.contents[made["id"]] = content
        return made

    # --- reading ---

    def definition(self, key: str) -> Row | None:
        return next((r for r in self.custom_fields.values() if r["name_key"] == key), None)

    def tag_names(self, candidate: int) -> list[str]:
        rows = [r for r in self.applied_tags.values() if r["candidate_id"] == candidate]
        return [self.tags[r["candidate_tag_id"]]["name"] for r in rows]

    def candidate_row(self, candidate: Candidate) -> Row:
        """The row as v3 answers it; `private` is written as `is_private` and read as `private`."""
        fields = {
            row["name_key"]: {"name": row["name"], "type": row["value_type"], "value": self.shown(candidate, row)}
            for row in self.custom_fields.values()
            if row["field_type"] == "candidate" and (row["active"] or row["name_key"] in candidate.values)
        }
        return {**candidate.row, "tags": self.tag_names(candidate.id), "custom_fields": fields}

    def shown(self, candidate: Candidate, definition: Row) -> Any:
        """A custom field value as it is read: names for ids, nothing for an unset one, a mask over HRIS values."""
        kind, value = definition["value_type"], candidate.values.get(definition["name_key"])
        if kind == "multi_select":
            return [self.options[i]["name"] for i in value or ()]
        if value is None:
            return None
        if kind == "single_select":
            return self.options[value]["name"]
        if kind == "user":
            user = self.users[value]
            return {"id": value, "name": user["name"], "email": user["primary_email"]}
        if kind == "currency":
            return {"amount": value["amount"], "unit": value["currency_code"]}
        return "*****" if kind.endswith(HIDDEN) else value

    def people(self) -> list[SandboxPerson]:
        return [
            SandboxPerson(
                candidate=str(row["candidate_id"]),
                application=str(row["id"]),
                name=f"{person['first_name']} {person['last_name']}",
                email=next(iter(e["value"] for e in person["email_addresses"]), ""),
                job=self.jobs[row["job_id"]]["name"],
            )
            for row in self.applications.values()
            for person in [self.candidates[row["candidate_id"]].row]
        ]

    def holdings(self, candidate: int, application: int | None) -> AtsState:
        """The ground truth in our terms."""
        person = self.candidates[candidate]
        definitions = [r for r in self.custom_fields.values() if r["name_key"] in person.values]
        fields = {r["name_key"]: _plain(r["value_type"], self.shown(person, r)) for r in definitions}
        files = [a for a in self.attachments.values() if a["candidate_id"] == candidate and a["type"] == "other"]
        return AtsState(
            fields={key: value for key, value in fields.items() if value is not None},
            tags=frozenset(self.tag_names(candidate)),
            notes=tuple(self._marked_notes(candidate)),
            attachments=tuple(
                AttachmentState(a["filename"], str(a["id"]))
                for a in files
                if application is None or a["application_id"] == application
            ),
        )

    def _marked_notes(self, candidate: int) -> Iterable[NoteState]:
        for row in self.notes.values():
            found = split_marker(row["body"]) if row["candidate_id"] == candidate else None
            if found:
                yield NoteState(marker=found[0], remote_id=str(row["id"]), text=found[1])

    def delete_candidate(self, candidate: int) -> None:
        """A recruiter deletes the person; the notes stay behind unseen, as orphans do."""
        del self.candidates[candidate]
        for table in (self.applications, self.applied_tags, self.attachments):
            for number in [n for n, row in table.items() if row["candidate_id"] == candidate]:
                del table[number]


def _plain(kind: str, value: Any) -> FieldValue | None:
    """A shown value in our terms; None for what has no counterpart."""
    if kind.endswith(HIDDEN) or kind in ("user", "currency") or value in (None, "", []):
        return None
    plain: FieldValue = tuple(value) if isinstance(value, list) else value
    return plain
