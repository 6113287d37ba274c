"""The tables of the first release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from vaccinator_app.central.instant import Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "alarms",
        sa.Column("centre", sa.String(length=6), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("subject", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("centre", "kind", "subject", "at"),
    )
    op.create_table(
        "batches",
        sa.Column("centre", sa.String(length=6), autoincrement=False, nullable=False),
        sa.Column("vaccine", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("batch", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("expiry", sa.Date(), nullable=False),
        sa.Column("doses_per_vial", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("centre", "vaccine", "batch"),
    )
    op.create_table(
        "bookings",
        sa.Column("beneficiary", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("appointment", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("centre", sa.String(length=6), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("slot", Instant(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("vaccine", sa.String(length=32), nullable=False),
        sa.Column("dose", sa.BigInteger(), nullable=False),
        sa.Column("booking", sa.String(length=32), nullable=False),
        sa.Column("booked_at", Instant(), nullable=False),
        sa.Column("cancelled_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("beneficiary", "appointment"),
    )
    op.create_table(
        "centres",
        sa.Column("centre", sa.String(length=6), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("district", sa.String(length=200), nullable=False),
        sa.Column("time_zone", sa.String(length=200), nullable=False),
        sa.Column("roster_key", sa.LargeBinary(), nullable=False),
        sa.Column("feed", sa.BigInteger(), nullable=False),
        sa.Column("horizon", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("centre"),
    )
    op.create_index("centres_by_district", "centres", ["district"], unique=False)
    op.create_table(
        "certificates",
        sa.Column("centre", sa.String(length=6), autoincrement=False, nullable=False),
        sa.Column("keyid", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("subject", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("envelope", sa.Text(), nullable=False),
        sa.Column("issuer", sa.String(length=16), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("centre", "keyid"),
    )
    op.create_table(
        "device_heads",
        sa.Column("centre", sa.String(length=6), autoincrement=False, nullable=False),
        sa.Column("device", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("claimed_seq", sa.BigInteger(), nullable=False),
        sa.Column("claimed_hash", sa.LargeBinary(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("centre", "device"),
    )
    op.create_table(
        "devices",
        sa.Column("centre", sa.String(length=6), autoincrement=False, nullable=False),
        sa.Column("device", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("signing_key", sa.LargeBinary(), nullable=False),
        sa.Column("enrolled_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("centre", "device"),
    )
    op.create_table(
        "doses",
        sa.Column("beneficiary", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("centre", sa.String(length=6), autoincrement=False, nullable=False),
        sa.Column("device", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("dose", sa.Integer(), nullable=False),
        sa.Column("vaccine", sa.String(length=32), nullable=False),
        sa.Column("batch", sa.String(length=32), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("given_at", Instant(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("appointment", sa.String(length=32), nullable=False),
        sa.Column("voided_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("beneficiary", "centre", "device", "seq"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "doses_standing",
        "doses",
        ["beneficiary", "dose"],
        unique=True,
        sqlite_where=sa.text("voided_at IS NULL"),
        postgresql_where=sa.text("voided_at IS NULL"),
    )
    op.create_table(
        "enrolments",
        sa.Column("centre", sa.String(length=6), autoincrement=False, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=True),
        sa.Column("reply", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("centre", "token_hash"),
    )
    op.create_table(
        "forks",
        sa.Column("centre", sa.String(length=6), autoincrement=False, nullable=False),
        sa.Column("device", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("keyid", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("centre", "device", "seq", "hash"),
    )
    op.create_table(
        "logins",
        sa.Column("token_hash", sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.Column("mobile_hash", sa.LargeBinary(), nullable=False),
        sa.Column("mobile", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_table(
        "mismatches",
        sa.Column("centre", sa.String(length=6), autoincrement=False, nullable=False),
        sa.Column("device", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("staff", sa.String(length=32), nullable=False),
        sa.Column("appointment", sa.String(length=32), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("centre", "device", "seq"),
    )
    op.create_table(
        "mobiles",
        sa.Column("mobile_hash", sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.Column("beneficiary", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("booking", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("mobile_hash", "beneficiary"),
    )
    op.create_table(
        "otps",
        sa.Column("mobile_hash", sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("otp_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("mobile_hash", "id"),
    )
    op.create_table(
        "people",
        sa.Column("beneficiary", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("year_of_birth", sa.Integer(), nullable=False),
        sa.Column("gender", sa.String(length=32), nullable=False),
        sa.Column("photo_id", sa.String(length=32), nullable=False),
        sa.Column("photo_id_last4", sa.String(length=4), nullable=False),
        sa.Column("mobile", sa.LargeBinary(), nullable=True),
        sa.Column("mobile_last4", sa.String(length=4), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("beneficiary"),
    )
    op.create_table(
        "photo_ids",
        sa.Column("photo_id_hash", sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.Column("beneficiary", sa.String(length=32), nullable=False),
        sa.Column("mobile_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("photo_id_hash"),
    )
    op.create_table(
        "records",
        sa.Column("centre", sa.String(length=6), autoincrement=False, nullable=False),
        sa.Column("device", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("keyid", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("appointment", sa.String(length=32), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=True),
        sa.Column("voided_by", sa.BigInteger(), nullable=True),
        sa.Column("proof", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("centre", "device", "seq"),
    )
    op.create_index(
        "records_by_proof",
        "records",
        ["centre", "device", "proof"],
        unique=True,
        sqlite_where=sa.text("proof IS NOT NULL"),
        postgresql_where=sa.text("proof IS NOT NULL"),
    )
    op.create_index(
        "records_feed",
        "records",
        ["centre", "device", "changed"],
        unique=False,
        sqlite_where=sa.text("changed IS NOT NULL"),
        postgresql_where=sa.text("changed IS NOT NULL"),
    )
    op.create_table(
        "recovery",
        sa.Column("centre", sa.String(length=6), autoincrement=False, nullable=False),
        sa.Column("device", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("stored_at", Instant(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("centre", "device", "stored_at"),
    )
    op.create_table(
        "roster",
        sa.Column("centre", sa.String(length=6), autoincrement=False, nullable=False),
        sa.Column("appointment", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("beneficiary", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=True),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("code", sa.LargeBinary(), nullable=True),
        sa.Column("retired_code", sa.LargeBinary(), nullable=True),
        sa.Column("slip_secret", sa.LargeBinary(), nullable=True),
        sa.Column("mismatches", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("centre", "appointment"),
    )
    op.create_index("roster_by_appointment", "roster", ["appointment"], unique=False)
    op.create_index("roster_by_day", "roster", ["centre", "day"], unique=False)
    op.create_index("roster_feed", "roster", ["centre", "changed", "day"], unique=False)
    op.create_table(
        "session_days",
        sa.Column("centre", sa.String(length=6), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), autoincrement=False, nullable=False),
        sa.Column("last_token", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("centre", "day"),
    )
    op.create_table(
        "slots",
        sa.Column("centre", sa.String(length=6), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), autoincrement=False, nullable=False),
        sa.Column("vaccine", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("slot", Instant(), autoincrement=False, nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("booked", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("centre", "day", "vaccine", "slot"),
    )
    op.create_table(
        "sms_outbox",
        sa.Column("recipient", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("mobile", sa.LargeBinary(), nullable=True),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("delivered_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("recipient", "id"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "sms_due",
        "sms_outbox",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "vaccines",
        sa.Column("vaccine", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("doses", sa.Integer(), nullable=False),
        sa.Column("min_interval_days", sa.Text(), nullable=False),
        sa.Column("min_age_years", sa.Integer(), nullable=False),
        sa.Column("doses_per_vial", sa.Integer(), nullable=False),
        sa.Column("open_vial_hours", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("vaccine"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("vaccines")
    op.drop_index(
        "sms_due",
        table_name="sms_outbox",
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.drop_table("sms_outbox")
    op.drop_table("slots")
    op.drop_table("session_days")
    op.drop_index("roster_feed", table_name="roster")
    op.drop_index("roster_by_day", table_name="roster")
    op.drop_index("roster_by_appointment", table_name="roster")
    op.drop_table("roster")
    op.drop_table("recovery")
    op.drop_index(
        "records_feed",
        table_name="records",
        sqlite_where=sa.text("changed IS NOT NULL"),
        postgresql_where=sa.text("changed IS NOT NULL"),
    )
    op.drop_index(
        "records_by_proof",
        table_name="records",
        sqlite_where=sa.text("proof IS NOT NULL"),
        postgresql_where=sa.text("proof IS NOT NULL"),
    )
    op.drop_table("records")
    op.drop_table("photo_ids")
    op.drop_table("people")
    op.drop_table("otps")
    op.drop_table("mobiles")
    op.drop_table("mismatches")
    op.drop_table("logins")
    op.drop_table("forks")
    op.drop_table("enrolments")
    op.drop_index(
        "doses_standing",
        table_name="doses",
        sqlite_where=sa.text("voided_at IS NULL"),
        postgresql_where=sa.text("voided_at IS NULL"),
    )
    op.drop_table("doses")
    op.drop_table("devices")
    op.drop_table("device_heads")
    op.drop_table("certificates")
    op.drop_index("centres_by_district", table_name="centres")
    op.drop_table("centres")
    op.drop_table("bookings")
    op.drop_table("batches")
    op.drop_table("alarms")
