"""What the books of registries share: the way to the network, the copies on disk, and how long anybody waits."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from connector import codec
from connector.errors import FetchError, IntakeError
from connector.ports import Clock, DocumentSource, FetchedDocument, Purpose
from connector.verify.policy import Registry
from connector.verify.registries import RegistryProblem

log = logging.getLogger(__name__)

MAX_COPY_BYTES: Final = 20_000_000
REFRESH: Final = timedelta(hours=6)
RETRY: Final = timedelta(minutes=1)
"""A registry that did not answer is not asked again before that."""
SERVICE_PATIENCE: Final = 2.0
COMMAND_PATIENCE: Final = 20.0
"""How long one answer may wait; a command has nobody else waiting, and ends before a background fetch could."""
WAITS_IN_A_ROW: Final = 3
LATE_SECONDS: Final = 60.0
"""A file of a hundred issuers does not wait a hundred times."""
MAX_UNDER_WAY: Final = 20
AT_ONCE: Final = 4


class Copies:
    """The last good copies, one JSON file each. What is read is checked again by whoever reads it.

    Args:
        folder: made when the first copy is written; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def read(self, name: str) -> dict[str, Any] | None:
        """The copy of that name, or None: a file that cannot be read is as good as none."""
        if self._folder is None:
            return None
        try:
            content = (self._folder / f"{name}.json").read_bytes()
            value = codec.parse_json(content, max_bytes=MAX_COPY_BYTES)
        except FileNotFoundError:
            return None
        except (OSError, IntakeError) as error:
            log.warning("the copy of a registry cannot be read (%s); it is fetched anew", type(error).__name__)
            return None
        return value if isinstance(value, dict) else None

    def write(self, name: str, copy: dict[str, Any]) -> None:
        """Keep a copy, whole or not at all. Without room for it the one in memory has to do."""
        if self._folder is None:
            return
        path = self._folder / f"{name}.json"
        partial = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            partial.write_text(json.dumps(copy), encoding="utf-8")
            partial.replace(path)
        except OSError as error:
            log.warning("the copy of a registry cannot be kept (%s)", error.strerror)
            with suppress(OSError):
                partial.unlink(missing_ok=True)


class Shop:
    """What the books of one process share: the way to the network, the copies, and how long anybody waits."""

    def __init__(
        self, documents: Callable[[], DocumentSource], copies: Copies, clock: Clock, *, patience: float
    ) -> None:
        self.documents, self.copies, self.clock, self._patience = documents, copies, clock, patience
        self.waits_for_fresh = patience > SERVICE_PATIENCE
        """A command that has an old copy asks for a new one first."""
        self._lock = threading.Lock()
        self._under_way: dict[str, threading.Event] = {}
        self._gate = threading.Semaphore(AT_ONCE)
        self._late: list[float] = []

    def fetch(self, url: str, accept: str) -> FetchedDocument:
        """Ask, past every cache.

        Raises:
            RegistryProblem: no answer.
        """
        try:
            return self.documents().get(url, purpose=Purpose.REGISTRY, accept=accept, fresh=True)
        except FetchError as error:
            raise RegistryProblem(f"{error.message.rstrip('.')} ({error.code})") from None

    def run(self, name: str, work: Callable[[], None], *, wait: bool) -> None:
        """Have `work` done in the background, once at a time under this name; with `wait`, wait a moment for it."""
        with self._lock:
            done = self._under_way.get(name)
            if done is None:
                if len(self._under_way) >= MAX_UNDER_WAY:
                    return
                done = self._under_way[name] = threading.Event()
                threading.Thread(target=self._work, args=(name, work, done), name="registry", daemon=True).start()
        if wait and self._may_wait() and not done.wait(self._patience):
            with self._lock:
                self._late.append(time.monotonic())

    def _work(self, name: str, work: Callable[[], None], done: threading.Event) -> None:
        try:
            with self._gate:
                work()
        finally:
            with self._lock:
                self._under_way.pop(name, None)
            done.set()

    def _may_wait(self) -> bool:
        """Only waits in vain count: what answers in time holds nobody up."""
        with self._lock:
            self._late = [at for at in self._late if time.monotonic() - at < LATE_SECONDS]
            return len(self._late) < WAITS_IN_A_ROW

    def due(self, at: datetime | None, tried: datetime | None, every: timedelta = REFRESH) -> bool:
        """Whether a copy of `at` is to be fetched anew, given the last attempt."""
        now = self.clock.now()
        if tried is not None and timedelta(0) <= now - tried < RETRY:
            return False
        return at is None or not timedelta(0) <= now - at < every


def copy_name(registry: Registry) -> str:
    """Where its copy lies: another address or another pin is another registry."""
    pinned = registry.sha256 or (registry.jwks.model_dump_json() if registry.jwks else "")
    return hashlib.sha256(f"{registry.kind} {registry.url} {pinned}".encode()).hexdigest()[:32]
