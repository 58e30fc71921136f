"""A connector that kills itself, hard, at one of its boundaries. Run by test_kill.py, never by pytest.

Boundaries are the moments before and after every transaction of the store and every request to the ATS. The
environment holds the settings; the arguments are a folder (world.json, badge.json, new.json) and the number of the
boundary to die at (0: none). It prints where the submission stands, how many boundaries it passed, and which of them
came between a write to the ATS and our knowing of its answer.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from connector.bootstrap import build
from connector.config import load_settings
from connector.infra import store as store_module
from connector.infra.world_file import RecordedWorld
from connector.model.records import NewSubmission

DIE_AT = int(sys.argv[2])
_passed = 0
_after_writes: list[int] = []
_lock = threading.Lock()


def boundary() -> None:
    """Pass it, or die here as by `kill -9`: nothing is flushed, closed or rolled back by us."""
    global _passed
    with _lock:
        _passed += 1
        if _passed == DIE_AT:
            os.kill(os.getpid(), signal.SIGKILL)


_writing = store_module.writing


@contextmanager
def dying_writing(engine: Any) -> Any:
    boundary()
    with _writing(engine) as connection:
        yield connection
    boundary()


_send = httpx.AsyncHTTPTransport.handle_async_request


async def dying_send(self: Any, request: httpx.Request) -> httpx.Response:
    boundary()
    response = await _send(self, request)
    await response.aread()
    if request.method != "GET":
        _after_writes.append(_passed + 1)
    boundary()
    return response


def main() -> None:
    folder = Path(sys.argv[1])
    connector = build(load_settings(env_file=None), documents=RecordedWorld.load(folder / "world.json"))
    store_module.writing = dying_writing
    httpx.AsyncHTTPTransport.handle_async_request = dying_send  # type: ignore[method-assign]  # on purpose
    connector.start()
    new = NewSubmission.model_validate_json((folder / "new.json").read_bytes())
    new = new.model_copy(update={"content": (folder / "badge.json").read_bytes()})
    record = connector.wait(connector.submit(new).id, 60)
    connector.stop()
    print(json.dumps([record.state, _passed, _after_writes]))


if __name__ == "__main__":
    main()
