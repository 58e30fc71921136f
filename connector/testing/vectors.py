"""Runs the published LERs of the shared folder through intake and verification, and prints what came out.

    python -m connector.testing.vectors [--shared DIR] [--all]

The index and its files are read in place (`LER_SHARED_DIR`, default `../shared`). A table by format and proof, then
every miss by name with what was found. Exit 1 when something that is not verified was called verified, or when fewer
than 95 % of the cases in scope give the expected verdict.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from connector.errors import IntakeError, UnsupportedFormat
from connector.infra.clock import FixedClock
from connector.infra.world_file import RecordedWorld
from connector.intake.receive import receive
from connector.model.applicant import Applicant
from connector.model.credential import AssessedCredential
from connector.model.report import CheckName, Outcome, Verdict
from connector.model.submission import Submission
from connector.ports import World
from connector.verify import Policy, assess_all, verdict_of_file

SUPPORTED: Final = frozenset(
    {
        "none",
        "Ed25519Signature2018",
        "Ed25519Signature2020",
        "eddsa-rdfc-2022",
        "jwt-RS256",
        "jwt-ES256",
        "jwt-ES384",
        "jwt-EdDSA",
    }
)
"""The kinds of proof that this release says it verifies; `a+b` in the index is a proof set of both."""
REQUIRED_SHARE: Final = 0.95
_NOT_COUNTED: Final = frozenset({"unknown", "resolves", "implementation-choice"})


@dataclass(frozen=True, slots=True)
class Case:
    """One entry of the index."""

    file: str
    format: str
    proof: str
    expected: str
    checked: bool
    as_of: datetime
    issuer_bound: bool | None

    @property
    def in_scope(self) -> bool:
        """Whether a release that keeps its word must give the expected verdict."""
        return self.checked and set(self.proof.split("+")) <= SUPPORTED and self.expected not in _NOT_COUNTED


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What came out of one case: the gravest verdict of its credentials, and each of them (none: unreadable)."""

    case: Case
    verdict: Verdict
    credentials: tuple[AssessedCredential, ...]
    error: str = ""

    @property
    def matches(self) -> bool:
        expected = self.case.expected
        if expected == "conformant":
            return self.verdict not in (Verdict.NONCONFORMANT, Verdict.MALFORMED)
        if expected == "unsupported-or-invalid":
            return self.verdict in (Verdict.UNSUPPORTED, Verdict.INVALID)
        return self.verdict.value == expected.replace("-", "_")

    @property
    def falsely_verified(self) -> bool:
        """Called verified although the index says that it is something else."""
        allowed = {"verified", "conformant", *_NOT_COUNTED}
        return self.verdict is Verdict.VERIFIED and self.case.expected not in allowed

    def explanation(self) -> str:
        """Why it is what it is: the codes that did not pass, by credential."""
        if self.error:
            return self.error
        return "; ".join(f"{one.report.path} {_reasons(one)}" for one in self.credentials)


def _reasons(assessed: AssessedCredential) -> str:
    fine = (Outcome.PASSED, Outcome.NOT_APPLICABLE)
    dependent = (CheckName.ISSUER, CheckName.SUBJECT)
    codes = [
        f"{check.code} ({check.detail})" if check.detail else check.code
        for check in assessed.report.checks
        if check.outcome not in fine and check.check not in dependent and check.code != "proof_not_verified"
    ]
    return f"{assessed.report.verdict}: {', '.join(codes) or 'nothing to remark'}"


def read_cases(shared: Path) -> Iterator[Case]:
    """The cases of the index, in its order."""
    for entry in json.loads((shared / "vectors" / "vectors.json").read_bytes()):
        yield Case(
            file=entry["file"],
            format=entry["format"],
            proof=entry["proof"],
            expected=entry["expected"],
            checked=bool(entry["expected_checked"]),
            as_of=datetime.fromisoformat(entry["as_of"].replace("Z", "+00:00")),
            issuer_bound=entry.get("issuer_bound"),
        )


def run_case(case: Case, shared: Path, policy: Policy | None = None, applicant: Applicant | None = None) -> Outcomes:
    """Read one file and verify what is in it, in the recorded world of the shared folder."""
    vectors = shared / "vectors"
    world = RecordedWorld.load(vectors / "documents" / "index.json", clock=FixedClock(case.as_of))
    try:
        credentials = receive(Submission(content=(vectors / case.file).read_bytes()))
    except IntakeError as error:
        return Outcomes(case, verdict_of_intake(error), (), f"{error.code}: {error.message}")
    assessed = assess_all(
        credentials, policy or Policy(), World(world), applicant=applicant or Applicant(), now=case.as_of
    )
    return Outcomes(case, verdict_of_file(one.report for one in assessed), assessed)


def verdict_of_intake(error: IntakeError) -> Verdict:
    """The verdict on what could not even be taken apart."""
    if error.code == "no_credential":
        return Verdict.NO_CREDENTIAL
    return Verdict.UNSUPPORTED if isinstance(error, UnsupportedFormat) else Verdict.MALFORMED


def print_table(results: Iterable[Outcomes], write: Any = print) -> None:
    """Expected verdicts by format and proof."""
    right: Counter[tuple[str, str]] = Counter()
    total: Counter[tuple[str, str]] = Counter()
    for result in results:
        key = (result.case.format, result.case.proof)
        total[key] += 1
        right[key] += result.matches
    write(f"{'format':<22} {'proof':<42} {'as expected':>12}")
    for key in sorted(total):
        write(f"{key[0]:<22} {key[1]:<42} {right[key]:>6} / {total[key]}")


def main(arguments: list[str] | None = None) -> int:
    """Run the index and print the table; see the module."""
    parser = argparse.ArgumentParser(prog="python -m connector.testing.vectors", description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("LER_SHARED_DIR") or "../shared"))
    parser.add_argument("--all", action="store_true", help="name the misses outside of this release's scope too")
    options = parser.parse_args(arguments)
    if not (options.shared / "vectors" / "vectors.json").is_file():
        sys.stderr.write(f"{options.shared} holds no vectors/vectors.json; name it with --shared.\n")
        return 2
    results = [run_case(case, options.shared) for case in read_cases(options.shared)]
    return _report(results, name_all=options.all)


def _report(results: list[Outcomes], *, name_all: bool) -> int:
    scope = [result for result in results if result.case.in_scope]
    right = sum(result.matches for result in scope)
    false = [result for result in results if result.falsely_verified]
    print_table(scope)
    for result in scope if not name_all else results:
        if not result.matches:
            print(f"\nmiss: {result.case.file}\n  expected {result.case.expected}, got {result.verdict}")
            print(f"  {result.explanation()[:600]}")
    for result in false:
        print(f"\nFALSELY VERIFIED: {result.case.file}, expected {result.case.expected}")
    share = right / len(scope) if scope else 0.0
    print(f"\n{right} of {len(scope)} in scope as expected ({share:.1%})")
    print(f"falsely verified: {len(false)} of {len(results)}")
    return 0 if share >= REQUIRED_SHARE and not false else 1


if __name__ == "__main__":
    sys.exit(main())
