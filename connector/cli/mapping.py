"""`ler-connector mapping`: the mapping author's tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from connector.ports import Catalog

app = typer.Typer(help="Write and check mappings.", no_args_is_help=True)


@app.command("schema")
def schema() -> None:
    """Print the JSON Schema of a mapping file, for completion in an editor."""
    from connector.mapping import mapping_schema

    typer.echo(json.dumps(mapping_schema(), indent=2, ensure_ascii=False))


@app.command("check")
def check(
    files: Annotated[list[Path], typer.Argument(help="Mapping files.", exists=True, dir_okay=False)],
    ats: Annotated[
        str, typer.Option("--ats", help="Also ask this connection whether its fields, options and tags are there.")
    ] = "",
) -> None:
    """Check mapping files; every finding names file, line and column."""
    from connector import registry
    from connector.errors import MappingError
    from connector.mapping import check_mapping, load_mapping

    catalog = _catalog(ats) if ats else None
    findings = 0
    for path in files:
        try:
            mapping = load_mapping(path)
            found = [str(f) for f in check_mapping(mapping, registry.plugin(mapping.ats).capabilities, catalog)]
        except MappingError as error:
            found = [str(error)]
        for line in found:
            typer.echo(line)
        findings += len(found)
        if not found:
            typer.echo(f"{path}: no findings")
    raise typer.Exit(1 if findings else 0)


def _catalog(connection: str) -> Catalog:
    """What exists in that account to be written to; asked of the ATS."""
    from connector.bootstrap import build
    from connector.config import load_settings

    connector = build(load_settings())
    try:
        return connector.catalog(connection)
    finally:
        connector.stop()
