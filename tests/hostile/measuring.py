"""What one document costs: CPU seconds and memory of a process of its own that answers it.

`Scales` starts one small process that has everything loaded; it forks once for each document, so that neither the test
runner's memory nor what is loaded at the start is measured.
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from connector.answers import answer
from connector.model.applicant import Applicant
from connector.model.submission import Submission
from connector.ports import World
from connector.testing.documents import NOW, MemoryDocuments
from connector.testing.issuer import Issuer
from connector.verify import Policy

MARIA: Final = Applicant(name="Maria Okafor", emails=("maria@mail.example",))
HONEST: Final = json.dumps(Issuer("poisoner", method="key").open_badge(email=MARIA.emails[0])).encode()
_USUAL_PACE: Final = 0.035
_GIVE_UP_SECONDS: Final = 20
_ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one answer; `outcome` is `verdict/code` or how the process ended.

    Seconds are those of a machine with nothing else to do, on which `_pace` takes `_USUAL_PACE`: others that use the
    same processor and its caches make all CPU time longer, by a factor of two and more.
    """

    seconds: float
    megabytes: float
    outcome: str


class Scales:
    """Measures documents until it is closed."""

    def __init__(self) -> None:
        path = os.pathsep.join([str(_ROOT), os.environ.get("PYTHONPATH", "")])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.hostile.measuring"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_ROOT,
            env=os.environ | {"PYTHONPATH": path},
        )

    def weigh(self, content: bytes, documents: dict[str, Any]) -> Cost:
        assert self._process.stdin is not None and self._process.stdout is not None
        with tempfile.NamedTemporaryFile() as file:
            pickle.dump((content, documents), file)
            file.flush()
            self._process.stdin.write(f"{file.name}\n".encode())
            self._process.stdin.flush()
            return Cost(**json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


def answered(content: bytes, documents: dict[str, Any]) -> str:
    world = World(MemoryDocuments(documents))
    found = answer(Submission(content=content), Policy(), world, applicant=MARIA, now=NOW)
    return f"{found['verdict']}/{found['error']['code'] if found['error'] else ''}"


def _pace() -> float:
    """CPU seconds of a fixed piece of work."""
    started = time.process_time()
    seen: dict[str, int] = {}
    for number in range(200_000):
        name = f"{number % 5000}"
        seen[name] = seen.get(name, 0) + len(name)
    return time.process_time() - started


def _weigh(name: str) -> Cost:
    """Answer the document in that file in a forked process, which is ended when it takes far too long."""
    slowness = max(1.0, _pace() / _USUAL_PACE)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        resource.setrlimit(resource.RLIMIT_CPU, (_GIVE_UP_SECONDS, _GIVE_UP_SECONDS))
        try:
            found = answered(*pickle.loads(Path(name).read_bytes()))
        except BaseException:  # noqa: BLE001  # whatever it was, it is what the test must show
            found = f"raised {traceback.format_exc(limit=-2)}"
        os.write(writer, found.encode()[:4000])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        outcome = pipe.read()
    _, status, used = os.wait4(child, 0)
    if status:
        outcome = f"ended by signal {os.WTERMSIG(status)}"
    unit = 1 if sys.platform == "darwin" else 1024
    slowness = max(1.0, (slowness + _pace() / _USUAL_PACE) / 2)
    return Cost((used.ru_utime + used.ru_stime) / slowness, used.ru_maxrss * unit / 1e6, outcome)


def main() -> None:
    answered(HONEST, {})  # what the first document of a process pays for all is not what is measured
    for line in sys.stdin:
        print(json.dumps(_members(_weigh(line.rstrip("\n")))), flush=True)


def _members(cost: Cost) -> dict[str, Any]:
    return {"seconds": cost.seconds, "megabytes": cost.megabytes, "outcome": cost.outcome}


if __name__ == "__main__":
    main()
