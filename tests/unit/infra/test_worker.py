"""Large submissions are looked into by a process of their own, which is ended when one takes too much."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.answers import Examination, answer_json, examine, examine_content
from connector.errors import FetchError
from connector.infra.workbench import INLINE_BYTES, Workbench
from connector.infra.worker import LargeWork, WorkerFault
from connector.model.applicant import Applicant
from connector.model.submission import Submission
from connector.normalize import EMPTY
from connector.ports import World
from connector.testing.documents import NOW, MemoryDocuments
from connector.testing.issuer import Issuer
from connector.verify import Policy
from connector.verify.policy import Registry
from connector.verify.registries import Entry, ReadBook

ISSUER = Issuer("lakeview", method="web")
MARIA = Applicant(name="Maria Okafor", emails=("maria@mail.example",))
BADGE = json.dumps(ISSUER.open_badge(email=MARIA.emails[0])).encode()


@pytest.fixture
def everything() -> Iterator[LargeWork]:
    """Even the smallest submission goes to its worker."""
    workbench = LargeWork()
    yield workbench
    workbench.close()


def _look(workbench: Any, content: bytes, *, policy: Policy | None = None, documents: Any = None) -> Examination:
    world = World(MemoryDocuments(ISSUER.documents if documents is None else documents))
    policy = policy or Policy.trusting([ISSUER.id])
    return examine(
        Submission(content=content), policy, world, applicant=MARIA, now=NOW, crosswalk=EMPTY, look_into=workbench
    )


def _stand_in(code: str, tmp_path: Path, **options: Any) -> LargeWork:
    """A worker that, once ready, does what `code` says with the first request."""
    script = tmp_path / "worker.py"
    script.write_text(
        "import os, sys, time\n"
        "from connector.infra.worker import read_frame, write_frame\n"
        "write_frame(sys.stdout.buffer, ('ready',))\n"
        "read_frame(sys.stdin.buffer)\n" + code
    )
    return LargeWork(command=(sys.executable, str(script)), **options)


def _transcript(badges: int) -> bytes:
    made = [ISSUER.jwt_badge(name=f"Course {n}", email=MARIA.emails[0]) for n in range(badges)]
    return json.dumps(made).encode()


# --- the same answers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [BADGE, BADGE.replace(b"Welder I", b"Welder V"), b"[", b"{}", b"https://elsewhere.example/", _transcript(3)],
    ids=["genuine", "changed", "broken", "nothing", "a link", "several"],
)
def test_the_worker_answers_as_is_answered_in_place(everything: LargeWork, content: bytes) -> None:
    there, here = _look(everything, content), _look(examine_content, content)
    assert answer_json(there) == answer_json(here)
    assert there.assessed == here.assessed


def test_what_the_registries_say_is_asked_for(everything: LargeWork) -> None:
    book = ReadBook({ISSUER.id: Entry("Lakeview University", is_test=False)})
    registry = Registry(file="registry.json", recognise=(ISSUER.id,)).model_copy(update={"book": book})
    for policy, known in ((Policy(registries=(registry,)), True), (Policy(), False)):
        (assessed,) = _look(everything, BADGE, policy=policy).assessed
        assert assessed.report.issuer.recognised is known


def test_a_document_that_cannot_be_had_is_the_same_there(everything: LargeWork) -> None:
    missing = {url: FetchError("no", code="timeout") for url in ISSUER.documents}
    found = _look(everything, BADGE, documents=missing)
    assert (str(found.verdict), [r.outcome for r in found.requests]) == ("unresolvable", ["failed"])


def test_what_is_small_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess.Popen", _no_process)
    workbench = Workbench()
    assert len(BADGE) < INLINE_BYTES
    assert str(_look(workbench, BADGE).verdict) == "verified"
    with pytest.raises(AssertionError):
        _look(workbench, BADGE + b" " * INLINE_BYTES)


def _no_process(*_: Any, **__: Any) -> None:
    raise AssertionError("a process was started")


# --- limits ------------------------------------------------------------------------------------------------------


def test_a_worker_that_takes_too_long_is_ended_and_the_next_submission_is_answered(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    workbench = _stand_in("time.sleep(60)\n", tmp_path, seconds=0.3)
    started = time.monotonic()
    found = _look(workbench, BADGE)
    assert time.monotonic() - started < 20
    assert found.error is not None
    assert (found.error.code, found.error.detail, str(found.verdict)) == ("too_complex", "time", "malformed")
    assert str(found.decision) == "refused"
    monkeypatch.setattr(workbench, "_command", LargeWork()._command)
    monkeypatch.setattr(workbench, "_seconds", 10.0)
    assert str(_look(workbench, BADGE).verdict) == "verified"
    workbench.close()


@pytest.mark.parametrize("code", ["os._exit(1)\n", "os.abort()\n"])
def test_a_worker_that_dies_costs_its_submission_only(tmp_path: Path, code: str) -> None:
    workbench = _stand_in(code, tmp_path)
    for _ in range(2):
        found = _look(workbench, BADGE)
        assert found.error is not None and found.error.code == "too_complex"
    workbench.close()


@pytest.mark.skipif(sys.platform != "linux", reason="the system has no limit of address space")
def test_memory_is_limited(tmp_path: Path) -> None:
    code = (
        "from connector.infra.worker_main import _limit_memory\n"
        "_limit_memory()\n"
        "try:\n    bytearray(2_000_000_000)\nexcept MemoryError:\n    write_frame(sys.stdout.buffer, ('over',))\n"
        "time.sleep(60)\n"
    )
    workbench = _stand_in(code, tmp_path)
    found = _look(workbench, BADGE)
    assert found.error is not None and (found.error.code, found.error.detail) == ("too_complex", "memory")
    workbench.close()


def test_a_bug_in_the_worker_is_raised_and_is_no_verdict(tmp_path: Path) -> None:
    workbench = _stand_in("write_frame(sys.stdout.buffer, ('fault', 'ZeroDivisionError'))\ntime.sleep(60)\n", tmp_path)
    with pytest.raises(WorkerFault, match="ZeroDivisionError"):
        _look(workbench, BADGE)
    workbench.close()


# --- what it cannot do -------------------------------------------------------------------------------------------


def test_it_knows_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LER_SECRET_KEY", "canary")
    code = "write_frame(sys.stdout.buffer, ('fault', ' '.join(os.environ)))\ntime.sleep(60)\n"
    workbench = _stand_in(code, tmp_path)
    with pytest.raises(WorkerFault) as fault:
        _look(workbench, BADGE)
    assert "PYTHONPATH" in str(fault.value) and "LER_" not in str(fault.value)
    workbench.close()


@pytest.mark.parametrize(
    "attempt", ["socket.create_connection(('127.0.0.1', 9), 1)", "subprocess.run(['true'])", "os.system('true')"]
)
def test_it_opens_no_connection_and_starts_no_process(tmp_path: Path, attempt: str) -> None:
    code = (
        "import socket, subprocess\n"
        "from connector.infra.worker_main import _refuse\n"
        "sys.addaudithook(_refuse)\n"
        f"try:\n    {attempt}\n    said = 'done'\nexcept PermissionError:\n    said = 'refused'\n"
        "write_frame(sys.stdout.buffer, ('fault', said))\ntime.sleep(60)\n"
    )
    workbench = _stand_in(code, tmp_path)
    with pytest.raises(WorkerFault, match="refused"):
        _look(workbench, BADGE)
    workbench.close()


@pytest.mark.parametrize(
    "name", ["os.system", "builtins.eval", "connector.model.report.StrEnum", "connector.cli.main.main"]
)
def test_its_answers_can_make_nothing_but_records(tmp_path: Path, name: str) -> None:
    """A pickle names what is called to build it; what is no record of ours is not even looked at."""
    module, _, function = name.rpartition(".")
    frame = f"c{module}\n{function}\n(S'true'\ntR.".encode()
    code = (
        f"import struct\nframe = {frame!r}\n"
        "sys.stdout.buffer.write(struct.pack('>Q', len(frame)) + frame)\nsys.stdout.flush()\ntime.sleep(60)\n"
    )
    workbench = _stand_in(code, tmp_path)
    with pytest.raises(Exception, match="is not what a worker may answer with"):
        _look(workbench, BADGE)
    workbench.close()


# --- others meanwhile --------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_small_submission_does_not_wait_for_a_large_one() -> None:
    """On one processor at least the large one's work would be in the small one's way: it has its own process."""
    workbench = Workbench()
    _look(workbench, BADGE + b" " * INLINE_BYTES)  # the worker is warm
    large = _transcript(350)
    assert len(large) > 500_000
    thread = threading.Thread(target=_look, args=(workbench, large))
    thread.start()
    waits = []
    while thread.is_alive():
        started = time.perf_counter()
        assert str(_look(workbench, BADGE).verdict) == "verified"
        waits.append(time.perf_counter() - started)
    thread.join()
    workbench.close()
    assert sorted(waits)[len(waits) // 2] < 0.05 * (os.cpu_count() or 1)
