"""People, what they booked, what they were given (by beneficiary), and the roster of each centre."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Index, Integer, LargeBinary, String, Table

from vaccinator_app.central.instant import Instant
from vaccinator_app.central.schema.columns import ID, NAME, WORD, key, metadata, where

people = Table(
    "people",
    metadata,
    key("beneficiary", ID),
    Column("name", NAME, nullable=False),
    Column("year_of_birth", Integer, nullable=False),
    Column("gender", WORD, nullable=False),
    Column("photo_id", WORD, nullable=False),
    Column("photo_id_last4", String(4), nullable=False),
    Column("mobile", LargeBinary),  # sealed; none for a walk-in without one
    Column("mobile_last4", String(4), nullable=False),
    Column("language", String(2), nullable=False),
    Column("created_at", Instant(), nullable=False),
)


mobiles = Table(
    "mobiles",
    metadata,
    key("mobile_hash", LargeBinary()),
    key("beneficiary", ID),
    # Only those who were booked count towards four people a mobile; a walk-in is not turned away for a number.
    Column("booking", WORD, nullable=False),
)


photo_ids = Table(
    "photo_ids",
    metadata,
    key("photo_id_hash", LargeBinary()),
    Column("beneficiary", ID, nullable=False),
    Column("mobile_hash", LargeBinary, nullable=False),
)


bookings = Table(
    "bookings",
    metadata,
    key("beneficiary", ID),
    key("appointment", ID),
    Column("centre", String(6), nullable=False),
    Column("day", Date, nullable=False),
    Column("slot", Instant(), nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("vaccine", WORD, nullable=False),
    Column("dose", BigInteger, nullable=False),
    Column("booking", WORD, nullable=False),
    Column("booked_at", Instant(), nullable=False),
    Column("cancelled_at", Instant()),
    # The appointment that took its place, when it was moved and not only cancelled.
    Column("moved_to", ID),
)


roster = Table(
    "roster",
    metadata,
    key("centre", String(6)),
    key("appointment", ID),
    Column("beneficiary", ID, nullable=False),
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
    key("beneficiary", ID),
    key("centre", String(6)),
    key("device", ID),
    key("seq", BigInteger()),
    Column("dose", Integer, nullable=False),
    Column("vaccine", WORD, nullable=False),
    Column("batch", WORD, nullable=False),
    Column("given_on", Date, nullable=False),
    Column("given_at", Instant(), nullable=False),  # by the desk's clock
    Column("recorded_at", Instant(), nullable=False),  # by ours
    Column("appointment", ID, nullable=False),
    Column("voided_at", Instant()),
    # The certificate's id once it is issued: 32 random hex digits, a fresh one each time the dose stands again.
    Column("certificate", ID),
    Column("certified_at", Instant()),
    Index("doses_by_certificate", "certificate", **where("certificate IS NOT NULL")),
    # The last word against one dose counted twice, whatever two servers do at once.
    Index(
        "doses_standing",
        "beneficiary",
        "dose",
        unique=True,
        **where("voided_at IS NULL"),
    ),
    sqlite_with_rowid=False,
)


# Certificates that no longer stand, for ever: what a verifier's status list is made of. A certificate itself is signed
# when it is fetched, from what stands then; ``doses`` has its id.
revoked_certificates = Table(
    "revoked_certificates",
    metadata,
    key("certificate", ID),
    Column("beneficiary", ID, nullable=False),
    Column("revoked_at", Instant(), nullable=False),
    Column("why", WORD, nullable=False),
)
