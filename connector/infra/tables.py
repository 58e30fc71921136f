"""The database's tables, the same on SQLite and Postgres. Columns of type `Sealed` hold nothing in clear.

In clear are only ids, states, codes, digests and times: what is queried, and nothing that names a person. Every row
carries its connection.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
)


class UtcTime(TypeDecorator[datetime]):
    """A time as milliseconds since 1970: one meaning on every database, whatever its time zone is set to."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        return None if value is None else round(value.timestamp() * 1000)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromtimestamp(value / 1000, UTC)


Sealed = LargeBinary
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

installation = Table(
    "installation",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("sealed", Sealed, nullable=False),
)

targets = Table(
    "targets",
    metadata,
    Column("target", String(40), primary_key=True),
    Column("connection", String(40), nullable=False),
    Column("candidate", String(200), nullable=False),
    Column("application", String(200)),
    Column("report_id", String(40), nullable=False, unique=True),
    Column("link_expires_at", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

submissions = Table(
    "submissions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("connection", String(40), nullable=False),
    Column("target", String(40), nullable=False),
    Column("candidate", String(200), nullable=False),
    Column("application", String(200)),
    Column("state", String(20), nullable=False),
    Column("action", String(20)),
    Column("basis", String(30), nullable=False),
    Column("consent", Boolean, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("code", String(60)),
    Column("document_sha256", String(64)),
    Column("duplicate_of", String(40)),
    Column("report_id", String(40), nullable=False),
    Column("invitation", String(40)),
    Column("idempotency", String(40)),
    Column("request_digest", String(40)),
    Column("attempts", Integer, nullable=False),
    Column("runs", Integer, nullable=False),
    Column("next_attempt_at", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("request", Sealed),
    Column("document", Sealed),
    Column("result", Sealed),
    Column("delivery", Sealed),
    UniqueConstraint("connection", "idempotency"),
    Index(None, "created_at", "id"),
    Index(None, "target", "live"),
    Index(None, "state", "updated_at"),
    Index(None, "invitation"),
    Index(None, "report_id"),
)

effects = Table(
    "effects",
    metadata,
    Column("target", String(40), primary_key=True),
    Column("effect", String(40), primary_key=True),
    Column("connection", String(40), nullable=False),
    Column("op", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("code", String(60)),
    Column("updated_at", UtcTime, nullable=False),
    Column("sealed", Sealed, nullable=False),
)

issuer_decisions = Table(
    "issuer_decisions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("issuer", String(40), nullable=False),
    Column("decision", String(20), nullable=False),
    Column("decided_at", UtcTime, nullable=False),
    Column("sealed", Sealed, nullable=False),
    Index(None, "issuer", "decided_at"),
)

invitations = Table(
    "invitations",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("token_sha256", String(64), nullable=False, unique=True),
    Column("connection", String(40), nullable=False),
    Column("target", String(40), nullable=False),
    Column("candidate", String(200), nullable=False),
    Column("application", String(200)),
    Column("expires_at", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("sealed", Sealed, nullable=False),
)
