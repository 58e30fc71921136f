"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.BigInteger
SEALED = sa.LargeBinary


def upgrade() -> None:
    op.create_table(
        "installation",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("sealed", SEALED, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_installation"),
    )
    op.create_table(
        "targets",
        sa.Column("target", sa.String(40), nullable=False),
        sa.Column("connection", sa.String(40), nullable=False),
        sa.Column("candidate", sa.String(200), nullable=False),
        sa.Column("application", sa.String(200)),
        sa.Column("report_id", sa.String(40), nullable=False),
        sa.Column("link_expires_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("target", name="pk_targets"),
        sa.UniqueConstraint("report_id", name="uq_targets_report_id"),
    )
    _submissions()
    op.create_table(
        "effects",
        sa.Column("target", sa.String(40), nullable=False),
        sa.Column("effect", sa.String(40), nullable=False),
        sa.Column("connection", sa.String(40), nullable=False),
        sa.Column("op", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("code", sa.String(60)),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("sealed", SEALED, nullable=False),
        sa.PrimaryKeyConstraint("target", "effect", name="pk_effects"),
    )
    op.create_table(
        "invitations",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("token_sha256", sa.String(64), nullable=False),
        sa.Column("connection", sa.String(40), nullable=False),
        sa.Column("target", sa.String(40), nullable=False),
        sa.Column("candidate", sa.String(200), nullable=False),
        sa.Column("application", sa.String(200)),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("sealed", SEALED, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
        sa.UniqueConstraint("token_sha256", name="uq_invitations_token_sha256"),
    )


def _submissions() -> None:
    op.create_table(
        "submissions",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("connection", sa.String(40), nullable=False),
        sa.Column("target", sa.String(40), nullable=False),
        sa.Column("candidate", sa.String(200), nullable=False),
        sa.Column("application", sa.String(200)),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("action", sa.String(20)),
        sa.Column("basis", sa.String(30), nullable=False),
        sa.Column("consent", sa.Boolean, nullable=False),
        sa.Column("live", sa.Boolean, nullable=False),
        sa.Column("code", sa.String(60)),
        sa.Column("document_sha256", sa.String(64)),
        sa.Column("duplicate_of", sa.String(40)),
        sa.Column("report_id", sa.String(40), nullable=False),
        sa.Column("invitation", sa.String(40)),
        sa.Column("idempotency", sa.String(40)),
        sa.Column("request_digest", sa.String(40)),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("runs", sa.Integer, nullable=False),
        sa.Column("next_attempt_at", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("request", SEALED),
        sa.Column("document", SEALED),
        sa.Column("result", SEALED),
        sa.Column("delivery", SEALED),
        sa.PrimaryKeyConstraint("id", name="pk_submissions"),
        sa.UniqueConstraint("connection", "idempotency", name="uq_submissions_connection_idempotency"),
    )
    for columns in (["created_at", "id"], ["target", "live"], ["state", "updated_at"], ["invitation"], ["report_id"]):
        op.create_index(f"ix_submissions_{'_'.join(columns)}", "submissions", columns)


def downgrade() -> None:
    for table in ("invitations", "effects", "submissions", "targets", "installation"):
        op.drop_table(table)
