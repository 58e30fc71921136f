"""Invitations: the links that let one applicant hand in something for one application. Only a link's hash is kept."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, Engine, delete, insert, select

from connector.errors import LinkError
from connector.infra.crypto import Vault
from connector.infra.database import reading, writing
from connector.infra.rows import target_of
from connector.infra.tables import invitations, submissions
from connector.model.applicant import ApplicationRef
from connector.model.records import Invitation, NewInvitation
from connector.ports import Clock

ENDED_FOR: Final = timedelta(days=1)


class Invitations:
    """The table of invitations. Sync and thread-safe."""

    def __init__(self, engine: Engine, vault: Vault, clock: Clock) -> None:
        self._engine, self._vault, self._clock = engine, vault, clock

    def add(self, invitation_id: str, token: str, new: NewInvitation) -> Invitation:
        """Keep one; it is on disk when this returns."""
        now = self._clock.now()
        private = new.model_dump_json(include={"applicant", "job_title", "language"}).encode()
        row = {
            "id": invitation_id,
            "token_sha256": _token_digest(token),
            "connection": new.ref.connection,
            "target": target_of(new.ref),
            "candidate": new.ref.candidate,
            "application": new.ref.application,
            "expires_at": now + timedelta(seconds=new.expires_in),
            "created_at": now,
            "sealed": self._vault.seal(private, f"invitations.sealed:{invitation_id}"),
        }
        with writing(self._engine) as db:
            db.execute(insert(invitations), row)
            self._forget_ended(db)
        return self.get(token)

    def get(self, token: str) -> Invitation:
        """The invitation behind a link.

        Raises:
            LinkError: `link_unknown`, `link_expired`.
        """
        with reading(self._engine) as db:
            row = db.execute(select(invitations).where(invitations.c.token_sha256 == _token_digest(token))).first()
            if row is None:
                raise LinkError("This link is not known.", code="link_unknown")
            if row.expires_at <= self._clock.now():
                raise LinkError("This link has expired.", code="link_expired")
            query = select(submissions.c.id).where(submissions.c.invitation == row.id)
            handed_in = db.execute(query.order_by(submissions.c.created_at, submissions.c.id)).scalars().all()
        private = json.loads(self._vault.open(row.sealed, f"invitations.sealed:{row.id}"))
        return Invitation(
            id=row.id,
            ref=ApplicationRef(connection=row.connection, candidate=row.candidate, application=row.application),
            expires_at=row.expires_at,
            submissions=tuple(handed_in),
            **private,
        )

    def forget_ended(self) -> None:
        """A day after it ended nothing of an invitation is kept; until then whoever comes late is told so."""
        with writing(self._engine) as db:
            self._forget_ended(db)

    def _forget_ended(self, db: Connection) -> None:
        db.execute(delete(invitations).where(invitations.c.expires_at < self._clock.now() - ENDED_FOR))


def _token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
