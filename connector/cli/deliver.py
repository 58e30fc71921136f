"""`ler-connector deliver`: one LER through the durable pipeline, with what is waited for said while it is waited."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from connector.cli.options import ApplicantDid, ApplicantEmail, ApplicantName, Json, applicant_of, read_input
from connector.cli.render import PLAIN_WIDTH, console, escape, escape_lines, value_words
from connector.errors import ConfigurationError
from connector.model.applicant import ApplicationRef
from connector.model.changes import Effect, EffectState, Skip
from connector.model.records import RESTING_STATES, NewSubmission, State, SubmissionRecord
from connector.model.submission import Basis

if TYPE_CHECKING:
    from connector.bootstrap import Connector

WAIT_SECONDS: Final = 600.0
_LOOK_SECONDS: Final = 0.1
progress = Console(emoji=False, stderr=True, width=None if sys.stderr.isatty() else PLAIN_WIDTH)
"""Beside the receipt, which scripts read from standard output."""


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
    """Do the whole job for one LER through the durable pipeline, wait up to ten minutes, and print the receipt."""
    from connector.bootstrap import build
    from connector.config import load_settings, no_connection

    settings = load_settings()
    known = [c.name for c in settings.ats_connections]
    if ats not in known:
        raise ConfigurationError(no_connection(ats, known))
    link = file.lower().startswith(("https://", "http://"))
    new = NewSubmission(
        ref=ApplicationRef(connection=ats, candidate=candidate, application=application or None),
        basis=Basis.API,
        content=None if link else read_input(file),
        url=file if link else None,
        applicant=applicant_of(applicant_name, applicant_email, applicant_did),
        consent_reference="command line",
        mapping=str(mapping.resolve()) if mapping else None,
    )
    logging.getLogger("connector.pipeline").setLevel(logging.ERROR)  # this command says itself what goes wrong
    connector = build(settings)
    connector.start(join=True)
    try:
        record = _settled(connector, connector.submit(new).id)
    except KeyboardInterrupt:
        progress.print("It stays queued: `ler-connector serve` goes on with it.", highlight=False)
        raise typer.Exit(1) from None
    finally:
        connector.stop()
    show_record(record, as_json)
    raise typer.Exit(0 if record.state is State.DELIVERED else 1)


def _settled(connector: Connector, submission_id: str) -> SubmissionRecord:
    """The submission once it rests, or as it stands when the time is over or the next attempt lies behind that."""
    deadline, told = time.monotonic() + WAIT_SECONDS, False
    with _spinner() as say:
        while True:
            record = connector.submission(submission_id)
            assert record is not None, "it was just handed in"
            left = deadline - time.monotonic()
            due = (record.next_attempt_at - connector.now()).total_seconds() if record.next_attempt_at else 0.0
            if record.state in RESTING_STATES or left <= 0 or due > left:
                return record
            if record.message and not told:
                told = True
                progress.print(
                    f"{escape(record.message)} It will be tried again; Ctrl-C leaves it queued for `serve`.",
                    highlight=False,
                )
            say(f"{_words(record.state)}, attempt {max(record.attempts, 1)}; waiting up to {left / 60:.0f} min")
            time.sleep(_LOOK_SECONDS)


@contextmanager
def _spinner() -> Iterator[Callable[[str], None]]:
    """Shows on a terminal what is waited for; elsewhere nothing."""
    if not progress.is_terminal:
        yield lambda _: None
        return
    with progress.status("handed in") as status:
        yield status.update


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
    console.print(f"[bold]{_words(record.state)}[/bold]  {record.id}", highlight=False)
    if record.message:
        console.print(f"{record.message} ({record.code})", highlight=False, markup=False)
    if record.state not in RESTING_STATES:
        console.print("It will be tried again by `ler-connector serve`, or by the next `deliver`.", highlight=False)
    if record.receipt is None:
        return
    if record.receipt.effects:
        _show_effects(record.receipt.effects)
    for skip in record.receipt.skipped:
        console.print(f"  not written, rule {escape(skip.rule)}: {escape(_why(skip))}", highlight=False)
    console.print(f"{record.receipt.requests} requests, {record.receipt.writes} of them writes", highlight=False)


def _show_effects(effects: tuple[Effect, ...]) -> None:
    table = Table(box=None)
    for column in ("operation", "target", "value", "assurance", "state"):
        table.add_column(column, overflow="fold")
    for effect in effects:
        table.add_row(
            effect.op,
            escape(effect.target),
            escape_lines(value_words(effect.value)),
            effect.assurance or "",
            _state(effect),
        )
    console.print(table)


def _state(effect: Effect) -> str:
    if effect.state is EffectState.CONFIRMED:
        return "confirmed" if effect.wrote else "confirmed (stood there already)"
    return f"{effect.state} ({effect.code})" if effect.code else str(effect.state)


def _why(skip: Skip) -> str:
    from connector.mapping.reasons import REASONS

    if (words := REASONS.get(skip.reason)) is not None:
        return f"{words} {skip.detail}".strip()
    return f"{_words(skip.reason)}: {skip.detail}" if skip.detail else _words(skip.reason)


def _words(code: str) -> str:
    return code.replace("_", " ")
