"""Adverse event reports that are held, to be found when a dose of their person comes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_WHERE = sa.text("kind = 'aefi_reported' AND status = 'held'")


def upgrade() -> None:
    """Make the index."""
    op.create_index(
        "records_held_reports",
        "records",
        ["centre", "appointment"],
        unique=False,
        sqlite_where=_WHERE,
        postgresql_where=_WHERE,
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_index("records_held_reports", table_name="records", sqlite_where=_WHERE, postgresql_where=_WHERE)
