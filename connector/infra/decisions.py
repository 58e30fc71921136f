"""Decisions about issuers, kept for good: who accepted, rejected or put off whom, and when. Encrypted at rest.

An issuer's identifier may be a person's (a self-issued record), so a row has only a digest of it in clear.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from sqlalchemy import Engine, insert, select

from connector.infra.crypto import Vault
from connector.infra.database import reading, writing
from connector.infra.tables import issuer_decisions
from connector.model.decisions import IssuerDecision

MAX_READ: Final = 10_000


class Decisions:
    """The table of decisions. Sync and thread-safe."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        self._engine, self._vault = engine, vault

    def add(self, decision: IssuerDecision) -> None:
        """Keep one; it is on disk when this returns."""
        number = f"dec_{secrets.token_hex(12)}"
        row = {
            "id": number,
            "issuer": hashlib.sha256(decision.issuer.encode()).hexdigest()[:40],
            "decision": str(decision.decision),
            "decided_at": decision.decided_at,
            "sealed": self._vault.seal(decision.model_dump_json().encode(), f"issuer_decisions.sealed:{number}"),
        }
        with writing(self._engine) as db:
            db.execute(insert(issuer_decisions), row)

    def all(self) -> tuple[IssuerDecision, ...]:
        """Every decision, oldest first."""
        order = (issuer_decisions.c.decided_at, issuer_decisions.c.id)
        with reading(self._engine) as db:
            rows = db.execute(select(issuer_decisions).order_by(*order).limit(MAX_READ)).all()
        return tuple(
            IssuerDecision.model_validate_json(self._vault.open(row.sealed, f"issuer_decisions.sealed:{row.id}"))
            for row in rows
        )
