"""Appointments of one centre as the roster table has them, in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from vaccinator_app.central import feed
from vaccinator_app.central.roster import read_entry, write_entry
from vaccinator_app.central.schema import roster
from vaccinator_app.domain.appointment import Appointment, PreviousDose


@dataclass(slots=True)
class Seat:
    """An appointment of this centre as its roster row has it. Secrets are still sealed."""

    beneficiary: str
    booked: Appointment
    changed: int | None
    code: bytes | None = None
    retired_code: bytes | None = None
    slip_secret: bytes | None = None
    mismatches: int = 0


def read_seats(connection: Connection, centre: str, names: Iterable[str]) -> dict[str, Seat]:
    """The appointments of ``centre`` among ``names``."""
    wanted = sorted(names)
    if not wanted:
        return {}
    statement = select(
        roster.c.appointment,
        roster.c.beneficiary,
        roster.c.entry,
        roster.c.changed,
        roster.c.code,
        roster.c.retired_code,
        roster.c.slip_secret,
        roster.c.mismatches,
    ).where(roster.c.centre == centre, roster.c.appointment.in_(wanted))
    return {
        name: Seat(beneficiary, read_entry(entry), changed, code, retired, secret, count)
        for name, beneficiary, entry, changed, code, retired, secret, count in connection.execute(statement)
    }


def show_history(seat: Seat, given: Iterable[PreviousDose]) -> None:
    """Let the roster tell of these doses."""
    history = sorted(given, key=lambda dose: (dose.dose, dose.given_on))
    seat.booked = replace(seat.booked, previous=tuple(history))


def roster_row(centre: str, seat: Seat) -> dict[str, Any]:
    """A row of ``roster``."""
    return {
        "centre": centre,
        "appointment": seat.booked.appointment,
        "beneficiary": seat.beneficiary,
        "day": seat.booked.session_date,
        "changed": seat.changed,
        "entry": write_entry(seat.booked),
        "code": seat.code,
        "retired_code": seat.retired_code,
        "slip_secret": seat.slip_secret,
        "mismatches": seat.mismatches,
    }


def write_seats(connection: Connection, centre: str, seats: Mapping[str, Seat]) -> None:
    """Write changed appointments back and put those within the horizon into the feed again."""
    listed = [seat for seat in seats.values() if seat.changed is not None]
    for seat, number in zip(listed, feed.take(connection, centre, len(listed)), strict=True):
        seat.changed = number
    rows: list[dict[str, Any]] = [
        {
            "name": name,
            "number": seat.changed,
            "told": write_entry(seat.booked),
            "now": seat.code,
            "before": seat.retired_code,
            "wrong": seat.mismatches,
        }
        for name, seat in seats.items()
    ]
    if rows:
        statement = (
            update(roster)
            .where(roster.c.centre == centre, roster.c.appointment == bindparam("name"))
            .values(
                changed=bindparam("number"),
                entry=bindparam("told"),
                code=bindparam("now"),
                retired_code=bindparam("before"),
                mismatches=bindparam("wrong"),
            )
        )
        connection.execute(statement, rows)
