"""Runs the published LERs of the shared folder through `verify --stream`, and prints what came out.

    python -m connector.testing.vectors [--shared DIR] [--all]

The index and its files are read in place (`LER_SHARED_DIR`, default `../shared`). A table by format and proof, then
every miss by name with what was found and why we differ. Exit 1 when something that is not verified was called
verified, or when fewer than 95 % of the cases in scope give the expected verdict.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from connector.testing import hosted_cases

SUPPORTED: Final = frozenset(
    {
        "none",
        "Ed25519Signature2018",
        "Ed25519Signature2020",
        "JsonWebSignature2020",
        "eddsa-rdfc-2022",
        "eddsa-jcs-2022",
        "ecdsa-rdfc-2019",
        "ecdsa-jcs-2019",
        "ecdsa-sd-2023",
        "bbs-2023",
        "jwt-RS256",
        "jwt-PS256",
        "jwt-ES256",
        "jwt-ES256K",
        "jwt-ES384",
        "jwt-ES512",
        "jwt-EdDSA",
        "sd-jwt",
        "sd-jwt-ES384",
        "sd-jwt-ES512",
        "sd-jwt-EdDSA",
        "jws-RS256",
    }
)
"""The kinds of proof that this release says it verifies; `a+b` in the index is a proof set of both."""
REQUIRED_SHARE: Final = 0.95
_NAMES_ANOTHER_KEY: Final = (
    "its kid names a key of another curve than the one that made it; no other key of its issuer is tried in its place"
)
DIFFERENCES: Final = {
    "w3c-vc-jose-cose/presentation-jose-multiple.txt": (
        "unsupported",
        "it also holds a COSE credential, which is not supported; an expired envelope has no verdict",
    ),
    "jws-test-suite/microsoft__credential-1--key-2-secp256r1.vc-jwt.json": ("invalid", _NAMES_ANOTHER_KEY),
    "jws-test-suite/microsoft__credential-1--key-3-secp384r1.vc-jwt.json": ("invalid", _NAMES_ANOTHER_KEY),
}
"""Where we differ from a published expectation in scope: file -> (what we answer, the reason)."""
EXPECTED_OF_ANOTHER_KEY: Final = frozenset({"w3c-vc-jose-cose/credential-jose-unknown-extensions.txt"})
"""Genuine, though the index says `invalid`: its suite has it checked with an Ed25519 key, which must fail; the index
gives its issuer's own P-521 key, which made it. That it holds members nobody knows must be ignored (VC-JOSE-COSE)."""
_NOT_COUNTED: Final = frozenset({"unknown", "resolves", "implementation-choice"})


@dataclass(frozen=True, slots=True)
class Case:
    """One entry of the index."""

    file: str
    format: str
    proof: str
    expected: str
    checked: bool
    as_of: str
    issuer_bound: bool | None

    @property
    def in_scope(self) -> bool:
        """Whether a release that keeps its word must give the expected verdict."""
        return self.checked and set(self.proof.split("+")) <= SUPPORTED and self.expected not in _NOT_COUNTED


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What came out of one case: the answer of `verify --stream`, word for word."""

    case: Case
    answer: dict[str, Any]

    @property
    def verdict(self) -> str:
        return str(self.answer["verdict"])

    @property
    def credentials(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.answer["credentials"]
        return found

    @property
    def matches(self) -> bool:
        expected = self.case.expected
        if expected == "conformant":
            return self.verdict not in ("nonconformant", "malformed")
        if expected == "unsupported-or-invalid":
            return self.verdict in ("unsupported", "invalid")
        return self.verdict == expected.replace("-", "_")

    @property
    def falsely_verified(self) -> bool:
        """Called verified although the index says that it is something else."""
        allowed = {"verified", "conformant", *_NOT_COUNTED}
        mine = self.case.expected in allowed or self.case.file in EXPECTED_OF_ANOTHER_KEY
        return self.verdict == "verified" and not mine

    def explanation(self) -> str:
        """Why it is what it is: the error, or the codes that did not pass, by credential."""
        if self.answer["error"]:
            return f"{self.answer['error']['code']}: {self.answer['error']['message']}"
        return "; ".join(f"{one['path']} {_reasons(one)}" for one in self.credentials)


def _reasons(credential: dict[str, Any]) -> str:
    codes = [
        f"{check['code']} ({check['detail']})" if check["detail"] else check["code"]
        for check in credential["checks"]
        if check["outcome"] not in ("passed", "not_applicable")
        and check["check"] not in ("issuer", "subject")
        and check["code"] != "proof_not_verified"
    ]
    return f"{credential['verdict']}: {', '.join(codes) or 'nothing to remark'}"


def read_cases(shared: Path) -> Iterator[Case]:
    """The cases of the index, in its order."""
    for entry in json.loads((shared / "vectors" / "vectors.json").read_bytes()):
        yield Case(
            file=entry["file"],
            format=entry["format"],
            proof=entry["proof"],
            expected=entry["expected"],
            checked=bool(entry["expected_checked"]),
            as_of=entry["as_of"],
            issuer_bound=entry.get("issuer_bound"),
        )


def run_cases(cases: Iterable[Case], shared: Path) -> list[Outcomes]:
    """Every case through one `verify --stream` in the recorded world of the shared folder.

    Raises:
        RuntimeError: the stream did not answer every request, each with its id.
    """
    cases = list(cases)
    vectors = shared.resolve() / "vectors"
    requests = [json.dumps(_request(case, vectors)) for case in cases]
    world = str(vectors / "documents" / "index.json")
    command = [sys.executable, "-m", "connector", "verify", "--stream", "--documents", world]
    done = subprocess.run(command, input="\n".join(requests), capture_output=True, text=True, check=False)  # noqa: S603  # our own module
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode != 0 or [a["id"] for a in answers] != [c.file for c in cases]:
        raise RuntimeError(f"verify --stream answered {len(answers)} of {len(cases)} requests: {done.stderr[-500:]}")
    return [Outcomes(case, answer) for case, answer in zip(cases, answers, strict=True)]


def _request(case: Case, vectors: Path) -> dict[str, Any]:
    """One line for the stream; a hosted badge brings its own world, in which its address answers for it."""
    request = {"id": case.file, "file": str(vectors / case.file), "as_of": case.as_of}
    return request | ({"documents": hosted_cases.world(vectors, case.file)} if case.proof == "hosted" else {})


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
    results = run_cases(read_cases(options.shared), options.shared)
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
            if result.case.file in DIFFERENCES:
                print(f"  because {DIFFERENCES[result.case.file][1]}")
    for result in false:
        print(f"\nFALSELY VERIFIED: {result.case.file}, expected {result.case.expected}")
    share = right / len(scope) if scope else 0.0
    print(f"\n{right} of {len(scope)} in scope as expected ({share:.1%})")
    print(f"falsely verified: {len(false)} of {len(results)}")
    return 0 if share >= REQUIRED_SHARE and not false else 1


if __name__ == "__main__":
    sys.exit(main())
