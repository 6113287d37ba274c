"""Appointments as rows of the roster, and the words they are found by."""

# ruff: noqa: S608  (questions are put together from this room's own constants; values are always bound)

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from vaccinator_app.domain.appointment import Appointment, Booking, PreviousDose
from vaccinator_app.domain.people import Beneficiary, Gender, PhotoId
from vaccinator_app.vault.connection import Connection, Row
from vaccinator_app.vault.words import indexed

DAY_BITS = 32
"""A roster id is the day's ordinal shifted by so many bits, plus a number within the day."""

COLUMNS = (
    "appointment, day, slot_at, token, cancelled, name, year_of_birth, gender, photo_id, photo_id_last4, mobile_last4, "
    "slot, vaccine, dose, booking, previous, code_tag, slip_hash"
)
_DAY, _TOKEN, _NAME, _LAST4 = 1, 3, 5, 9


def day_range(day: date) -> tuple[int, int]:
    """The first and the last roster id that belongs to ``day``."""
    first = day.toordinal() << DAY_BITS
    return first, first + (1 << DAY_BITS) - 1


def row_of(appointment: Appointment) -> Row:
    """The values of ``COLUMNS``."""
    person = appointment.beneficiary
    previous = [(dose.dose, dose.vaccine, dose.given_on.isoformat()) for dose in appointment.previous]
    return (
        appointment.appointment,
        appointment.session_date.toordinal(),
        int(appointment.slot.timestamp()),
        appointment.token,
        int(appointment.cancelled),
        person.name,
        person.year_of_birth,
        person.gender.value,
        person.photo_id.value,
        person.photo_id_last4,
        person.mobile_last4,
        appointment.slot.isoformat(),
        appointment.vaccine,
        appointment.dose,
        appointment.booking.value,
        json.dumps(previous) if previous else "[]",
        appointment.code_tag,
        appointment.slip_hash,
    )


def appointment_of(row: Row) -> Appointment:
    """The appointment in a row of ``COLUMNS``."""
    (name, day, _, token, cancelled, *person) = row
    (who, born, gender, photo_id, last4, mobile, slot, vaccine, dose, booking, previous, tag, slip) = person
    return Appointment(
        appointment=name,
        token=token,
        beneficiary=Beneficiary(
            name=who,
            year_of_birth=born,
            gender=Gender(gender),
            photo_id=PhotoId(photo_id),
            photo_id_last4=last4,
            mobile_last4=mobile,
        ),
        session_date=date.fromordinal(day),
        slot=datetime.fromisoformat(slot),
        vaccine=vaccine,
        dose=dose,
        booking=Booking(booking),
        previous=tuple(
            PreviousDose(dose=number, vaccine=product, given_on=date.fromisoformat(given))
            for number, product, given in json.loads(previous)
        ),
        code_tag=tag,
        slip_hash=slip,
        cancelled=bool(cancelled),
    )


def put_appointments(connection: Connection, appointments: Iterable[Appointment]) -> None:
    """Add or replace appointments, with their words, inside a transaction under way. Of one named twice the last stays.

    A visit that is known already follows its appointment to another day.
    """
    rows = {appointment.appointment: row_of(appointment) for appointment in appointments}
    known = _known(connection, list(rows))
    numbers = _Numbers(connection)
    kept: list[Row] = []
    forgotten: list[Row] = []
    worded: list[Row] = []
    for name, row in rows.items():
        words = indexed(row[_NAME], row[_TOKEN], row[_LAST4])
        old = known.get(name)
        if old is not None and old[1] == row[_DAY]:
            number = old[0]
            if indexed(*old[2:]) != words:
                forgotten.append((number,))
                worded.append((number, words))
        else:
            number = numbers.next(row[_DAY])
            worded.append((number, words))
            if old is not None:
                forgotten.append((old[0],))
        kept.append((number, *row))
    connection.executemany("DELETE FROM roster_words WHERE rowid = ?", forgotten)
    # Replaces by id and by appointment alike, so that a new day leaves no row behind on the old one.
    connection.executemany(f"INSERT OR REPLACE INTO roster VALUES ({', '.join('?' * 19)})", kept)
    connection.executemany("INSERT INTO roster_words (rowid, words) VALUES (?, ?)", worded)
    _move_visits(connection, list(rows))


def _known(connection: Connection, names: Sequence[str]) -> dict[str, Row]:
    """What stands in the roster already: by appointment, its id, day, name, token and last four."""
    found = connection.execute(
        "SELECT r.appointment, r.id, r.day, r.name, r.token, r.photo_id_last4 "
        "FROM json_each(?) j JOIN roster r ON r.appointment = j.value",
        (json.dumps(names),),
    )
    return {row[0]: row[1:] for row in found}


def _move_visits(connection: Connection, names: Sequence[str]) -> None:
    connection.execute(
        "UPDATE visits SET day = (SELECT r.day FROM roster r WHERE r.appointment = visits.appointment) "
        "WHERE appointment IN (SELECT value FROM json_each(?)) "
        "AND day IS NOT (SELECT r.day FROM roster r WHERE r.appointment = visits.appointment)",
        (json.dumps(names),),
    )


class _Numbers:
    """Hands out roster ids, one day after another's."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._last: dict[int, int] = {}

    def next(self, day: int) -> int:
        if day not in self._last:
            first, last = day_range(date.fromordinal(day))
            (highest,) = self._connection.execute(
                "SELECT max(id) FROM roster WHERE id BETWEEN ? AND ?", (first, last)
            ).fetchone()
            self._last[day] = first - 1 if highest is None else highest
        self._last[day] += 1
        return self._last[day]
