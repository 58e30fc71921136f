"""The conformance table: what comes out of the published LERs, failures included, as a page of the documentation.

    python -m connector.testing.conformance [--shared DIR] [--write docs/conformance.md]

Without `--write` the page is printed. The index and its files are read in place (`LER_SHARED_DIR`, default
`../shared`); what is written about a case is its name in the index, what was expected and what came out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from connector.testing.vectors import (
    DIFFERENCES,
    UNCHECKED,
    Outcomes,
    add_shared_option,
    index_is_there,
    read_cases,
    run_cases,
)

SHARES: Final = (
    ("ob2", "Open Badges 2.0, hosted or signed", "by count the great majority of all badges"),
    ("ob3-vcdm1-jwt", "Open Badges 3.0, token", "second among what is signed"),
    ("ob3-vcdm2-jwt", "Open Badges 3.0, token", "second among what is signed"),
    ("ob3", "Open Badges 3.0, embedded proof", "most of what is signed"),
    ("clr2", "Comprehensive Learner Record 2.0", "few, growing, and worth most"),
    ("ler-", "LER-RS and models of LERs", "few"),
    ("vc-vcdm1-jwt", "W3C credential, token", "few"),
    ("vc-", "W3C credential", "some"),
    ("vp-", "Presentation of a wallet", "some"),
    ("europass", "Europass", "many in the EU, none in the US"),
    ("sd-jwt", "SD-JWT", "hardly any, growing"),
    ("ietf-sd-jwt", "SD-JWT", "hardly any, growing"),
)
"""First part of the index's format name; kind; how much of what is issued it is. The shares are estimates in words of
what registries, specifications and fixtures show: nobody publishes counts."""
_REST: Final = ("Others", "hardly any")
NOT_YET_HAD: Final = (
    "a badge downloaded from Credly",
    "a badge downloaded from Canvas Credentials or Parchment",
    "a badge downloaded from Accredible",
    "a credential in production of a member of the Digital Credentials Consortium",
    "a Comprehensive Learner Record of a US state",
)
NOT_EXPLAINED: Final = "not explained"
Rate = tuple[int, int]


def conformance_page(results: Iterable[Outcomes]) -> str:
    """The page, from what `run_cases` found."""
    results = [result for result in results if result.case.counted]
    parts = [_head(results), _kinds(results), _proofs(results), _misses(results), _unchecked(results), _missing()]
    return "\n".join(parts)


def _rate(results: Iterable[Outcomes], keep: Callable[[Outcomes], bool]) -> Rate:
    kept = [result for result in results if keep(result)]
    return sum(result.matches for result in kept), len(kept)


def _checked(result: Outcomes) -> bool:
    return result.case.checked


def _issued(result: Outcomes) -> bool:
    return result.case.issued_looking


def _of(rate: Rate) -> str:
    return f"{rate[0]} of {rate[1]}" if rate[1] else "–"


def _head(results: list[Outcomes]) -> str:
    issued, checked = _rate(results, _issued), _rate(results, _checked)
    other = _rate(results, lambda result: not result.case.checked)
    false = sum(result.verified_against_the_index for result in results)
    rows = (
        ("made by issuers' own tools, as they are issued: the weight of each kind below", issued),
        ("whose expected verdict was checked by a second implementation", checked),
        ("whose expected verdict only their publisher states", other),
    )
    return "\n".join(
        [
            "# Conformance\n",
            "What the verifier answers to published samples, failures included. Made from an index that names the",
            "verdict expected of each, as of a day; a test holds this page to what comes out. To make it again:\n",
            "    python -m connector.testing.conformance --write docs/conformance.md\n",
            "| samples | as expected |",
            "|---|---|",
            *(f"| {what} | {_of(rate)} ({_percent(rate)}) |" for what, rate in rows),
            f"| called verified although the index says otherwise (explained below) | {false} of {len(results)} |\n",
        ]
    )


def _percent(rate: Rate) -> str:
    return f"{rate[0] / rate[1]:.1%}" if rate[1] else "none"


def _kind(result: Outcomes) -> tuple[str, str]:
    name = result.case.format
    return next(((kind, share) for start, kind, share in SHARES if name.startswith(start)), _REST)


def _kinds(results: list[Outcomes]) -> str:
    order = list(dict.fromkeys([*((kind, share) for _, kind, share in SHARES), _REST]))
    lines = [
        "## By kind of record\n",
        "| kind | share of what is issued | as issued | checked | stated only |",
        "|---|---|---|---|---|",
    ]
    for kind in order:
        of_kind = [result for result in results if _kind(result) == kind]
        if of_kind:
            rates = (_rate(of_kind, keep) for keep in (_issued, _checked, lambda result: not result.case.checked))
            lines.append(f"| {kind[0]} | {kind[1]} | {' | '.join(_of(rate) for rate in rates)} |")
    return "\n".join(lines) + "\n"


def _proofs(results: list[Outcomes]) -> str:
    lines = ["## By proof\n", "| proof | as issued | checked | stated only |", "|---|---|---|---|"]
    for proof in sorted({result.case.proof for result in results}):
        of_proof = [result for result in results if result.case.proof == proof]
        rates = (_rate(of_proof, keep) for keep in (_issued, _checked, lambda result: not result.case.checked))
        lines.append(f"| {proof} | {' | '.join(_of(rate) for rate in rates)} |")
    return "\n".join(lines) + "\n"


def _rows(results: Iterable[Outcomes], why: Callable[[Outcomes], str]) -> list[str]:
    """One row for the cases of a folder that come out alike for the same reason."""
    alike: dict[tuple[str, str, str, str], list[str]] = {}
    for result in results:
        folder, _, name = result.case.file.partition("/")
        key = (folder, result.case.expected.replace("-", "_"), result.verdict, why(result))
        alike.setdefault(key, []).append(name)
    return [f"| {key[0]} | {', '.join(names)} | {' | '.join(key[1:])} |" for key, names in alike.items()]


def _misses(results: list[Outcomes]) -> str:
    lines = ["## Where we differ from a checked expectation\n"]
    found = [result for result in results if result.case.checked and not result.matches]
    if not found:
        return "\n".join([*lines, "Nowhere.\n"])
    lines += ["| folder | case | expected | ours | why |", "|---|---|---|---|---|"]
    rows = _rows(found, lambda result: DIFFERENCES.get(result.case.file, ("", NOT_EXPLAINED))[1])
    return "\n".join([*lines, *rows]) + "\n"


def _unchecked(results: list[Outcomes]) -> str:
    found = [result for result in results if not result.case.checked and not result.matches]
    lines = [
        "## Where we differ from what only the publisher states\n",
        "| folder | cases | stated | ours | why |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *_rows(found, lambda result: reason_of(result.case.file))]) + "\n"


def reason_of(file: str) -> str:
    """Why an unchecked case comes out otherwise: by its name, else by its folder."""
    return next((reason for start, reason in UNCHECKED if file.startswith(start)), NOT_EXPLAINED)


def _missing() -> str:
    lines = ["## Not yet had\n", "No sample of these could be had; nothing here says how they come out:\n"]
    return "\n".join([*lines, *(f"- {name}" for name in NOT_YET_HAD)]) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Print or write the page; see the module."""
    parser = argparse.ArgumentParser(prog="python -m connector.testing.conformance", description=__doc__)
    add_shared_option(parser)
    parser.add_argument("--write", type=Path, help="the file to write the page to")
    options = parser.parse_args(arguments)
    if not index_is_there(options.shared):
        return 2
    page = conformance_page(run_cases(read_cases(options.shared), options.shared))
    if options.write:
        options.write.write_text(page, encoding="utf-8")
    else:
        sys.stdout.write(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
