"""The same workloads through public verifiers, beside the floor and this one: `make bench-peers`.

Each peer gets what it needs in an environment of its own below `build/peers`: a venv per Python package, one folder of
node modules where node and npm are there. What cannot be installed, does not start, or does not take a workload is
named with the reason. Times are CPU milliseconds, medians; every proof of a workload is checked.

    python bench/peers/run.py [--seconds S] [--fresh]
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import floor  # noqa: E402  # the benchmark's own modules lie one folder up
import ours  # noqa: E402

from connector.verify.jsonld.pinned import index  # noqa: E402
from connector.verify.jsonld.pinned import load as load_context  # noqa: E402

BUILD = HERE.parents[1] / "build" / "peers"
WORKLOADS = ("S_rdfc.json", "S_2020.json", "M_rdfc.json", "L_rdfc.json", "S_jcs.json", "S_eddsa.jwt", "S_es256.jwt")
PYTHON_PEERS = {
    "pyld": ("pyld==3.3.0", "cryptography"),
    "pyoxigraph": ("pyoxigraph==0.5.13", "cryptography"),
    "openvc-core": ("openvc-core==1.37.0", "pyld", "rfc8785", "cryptography"),
    "openbadgeslib": ("openbadgeslib==4.6.3", "pyld", "cryptography"),
    "openedx-didkit": ("openedx-didkit==0.3.5",),
}
NODE_PEERS = ("@digitalbazaar/vc", "@digitalcredentials/vc", "@digitalcredentials/verifier-core")
INSTALL_SECONDS, RUN_SECONDS = 600, 300
PROOF_ALONE = ("pyld", "pyoxigraph")
"""No verifiers: a canonicalizer and a signature check of ours."""


class Unavailable(Exception):
    """A peer cannot be had here; its text says why."""


@dataclass
class Column:
    """One verifier: CPU milliseconds by workload, and why it has none."""

    name: str
    ms: dict[str, float] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)


def in_place(name: str, measured: Callable[[floor.Document], bool], seconds: float) -> Column:
    """The floor, or this verifier."""
    column = Column(name)
    for workload in WORKLOADS:
        document, taken = floor.load(workload), list[float]()
        measured(document)
        end = time.monotonic() + seconds
        while not taken or time.monotonic() < end:
            start = time.process_time_ns()
            assert measured(document), f"{workload} did not verify"
            taken.append((time.process_time_ns() - start) / 1e6)
        column.ms[workload] = statistics.median(taken)
    return column


def peer(name: str, command: Callable[[], list[str]], cwd: Path, seconds: float) -> Column:
    """One public verifier, a new process for each workload.

    Raises:
        Unavailable: it could not be installed.
    """
    column, start = Column(name), command()
    for workload in WORKLOADS:
        arguments = [name, str(BUILD / "contexts.json"), str(floor.WORKLOADS / workload), str(seconds)]
        answer = _answer([*start, *arguments], cwd)
        if answer["ms"] is None:
            column.why[workload] = str(answer["why"])
        else:
            column.ms[workload] = float(str(answer["ms"]))
    return column


def _answer(command: list[str], cwd: Path) -> dict[str, object]:
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=RUN_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return {"ms": None, "why": f"no answer within {RUN_SECONDS} s"}
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        return {"ms": None, "why": f"it ended with code {done.returncode}: {said[-1][:160]}"}
    answer: dict[str, object] = json.loads(lines[-1])
    return answer


def python_command(name: str) -> list[str]:
    folder = BUILD / name
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not (folder / ".ready").exists():
        venv.create(folder, clear=True, with_pip=True)
        _install([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PYTHON_PEERS[name]])
        (folder / ".ready").touch()
    return [str(python), str(HERE / "python_peer.py")]


def node_command() -> list[str]:
    node, npm, folder = shutil.which("node"), shutil.which("npm"), BUILD / "node"
    if node is None or npm is None:
        raise Unavailable("node and npm are not here")
    if not (folder / ".ready").exists():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / "package.json", folder)
        _install([npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", "--prefix", str(folder)])
        (folder / ".ready").touch()
    return [node, str(HERE / "node_peer.mjs")]


def _install(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"not installed within {INSTALL_SECONDS} s") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
        raise Unavailable(f"could not be installed: {said[-1][:160]}")


def show(columns: list[Column], skipped: dict[str, str]) -> None:
    base = columns[0]
    print(f"{'CPU ms (x floor)':<36}" + "".join(f"{workload.partition('.')[0]:>20}" for workload in WORKLOADS))
    for column in columns:
        name = f"{column.name} (proof alone)" if column.name in PROOF_ALONE else column.name
        cells = [f"{column.ms[w]:.2f} ({column.ms[w] / base.ms[w]:.1f}x)" if w in column.ms else "-" for w in WORKLOADS]
        print(f"{name:<36}" + "".join(f"{cell:>20}" for cell in cells))
    for column in columns:
        for workload, why in column.why.items():
            print(f"\n{column.name} has no time for {workload}: {why}", end="")
    for name, why in skipped.items():
        print(f"\n{name} was skipped: {why}", end="")
    print()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="for each verifier and workload")
    parser.add_argument("--fresh", action="store_true", help="build the environments anew")
    arguments = parser.parse_args()
    if not floor.WORKLOADS.is_dir():
        print("bench-peers: skipped, LER_SHARED_DIR is not there")
        return 0
    if arguments.fresh:
        shutil.rmtree(BUILD, ignore_errors=True)
    BUILD.mkdir(parents=True, exist_ok=True)
    contexts = {url: load_context(contents[0]) for url, contents in index().items()}
    (BUILD / "contexts.json").write_text(json.dumps(contexts), encoding="utf-8")

    columns = [in_place("floor", floor.floor, arguments.seconds), in_place("this", ours.decide, arguments.seconds)]
    skipped: dict[str, str] = {}
    for name in (*PYTHON_PEERS, *NODE_PEERS):
        command, cwd = (node_command, BUILD / "node") if name in NODE_PEERS else (partial(python_command, name), BUILD)
        try:
            columns.append(peer(name, command, cwd, arguments.seconds))
        except (Unavailable, OSError) as error:
            skipped[name] = str(error)
    show(columns, skipped)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
