"""Dates: every one that is there counts, as an instant, against one clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model.report import Decision, Verdict
from connector.testing.documents import NOW
from connector.verify.checks import validity
from connector.verify.codes import CODES
from connector.verify.dates import (
    CLOCK_SKEW,
    EARLIEST,
    LATEST,
    parse_date_time,
    parse_local_date_time,
    parse_numeric_date,
    write,
)

from .conftest import EMAIL, Scene, codes

Json = dict[str, Any]


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2025-05-01T00:00:00Z", datetime(2025, 5, 1, tzinfo=UTC)),
        ("2025-05-01T02:00:00+02:00", datetime(2025, 5, 1, tzinfo=UTC)),
        ("2025-04-30T18:00:00.000-06:00", datetime(2025, 5, 1, tzinfo=UTC)),
        ("2025-05-01T00:00:00.123456789Z", datetime(2025, 5, 1, 0, 0, 0, 123456, UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2025-04-30T24:00:00Z", datetime(2025, 5, 1, tzinfo=UTC)),
        ("4023-02-26T01:02:58.447Z", datetime(4023, 2, 26, 1, 2, 58, 447000, UTC)),
        ("2016-12-31T15:59:60-08:00", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2017-01-01T08:59:60.25+09:00", datetime(2017, 1, 1, 0, 0, 0, 250000, UTC)),
        ("2025-04-30T24:00:00.000Z", datetime(2025, 5, 1, tzinfo=UTC)),
        ("2024-02-28T24:00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
        ("2025-05-01T14:00:00+14:00", datetime(2025, 5, 1, tzinfo=UTC)),
        ("2025-04-30T10:00:00-14:00", datetime(2025, 5, 1, tzinfo=UTC)),
        ("2025-05-01T00:00:00-00:00", datetime(2025, 5, 1, tzinfo=UTC)),
        (f"2025-05-01T00:00:00.{'3' * 900}Z", datetime(2025, 5, 1, 0, 0, 0, 333333, UTC)),
        ("0001-01-01T00:00:00Z", EARLIEST),
        ("0001-01-01T00:00:00+14:00", EARLIEST),
        ("0000-12-31T23:59:59Z", EARLIEST),
        ("-0044-03-15T12:00:00Z", EARLIEST),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("9999-12-31T24:00:00Z", LATEST),
        ("9999-12-31T23:59:59-01:00", LATEST),
        ("10000-01-01T00:30:00+01:00", datetime(9999, 12, 31, 23, 30, tzinfo=UTC)),
        ("99999-12-31T00:00:00Z", LATEST),
        ("123456789012-02-29T00:00:00Z", LATEST),
    ],
)
def test_date_times_are_instants(text: str, instant: datetime) -> None:
    assert parse_date_time(text) == instant


@pytest.mark.parametrize(
    "value",
    [
        "2025-05-01T00:00:00",
        "2025-05-01",
        "2025-13-01T00:00:00Z",
        "2025-02-30T00:00:00Z",
        "2025-05-01T25:00:00Z",
        "2025-05-01T24:00:01Z",
        "2025-05-01T00:00:61Z",
        "2025-05-01 00:00:00Z",
        "2025-05-01t00:00:00z",
        "2025-05-01T00:00:00+25:00",
        "2025-05-01T00:00:00+0200",
        "20250501T000000Z",
        " 2025-05-01T00:00:00Z",
        "2025-05-01T00:00:00Z\n",
        "２０２５-05-01T00:00:00Z",
        "2025-05-01T24:00:00.5Z",
        "2025-05-01T24:01:00Z",
        "2025-05-01T12:00:60Z",
        "2025-05-01T23:59:60Z",
        "2016-12-31T23:59:60-08:00",
        "2016-12-31T23:59:61Z",
        "2025-05-01T00:00:00.Z",
        "2025-05-01T00:00:00,5Z",
        "2025-05-01T00:00:00+14:01",
        "2025-05-01T00:00:00+02",
        "2025-05-01T00:00:00 +02:00",
        "2025-05-01T00:00Z",
        "2025-05-01T00:00:00z",
        "2025-05-01t00:00:00Z",
        "2025-W18-4T00:00:00Z",
        "25-05-01T00:00:00Z",
        "02025-05-01T00:00:00Z",
        "+2025-05-01T00:00:00Z",
        "10001-02-29T00:00:00Z",
        "2025-05-00T00:00:00Z",
        "2025-00-01T00:00:00Z",
        "tomorrow",
        "",
        None,
        1_746_057_600,
        ["2025-05-01T00:00:00Z"],
    ],
)
def test_what_is_no_date_time(value: object) -> None:
    assert parse_date_time(value) is None


@pytest.mark.parametrize("value", ["1746057600", None, True, -1, 1e300, float("nan"), [1], 253_402_300_800])
def test_what_is_no_numeric_date(value: object) -> None:
    assert parse_numeric_date(value) is None


OFFSETS = st.integers(-14 * 60, 14 * 60)
INSTANTS = st.datetimes(datetime(2, 1, 2), datetime(9998, 12, 30), timezones=st.just(UTC))


def _spelled(instant: datetime, minutes: int, digits: str) -> str:
    """The instant, by a clock that is so many minutes ahead of UTC, with digits behind its microseconds."""
    local = instant.astimezone(UTC) + timedelta(minutes=minutes)
    sign = "-" if minutes < 0 else "+"
    zone = f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    return f"{local:%Y}".rjust(4, "0") + f"{local:-%m-%dT%H:%M:%S}.{local.microsecond:06}{digits}{zone}"


@given(INSTANTS, OFFSETS, st.text("0123456789", max_size=60))
def test_every_spelling_of_an_instant_is_that_instant(instant: datetime, minutes: int, digits: str) -> None:
    assert parse_date_time(_spelled(instant, minutes, digits)) == instant


@given(INSTANTS, OFFSETS, INSTANTS, OFFSETS)
def test_instants_are_compared_whatever_their_zones(one: datetime, here: int, other: datetime, there: int) -> None:
    first, second = parse_date_time(_spelled(one, here, "")), parse_date_time(_spelled(other, there, ""))
    assert first is not None and second is not None
    assert (first < second) is (one < other)


@given(st.text() | st.text("0123456789-+:.TZ tz", max_size=40) | st.from_regex(r"-?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\dZ"))
def test_any_text_is_an_instant_or_none(text: str) -> None:
    found = parse_date_time(text)
    assert found is None or (EARLIEST <= found <= LATEST and parse_local_date_time(text) == found)


@pytest.mark.parametrize("claims", [False, True])
@pytest.mark.parametrize(
    ("begin", "end", "code"),
    [
        ("2025-05-01T00:00:00Z", "2025-05-01T00:00:00Z", "validity_expired"),
        ("2025-05-01T00:00:01Z", "2025-05-01T00:00:00Z", "validity_reversed"),
        ("2025-05-01T00:00:00-01:00", "2025-05-01T00:59:59Z", "validity_reversed"),
        ("2025-05-01T00:00:00-01:00", "2025-05-01T01:00:00Z", "validity_expired"),
        ("2025-05-01T00:00:00Z", "12025-05-01T00:00:00Z", "validity_current"),
        ("-0001-05-01T00:00:00Z", "2030-05-01T00:00:00Z", "validity_current"),
        ("12025-05-01T00:00:00Z", "2030-05-01T00:00:00Z", "validity_reversed"),
        ("2025-05-01T00:00:00Z", "-2030-05-01T00:00:00Z", "validity_reversed"),
    ],
)
def test_a_record_ends_no_earlier_than_it_begins(begin: str, end: str, code: str, claims: bool) -> None:
    document = {"validFrom": begin, "validUntil": end}
    found = validity.measure(document, {"nbf": 0, "exp": 253_402_300_799} if claims else None, now=NOW)
    assert found.result.code == code


@pytest.mark.parametrize("date", ["issuanceDate", "expirationDate"])
def test_a_date_of_version_1_1_may_lack_its_zone_and_is_taken_as_utc(scene: Scene, date: str) -> None:
    def write_locally(document: Json) -> None:
        document[date] = {"issuanceDate": "2025-05-01T00:00:00", "expirationDate": "2030-05-01T00:00:00"}[date]

    assessed = scene.assess(scene.issuer.open_badge(email=EMAIL, model="1.1", edit=write_locally))
    assert "date_without_zone" in codes(assessed)
    assert (assessed.report.verdict, assessed.decision) == (Verdict.VERIFIED, Decision.ACCEPTED)
    assert assessed.report.valid_from == "2025-05-01T00:00:00Z"
    twin = scene.assess(scene.issuer.open_badge(email=EMAIL, model="1.1"))
    assert "date_without_zone" not in codes(twin)


@pytest.mark.parametrize("date", ["validFrom", "validUntil"])
def test_a_date_of_version_2_0_has_a_zone(scene: Scene, date: str) -> None:
    badge = scene.issuer.open_badge(email=EMAIL, edit=lambda d: d.update({date: "2025-05-01T00:00:00"}))
    assert scene.assess(badge).report.verdict is Verdict.NONCONFORMANT


def _verdict(document: Json, claims: Json | None = None) -> Verdict | None:
    return CODES[validity.measure(document, claims, now=NOW).result.code].verdict


@pytest.mark.parametrize(
    ("document", "verdict"),
    [
        ({}, None),
        ({"validFrom": write(NOW)}, None),
        ({"validFrom": write(NOW + CLOCK_SKEW)}, None),
        ({"validFrom": write(NOW + CLOCK_SKEW + timedelta(seconds=1))}, Verdict.NOT_YET_VALID),
        ({"validUntil": write(NOW - CLOCK_SKEW)}, None),
        ({"validUntil": write(NOW - CLOCK_SKEW - timedelta(seconds=1))}, Verdict.EXPIRED),
        ({"issuanceDate": "2031-01-01T00:00:00Z"}, Verdict.NOT_YET_VALID),
        ({"expirationDate": "2026-01-01T00:00:00Z"}, Verdict.EXPIRED),
        ({"validUntil": "2030-01-01T00:00:00Z", "expirationDate": "2026-01-01T00:00:00Z"}, Verdict.EXPIRED),
        ({"validFrom": "2026-02-01T00:00:00Z", "validUntil": "2026-01-01T00:00:00Z"}, Verdict.NONCONFORMANT),
        ({"validFrom": "2026-01-01T00:00:00Z", "validUntil": "2026-01-01T02:00:00+02:00"}, Verdict.EXPIRED),
        ({"validUntil": None}, Verdict.NONCONFORMANT),
        ({"validUntil": "never"}, Verdict.NONCONFORMANT),
    ],
)
def test_now_against_the_records_dates(document: Json, verdict: Verdict | None) -> None:
    assert _verdict(document) is verdict


@pytest.mark.parametrize("model", ["1.1", "2.0"])
def test_expired_and_not_yet_valid_records(scene: Scene, model: str) -> None:
    assert (
        scene.assess(scene.issuer.open_badge(email=EMAIL, model=model, expired=True)).report.verdict is Verdict.EXPIRED
    )
    early = scene.assess(scene.issuer.open_badge(email=EMAIL, model=model, not_yet_valid=True))
    assert early.report.verdict is Verdict.NOT_YET_VALID


def test_the_report_names_the_window_that_counts(scene: Scene) -> None:
    token = scene.issuer.jwt_badge(email=EMAIL, valid_until="2030-01-01T00:00:00Z", claims={"exp": 1_800_000_000})
    report = scene.assess(token).report
    assert (report.valid_from, report.valid_until) == ("2025-05-01T00:00:00Z", "2027-01-15T08:00:00Z")


@pytest.mark.parametrize(
    ("document", "verdict"),
    [
        ({"issuedOn": "2025-05-01"}, None),
        ({"issuedOn": "2025-05-01T10:00:00"}, None),
        ({"issuedOn": 1_746_057_600}, None),
        ({"issuedOn": "2025-05-01T00:00:00Z", "expires": "2026-11-23"}, None),
        ({"issuedOn": "2025-05-01T00:00:00Z", "expires": "2026-11-22"}, Verdict.EXPIRED),
        ({"issuedOn": "2031-05-01T00:00:00Z"}, Verdict.NOT_YET_VALID),
        ({"issuedOn": "2025-05-01T00:00:00Z", "expires": None}, None),
        ({"issuedOn": "the first of May"}, Verdict.NONCONFORMANT),
    ],
)
def test_open_badges_2_write_dates_in_more_ways(document: Json, verdict: Verdict | None) -> None:
    found = validity.measure_open_badge_2(document, now=NOW)
    assert CODES[found.result.code].verdict is verdict
