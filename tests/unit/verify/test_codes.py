"""The public table of codes: complete, used, documented."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from connector.model.report import CheckName, Outcome, SubjectMatch, Verdict
from connector.verify import CODES
from connector.verify.codes import as_markdown, result, verdict_of
from connector.verify.jsonld import CODES as JSONLD_CODES

ROOT = Path(__file__).resolve().parents[3]
VERIFY = ROOT / "connector" / "verify"
BELOW = ROOT / "connector" / "disclosures.py"
RAISERS = {"result", "CheckError", "KeyProblem", "_Fault", "finding"}


def _sources() -> Iterator[ast.Module]:
    for path in (BELOW, *VERIFY.rglob("*.py")):
        if path.name != "codes.py":
            yield ast.parse(path.read_text())


def test_every_code_that_is_answered_is_in_the_table() -> None:
    called = {
        node.args[0].value
        for tree in _sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in RAISERS
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    assert called
    assert called <= CODES.keys()
    assert CODES.keys() >= JSONLD_CODES


def test_every_code_in_the_table_is_answered_somewhere() -> None:
    written = {
        node.value
        for tree in _sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    by_match = {f"subject_{match}" for match in SubjectMatch}
    assert CODES.keys() - written - by_match == set()


def test_the_documentation_prints_the_table_as_it_is() -> None:
    text = (ROOT / "docs" / "verdicts.md").read_text()
    assert text.endswith(as_markdown())


def test_every_verdict_but_verified_has_a_code_that_leads_to_it() -> None:
    reached = {row.verdict for row in CODES.values()} - {None}
    by_intake = {Verdict.NO_CREDENTIAL}
    assert reached | by_intake == set(Verdict) - {Verdict.VERIFIED}


def test_no_answer_of_the_proof_check_but_a_passed_one_leaves_the_verdict_verified() -> None:
    """Fail closed: whatever happens to the proof, only its own `passed` may end as verified."""
    for code, row in CODES.items():
        if CheckName.PROOF in row.checks:
            assert (row.outcome is Outcome.PASSED) == (row.verdict is None), code


def test_a_code_with_a_verdict_never_passes() -> None:
    for code, row in CODES.items():
        if row.verdict is not None:
            assert row.outcome in (Outcome.FAILED, Outcome.UNDETERMINED), code


def test_the_gravest_verdict_wins() -> None:
    both = (result("validity_expired"), result("status_revoked"), result("structure_nonconformant"))
    assert verdict_of(both) is Verdict.REVOKED


def test_sentences_are_sentences() -> None:
    for code, row in CODES.items():
        assert row.summary.endswith(".") and row.summary[0].isupper(), code
        assert len(row.summary) < 100, code
