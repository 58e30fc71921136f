"""Instants as credentials write them: XML Schema dateTime with a zone (VCDM 2.0 section 4.9), and JWT NumericDate."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

CLOCK_SKEW: Final = timedelta(minutes=2)
"""How far a signer's clock may run ahead of ours, or ours behind; wallets and issuers are within seconds."""

_DATE_TIME = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(Z|[+-](?:0\d|1[0-4]):[0-5]\d)\Z", re.ASCII
)
_MAX_CHARS: Final = 100
"""What is remembered must be small; nanoseconds and a zone take 35 characters."""
_LAST_NUMERIC: Final = 253_402_300_799
"""The end of the year 9999."""


def parse_date_time(text: object) -> datetime | None:
    """The instant that an XML Schema dateTime with a zone names; None when `text` is none.

    A leap second (`:60`, RFC 3339) is taken as the second after it; 24:00:00 as the next day's start.
    """
    return _parse(text) if isinstance(text, str) and len(text) <= _MAX_CHARS else None


@lru_cache(maxsize=4096)
def _parse(text: str) -> datetime | None:
    match = _DATE_TIME.match(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(group) for group in match.groups()[:6])
    extra = timedelta()
    if second == 60:
        second, extra = 59, timedelta(seconds=1)
    if (hour, minute, second) == (24, 0, 0):
        hour, extra = 0, extra + timedelta(days=1)
    micro = int((match[7] or "0")[:6].ljust(6, "0"))
    try:
        return datetime(year, month, day, hour, minute, second, micro, _zone(match[8])).astimezone(UTC) + extra
    except (ValueError, OverflowError):
        return None


def _zone(text: str) -> timezone:
    if text == "Z":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[4:6])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def parse_numeric_date(value: object) -> datetime | None:
    """The instant that a NumericDate (RFC 7519 section 2) names; None when `value` is none."""
    if not isinstance(value, _NUMBERS) or value.__class__ is bool or not 0 <= value <= _LAST_NUMERIC:
        return None
    return datetime.fromtimestamp(value, UTC)


_NUMBERS: Final = (int, float)


@lru_cache(maxsize=1024)
def write(instant: datetime) -> str:
    """The instant as credentials write it, in UTC."""
    text = (instant if instant.tzinfo is UTC else instant.astimezone(UTC)).isoformat()
    return f"{text[:-6]}Z"
