"""`ler-connector issuers`: whom the employer recognises, decided by a person and one by one."""

from __future__ import annotations

import getpass
import json
import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.table import Table

from connector.cli.options import Json
from connector.cli.render import console, escape
from connector.errors import ConfigurationError
from connector.model.records import RESTING_STATES, State

if TYPE_CHECKING:
    from connector.bootstrap import Connector
    from connector.infra.registries import RegistryState
    from connector.model.decisions import IssuerDecision, IssuerVerdict
    from connector.model.records import SubmissionRecord
    from connector.operate.issuers import Met
    from connector.operate.policy_edit import PolicyNotChanged

log = logging.getLogger(__name__)
app = typer.Typer(help="Whom the employer recognises: see who waits, and decide.", no_args_is_help=True)

WAIT_SECONDS: Final = 600.0
MOVING_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 0.1
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
Issuer = Annotated[str, typer.Argument(help="The issuer's identifier, exactly as `issuers list` shows it.")]


@app.command("list")
def list_(
    as_json: Json = False,
    everyone: Annotated[bool, typer.Option("--all", help="Also those that were put off.")] = False,
) -> None:
    """Issuers that the policy says nothing about, with the evidence; those for whom most records wait first."""
    from connector.operate.doctor import registry_words
    from connector.operate.issuers import triage

    with _connector() as connector:
        registries = connector.registry_states()
        found = triage(connector)
        decisions = connector.decisions.all() if as_json else ()
        now = connector.now()
    shown = [*found.issuers, *(found.later if everyone else ())]
    if as_json:
        body = {
            "issuers": [one.as_json() for one in shown],
            "put_off": len(found.later),
            "registries": [_registry_json(state, now) for state in registries],
            "decisions": [decision.model_dump(mode="json") for decision in decisions],
        }
        print(json.dumps(body))
        return
    for one in shown:
        console.print(_table(one))
    _say(f"{len(found.issuers)} undecided, {len(found.later)} put off." if shown or found.later else "Nobody waits.")
    for state in registries:
        _say(f"registry {state.label}: {registry_words(state, now)}")


@app.command("accept")
def accept(
    issuer: Issuer,
    name: Annotated[str, typer.Option("--name", help="Its name, as reports are to show it.")] = "",
    types: Annotated[list[str], typer.Option("--types", help="Only credentials of this type; repeatable.")] = [],  # noqa: B006  # typer copies it
    from_: Annotated[str, typer.Option("--from", help="Only what was issued from this day on (YYYY-MM-DD).")] = "",
    until: Annotated[str, typer.Option("--until", help="Only what was issued until this day.")] = "",
    as_json: Json = False,
) -> None:
    """Write the issuer into the policy file, judge anew what waits for it, and deliver the difference."""
    from connector.model.decisions import IssuerVerdict
    from connector.operate import policy_edit
    from connector.operate.issuers import known, published_key

    with _connector() as connector:
        _check_identifier(connector, issuer)
        met, policy = known(connector, issuer), connector.policy()
        test = (met.test if met else "") or ("its secret key is published" if published_key(issuer, policy) else "")
        if test and policy.test_issuers == "refuse":
            raise ConfigurationError(
                f"{issuer} is a test issuer ({test}): an entry would change nothing. `test_issuers: allow` in the "
                "policy lets test issuers through, for a trial only."
            )
        shown = name or (met.registry_name if met else "")
        entry = _entry(issuer, shown, types, from_, until)
        lines = policy_edit.snippet(entry)
        changed = _write(connector, lambda text, file: policy_edit.accepted(text, entry, file), lines)
        _warn(met)
        if changed:
            _decide(connector, issuer, IssuerVerdict.ACCEPTED, entry=entry)
        _follow_up(connector, issuer, IssuerVerdict.ACCEPTED, as_json)


@app.command("reject")
def reject(issuer: Issuer, as_json: Json = False) -> None:
    """Write the issuer under `denied_issuers`: refuse its records, and take back what was delivered of them."""
    from connector.model.decisions import IssuerVerdict
    from connector.operate import policy_edit

    with _connector() as connector:
        _check_identifier(connector, issuer)
        written = policy_edit.snippet({"id": issuer}, denied=True)
        if _write(connector, lambda text, file: policy_edit.rejected(text, issuer, file), written):
            _decide(connector, issuer, IssuerVerdict.REJECTED)
        _follow_up(connector, issuer, IssuerVerdict.REJECTED, as_json)


@app.command("later")
def later(
    issuer: Issuer,
    until: Annotated[
        str, typer.Option("--until", help="Until this day (YYYY-MM-DD); without it, until something new arrives.")
    ] = "",
) -> None:
    """Keep the issuer off the list for now; nothing else changes."""
    from connector.model.decisions import IssuerVerdict
    from connector.operate.issuers import is_open, known

    with _connector() as connector:
        met = known(connector, issuer)
        if met is None:
            raise ConfigurationError(f"{issuer} was not met in any submission; `issuers list` shows who was.")
        if not is_open(connector.policy(), issuer):
            raise ConfigurationError(f"{issuer} stands in the policy file already; there is nothing to put off.")
        end = datetime.fromisoformat(_day("--until", until)).replace(tzinfo=UTC) if until else None
        _decide(connector, issuer, IssuerVerdict.LATER, until=end, seen=met.last_seen)
    _say(f"{issuer} is off the list until {until or 'something new of it arrives'}.")


@app.command("suggest")
def suggest() -> None:
    """Print a starter policy from what was received. It is written nowhere: read it, and save what you agree with."""
    from connector.operate.starter import starter_policy

    with _connector() as connector:
        connector.registry_states()
        typer.echo(starter_policy(connector), nl=False)


# --- writing, and what follows from it ---------------------------------------------------------------------------


@contextmanager
def _connector() -> Iterator[Connector]:
    from connector.bootstrap import build
    from connector.config import load_settings

    logging.getLogger("connector.pipeline").setLevel(logging.ERROR)  # these commands say themselves what went wrong
    connector = build(load_settings())
    try:
        yield connector
    finally:
        connector.stop()


def _check_identifier(connector: Connector, issuer: str) -> None:
    """A name is no identifier: anybody may call himself so."""
    from connector.operate.issuers import known, named

    if issuer.startswith(("did:", "https://")) and issuer.isprintable() and " " not in issuer:
        return
    if known(connector, issuer) is not None:
        return
    ids = named(connector, issuer)
    hint = f" Records that carry that name were issued by: {', '.join(ids)}." if ids else ""
    raise ConfigurationError(f"{issuer!r} is no identifier of an issuer (did:... or https://...).{hint}")


def _entry(issuer: str, name: str, types: list[str], from_: str, until: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": issuer}
    if name:
        entry["name"] = name
    if types:
        entry["types"] = list(types)
    if from_:
        entry["from"] = _day("--from", from_)
    if until:
        entry["until"] = _day("--until", until)
    return entry


def _day(option: str, text: str) -> str:
    try:
        if _DAY.match(text):
            datetime.fromisoformat(text)
            return text
    except ValueError:
        pass
    raise ConfigurationError(f"{option} must be a day, as in 2026-11-23, not {text!r}.")


def _write(connector: Connector, change: Callable[[str, str], str], lines: str) -> bool:
    """Change the policy file, or print what is to be put into it and end with 2; False when it says so already."""
    from connector.operate.policy_edit import PolicyNotChanged, write

    path: Path | None = connector.settings.policy_file
    try:
        if path is None:
            raise PolicyNotChanged("LER_POLICY_FILE names no policy file.", lines)
        before = path.read_bytes().decode("utf-8-sig")
        after = change(before, str(path))
        if after != before:
            write(path, before, after, lines)
        return after != before
    except PolicyNotChanged as problem:
        _print_by_hand(problem)
        raise typer.Exit(2) from None


def _print_by_hand(problem: PolicyNotChanged) -> None:
    from connector.cli.deliver import progress

    progress.print(f"ler-connector: {escape(problem.message)} Nothing was changed. Add this to it:", highlight=False)
    typer.echo(problem.snippet, nl=False)


def _decide(
    connector: Connector,
    issuer: str,
    verdict: IssuerVerdict,
    *,
    until: datetime | None = None,
    seen: datetime | None = None,
    entry: dict[str, object] | None = None,
) -> None:
    """Keep who decided what, and when."""
    from connector.model.decisions import IssuerDecision

    decision: IssuerDecision = IssuerDecision(
        issuer=issuer, decision=verdict, decided_at=connector.now(), by=_account(), until=until, seen=seen, entry=entry
    )
    connector.decisions.add(decision)
    log.info("issuer %s: %s by %s", issuer, verdict, decision.by)


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user id without a name, as in a container
        return "an account without a name"


def _follow_up(connector: Connector, issuer: str, verdict: IssuerVerdict, as_json: bool) -> None:
    """Judge anew what the decision touches, through the pipeline, and say what was written."""
    from connector.model.decisions import IssuerVerdict
    from connector.operate.issuers import affected

    resting, moving = affected(connector, issuer, recognised=verdict is IssuerVerdict.ACCEPTED)
    records: list[SubmissionRecord] = []
    if resting or moving:
        connector.start(join=True)
        for record in moving:  # they may have been judged already by the policy as it was
            connector.wait(record.id, timeout=MOVING_SECONDS)
        again = affected(connector, issuer, recognised=verdict is IssuerVerdict.ACCEPTED)[0] if moving else resting
        started = [before for before in again if connector.reevaluate(before.id).updated_at != before.updated_at]
        records = [_settled(connector, before) for before in started]
    if as_json:
        done = [{"id": r.id, "state": r.state, "writes": r.receipt.writes if r.receipt else 0} for r in records]
        print(json.dumps({"issuer": issuer, "decision": str(verdict), "reevaluated": done}))
        return
    _say(f"{issuer} is {verdict}, in {connector.settings.policy_file}.")
    for record in records:
        # One that no longer counts has no receipt where others share its fields: their lines were written anew.
        writes = f", {record.receipt.writes} writes" if record.receipt else ""
        _say(f"  {record.id}: {str(record.state).replace('_', ' ')}{writes}")
        if record.next_attempt_at is not None:
            _say("    something could not be had just now: `ler-connector serve` tries again")
    if not records:
        _say("Nothing that was received is decided otherwise by that.")


def _settled(connector: Connector, before: SubmissionRecord) -> SubmissionRecord:
    """Once it was judged anew and delivered, or has to be tried again later."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        record = connector.submission(before.id)
        assert record is not None, "it is on the list"
        judged = record.state in RESTING_STATES and record.assessed_at != before.assessed_at
        if judged and before.live and record.state is State.REFUSED:  # it rests before its values are out
            judged = record.receipt != before.receipt
        if judged or record.next_attempt_at is not None or time.monotonic() > deadline:
            return record
        time.sleep(LOOK_SECONDS)


# --- showing -----------------------------------------------------------------------------------------------------


def _say(text: str) -> None:
    console.print(escape(text), highlight=False)


def _warn(met: Met | None) -> None:
    from connector.cli.deliver import progress

    if met is not None and met.lookalike:
        progress.print(f"[yellow]It resembles {escape(met.lookalike)}, which is on the list.[/yellow]", highlight=False)
    if met is not None and not met.bound:
        progress.print(f"[yellow]{escape(met.proof.capitalize())}.[/yellow]", highlight=False)


def _table(one: Met) -> Table:
    table = Table(title=escape(one.id), title_justify="left", show_header=False, box=None)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    first = f"{one.first_seen:%Y-%m-%d}" if one.first_seen else ""
    table.add_row("waiting", f"{one.waiting} of {one.submissions} submissions, first seen {first}")
    if one.names:
        table.add_row("calls itself", escape(", ".join(one.names)))
    table.add_row("proof", escape(one.proof))
    for words in one.registries:
        table.add_row("registry", escape(words))
    for words in one.unavailable:
        table.add_row("registry", f"[yellow]could not be asked: {escape(words)}[/yellow]")
    if one.samples:
        table.add_row("for example", escape(", ".join(one.samples)))
    if one.test:
        table.add_row("test", f"[red]{escape(one.test)}[/red]")
    if one.lookalike:
        table.add_row("resembles", f"[red]{escape(one.lookalike)}, which is on the list[/red]")
    return table


def _registry_json(state: RegistryState, now: datetime) -> dict[str, Any]:
    return {
        "name": state.label,
        "kind": state.kind,
        "source": state.source,
        "entries": state.entries,
        "as_of": state.as_of.isoformat().replace("+00:00", "Z") if state.as_of else None,
        "age_seconds": round((now - state.as_of).total_seconds()) if state.as_of else None,
        "problem": state.problem or None,
        "pinned": state.pinned,
        "test": state.is_test,
    }
