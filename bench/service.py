"""What the service costs: how soon `serve` answers, what it holds in memory when idle, requests to the ATS per LER."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from connector import registry
from connector.bootstrap import build
from connector.config import load_settings, variables_of
from connector.infra.world_file import RecordedWorld
from connector.model.applicant import Applicant, ApplicationRef
from connector.model.records import NewSubmission
from connector.model.submission import Basis
from connector.ports import SandboxSeed
from connector.testing.loopback import LoopbackServer
from connector.testing.samples import SampleWorld

SETTLE_SECONDS = 5.0
START_LIMIT_SECONDS = 30.0


def report() -> None:
    seconds, megabytes = start_and_idle()
    memory = "not known on this system" if megabytes is None else f"{megabytes:.0f} MB"
    print(f"serve answers after {seconds:.2f} s and holds {memory} when idle")
    print(f"\n{'requests to the ATS':<24}{'LER':<28}{'all':>6}{'writes':>8}")
    for kind in registry.available():
        for name, requests, writes in requests_per_ler(kind):
            print(f"{kind:<24}{name:<28}{requests:>6}{writes:>8}")


def start_and_idle() -> tuple[float, float | None]:
    """Seconds from starting `serve` to its first good answer, and resident megabytes some seconds later."""
    with tempfile.TemporaryDirectory(prefix="ler-bench-") as folder, LoopbackServer() as free:
        port = free.port
        free.stop()
        environ = {**os.environ, "LER_DATA_DIR": folder, "LER_LISTEN": f"127.0.0.1:{port}"}
        command = [sys.executable, "-m", "connector", "serve"]
        start = time.monotonic()
        process = subprocess.Popen(
            command, cwd=folder, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            while not _ready(port):
                if process.poll() is not None or time.monotonic() - start > START_LIMIT_SECONDS:
                    raise RuntimeError("serve did not start")
                time.sleep(0.02)
            seconds = time.monotonic() - start
            time.sleep(SETTLE_SECONDS)
            return seconds, _resident_megabytes(process.pid)
        finally:
            process.terminate()
            process.wait(timeout=30)


def _ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=1).status_code == 200
    except httpx.HTTPError:
        return False


def _resident_megabytes(pid: int) -> float | None:
    status = Path(f"/proc/{pid}/status")
    if not status.is_file():
        return None
    line = next(row for row in status.read_text().splitlines() if row.startswith("VmRSS"))
    return int(line.split()[1]) / 1000


def requests_per_ler(kind: str) -> list[tuple[str, int, int]]:
    """Requests of one delivery each: a badge, a CLR with ten badges, the same CLR again; with the full mapping."""
    plugin = registry.plugin(kind)
    sandbox = plugin.sandbox(SandboxSeed())
    first, second = sandbox.people()[:2]
    world = SampleWorld()
    badge, clr = world.samples(first.name, first.email)[0], world.samples(second.name, second.email)[1]
    with tempfile.TemporaryDirectory(prefix="ler-bench-") as folder, LoopbackServer().start(sandbox.app) as server:
        (Path(folder) / "policy.yaml").write_text(world.policy(), encoding="utf-8")
        environ = {
            "LER_DATA_DIR": folder,
            "LER_POLICY_FILE": f"{folder}/policy.yaml",
            "LER_SECRET_KEY": "a-key-for-the-benchmark-and-nothing-else",
            **variables_of(kind, sandbox.settings(server.url)),
        }
        connector = build(
            load_settings(environ, env_file=None), documents=RecordedWorld(world.documents(), base=Path(folder))
        )
        connector.start()
        try:
            counts = []
            for name, person, sample in (
                ("one badge", first, badge),
                ("a CLR with ten badges", second, clr),
                ("the same CLR again", second, clr),
            ):
                new = NewSubmission(
                    ref=ApplicationRef(connection=kind, candidate=person.candidate, application=person.application),
                    basis=Basis.API,
                    content=sample.content,
                    applicant=Applicant(name=person.name, emails=(person.email,)),
                )
                receipt = connector.wait(connector.submit(new).id).receipt
                assert receipt is not None, f"{name} was not delivered to {kind}"
                counts.append((name, receipt.requests, receipt.writes))
            return counts
        finally:
            connector.stop()
