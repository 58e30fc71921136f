"""Check `validity`: is now within the record's own dates? (VCDM 2.0 section 4.9, VCDM 1.1 sections 4.6 and 4.7)

Every date that is there counts: those of the record and, for a token, `nbf` and `exp`.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, Final

from connector.model.frozen import frozen
from connector.model.report import CheckResult
from connector.verify.codes import result
from connector.verify.dates import CLOCK_SKEW, parse_date_time, parse_local_date_time, parse_numeric_date, write

Json = dict[str, Any]

_BEGIN: Final = ("validFrom", "issuanceDate")
_END: Final = ("validUntil", "expirationDate")
_MAY_LACK_ZONE: Final = frozenset({"issuanceDate", "expirationDate"})
"""Members of VCDM 1.1, which asks for an XML Schema dateTime; version 2.0 asks for one with a zone."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)


@frozen
class ValidityFinding:
    """The answer, and the dates that count: the latest beginning and the earliest end."""

    result: CheckResult
    begins: datetime | None = None
    ends: datetime | None = None

    @property
    def valid_from(self) -> str | None:
        return write(self.begins) if self.begins is not None else None

    @property
    def valid_until(self) -> str | None:
        return write(self.ends) if self.ends is not None else None


class _Unreadable(ValueError):
    """A date is there and is none; its text is the member's name."""


def measure(document: Json, claims: Json | None, *, now: datetime) -> ValidityFinding:
    """Compare `now` with every date of a credential and its token."""
    begin: datetime | None = None
    end: datetime | None = None
    try:
        for name in _BEGIN:
            if name in document:
                instant = _read(document, name)
                begin = instant if begin is None or instant > begin else begin
        for name in _END:
            if name in document:
                instant = _read(document, name)
                end = instant if end is None or instant < end else end
        if claims:
            if claims.get("nbf") is not None:
                instant = _numeric(claims, "nbf")
                begin = instant if begin is None or instant > begin else begin
            if "iat" in claims:
                begin = _not_before_signing(claims["iat"], begin, now)
            if "exp" in claims:
                instant = _numeric(claims, "exp")
                end = instant if end is None or instant < end else end
    except _Unreadable as error:
        return ValidityFinding(result("validity_malformed", str(error)))
    return _compare(begin, end, now)


def _not_before_signing(iat: object, begin: datetime | None, now: datetime) -> datetime | None:
    """A token that says it will be signed is not valid until then (VC-JOSE-COSE section 3.1.3: `iat`)."""
    signed = parse_numeric_date(iat)
    if signed is None or signed <= now + CLOCK_SKEW:
        return begin
    return signed if begin is None or signed > begin else begin


def measure_open_badge_2(document: Json, *, now: datetime) -> ValidityFinding:
    """The same for Open Badges 2.0 (`issuedOn`, `expires`), where a day or a Unix time also occurs."""
    try:
        begin = _read_loosely(document, "issuedOn", end=False)
        end = _read_loosely(document, "expires", end=True)
    except _Unreadable as error:
        return ValidityFinding(result("validity_malformed", str(error)))
    return _compare(begin, end, now)


_CURRENT: Final = result("validity_current")
_UNLIMITED: Final = result("validity_unlimited")


def _compare(begin: datetime | None, end: datetime | None, now: datetime) -> ValidityFinding:
    answer = _UNLIMITED if begin is None and end is None else _CURRENT
    if begin is not None and end is not None and end < begin:
        answer = result("validity_reversed")
    elif begin is not None and now + CLOCK_SKEW < begin:
        answer = result("validity_not_yet", f"from {write(begin)}")
    elif end is not None and now - CLOCK_SKEW > end:
        answer = result("validity_expired", f"until {write(end)}")
    return ValidityFinding(answer, begin, end)


def _read(document: Json, name: str) -> datetime:
    instant = parse_date_time(document[name])
    if instant is None and name in _MAY_LACK_ZONE:
        instant = parse_local_date_time(document[name])
    if instant is None:
        raise _Unreadable(f"{name} is not a date and time with a zone")
    return instant


def _numeric(claims: Json, name: str) -> datetime:
    instant = parse_numeric_date(claims[name])
    if instant is None:
        raise _Unreadable(f"{name} is not a number of seconds")
    return instant


def _read_loosely(document: Json, name: str, *, end: bool) -> datetime | None:
    value = document.get(name)
    if value is None:
        return None
    if isinstance(value, str) and _DAY.match(value):
        day = parse_date_time(f"{value}T00:00:00Z")
        instant = _end_of(day) if day and end else day
    elif isinstance(value, str):
        instant = parse_local_date_time(value)  # as tools of Open Badges 1.x and 2.0 write it
    else:
        instant = parse_numeric_date(value)
    if instant is None:
        raise _Unreadable(f"{name} is not a date")
    return instant


def _end_of(day: datetime) -> datetime:
    """The start of the next day; the last day of the calendar (`9999-12-31`, "never") has none."""
    try:
        return day + timedelta(days=1)
    except OverflowError:
        return day
