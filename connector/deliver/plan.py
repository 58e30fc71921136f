"""What is still to be written: the wished-for state, what stands in the ATS, and what the ledger says is ours.

Pure. Three rules decide everything: what stands already is not written again; what was ours and is no longer wished
for is taken back; what a recruiter wrote, changed or removed stays as the recruiter left it (DOMAIN section 6),
unless the mapping says `overwrite`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from connector.deliver.ledger import LedgerEntry, effect_key, family_of, note_marker, scope_of, stored_value
from connector.model.applicant import ApplicationRef
from connector.model.changes import (
    AddAttachment,
    AddLink,
    AddTag,
    AtsState,
    AttachmentState,
    Change,
    ChangeSet,
    Family,
    FieldValue,
    FormState,
    NoteState,
    PutForm,
    PutNote,
    RemoveTag,
    SetField,
    Skip,
)
from connector.ports import Capabilities, NoteSupport


class WriteKind(StrEnum):
    SET_FIELD = "set_field"
    ADD_TAG = "add_tag"
    REMOVE_TAG = "remove_tag"
    ADD_LINK = "add_link"
    REMOVE_LINK = "remove_link"
    PUT_FORM = "put_form"
    PUT_NOTE = "put_note"
    REMOVE_NOTE = "remove_note"
    REMOVE_ATTACHMENT = "remove_attachment"
    ADD_ATTACHMENT = "add_attachment"


CREATES = frozenset({WriteKind.PUT_NOTE, WriteKind.PUT_FORM, WriteKind.ADD_ATTACHMENT})
"""Writes that make a second thing when they are repeated; all others can be repeated without harm."""


@dataclass(frozen=True, slots=True)
class Write:
    """One call, or one part of a batched call.

    Attributes:
        entry: the ledger's row as it is to be recorded.
        value: what is sent: for a list field the whole list, theirs included; None empties a field.
        takes_back: it removes something of ours.
        existing: the note, form or file it edits or removes.
    """

    kind: WriteKind
    entry: LedgerEntry
    value: Any = None
    change: Change | None = None
    takes_back: bool = False
    existing: NoteState | FormState | AttachmentState | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Nothing to write: it is there. `undone` when it was to be taken back and is gone already."""

    entry: LedgerEntry
    change: Change | None = None
    undone: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """Left alone, because it is not ours to change or cannot be changed there."""

    entry: LedgerEntry | None
    skip: Skip


Step = Write | Standing | Kept


def families(changes: ChangeSet, entries: Iterable[LedgerEntry]) -> frozenset[Family]:
    """What has to be read: what is wished for, and what may have to be taken back."""
    wished = {family_of(c) for c in changes.changes}
    return frozenset(wished | {e.family for e in entries if e.active})


def plan_steps(
    changes: ChangeSet, state: AtsState, entries: Iterable[LedgerEntry], capabilities: Capabilities, ref: ApplicationRef
) -> tuple[Step, ...]:
    """The difference between wish and state, one step per effect."""
    planner = _Planner(state, {e.key: e for e in entries}, capabilities, ref, changes.mapping_version)
    return planner.steps(changes)


# --- values ------------------------------------------------------------------------------------------------------


def is_empty(value: Any) -> bool:
    return value is None or value == "" or value == () or value == []


def same(left: Any, right: Any) -> bool:
    """Whether two field values are one: line ends, outer space and the order of options do not count."""
    if isinstance(left, (tuple, list)) or isinstance(right, (tuple, list)):
        return set(_options(left)) == set(_options(right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, str) and isinstance(right, str):
        return _text(left) == _text(right)
    return bool(left == right)


def _text(value: str) -> str:
    return value.replace("\r\n", "\n").replace("\r", "\n").strip()


def _options(value: Any) -> tuple[Any, ...]:
    if isinstance(value, (tuple, list)):
        return tuple(value)
    return () if is_empty(value) else (value,)


def _entry_of(change: Change, version: str) -> LedgerEntry:
    return LedgerEntry(
        key=effect_key(change),
        op=change.op,
        target=change.target,
        rule=change.rule,
        value=stored_value(change),
        assurance=change.assurance,
        mapping_version=version,
    )


class _Planner:
    def __init__(
        self,
        state: AtsState,
        entries: Mapping[str, LedgerEntry],
        capabilities: Capabilities,
        ref: ApplicationRef,
        version: str,
    ) -> None:
        self._state, self._entries, self._can, self._ref, self._version = state, entries, capabilities, ref, version

    def steps(self, changes: ChangeSet) -> tuple[Step, ...]:
        wished: dict[str, Change] = {}
        for change in changes.changes:
            wished.setdefault(effect_key(change), change)
        steps = [self._wish(change) for change in wished.values()]
        steps += [self._take_back(e) for key, e in self._entries.items() if key not in wished and e.active]
        return tuple(steps)

    def _wish(self, change: Change) -> Step:
        known = self._entries.get(effect_key(change))
        match change:
            case SetField():
                return self._field(change, known)
            case AddTag():
                return self._text_in_set(change, known, WriteKind.ADD_TAG)
            case AddLink():
                return self._text_in_set(change, known, WriteKind.ADD_LINK)
            case RemoveTag():
                return self._remove_tag(change, known)
            case PutNote():
                return self._note(change, known)
            case PutForm():
                return self._form(change, known)
            case AddAttachment():
                return self._attachment(change, known)

    def _marker(self, rule: str, family: Family) -> str:
        return note_marker(scope_of(self._ref, family, self._can.candidate_wide), rule)

    def _updated(self, change: Change, known: LedgerEntry | None) -> LedgerEntry:
        """The row with the new wish in it, and what it knew before."""
        fresh = _entry_of(change, self._version)
        if known is None:
            return fresh
        return replace(
            fresh,
            state=known.state,
            confirmed=known.confirmed,
            maybe=known.maybe,
            ours=known.ours,
            before=known.before,
            remote_id=known.remote_id,
        )

    def _kept(self, change: Change, reason: str, detail: str, known: LedgerEntry | None = None) -> Kept:
        return Kept(known, Skip(rule=change.rule, reason=reason, detail=detail))

    # --- fields ---

    def _field(self, change: SetField, known: LedgerEntry | None) -> Step:
        current = self._state.fields.get(change.target)
        lists = isinstance(change.value, tuple) and (is_empty(current) or isinstance(current, (tuple, list)))
        return self._list_field(change, known, current) if lists else self._plain_field(change, known, current)

    def _plain_field(self, change: SetField, known: LedgerEntry | None, current: FieldValue | None) -> Step:
        entry = self._updated(change, known)
        is_ours = known is not None and _is_ours(known, current)
        if same(current, change.value):
            return Standing(replace(entry, ours=is_ours), change)
        if is_empty(current):
            if known is not None and known.active and known.confirmed is not None and not change.overwrite:
                return self._kept(change, "emptied_in_ats", "somebody emptied this field in the ATS", known)
            return Write(WriteKind.SET_FIELD, replace(entry, ours=True, before=None), change.value, change)
        if is_ours:
            return Write(WriteKind.SET_FIELD, entry, change.value, change)
        if change.overwrite:
            return Write(WriteKind.SET_FIELD, replace(entry, ours=True, before=current), change.value, change)
        return self._kept(change, "kept_existing_value", f"field {change.target} holds a value that is not ours", known)

    def _list_field(self, change: SetField, known: LedgerEntry | None, current: Any) -> Step:
        """A list is shared: we add to it and take from it what is ours; theirs is never dropped without `overwrite`."""
        standing, wish = _options(current), _options(change.value)
        mine, refused = _list_history(known, standing)
        theirs = tuple(o for o in standing if o not in mine)
        if change.overwrite:
            goal, before = wish, theirs or None
        else:
            goal = theirs + tuple(o for o in wish if o not in theirs and o not in refused)
            before = known.before if known is not None else None
        own = tuple(o for o in goal if change.overwrite or o not in theirs)
        entry = replace(self._updated(change, known), value=own, ours=bool(own), before=before)
        if set(goal) == set(standing):
            if not standing and wish:
                return self._kept(change, "emptied_in_ats", "somebody removed these options in the ATS", known)
            return Standing(entry, change)
        return Write(WriteKind.SET_FIELD, entry, goal, change)

    # --- tags and links ---

    def _text_in_set(self, change: AddTag | AddLink, known: LedgerEntry | None, kind: WriteKind) -> Step:
        entry = self._updated(change, known)
        if self._stands(change, change.value):
            return Standing(replace(entry, ours=known is not None and known.active), change)
        if known is not None and known.active and known.confirmed is not None and not known.unknown:
            return self._kept(change, "removed_in_ats", "somebody removed this in the ATS", known)
        return Write(kind, replace(entry, ours=True), change.value, change)

    def _stands(self, change: AddTag | AddLink | RemoveTag, text: str) -> bool:
        if isinstance(change, AddLink):
            return text in self._state.links
        return text.casefold() in {t.casefold() for t in self._state.tags}

    def _remove_tag(self, change: RemoveTag, known: LedgerEntry | None) -> Step:
        if not self._stands(change, change.value):
            return Standing((known or _entry_of(change, self._version)).undone(), change, undone=True)
        if known is None or not known.active:
            return self._kept(change, "not_ours", "this tag was not set by us", known)
        return Write(WriteKind.REMOVE_TAG, known, change.value, change, takes_back=True)

    # --- notes, forms, files ---

    def _note(self, change: PutNote, known: LedgerEntry | None) -> Step:
        """One note per rule. An append-only one is written once; an edited one is left alone."""
        marker = self._marker(change.rule, Family.NOTES)
        existing = next((n for n in self._state.notes if n.marker == marker), None)
        entry = self._updated(change, known)
        if existing is None:
            if known is not None and known.confirmed is not None:
                return self._kept(change, "removed_in_ats", "somebody removed our note in the ATS", known)
            return Write(WriteKind.PUT_NOTE, entry, change.value, change)
        entry = replace(entry, remote_id=existing.remote_id)
        if self._can.notes is NoteSupport.APPEND_ONLY:
            first = known.value if known is not None else change.value
            return Standing(replace(entry, value=first), change)
        if _note_reads(existing, change.value) or (known is not None and known.confirmed == change.value):
            return Standing(entry, change)
        if known is not None and known.active and not any(_note_reads(existing, text) for text in _ours(known)):
            return self._kept(change, "kept_existing_value", "somebody edited our note in the ATS", known)
        return Write(WriteKind.PUT_NOTE, entry, change.value, change, existing=existing)

    def _form(self, change: PutForm, known: LedgerEntry | None) -> Step:
        marker = self._marker(change.rule, Family.FORMS)
        ours = [f for f in self._state.forms if f.template == change.target and f.marker == marker]
        entry = self._updated(change, known)
        match_ = next((f for f in ours if _form_reads(f, change.value)), None)
        if match_ is not None:
            return Standing(replace(entry, remote_id=match_.remote_id), change)
        if known is not None and known.confirmed is not None and not known.unknown:
            if not ours:
                return self._kept(change, "removed_in_ats", "somebody removed our form in the ATS", known)
            if known.confirmed == change.value:
                return Standing(entry, change)
        return Write(WriteKind.PUT_FORM, entry, change.value, change, existing=ours[-1] if ours else None)

    def _attachment(self, change: AddAttachment, known: LedgerEntry | None) -> Step:
        existing = next((a for a in self._state.attachments if a.filename == change.value.filename), None)
        entry = self._updated(change, known)
        if existing is None:
            if known is not None and known.active and known.confirmed is not None and not known.unknown:
                return self._kept(change, "removed_in_ats", "somebody removed our file in the ATS", known)
            if self._has_other_file(change):
                return self._kept(change, "cannot_be_replaced", "an older file stays: none can be removed here", known)
            return Write(WriteKind.ADD_ATTACHMENT, replace(entry, ours=True), change=change)
        if known is None or not known.active:
            return self._kept(change, "kept_existing_value", "a file of that name is there and is not ours", known)
        if known.confirmed is None or _digest(known.confirmed) == change.value.sha256:
            return Standing(replace(entry, remote_id=existing.remote_id), change)
        if Family.ATTACHMENTS not in self._can.removable:
            return self._kept(change, "cannot_be_replaced", "files of this ATS cannot be replaced", known)
        return Write(WriteKind.ADD_ATTACHMENT, entry, change=change, existing=existing)

    def _has_other_file(self, change: AddAttachment) -> bool:
        """Where files cannot be removed, a rule's first one stays the only one: no pile of summaries."""
        if Family.ATTACHMENTS in self._can.removable:
            return False
        files = {a.filename for a in self._state.attachments}
        others = (e for e in self._entries.values() if e.op == change.op and e.rule == change.rule and e.active)
        return any(e.value["filename"] in files for e in others)

    # --- taking back ---

    def _take_back(self, entry: LedgerEntry) -> Step:
        """An effect of ours that nothing wishes for any more."""
        gone = Standing(entry.undone(), undone=True)
        match entry.family:
            case Family.FIELDS:
                return self._empty_field(entry, gone)
            case Family.TAGS | Family.LINKS:
                return self._drop_text(entry, gone)
            case Family.NOTES:
                marker = self._marker(entry.rule, Family.NOTES)
                note = next((n for n in self._state.notes if n.marker == marker), None)
                return self._drop(entry, gone, note, WriteKind.REMOVE_NOTE, "our note")
            case Family.ATTACHMENTS:
                file = next((a for a in self._state.attachments if a.filename == entry.value["filename"]), None)
                return self._drop(entry, gone, file, WriteKind.REMOVE_ATTACHMENT, "our file")
            case Family.FORMS:
                return self._stays(entry, "our form")

    def _empty_field(self, entry: LedgerEntry, gone: Standing) -> Step:
        current = self._state.fields.get(entry.target)
        if is_empty(current) or (entry.before is not None and same(current, entry.before)):
            return gone
        if isinstance(current, (tuple, list)) and isinstance(entry.value, (tuple, list)):
            return self._empty_list(entry, gone, tuple(current))
        if not _is_ours(entry, current):
            detail = f"field {entry.target} was changed in the ATS"
            return Kept(entry.undone("changed_in_ats"), Skip(rule=entry.rule, reason="changed_in_ats", detail=detail))
        if Family.FIELDS not in self._can.removable and entry.before is None:
            return self._stays(entry, f"field {entry.target}")
        return Write(WriteKind.SET_FIELD, entry, entry.before, takes_back=True)

    def _empty_list(self, entry: LedgerEntry, gone: Standing, current: tuple[Any, ...]) -> Step:
        mine, _ = _list_history(entry, current)
        left = (*(o for o in current if o not in mine), *_options(entry.before))
        if set(left) == set(current):
            return gone
        if Family.FIELDS not in self._can.removable:
            return self._stays(entry, f"field {entry.target}")
        return Write(WriteKind.SET_FIELD, entry, left or None, takes_back=True)

    def _drop_text(self, entry: LedgerEntry, gone: Standing) -> Step:
        is_link = entry.family is Family.LINKS
        pool = self._state.links if is_link else self._state.tags
        found = next(
            (t for t in pool if t == entry.value or (not is_link and t.casefold() == entry.value.casefold())), None
        )
        if found is None:
            return gone
        if entry.family not in self._can.removable:
            return self._stays(entry, "a link" if is_link else "a tag")
        return Write(WriteKind.REMOVE_LINK if is_link else WriteKind.REMOVE_TAG, entry, found, takes_back=True)

    def _drop(
        self,
        entry: LedgerEntry,
        gone: Standing,
        found: NoteState | AttachmentState | None,
        kind: WriteKind,
        what: str,
    ) -> Step:
        if found is None:
            return gone
        if entry.family not in self._can.removable:
            return self._stays(entry, what)
        return Write(kind, entry, takes_back=True, existing=found)

    def _stays(self, entry: LedgerEntry, what: str) -> Kept:
        detail = f"{what} cannot be removed from this ATS through its interface"
        return Kept(entry, Skip(rule=entry.rule, reason="cannot_be_removed", detail=detail))


def _is_ours(entry: LedgerEntry, current: Any) -> bool:
    if not entry.ours or is_empty(current):
        return False
    return any(same(current, value) for value in _ours(entry))


def _ours(entry: LedgerEntry) -> tuple[Any, ...]:
    """Every value of ours that may stand there."""
    return entry.maybe if entry.confirmed is None else (entry.confirmed, *entry.maybe)


def _list_history(entry: LedgerEntry | None, standing: tuple[Any, ...]) -> tuple[set[Any], set[Any]]:
    """Which options are ours, and which of ours somebody took out of the list."""
    if entry is None or not entry.active:
        return set(), set()
    confirmed = set(_options(entry.confirmed))
    maybe = [set(_options(value)) for value in entry.maybe]
    refused = {o for o in confirmed if o not in standing and all(o in value for value in maybe)}
    return confirmed.union(*maybe), refused


def _note_reads(note: NoteState, text: str) -> bool:
    """Whether the note holds that text; the marker's line, and how the ATS breaks lines, do not count."""
    return " ".join(text.split()) in " ".join(note.text.split())


def _form_reads(form: FormState, values: Mapping[str, FieldValue]) -> bool:
    return all(same(form.values.get(label), value) for label, value in values.items())


def _digest(value: Any) -> str | None:
    return value.get("sha256") if isinstance(value, dict) else None
