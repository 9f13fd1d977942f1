"""${message}

Expand first, contract in a later release: the release before this one must run on the schema after this migration.

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    """Goes forward."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Goes back."""
    ${downgrades if downgrades else "pass"}
