"""The programme: centres, sessions, slots, batches, vaccines and their rules."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Index, Integer, LargeBinary, String, Table, Text

from vaccinator_app.central.instant import Instant
from vaccinator_app.central.schema.columns import NAME, WORD, key, metadata

centres = Table(
    "centres",
    metadata,
    key("centre", String(6)),
    Column("name", NAME, nullable=False),
    Column("district", NAME, nullable=False),
    Column("time_zone", NAME, nullable=False),
    Column("roster_key", LargeBinary, nullable=False),  # sealed under the data key
    # The highest change number given out, and the last day whose appointments are in the feed (see roster).
    Column("feed", BigInteger, nullable=False),
    Column("horizon", Date),
    Index("centres_by_district", "district"),
)


session_days = Table(
    "session_days",
    metadata,
    key("centre", String(6)),
    key("day", Date()),
    Column("last_token", Integer, nullable=False),
)


slots = Table(
    "slots",
    metadata,
    key("centre", String(6)),
    key("day", Date()),
    key("vaccine", WORD),
    key("slot", Instant()),
    Column("capacity", Integer, nullable=False),
    Column("booked", Integer, nullable=False),
)


batches = Table(
    "batches",
    metadata,
    key("centre", String(6)),
    key("vaccine", WORD),
    key("batch", WORD),
    Column("expiry", Date, nullable=False),
    Column("doses_per_vial", Integer, nullable=False),
    # By our clock; doses given later are held, and desks are told with the next pull.
    Column("withdrawn_at", Instant()),
)


# The programme's products and schedule, the same everywhere (a reference table for Citus).
vaccines = Table(
    "vaccines",
    metadata,
    key("vaccine", WORD),
    Column("name", NAME, nullable=False),
    Column("doses", Integer, nullable=False),
    Column("min_interval_days", Text, nullable=False),  # JSON list
    Column("min_age_years", Integer, nullable=False),
    Column("doses_per_vial", Integer, nullable=False),
    Column("open_vial_hours", Integer, nullable=False),
)


# Intervals and ages in force for those who book from a day on; before the first such day those of ``vaccines`` are.
vaccine_rules = Table(
    "vaccine_rules",
    metadata,
    key("vaccine", WORD),
    key("from_day", Date()),
    Column("min_interval_days", Text, nullable=False),  # JSON list
    Column("min_age_years", Integer, nullable=False),
)
