"""batches without the index of their first leaf

Contracts: drops `log_batches.first`, which nothing reads and the release of 0002 leaves out. A release that knows no
more than 0001 writes it and cannot serve any more.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None
kind = "contract"
oldest = 2


def upgrade() -> None:
    """Goes forward."""
    if op.get_bind().dialect.name == "postgresql":
        # Each batch begins with these rows: nothing else is held by a writer that waits for them.
        op.execute("LOCK TABLE log_heads IN EXCLUSIVE MODE")
    op.drop_column("log_batches", "first")
    op.execute("UPDATE schema_range SET oldest = 2")


def downgrade() -> None:
    """Goes back."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("LOCK TABLE log_heads IN EXCLUSIVE MODE")
    op.add_column("log_batches", sa.Column("first", sa.BigInteger(), nullable=True))
    op.execute("UPDATE schema_range SET oldest = 1")
