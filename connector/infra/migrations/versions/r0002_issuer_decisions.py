"""What was decided about issuers, by whom and when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "issuer_decisions",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("issuer", sa.String(40), nullable=False),
        sa.Column("decision", sa.String(20), nullable=False),
        sa.Column("decided_at", sa.BigInteger, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_issuer_decisions"),
    )
    op.create_index("ix_issuer_decisions_issuer_decided_at", "issuer_decisions", ["issuer", "decided_at"])


def downgrade() -> None:
    op.drop_table("issuer_decisions")
