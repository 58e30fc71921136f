"""`serve` and `demo`: running the service, for good or to be looked at."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from pathlib import Path
from typing import Annotated, Any

import typer

from connector.cli.render import console
from connector.errors import ConfigurationError
from connector.infra.listen import take_port

log = logging.getLogger(__name__)


def serve() -> None:
    """Run the service: API, candidate's page, reports and the delivery engine."""
    import uvicorn

    from connector.bootstrap import build
    from connector.config import load_settings
    from connector.web.app import create_app

    settings = load_settings()
    configure_logging(settings.log_level)
    listens = {"LER_LISTEN": settings.listen, "LER_PUBLIC_LISTEN": settings.public_listen}
    sockets = [_take(variable, listen) for variable, listen in listens.items() if listen]
    connector = build(settings)
    connector.start()
    try:
        if not settings.api_key_hashes:
            console.print("The API answers 401 until it has a key: run `ler-connector key new`.")
        split = bool(settings.public_listen)
        servers = [_server(uvicorn, create_app(connector, public=not split), settings.listen)]
        if split:
            servers.append(_server(uvicorn, create_app(connector, internal=False), settings.public_listen))
        for variable, listen in listens.items():
            if listen:
                log.info("listening on http://%s (%s)", listen, variable)
        for server, taken in zip(servers[1:], sockets[1:], strict=True):
            threading.Thread(target=server.run, args=([taken],), name="public", daemon=True).start()
        servers[0].run(sockets[:1])
        for server in servers[1:]:
            server.should_exit = True
    finally:
        connector.stop()


def configure_logging(level: str) -> None:
    """Our own log lines hold ids and codes only; libraries that log addresses, form data or steps stay quiet."""
    logging.basicConfig(level=level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for library in ("httpx", "httpcore", "python_multipart", "alembic"):
        logging.getLogger(library).setLevel(logging.WARNING)


def _server(uvicorn: Any, app: Any, listen: str) -> Any:
    host, port = _address("LER_LISTEN", listen)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        server_header=False,
        log_config=None,
        access_log=False,  # addresses of candidates' pages and reports are secrets; the app logs routes instead
    )
    return uvicorn.Server(config)


def _address(variable: str, listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not (port.isascii() and port.isdigit()):
        raise ConfigurationError(f"{variable} must be address:port, not {listen!r}.")
    return host.strip("[]") or "127.0.0.1", int(port)


def _take(variable: str, listen: str) -> socket.socket:
    host, port = _address(variable, listen)
    return take_port(host, port, mend=f"stop what uses it, or set {variable} to another address:port")


def wait_for_interrupt() -> None:
    """Return at Ctrl-C or SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        while not stop.wait(0.5):
            pass
    except KeyboardInterrupt:
        return


def demo(
    files: Annotated[
        list[Path] | None, typer.Argument(help="LERs of yours that go the same way.", exists=True, dir_okay=False)
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Stop after the table instead of serving on.")] = False,
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="Port of the service; 0: a free one.")] = 0,
    policy: Annotated[
        Path | None, typer.Option("--policy", help="A policy whose trusted issuers are recognised here too (YAML).")
    ] = None,
    applicant_email: Annotated[
        list[str],
        typer.Option("--applicant-email", help="An address of yours, so that your own files match; repeatable."),
    ] = [],  # noqa: B006  # typer copies it
) -> None:
    """Stand-ins, the service and sample LERs, all the way; needs no account and no network."""
    from connector.cli.demo import Options, run

    run(files or [], Options(once=once, port=port, policy=policy, emails=tuple(applicant_email)))
