"""What stands between the public and central: messages, one-time passwords, limits, partners."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from vaccinator_app.central.instant import Instant
from vaccinator_app.central.schema.columns import ID, NAME, WORD, key, metadata, where

sms_outbox = Table(
    "sms_outbox",
    metadata,
    key("recipient", ID),
    key("id", ID),
    Column("kind", WORD, nullable=False),
    Column("language", String(2), nullable=False),
    Column("mobile", LargeBinary),  # sealed; none when it is the beneficiary's own
    Column("params", Text, nullable=False),
    Column("secret", LargeBinary),  # sealed parameters (code, OTP); emptied once delivered
    Column("state", WORD, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Instant(), nullable=False),
    Column("created_at", Instant(), nullable=False),
    Column("delivered_at", Instant()),
    # The record that it tells of, for the desk that waits to hear what became of it.
    Column("centre", String(6)),
    Column("device", ID),
    Column("seq", BigInteger),
    Index("sms_due", "due_at", **where("state = 'waiting'")),
    sqlite_with_rowid=False,
)


otps = Table(
    "otps",
    metadata,
    key("mobile_hash", LargeBinary()),
    key("id", ID),
    Column("otp_hash", LargeBinary, nullable=False),
    Column("expires_at", Instant(), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("used_at", Instant()),
)


logins = Table(
    "logins",
    metadata,
    key("token_hash", LargeBinary()),
    Column("mobile_hash", LargeBinary, nullable=False),
    Column("mobile", LargeBinary, nullable=False),  # sealed
    Column("expires_at", Instant(), nullable=False),
    # The partner's app that it was opened through; none for the portal's own.
    Column("partner", ID),
    Index("logins_by_mobile", "mobile_hash", "expires_at"),
)


captchas = Table(
    "captchas",
    metadata,
    key("captcha", ID),
    Column("answer", LargeBinary, nullable=False),  # sealed: picture and sound are drawn when they are fetched
    Column("expires_at", Instant(), nullable=False),
)

# How often something was done within a span of time, by a keyed hash of who did it.
limits = Table(
    "limits",
    metadata,
    key("subject_hash", LargeBinary()),
    key("what", WORD),
    key("span", BigInteger()),
    Column("count", Integer, nullable=False),
    Column("expires_at", Instant(), nullable=False),
    Index("limits_expire", "expires_at"),
)

partners = Table(
    "partners",
    metadata,
    key("partner", ID),
    Column("name", NAME, nullable=False),
    Column("key_hash", LargeBinary, nullable=False, unique=True),
    Column("scopes", Text, nullable=False),  # words, space between
    Column("calls_a_day", Integer, nullable=False),
    Column("created_at", Instant(), nullable=False),
    Column("revoked_at", Instant()),
)

# Each call of a partner: which address's pattern, how it ended; nothing of whom it was about.
partner_calls = Table(
    "partner_calls",
    metadata,
    key("partner", ID),
    key("at", Instant()),
    key("id", ID),
    Column("route", NAME, nullable=False),
    Column("status", Integer, nullable=False),
    Index("partner_calls_at", "at"),
)

# Switches of the operator, such as the one that closes all partner APIs.
switches = Table(
    "switches",
    metadata,
    key("switch", WORD),
    Column("set_at", Instant(), nullable=False),
)
