"""`ler-connector key`: API keys."""

from __future__ import annotations

import typer

app = typer.Typer(help="Make keys.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Make keys."""


@app.command("new")
def new() -> None:
    """Make an API key. The key is shown once; its hash goes into LER_API_KEYS."""
    from connector.share.keys import new_api_key

    key, digest = new_api_key()
    typer.echo(f"key (give it to the caller, it is not shown again):  {key}")
    typer.echo(f"hash (add it to LER_API_KEYS, comma separated):      {digest}")
