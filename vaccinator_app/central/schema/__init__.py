"""The tables (DESIGN 8.1). Every primary key begins with its distribution column, so that Citus can shard as it is.

By centre: what a desk sends and pulls. By beneficiary: people, bookings, doses. By keyed hash: what is looked up
before the person is known (mobile, photo ID, session token). See ``docs/scale.md``.
"""

from __future__ import annotations

from vaccinator_app.central.schema.citizens import (
    captchas,
    limits,
    logins,
    otps,
    partner_calls,
    partners,
    sms_outbox,
    switches,
)
from vaccinator_app.central.schema.columns import metadata
from vaccinator_app.central.schema.desks import (
    FOR_EVER,
    HELD,
    HELD_REPORTS,
    STOCK_KINDS,
    alarms,
    certificates,
    closes,
    confirmations,
    decisions,
    device_heads,
    devices,
    enrolments,
    forks,
    mismatches,
    records,
    recoveries,
    recovery,
)
from vaccinator_app.central.schema.people import (
    bookings,
    doses,
    mobiles,
    people,
    photo_ids,
    revoked_certificates,
    roster,
)
from vaccinator_app.central.schema.programme import batches, centres, session_days, slots, vaccine_rules, vaccines

__all__ = [
    "FOR_EVER",
    "HELD",
    "HELD_REPORTS",
    "STOCK_KINDS",
    "alarms",
    "batches",
    "bookings",
    "captchas",
    "centres",
    "certificates",
    "closes",
    "confirmations",
    "decisions",
    "device_heads",
    "devices",
    "doses",
    "enrolments",
    "forks",
    "limits",
    "logins",
    "metadata",
    "mismatches",
    "mobiles",
    "otps",
    "partner_calls",
    "partners",
    "people",
    "photo_ids",
    "records",
    "recoveries",
    "recovery",
    "revoked_certificates",
    "roster",
    "session_days",
    "slots",
    "sms_outbox",
    "switches",
    "vaccine_rules",
    "vaccines",
]
