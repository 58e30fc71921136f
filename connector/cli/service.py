"""`serve`, `sandbox`, `deliver`: running the service, the stand-ins, and one delivery from the command line."""

from __future__ import annotations

import json
import logging
import signal
import threading
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from connector.cli.options import ApplicantDid, ApplicantEmail, ApplicantName, Json, applicant_of, read_input
from connector.cli.render import value_words
from connector.errors import ConfigurationError
from connector.model.applicant import ApplicationRef
from connector.model.records import NewSubmission, State, SubmissionRecord
from connector.model.submission import Basis

log = logging.getLogger(__name__)
console = Console(emoji=False)


def serve() -> None:
    """Run the service: API, candidate's page, reports and the delivery engine."""
    import uvicorn

    from connector.bootstrap import build
    from connector.config import load_settings
    from connector.web.app import create_app

    settings = load_settings()
    configure_logging(settings.log_level)
    connector = build(settings)
    connector.start()
    try:
        if not settings.api_key_hashes:
            console.print("The API answers 401 until it has a key: run `ler-connector key new`.")
        split = bool(settings.public_listen)
        servers = [_server(uvicorn, create_app(connector, public=not split), settings.listen)]
        if split:
            servers.append(_server(uvicorn, create_app(connector, internal=False), settings.public_listen))
        for server in servers[1:]:
            threading.Thread(target=server.run, name="public", daemon=True).start()
        servers[0].run()
        for server in servers[1:]:
            server.should_exit = True
    finally:
        connector.stop()


def configure_logging(level: str) -> None:
    """Our own log lines hold ids and codes only; libraries that log addresses, headers or form data stay quiet."""
    logging.basicConfig(level=level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for library in ("httpx", "httpcore", "python_multipart"):
        logging.getLogger(library).setLevel(logging.WARNING)


def _server(uvicorn: Any, app: Any, listen: str) -> Any:
    host, _, port = listen.rpartition(":")
    if not port.isdigit():
        raise ConfigurationError(f"LER_LISTEN must be address:port, not {listen!r}.")
    config = uvicorn.Config(
        app,
        host=host.strip("[]") or "127.0.0.1",
        port=int(port),
        server_header=False,
        log_config=None,
        access_log=False,  # addresses of candidates' pages and reports are secrets; the app logs routes instead
    )
    return uvicorn.Server(config)


def sandbox(
    port: Annotated[int, typer.Option("--port", help="First port; each stand-in takes the next. 0: free ones.")] = 8100,
    seed: Annotated[Path | None, typer.Option("--seed", help="A file with the people they start with.")] = None,
    workday_wsdl: Annotated[
        Path | None, typer.Option("--workday-wsdl", help="The vendor's WSDL: every request is validated against it.")
    ] = None,
) -> None:
    """Run stand-ins for the ATSs on loopback, each in its vendor's wire format."""
    from connector import registry
    from connector.ports import SandboxSeed
    from connector.testing.loopback import LoopbackServer

    servers = []
    for index, (kind, plugin) in enumerate(registry.plugins().items()):
        options = {"wsdl": str(workday_wsdl)} if kind == "workday" and workday_wsdl else {}
        stand_in = plugin.sandbox(SandboxSeed(path=str(seed) if seed else None, options=options))
        server = LoopbackServer(port=port + index if port else 0).start(stand_in.app)
        servers.append(server)
        console.print(f"[bold]{plugin.title}[/bold] at {server.url}", highlight=False)
        for name, value in stand_in.settings(server.url).items():
            console.print(f"  LER_{kind.upper()}__{name.upper()}={value}", highlight=False, markup=False)
        for person in stand_in.people():
            place = f"{server.url}{stand_in.view_path(person.candidate)}"
            console.print(f"  {person.candidate}  {person.application}  {person.name}  {place}", highlight=False)
    wait_for_interrupt()
    for server in servers:
        server.stop()


def wait_for_interrupt() -> None:
    """Return at Ctrl-C or SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        while not stop.wait(0.5):
            pass
    except KeyboardInterrupt:
        return


def deliver(
    file: Annotated[str, typer.Argument(help="The LER: a file, a link, or - for standard input.")],
    ats: Annotated[str, typer.Option("--ats", help="The connection to deliver into.")],
    candidate: Annotated[str, typer.Option("--candidate", help="The candidate's id in the ATS.")],
    application: Annotated[str, typer.Option("--application", help="The application's id in the ATS.")] = "",
    mapping: Annotated[
        Path | None, typer.Option("--mapping", help="Another mapping file than the connection's.")
    ] = None,
    applicant_name: ApplicantName = "",
    applicant_email: ApplicantEmail = [],  # noqa: B006  # typer copies it
    applicant_did: ApplicantDid = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """Do the whole job for one LER through the durable pipeline, wait, and print the receipt."""
    from connector.bootstrap import build
    from connector.config import load_settings

    link = file.startswith(("https://", "http://"))
    connector = build(load_settings())
    if ats not in connector.connections:
        raise ConfigurationError(f"There is no connection named {ats!r}: {', '.join(connector.connections) or 'none'}.")
    new = NewSubmission(
        ref=ApplicationRef(connection=ats, candidate=candidate, application=application or None),
        basis=Basis.API,
        content=None if link else read_input(file),
        url=file if link else None,
        applicant=applicant_of(applicant_name, applicant_email, applicant_did),
        consent_reference="command line",
        mapping=str(mapping.resolve()) if mapping else None,
    )
    connector.start(join=True)
    try:
        record = connector.wait(connector.submit(new).id, timeout=600)
    finally:
        connector.stop()
    show_record(record, as_json)
    raise typer.Exit(0 if record.state is State.DELIVERED else 1)


def show_record(record: SubmissionRecord, as_json: bool) -> None:
    """Print a receipt, for scripts or for people."""
    if as_json:
        receipt = record.receipt.model_dump(mode="json") if record.receipt else None
        body = {
            "id": record.id,
            "state": record.state,
            "code": record.code,
            "message": record.message,
            "receipt": receipt,
        }
        print(json.dumps(body, ensure_ascii=False))
        return
    console.print(f"[bold]{record.state.replace('_', ' ')}[/bold]  {record.id}", highlight=False)
    if record.message:
        console.print(f"{record.message} ({record.code})", highlight=False, markup=False)
    if record.receipt is None:
        return
    table = Table(box=None)
    for column in ("operation", "target", "value", "assurance", "state"):
        table.add_column(column, overflow="fold")
    for effect in record.receipt.effects:
        state = f"{effect.state}{'' if effect.wrote else ' (stood there already)'}"
        table.add_row(effect.op, effect.target, value_words(effect.value), effect.assurance or "", state)
    console.print(table)
    console.print(f"{record.receipt.requests} requests, {record.receipt.writes} of them writes", highlight=False)


def demo(
    files: Annotated[list[Path] | None, typer.Argument(help="LERs of yours that go the same way.", exists=True)] = None,
    once: Annotated[bool, typer.Option("--once", help="Stop after the table instead of serving on.")] = False,
    port: Annotated[int, typer.Option("--port", help="Port of the service; 0: a free one.")] = 0,
) -> None:
    """Stand-ins, the service and sample LERs, all the way; needs no account and no network."""
    from connector.cli.demo import run

    run(files or [], once=once, port=port)
