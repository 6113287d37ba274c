"""What central forgets, and when (DESIGN 8.2: codes and slip secrets are deleted once used or expired)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, exists, or_, select, update

from vaccinator_app.central import log
from vaccinator_app.central.citizens import limits, partners
from vaccinator_app.central.database import Database
from vaccinator_app.central.desks.relay import RELAYED_FOR
from vaccinator_app.central.messages.outbox import State
from vaccinator_app.central.schema import (
    STOCK_KINDS,
    captchas,
    confirmations,
    doses,
    enrolments,
    logins,
    otps,
    records,
    roster,
    sms_outbox,
)

USED_AFTER = timedelta(days=3)
"""A code outlives its dose by the time in which a desk may void the dose and record it anew."""

EXPIRED_AFTER = timedelta(days=30)
"""A desk may come back online late; after this its records are held for want of a code to compare."""

MESSAGES_AFTER = timedelta(days=30)

CONFIRMATIONS_AFTER = timedelta(days=1)
"""They are counted for an hour (DESIGN 4.4)."""


def forget(database: Database, now: datetime) -> int:
    """Delete codes and slip secrets that are used or expired, and everything short-lived that is over.

    Returns how many appointments lost their secrets.
    """
    used = exists(
        select(doses.c.seq).where(
            doses.c.beneficiary == roster.c.beneficiary,
            doses.c.appointment == roster.c.appointment,
            doses.c.voided_at.is_(None),
            doses.c.recorded_at < now - USED_AFTER,
        )
    )
    kept = or_(roster.c.code.is_not(None), roster.c.slip_secret.is_not(None), roster.c.retired_code.is_not(None))
    expired = roster.c.day < (now - EXPIRED_AFTER).date()
    with database.write() as connection:
        emptied = connection.execute(
            update(roster).where(kept, or_(expired, used)).values(code=None, retired_code=None, slip_secret=None)
        ).rowcount
        connection.execute(delete(logins).where(logins.c.expires_at < now))
        connection.execute(delete(otps).where(otps.c.expires_at < now))
        connection.execute(
            delete(enrolments).where(enrolments.c.used_at.is_(None), enrolments.c.expires_at < now - EXPIRED_AFTER)
        )
        connection.execute(delete(captchas).where(captchas.c.expires_at < now))
        limits.forget(connection, now)
        partners.forget(connection, now)
        connection.execute(delete(confirmations).where(confirmations.c.asked_at < now - CONFIRMATIONS_AFTER))
        # No desk is told of these any more; so the places that a pull looks through stay few.
        old = (records.c.told.is_not(None), records.c.received_at < now - RELAYED_FOR)
        connection.execute(update(records).where(*old, records.c.kind.not_in(STOCK_KINDS)).values(told=None))
        over = (sms_outbox.c.state != State.WAITING.value, sms_outbox.c.created_at < now - MESSAGES_AFTER)
        connection.execute(delete(sms_outbox).where(*over))
    if emptied:
        log.event("codes_forgotten", count=emptied)
    return emptied
