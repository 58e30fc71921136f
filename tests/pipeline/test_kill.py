"""kill -9 at every boundary, a new start, and the ATS ends as if nothing had happened (DESIGN section 2, F9)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector import registry
from connector.bootstrap import build
from connector.config import load_settings, variables_of
from connector.infra.world_file import RecordedWorld
from connector.model.changes import AtsState
from connector.model.records import NewSubmission, State
from connector.ports import Sandbox, SandboxSeed
from connector.testing.issuer import Issuer, recorded_world
from connector.testing.loopback import LoopbackServer
from tests.house import KEY

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX")
CHILD = Path(__file__).with_name("kill_child.py")


class Scene:
    """One stand-in on loopback, one data folder, one badge."""

    def __init__(self, folder: Path, kind: str) -> None:
        folder.mkdir()
        self.folder, self.kind = folder, kind
        self.sandbox: Sandbox = registry.plugin(kind).sandbox(SandboxSeed())
        self.server = LoopbackServer().start(self.sandbox.app)
        self.person = self.sandbox.people()[0]
        issuer = Issuer("lakeview", method="web")
        badge = issuer.open_badge(name="Welder I", email=self.person.email, tags=["MIG welding"])
        self._write("badge.json", badge)
        self._write("world.json", recorded_world(issuer))
        self._write("policy.json", {"trusted_issuers": [issuer.id]})
        self._write("new.json", self._new())

    def _write(self, name: str, value: Any) -> None:
        (self.folder / name).write_text(json.dumps(value), encoding="utf-8")

    def _new(self) -> dict[str, Any]:
        return {
            "ref": {
                "connection": self.kind,
                "candidate": self.person.candidate,
                "application": self.person.application,
            },
            "basis": "api",
            "applicant": {"emails": [self.person.email]},
            "idempotency_key": "the one",
        }

    @property
    def environ(self) -> dict[str, str]:
        return {
            "LER_DATA_DIR": str(self.folder / "data"),
            "LER_SECRET_KEY": KEY,
            "LER_POLICY_FILE": str(self.folder / "policy.json"),
            "LER_TIME_SCALE": "20",
            **variables_of(self.kind, {"rate": 1000, "burst": 1000, **self.sandbox.settings(self.server.url)}),
        }

    def run_child(self, die_at: int) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("LER_")}
        command = [sys.executable, str(CHILD), str(self.folder), str(die_at)]
        return subprocess.run(command, env=kept | self.environ, capture_output=True, text=True, timeout=90, check=False)

    def start_again(self) -> State:
        """A new start of the same installation; the caller sends its request again, as callers do."""
        world = RecordedWorld.load(self.folder / "world.json")
        connector = build(load_settings(self.environ, env_file=None), documents=world)
        try:
            connector.start()
            new = NewSubmission.model_validate_json((self.folder / "new.json").read_bytes())
            new = new.model_copy(update={"content": (self.folder / "badge.json").read_bytes()})
            record = connector.wait(connector.submit(new).id, 60)
            assert len(connector.submissions().items) == 1
            return record.state
        finally:
            connector.stop()

    @property
    def held(self) -> Any:
        return comparable(self.sandbox.holdings(self.person.candidate, self.person.application))


def comparable(state: AtsState) -> Any:
    """What a recruiter would see; report ids differ between installations, vendors' ids between runs."""
    fields = {k: "a link" if str(v).startswith("http") else v for k, v in state.fields.items()}
    return (
        fields,
        sorted(state.tags),
        len(state.links),
        [n.marker for n in state.notes],
        [a.filename for a in state.attachments],
        [(f.template, f.marker, sorted(f.values)) for f in state.forms],
    )


@pytest.fixture
def scenes(tmp_path: Path) -> Iterator[Any]:
    made: list[Scene] = []

    def make(kind: str) -> Scene:
        made.append(Scene(tmp_path / f"scene-{len(made)}", kind))
        return made[-1]

    yield make
    for scene in made:
        scene.server.stop()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", ["greenhouse", "lever", "workday"])
def test_a_kill_at_any_boundary_ends_as_a_run_without_one(scenes: Any, kind: str) -> None:
    clean = scenes(kind)
    finished = clean.run_child(0)
    assert finished.returncode == 0, finished.stderr
    state, boundaries, after_writes = json.loads(finished.stdout)
    assert state == State.DELIVERED
    assert boundaries > 20
    # All of them with LER_TEST_EVERY_KILL=1; else a few, and those where an answer of the ATS is lost.
    few = {1, boundaries // 3, boundaries, *after_writes[-3:]}
    every = set(range(1, boundaries + 1))
    for die_at in sorted(every if os.environ.get("LER_TEST_EVERY_KILL") else few):
        scene = scenes(kind)
        killed = scene.run_child(die_at)
        assert killed.returncode == -9, (die_at, killed.stdout, killed.stderr)
        assert scene.start_again() is State.DELIVERED, die_at
        assert scene.held == clean.held, die_at
