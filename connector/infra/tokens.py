"""Refresh tokens that the ATS replaces on each use, kept so that a restart does not stand there with a spent one.

Lever hands out a new refresh token with every renewal and drops the old one (developer documentation,
"Authentication", read 2026-11-23). The newest is sealed into the database before it is used; a token that the settings
replace since then starts anew.
"""

from __future__ import annotations

import hashlib
import json

from sqlalchemy import Engine, delete, insert, select

from connector.infra.crypto import Vault
from connector.infra.database import reading, writing
from connector.infra.tables import installation


class RefreshTokens:
    """The newest refresh token of each connection. Sync; callers in a loop use a thread."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        self._engine, self._vault = engine, vault

    def current(self, connection: str, configured: str) -> str:
        """The newest token that came from `configured`, or `configured` itself.

        Raises:
            StoreError: the database does not answer.
        """
        place = _place(connection)
        with reading(self._engine) as db:
            sealed = db.execute(select(installation.c.sealed).where(installation.c.name == place)).scalar()
        if sealed is None:
            return configured
        kept: dict[str, str] = json.loads(self._vault.open(sealed, place))
        return kept["current"] if kept["configured"] == _digest(configured) else configured

    def keep(self, connection: str, configured: str, current: str) -> None:
        """Remember the newest token, on disk when it returns.

        Raises:
            StoreError: it could not be kept; the token must not be used up.
        """
        place = _place(connection)
        plain = json.dumps({"configured": _digest(configured), "current": current}).encode()
        with writing(self._engine) as db:
            db.execute(delete(installation).where(installation.c.name == place))
            db.execute(insert(installation).values(name=place, sealed=self._vault.seal(plain, place)))


def _place(connection: str) -> str:
    return f"refresh:{hashlib.sha256(connection.encode()).hexdigest()[:24]}"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
