"""Workday: a single-instance custom object on the job application, and files on the candidate.

Notes are emulated: a long-text field of the same object holds their text, another their markers (`notes.py`). Name,
contact data, stage and résumé are never touched, and Put_Candidate is never called (a stale stage in it could move
the candidate). Everything that was decided against what was seen on the wire is in `docs/workday-setup.md`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from adapters.base import BaseAdapter, changed_fields
from adapters.workday import notes, wire
from adapters.workday.client import ACTIVATE, VENDOR, RecruitingClient
from adapters.workday.settings import FIELD_TYPES, FILE_COMMENT, MARKER_CHILD, NOTE_CHILD, WorkdaySettings, is_alias
from adapters.workday.soap import Element
from connector.errors import (
    AmbiguousTarget,
    AtsAuthError,
    DeliveryError,
    NotFoundInAts,
    RejectedByAts,
    RetryableDeliveryError,
    UnsupportedByAts,
)
from connector.model.applicant import ApplicationRef
from connector.model.changes import AddAttachment, AtsState, AttachmentState, Family, FieldValue, NoteState
from connector.ports import AtsHttp, Capabilities, Catalog, FieldDefinition, NoteSupport, Probe

MAX_FILENAME: Final = 255
MAX_CLOCK_SKEW: Final = timedelta(minutes=5)
NOBODY: Final = "LER-DOCTOR-NOBODY"
"""An id that no candidate and no job application has: asking for it shows a grant and reads nobody's data."""

_ALREADY_THERE: Final = ("already exists", "already in use", "duplicate filenames")


@dataclass(frozen=True, slots=True)
class _Place:
    """One job application and our custom object there, as it stands now."""

    application: str
    custom_object: Element | None


class WorkdayAdapter(BaseAdapter):
    kind = "workday"
    title = VENDOR
    capabilities = Capabilities(
        fields=True,
        field_types=FIELD_TYPES,
        notes=NoteSupport.EMULATED,
        attachments=True,
        needs_application=True,
        removable=frozenset({Family.FIELDS, Family.NOTES}),
    )

    def __init__(self, settings: WorkdaySettings, http: AtsHttp) -> None:
        self._settings = settings
        self._client = RecruitingClient(settings, http)

    # reading

    async def read(self, ref: ApplicationRef, wanted: frozenset[Family]) -> AtsState:
        place = await self._place(ref)
        children = wire.plain_children(place.custom_object)
        files = await self._files(ref, place.application) if Family.ATTACHMENTS in wanted else []
        return AtsState(
            fields=self._fields(children) if Family.FIELDS in wanted else {},
            notes=_note_states(children) if Family.NOTES in wanted else (),
            attachments=tuple(AttachmentState(file.filename, file.remote_id) for file in files),
        )

    async def _place(self, ref: ApplicationRef) -> _Place:
        """Find the application *through its candidate*, so that a wrong pair of ids never leads to a write."""
        if ref.application is None:
            return await self._only_place(ref.candidate)
        rows = await self._client.additional_data_of_candidate(ref.candidate)
        for row in rows:
            if ref.application in row.ids.values():
                return _Place(row.number, self._ours(row))
        for application in await self._client.applications_of(ref.candidate):
            if ref.application in application.ids.values():
                return _Place(application.number, None)
        raise NotFoundInAts("Workday has no such job application of that candidate.", code="application_not_found")

    async def _only_place(self, candidate: str) -> _Place:
        applications = await self._client.applications_of(candidate)
        if not applications:
            raise NotFoundInAts("The candidate has no job application in Workday.", code="application_not_found")
        if len(applications) > 1:
            raise AmbiguousTarget(
                f"The candidate has {len(applications)} job applications in Workday; name the one that is meant."
            )
        application = applications[0].number
        rows = await self._client.additional_data_of_application(application)
        return _Place(application, self._ours(rows[0]) if rows else None)

    def _ours(self, row: wire.ApplicationData) -> Element | None:
        tag = f"{{{self._settings.custom_namespace}}}{self._settings.custom_object}"
        ours = [element for element in row.objects if element.tag == tag]
        if len(ours) > 1:
            raise UnsupportedByAts(
                f"The custom object {self._settings.custom_object} must be single-instance.", code="custom_object_multi"
            )
        return ours[0] if ours else None

    def _fields(self, children: Mapping[str, str]) -> dict[str, FieldValue]:
        types = self._settings.field_types
        return {
            alias: _read_value(text, types.get(alias, "text"))
            for alias, text in children.items()
            if alias not in (NOTE_CHILD, MARKER_CHILD)
        }

    async def _files(self, ref: ApplicationRef, application: str) -> list[wire.StoredAttachment]:
        """The candidate's files, without those we put there for *another* of their applications."""
        mine, ours = _file_prefix(application), _FILE_ID_PREFIX
        files = await self._client.attachments_of(ref.candidate)
        return [f for f in files if f.file_id.startswith(mine) or not f.file_id.startswith(ours)]

    # fields

    async def set_fields(self, ref: ApplicationRef, values: Mapping[str, FieldValue | None], seen: AtsState) -> None:
        for key, value in values.items():
            self._check_field(key, value)
        place = await self._place(ref)
        standing = AtsState(fields=self._fields(wire.plain_children(place.custom_object)))
        changed = changed_fields(values, standing)
        await self._put(place, {key: _written_value(key, value) for key, value in changed.items()})

    def _check_field(self, key: str, value: FieldValue | None) -> None:
        if key in (NOTE_CHILD, MARKER_CHILD, f"{self._settings.custom_object}Reference") or not is_alias(key):
            raise UnsupportedByAts(f"{key} is no field of the custom object to map to.", code="field_reserved")
        if isinstance(value, tuple):
            raise UnsupportedByAts(f"{key} of the custom object holds one value, not a list.", code="field_single")
        if isinstance(value, bool | int | float) and key not in self._settings.field_types:
            raise UnsupportedByAts(
                f"Say the type of {key} in CUSTOM_FIELDS of the connection: Workday's answers do not tell it.",
                code="field_undeclared",
            )

    async def _put(self, place: _Place, values: Mapping[str, str | None]) -> None:
        """Write our object whole, from what stood there a moment ago: fields and notes live in it together."""
        if values:
            settings = self._settings
            whole = wire.with_children(place.custom_object, settings.custom_namespace, settings.custom_object, values)
            await self._client.put_additional_data(place.application, whole)

    # notes

    async def put_note(
        self, ref: ApplicationRef, marker: str, text: str, *, private: bool, existing: NoteState | None
    ) -> str:
        if private:
            raise UnsupportedByAts("Workday cannot keep this note from ordinary users.", code="private_note")
        if not notes.is_marker(marker):
            raise UnsupportedByAts("A note's marker may not hold spaces or an equals sign.", code="note_marker")
        place = await self._place(ref)
        children = wire.plain_children(place.custom_object)
        await self._put_notes(place, children, {**_standing_notes(children), marker: text})
        return _note_id(marker)

    async def remove_note(self, ref: ApplicationRef, note: NoteState) -> None:
        place = await self._place(ref)
        children = wire.plain_children(place.custom_object)
        standing = _standing_notes(children)
        await self._put_notes(place, children, {m: t for m, t in standing.items() if m != note.marker})

    async def _put_notes(self, place: _Place, children: Mapping[str, str], wanted: Mapping[str, str]) -> None:
        text, markers = notes.join(wanted)
        fields = {NOTE_CHILD: text or None, MARKER_CHILD: markers or None}
        await self._put(place, {k: v for k, v in fields.items() if children.get(k) != v})

    # files

    async def add_attachment(self, ref: ApplicationRef, attachment: AddAttachment) -> str:
        if len(attachment.value.filename) > MAX_FILENAME:
            raise UnsupportedByAts(
                f"Workday's file names have at most {MAX_FILENAME} characters.", code="filename_long"
            )
        if attachment.private and not self._settings.own_category:
            raise UnsupportedByAts(
                "Whoever sees a candidate's attachments sees files of this category; name a restricted one of your own "
                "in DOCUMENT_CATEGORY of the connection, or say `private: false` in the mapping.",
                code="private_attachment",
            )
        application = (await self._place(ref)).application
        file = self._file(
            file_id=_file_prefix(application) + _short_hash(attachment.value.sha256),
            filename=attachment.value.filename,
            content_type=attachment.value.content_type,
            content=attachment.content,
            comment=FILE_COMMENT + application,
        )
        try:
            return await self._client.put_attachment(ref.candidate, file) or file.file_id
        except RejectedByAts as refused:
            if not any(words in refused.ats_words.lower() for words in _ALREADY_THERE):
                raise
            return await self._id_of_file(ref, file, refused)

    def _file(self, **values: Any) -> wire.NewAttachment:
        settings = self._settings
        return wire.NewAttachment(category=settings.document_category, own_category=settings.own_category, **values)

    async def _id_of_file(self, ref: ApplicationRef, file: wire.NewAttachment, refused: RejectedByAts) -> str:
        """Workday says that it has this file: look, rather than believe it."""
        for stored in await self._client.attachments_of(ref.candidate):
            if stored.file_id == file.file_id:
                return stored.remote_id
        raise refused

    # setup and doctor

    async def catalog(self) -> Catalog:
        """The fields the settings declare: the service has no operation that lists a custom object's fields."""
        return Catalog(
            fields=tuple(
                FieldDefinition(key=alias, name=alias, type=kind) for alias, kind in self._settings.field_types.items()
            )
        )

    async def probe(self) -> tuple[Probe, ...]:
        """Sign-in, clock, and one call per operation that asks for somebody who does not exist.

        A write to nobody changes nothing, and is the only way to see whether writing is granted and whether the custom
        object and its fields are known: Workday refuses by operation first, then by what is in the request.
        """
        clock = await self._probe_clock()
        if clock.name == "sign_in" and not clock.ok:
            return (clock,)
        probes = [await self._probe_operation(name) for name in DOMAINS]
        return (clock, *(replace(p, only_for=Family.ATTACHMENTS if p.name in _FILES else None) for p in probes))

    async def _probe_clock(self) -> Probe:
        try:
            theirs = await self._client.server_timestamp()
        except DeliveryError as error:
            return Probe("sign_in", False, str(error), _fix_for(error))
        skew = abs(theirs - datetime.now(UTC))
        if skew > MAX_CLOCK_SKEW:
            seconds = int(skew.total_seconds())
            return Probe("clock", False, f"Our clock and Workday's differ by {seconds} s.", "Set this machine's clock.")
        return Probe("sign_in", True, "Signed in; the clocks agree.")

    async def _probe_operation(self, operation: str) -> Probe:
        error = await self._outcome(operation)
        if error is None or isinstance(error, NotFoundInAts):
            return Probe(operation, True, f"{operation} is granted.")
        if isinstance(error, AtsAuthError):
            right, domains = operation.partition("_")[0], DOMAINS[operation]
            fix = f"Grant {right} on {domains} to the integration's security group, then run {ACTIVATE}."
            return Probe(operation, False, str(error), fix)
        words = error.ats_words if isinstance(error, RejectedByAts) else ""
        return Probe(operation, False, " ".join((str(error), words)).strip(), _fix_for(error))

    async def _outcome(self, operation: str) -> DeliveryError | None:
        client = self._client
        file = self._file(file_id="LER-DOCTOR", filename="ler-doctor.txt", content_type="text/plain", content=b"-")
        calls: dict[str, Callable[[], Awaitable[object]]] = {
            "Get_Candidates": lambda: client.applications_of(NOBODY),
            "Get_Job_Application_Additional_Data": lambda: client.additional_data_of_candidate(NOBODY),
            "Put_Job_Application_Additional_Data": lambda: client.put_additional_data(NOBODY, self._empty_object()),
            "Get_Candidate_Attachments": lambda: client.attachments_of(NOBODY),
            "Put_Candidate_Attachment": lambda: client.put_attachment(NOBODY, file),
        }
        try:
            await calls[operation]()
        except DeliveryError as error:
            return error
        return None

    def _empty_object(self) -> Element:
        """Our object with every field we may write, each empty: it names them all and says nothing."""
        settings = self._settings
        names = (MARKER_CHILD, *settings.field_types, NOTE_CHILD)
        return wire.with_children(None, settings.custom_namespace, settings.custom_object, dict.fromkeys(names, ""))


DOMAINS: Final = {
    "Get_Candidates": "Candidate Data: Job Application and Candidate Data: Personal Information",
    "Get_Job_Application_Additional_Data": "Candidate Data: Job Application and the custom object's domain",
    "Put_Job_Application_Additional_Data": "Candidate Data: Edit Job Application and the custom object's domain",
    "Get_Candidate_Attachments": "Candidate Data: Attachments",
    "Put_Candidate_Attachment": "Candidate Data: Attachments and Candidate Data: Other Information",
}
_FILES: Final = frozenset({"Get_Candidate_Attachments", "Put_Candidate_Attachment"})
_FILE_ID_PREFIX: Final = "LER-"


def _fix_for(error: DeliveryError) -> str:
    if isinstance(error, AtsAuthError):
        return "Check the connection's credentials, and that the integration system user may not expire or be locked."
    if isinstance(error, RetryableDeliveryError):
        return "Check SERVICE_URL and the network, then try again."
    return "Check SERVICE_URL, TENANT and VERSION of the connection."


def _note_id(marker: str) -> str:
    return f"{NOTE_CHILD}/{marker}"


def _note_states(children: Mapping[str, str]) -> tuple[NoteState, ...]:
    """Our notes. After an edit in Workday they can no longer be told apart: each then shows the whole text."""
    text, markers = children.get(NOTE_CHILD, ""), children.get(MARKER_CHILD, "")
    found = notes.split(text, markers)
    if found is None:
        found = dict.fromkeys((entry.partition("=")[0] for entry in markers.split()), text)
    return tuple(NoteState(marker=m, remote_id=_note_id(m), text=t) for m, t in found.items())


def _standing_notes(children: Mapping[str, str]) -> dict[str, str]:
    """Our notes as they stand, before one of them is written.

    Raises:
        UnsupportedByAts: the field holds text that is not ours.
    """
    found = notes.split(children.get(NOTE_CHILD, ""), children.get(MARKER_CHILD, ""))
    if found is None:
        raise UnsupportedByAts(
            f"Somebody else wrote into {NOTE_CHILD} or {MARKER_CHILD} of the custom object; their text is left alone.",
            code="note_place_taken",
        )
    return found


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _file_prefix(application: str) -> str:
    """Start of our file ids for one application: the same file for the same application has one id, for ever."""
    return f"{_FILE_ID_PREFIX}{_short_hash(application)}-"


def _read_value(text: str, kind: str) -> FieldValue:
    """A child's text as the value of its declared type; text that does not fit its type stays text."""
    if kind == "yes_no" and text in ("1", "true", "0", "false"):
        return text in ("1", "true")
    if kind == "number":
        return _number(text)
    if kind == "date":
        return text[:10]  # an xsd:date may carry a time zone
    return text


def _number(text: str) -> FieldValue:
    try:
        value = float(text)
    except ValueError:
        return text
    return int(value) if value.is_integer() else value


def _written_value(key: str, value: FieldValue | None) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _decimal(key, value)
    return None if value is None else str(value)


def _decimal(key: str, value: float) -> str:
    """An xsd:decimal: it has neither exponent nor infinity."""
    if not math.isfinite(value):
        raise UnsupportedByAts(f"{key} of the custom object holds a finite number.", code="field_not_a_number")
    return format(Decimal(repr(value)), "f")
