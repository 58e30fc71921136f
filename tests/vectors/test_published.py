"""The published LERs of the shared folder, through intake and verification, one test each."""

from __future__ import annotations

import importlib.util
import os
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from connector.model.report import CheckName, Outcome, Verdict
from connector.testing.vectors import REQUIRED_SHARE, Case, Outcomes, read_cases, run_case

HERE = Path(__file__).resolve().parent
SHARED = Path(os.environ.get("LER_SHARED_DIR") or HERE.parents[1].parent / "shared")


def _manifest() -> ModuleType:
    spec = importlib.util.spec_from_file_location("manifest", HERE / "manifest.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


DIFFERENCES: dict[str, tuple[Verdict, str]] = _manifest().DIFFERENCES
CASES = tuple(read_cases(SHARED)) if (SHARED / "vectors" / "vectors.json").is_file() else ()


@lru_cache(maxsize=1024)
def _run(case: Case) -> Outcomes:
    return run_case(case, SHARED)


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
        assert outcome.verdict is ours, outcome.explanation()
    else:
        assert outcome.matches, f"expected {case.expected}, got {outcome.verdict}: {outcome.explanation()}"


@pytest.mark.shared
@pytest.mark.parametrize("case", _params(CASES))
def test_nothing_is_called_verified_that_is_not(case: Case) -> None:
    outcome = _run(case)
    assert not outcome.falsely_verified, outcome.explanation()
    for one in outcome.credentials:
        proof = one.report.check(CheckName.PROOF)
        held = proof is not None and proof.outcome is Outcome.PASSED
        assert one.report.verdict is not Verdict.VERIFIED or held


@pytest.mark.shared
@pytest.mark.parametrize("case", _params(tuple(case for case in CASES if case.issuer_bound is not None)))
def test_whether_the_issuer_is_bound_is_as_published(case: Case) -> None:
    outcome = _run(case)
    for one in outcome.credentials[:1]:
        proof = one.report.check(CheckName.PROOF)
        if proof is not None and proof.outcome is Outcome.PASSED:
            assert one.report.issuer.bound is case.issuer_bound, outcome.explanation()


@pytest.mark.shared
def test_enough_of_what_is_in_scope_comes_out_as_published(shared: Path) -> None:
    scope = [_run(case) for case in CASES if case.in_scope]
    assert len(scope) > 100
    assert sum(outcome.matches for outcome in scope) / len(scope) >= REQUIRED_SHARE


def test_every_difference_names_a_case_in_scope() -> None:
    if CASES:
        assert {case.file for case in CASES if case.in_scope} >= DIFFERENCES.keys()
