"""What a desk itself would count and sign over the ledgers it knows."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from zoneinfo import ZoneInfo

from tests.central.machine import Desk
from tests.central.support import TODAY
from vaccinator_app.domain.closing_events import DayClosed, LedgerHead
from vaccinator_app.domain.counts import DayTally
from vaccinator_app.domain.day import Booked, Happened
from vaccinator_app.domain.tally import tally
from vaccinator_app.protocol.records import read_event


def happened(*desks: Desk) -> list[Happened]:
    """Every record of these desks as a desk itself would count it."""
    found = []
    for desk in desks:
        for record in desk.ledger:
            event = read_event(record.payload)
            at = event.at.astimezone(ZoneInfo("Asia/Kolkata"))
            found.append(Happened(desk.device, event.seq, at, event.staff, event.read_body()))
    return found


def head_of(desk: Desk) -> LedgerHead:
    return LedgerHead(desk.device, len(desk.ledger), desk.head.hex())


def counted(desk: Desk, *others: Desk, day: date = TODAY, without: Collection[tuple[str, int]] = ()) -> DayTally:
    """What ``desk`` counts over these ledgers as they stand, ``without`` some of their records."""
    zone = ZoneInfo("Asia/Kolkata")
    booked = [
        Booked(one.appointment, one.slot.astimezone(zone), one.vaccine, one.dose, one.cancelled)
        for one in desk.pull().appointments
        if one.session_date == day
    ]
    return tally(day, [one for one in happened(desk, *others) if (one.device, one.seq) not in without], booked)


def close_of(desk: Desk, *others: Desk, day: date = TODAY, **changes: object) -> DayClosed:
    """What the in-charge at ``desk`` would sign over these ledgers as they stand."""
    fields: dict[str, object] = {
        "day": day,
        "amendment": 0,
        "previous": "",
        "heads": tuple(map(head_of, (desk, *others))),
        "tally": counted(desk, *others, day=day),
        "counted": (),
        "open_exceptions": (),
    }
    return DayClosed(**{**fields, **changes})  # type: ignore[arg-type]
