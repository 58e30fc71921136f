"""Runs the published LERs of the shared folder through `verify --stream`, and prints what came out.

    python -m connector.testing.vectors [--shared DIR] [--all]

The index and its files are read in place (`LER_SHARED_DIR`, default `../shared`). A table by format and proof, then
every miss by name with what was found and why we differ. Exit 1 when something that is not verified was called
verified, when a sample of an issuer's own tool comes out otherwise, or when fewer than 98 % of the cases whose expected
verdict was checked come out as expected. `python -m connector.testing.conformance` writes the same as a page.
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

REQUIRED_SHARE: Final = 0.98
_OTHER_ALGORITHM: Final = (
    "its header says ES256K, which is for secp256k1 alone (RFC 8812); the key it names is on another curve, and decides"
)
DIFFERENCES: Final = {
    "w3c-vc-jose-cose/presentation-jose-multiple.txt": (
        "unsupported",
        "it also holds a COSE credential, which is not supported; an expired envelope has no verdict",
    ),
    "jws-test-suite/microsoft__credential-1--key-2-secp256r1.vc-jwt.json": ("invalid", _OTHER_ALGORITHM),
    "jws-test-suite/microsoft__credential-1--key-3-secp384r1.vc-jwt.json": ("invalid", _OTHER_ALGORITHM),
}
"""Where we differ from a published expectation in scope: file -> (what we answer, the reason)."""
EXPECTED_OF_ANOTHER_KEY: Final = frozenset({"w3c-vc-jose-cose/credential-jose-unknown-extensions.txt"})
"""Genuine, though the index says `invalid`: its suite checks it with an Ed25519 key, which must fail; the index gives
its issuer's own P-521 key, which made it. Each is printed beside the count that it is left out of."""
_DATA_LOSS: Final = "a type that no context defines is not signed with the rest: `invalid`, which is said first"
_UNREADABLE: Final = "its envelope holds no data URL: `malformed`, which is said first"
_QR_CODE: Final = "a picture of a QR code, which is not read; it holds no record"
_NO_LIST: Final = "its revocation list is not among the recorded documents"
_COSE: Final = "COSE is not supported"
MADE_BY_ITS_ISSUER: Final = (
    "genuine: the issuer's P-521 key made it. Its suite expects a failure because it checks with another key "
    "(w3c/vc-jose-cose issue 335 asks to remove the test)"
)
UNCHECKED: Final = (
    ("w3c-vcdm2-structure/credential-proof-missing-type", "a proof without a type: `invalid`, which is said first"),
    ("w3c-vcdm2-structure/presentation-vc-as-string", "the text is a token, whose key cannot be had"),
    ("w3c-vcdm2-structure/presentation-missing-", "without these it is no presentation, and holds no credential"),
    ("w3c-vcdm2-structure/presentation-no-type", "without these it is no presentation, and holds no credential"),
    ("w3c-vcdm2-structure/presentation-", "a presentation has no verdict; the credential in it carries no proof"),
    (
        "w3c-vcdm2-structure/",
        "it carries no proof: `unsigned`, which is said first; the check `structure` names the fault",
    ),
    ("1edtech-ob30/complete", _NO_LIST),
    ("1edtech-ob30/credential-status-revoked", _NO_LIST),
    ("1edtech-ob30/endorsement-err-schema", "its signature does not hold: `invalid`, which is said first"),
    ("1edtech-ob30/simple-err-", _DATA_LOSS),
    ("badgr-ob/bad_image", "the picture holds no record at all"),
    ("dcc-vc-test-fixtures/v1__", _QR_CODE),
    ("vc-ed-models/openBadgeAsVc2", "its proof is a placeholder of no known kind"),
    ("w3c-vc-jose-cose/credential-cose", _COSE),
    ("w3c-vc-jose-cose/presentation-cose", _COSE),
    ("w3c-vc-jose-cose/presentation-", _UNREADABLE),
    ("w3c-vc-jose-cose/credential-jose-unknown-extensions", MADE_BY_ITS_ISSUER),
)
"""Why cases whose expectation nobody checked come out otherwise: the beginning of their names -> the reason."""
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
    issued_looking: bool

    @property
    def counted(self) -> bool:
        """Whether the index expects one particular answer."""
        return self.expected not in _NOT_COUNTED

    @property
    def in_scope(self) -> bool:
        """Whether the expected verdict was checked by a second implementation, so that it must be ours."""
        return self.checked and self.counted


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
    def verified_against_the_index(self) -> bool:
        """Called verified although the index says that it is something else."""
        return self.verdict == "verified" and self.case.expected not in {"verified", "conformant", *_NOT_COUNTED}

    @property
    def falsely_verified(self) -> bool:
        """The same, and it is not shown that the index is wrong."""
        return self.verified_against_the_index and self.case.file not in EXPECTED_OF_ANOTHER_KEY

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
            issued_looking=bool(entry.get("issued_looking")),
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


def add_shared_option(parser: argparse.ArgumentParser) -> None:
    """`--shared DIR`, by default what the environment names."""
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("LER_SHARED_DIR") or "../shared"))


def index_is_there(shared: Path) -> bool:
    """Whether `shared` holds the index; says so where it does not."""
    found = (shared / "vectors" / "vectors.json").is_file()
    if not found:
        sys.stderr.write(f"{shared} holds no vectors/vectors.json; name it with --shared.\n")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run the index and print the table; see the module."""
    parser = argparse.ArgumentParser(prog="python -m connector.testing.vectors", description=__doc__)
    add_shared_option(parser)
    parser.add_argument("--all", action="store_true", help="name the misses among unchecked expectations too")
    options = parser.parse_args(arguments)
    if not index_is_there(options.shared):
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
    issued = [result for result in results if result.case.issued_looking]
    issued_right = sum(result.matches for result in issued)
    share = right / len(scope) if scope else 0.0
    print(f"\n{right} of {len(scope)} in scope as expected ({share:.1%})")
    print(f"{issued_right} of {len(issued)} made by issuers' own tools as expected")
    print(f"falsely verified: {len(false)} of {len(results)}")
    for result in results:
        if result.verified_against_the_index and not result.falsely_verified:
            print(f"verified, though the index says {result.case.expected}: {result.case.file}: {MADE_BY_ITS_ISSUER}")
    return 0 if share >= REQUIRED_SHARE and issued_right == len(issued) and not false else 1


if __name__ == "__main__":
    sys.exit(main())
