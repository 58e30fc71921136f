"""The ledger: what we wrote for one application, effect by effect (DESIGN section 2: "the ledger is the truth").

An effect is a field, a tag, a link, a note, a file or a form. Its row is written *before* the call, with a stable key
that holds neither the document nor the mapping's version: the same wish again finds the same row, whoever wishes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from connector.model.applicant import ApplicationRef
from connector.model.changes import (
    AddAttachment,
    AddLink,
    AddTag,
    AttachmentValue,
    Change,
    EffectState,
    Family,
    PutForm,
    PutNote,
    RemoveTag,
    SetField,
)
from connector.model.report import Assurance

Value = Any
"""A field's value, a text, a form's values, or an attachment's `{filename, content_type, sha256, length}`."""

MAX_MAYBE: Final = 8
"""So many different values in a row without one answer are an outage; older ones have been replaced by then."""
FAMILY_OF: Final = {
    "set_field": Family.FIELDS,
    "add_tag": Family.TAGS,
    "remove_tag": Family.TAGS,
    "add_link": Family.LINKS,
    "put_note": Family.NOTES,
    "put_form": Family.FORMS,
    "add_attachment": Family.ATTACHMENTS,
}


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One effect.

    Attributes:
        key: stable within the application (`effect_key`).
        value: what we want, or wanted, to stand there. Of a list field only the options that are ours.
        state: `sent` means that the call may have been made and its outcome is not known.
        confirmed: what the ATS last confirmed of us; None when nothing of ours is known to stand.
        maybe: what was sent since then without an answer: any of it may stand there instead.
        ours: False when the value stood there before we came: it is never taken back.
        before: what we overwrote, kept only where it was not ours.
    """

    key: str
    op: str
    target: str
    rule: str
    value: Value
    state: EffectState = EffectState.PLANNED
    confirmed: Value = None
    maybe: tuple[Value, ...] = ()
    ours: bool = True
    before: Value = None
    remote_id: str | None = None
    assurance: Assurance | None = None
    mapping_version: str = ""
    code: str | None = None

    @property
    def family(self) -> Family:
        return FAMILY_OF[self.op]

    @property
    def unknown(self) -> bool:
        """A call was made, or may have been, and nobody knows what became of it."""
        return bool(self.maybe)

    @property
    def active(self) -> bool:
        """Something of ours stands there, or may stand there."""
        return self.ours and (self.unknown or self.confirmed is not None)

    def sent(self) -> LedgerEntry:
        """A call for `value` is about to be made; until it is answered, this and whatever was sent before may stand."""
        earlier = tuple(v for v in self.maybe if v != self.value)
        return replace(self, state=EffectState.SENT, maybe=(*earlier[-MAX_MAYBE:], self.value), code=None)

    def done(self, remote_id: str | None = None) -> LedgerEntry:
        """The ATS confirmed it."""
        return replace(
            self,
            state=EffectState.CONFIRMED,
            confirmed=self.value,
            maybe=(),
            remote_id=remote_id or self.remote_id,
            code=None,
        )

    def undone(self, code: str | None = None) -> LedgerEntry:
        return replace(self, state=EffectState.UNDONE, confirmed=None, maybe=(), before=None, remote_id=None, code=code)

    def failed(self, code: str) -> LedgerEntry:
        """The ATS said no: it was certainly not applied."""
        return replace(self, state=EffectState.FAILED, code=code)

    def waiting(self, code: str) -> LedgerEntry:
        """It was certainly not applied and will be tried again."""
        return replace(self, state=EffectState.PLANNED, code=code)


class Ledger(Protocol):
    """Where the entries of one application are kept. Sync; `deliver` calls it in a thread."""

    def entries(self, ref: ApplicationRef) -> tuple[LedgerEntry, ...]:
        """All entries of that application.

        Raises:
            StoreError: they cannot be read.
        """
        ...

    def save(self, ref: ApplicationRef, entries: Sequence[LedgerEntry]) -> None:
        """Insert or replace by key, all or none, on disk when it returns.

        Raises:
            StoreError: nothing was written.
        """
        ...


def family_of(change: Change) -> Family:
    return FAMILY_OF[change.op]


def effect_key(change: Change) -> str:
    """What makes two wishes the same effect. A note is one per rule; a tag or link is its text."""
    match change:
        case SetField():
            return f"field:{change.target}"
        case AddTag() | RemoveTag():
            return f"tag:{change.value.casefold()}"
        case AddLink():
            return f"link:{change.value}"
        case PutNote():
            return f"note:{change.rule}"
        case PutForm():
            return f"form:{change.target}:{change.rule}"
        case AddAttachment():
            return f"attachment:{change.value.filename}"


def person_of(ref: ApplicationRef) -> ApplicationRef:
    """The candidate, whichever application is meant."""
    return ref.model_copy(update={"application": None})


def scope_of(ref: ApplicationRef, family: Family, wide: frozenset[Family]) -> ApplicationRef:
    """Whose effects of that family are: the application's, or the candidate's where the ATS keeps them there."""
    return person_of(ref) if family in wide else ref


def note_marker(ref: ApplicationRef, rule: str) -> str:
    """The reference by which our note, or form, of that rule is found again in the ATS. It says nothing of a person."""
    parts = (ref.connection, ref.candidate, ref.application or "", rule)
    digest = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
    return digest[:16]


def stored_value(change: Change) -> Value:
    """The change's value as the ledger keeps it (a file by digest and length, never its bytes)."""
    if isinstance(change.value, AttachmentValue):
        return change.value.model_dump()
    return change.value
