"""Appointments of one centre as the roster table has them, in bulk.

The doses a person has on record are not kept here: a pull looks them up (``roster``), so that a dose changes nothing of
an appointment but its place in the feed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, select

from vaccinator_app.central import bulk, feed
from vaccinator_app.central.bulk import among
from vaccinator_app.central.intake.adjudicate import BookedDose
from vaccinator_app.central.schema import roster
from vaccinator_app.domain.appointment import Appointment

_KEY = ("centre", "appointment")

_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Appointment)
_BOOKED = msgspec.msgpack.Decoder(BookedDose)


def write_entry(appointment: Appointment) -> bytes:
    """What a desk is told of an appointment, as the roster row keeps it."""
    return _ENCODER.encode(appointment)


def read_entry(entry: bytes) -> Appointment:
    """The appointment of a roster row."""
    return _DECODER.decode(entry)


@dataclass(slots=True)
class Seat:
    """An appointment as its roster row has it. ``entry`` is what desks are told; the secrets are still sealed."""

    beneficiary: str
    entry: bytes
    changed: int | None
    code: bytes | None = None
    retired_code: bytes | None = None
    slip_secret: bytes | None = None
    mismatches: int = 0

    @property
    def booked(self) -> BookedDose:
        """The few fields of ``entry`` that decisions rest on; much quicker than reading all of it."""
        return _BOOKED.decode(self.entry)


_SEATS = select(
    roster.c.appointment,
    roster.c.beneficiary,
    roster.c.entry,
    roster.c.changed,
    roster.c.code,
    roster.c.retired_code,
    roster.c.slip_secret,
    roster.c.mismatches,
).where(roster.c.centre == bindparam("centre"), among(roster.c.appointment, "names"))


def read_seats(connection: Connection, centre: str, names: Iterable[str]) -> dict[str, Seat]:
    """The appointments of ``centre`` among ``names``."""
    wanted = sorted(names)
    if not wanted:
        return {}
    rows = connection.execute(_SEATS, {"centre": centre, "names": wanted}).all()
    return {row[0]: Seat(*row[1:]) for row in rows}


def roster_row(centre: str, appointment: Appointment, seat: Seat) -> dict[str, Any]:
    """A row of ``roster``."""
    return {
        "centre": centre,
        "appointment": appointment.appointment,
        "beneficiary": seat.beneficiary,
        "day": appointment.session_date,
        "changed": seat.changed,
        "entry": seat.entry,
        "code": seat.code,
        "retired_code": seat.retired_code,
        "slip_secret": seat.slip_secret,
        "mismatches": seat.mismatches,
    }


def write_seats(connection: Connection, centre: str, seats: Mapping[str, Seat]) -> None:
    """Write changed appointments back and tell the centre's desks."""
    rows = [(name, seat.entry, seat.code, seat.retired_code, seat.mismatches) for name, seat in seats.items()]
    names = ("appointment", "entry", "code", "retired_code", "mismatches")
    bulk.change(connection, roster, _KEY, names, rows, centre=centre)
    tell(connection, centre, seats)


def tell(connection: Connection, centre: str, seats: Mapping[str, Seat]) -> None:
    """Put appointments into the feed again; those beyond the horizon come into it when their day is near."""
    listed = [name for name, seat in seats.items() if seat.changed is not None]
    rows = list(zip(listed, feed.take(connection, centre, len(listed)), strict=True))
    bulk.change(connection, roster, _KEY, ("appointment", "changed"), rows, centre=centre)
