"""One process beside ours that looks into large submissions, and that is ended when one takes too much.

It has nothing but what one examination needs: it asks us, through its pipe, for documents and for what registries say,
opens no connection, knows no setting and no secret. Its time and memory are limited; going over is an error of that
one submission. What is small is done in place (`infra.workbench`).
"""

from __future__ import annotations

import io
import os
import pickle
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from queue import Empty, SimpleQueue
from time import monotonic
from typing import IO, Any, Final

from connector.answers import Examination
from connector.errors import FetchError, SubmissionTooLarge
from connector.model.applicant import Applicant
from connector.model.submission import Submission
from connector.normalize import EMPTY, Crosswalk
from connector.ports import Purpose, World
from connector.verify.policy import Policy

MAX_SECONDS: Final = 10.0
"""Of work, what we are asked for not counted. 5 MB with 490 badges take 0.3 s; a slow and busy machine gets time."""
MAX_EXTRA_BYTES: Final = 768_000_000
"""Address space beyond what the process has when it starts; 5 MB of JSON need 200 MB."""
_START_SECONDS: Final = 30.0
_KEPT_ENVIRONMENT: Final = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG", "LC_ALL")
_LENGTH: Final = struct.Struct(">Q")


class WorkerFault(RuntimeError):
    """A bug of ours, met in the other process; the text is its traceback."""


class LargeWork:
    """Examines submissions in the worker, one after another, for any number of threads.

    Args:
        seconds: of the worker's own work for one submission.
        command: what starts the worker; tests bring one of their own.
    """

    def __init__(self, *, seconds: float = MAX_SECONDS, command: tuple[str, ...] | None = None) -> None:
        self._seconds = seconds
        self._command = command or (sys.executable, "-P", "-m", "connector.infra.worker_main")
        self._worker: _Worker | None = None
        self._turn = threading.Lock()

    def __call__(
        self,
        submission: Submission,
        policy: Policy,
        world: World,
        *,
        applicant: Applicant,
        now: datetime,
        crosswalk: Crosswalk = EMPTY,
        assess_options: Mapping[str, Any] | None = None,
    ) -> Examination:
        """As `answers.examine_content`, whose place it takes."""
        request = (submission, _portable(policy), applicant, now, dict(assess_options or {}))
        with self._turn:
            try:
                found = self._exchange(request, crosswalk, _Desk(policy, world))
            except _Over as over:
                self._end()
                error = SubmissionTooLarge("Checking it takes too much time or memory.", code="too_complex")
                error.detail = str(over)
                return Examination(submission, requests=world.documents.requests, error=error)
            except BaseException:
                self._end()  # whatever it was, an answer may still be in the pipe
                raise
        assessed, claims, problem = found
        return Examination(submission, assessed, claims, world.documents.requests, problem)

    def close(self) -> None:
        """End the worker, if there is one; the next large submission starts another."""
        with self._turn:
            self._end()

    def _end(self) -> None:
        if self._worker is not None:
            self._worker.end()
            self._worker = None

    def _exchange(self, request: tuple[Any, ...], crosswalk: Crosswalk, desk: _Desk) -> tuple[Any, Any, Any]:
        if self._worker is None:
            self._worker = _Worker(self._command)
            self._worker.receive(_START_SECONDS)
        worker, left = self._worker, self._seconds
        worker.send((request, crosswalk if worker.crosswalk is not crosswalk else None))
        worker.crosswalk = crosswalk
        while True:
            started = monotonic()
            kind, *values = worker.receive(left)
            left -= monotonic() - started
            if kind == "done":
                return values[0], values[1], values[2]
            if kind == "over":
                raise _Over("memory")
            if kind == "fault":
                raise WorkerFault(values[0])
            worker.send(desk.answer(kind, values))


class _Over(Exception):
    """It took too much; the message says of what."""


def _portable(policy: Policy) -> Policy:
    """The policy without its registries' contents: the worker asks for them."""
    away = [
        registry.model_copy(update={"book": AskedBook(number)}) for number, registry in enumerate(policy.registries)
    ]
    return policy.model_copy(update={"registries": tuple(away)})


class AskedBook:
    """A registry that is asked through the pipe; `ask` is set by the worker."""

    ask: Callable[..., Any]

    def __init__(self, number: int) -> None:
        self.number = number

    def look(self, issuer: str) -> Any:
        return AskedBook.ask("look", self.number, issuer)


class _Desk:
    """What the worker may ask for."""

    def __init__(self, policy: Policy, world: World) -> None:
        self._policy, self._documents = policy, world.documents

    def answer(self, kind: str, values: list[Any]) -> Any:
        try:
            if kind == "get":
                url, purpose, accept, fresh = values
                return self._documents.get(url, purpose=Purpose(purpose), accept=accept, fresh=fresh)
            if kind == "recorded":
                return self._documents.recorded(values[0])
            if kind == "keep_for":
                return self._documents.keep_for(values[0], values[1])
            if kind == "look":
                return self._policy.registries[values[0]].book.look(values[1])
        except FetchError as error:
            return error
        raise WorkerFault(f"the worker asked for {kind!r}")


class _Worker:
    """The process, its pipe, and what it was sent last."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self.crosswalk: Crosswalk | None = None
        environment = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        self._frames: SimpleQueue[bytes | None] = SimpleQueue()
        threading.Thread(target=self._read, name="ler-worker-pipe", daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        while (frame := read_frame(self._process.stdout)) is not None:
            self._frames.put(frame)
        self._frames.put(None)

    def send(self, message: Any) -> None:
        assert self._process.stdin is not None
        try:
            write_frame(self._process.stdin, message)
        except OSError:
            raise _Over("the worker ended") from None

    def receive(self, seconds: float) -> Any:
        try:
            frame = self._frames.get(timeout=max(seconds, 0.0))
        except Empty:
            raise _Over("time") from None
        if frame is None:
            raise _Over("the worker ended")
        return _Unpickler(io.BytesIO(frame)).load()

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()


# --- frames ------------------------------------------------------------------------------------------------------


def write_frame(pipe: IO[bytes], message: Any) -> None:
    body = pickle.dumps(message, protocol=5)
    pipe.write(_LENGTH.pack(len(body)) + body)
    pipe.flush()


def read_frame(pipe: IO[bytes]) -> bytes | None:
    """The next frame; None at the end of the pipe."""
    try:
        head = pipe.read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            return None
        body = pipe.read(_LENGTH.unpack(head)[0])
    except (OSError, ValueError):  # closed meanwhile
        return None
    return body


_PLAIN: Final = frozenset(
    {("datetime", "datetime"), ("datetime", "timezone"), ("datetime", "timedelta"), ("datetime", "date"),
     ("builtins", "set"), ("builtins", "frozenset")}
)  # fmt: skip


class _Unpickler(pickle.Unpickler):
    """Reads what the worker says: records of our model and errors, and nothing that could do anything."""

    def find_class(self, module: str, name: str) -> Any:
        found = super().find_class(module, name) if "." not in name else None
        if (module, name) in _PLAIN:
            return found
        ours = module.startswith("connector.model.") or module == "connector.errors"
        if ours and isinstance(found, type) and found.__module__ == module:
            return found
        raise pickle.UnpicklingError(f"{module}.{name} is not what a worker may answer with")
