"""Decisions about issuers: kept in order, unreadable without the key."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connector.infra.crypto import Vault
from connector.infra.database import open_engine, upgrade
from connector.infra.decisions import Decisions
from connector.model.decisions import IssuerDecision, IssuerVerdict

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_decisions_are_kept_oldest_first_and_say_nothing_in_clear(tmp_path: Path) -> None:
    file = tmp_path / "d.sqlite"
    engine = open_engine(f"sqlite:///{file}")
    upgrade(engine)
    decisions = Decisions(engine, Vault(["only-tests-know-this-secret-key-0123456789"]))
    made = [
        IssuerDecision(
            issuer="did:key:z6MkSomebody", decision=verdict, decided_at=NOW + timedelta(hours=n), by="rosa", seen=NOW
        )
        for n, verdict in enumerate(IssuerVerdict)
    ]
    for one in reversed(made):
        decisions.add(one)
    assert decisions.all() == tuple(made)
    engine.dispose()
    with closing(sqlite3.connect(file)) as db:
        rows = db.execute("SELECT * FROM issuer_decisions").fetchall()
    assert len(rows) == 3
    assert "Somebody" not in repr(rows)
    assert "rosa" not in repr(rows)
