"""What one document costs: CPU seconds and memory of a process of its own that answers it."""

from __future__ import annotations

import os
import resource
import sys
import traceback
from dataclasses import dataclass
from typing import Any, Final

from connector.answers import answer
from connector.model.applicant import Applicant
from connector.model.submission import Submission
from connector.ports import World
from connector.testing.documents import NOW, MemoryDocuments
from connector.verify import Policy

MARIA: Final = Applicant(name="Maria Okafor", emails=("maria@mail.example",))
_GIVE_UP_SECONDS: Final = 20


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one answer; `outcome` is `verdict/code` or how the process ended."""

    seconds: float
    megabytes: float
    outcome: str


def cost_of(content: bytes, documents: dict[str, Any]) -> Cost:
    """Answer `content` in a forked process, which is ended when it takes far too long."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (_GIVE_UP_SECONDS, _GIVE_UP_SECONDS))
            found = _outcome(content, documents)
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
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss * unit / 1e6, outcome)


def _outcome(content: bytes, documents: dict[str, Any]) -> str:
    world = World(MemoryDocuments(documents))
    found = answer(Submission(content=content), Policy(), world, applicant=MARIA, now=NOW)
    return f"{found['verdict']}/{found['error']['code'] if found['error'] else ''}"
