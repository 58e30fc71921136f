"""How long verification takes, as multiples of a floor measured in the same run; then what the service costs.

Times are CPU times, medians of rounds that alternate between the floors and what is measured, so that other load and
clock changes touch all of them. The workloads are signed samples in `LER_SHARED_DIR/bench/workloads`. What the floor
is, is said in `floor.py`; what is measured, in `ours.py`.

    python bench/bench.py [--rounds N] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import cold
import floor
import ours
import service

FEW = 10
"""One round in so many is pyld's too: it takes up to a hundred times as long."""


@dataclass(frozen=True)
class Workload:
    """A file, and the multiple of the floor that it must not go beyond."""

    file: str
    what: str
    bar: float
    rdf: bool = True


WORKLOADS = (
    Workload("S_rdfc.json", "one badge, eddsa-rdfc-2022", 2.5),
    Workload("S_2020.json", "one badge, Ed25519Signature2020", 2.5),
    Workload("M_rdfc.json", "CLR, 10 badges, every proof", 4.0),
    Workload("L25_rdfc.json", "CLR, 25 badges, every proof", 4.0),
    Workload("L_rdfc.json", "CLR, 100 badges, every proof", 4.0),
    Workload("S_jcs.json", "one badge, eddsa-jcs-2022", 1.5, rdf=False),
    Workload("M_jcs.json", "CLR, 10 badges, eddsa-jcs-2022", 1.5, rdf=False),
    Workload("S_eddsa.jwt", "one badge, JWT EdDSA", 1.2, rdf=False),
    Workload("S_es256.jwt", "one badge, JWT ES256", 1.2, rdf=False),
)
LINEAR, REPORT_MS, COLD_MS, PEAK_MB = 1.3, 0.1, 400.0, 90.0


@dataclass(frozen=True)
class Row:
    """One workload's medians, in CPU milliseconds; `pyld_ms` is None where pyld has no part."""

    file: str
    what: str
    proofs: int
    floor_ms: float
    sodium_floor_ms: float
    ms: float
    pyld_ms: float | None
    answer_ms: float
    report_ms: float
    bar: float

    @property
    def times(self) -> float:
        return self.ms / self.floor_ms


@dataclass(frozen=True)
class Bar:
    """One figure that has a bar: `reached` says whether it holds."""

    name: str
    value: float
    bar: float
    unit: str

    @property
    def reached(self) -> bool:
        return self.value <= self.bar


def cpu_ms(measured: Callable[[], bool]) -> float:
    """Called once before it is timed: what ran before it in the round is not for it to pay."""
    measured()
    start = time.process_time_ns()
    assert measured(), "a workload did not verify"
    return (time.process_time_ns() - start) / 1e6


def measure(workload: Workload, rounds: int) -> Row:
    document = floor.load(workload.file)
    assessed = ours.assess(document)
    measured: dict[str, Callable[[], bool]] = {
        "floor": partial(floor.floor, document),
        "sodium_floor": partial(floor.sodium_floor, document),
        "ours": partial(ours.decide, document),
        "report": partial(ours.report, assessed),
        "answer": partial(ours.answer_in_full, document),
    }
    if workload.rdf:
        measured["pyld"] = partial(ours.pyld_only, document)
    taken: dict[str, list[float]] = {name: [] for name in measured}
    for number in range(rounds):
        for name, function in measured.items():
            if name != "pyld" or number % FEW == 0:
                taken[name].append(cpu_ms(function))
    middle = {name: statistics.median(times) for name, times in taken.items()}
    return Row(
        file=workload.file,
        what=workload.what,
        proofs=len(document.signatures) + document.is_jwt,
        floor_ms=middle["floor"],
        sodium_floor_ms=middle["sodium_floor"],
        ms=middle["ours"],
        pyld_ms=middle.get("pyld"),
        answer_ms=middle["answer"],
        report_ms=middle["report"] / len(assessed),
        bar=workload.bar,
    )


def bars(rows: list[Row], rounds: int) -> list[Bar]:
    by_file = {row.file: row for row in rows}
    ten, hundred = by_file["M_rdfc.json"], by_file["L_rdfc.json"]
    found = [Bar(f"{row.what}: bytes to decision", row.times, row.bar, "x floor") for row in rows]
    found.append(Bar("ms per badge at 100 over that at 10", _per_badge(hundred) / _per_badge(ten), LINEAR, "x"))
    found.append(Bar("report, per credential", max(row.report_ms for row in rows), REPORT_MS, "ms"))
    cold.compile_modules()
    for name, cost in (("verify FILE", cold.one_file), ("verify --stream", cold.stream)):
        taken = cost("S_rdfc.json", max(3, min(rounds, 9)))
        found.append(Bar(f"{name}: cold start to first verdict", taken.verdict_ms, COLD_MS, "ms"))
        found.append(Bar(f"{name}: peak memory", taken.peak_mb, PEAK_MB, "MB"))
    return found


def _per_badge(row: Row) -> float:
    return row.ms / (row.proofs - 1)


def show(rows: list[Row], found: list[Bar]) -> None:
    print("CPU ms, and multiples of the floor in the same run; `sodium`: of a floor that has libsodium too\n")
    titles = ("proofs", "floor", "ours", "x floor", "sodium", "x sodium", "pyld", "x floor", "whole answer")
    print(f"{'bytes to decision':<36}" + "".join(f"{title:>13}" for title in titles))
    for row in rows:
        pyld = ("-", "-") if row.pyld_ms is None else (f"{row.pyld_ms:.2f}", f"{row.pyld_ms / row.floor_ms:.1f}")
        cells = (
            str(row.proofs),
            f"{row.floor_ms:.3f}",
            f"{row.ms:.3f}",
            f"{row.times:.2f}",
            f"{row.sodium_floor_ms:.3f}",
            f"{row.ms / row.sodium_floor_ms:.2f}",
            *pyld,
            f"{row.answer_ms:.2f}",
        )
        print(f"{row.what:<36}" + "".join(f"{cell:>13}" for cell in cells))
    print(f"\n{'bar':<62}{'measured':>12}{'at most':>12}")
    for one in found:
        word = "reached" if one.reached else "missed"
        print(f"{one.name:<62}{one.value:>12.3f}{one.bar:>12g} {one.unit:<8}{word}")


def as_json(rows: list[Row], found: list[Bar]) -> dict[str, Any]:
    return {
        "rows": [{**asdict(row), "times_floor": row.times} for row in rows],
        "bars": [{**asdict(one), "reached": one.reached} for one in found],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--json", action="store_true", help="print the figures of verification as JSON, nothing else")
    arguments = parser.parse_args()
    if not floor.WORKLOADS.is_dir():
        print("bench: skipped, LER_SHARED_DIR is not there")
        return 0
    rows = [measure(workload, arguments.rounds) for workload in WORKLOADS]
    found = bars(rows, arguments.rounds)
    if arguments.json:
        print(json.dumps(as_json(rows, found), indent=1))
        return 0
    show(rows, found)
    print()
    service.report()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
