"""What the public's side needs: certificates, limits, captchas, partners, decisions, rules by date, lost machines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from vaccinator_app.central.instant import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_HELD = sa.text("status = 'held'")

def upgrade() -> None:
    """Make them. Doses that are on record already get their certificate when it is first asked for."""
    op.create_table(
        "captchas",
        sa.Column("captcha", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("captcha"),
    )
    op.create_table(
        "decisions",
        sa.Column("centre", sa.String(length=6), autoincrement=False, nullable=False),
        sa.Column("device", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("decided_at", Instant(), nullable=False),
        sa.Column("envelope", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("centre", "device", "seq", "number"),
    )
    op.create_table(
        "limits",
        sa.Column("subject_hash", sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.Column("what", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("span", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("subject_hash", "what", "span"),
    )
    op.create_index("limits_expire", "limits", ["expires_at"], unique=False)
    op.create_table(
        "partner_calls",
        sa.Column("partner", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("route", sa.String(length=200), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("partner", "at", "id"),
    )
    op.create_index("partner_calls_at", "partner_calls", ["at"], unique=False)
    op.create_table(
        "partners",
        sa.Column("partner", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("calls_a_day", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("partner"),
        sa.UniqueConstraint("key_hash"),
    )
    op.create_table(
        "revoked_certificates",
        sa.Column("certificate", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("beneficiary", sa.String(length=32), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=False),
        sa.Column("why", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("certificate"),
    )
    op.create_table(
        "switches",
        sa.Column("switch", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("set_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("switch"),
    )
    op.create_table(
        "vaccine_rules",
        sa.Column("vaccine", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("from_day", sa.Date(), autoincrement=False, nullable=False),
        sa.Column("min_interval_days", sa.Text(), nullable=False),
        sa.Column("min_age_years", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("vaccine", "from_day"),
    )
    op.add_column("bookings", sa.Column("moved_to", sa.String(length=32), nullable=True))
    op.add_column("devices", sa.Column("pulled_cursor", sa.BigInteger(), nullable=True))
    op.add_column("devices", sa.Column("pulled_at", Instant(), nullable=True))
    op.add_column("devices", sa.Column("central_keys", sa.BigInteger(), nullable=True))
    op.add_column("doses", sa.Column("certificate", sa.String(length=32), nullable=True))
    op.add_column("doses", sa.Column("certified_at", Instant(), nullable=True))
    op.create_index(
        "doses_by_certificate",
        "doses",
        ["certificate"],
        unique=False,
        sqlite_where=sa.text("certificate IS NOT NULL"),
        postgresql_where=sa.text("certificate IS NOT NULL"),
    )
    op.add_column("logins", sa.Column("partner", sa.String(length=32), nullable=True))
    op.create_index("logins_by_mobile", "logins", ["mobile_hash", "expires_at"], unique=False)
    op.add_column("records", sa.Column("certificate", sa.String(length=32), nullable=True))
    op.add_column("records", sa.Column("message", sa.String(length=32), nullable=True))
    op.create_index(
        "records_held",
        "records",
        ["centre", "kind", "appointment"],
        unique=False,
        sqlite_where=_HELD,
        postgresql_where=_HELD,
    )
    op.add_column("sms_outbox", sa.Column("centre", sa.String(length=6), nullable=True))
    op.add_column("sms_outbox", sa.Column("device", sa.String(length=32), nullable=True))
    op.add_column("sms_outbox", sa.Column("seq", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Take them away again."""
    op.drop_column("sms_outbox", "seq")
    op.drop_column("sms_outbox", "device")
    op.drop_column("sms_outbox", "centre")
    op.drop_index("records_held", table_name="records", sqlite_where=_HELD, postgresql_where=_HELD)
    op.drop_column("records", "message")
    op.drop_column("records", "certificate")
    op.drop_index("logins_by_mobile", table_name="logins")
    op.drop_column("logins", "partner")
    op.drop_index(
        "doses_by_certificate",
        table_name="doses",
        sqlite_where=sa.text("certificate IS NOT NULL"),
        postgresql_where=sa.text("certificate IS NOT NULL"),
    )
    op.drop_column("doses", "certified_at")
    op.drop_column("doses", "certificate")
    op.drop_column("devices", "central_keys")
    op.drop_column("devices", "pulled_at")
    op.drop_column("devices", "pulled_cursor")
    op.drop_column("bookings", "moved_to")
    op.drop_table("vaccine_rules")
    op.drop_table("switches")
    op.drop_table("revoked_certificates")
    op.drop_table("partners")
    op.drop_index("partner_calls_at", table_name="partner_calls")
    op.drop_table("partner_calls")
    op.drop_index("limits_expire", table_name="limits")
    op.drop_table("limits")
    op.drop_table("decisions")
    op.drop_table("captchas")
