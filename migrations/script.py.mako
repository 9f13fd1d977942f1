"""${message}

Says "Expands:" or "Contracts:" and why: the release before this one runs on an expanded schema; a contracting migration
waits until no process of a release that knows less than `oldest` serves.

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
kind = "expand"


def upgrade() -> None:
    """Goes forward."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Goes back."""
    ${downgrades if downgrades else "pass"}
