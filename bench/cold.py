"""What one verification costs from nothing: a new process, one badge, its first verdict.

The modules are compiled beforehand, as they are where the project is installed.
"""

from __future__ import annotations

import compileall
import json
import re
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import floor

_RUN = """
import atexit, sys, time
from pathlib import Path
status = Path("/proc/self/status")
if status.is_file():
    atexit.register(lambda: print(status.read_text(), "CpuMs:", time.process_time() * 1e3, file=sys.stderr))
from connector.cli.main import main
main()
"""
"""`python -m connector`, which says on its way out what it took: its parent would only learn the larger of both."""


@dataclass(frozen=True)
class Cold:
    """Medians: milliseconds until the first verdict, CPU milliseconds of the whole process, its most memory in MB."""

    verdict_ms: float
    cpu_ms: float
    peak_mb: float


def one_file(name: str, rounds: int) -> Cold:
    """`verify FILE --json`."""
    command = ["verify", str(floor.WORKLOADS / name), "--json"]
    return _median([_run(command, b"") for _ in range(rounds)])


def stream(name: str, rounds: int) -> Cold:
    """`verify --stream`, one request."""
    request = json.dumps({"id": "1", "file": str(floor.WORKLOADS / name)}).encode() + b"\n"
    return _median([_run(["verify", "--stream"], request) for _ in range(rounds)])


def _run(command: list[str], given: bytes) -> Cold:
    start = time.perf_counter()
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    root = Path(__file__).parents[1]
    process = subprocess.Popen([sys.executable, "-c", _RUN, *command], cwd=root, **pipes)  # type: ignore[call-overload]
    process.stdin.write(given)
    process.stdin.close()
    answer = process.stdout.readline()
    seconds = time.perf_counter() - start
    said = process.stderr.read().decode()
    process.wait()
    assert json.loads(answer)["verdict"] == "verified", answer
    return Cold(seconds * 1e3, _number(r"CpuMs: ([\d.]+)", said), _number(r"VmHWM:\s+(\d+) kB", said) / 1e3)


def _number(pattern: str, text: str) -> float:
    """Not a number where the system does not say."""
    found = re.search(pattern, text)
    return float(found[1]) if found else float("nan")


def compile_modules() -> None:
    """What an installation does; else each process would do it again where nothing may be written."""
    root = Path(__file__).parents[1]
    for package in ("connector", "adapters"):
        compileall.compile_dir(root / package, quiet=1)


def _median(runs: list[Cold]) -> Cold:
    return Cold(
        statistics.median(run.verdict_ms for run in runs),
        statistics.median(run.cpu_ms for run in runs),
        statistics.median(run.peak_mb for run in runs),
    )
