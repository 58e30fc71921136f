"""A second fault never makes a record better off (CONTRACT section 2: `at best` a warning)."""

from __future__ import annotations

import pytest

from connector.model.report import Decision, Verdict

from .conftest import EMAIL, Scene


def test_one_fault_that_only_warns_warns(scene: Scene) -> None:
    assessed = scene.assess(scene.issuer.jwt_badge(email=EMAIL, expired=True))
    assert (assessed.report.verdict, assessed.decision) == (Verdict.EXPIRED, Decision.ACCEPTED_WITH_WARNING)


@pytest.mark.parametrize("missing", ["nbf", "jti", "iss"])
def test_an_expired_record_that_breaks_its_standard_is_refused(scene: Scene, missing: str) -> None:
    """`nonconformant` alone is refused; `expired`, which is said first, must not cover it up."""
    assessed = scene.assess(scene.issuer.jwt_badge(email=EMAIL, expired=True, drop=[missing]))
    assert (assessed.report.verdict, assessed.decision) == (Verdict.EXPIRED, Decision.REFUSED)


def test_a_suspended_record_that_is_not_valid_yet_is_refused(scene: Scene) -> None:
    assessed = scene.assess(scene.issuer.open_badge(email=EMAIL, suspended=True, not_yet_valid=True))
    assert (assessed.report.verdict, assessed.decision) == (Verdict.SUSPENDED, Decision.REFUSED)
