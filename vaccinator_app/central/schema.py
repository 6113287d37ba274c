"""The tables (DESIGN 8.1). Every primary key begins with its distribution column, so that Citus can shard as it is.

By centre: what a desk sends and pulls. By beneficiary: people, bookings, doses. By keyed hash: what is looked up
before the person is known (mobile, photo ID, session token). ``docs/scale.md`` comes with PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, Column, Date, Index, Integer, LargeBinary, MetaData, String, Table, Text, text
from sqlalchemy.types import TypeEngine

from vaccinator_app.central.instant import Instant
from vaccinator_app.domain.aefi import AefiReported
from vaccinator_app.domain.events import Voided
from vaccinator_app.domain.stock_events import STOCK

metadata = MetaData()


def _names(kinds: Iterable[str]) -> str:
    return ", ".join(f"'{kind}'" for kind in kinds)


STOCK_KINDS = tuple(sorted(kind.KIND for kind in STOCK))
"""Kinds of record that other desks and every later tally need, however old they are."""

FOR_EVER = f"kind IN ({_names((*STOCK_KINDS, Voided.KIND))})"
"""In these very words, so that a query finds the index over those records."""

HELD_REPORTS = f"kind = '{AefiReported.KIND}' AND status = 'held'"
"""In these very words, as above. A dose that comes later may settle one."""

_ID = String(32)
_NAME = String(200)
_WORD = String(32)


def _key(name: str, kind: TypeEngine[Any]) -> Column[Any]:
    # A key is given, never counted up by one database of many.
    return Column(name, kind, primary_key=True, autoincrement=False, nullable=False)


def _where(condition: str) -> dict[str, Any]:
    # An index over the few rows that anybody looks for costs nothing for all the others.
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


centres = Table(
    "centres",
    metadata,
    _key("centre", String(6)),
    Column("name", _NAME, nullable=False),
    Column("district", _NAME, nullable=False),
    Column("time_zone", _NAME, nullable=False),
    Column("roster_key", LargeBinary, nullable=False),  # sealed under the data key
    # The highest change number given out, and the last day whose appointments are in the feed (see roster).
    Column("feed", BigInteger, nullable=False),
    Column("horizon", Date),
    Index("centres_by_district", "district"),
)

session_days = Table(
    "session_days",
    metadata,
    _key("centre", String(6)),
    _key("day", Date()),
    Column("last_token", Integer, nullable=False),
)

slots = Table(
    "slots",
    metadata,
    _key("centre", String(6)),
    _key("day", Date()),
    _key("vaccine", _WORD),
    _key("slot", Instant()),
    Column("capacity", Integer, nullable=False),
    Column("booked", Integer, nullable=False),
)

batches = Table(
    "batches",
    metadata,
    _key("centre", String(6)),
    _key("vaccine", _WORD),
    _key("batch", _WORD),
    Column("expiry", Date, nullable=False),
    Column("doses_per_vial", Integer, nullable=False),
    # By our clock; doses given later are held, and desks are told with the next pull.
    Column("withdrawn_at", Instant()),
)

# The programme's products and schedule, the same everywhere (a reference table for Citus).
vaccines = Table(
    "vaccines",
    metadata,
    _key("vaccine", _WORD),
    Column("name", _NAME, nullable=False),
    Column("doses", Integer, nullable=False),
    Column("min_interval_days", Text, nullable=False),  # JSON list
    Column("min_age_years", Integer, nullable=False),
    Column("doses_per_vial", Integer, nullable=False),
    Column("open_vial_hours", Integer, nullable=False),
)

people = Table(
    "people",
    metadata,
    _key("beneficiary", _ID),
    Column("name", _NAME, nullable=False),
    Column("year_of_birth", Integer, nullable=False),
    Column("gender", _WORD, nullable=False),
    Column("photo_id", _WORD, nullable=False),
    Column("photo_id_last4", String(4), nullable=False),
    Column("mobile", LargeBinary),  # sealed; none for a walk-in without one
    Column("mobile_last4", String(4), nullable=False),
    Column("language", String(2), nullable=False),
    Column("created_at", Instant(), nullable=False),
)

mobiles = Table(
    "mobiles",
    metadata,
    _key("mobile_hash", LargeBinary()),
    _key("beneficiary", _ID),
    # Only those who were booked count towards four people a mobile; a walk-in is not turned away for a number.
    Column("booking", _WORD, nullable=False),
)

photo_ids = Table(
    "photo_ids",
    metadata,
    _key("photo_id_hash", LargeBinary()),
    Column("beneficiary", _ID, nullable=False),
    Column("mobile_hash", LargeBinary, nullable=False),
)

bookings = Table(
    "bookings",
    metadata,
    _key("beneficiary", _ID),
    _key("appointment", _ID),
    Column("centre", String(6), nullable=False),
    Column("day", Date, nullable=False),
    Column("slot", Instant(), nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("vaccine", _WORD, nullable=False),
    Column("dose", BigInteger, nullable=False),
    Column("booking", _WORD, nullable=False),
    Column("booked_at", Instant(), nullable=False),
    Column("cancelled_at", Instant()),
)

roster = Table(
    "roster",
    metadata,
    _key("centre", String(6)),
    _key("appointment", _ID),
    Column("beneficiary", _ID, nullable=False),
    Column("day", Date, nullable=False),
    # The place in the centre's feed; none while the day is beyond its horizon.
    Column("changed", BigInteger),
    # What a desk is told, ready to go out: a ``domain.Appointment`` in msgpack.
    Column("entry", LargeBinary, nullable=False),
    # Sealed under the data key, emptied once used or over (DESIGN 8.2).
    Column("code", LargeBinary),
    Column("retired_code", LargeBinary),
    Column("slip_secret", LargeBinary),
    Column("mismatches", Integer, nullable=False),
    Index("roster_feed", "centre", "changed", "day"),
    Index("roster_by_appointment", "appointment"),
    Index("roster_by_day", "centre", "day"),
)

doses = Table(
    "doses",
    metadata,
    _key("beneficiary", _ID),
    _key("centre", String(6)),
    _key("device", _ID),
    _key("seq", BigInteger()),
    Column("dose", Integer, nullable=False),
    Column("vaccine", _WORD, nullable=False),
    Column("batch", _WORD, nullable=False),
    Column("given_on", Date, nullable=False),
    Column("given_at", Instant(), nullable=False),  # by the desk's clock
    Column("recorded_at", Instant(), nullable=False),  # by ours
    Column("appointment", _ID, nullable=False),
    Column("voided_at", Instant()),
    # The last word against one dose counted twice, whatever two servers do at once.
    Index(
        "doses_standing",
        "beneficiary",
        "dose",
        unique=True,
        **_where("voided_at IS NULL"),
    ),
    sqlite_with_rowid=False,
)

devices = Table(
    "devices",
    metadata,
    _key("centre", String(6)),
    _key("device", _ID),
    Column("name", _NAME, nullable=False),
    Column("signing_key", LargeBinary, nullable=False),
    Column("enrolled_at", Instant(), nullable=False),
    Column("revoked_at", Instant()),
)

device_heads = Table(
    "device_heads",
    metadata,
    _key("centre", String(6)),
    _key("device", _ID),
    Column("seq", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    # What the device last said of its own ledger: shorter than before means an old vault was put back.
    Column("claimed_seq", BigInteger, nullable=False),
    Column("claimed_hash", LargeBinary, nullable=False),
    Column("seen_at", Instant()),
)

enrolments = Table(
    "enrolments",
    metadata,
    _key("centre", String(6)),
    _key("token_hash", LargeBinary()),
    Column("created_at", Instant(), nullable=False),
    Column("expires_at", Instant(), nullable=False),
    Column("used_at", Instant()),
    # The same machine asking again after a lost answer is told the same again.
    Column("request_hash", LargeBinary),
    Column("reply", LargeBinary),
)

certificates = Table(
    "certificates",
    metadata,
    _key("centre", String(6)),
    _key("keyid", String(16)),
    Column("subject", _WORD, nullable=False),
    Column("id", _ID, nullable=False),
    Column("envelope", Text, nullable=False),
    Column("issuer", String(16), nullable=False),
    Column("added_at", Instant(), nullable=False),
    Column("revoked_at", Instant()),
)

recovery = Table(
    "recovery",
    metadata,
    _key("centre", String(6)),
    _key("device", _ID),
    _key("stored_at", Instant()),
    Column("sealed", LargeBinary, nullable=False),  # to central's hybrid key; opened only to rescue a vault
)

records = Table(
    "records",
    metadata,
    _key("centre", String(6)),
    _key("device", _ID),
    _key("seq", BigInteger()),
    Column("payload", LargeBinary, nullable=False),
    Column("keyid", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("kind", _WORD, nullable=False),
    Column("appointment", _ID),
    Column("status", _WORD, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("received_at", Instant(), nullable=False),
    # The place in the centre's feed of a later decision on this record; none while its first answer stands.
    Column("changed", BigInteger),
    Column("voided_by", BigInteger),
    # The name of the proof that this record used up: a proof counts once (DESIGN 4.2). A correction that carries the
    # proof of the dose it corrects takes this over from it, so that at any time one record alone holds a proof.
    Column("proof", LargeBinary),
    # The day at the centre on which it says it happened; none when it cannot be read.
    Column("day", Date),
    # The place in the centre's feed at which other desks are told of it; none for what no other desk is told.
    Column("told", BigInteger),
    Index("records_feed", "centre", "device", "changed", **_where("changed IS NOT NULL")),
    Index("records_by_proof", "centre", "device", "proof", unique=True, **_where("proof IS NOT NULL")),
    Index("records_told", "centre", "told", **_where("told IS NOT NULL")),
    Index("records_by_day", "centre", "day"),
    # A tally needs these of all days: stock goes on from day to day, and a void may come later than what it voids.
    Index("records_for_ever", "centre", "device", "seq", **_where(FOR_EVER)),
    Index("records_held_reports", "centre", "appointment", **_where(HELD_REPORTS)),
)

closes = Table(
    "closes",
    metadata,
    _key("centre", String(6)),
    _key("device", _ID),
    _key("seq", BigInteger()),
    Column("day", Date, nullable=False),
    Column("amendment", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    # Waiting for records that it covers, counted, or broken: it does not continue the closes of its day.
    Column("state", _WORD, nullable=False),
    Column("differences", LargeBinary, nullable=False),  # as CloseAnswer tells them, in msgpack
    Column("received_at", Instant(), nullable=False),
    Column("counted_at", Instant()),
)

confirmations = Table(
    "confirmations",
    metadata,
    _key("centre", String(6)),
    _key("device", _ID),
    _key("seq", BigInteger()),
    _key("id", _ID),
    Column("asked_by", _ID, nullable=False),  # the device that had it sent
    Column("asked_at", Instant(), nullable=False),
    Column("otp_hash", LargeBinary, nullable=False),
    Column("expires_at", Instant(), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("used_at", Instant()),
    Index("confirmations_by_asker", "centre", "asked_by", "asked_at"),
)

forks = Table(
    "forks",
    metadata,
    _key("centre", String(6)),
    _key("device", _ID),
    _key("seq", BigInteger()),
    _key("hash", LargeBinary()),
    Column("payload", LargeBinary, nullable=False),
    Column("keyid", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("received_at", Instant(), nullable=False),
)

mismatches = Table(
    "mismatches",
    metadata,
    _key("centre", String(6)),
    _key("device", _ID),
    _key("seq", BigInteger()),
    Column("staff", _ID, nullable=False),
    Column("appointment", _ID, nullable=False),
    Column("at", Instant(), nullable=False),
)

alarms = Table(
    "alarms",
    metadata,
    _key("centre", String(6)),
    _key("kind", _WORD),
    _key("subject", _ID),
    _key("at", Instant()),
    Column("count", Integer, nullable=False),
)

sms_outbox = Table(
    "sms_outbox",
    metadata,
    _key("recipient", _ID),
    _key("id", _ID),
    Column("kind", _WORD, nullable=False),
    Column("language", String(2), nullable=False),
    Column("mobile", LargeBinary),  # sealed; none when it is the beneficiary's own
    Column("params", Text, nullable=False),
    Column("secret", LargeBinary),  # sealed parameters (code, OTP); emptied once delivered
    Column("state", _WORD, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Instant(), nullable=False),
    Column("created_at", Instant(), nullable=False),
    Column("delivered_at", Instant()),
    Index("sms_due", "due_at", **_where("state = 'waiting'")),
    sqlite_with_rowid=False,
)

otps = Table(
    "otps",
    metadata,
    _key("mobile_hash", LargeBinary()),
    _key("id", _ID),
    Column("otp_hash", LargeBinary, nullable=False),
    Column("expires_at", Instant(), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("used_at", Instant()),
)

logins = Table(
    "logins",
    metadata,
    _key("token_hash", LargeBinary()),
    Column("mobile_hash", LargeBinary, nullable=False),
    Column("mobile", LargeBinary, nullable=False),  # sealed
    Column("expires_at", Instant(), nullable=False),
)
