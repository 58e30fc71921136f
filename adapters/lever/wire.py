"""Lever's shapes (Data API v1) as models, and how our values look in them.

Names and types follow recorded answers of the API (2026-07-02) where there are any, the developer documentation
elsewhere (read 2026-11-23). Lever may add members at any time ("we may decide to add additional fields"), so unknown
ones are ignored; a missing one that we rely on is an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any, Final, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from adapters.base import split_marker, with_marker
from connector.errors import UnsupportedByAts
from connector.model.changes import FieldValue, FormState, NoteState

REFERENCE_FIELD: Final = "LER reference"
"""The text field of a form template that carries our marker; by it a completed form is found again."""

_REFERENCE: Final = re.compile(r"ler-ref: (\S+?)(?:; supersedes (\S+))?\Z")


class Wire(BaseModel):
    """A shape of Lever's: unknown members are ignored, missing ones are not."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


T = TypeVar("T", bound=Wire)


# --- what Lever answers ------------------------------------------------------------------------------------------


class Page(Wire, Generic[T]):
    """A list answer. `next` is opaque and comes percent-encoded; it goes back as it came, encoded once more."""

    data: tuple[T, ...]
    next: str | None = None
    has_next: bool = Field(False, alias="hasNext")


class Permission(Wire):
    allowed: bool
    expires_at: int | None = Field(None, alias="expiresAt")


class DataProtection(Wire):
    """What the candidate's consent and the account's policies allow; null on the opportunity means no policy."""

    store: Permission | None = None
    contact: Permission | None = None


class Opportunity(Wire):
    """One candidacy. Its tags include those that Lever copied from the posting; its links are the contact's."""

    id: str
    contact: str | None
    tags: tuple[str, ...]
    links: tuple[str, ...]
    applications: tuple[str, ...]
    is_anonymized: bool = Field(alias="isAnonymized")
    data_protection: DataProtection | None = Field(alias="dataProtection")

    @property
    def storage_allowed(self) -> bool:
        protection = self.data_protection
        return protection is None or protection.store is None or protection.store.allowed


class OpportunityId(Wire):
    """What `include=id` leaves of an opportunity."""

    id: str


class Comment(Wire):
    """One entry of a note's thread."""

    type: str = "note"
    value: str | None = None
    user: str | None = None
    stage: str | None = None
    score: int | None = None
    created_at: int | None = Field(None, alias="createdAt")


class Note(Wire):
    id: str
    fields: tuple[Comment, ...]
    secret: bool = False
    deleted_at: int | None = Field(None, alias="deletedAt")


class NoteWritten(Wire):
    """Documented as `{"noteId"}` alone; the real answer to a POST is the whole note with both names."""

    id: str | None = None
    note_id: str | None = Field(None, alias="noteId")


class File(Wire):
    id: str
    name: str


class Option(Wire):
    text: str


class TemplateField(Wire):
    """A field of a form template. `type` is hyphenated on the wire (`yes-no`, `multiple-select`)."""

    id: str | None = None
    type: str
    text: str
    description: str | None = ""
    required: bool = False
    options: tuple[Option, ...] | None = None
    prompt: str | None = None
    currency: str | None = None


class FormTemplate(Wire):
    id: str
    text: str
    secret_by_default: bool = Field(False, alias="secretByDefault")
    fields: tuple[TemplateField, ...]

    def field(self, text: str) -> TemplateField | None:
        return next((f for f in self.fields if f.text == text), None)


class FormField(TemplateField):
    value: Any = None


class Form(Wire):
    """A completed profile form; `text` is its template's title."""

    id: str
    text: str
    base_template_id: str = Field(alias="baseTemplateId")
    fields: tuple[FormField, ...]
    created_at: int = Field(0, alias="createdAt")
    deleted_at: int | None = Field(None, alias="deletedAt")


class Tag(Wire):
    text: str


class User(Wire):
    id: str
    name: str | None = None
    deactivated_at: int | None = Field(None, alias="deactivatedAt")


# --- notes -------------------------------------------------------------------------------------------------------


def write_note(text: str, marker: str) -> str:
    """The note as Lever gets it: nobody mentioned, our reference as the last line."""
    return with_marker(_silence_mentions(text), marker)


def read_note(value: str) -> tuple[str, str] | None:
    """`(marker, text)` of a note that we wrote, None for anybody else's."""
    found = split_marker(value)
    return (found[0], _restore_mentions(found[1])) if found else None


def our_comment(note: Note) -> int | None:
    """Which comment of the thread is ours: the first with our reference; recruiters may have answered below."""
    return next((i for i, c in enumerate(note.fields) if c.value is not None and read_note(c.value)), None)


def our_notes(notes: Sequence[Note]) -> tuple[NoteState, ...]:
    """The notes that carry our reference."""
    ours = []
    for note in notes:
        place = our_comment(note)
        if note.deleted_at is None and place is not None and (found := read_note(note.fields[place].value or "")):
            ours.append(NoteState(marker=found[0], remote_id=note.id, text=found[1]))
    return tuple(ours)


def _silence_mentions(text: str) -> str:
    """Write `@name` with a full-width at sign.

    Lever notifies whoever a note @-mentions and lets them see a secret note ("Create a note", `value`, `secret`); text
    of a credential must not be able to do that. A full-width sign of the text's own is doubled, so that it can be told
    apart again.
    """
    return re.sub(r"@(?=\w)", "＠", text.replace("＠", "＠＠"))


def _restore_mentions(text: str) -> str:
    return re.sub("＠＠|＠", lambda m: "＠" if len(m[0]) == 2 else "@", text)


# --- files -------------------------------------------------------------------------------------------------------

ACCEPTED_TYPES: Final = frozenset(
    {
        "application/pdf",
        "image/png",
        "image/jpeg",
        "text/plain",
        "application/json",
        "application/msword",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    }
)
"""What ends as a file that Lever supports: docx, doc, js, jpg, png, pdf, txt ("Supported File Formats")."""
_EXTENSIONS: Final = frozenset({".docx", ".doc", ".jpg", ".png", ".pdf", ".txt"})
MAX_FILE_BYTES: Final = 30_000_000
"""The request is limited to 30 MB ("Upload a single file")."""


def write_filename(filename: str) -> str:
    """The name a file gets in Lever: JSON is no supported format, so it goes as `.json.txt`.

    Raises:
        UnsupportedByAts: Lever supports no such file.
    """
    suffix = PurePath(filename).suffix.lower()
    if suffix == ".json":
        return filename + ".txt"
    if suffix not in _EXTENSIONS:
        raise UnsupportedByAts("Lever does not take files of this kind.", code="attachment_type", detail=suffix or "-")
    return filename


def read_filename(name: str) -> str:
    return name.removesuffix(".txt") if name.lower().endswith(".json.txt") else name


# --- forms -------------------------------------------------------------------------------------------------------

PORT_TYPES: Final[Mapping[str, str]] = {
    "text": "text",
    "textarea": "long_text",
    "yes-no": "yes_no",
    "date": "date",
    "currency": "number",
    "dropdown": "single_select",
    "multiple-choice": "single_select",
    "multiple-select": "multi_select",
}
"""Lever's field types of profile forms, and the port's."""

_DEFINITION: Final = {"type", "text", "description", "required", "options"}

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def write_reference(marker: str, supersedes: str | None) -> str:
    """What stands in the form's `LER reference`: the marker, and the form that this one replaces."""
    return f"ler-ref: {marker}" + (f"; supersedes {supersedes}" if supersedes else "")


def read_reference(form: Form) -> tuple[str, str | None] | None:
    """`(marker, id of the form it replaces)` of a form that we completed, None for anybody else's."""
    for field in form.fields:
        if field.text == REFERENCE_FIELD and isinstance(field.value, str):
            found = _REFERENCE.match(field.value.strip())
            return (found[1], found[2]) if found else None
    return None


def current_forms(forms: Sequence[Form]) -> tuple[FormState, ...]:
    """Our completed forms as they hold: for each template and marker the one that nothing supersedes."""
    ours = [(form, reference) for form in forms if form.deleted_at is None and (reference := read_reference(form))]
    replaced = {reference[1] for _, reference in ours}
    current: dict[tuple[str, str], Form] = {}
    for form, (marker, _) in sorted(ours, key=lambda pair: (pair[0].id not in replaced, pair[0].created_at)):
        current[form.text, marker] = form
    return tuple(
        FormState(template=text, marker=marker, remote_id=form.id, values=_values(form))
        for (text, marker), form in current.items()
    )


def _values(form: Form) -> dict[str, FieldValue]:
    read = {f.text: read_value(f) for f in form.fields if f.text != REFERENCE_FIELD}
    return {label: value for label, value in read.items() if value is not None}


def write_value(field: TemplateField, value: FieldValue | None) -> Any:
    """One value as Lever wants it in a field of that type (documentation, "Form Fields").

    Raises:
        UnsupportedByAts: it cannot be expressed there; whether an option exists is for Lever to say.
    """
    if value is None:
        return None
    kind = PORT_TYPES.get(field.type)
    if kind in ("text", "long_text") and not isinstance(value, bool):
        return _write_text(value, "\n" if kind == "long_text" else ", ")
    if kind == "yes_no" and isinstance(value, bool):
        return "yes" if value else "no"
    if kind == "number" and isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if kind == "date" and isinstance(value, str) and _DAY.fullmatch(value):
        return _write_day(value, field.text)
    if kind == "single_select" and isinstance(value, str):
        return value
    if kind == "multi_select" and isinstance(value, str | tuple):
        return [value] if isinstance(value, str) else list(value)
    raise _inexpressible(field.text, f"a {type(value).__name__} in a field of type {field.type}")


def _write_text(value: str | int | float | Sequence[str], separator: str) -> str:
    if isinstance(value, str | int | float):
        return str(value)
    return separator.join(value)


def _write_day(value: str, field: str) -> int:
    """Dates are epoch milliseconds; a day is its midnight in UTC."""
    try:
        return int(datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        raise _inexpressible(field, "no such day") from None


def _inexpressible(field: str, detail: str) -> UnsupportedByAts:
    return UnsupportedByAts(f"Lever's form field {field!r} cannot hold this value.", code="value_type", detail=detail)


def read_value(field: FormField) -> FieldValue | None:
    """The value of a completed field in the port's terms; None when it is empty."""
    value = field.value
    if value is None or value == "" or value == []:
        return None
    kind = PORT_TYPES.get(field.type)
    if kind == "yes_no" and value in ("yes", "no"):
        return bool(value == "yes")
    if kind == "date" and isinstance(value, int | float):
        return datetime.fromtimestamp(value / 1000, UTC).strftime("%Y-%m-%d")
    if isinstance(value, list):
        return tuple(str(item) for item in value)
    if isinstance(value, bool | int | float | str):
        return value
    return str(value)


def write_form_field(field: TemplateField, value: FieldValue | None) -> dict[str, Any]:
    """A field of a form to be completed: as the template defines it, with the value ("Create a profile form")."""
    written = field.model_dump(mode="json", exclude_none=True, include=_DEFINITION)
    return {**written, "value": write_value(field, value)}


def same_written(field: TemplateField, left: FieldValue | None, right: FieldValue | None) -> bool:
    """Whether two values come out the same in that field; Lever may trim text, and ticks have no order."""
    return bool(_comparable(write_value(field, left)) == _comparable(write_value(field, right)))


def _comparable(written: Any) -> Any:
    if isinstance(written, str):
        return written.strip() or None
    return (sorted(written) or None) if isinstance(written, list) else written
