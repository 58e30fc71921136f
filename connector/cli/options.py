"""Options that `verify`, `plan` and `deliver` share, and what is made of them."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from connector.errors import ConfigurationError
from connector.intake.limits import MAX_UPLOAD_BYTES
from connector.model.applicant import Applicant

if TYPE_CHECKING:
    from connector.config import ConnectionSettings, Settings
    from connector.normalize import Crosswalk
    from connector.ports import DocumentSource
    from connector.verify.policy import Policy

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
ApplicantName = Annotated[str, typer.Option("--applicant-name", help="The applicant's name.")]
ApplicantEmail = Annotated[list[str], typer.Option("--applicant-email", help="An address of theirs; repeatable.")]
ApplicantDid = Annotated[list[str], typer.Option("--applicant-did", help="A DID of theirs; repeatable.")]
PolicyFile = Annotated[Path | None, typer.Option("--policy", help="Whom the employer recognises (YAML).")]
AsOf = Annotated[str, typer.Option("--as-of", help="Judge as of this time (ISO 8601 with a zone).")]
Documents = Annotated[
    Path | None, typer.Option("--documents", help="A recorded world (JSON): nothing else is reachable.")
]
Offline = Annotated[bool, typer.Option("--offline", help="Fetch nothing; what would be needed stays undetermined.")]

_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 9998
"""Within what tokens can name (NumericDate), and with room for a clock's skew on both sides."""


def applicant_of(name: str, emails: list[str], dids: list[str]) -> Applicant:
    return Applicant(name=name or None, emails=tuple(emails), dids=tuple(dids))


def moment(text: str) -> datetime:
    """The time to judge by: `text`, or now. A time without a zone is refused, as it could mean two moments."""
    if not text:
        return datetime.now(UTC)
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"--as-of is no ISO 8601 time: {text!r}.") from None
    if value.tzinfo is None:
        raise ConfigurationError("--as-of needs a time zone, for example 2026-11-23T12:00:00Z.")
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        raise ConfigurationError(f"--as-of must lie between the years {_FIRST_YEAR} and {_LAST_YEAR}.")
    return value.astimezone(UTC)


def documents_of(world: Path | None, offline: bool) -> DocumentSource:
    """Where documents come from: a recorded world, nowhere, or the guarded network with the egress settings."""
    from connector.config import load_settings
    from connector.infra.documents import GuardedDocuments, NoDocuments

    if world is not None and offline:
        raise ConfigurationError("--documents and --offline exclude each other.")
    if world is not None:
        from connector.infra.world_file import RecordedWorld

        return RecordedWorld.load(world)
    return NoDocuments() if offline else GuardedDocuments(**load_settings().egress)


def policy_of(path: Path | None) -> Policy:
    """The policy file, or an empty policy, which recognises nobody."""
    from connector.config import load_settings
    from connector.verify.policy import Policy
    from connector.verify.policy_file import load_policy

    chosen = path or load_settings().policy_file
    return load_policy(chosen) if chosen else Policy.empty()


def with_registries(policy: Policy, source: DocumentSource, now: datetime, *, recorded: bool) -> Policy:
    """The policy with the registries that it names by URL ready to be asked.

    Args:
        recorded: `source` is a recorded world: copies of the real one have no place in it, and `now` is its time.
    """
    if all(registry.url is None for registry in policy.registries):
        return policy
    from connector.config import load_settings
    from connector.infra.clock import FixedClock, SystemClock
    from connector.infra.registries import Registries
    from connector.infra.registry_shop import COMMAND_PATIENCE

    data_dir = load_settings().data_dir
    folder = data_dir / "registries" if data_dir.is_dir() and not recorded else None
    clock = FixedClock(now) if recorded else SystemClock()
    return Registries(source.session, folder=folder, clock=clock, patience=COMMAND_PATIENCE).attach(policy)


def crosswalk_of() -> Crosswalk:
    """The crosswalk of the settings, or an empty one.

    Raises:
        MappingError: with file, line and column.
    """
    from connector.config import load_settings
    from connector.normalize import EMPTY

    chosen = load_settings().crosswalk_file
    if chosen is None:
        return EMPTY
    from connector.normalize.crosswalk_file import load_crosswalk

    return load_crosswalk(chosen)


def read_input(path: str) -> bytes:
    """The bytes of a file, or of standard input for `-`; no more than it takes to see that it is too large.

    Raises:
        ConfigurationError: it cannot be read (exit 2: the command could not run).
    """
    if path == "-":
        return sys.stdin.buffer.read(MAX_UPLOAD_BYTES + 1)
    try:
        with Path(path).open("rb") as file:
            return file.read(MAX_UPLOAD_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        why = error.strerror if isinstance(error, OSError) else "it is no path"
        raise ConfigurationError(f"{path} cannot be read: {why}.") from None


def named_ats(settings: Settings, name: str) -> tuple[ConnectionSettings | None, str]:
    """What `--ats` names: a connection and its kind, or a bare kind.

    Raises:
        ConfigurationError: neither has that name.
    """
    from connector import registry
    from connector.yaml_source import nearest

    connection = next((c for c in settings.ats_connections if c.name == name), None)
    kind = connection.kind if connection else name
    if kind not in registry.available():
        known = sorted({*registry.available(), *(c.name for c in settings.ats_connections)})
        close = nearest(name, known)
        hint = f" Did you mean {close}?" if close else ""
        raise ConfigurationError(f"There is no connection and no ATS named {name!r}: {', '.join(known)}.{hint}")
    return connection, kind
