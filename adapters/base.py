"""What every adapter shares: HTTP answers become our errors, pages become lists, a note carries our reference.

The rules are those of `AtsAdapter` in `connector.ports`: nothing is retried here, and a write whose outcome is
unknown says so (`maybe_applied`), because the core looks before it repeats.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, Generic, NoReturn, TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from connector.errors import (
    AtsAuthError,
    DeliveryError,
    NotFoundInAts,
    RejectedByAts,
    RetryableDeliveryError,
    UnsupportedByAts,
)
from connector.model.applicant import ApplicationRef
from connector.model.changes import AddAttachment, AtsState, AttachmentState, FieldValue, FormState, NoteState, PutForm
from connector.ports import Capabilities, Catalog, Probe

T = TypeVar("T")
C = TypeVar("C", str, int)

MAX_RETRY_AFTER: Final = 86_400.0
"""A header may not park a delivery for longer than a day; the core waits an hour at most anyway."""
MAX_PAGES: Final = 200
"""Lists that concern one candidate fit on one page; 200 pages are a server that goes round in circles."""
MAX_WORDS: Final = 500
MARKER_PREFIX: Final = "ler-ref: "
_MARKER_LINE = re.compile(r"(?:\A|\n)[ \t]*ler-ref: ([A-Za-z0-9][A-Za-z0-9._:-]{0,79})\s*\Z")

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_PASSING = frozenset({408, 423, 425, 429})


# --- answers become errors ---------------------------------------------------------------------------------------


def retry_after_seconds(value: str | None, *, now: datetime | None = None) -> float | None:
    """Read a Retry-After header (RFC 9110 section 10.2.3): seconds or an HTTP date; None when it says nothing usable.

    A time in the past or a negative number is 0; more than a day is a day.
    """
    if not value or len(value) > 64:
        return None
    text = value.strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError):
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    if not math.isfinite(seconds):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)


def error_for(response: httpx.Response, *, vendor: str, write: bool, words: str = "") -> DeliveryError:
    """The error that an answer outside 2xx stands for.

    Args:
        write: the request would have changed something; then a 5xx leaves open whether it did.
        words: what the ATS said, already read from its error shape.
    """
    status = response.status_code
    words = words[:MAX_WORDS]
    if status == 401:
        return AtsAuthError(
            f"{vendor} does not accept the connection's credentials.", code="ats_unauthorized", detail="HTTP 401"
        )
    if status == 403:
        return AtsAuthError(
            f"{vendor} does not allow this connection to do that; check its permissions.",
            code="ats_forbidden",
            detail="HTTP 403",
        )
    if status in (404, 410):
        return NotFoundInAts(f"{vendor} does not have that record.", detail=f"HTTP {status}")
    if status in _PASSING:
        return RetryableDeliveryError(
            f"{vendor} asked to wait.",
            code="ats_busy",
            detail=f"HTTP {status}",
            retry_after=retry_after_seconds(response.headers.get("retry-after")),
            maybe_applied=write and status == 408,
        )
    if 400 <= status < 500:
        return RejectedByAts(f"{vendor} refused the request.", detail=f"HTTP {status}", ats_words=words)
    return RetryableDeliveryError(
        f"{vendor} did not answer as it should.",
        code="ats_unavailable",
        detail=f"HTTP {status}",
        retry_after=retry_after_seconds(response.headers.get("retry-after")),
        maybe_applied=write,
    )


async def send(
    client: httpx.AsyncClient, method: str, url: str, *, vendor: str, write: bool, **options: Any
) -> httpx.Response:
    """Send one request; what breaks on the way becomes a `RetryableDeliveryError`.

    Every HTTP status is returned as it is: use `error_for` on what is not 2xx.
    """
    try:
        return await client.request(method, url, **options)
    except _NEVER_SENT as error:
        raise RetryableDeliveryError(
            f"{vendor} could not be reached.", code="ats_unreachable", detail=type(error).__name__
        ) from error
    except httpx.HTTPError as error:
        raise RetryableDeliveryError(
            f"The connection to {vendor} broke before the answer was there.",
            code="ats_connection_lost",
            detail=type(error).__name__,
            maybe_applied=write,
        ) from error


def unreadable(vendor: str, *, write: bool, detail: str) -> RetryableDeliveryError:
    """A 2xx that is not an answer: a proxy's page, truncated JSON, another shape. It is a failure, never a success."""
    return RetryableDeliveryError(
        f"{vendor}'s answer could not be read.", code="ats_unreadable_answer", detail=detail, maybe_applied=write
    )


def json_of(response: httpx.Response, *, vendor: str, write: bool) -> Any:
    """The JSON of a 2xx answer."""
    try:
        return response.json()
    except (ValueError, RecursionError) as error:
        raise unreadable(vendor, write=write, detail=f"HTTP {response.status_code} without JSON") from error


def shaped(adapter: TypeAdapter[T], data: Any, *, vendor: str, write: bool) -> T:
    """Bring decoded JSON into the vendor's shape (`wire.py`); the error names places, never values."""
    try:
        return adapter.validate_python(data)
    except ValidationError as error:
        places = ", ".join(".".join(str(p) for p in e["loc"]) + f" ({e['type']})" for e in error.errors()[:3])
        raise unreadable(vendor, write=write, detail=f"unexpected shape: {places}") from error


# --- pages -------------------------------------------------------------------------------------------------------


async def all_pages(
    fetch: Callable[[C | None], Awaitable[tuple[Sequence[T], C | None]]], *, vendor: str, max_pages: int = MAX_PAGES
) -> list[T]:
    """Follow a vendor's pages to the end.

    Args:
        fetch: takes the cursor of a page (None for the first) and gives its rows and the next cursor.

    Raises:
        RetryableDeliveryError: a cursor comes round again, or there are more than `max_pages`.
    """
    rows: list[T] = []
    seen: set[str | int] = set()
    cursor: C | None = None
    for _ in range(max_pages):
        page, cursor = await fetch(cursor)
        rows.extend(page)
        if cursor is None:
            return rows
        if cursor in seen:
            break
        seen.add(cursor)
    raise unreadable(vendor, write=False, detail="the pages of a list do not end")


# --- notes -------------------------------------------------------------------------------------------------------


def with_marker(text: str, marker: str) -> str:
    """The note's body: the text, then our reference as its last line, by which it is found again."""
    return f"{text}\n{MARKER_PREFIX}{marker}" if text else f"{MARKER_PREFIX}{marker}"


def split_marker(body: str) -> tuple[str, str] | None:
    """`(marker, text)` of a body that ends with our reference; None for anybody else's note.

    Only the last line counts, so that text quoted inside a note cannot pass for a reference.
    """
    match = _MARKER_LINE.search(body)
    return (match.group(1), body[: match.start()]) if match else None


# --- values ------------------------------------------------------------------------------------------------------


def same_value(left: FieldValue | None, right: FieldValue | None) -> bool:
    """Whether two field values are the same to a recruiter: the order of several options means nothing."""
    if isinstance(left, tuple) and isinstance(right, tuple):
        return sorted(left) == sorted(right)
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return left == right


def changed_fields(values: Mapping[str, FieldValue | None], seen: AtsState) -> dict[str, FieldValue | None]:
    """The wanted values that do not stand there yet (None and an empty value mean "nothing")."""
    wanted = {key: None if value in ("", ()) else value for key, value in values.items()}
    return {key: value for key, value in wanted.items() if not same_value(value, seen.fields.get(key))}


def absent(wanted: Iterable[str], present: Iterable[str]) -> list[str]:
    """What is wanted and not there, in order, once each."""
    there = set(present)
    return list(dict.fromkeys(item for item in wanted if item not in there))


def present(unwanted: Iterable[str], there: Iterable[str]) -> list[str]:
    """What is unwanted and there, in order, once each."""
    known = set(there)
    return list(dict.fromkeys(item for item in unwanted if item in known))


class Kept(Generic[T]):
    """A table of the vendor's (definitions, tags) that is loaded when first needed and believed for `seconds`."""

    def __init__(
        self, load: Callable[[], Awaitable[T]], seconds: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._load, self._seconds, self._monotonic = load, seconds, monotonic
        self._value: T | None = None
        self._loaded_at = 0.0
        self._loads = 0

    async def get(self, *, fresh: bool = False) -> T:
        """The table; `fresh` asks the vendor again."""
        if self._value is None or fresh or self._monotonic() - self._loaded_at > self._seconds:
            self._value, self._loaded_at = await self._load(), self._monotonic()
            self._loads += 1
        return self._value

    async def where(self, holds: Callable[[T], bool]) -> T:
        """The table; asked for once more when an older copy does not hold what is looked for."""
        loads = self._loads
        value = await self.get()
        if not holds(value) and self._loads == loads:
            value = await self.get(fresh=True)
        return value


# --- the adapter -------------------------------------------------------------------------------------------------


class BaseAdapter:
    """Every family says "unsupported" until an adapter implements it; declare `capabilities` to match."""

    kind: str = ""
    title: str = ""
    capabilities: Capabilities = Capabilities()

    def _unsupported(self, what: str) -> NoReturn:
        raise UnsupportedByAts(f"{self.title} cannot hold {what} for this connector.", detail=what)

    async def set_fields(self, ref: ApplicationRef, values: Mapping[str, FieldValue | None], seen: AtsState) -> None:
        self._unsupported("fields")

    async def add_tags(self, ref: ApplicationRef, tags: Sequence[str], seen: AtsState) -> None:
        self._unsupported("tags")

    async def remove_tags(self, ref: ApplicationRef, tags: Sequence[str], seen: AtsState) -> None:
        self._unsupported("tags")

    async def add_links(self, ref: ApplicationRef, links: Sequence[str], seen: AtsState) -> None:
        self._unsupported("links")

    async def remove_links(self, ref: ApplicationRef, links: Sequence[str], seen: AtsState) -> None:
        self._unsupported("links")

    async def put_note(
        self, ref: ApplicationRef, marker: str, text: str, *, private: bool, existing: NoteState | None
    ) -> str:
        self._unsupported("notes")

    async def remove_note(self, ref: ApplicationRef, note: NoteState) -> None:
        self._unsupported("notes that can be removed")

    async def add_attachment(self, ref: ApplicationRef, attachment: AddAttachment) -> str:
        self._unsupported("attachments")

    async def remove_attachment(self, ref: ApplicationRef, attachment: AttachmentState) -> None:
        self._unsupported("attachments that can be removed")

    async def put_form(self, ref: ApplicationRef, marker: str, form: PutForm, *, existing: FormState | None) -> str:
        self._unsupported("forms")

    async def catalog(self) -> Catalog:
        return Catalog()

    async def probe(self) -> tuple[Probe, ...]:
        return ()

    async def aclose(self) -> None:
        """The connector's HTTP clients are closed by their owner; an adapter that holds more overrides this."""
