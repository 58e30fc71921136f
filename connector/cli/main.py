"""`ler-connector`: the commands, one file per group. Heavy parts are imported by the command that needs them."""

from __future__ import annotations

import io
import os
import sys
from importlib import import_module
from typing import Annotated, Final

import typer

from connector.cli.loading import loading
from connector.errors import ConfigurationError, ConnectorError, MappingError, PolicyFileError

COMMANDS: Final = {
    "verify": "verify",
    "plan": "verify",
    "deliver": "deliver",
    "serve": "service",
    "sandbox": "sandbox",
    "demo": "service",
    "doctor": "operate",
    "vectors": "operate",
}
"""Command -> the file that has a function of its name."""
GROUPS: Final = {"issuers": "issuers", "mapping": "mapping", "key": "keys"}
"""Group of commands -> the file whose `app` holds them."""
HIDDEN: Final = frozenset({"vectors"})


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("ler-ats-connector"))
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    pass


def application(wanted: str | None = None) -> typer.Typer:
    """The commands.

    Args:
        wanted: the one that will be run: the files of the others are not loaded. All of them for any other word.
    """
    app = typer.Typer(
        name="ler-connector",
        help="Learning and employment records into an applicant tracking system. It never scores or ranks people.",
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
    )
    app.callback()(_options)
    only = wanted if wanted in COMMANDS or wanted in GROUPS else None
    for name, file in COMMANDS.items():
        if only in (None, name):
            app.command(name, hidden=name in HIDDEN)(getattr(import_module(f"connector.cli.{file}"), name))
    for name, file in GROUPS.items():
        if only in (None, name):
            app.add_typer(import_module(f"connector.cli.{file}").app, name=name)
    return app


def __getattr__(name: str) -> typer.Typer:
    """`app`: all the commands, made when somebody asks for it."""
    if name != "app":
        raise AttributeError(name)
    return application()


def main() -> None:
    """Run a command. What is wrong with settings or files ends with exit 2 and one sentence, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name that the terminal's encoding lacks is written as an escape
            stream.reconfigure(errors="backslashreplace")
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "true")  # it would look for some in every installed package
    try:
        with loading():
            app = application(sys.argv[1] if len(sys.argv) > 1 else None)
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
