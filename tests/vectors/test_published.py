"""The published LERs of the shared folder, through `verify --stream`, one test each."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from connector.testing.conformance import NOT_EXPLAINED, conformance_page, reason_of
from connector.testing.vectors import DIFFERENCES, REQUIRED_SHARE, Case, Outcomes, read_cases, run_cases

SHARED = Path(os.environ.get("LER_SHARED_DIR") or Path(__file__).resolve().parents[3] / "shared")
CASES = tuple(read_cases(SHARED)) if (SHARED / "vectors" / "vectors.json").is_file() else ()


@cache
def _all() -> dict[str, Outcomes]:
    return {outcome.case.file: outcome for outcome in run_cases(CASES, SHARED)}


def _run(case: Case) -> Outcomes:
    return _all()[case.file]


def _checks(credential: dict[str, Any], name: str) -> list[str]:
    return [check["outcome"] for check in credential["checks"] if check["check"] == name]


def _params(cases: tuple[Case, ...]) -> list[Any]:
    if not cases:
        return [pytest.param(None, marks=pytest.mark.skip(reason="LER_SHARED_DIR is not there"))]
    return [pytest.param(case, id=case.file) for case in cases]


@pytest.mark.shared
@pytest.mark.parametrize("case", _params(tuple(case for case in CASES if case.in_scope)))
def test_the_verdict_is_the_published_one_or_the_manifest_says_why_not(case: Case) -> None:
    outcome = _run(case)
    if case.file in DIFFERENCES:
        ours, reason = DIFFERENCES[case.file]
        assert reason
        assert not outcome.matches, "the manifest has a line too many"
        assert outcome.verdict == ours, outcome.explanation()
    else:
        assert outcome.matches, f"expected {case.expected}, got {outcome.verdict}: {outcome.explanation()}"


@pytest.mark.shared
@pytest.mark.parametrize("case", _params(CASES))
def test_nothing_is_called_verified_that_is_not(case: Case) -> None:
    outcome = _run(case)
    assert not outcome.falsely_verified, outcome.explanation()
    for one in outcome.credentials:
        held = _checks(one, "proof")[:1] == ["passed"]
        assert one["verdict"] != "verified" or held


@pytest.mark.shared
@pytest.mark.parametrize("case", _params(tuple(case for case in CASES if case.issuer_bound is not None)))
def test_whether_the_issuer_is_bound_is_as_published(case: Case) -> None:
    outcome = _run(case)
    for one in outcome.credentials[:1]:
        if _checks(one, "proof")[:1] == ["passed"]:
            assert one["issuer"]["bound"] is case.issuer_bound, outcome.explanation()


@pytest.mark.shared
def test_enough_of_what_is_in_scope_comes_out_as_published(shared: Path) -> None:
    scope = [_run(case) for case in CASES if case.in_scope]
    assert len(scope) > 100
    assert sum(outcome.matches for outcome in scope) / len(scope) >= REQUIRED_SHARE


@pytest.mark.shared
@pytest.mark.parametrize("case", _params(tuple(case for case in CASES if case.issued_looking)))
def test_what_issuers_tools_made_comes_out_as_published(case: Case) -> None:
    outcome = _run(case)
    assert outcome.matches, f"expected {case.expected}, got {outcome.verdict}: {outcome.explanation()}"


@pytest.mark.shared
def test_every_difference_names_a_case_in_scope(shared: Path) -> None:
    assert {case.file for case in CASES if case.in_scope} >= DIFFERENCES.keys()


@pytest.mark.shared
def test_every_unchecked_case_that_comes_out_otherwise_is_explained(shared: Path) -> None:
    others = [_run(case) for case in CASES if case.counted and not case.checked]
    unexplained = [o.case.file for o in others if not o.matches and reason_of(o.case.file) == NOT_EXPLAINED]
    assert not unexplained


@pytest.mark.shared
def test_the_conformance_page_is_what_comes_out(shared: Path) -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "conformance.md"
    made = conformance_page(_run(case) for case in CASES)
    assert page.read_text(encoding="utf-8") == made, (
        "python -m connector.testing.conformance --write docs/conformance.md"
    )
