"""A ledger in memory, and shorthand for changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connector.deliver.ledger import LedgerEntry
from connector.model.applicant import ApplicationRef
from connector.model.changes import (
    AddAttachment,
    AddLink,
    AddTag,
    AttachmentValue,
    Change,
    ChangeSet,
    PutNote,
    SetField,
)

REF = ApplicationRef(connection="fake", candidate="c1", application="a1")


class MemoryLedger:
    """Keeps entries; `history` is every save in order, which shows that intents come before calls."""

    def __init__(self) -> None:
        self.rows: dict[ApplicationRef, dict[str, LedgerEntry]] = {}
        self.history: list[LedgerEntry] = []

    def entries(self, ref: ApplicationRef) -> tuple[LedgerEntry, ...]:
        return tuple(self.rows.get(ref, {}).values())

    def save(self, ref: ApplicationRef, entries: Sequence[LedgerEntry]) -> None:
        self.rows.setdefault(ref, {}).update({e.key: e for e in entries})
        self.history += entries

    def states(self) -> dict[str, str]:
        return {key: str(e.state) for rows in self.rows.values() for key, e in rows.items()}


def wish(*changes: Change) -> ChangeSet:
    return ChangeSet(ats="fake", mapping_version="v1", changes=changes)


def set_field(value: Any, *, target: str = "ler_skills", overwrite: bool = False) -> SetField:
    return SetField(target=target, value=value, rule=f"rule-{target}", overwrite=overwrite)


def tag(value: str) -> AddTag:
    return AddTag(target="tags", value=value, rule="tags")


def link(value: str) -> AddLink:
    return AddLink(target="links", value=value, rule="links")


def note(text: str = "The applicant shared records.") -> PutNote:
    return PutNote(target="note", value=text, rule="note")


def attachment(content: bytes = b"one", filename: str = "ler-summary.txt") -> AddAttachment:
    import hashlib

    value = AttachmentValue(
        filename=filename, content_type="text/plain", sha256=hashlib.sha256(content).hexdigest(), length=len(content)
    )
    return AddAttachment(target="file", value=value, rule="file", content=content)
