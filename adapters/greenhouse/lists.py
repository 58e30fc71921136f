"""The list endpoints of the Greenhouse stand-in: which query parameters each takes, how rows are filtered and paged.

Names come from the vendor's OpenAPI; a test holds them to the published list. Dates are taken in both spellings that
sources report: `updated_at[gte]=...` and `updated_at=gte|...`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adapters.greenhouse.refusals import unprocessable
from adapters.greenhouse.world import Row, World

DEFAULT_PER_PAGE: Final = 100
MAX_PER_PAGE: Final = 500
MAX_IDS: Final = 50
COMMON: Final = frozenset({"cursor", "per_page", "ids", "fields", "created_at", "updated_at"})
DATES: Final = ("created_at", "updated_at")
_COMPARE: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "gte": lambda held, wanted: held >= wanted,
    "lte": lambda held, wanted: held <= wanted,
    "gt": lambda held, wanted: held > wanted,
    "lt": lambda held, wanted: held < wanted,
}
APPLICATION_STATUS: Final = {"active": "in_process", "rejected": "rejected", "hired": "hired", "converted": "converted"}


@dataclass(frozen=True, slots=True)
class ListSpec:
    """One list: its rows, the members that are compared as they are, and those that take several ids.

    Attributes:
        plain: parameter -> how its text is compared with a row.
        parents: plural parameter -> the row's member.
    """

    rows: Callable[[World], list[Row]]
    plain: Mapping[str, Callable[[Row, str], bool]]
    parents: Mapping[str, str]

    @property
    def parameters(self) -> frozenset[str]:
        return COMMON | self.plain.keys() | self.parents.keys()


def _flag(name: str) -> Callable[[Row, str], bool]:
    return lambda row, text: row[name] is (text == "true")


def _same(name: str) -> Callable[[Row, str], bool]:
    return lambda row, text: bool(row[name] == text)


def _has_email(row: Row, text: str) -> bool:
    return text.casefold() in {e["value"].casefold() for e in row["email_addresses"]}


LISTS: Final[Mapping[str, ListSpec]] = {
    "candidates": ListSpec(
        lambda world: [world.candidate_row(c) for c in world.candidates.values()],
        {"email": _has_email, "tag": lambda row, text: text in row["tags"], "private": lambda row, text: True},
        {},
    ),
    "applications": ListSpec(
        lambda world: list(world.applications.values()),
        {
            "status": lambda row, text: bool(row["status"] == APPLICATION_STATUS.get(text)),
            "prospect": _flag("prospect"),
            "stage_name": _same("stage_name"),
        },
        {"candidate_ids": "candidate_id", "job_ids": "job_id"},
    ),
    "notes": ListSpec(
        lambda world: list(world.notes.values()),
        {"type": _same("type"), "visibility": _same("visibility")},
        {"candidate_ids": "candidate_id", "application_ids": "application_id", "user_ids": "user_id"},
    ),
    "candidate_tags": ListSpec(lambda world: list(world.tags.values()), {}, {}),
    "applied_candidate_tags": ListSpec(
        lambda world: list(world.applied_tags.values()),
        {},
        {"candidate_ids": "candidate_id", "candidate_tag_ids": "candidate_tag_id"},
    ),
    "attachments": ListSpec(
        lambda world: list(world.attachments.values()),
        {"type": _same("type")},
        {"application_ids": "application_id", "candidate_ids": "candidate_id"},
    ),
    "custom_fields": ListSpec(
        lambda world: list(world.custom_fields.values()),
        {
            "field_type": _same("field_type"),
            "active": _flag("active"),
            "name": _same("name"),
            "name_key": _same("name_key"),
        },
        {},
    ),
    "custom_field_options": ListSpec(
        lambda world: list(world.options.values()),
        {"active": _flag("active")},
        {"custom_field_ids": "custom_field_id"},
    ),
    "users": ListSpec(
        lambda world: list(world.users.values()),
        {"primary_email": _same("primary_email"), "deactivated": _flag("deactivated")},
        {},
    ),
    "jobs": ListSpec(
        lambda world: list(world.jobs.values()), {"status": _same("status"), "confidential": _flag("confidential")}, {}
    ),
}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a cursor goes on: the first request's parameters and the last id that was given."""

    path: str
    query: Mapping[str, str]
    below: int


class Pager:
    """Answers list requests, newest first, and remembers its cursors."""

    def __init__(self) -> None:
        self._places: dict[str, _Place] = {}

    def page(
        self, world: World, path: str, query: Mapping[str, str], visible: Callable[[Row], bool]
    ) -> tuple[list[Row], str | None]:
        """One page of rows and the cursor of the next.

        Args:
            visible: leaves out rows that are not to be seen (yet).
        """
        below: int | None = None
        if "cursor" in query:
            place = self._place(path, query)
            query, below = place.query, place.below
        spec = LISTS[path]
        _refuse_unknown(spec, query)
        size, ids = _per_page(query.get("per_page")), _ids(query, "ids")
        rows = [row for row in spec.rows(world) if visible(row) and _fits(spec, row, query, ids)]
        rows.sort(key=lambda row: -int(row["id"]))
        rows = [row for row in rows if below is None or row["id"] < below]
        cursor = self._remember(path, query, rows[size - 1]["id"]) if len(rows) > size else None
        return [_projected(row, query.get("fields")) for row in rows[:size]], cursor

    def _place(self, path: str, query: Mapping[str, str]) -> _Place:
        if len(query) > 1:
            raise unprocessable(["When passing a cursor, do not include other query params."])
        place = self._places.get(query["cursor"])
        if place is None or place.path != path:
            raise unprocessable(["Invalid cursor."])
        return place

    def _remember(self, path: str, query: Mapping[str, str], below: int) -> str:
        cursor = secrets.token_urlsafe(12)
        self._places[cursor] = _Place(path, dict(query), below)
        return cursor


def _refuse_unknown(spec: ListSpec, query: Mapping[str, str]) -> None:
    unknown = [name for name in query if name.split("[")[0] not in spec.parameters]
    if unknown:
        raise unprocessable([f"Invalid query params: {', '.join(unknown)}"])


def _per_page(text: str | None) -> int:
    if text is None:
        return DEFAULT_PER_PAGE
    if not text.isdecimal() or int(text) < 1:
        raise unprocessable([{"per_page": f"`{text}` is not a positive integer"}])
    if int(text) > MAX_PER_PAGE:
        raise unprocessable([{"per_page": f"`{text}` number is greater than: {MAX_PER_PAGE}"}])
    return int(text)


def _ids(query: Mapping[str, str], name: str) -> set[int] | None:
    if name not in query:
        return None
    parts = query[name].split(",")
    if len(parts) > MAX_IDS:
        raise unprocessable([{name: f"array size is greater than: {MAX_IDS}"}])
    if not all(part.isdecimal() for part in parts):
        raise unprocessable([{name: "is not a list of integers"}])
    return {int(part) for part in parts}


def _fits(spec: ListSpec, row: Row, query: Mapping[str, str], ids: set[int] | None) -> bool:
    if ids is not None and row["id"] not in ids:
        return False
    for name, member in spec.parents.items():
        wanted = _ids(query, name)
        if wanted is not None and row[member] not in wanted:
            return False
    if not all(_fits_date(row, name, text) for name, text in query.items() if name.split("[")[0] in DATES):
        return False
    return all(compare(row, query[name]) for name, compare in spec.plain.items() if name in query)


def _fits_date(row: Row, name: str, text: str) -> bool:
    member, _, rest = name.partition("[")
    comparison = rest.rstrip("]")
    if not comparison:
        comparison, _, text = text.partition("|")
    if comparison not in _COMPARE:
        raise unprocessable([{member: "needs gte, lte, gt or lt"}])
    return _COMPARE[comparison](str(row[member]), text)


def _projected(row: Row, fields: str | None) -> Row:
    if fields is None:
        return dict(row)
    names: Sequence[Any] = fields.split(",")
    unknown = [name for name in names if name not in row]
    if unknown or len(names) > MAX_IDS:
        raise unprocessable([{"fields": f"`{','.join(unknown)}` is not among the response's fields"}])
    return {name: row[name] for name in names}
