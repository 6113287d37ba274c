"""Closed days, counted again from central's own records (DESIGN 7.3; P.12).

A close names how far it covers each desk's ledger. Until central has all of that it waits; then one and the same
function that counted at the desk counts here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, and_, insert, or_, select, text, update

from vaccinator_app.central import log
from vaccinator_app.central.desks.seats import read_entry
from vaccinator_app.central.district.decisions import DecisionKind, amend, decide
from vaccinator_app.central.intake.comparing import MOST, differences
from vaccinator_app.central.programme import Centre
from vaccinator_app.central.schema import FOR_EVER, closes, device_heads, devices, records, roster
from vaccinator_app.domain.appointment import Booking
from vaccinator_app.domain.closing_events import DayClosed, LedgerHead
from vaccinator_app.domain.day import Booked, Happened
from vaccinator_app.domain.tally import tally
from vaccinator_app.protocol.messages import CloseAnswer, CountedElsewhere, Reason, Status
from vaccinator_app.protocol.records import FIRST_PREV, read_event
from vaccinator_app.trust.keys import SigningKey

ANSWERED_FOR = timedelta(days=30)
"""How long desks are told what central counted."""

Closed = dict[str, tuple[int, bool]]
"""The closes of one day by their hash (hex): the number of each, and whether it followed on those before."""


class CloseState(StrEnum):
    """How far central is with a close."""

    WAITING = "waiting"
    COUNTED = "counted"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class NewClose:
    """A close of this batch, under its ``seq``. ``sound``: nothing is against it so far."""

    seq: int
    hash: bytes
    body: DayClosed
    sound: bool


def follows(body: DayClosed, closed: Closed) -> bool:
    """Whether a close is the next of its day: the first, or the one after the close that it names (P.12.2).

    One that did not follow may itself be named: two desks that both closed a day must find out of it.
    """
    if (body.amendment, True) in closed.values():
        return False
    if body.amendment == 0:
        return not body.previous
    before = closed.get(body.previous)
    return before is not None and before[0] == body.amendment - 1


def read_closed(connection: Connection, centre: str, days: Collection[date]) -> dict[date, Closed]:
    """The closes of each of ``days``."""
    found: dict[date, Closed] = {day: {} for day in days}
    if found:
        statement = select(closes.c.day, closes.c.amendment, closes.c.hash, closes.c.state).where(
            closes.c.centre == centre, closes.c.day.in_(days)
        )
        for row in connection.execute(statement):
            found[row.day][row.hash.hex()] = row.amendment, row.state != CloseState.BROKEN.value
    return found


def take_closes(
    connection: Connection,
    signer: SigningKey,
    centre: Centre,
    device: str,
    found: Sequence[NewClose],
    now: datetime,
) -> dict[int, tuple[Status, tuple[Reason, ...]]]:
    """Put the closes of a batch down and count those that can be; the answers that this changes, by ``seq``.

    After the batch's records were written, in the same transaction.
    """
    for one in found:
        connection.execute(
            insert(closes).values(
                centre=centre.centre,
                device=device,
                seq=one.seq,
                day=one.body.day,
                amendment=one.body.amendment,
                hash=one.hash,
                state=(CloseState.WAITING if one.sound else CloseState.BROKEN).value,
                differences=_write(()),
                received_at=now,
            )
        )
    fresh = {(device, one.seq) for one in found}
    answers: dict[int, tuple[Status, tuple[Reason, ...]]] = {}
    for close in _waiting(connection, centre.centre):
        counted = _count(connection, centre, close)
        if counted is None:
            continue
        _settle(connection, close, counted, now)
        log.event("close_counted", centre=centre.centre, device=close.device, seq=close.seq, count=len(counted))
        if counted and (close.device, close.seq) in fresh:
            answers[close.seq] = (Status.HELD, (Reason.TALLY_DIFFERS,))
            amend(connection, centre.centre, device, close.seq, *answers[close.seq])
        elif counted:
            differs = Status.HELD, (Reason.TALLY_DIFFERS,)
            about = centre.centre, close.device, close.seq
            decide(connection, signer, *about, *differs, kind=DecisionKind.COUNTED, now=now)
    return answers


def recent_answers(connection: Connection, centre: str, now: datetime) -> list[CloseAnswer]:
    """What central counted over the closes of the last 30 days, in the order of their days."""
    rows = connection.execute(
        select(closes.c.device, closes.c.seq, closes.c.differences)
        .where(
            closes.c.centre == centre,
            closes.c.state == CloseState.COUNTED.value,
            closes.c.counted_at > now - ANSWERED_FOR,
        )
        .order_by(closes.c.day, closes.c.amendment, closes.c.device, closes.c.seq)
    )
    return [CloseAnswer(row.device, row.seq, _read(row.differences)) for row in rows]


def _waiting(connection: Connection, centre: str) -> Sequence[Any]:
    statement = (
        select(closes.c.centre, closes.c.device, closes.c.seq, records.c.payload)
        .join_from(
            closes,
            records,
            and_(
                records.c.centre == closes.c.centre,
                records.c.device == closes.c.device,
                records.c.seq == closes.c.seq,
            ),
        )
        .where(closes.c.centre == centre, closes.c.state == CloseState.WAITING.value)
        .order_by(closes.c.day, closes.c.amendment)
    )
    return connection.execute(statement).all()


def _settle(connection: Connection, close: Row[Any], counted: tuple[CountedElsewhere, ...], now: datetime) -> None:
    connection.execute(
        update(closes)
        .where(closes.c.centre == close.centre, closes.c.device == close.device, closes.c.seq == close.seq)
        .values(state=CloseState.COUNTED.value, differences=_write(counted), counted_at=now)
    )


def _count(connection: Connection, centre: Centre, close: Row[Any]) -> tuple[CountedElsewhere, ...] | None:
    """Where central's count differs; None while records that the close covers are to come: not of a machine that is out
    of use, which may never come back. What is missing of it is one of the differences then."""
    body = read_event(close.payload).read_body()
    assert isinstance(body, DayClosed)
    statement = select(device_heads.c.device, device_heads.c.seq).where(device_heads.c.centre == centre.centre)
    have = {row.device: row.seq for row in connection.execute(statement)}
    missing = {head.device for head in body.heads if head.seq > have.get(head.device, head.seq)}
    if missing and missing - _out_of_use(connection, centre.centre):
        return None
    other = _other_heads(connection, centre.centre, body.heads, have)
    covered = {head.device: head.seq for head in body.heads if head.device in have}
    counted = tally(body.day, _happened(connection, centre, body.day, covered), _booked(connection, centre, body.day))
    return (*other, *differences(body.tally, counted))[:MOST]


def _out_of_use(connection: Connection, centre: str) -> set[str]:
    theirs = select(devices.c.device).where(devices.c.centre == centre, devices.c.revoked_at.is_not(None))
    return set(connection.scalars(theirs))


def _other_heads(
    connection: Connection, centre: str, heads: Sequence[LedgerHead], have: Mapping[str, int]
) -> list[CountedElsewhere]:
    """Ledgers of which central has another history than the close covers, or none."""
    found = []
    for head in heads:
        kept = FIRST_PREV if head.seq == 0 else None
        if head.device in have and head.seq > 0:
            mine = (records.c.centre == centre, records.c.device == head.device, records.c.seq == head.seq)
            kept = connection.scalar(select(records.c.hash).where(*mine))
        if head.device not in have or kept is None or kept.hex() != head.hash:
            found.append(CountedElsewhere(f"head.{head.device}"[:100], head.seq, 0))
    return found


def _happened(connection: Connection, centre: Centre, day: date, covered: Mapping[str, int]) -> list[Happened]:
    """All that counts towards ``day``: its own records, stock of all days, and voids, which may come later.

    Held records happened; refused ones are no records. Those beyond what the close covers are left to its amendment.
    """
    # What the district decided against later happened all the same: it stands in the count that was signed.
    happened = or_(records.c.status != Status.REFUSED.value, records.c.reasons == Reason.REJECTED.value)
    theirs = (records.c.centre == centre.centre, happened)
    columns = (records.c.device, records.c.seq, records.c.payload)
    of_the_day = select(*columns).where(*theirs, records.c.day == day)
    of_others = select(*columns).where(*theirs, text(FOR_EVER), records.c.day != day)
    rows = [*connection.execute(of_the_day), *connection.execute(of_others)]
    found = []
    for device, seq, payload in rows:
        if seq <= covered.get(device, 0):
            event = read_event(payload)
            at = event.at.astimezone(centre.zone)
            found.append(Happened(device, seq, at, event.staff, event.read_body()))
    return found


def _booked(connection: Connection, centre: Centre, day: date) -> list[Booked]:
    statement = select(roster.c.entry).where(roster.c.centre == centre.centre, roster.c.day == day)
    entries = map(read_entry, connection.scalars(statement))
    return [
        Booked(one.appointment, one.slot.astimezone(centre.zone), one.vaccine, one.dose, one.cancelled)
        for one in entries
        if one.booking is Booking.ONLINE
    ]


_DIFFERENCES = msgspec.msgpack.Decoder(tuple[CountedElsewhere, ...])


def _write(found: tuple[CountedElsewhere, ...]) -> bytes:
    return msgspec.msgpack.encode(found)


def _read(found: bytes) -> tuple[CountedElsewhere, ...]:
    return _DIFFERENCES.decode(found)
