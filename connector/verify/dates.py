"""Instants as credentials write them: XML Schema dateTimeStamp (VCDM 2.0 section 4.9), and JWT NumericDate."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, Final

CLOCK_SKEW: Final = timedelta(minutes=2)
"""How far a signer's clock may run ahead of ours, or ours behind; wallets and issuers are within seconds."""

EARLIEST: Final = datetime(1, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
"""What instants before and after these stand for: a year may have any number of digits, and may be negative."""

_DATE_TIME = re.compile(
    r"(-?(?:[1-9]\d{3,}|0\d{3}))-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?"
    r"(Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))\Z",
    re.ASCII,
)
_REMEMBERED_CHARS: Final = 100
"""What is remembered must be small; nanoseconds and a zone take 35 characters."""
_MAX_CHARS: Final = 1_000
_LAST_NUMERIC: Final = 253_402_300_799
"""The end of the year 9999."""
_DAY: Final = timedelta(days=1)


def parse_date_time(text: object) -> datetime | None:
    """The instant that an XML Schema dateTimeStamp names (XML Schema 1.1 part 2, section 3.4.28); None for other text.

    It has a zone, and `T` and `Z` are capitals (docs/decisions/019-dates.md). 24:00:00 is the next day's start.
    A leap second (`:60`, RFC 3339 section 5.6), which only the last minute of a month in UTC has, is taken as the
    second after it. Years that a `datetime` cannot hold give `EARLIEST` or `LATEST`. Digits behind the microseconds
    are cut off.
    """
    if not isinstance(text, str):
        return None
    if len(text) <= _REMEMBERED_CHARS:
        return _remembered(text)
    return _parse(text) if len(text) <= _MAX_CHARS else None


def parse_local_date_time(text: object) -> datetime | None:
    """The same for an XML Schema dateTime, which may have no zone: then it is taken as UTC."""
    instant = parse_date_time(text)
    return parse_date_time(f"{text}Z") if instant is None and isinstance(text, str) else instant


def _parse(text: str) -> datetime | None:
    match = _DATE_TIME.match(text)
    if match is None:
        return None
    year = int(match[1])
    month, day, hour, minute, second = (int(group) for group in match.groups()[1:6])
    fraction = match[7] or "0"
    leap, midnight = second == 60, (hour, minute, second) == (24, 0, 0)
    if midnight and fraction.strip("0"):
        return None
    fits = 2 <= year <= 9998  # a day less at both ends: zones cannot lead out of what a datetime holds
    try:
        instant = datetime(
            year if fits else 2000 + year % 400,  # the calendar repeats itself after 400 years
            month,
            day,
            0 if midnight else hour,
            minute,
            59 if leap else second,
            int(fraction[:6].ljust(6, "0")),
            _zone(match[8]),
        ).astimezone(UTC)
    except ValueError:
        return None
    if midnight:
        instant += _DAY
    if leap:
        instant += timedelta(seconds=1)
        if (instant.day, instant.hour, instant.minute, instant.second) != (1, 0, 0, 0):
            return None
    return instant if fits else _at_the_edge(year, instant)


_remembered = lru_cache(maxsize=4096)(_parse)


def _at_the_edge(year: int, proxy: datetime) -> datetime:
    """The instant of a year that hardly fits or does not fit, from the one of the same day 400 n years off."""
    actual = year + proxy.year - (2000 + year % 400)
    if actual < 1:
        return EARLIEST
    return LATEST if actual > 9999 else proxy.replace(year=actual)


def _zone(text: str) -> timezone:
    if text == "Z":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[4:6])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def parse_numeric_date(value: object) -> datetime | None:
    """The instant that a NumericDate (RFC 7519 section 2) names; None when `value` is none."""
    if value.__class__ is int:
        return _whole_seconds(value)
    return _seconds(value) if isinstance(value, float) else None


def _seconds(value: Any) -> datetime | None:
    return datetime.fromtimestamp(value, UTC) if 0 <= value <= _LAST_NUMERIC else None


_whole_seconds = lru_cache(maxsize=1024)(_seconds)


@lru_cache(maxsize=1024)
def write(instant: datetime) -> str:
    """The instant as credentials write it, in UTC."""
    text = (instant if instant.tzinfo is UTC else instant.astimezone(UTC)).isoformat()
    return f"{text[:-6]}Z"
