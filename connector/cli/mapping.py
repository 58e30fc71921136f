"""`ler-connector mapping`: the mapping author's tools."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.options import named_ats

if TYPE_CHECKING:
    from connector.mapping import Finding
    from connector.ports import Catalog

app = typer.Typer(help="Write and check mappings.", no_args_is_help=True)


@app.command("schema")
def schema() -> None:
    """Print the JSON Schema of a mapping file, for completion in an editor."""
    from connector.mapping import mapping_schema

    typer.echo(json.dumps(mapping_schema(), indent=2, ensure_ascii=False))


@app.command("check")
def check(
    files: Annotated[list[Path], typer.Argument(help="Mapping files and crosswalks.", exists=True, dir_okay=False)],
    ats: Annotated[
        str,
        typer.Option("--ats", help="Also ask this connection whether its fields, options and tags are there."),
    ] = "",
) -> None:
    """Check mapping files and crosswalks; every finding names file, line and column."""
    wanted = _wanted(ats) if ats else None
    findings = 0
    for path in files:
        found = _findings(path, wanted)
        for line in [str(one) for one in found] or [f"{path}: no findings"]:
            typer.echo(line)
        findings += len(found)
    raise typer.Exit(1 if findings else 0)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What `--ats` names: a kind of ATS, and what exists in that account (None for a bare kind)."""

    kind: str
    catalog: Catalog | None


def _findings(path: Path, wanted: _Wanted | None) -> list[Finding]:
    """Every mistake of one file, and all that does not fit.

    Raises:
        MappingError: the file cannot be read at all.
    """
    from connector import registry
    from connector.mapping import as_finding, check_mapping, in_order, mistakes
    from connector.normalize.crosswalk_file import crosswalk_mistakes, is_crosswalk

    if is_crosswalk(path):
        return [as_finding(error) for error in crosswalk_mistakes(path)]
    known = registry.available()
    mapping, errors = mistakes(path, kind=wanted.kind if wanted else None, known=known)
    unreadable = next((e for e in errors if e.code == "unreadable_file"), None)
    if unreadable is not None:
        raise unreadable
    found = [as_finding(error) for error in errors]
    if mapping is not None and mapping.ats in known:
        catalog = wanted.catalog if wanted and wanted.kind == mapping.ats else None
        found += check_mapping(mapping, registry.plugin(mapping.ats).capabilities, catalog)
    return in_order(found)


def _wanted(name: str) -> _Wanted:
    """The connection or kind of that name; a connection is asked what exists there.

    Raises:
        ConfigurationError: there is neither.
    """
    from connector.bootstrap import build
    from connector.config import load_settings

    settings = load_settings()
    connection, kind = named_ats(settings, name)
    if connection is None:
        return _Wanted(kind, None)
    connector = build(settings, files=False)  # what is wrong with them is what the author asks here
    try:
        return _Wanted(kind, connector.catalog(name))
    finally:
        connector.stop()
