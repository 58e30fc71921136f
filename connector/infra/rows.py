"""How rows of the store become values: keys of a target, cursors of a list, entries of the ledger."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import fields as dataclass_fields
from datetime import UTC, datetime
from typing import Any

from connector import codec
from connector.deliver.ledger import LedgerEntry
from connector.errors import IntakeError, LinkError
from connector.model.applicant import ApplicationRef
from connector.model.changes import EffectState
from connector.model.report import Assurance
from connector.model.work import Work


def target_of(ref: ApplicationRef) -> str:
    """One application, or one candidate (no application named), as a digest: the key of what belongs to it."""
    parts = (ref.connection, ref.candidate, ref.application or "")
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:40]


def cursor_of(work: Work) -> str:
    return codec.b64url_encode(f"{round(work.created_at.timestamp() * 1000)}:{work.id}".encode())


def read_cursor(cursor: str) -> tuple[datetime, str]:
    """Raises LinkError for a cursor that we did not give."""
    try:
        raw = codec.b64url_decode(cursor).decode()
    except (IntakeError, UnicodeDecodeError):
        raw = ""
    found = re.fullmatch(r"([0-9]{1,14}):([a-z0-9_]+)", raw)
    if found is None:
        raise LinkError("This page of the list does not exist.", code="cursor_invalid")
    return datetime.fromtimestamp(int(found[1]) / 1000, UTC), found[2]


def entry_bytes(entry: LedgerEntry) -> bytes:
    members = {f.name: getattr(entry, f.name) for f in dataclass_fields(entry)}
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()


def entry_of(stored: bytes) -> LedgerEntry:
    """The entry again; members that this version does not know are left out."""
    known = {f.name for f in dataclass_fields(LedgerEntry)}
    members = {k: _tuples(v) for k, v in json.loads(stored).items() if k in known}
    members["state"] = EffectState(members["state"])
    members["assurance"] = Assurance(members["assurance"]) if members["assurance"] else None
    return LedgerEntry(**members)


def _tuples(value: Any) -> Any:
    """Lists were tuples before JSON."""
    if isinstance(value, list):
        return tuple(_tuples(item) for item in value)
    return {k: _tuples(v) for k, v in value.items()} if isinstance(value, dict) else value
