"""An ATS in memory: an adapter and its world, for tests of the core and as the plainest example of the port.

It has every family, speaks no HTTP, and passes the same conformance suite as the real adapters. Faults are injected
as into any stand-in; each adapter call is one "request".
"""

from __future__ import annotations

import html
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from connector.errors import (
    AmbiguousTarget,
    AtsAuthError,
    DeliveryError,
    NotFoundInAts,
    RejectedByAts,
    RetryableDeliveryError,
)
from connector.model.applicant import ApplicationRef
from connector.model.changes import (
    AddAttachment,
    AtsState,
    AttachmentState,
    Family,
    FieldValue,
    FormState,
    NoteState,
    PutForm,
)
from connector.ports import (
    AtsHttp,
    AtsPlugin,
    Capabilities,
    Catalog,
    FieldDefinition,
    NoteSupport,
    Probe,
    SandboxFault,
    SandboxPerson,
    SandboxRequest,
    SandboxSeed,
)

KIND: Final = "fake"
MAX_WAIT: Final = 86_400.0
PERMISSIONS: Final = frozenset({"read", "write"})
SKILL_OPTIONS: Final = ("CNC setup", "MIG welding", "Python", "SQL", "TIG welding")
FIELDS: Final = (
    FieldDefinition("ler_credentials", "LER credentials", "long_text"),
    FieldDefinition("ler_skills", "LER skills", "long_text"),
    FieldDefinition("ler_skill_set", "LER skill set", "multi_select", SKILL_OPTIONS),
    FieldDefinition("ler_report", "LER report", "url"),
    FieldDefinition("ler_checked_on", "LER checked on", "date"),
    FieldDefinition("ler_issuer", "LER issuer", "text"),
    FieldDefinition("ler_shared", "LER shared", "yes_no"),
    FieldDefinition("ler_count", "LER count", "number"),
    FieldDefinition("ler_state", "LER state", "single_select", ("Shared", "Asked", "None")),
    FieldDefinition("shift", "Shift", "text"),
)
FORM_TEMPLATE: Final = "Learning and employment record"
FORM_FIELDS: Final = (
    FieldDefinition("summary", "Summary", "long_text"),
    FieldDefinition("checked_on", "Checked on", "date"),
)
CAPABILITIES: Final = Capabilities(
    fields=True,
    field_types=frozenset(f.type for f in FIELDS),
    tags=True,
    notes=NoteSupport.EDITABLE,
    private_notes=True,
    attachments=True,
    needs_application=True,
    links=True,
    forms=True,
    form_field_types=frozenset({"text", "long_text", "date"}),
    removable=frozenset(Family) - {Family.FORMS},
)


class FakeSettings(BaseModel):
    """Nothing to set: the adapter reaches the world that `plugin_for` was given."""


@dataclass
class _Record:
    """What one candidacy holds."""

    fields: dict[str, FieldValue] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    notes: dict[str, NoteState] = field(default_factory=dict)
    attachments: dict[str, AttachmentState] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    forms: dict[str, FormState] = field(default_factory=dict)


class FakeAts:
    """The world: implements `ports.Sandbox` for the fake."""

    def __init__(self, seed: SandboxSeed | None = None) -> None:
        self.permissions: set[str] = set(PERMISSIONS)
        self._ids = itertools.count(101)
        self._faults: list[SandboxFault] = []
        self._log: list[SandboxRequest] = []
        self._people = [
            SandboxPerson("c1", "a1", "Maria Okafor", "maria.okafor@mail.example", "Welder, second shift"),
            SandboxPerson("c2", "a2", "Jonas Lindqvist", "jonas.lindqvist@post.example", "CNC machinist"),
            SandboxPerson("c3", "a3", "Daniel Mbeki", "daniel.mbeki@mail.example", "Pipefitter"),
            SandboxPerson("c3", "a4", "Daniel Mbeki", "daniel.mbeki@mail.example", "Welder, second shift"),
        ]
        self.records = {p.application: _Record() for p in self._people}
        self.records["a1"] = _Record(
            fields={"shift": "Night"}, tags={"Referred by a colleague"}, links={"https://portfolio.example/mo"}
        )
        self.app: Callable[..., Any] = Starlette(routes=[Route("/candidates/{candidate}", self._view)])

    # the port

    def settings(self, base_url: str) -> dict[str, Any]:
        return {}

    def people(self) -> Sequence[SandboxPerson]:
        return tuple(self._people)

    def holdings(self, candidate: str, application: str | None) -> AtsState:
        record = self.record(ApplicationRef(connection=KIND, candidate=candidate, application=application))
        return state_of(record, frozenset(Family))

    def view_path(self, candidate: str) -> str:
        return f"/candidates/{candidate}"

    @property
    def log(self) -> Sequence[SandboxRequest]:
        return tuple(self._log)

    @property
    def absent_candidate(self) -> str:
        return "c999"

    def inject(self, fault: SandboxFault) -> None:
        self._faults.append(fault)

    def expire_tokens(self) -> bool:
        return False

    def delete_candidate(self, candidate: str) -> None:
        gone = {p.application for p in self._people if p.candidate == candidate}
        self._people = [p for p in self._people if p.candidate != candidate]
        for application in gone:
            del self.records[application]

    # what the adapter uses

    def record(self, ref: ApplicationRef) -> _Record:
        """The record of one candidacy, found as the port demands."""
        mine = [p.application for p in self._people if p.candidate == ref.candidate]
        if not mine:
            raise NotFoundInAts("The fake ATS does not have that record.")
        if ref.application is not None and ref.application not in mine:
            raise NotFoundInAts("That application is not that person's.", code="application_not_found")
        if ref.application is None and len(mine) > 1:
            raise AmbiguousTarget("That person has several applications and none was named.")
        return self.records[ref.application or mine[0]]

    def next_id(self) -> str:
        return str(next(self._ids))

    @contextmanager
    def request(self, name: str, *, write: bool) -> Iterator[None]:
        """One call: refuse it, let it happen, or let it happen and lose the answer."""
        fault = self._take("write" if write else "read")
        if fault is not None and not fault.after_commit:
            self._remember(name, fault.status, write)
            raise _error(fault, write)
        if ("write" if write else "read") not in self.permissions:
            self._remember(name, 403, write)
            raise AtsAuthError("The fake ATS does not allow that.", code="ats_forbidden")
        yield
        self._remember(name, fault.status if fault else 200, write)
        if fault is not None:
            raise _error(fault, write)

    def _take(self, kind: str) -> SandboxFault | None:
        for index, fault in enumerate(self._faults):
            if fault.on in (kind, "any"):
                left = [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                self._faults[index : index + 1] = left
                return fault
        return None

    def _remember(self, name: str, status: int, write: bool) -> None:
        self._log.append(SandboxRequest(method="CALL", path=name, status=status, write=write))

    async def _view(self, request: Request) -> Response:
        mine = [p for p in self._people if p.candidate == request.path_params["candidate"]]
        if not mine:
            return Response("No such candidate.", 404, media_type="text/plain")
        lines = [f"<h1>{html.escape(mine[0].name)}</h1>"]
        for person in mine:
            record = self.records[person.application]
            values = [*map(str, record.fields.values()), *record.tags, *record.links]
            values += [n.text for n in record.notes.values()] + [a.filename for a in record.attachments.values()]
            lines += [f"<h2>{html.escape(person.job)}</h2>", *(f"<pre>{html.escape(v)}</pre>" for v in values)]
        page = f'<!doctype html><html lang="en"><title>Fake ATS</title>{"".join(lines)}</html>'
        return HTMLResponse(page, headers={"Content-Security-Policy": "default-src 'none'"})


def state_of(record: _Record, wanted: frozenset[Family]) -> AtsState:
    """The asked-for families of a record."""
    return AtsState(
        fields=dict(record.fields) if Family.FIELDS in wanted else {},
        tags=frozenset(record.tags) if Family.TAGS in wanted else frozenset(),
        links=frozenset(record.links) if Family.LINKS in wanted else frozenset(),
        notes=tuple(record.notes.values()) if Family.NOTES in wanted else (),
        attachments=tuple(record.attachments.values()) if Family.ATTACHMENTS in wanted else (),
        forms=tuple(record.forms.values()) if Family.FORMS in wanted else (),
    )


def _error(fault: SandboxFault, write: bool) -> DeliveryError:
    """What an adapter over HTTP would have made of that fault."""
    unsure = write and (fault.reset or fault.status >= 500 or fault.status == 200)
    if fault.reset or fault.status == 200 or fault.status >= 500:
        return RetryableDeliveryError("The fake ATS did not answer as it should.", maybe_applied=unsure)
    if fault.status == 429:
        return RetryableDeliveryError("The fake ATS asked to wait.", code="ats_busy", retry_after=_wait(fault))
    if fault.status in (401, 403):
        return AtsAuthError("The fake ATS does not allow that.")
    if fault.status in (404, 410):
        return NotFoundInAts("The fake ATS does not have that record.")
    return RejectedByAts("The fake ATS refused the request.", ats_words=f"Injected fault {fault.status}")


def _wait(fault: SandboxFault) -> float | None:
    text = fault.headers.get("Retry-After", "")
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
        except ValueError:
            return None
    return min(max(seconds, 0.0), MAX_WAIT)


class FakeAdapter:
    """Implements `ports.AtsAdapter` on a `FakeAts`."""

    kind = KIND
    capabilities = CAPABILITIES

    def __init__(self, world: FakeAts) -> None:
        self._world = world

    async def read(self, ref: ApplicationRef, wanted: frozenset[Family]) -> AtsState:
        with self._world.request("read", write=False):
            return state_of(self._world.record(ref), wanted)

    async def set_fields(self, ref: ApplicationRef, values: Mapping[str, FieldValue | None], seen: AtsState) -> None:
        changed = {k: v for k, v in values.items() if v != seen.fields.get(k)}
        for key, value in changed.items():
            _check_field(key, value)
        if not changed:
            return
        with self._world.request("set_fields", write=True):
            fields = self._world.record(ref).fields
            fields.update({k: v for k, v in changed.items() if v is not None})
            for key in [k for k, v in changed.items() if v is None]:
                fields.pop(key, None)

    async def add_tags(self, ref: ApplicationRef, tags: Sequence[str], seen: AtsState) -> None:
        if missing := set(tags) - seen.tags:
            with self._world.request("add_tags", write=True):
                self._world.record(ref).tags.update(missing)

    async def remove_tags(self, ref: ApplicationRef, tags: Sequence[str], seen: AtsState) -> None:
        if there := set(tags) & seen.tags:
            with self._world.request("remove_tags", write=True):
                self._world.record(ref).tags.difference_update(there)

    async def add_links(self, ref: ApplicationRef, links: Sequence[str], seen: AtsState) -> None:
        if missing := set(links) - seen.links:
            with self._world.request("add_links", write=True):
                self._world.record(ref).links.update(missing)

    async def remove_links(self, ref: ApplicationRef, links: Sequence[str], seen: AtsState) -> None:
        if there := set(links) & seen.links:
            with self._world.request("remove_links", write=True):
                self._world.record(ref).links.difference_update(there)

    async def put_note(
        self, ref: ApplicationRef, marker: str, text: str, *, private: bool, existing: NoteState | None
    ) -> str:
        with self._world.request("put_note", write=True):
            notes = self._world.record(ref).notes
            remote_id = existing.remote_id if existing else self._world.next_id()
            notes[remote_id] = NoteState(marker=marker, remote_id=remote_id, text=text)
        return remote_id

    async def remove_note(self, ref: ApplicationRef, note: NoteState) -> None:
        with self._world.request("remove_note", write=True):
            self._world.record(ref).notes.pop(note.remote_id, None)

    async def add_attachment(self, ref: ApplicationRef, attachment: AddAttachment) -> str:
        record = self._world.record(ref)
        with self._world.request("add_attachment", write=True):
            remote_id = self._world.next_id()
            record.attachments[remote_id] = AttachmentState(attachment.value.filename, remote_id)
            record.contents[remote_id] = attachment.content
        return remote_id

    async def remove_attachment(self, ref: ApplicationRef, attachment: AttachmentState) -> None:
        with self._world.request("remove_attachment", write=True):
            self._world.record(ref).attachments.pop(attachment.remote_id, None)

    async def put_form(self, ref: ApplicationRef, marker: str, form: PutForm, *, existing: FormState | None) -> str:
        if form.target != FORM_TEMPLATE or not form.value.keys() <= {f.name for f in FORM_FIELDS}:
            raise RejectedByAts("The fake ATS has no such form.", ats_words=form.target)
        with self._world.request("put_form", write=True):
            forms = self._world.record(ref).forms
            if existing:
                forms.pop(existing.remote_id, None)
            remote_id = self._world.next_id()
            forms[remote_id] = FormState(form.target, marker, remote_id, dict(form.value))
        return remote_id

    async def catalog(self) -> Catalog:
        with self._world.request("catalog", write=False):
            return Catalog(fields=FIELDS, form_templates={FORM_TEMPLATE: FORM_FIELDS})

    async def probe(self) -> tuple[Probe, ...]:
        return tuple(self._probe(name) for name in sorted(PERMISSIONS))

    def _probe(self, permission: str) -> Probe:
        try:
            with self._world.request("probe", write=False):
                granted = permission in self._world.permissions
        except DeliveryError as error:
            return Probe(permission, False, error.message, f"Grant the permission {permission}, or try again later.")
        if not granted:
            return Probe(permission, False, f"The permission {permission} is missing.", f"Grant {permission}.")
        return Probe(permission, True, f"The permission {permission} is there.")

    async def aclose(self) -> None:
        """Nothing is open."""


def _check_field(key: str, value: FieldValue | None) -> None:
    definition = next((f for f in FIELDS if f.key == key), None)
    if definition is None:
        raise RejectedByAts(f"The fake ATS has no field `{key}`.", ats_words=key)
    chosen = value if isinstance(value, tuple) else (value,)
    if definition.options is not None and value is not None and not set(chosen) <= set(definition.options):
        raise RejectedByAts(f"The field `{key}` of the fake ATS has no such option.", ats_words=key)


def plugin_for(world: FakeAts) -> AtsPlugin:
    """A plugin whose adapter and stand-in are both that world."""

    def adapter(settings: FakeSettings, http: AtsHttp) -> FakeAdapter:
        return FakeAdapter(world)

    return AtsPlugin(
        kind=KIND,
        title="Fake ATS",
        settings=FakeSettings,
        adapter=adapter,
        sandbox=lambda seed: world,
        default_mapping="",
        full_mapping="",
        capabilities=CAPABILITIES,
    )
