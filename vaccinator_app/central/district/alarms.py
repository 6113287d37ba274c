"""Alarms, each raised once, in the transaction that gives the reason for it (DESIGN 4.3; P.10.7)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, and_, case, func, insert, select

from vaccinator_app.central import log
from vaccinator_app.central.district.decisions import DecisionKind
from vaccinator_app.central.intake.effects import Mismatch
from vaccinator_app.central.schema import alarms, centres, decisions, mismatches, records
from vaccinator_app.domain.events import DoseGiven
from vaccinator_app.protocol.messages import Status
from vaccinator_app.protocol.records import read_event

AEFI = "aefi"
DISPUTES_OF_STAFF = "disputes_staff"
DISPUTES_ON_DEVICE = "disputes_device"
REMOVAL = "removal"
WALK_INS = "walk_ins"
WALK_INS_FROM = 20
"""Doses of a day up to which their share says nothing."""
WALK_IN_SHARE = 0.5

_WALK_IN = "W%"
"""What their appointments are called; a booking's is digits."""

ALARM_AT = 2
ALARM_WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm: where, of which kind, over what (a staff or device id, a record, a day), when, how many times."""

    centre: str
    kind: str
    subject: str
    at: datetime
    count: int


def list_alarms(connection: Connection, district: str | None, since: datetime) -> list[Alarm]:
    """The alarms raised since then, the newest first; of one district, or of all with None."""
    statement = select(alarms).where(alarms.c.at > since).order_by(alarms.c.at.desc(), alarms.c.centre, alarms.c.kind)
    if district is not None:
        ours = select(centres.c.centre).where(centres.c.district == district)
        statement = statement.where(alarms.c.centre.in_(ours))
    rows = connection.execute(statement).mappings()
    return [Alarm(row["centre"], row["kind"], row["subject"], row["at"], row["count"]) for row in rows]


def raise_for_aefi(connection: Connection, centre: str, device: str, seqs: Iterable[int], now: datetime) -> None:
    """One alarm for each serious AEFI report, however often and in whichever turn it comes.

    Its subject is the record: device and ``seq``, joined by a dot.
    """
    _raise_for_records(connection, centre, device, seqs, AEFI, now)


def raise_for_removals(connection: Connection, centre: str, device: str, seqs: Iterable[int], now: datetime) -> None:
    """One alarm for each removal that waits for the district: two in-charges do not agree, or one is not one. Its
    subject is the record, as above."""
    _raise_for_records(connection, centre, device, seqs, REMOVAL, now)


def _raise_for_records(
    connection: Connection, centre: str, device: str, seqs: Iterable[int], kind: str, now: datetime
) -> None:
    for seq in seqs:
        subject = f"{device}.{seq}"
        raised = (alarms.c.centre == centre, alarms.c.kind == kind, alarms.c.subject == subject)
        if connection.execute(select(alarms.c.at).where(*raised)).first() is None:
            connection.execute(insert(alarms).values(centre=centre, kind=kind, subject=subject, at=now, count=1))
            log.event(f"alarm_{kind}", centre=centre, device=device, seq=seq)


def raise_for_mismatches(
    connection: Connection, centre: str, device: str, found: Sequence[Mismatch], now: datetime
) -> None:
    """Two wrong codes in 30 days, of one person or on one machine (DESIGN 4.3). One alarm for each such time."""
    since = now - ALARM_WITHIN
    subjects = [("staff", staff, mismatches.c.staff == staff) for staff in sorted({one.staff for one in found})]
    if found:
        subjects.append(("device", device, mismatches.c.device == device))
    for kind, subject, theirs in subjects:
        count = connection.execute(
            select(func.count())
            .select_from(mismatches)
            .where(mismatches.c.centre == centre, mismatches.c.at > since, theirs)
        ).scalar_one()
        _raise(connection, "alarm_mismatches", centre, kind, subject, count, now)


def raise_for_disputes(connection: Connection, centre: str, device: str, staff: str, now: datetime) -> None:
    """Two doses in 30 days of which the people say that they did not get them: by one signature, or on one machine.

    After the decision was put down, in the same transaction. A dose that was disputed twice is one.
    """
    same = and_(
        records.c.centre == decisions.c.centre,
        records.c.device == decisions.c.device,
        records.c.seq == decisions.c.seq,
    )
    rows = connection.execute(
        select(records.c.device, records.c.seq, records.c.payload)
        .join_from(decisions, records, same)
        .where(
            decisions.c.centre == centre,
            decisions.c.kind == DecisionKind.DISPUTED.value,
            decisions.c.decided_at > now - ALARM_WITHIN,
        )
    )
    signed = {(row.device, row.seq): read_event(row.payload).staff for row in rows}
    theirs, on_device = sum(one == staff for one in signed.values()), sum(where == device for where, _ in signed)
    _raise(connection, "alarm_disputes", centre, DISPUTES_OF_STAFF, staff, theirs, now)
    _raise(connection, "alarm_disputes", centre, DISPUTES_ON_DEVICE, device, on_device, now)


def raise_for_walk_ins(connection: Connection, centre: str, days: Collection[date], now: datetime) -> None:
    """A day at whose centre more than ``WALK_IN_SHARE`` of the doses were given to people without a booking; once.

    Nobody need be in a list of bookings for a walk-in, and no code is checked: invented people would look like these.
    Small days are left alone, and the doses are not held: a village may well come without a booking.
    """
    for day in sorted(days):
        subject = day.isoformat()
        same = (alarms.c.centre == centre, alarms.c.kind == WALK_INS, alarms.c.subject == subject)
        if connection.execute(select(alarms.c.at).where(*same)).first() is not None:
            continue
        given = (
            records.c.centre == centre,
            records.c.day == day,
            records.c.kind == DoseGiven.KIND,
            records.c.status != Status.REFUSED.value,
            records.c.voided_by.is_(None),
        )
        walked_in = func.coalesce(func.sum(case((records.c.appointment.like(_WALK_IN), 1), else_=0)), 0)
        doses, count = connection.execute(select(func.count(), walked_in).where(*given)).one()
        if doses > WALK_INS_FROM and count > WALK_IN_SHARE * doses:
            connection.execute(
                insert(alarms).values(centre=centre, kind=WALK_INS, subject=subject, at=now, count=count)
            )
            log.event("alarm_walk_ins", centre=centre, subject=subject, count=count)


def _raise(connection: Connection, name: str, centre: str, kind: str, subject: str, count: int, now: datetime) -> None:
    """One alarm when there are enough, and no second one within the time that they are counted for."""
    raised = connection.execute(
        select(func.max(alarms.c.at)).where(
            alarms.c.centre == centre, alarms.c.kind == kind, alarms.c.subject == subject
        )
    ).scalar_one()
    if count >= ALARM_AT and (raised is None or raised <= now - ALARM_WITHIN):
        connection.execute(insert(alarms).values(centre=centre, kind=kind, subject=subject, at=now, count=count))
        log.event(name, kind=kind, subject=subject, centre=centre, count=count)
