"""The database itself: SQLite (WAL) under the data directory, or Postgres; its migrations; its errors as ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from connector.errors import StoreError

SQLITE_FILE: Final = "connector.sqlite"
BUSY_TIMEOUT_MS: Final = 10_000
"""A writer holds the lock for milliseconds; ten seconds of waiting means that something is wrong."""
MIGRATION_LOCK: Final = 0x4C4552
"""Number of the Postgres advisory lock under which one process migrates."""


def sqlalchemy_url(database_url: str, data_dir: Path, *, file: str = SQLITE_FILE) -> str:
    """The URL for SQLAlchemy: Postgres through psycopg 3, or a SQLite file."""
    if database_url:
        return re.sub(r"\Apostgres(ql)?://", "postgresql+psycopg://", database_url)
    return f"sqlite:///{(data_dir / file).as_posix()}"


def open_engine(url: str) -> Engine:
    """An engine whose SQLite side is durable and never waits without end."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, pool_size=10, hide_parameters=True)
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """WAL: readers never block the writer. FULL: what was acknowledged survives a power cut.

    `isolation_level = None` takes transactions out of the driver's hands (it would begin them late); see _begin_sqlite.
    """
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT_MS}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once where a write will follow: a reader that turns writer can only fail."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    with as_store_errors(), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that is on disk when the block ends, or not at all."""
    with as_store_errors(), engine.connect() as connection:
        marked = connection.execution_options(writes=True)
        with marked.begin():
            yield marked


@contextmanager
def as_store_errors() -> Iterator[None]:
    """Turn the database's errors into ours, without the statement or its values."""
    try:
        yield
    except DBAPIError as error:
        code, message = _classify(str(error.orig))
        raise StoreError(message, code=code, detail=type(error.orig).__name__) from None
    except SQLAlchemyError as error:
        raise StoreError("The database does not answer.", detail=type(error).__name__) from None


def _classify(words: str) -> tuple[str, str]:
    words = words.lower()
    for sign, code, message in _SIGNS:
        if sign in words:
            return code, message
    return StoreError.default_code, "The database does not answer."


_SIGNS: Final = (
    ("is full", "store_full", "The disk is full; nothing was stored."),
    ("no space left", "store_full", "The disk is full; nothing was stored."),
    ("disk full", "store_full", "The disk is full; nothing was stored."),
    ("locked", "store_locked", "The database is locked by another program; nothing was stored."),
    ("readonly", "store_readonly", "The database cannot be written; nothing was stored."),
    ("read-only", "store_readonly", "The database cannot be written; nothing was stored."),
    ("malformed", "store_corrupt", "The database is damaged; restore a copy."),
    ("not a database", "store_corrupt", "The database is damaged; restore a copy."),
)


# --- migrations --------------------------------------------------------------------------------------------------


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the tables up to `revision`; one process at a time."""
    from alembic import command

    _migrate(engine, lambda config: command.upgrade(config, revision))


def downgrade(engine: Engine, revision: str) -> None:
    from alembic import command

    _migrate(engine, lambda config: command.downgrade(config, revision))


def _migrate(engine: Engine, run: Any) -> None:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "connector.infra:migrations")
    config.set_main_option("path_separator", "os")
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": MIGRATION_LOCK})
        config.attributes["connection"] = connection
        run(config)
