"""`ler-connector`: the commands, one file per group. Heavy parts are imported by the command that needs them."""

from __future__ import annotations

import io
import sys
from importlib import metadata
from typing import Annotated

import typer

from connector.cli import deliver, keys, mapping, operate, sandbox, service, verify
from connector.errors import ConfigurationError, ConnectorError, MappingError, PolicyFileError


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(metadata.version("ler-ats-connector"))
        raise typer.Exit


app = typer.Typer(
    name="ler-connector",
    help="Learning and employment records into an applicant tracking system. It never scores or ranks people.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    pass


app.command("verify")(verify.verify)
app.command("plan")(verify.plan)
app.command("deliver")(deliver.deliver)
app.command("serve")(service.serve)
app.command("sandbox")(sandbox.sandbox)
app.command("demo")(service.demo)
app.command("doctor")(operate.doctor)
app.command("vectors", hidden=True)(operate.vectors)
app.add_typer(mapping.app, name="mapping")
app.add_typer(keys.app, name="key")


def main() -> None:
    """Run a command. What is wrong with settings or files ends with exit 2 and one sentence, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name that the terminal's encoding lacks is written as an escape
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except (ConfigurationError, MappingError, PolicyFileError) as error:
        _say(str(error))
        sys.exit(2)
    except ConnectorError as error:
        _say(f"{error.message}{f' ({error.detail})' if error.detail else ''}")
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()  # the reader went away (`| head`): nothing is left to be said
        sys.exit(1)


def _say(message: str) -> None:
    print(f"ler-connector: {message}", file=sys.stderr)


if __name__ == "__main__":
    main()
