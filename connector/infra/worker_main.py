"""What runs in the worker's process (`infra.worker`): one request after another, until the pipe ends."""

from __future__ import annotations

import os
import pickle
import sys
import traceback
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Final

from connector.answers import examine_content
from connector.infra.worker import MAX_EXTRA_BYTES, AskedBook, read_frame, write_frame
from connector.model.report import RequestRecord
from connector.normalize import EMPTY
from connector.ports import FetchedDocument, Purpose, World

_FORBIDDEN: Final = frozenset(
    {"socket.connect", "socket.getaddrinfo", "socket.bind", "subprocess.Popen", "os.system", "os.exec", "os.fork",
     "os.posix_spawn", "os.putenv"}
)  # fmt: skip


class _Pipe:
    def __init__(self, source: IO[bytes], sink: IO[bytes]) -> None:
        self._source, self._sink = source, sink

    def say(self, *message: Any) -> None:
        write_frame(self._sink, message)

    def hear(self) -> Any:
        frame = read_frame(self._source)
        if frame is None:
            raise EOFError
        return pickle.loads(frame)  # noqa: S301  # it comes from the process that started this one

    def ask(self, *question: Any) -> Any:
        """An answer of the process that started this one; an error that it met is raised here."""
        self.say(*question)
        answer = self.hear()
        if isinstance(answer, Exception):
            raise answer
        return answer


class _AskedDocuments:
    """Documents come through the pipe. The list of requests is kept at its other end."""

    def __init__(self, pipe: _Pipe) -> None:
        self._ask = pipe.ask

    def get(
        self, url: str, *, purpose: Purpose, accept: str = "application/json", fresh: bool = False
    ) -> FetchedDocument:
        found: FetchedDocument = self._ask("get", url, str(purpose), accept, fresh)
        return found

    def session(self) -> _AskedDocuments:
        return self

    def recorded(self, identifier: str) -> FetchedDocument | None:
        found: FetchedDocument | None = self._ask("recorded", identifier)
        return found

    def keep_for(self, url: str, seconds: float) -> None:
        self._ask("keep_for", url, seconds)

    @property
    def requests(self) -> tuple[RequestRecord, ...]:
        return ()


def main() -> None:
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that is printed gets into the pipe
    pipe = _Pipe(sys.stdin.buffer, sink)
    AskedBook.ask = pipe.ask
    _limit_memory()
    sys.addaudithook(_refuse)
    pipe.say("ready")
    crosswalk = EMPTY
    while True:
        try:
            request, changed = pipe.hear()
        except EOFError:
            return
        crosswalk = changed if changed is not None else crosswalk
        if not _serve(pipe, request, crosswalk):
            return


def _serve(pipe: _Pipe, request: tuple[Any, ...], crosswalk: Any) -> bool:
    """Answer one request; False when this process has had its day."""
    submission, policy, applicant, now, options = request
    assert isinstance(now, datetime)
    world = World(_AskedDocuments(pipe))
    try:
        found = examine_content(
            submission, policy, world, applicant=applicant, now=now, crosswalk=crosswalk, assess_options=options
        )
    except MemoryError:
        pipe.say("over")
        return False
    except EOFError:
        return False
    except Exception:  # noqa: BLE001  # a bug of ours: it is raised at the other end
        pipe.say("fault", traceback.format_exc())
        return True
    pipe.say("done", found.assessed, found.claims, found.error)
    return True


def _limit_memory() -> None:
    """RLIMIT_AS, where the system has it."""
    try:
        resource = import_module("resource")
        used = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    except (ImportError, OSError):
        return
    resource.setrlimit(resource.RLIMIT_AS, (used + MAX_EXTRA_BYTES, used + MAX_EXTRA_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _refuse(event: str, _: object) -> None:
    """An audit hook: no connection and no process is ever opened from here."""
    if event in _FORBIDDEN:
        raise PermissionError(f"{event} in a worker")


if __name__ == "__main__":
    main()
