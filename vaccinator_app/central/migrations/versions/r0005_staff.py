"""Staff and machines: epochs of recovery keys, what was answered to forgotten passphrases, what desks noticed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from vaccinator_app.central.instant import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them. A recovery key from before has the epoch of enrolment."""
    op.add_column("recovery", sa.Column("epoch", sa.BigInteger(), nullable=False, server_default="1"))
    op.add_column("certificates", sa.Column("revoked_by", sa.String(length=32), nullable=True))
    op.add_column("certificates", sa.Column("revoked_on", sa.String(length=32), nullable=True))
    op.create_table(
        "recoveries",
        sa.Column("centre", sa.String(length=6), autoincrement=False, nullable=False),
        sa.Column("device", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("request", sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.Column("staff", sa.String(length=32), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("centre", "device", "request"),
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("recoveries")
    op.drop_column("certificates", "revoked_on")
    op.drop_column("certificates", "revoked_by")
    op.drop_column("recovery", "epoch")
