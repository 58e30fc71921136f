"""`doctor`: is everything as it must be, and how to mend what is not. `vectors`: the published LERs, case by case."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from connector.cli.options import Json
from connector.cli.render import console


def doctor(as_json: Json = False) -> None:
    """Look at settings, storage, and each connection's credentials, scopes and target fields. Exit 1: not all well."""
    from connector.bootstrap import build
    from connector.config import load_settings
    from connector.operate.doctor import run_doctor

    connector = build(load_settings())
    try:
        probes = run_doctor(connector)
    finally:
        connector.stop()
    if as_json:
        print(json.dumps([{"name": p.name, "ok": p.ok, "message": p.message, "fix": p.fix} for p in probes]))
    else:
        table = Table(box=None)
        for column in ("", "what", "found", "how to mend it"):
            table.add_column(column, overflow="fold")
        for probe in probes:
            mark = "[green]ok[/green]" if probe.ok else "[red]not right[/red]"
            table.add_row(mark, escape(probe.name), escape(probe.message), escape(probe.fix))
        console.print(table)
    raise typer.Exit(0 if all(p.ok for p in probes) else 1)


def vectors(
    shared: Annotated[Path | None, typer.Option("--shared", help="The folder of published LERs.")] = None,
) -> None:
    """Verify every published LER of the index and print the table by format and proof, with every miss named."""
    from connector.testing.vectors import main

    raise typer.Exit(main(["--shared", str(shared)] if shared else []))
