"""How often somebody may do something: counted in the database, so that every worker counts the same (DESIGN 8.2).

A subject (a mobile, an address, a partner) is kept as a keyed hash alone. Time is cut into spans of equal length, so
that at most twice as many fit around the turn of one. What was counted stays counted when the request is refused, since
a count is a transaction of its own (``Limits.take``); rows of spans that are over are forgotten by ``forget``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address

from sqlalchemy import Connection, delete
from sqlalchemy.dialects import postgresql, sqlite

from vaccinator_app.central import log
from vaccinator_app.central.clock import Clock
from vaccinator_app.central.database import Database
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.keyring.keys import Cupboard, Keys
from vaccinator_app.central.schema import limits

EVERYBODY = "everybody"
"""The subject of what is counted for all together."""

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_PURPOSE = "limit"
_ONE_HOME = 64
"""Bits of an IPv6 address that a network gives to one customer; the rest is the customer's to vary."""


@dataclass(frozen=True, slots=True)
class Bound:
    """At most so many within so long."""

    most: int
    within: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What the operator allows. ``*_mobile`` and ``*_address`` are each one's own, ``*_all`` everybody's together.

    ``bookings_mobile`` counts tries to register, book or move, those that are refused too: an answer may tell whether a
    photo ID is registered.
    """

    otp_address: Bound = Bound(30, _HOUR)
    otp_mobile: Bound = Bound(3, timedelta(minutes=10))
    otp_mobile_day: Bound = Bound(10, _DAY)
    otp_all: Bound = Bound(2_000_000, _DAY)
    tries_address: Bound = Bound(60, _HOUR)
    tries_mobile: Bound = Bound(20, _HOUR)
    bookings_mobile: Bound = Bound(40, _DAY)
    captchas_address: Bound = Bound(120, _HOUR)
    captcha_drawn: Bound = Bound(8, _HOUR)
    verify_address: Bound = Bound(120, _HOUR)


def take(
    connection: Connection, cupboard: Cupboard, what: str, subject: str, most: int, within: timedelta, now: datetime
) -> Refused | None:
    """Count one more ``what`` of ``subject``; the refusal (429) once there are more than ``most`` in this span.

    The refusal is returned and not raised: let the transaction end, so that the count stays, then raise it. The count
    moves in one statement, so that of many at once exactly ``most`` are let through.
    """
    seconds = int(within.total_seconds())
    span, gone = divmod(int(now.timestamp()), seconds)
    ends = datetime.fromtimestamp((span + 1) * seconds, UTC)
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    fresh = insert(limits).values(
        subject_hash=cupboard.keyed_hash(_PURPOSE, subject), what=what, span=span, count=1, expires_at=ends
    )
    counted = fresh.on_conflict_do_update(
        index_elements=["subject_hash", "what", "span"], set_={"count": limits.c.count + 1}
    ).returning(limits.c.count)
    if connection.execute(counted).scalar_one() <= most:
        return None
    return too_many(seconds - gone)


def too_many(seconds: float) -> Refused:
    """The one sentence for everything that is done too often."""
    wait = max(1, math.ceil(seconds))
    return Refused("too_many", 429, "This was done too often. Wait a while, then try again.", retry_after=wait)


def home_of(address: str) -> str:
    """What one household or office is counted by: an IPv4 address, or the first half of an IPv6 one."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(IPv6Network((found, _ONE_HOME), strict=False))
    return str(found)


def forget(connection: Connection, now: datetime) -> None:
    """Delete the counts of spans that are over."""
    connection.execute(delete(limits).where(limits.c.expires_at < now))


class Limits:
    """Counts against the operator's bounds, each call in one transaction of its own."""

    def __init__(self, database: Database, keys: Keys, clock: Clock, bounds: Bounds | None = None) -> None:
        self._database = database
        self._cupboard = keys.cupboard
        self._clock = clock
        self.bounds = bounds or Bounds()

    def take(self, *counted: tuple[str, str]) -> None:
        """Count each ``(name of a bound, subject)`` in order until one is too many; that is raised as ``Refused``.

        Put the one who asks before the one who is asked about, and everybody last: who may not go on uses nothing up.
        """
        refusal, what = None, ""
        now = self._clock()
        with self._database.write() as connection:
            for what, subject in counted:
                bound: Bound = getattr(self.bounds, what)
                refusal = take(connection, self._cupboard, what, subject, bound.most, bound.within, now)
                if refusal is not None:
                    break
        if refusal is not None:
            log.event("too_many", kind=what)
            raise refusal
