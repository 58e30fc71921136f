"""Greenhouse Harvest v3's shapes, as far as the connector reads them, and its error bodies.

Only what is needed is asked for (`fields=`) and kept: names, addresses and answers of a candidate never arrive here.
A required member that is missing is an error: v3 renamed members of v1, and a renamed one must not read as empty.
Vendor reference: harvestdocs.greenhouse.io (read 2026-11-23).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import httpx
from pydantic import BaseModel, ConfigDict, TypeAdapter

MAX_WORDS: Final = 500


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    id: int


class CustomFieldValue(BaseModel):
    """A value as a candidate row carries it: select values are option names."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = ""
    type: str
    value: Any


class CandidateRow(_Row):
    tags: tuple[str, ...]
    custom_fields: dict[str, CustomFieldValue]


class ApplicationRow(_Row):
    candidate_id: int


class TagRow(_Row):
    name: str


class AppliedTagRow(_Row):
    candidate_id: int
    candidate_tag_id: int


class NoteRow(_Row):
    candidate_id: int
    body: str | None


class AttachmentRow(_Row):
    application_id: int | None
    filename: str


class CustomFieldRow(_Row):
    name: str
    name_key: str
    value_type: str
    active: bool
    private: bool | None = None


class OptionRow(_Row):
    custom_field_id: int
    name: str
    active: bool


class UserRow(_Row):
    site_admin: bool
    deactivated: bool = False


class CreatedRow(_Row):
    """What a POST answers: the new record; its id is all that is needed."""


CREATED: Final = TypeAdapter(CreatedRow)
CANDIDATE: Final = TypeAdapter(CandidateRow)


def is_still_processing(payload: Any) -> bool:
    """A candidate may be answered by `{"message": ...}` instead of a row: taken, not done yet (OpenAPI `oneOf`)."""
    return isinstance(payload, dict) and "message" in payload and "id" not in payload


def words_of(response: httpx.Response) -> str:
    """What an error answer says; `errors` is absent, a string, or a list of strings and one-key objects."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return ""
    if not isinstance(body, dict):
        return ""
    errors = body.get("errors")
    parts = [str(body.get("message") or "")]
    for item in errors if isinstance(errors, list) else [errors]:
        if isinstance(item, dict):
            parts.extend(f"{key}: {value}" for key, value in item.items())
        elif item:
            parts.append(str(item))
    return "; ".join(part for part in parts if part)[:MAX_WORDS]


def names_a_record(response: httpx.Response) -> bool:
    """A 404 for a record says which one in `errors`; a 404 for an unknown path has a `message` only."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return False
    return isinstance(body, dict) and bool(body.get("errors"))


def read_token(answer: Any, *, now: datetime | None = None) -> dict[str, Any]:
    """Bring a token answer into OAuth's shape: its end is `expires_in`, `expires_at` (ISO 8601) or `expires`.

    Three clients of v3 report three names; without a usable one the caller falls back to an hour.
    """
    token = {key: value for key, value in dict(answer).items() if key in ("access_token", "token_type", "expires_in")}
    if "expires_in" not in token:
        seconds = _seconds_until(answer.get("expires_at") or answer.get("expires"), now or datetime.now(UTC))
        if seconds is not None:
            token["expires_in"] = seconds
    return token


def _seconds_until(end: Any, now: datetime) -> int | None:
    text = str(end or "").strip()
    if text.isdecimal() and len(text) < 12:
        number = int(text)
        return number if number < 1_000_000_000 else max(number - int(now.timestamp()), 1)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = int((moment - now).total_seconds())
    return seconds if seconds > 0 else None
