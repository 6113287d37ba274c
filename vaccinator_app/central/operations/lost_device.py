"""A machine is lost: it is taken out of use, and whose details were on it is listed (DESIGN 5.5; docs/operations.md).

On a desk's encrypted disk are the people of its centre's roster that it was told of, and the walk-ins registered at it.
Other desks' walk-ins are there without their names: kind and last four digits of the photo ID.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, or_, select, update

from vaccinator_app.central import log
from vaccinator_app.central.desks.roster import LEASE
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.keyring.keys import Cupboard
from vaccinator_app.central.messages import outbox
from vaccinator_app.central.messages.outbox import Kind
from vaccinator_app.central.operations.admin import Home
from vaccinator_app.central.programme import find_centre
from vaccinator_app.central.rows import said
from vaccinator_app.central.schema import bookings, device_heads, devices, people, records, roster, sms_outbox
from vaccinator_app.domain.events import WalkInRegistered

_WALK_IN = "W%"


class Why(StrEnum):
    """Why somebody's details were on the machine."""

    TOLD = "booked at its centre, and it was told"
    RECORDED = "registered at it without a booking"
    NEIGHBOUR = "registered at another desk: kind and last four digits of the photo ID alone"


@dataclass(frozen=True, slots=True)
class Touched:
    """One person and appointment."""

    beneficiary: str
    name: str
    mobile_last4: str
    appointment: str
    day: date
    why: Why


@dataclass(frozen=True, slots=True)
class LostDevice:
    """What is known of a machine that is lost, and in sentences what is not. ``notified`` people get a message."""

    centre: str
    device: str
    name: str
    enrolled_at: datetime
    told_at: datetime | None
    people: list[Touched]
    unknown: list[str]
    notified: int
    silent: int


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine as central has it. ``records_to_come`` by its own last word."""

    centre: str
    device: str
    name: str
    enrolled_at: datetime
    told_at: datetime | None
    revoked_at: datetime | None
    records: int
    records_to_come: int


def machines(home: Home, centre: str | None = None) -> list[Machine]:
    """All machines, or those of one centre, in the order in which they were enrolled."""
    heads = and_(device_heads.c.centre == devices.c.centre, device_heads.c.device == devices.c.device)
    statement = (
        select(devices, device_heads.c.seq, device_heads.c.claimed_seq)
        .join_from(devices, device_heads, heads)
        .order_by(devices.c.centre, devices.c.enrolled_at, devices.c.device)
    )
    if centre is not None:
        statement = statement.where(devices.c.centre == centre)
    with home.database.read() as connection:
        rows = connection.execute(statement).all()
    return [
        Machine(
            *(row.centre, row.device, row.name, row.enrolled_at, row.pulled_at, row.revoked_at),
            *(row.seq, max(0, row.claimed_seq - row.seq)),
        )
        for row in rows
    ]


def revoke_device(home: Home, device: str, now: datetime) -> None:
    """Take a machine out of use: from now on its records are held, and it is told of nobody (P.21). One that is out of
    use keeps its time.

    Raises ``CentralError`` for one that is unknown.
    """
    with home.database.write() as connection:
        row = _find(connection, device)
        _revoke(connection, row, now)


def lost_device(home: Home, device: str, now: datetime, *, by: str, notify: bool = False) -> LostDevice:
    """Take a lost machine out of use and list whose details were on it; with ``notify`` each of them is told, once.

    The list is about people: it is for whoever answers for the loss, and that it was made is logged with ``by``. Raises
    ``CentralError`` for a machine that is unknown.
    """
    with home.database.write() as connection:
        row = _find(connection, device)
        _revoke(connection, row, now)
        found = [*_told(connection, row), *_walk_ins(connection, row)]
        told, silent = _notify(connection, home.keys.cupboard, row, found, now) if notify else (0, 0)
        unknown = _unknown(connection, row)
    persons = len({one.beneficiary for one in found})
    log.event("device_lost", level=30, centre=row.centre, device=device, count=persons, accepted=told, by=by)
    return LostDevice(
        row.centre, device, row.name, row.enrolled_at, row.pulled_at, found, unknown, notified=told, silent=silent
    )


def _find(connection: Connection, device: str) -> Row[Any]:
    row = connection.execute(select(devices).where(devices.c.device == device).with_for_update()).one_or_none()
    if row is None:
        raise CentralError("There is no such machine. `vaccinator central device list` names them.")
    return row


def _revoke(connection: Connection, row: Row[Any], now: datetime) -> None:
    if row.revoked_at is None:
        this = (devices.c.centre == row.centre, devices.c.device == row.device)
        connection.execute(update(devices).where(*this).values(revoked_at=now))
        log.event("device_revoked", level=30, centre=row.centre, device=row.device)


def _people(connection: Connection, *where: object) -> Iterable[Row[Any]]:
    return connection.execute(
        select(roster.c.appointment, roster.c.day, people.c.beneficiary, people.c.name, people.c.mobile_last4)
        .join_from(roster, people, people.c.beneficiary == roster.c.beneficiary)
        .outerjoin(
            bookings,
            and_(
                bookings.c.beneficiary == roster.c.beneficiary,
                bookings.c.appointment == roster.c.appointment,
            ),
        )
        .where(*where)  # type: ignore[arg-type]
        .order_by(roster.c.day, roster.c.appointment)
    )


def _told(connection: Connection, row: Row[Any]) -> list[Touched]:
    """Bookings that it was told of, or may have been: who changed since it last asked may have been told before."""
    theirs = [
        roster.c.centre == row.centre,
        roster.c.appointment.not_like(_WALK_IN),
        roster.c.changed.is_not(None),
        roster.c.day >= row.enrolled_at.date() - timedelta(days=1),
    ]
    if row.pulled_at is not None:
        before = and_(
            bookings.c.booked_at <= row.pulled_at, roster.c.day <= row.pulled_at.date() + LEASE + timedelta(days=1)
        )
        theirs.append(or_(roster.c.changed <= row.pulled_cursor, before))
    return [_touched(one, Why.TOLD) for one in _people(connection, *theirs)]


def _walk_ins(connection: Connection, row: Row[Any]) -> list[Touched]:
    registered = (
        records.c.centre == roster.c.centre,
        records.c.appointment == roster.c.appointment,
        records.c.kind == WalkInRegistered.KIND,
    )
    own = select(records.c.seq).where(*registered, records.c.device == row.device)
    heard = records.c.told <= (row.pulled_cursor or 0)
    others = select(records.c.seq).where(
        *registered, records.c.device != row.device, records.c.told.is_not(None), heard
    )
    walked = (roster.c.centre == row.centre, roster.c.appointment.like(_WALK_IN))
    found = [_touched(one, Why.RECORDED) for one in _people(connection, *walked, own.exists())]
    return found + [_touched(one, Why.NEIGHBOUR) for one in _people(connection, *walked, others.exists())]


def _touched(one: Row[Any], why: Why) -> Touched:
    return Touched(one.beneficiary, one.name, one.mobile_last4, one.appointment, one.day, why)


def _unknown(connection: Connection, row: Row[Any]) -> list[str]:
    this = (device_heads.c.centre == row.centre, device_heads.c.device == row.device)
    head = connection.execute(select(device_heads).where(*this)).one()
    found = []
    if row.pulled_at is None:
        found.append("When it was last told of people is not known: everybody booked since it was enrolled is listed.")
    if head.claimed_seq > head.seq:
        found.append(
            f"{head.claimed_seq - head.seq} of its records never came: walk-ins among them are known to nobody else."
        )
    since = "its enrolment" if head.seen_at is None else f"{head.seen_at:%Y-%m-%d %H:%M} UTC"
    found.append(f"What was recorded on it after its last contact ({since}) is not known, nor who was looked at there.")
    return found


def _notify(
    connection: Connection, cupboard: Cupboard, row: Row[Any], found: Iterable[Touched], now: datetime
) -> tuple[int, int]:
    """One message a person, whose name was on it, however often the machine is reported; how many, and how many have no
    mobile."""
    centre = find_centre(connection, cupboard, row.centre)
    named = {one.beneficiary for one in found if one.why is not Why.NEIGHBOUR}
    name = f"lost-{row.device}"
    reachable, had = set[str](), set[str]()
    ordered = sorted(named)
    for start in range(0, len(ordered), 500):
        some = ordered[start : start + 500]
        has = select(people.c.beneficiary).where(people.c.beneficiary.in_(some), people.c.mobile.is_not(None))
        reachable |= set(connection.scalars(has))
        before = select(sms_outbox.c.recipient).where(sms_outbox.c.id == name, sms_outbox.c.recipient.in_(some))
        had |= set(connection.scalars(before))
    params = {"centre": centre.name, "day": said(centre.day(now))}
    rows = [
        outbox.row(cupboard, Kind.DETAILS_AT_RISK, person, now, params=params, name=name)
        for person in sorted(reachable - had)
    ]
    if rows:
        connection.execute(insert(sms_outbox), rows)
    return len(rows), len(named - reachable)
