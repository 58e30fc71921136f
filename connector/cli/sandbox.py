"""`ler-connector sandbox`: the stand-ins, with settings that can be pasted and the people who apply there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from connector.cli.service import wait_for_interrupt
from connector.config import variables_of
from connector.errors import ConfigurationError

if TYPE_CHECKING:
    from connector.ports import Sandbox

_UNBROKEN: Final = 400
"""Ids and addresses stay in one piece, to be copied; a narrow terminal goes on in its next line."""
_PLAIN: Final = re.compile(r"[A-Za-z0-9_./:@%+,=-]*\Z")


def sandbox(
    port: Annotated[
        int,
        typer.Option("--port", min=0, max=65_535, help="First port; each stand-in takes the next. 0: free ones."),
    ] = 8100,
    seed: Annotated[
        Path | None, typer.Option("--seed", help="A file with the people they start with.", exists=True, dir_okay=False)
    ] = None,
    workday_wsdl: Annotated[
        Path | None, typer.Option("--workday-wsdl", help="The vendor's WSDL: every request is validated against it.")
    ] = None,
    env: Annotated[
        Path | None, typer.Option("--env", help="Also write the settings to this new file, as a `.env` has them.")
    ] = None,
) -> None:
    """Run stand-ins for the ATSs on loopback, each in its vendor's wire format."""
    from connector import registry
    from connector.ports import SandboxSeed
    from connector.testing.loopback import LoopbackServer

    tables: list[Table] = []
    lines: list[str] = []
    with ExitStack() as stack:
        for index, (kind, plugin) in enumerate(registry.plugins().items()):
            options = {"wsdl": str(workday_wsdl)} if kind == "workday" and workday_wsdl else {}
            stand_in = plugin.sandbox(SandboxSeed(path=str(seed) if seed else None, options=options))
            server = stack.enter_context(LoopbackServer(port=port + index if port else 0)).start(stand_in.app)
            lines += [f"# {plugin.title} at {server.url}", *env_lines(kind, stand_in.settings(server.url)), ""]
            tables.append(_people(plugin.title, server.url, stand_in))
        print("# Settings: paste them into .env", *lines, sep="\n")
        if env is not None:
            _write(env, lines)
        wide = Console(emoji=False, width=_UNBROKEN)
        for table in tables:
            wide.print("", table, sep="\n", highlight=False)
        wait_for_interrupt()


def _people(title: str, url: str, stand_in: Sandbox) -> Table:
    table = Table(title=f"Who applies in {title}", title_justify="left", box=None)
    for heading in ("candidate", "application", "name", "e-mail", "job", "page"):
        table.add_column(heading)
    for person in stand_in.people():
        page = f"{url}{stand_in.view_path(person.candidate)}"
        cells = (person.candidate, person.application, person.name, person.email, person.job, page)
        table.add_row(*(escape(cell) for cell in cells))
    return table


def env_lines(name: str, settings: Mapping[str, object]) -> list[str]:
    """The variables of a connection, one line each, as a `.env` file and a POSIX shell both read them."""
    return [f"{variable}={_quoted(value)}" for variable, value in variables_of(name, settings).items()]


def _quoted(value: str) -> str:
    """Bare, in single quotes, or in double quotes: whichever means the same to dotenv and to a shell."""
    if _PLAIN.match(value):
        return value
    if not set(value) & {"'", "\\", "\n"}:
        return f"'{value}'"
    if not set(value) & set('"\\$`!\n'):
        return f'"{value}"'
    raise ConfigurationError("A setting of a stand-in cannot be written so that both .env and a shell read it.")


def _write(path: Path, lines: list[str]) -> None:
    """Write the settings to a new file. One that is there may hold somebody's keys, and is left as it is."""
    text = "\n".join(lines)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        if not path.read_bytes().startswith(text.encode()):
            raise ConfigurationError(
                f"{path} is there already, with other settings, and is left as it is: name another, or move it away."
            ) from None
        print(f"# {path} has them already")
        return
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}.") from None
    print(f"# written to {path}")
