"""An ASGI application on a loopback port, in a thread: for the demo, the stand-ins and tests that want real HTTP."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

import uvicorn

from connector.infra.listen import take_port


class LoopbackServer:
    """A port on 127.0.0.1, taken at once; `start(app)` serves an application on it until `stop`.

    The port is known before the application is built, so an application can be told its own address.

    Args:
        port: 0 takes a free one.

    Raises:
        ConfigurationError: the port cannot be had.
    """

    def __init__(self, *, port: int = 0) -> None:
        self._socket = take_port("127.0.0.1", port, mend="stop what uses it, or choose another with --port")
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        port: int = self._socket.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, app: Callable[..., Any], *, timeout: float = 10.0) -> LoopbackServer:
        """Serve `app` and wait until it takes connections."""
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, lifespan="on", server_header=False, timeout_graceful_shutdown=3
        )
        self._server = server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=server.run, kwargs={"sockets": [self._socket]}, name=f"loopback-{self.port}", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + timeout
        while not server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the loopback server did not start")
            time.sleep(0.01)
        return self

    def stop(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(timeout=10)
        self._socket.close()

    def __enter__(self) -> LoopbackServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
