"""Dates: every one that is there counts, as an instant, against one clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.model.report import Verdict
from connector.testing.documents import NOW
from connector.verify.checks import validity
from connector.verify.codes import CODES
from connector.verify.dates import CLOCK_SKEW, parse_date_time, parse_numeric_date, write

from .conftest import EMAIL, Scene

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
        "9999-12-31T24:00:00Z",
        "0000-01-01T00:00:00Z",
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
