"""Files that people edit while the service runs: read again when they changed, the last good one kept."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from connector.errors import ConnectorError

log = logging.getLogger(__name__)
T = TypeVar("T")


class Reloaded(Generic[T]):
    """Values loaded from files.

    Args:
        load: reads one; raises a ConnectorError that names the mistake.
    """

    def __init__(self, load: Callable[[Path], T]) -> None:
        self._load, self._lock = load, threading.Lock()
        self._good: dict[Path, tuple[tuple[int, int], T]] = {}

    def get(self, path: Path) -> T:
        """The value as the file says now; as it last said well, when it is broken now.

        Raises:
            ConnectorError: it is broken, and never was good.
        """
        with self._lock:
            known = self._good.get(path)
            stamp = _stamp(path)
            if known is not None and stamp in (None, known[0]):
                return known[1]
            try:
                value = self._load(path)
            except ConnectorError as error:
                if known is None:
                    raise
                log.error("%s is wrong (%s); the version before it stays in force", path, error.code)
                self._good[path] = (stamp or known[0], known[1])
                return known[1]
            self._good[path] = (stamp or (0, 0), value)
            return value


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
