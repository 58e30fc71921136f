"""What is to be written to an ATS, what stands there, and what was done.

Values are *by name* (option names, tag texts): names become the vendor's ids inside the adapter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from connector.model.applicant import ApplicationRef
from connector.model.report import Assurance

FieldValue = str | bool | int | float | tuple[str, ...]


class _Change(BaseModel):
    """One value to be written.

    Attributes:
        target: the field's key, the tag family, the note's or attachment's name, the form template.
        trust: `verified` only when every claim behind it is trusted.
        assurance: the weakest among its claims; None for a value that rests on no claim (a link to the report).
        rule: the mapping rule that made it.
        claims: indexes into the claims the plan was made from.
    """

    model_config = ConfigDict(frozen=True)

    target: str
    trust: Literal["verified", "unverified"] = "unverified"
    assurance: Assurance | None = None
    rule: str
    claims: tuple[int, ...] = ()
    private: bool = False


class SetField(_Change):
    op: Literal["set_field"] = "set_field"
    value: FieldValue
    overwrite: bool = False


class AddTag(_Change):
    op: Literal["add_tag"] = "add_tag"
    value: str


class RemoveTag(_Change):
    op: Literal["remove_tag"] = "remove_tag"
    value: str


class PutNote(_Change):
    """A note. `value` is plain text; the marker that finds it again is added at delivery."""

    op: Literal["put_note"] = "put_note"
    value: str


class AddLink(_Change):
    op: Literal["add_link"] = "add_link"
    value: str


class AttachmentValue(BaseModel):
    model_config = ConfigDict(frozen=True)

    filename: str
    content_type: str
    sha256: str
    length: int


class AddAttachment(_Change):
    """A file. The bytes travel beside the plan (`content`), never in its JSON."""

    op: Literal["add_attachment"] = "add_attachment"
    value: AttachmentValue
    content: bytes = Field(default=b"", exclude=True, repr=False)


class PutForm(_Change):
    """A completed form: field label -> value, for the template named by `target`."""

    op: Literal["put_form"] = "put_form"
    value: dict[str, FieldValue]


Change = Annotated[
    SetField | AddTag | RemoveTag | PutNote | AddLink | AddAttachment | PutForm, Field(discriminator="op")
]


class Skip(BaseModel):
    """A rule that wrote nothing, and why (`reason` is a stable code)."""

    model_config = ConfigDict(frozen=True)

    rule: str
    reason: str
    detail: str = ""


class ChangeSet(BaseModel):
    """What should stand in the ATS for one application, value by value.

    It is the wished-for state of *our* values, made from all live, consented submissions; what is already there is
    subtracted by `deliver`.
    """

    model_config = ConfigDict(frozen=True)

    ats: str
    mapping_version: str = ""
    changes: tuple[Change, ...] = ()
    skipped: tuple[Skip, ...] = ()


# --- what stands in the ATS -------------------------------------------------------------------------------------


class Family(StrEnum):
    """The kinds of things an ATS may hold for us; a read names the ones it wants, so that it costs few requests."""

    FIELDS = "fields"
    TAGS = "tags"
    NOTES = "notes"
    ATTACHMENTS = "attachments"
    LINKS = "links"
    FORMS = "forms"


@dataclass(frozen=True, slots=True)
class NoteState:
    """One of our notes as it stands: `marker` is the reference we put into it."""

    marker: str
    remote_id: str
    text: str


@dataclass(frozen=True, slots=True)
class AttachmentState:
    filename: str
    remote_id: str


@dataclass(frozen=True, slots=True)
class FormState:
    template: str
    marker: str
    remote_id: str
    values: dict[str, FieldValue]


@dataclass(frozen=True, slots=True)
class AtsState:
    """What the ATS holds for one application, by name. A family that was not asked for is empty."""

    fields: dict[str, FieldValue] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()
    notes: tuple[NoteState, ...] = ()
    attachments: tuple[AttachmentState, ...] = ()
    forms: tuple[FormState, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)
    """The adapter's own memory between this read and the writes that follow (a row to be sent back whole)."""


# --- what was done ----------------------------------------------------------------------------------------------


class EffectState(StrEnum):
    PLANNED = "planned"
    SENT = "sent"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    UNDONE = "undone"


class Effect(BaseModel):
    """One line of a receipt: a change and what became of it."""

    model_config = ConfigDict(frozen=True)

    op: str
    target: str
    value: Any
    state: EffectState
    assurance: Assurance | None = None
    rule: str = ""
    remote_id: str | None = None
    code: str | None = None
    detail: str = ""
    wrote: bool = False
    """True when this delivery sent a write for it; False when it stood there already."""


class Receipt(BaseModel):
    """What the ATS confirmed. `requests` and `writes` count HTTP requests of this delivery."""

    model_config = ConfigDict(frozen=True)

    ref: ApplicationRef
    effects: tuple[Effect, ...] = ()
    skipped: tuple[Skip, ...] = ()
    requests: int = 0
    writes: int = 0

    @property
    def complete(self) -> bool:
        return all(e.state in (EffectState.CONFIRMED, EffectState.UNDONE) for e in self.effects)
