"""Appointments as rows of the roster, and the words they are found by."""

# ruff: noqa: S608  (questions are put together from this room's own constants; values are always bound)

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

from vaccinator_app.domain.appointment import Appointment, Booking, PreviousDose
from vaccinator_app.domain.people import Beneficiary, Gender, PhotoId
from vaccinator_app.vault.connection import Connection, Row
from vaccinator_app.vault.words import indexed

# A roster id: the day's ordinal, the minute of the slot, and a number that only tells apart.
NUMBER_BITS = 24
_MINUTE_BITS = 11
DAY_BITS = _MINUTE_BITS + NUMBER_BITS
"""A roster id shifted right by so many bits is the day's ordinal."""

COLUMNS = (
    "appointment, token, cancelled, name, year_of_birth, gender, photo_id, photo_id_last4, mobile_last4, "
    "slot, slot_offset, vaccine, dose, booking, previous, code_tag, slip_hash, interval_days, "
    "min_age_years"
)
NOBODY = Beneficiary(
    name="",
    year_of_birth=0,
    gender=Gender.OTHER,
    photo_id=PhotoId.AADHAAR,
    photo_id_last4="",
    mobile_last4="",
)
"""What stands in the columns of somebody whose details have left the machine; the kinds are the same for everybody."""

AT_ONCE = 500
"""People whose words are indexed with them; of a larger page, the words follow (vault/indexing.py)."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def day_range(day: date) -> tuple[int, int]:
    """The first and the last roster id that belongs to ``day``."""
    first = day.toordinal() << DAY_BITS
    return first, first + (1 << DAY_BITS) - 1


def slot_of(slot: int, offset: int) -> datetime:
    """The columns ``slot`` and ``slot_offset`` as a moment."""
    return (_EPOCH + slot * _MICROSECOND).astimezone(_zone(offset))


@lru_cache(maxsize=64)
def _zone(offset: int) -> timezone:
    return timezone(timedelta(seconds=offset))


def _row_of(number: int, appointment: Appointment) -> Row:
    person = appointment.beneficiary
    slot = appointment.slot
    offset = slot.utcoffset()
    if offset is None:
        raise ValueError("a slot carries an offset")
    previous = [(dose.dose, dose.vaccine, dose.given_on.isoformat()) for dose in appointment.previous]
    # Of an enumeration's member ``_value_`` is the word itself, where ``value`` is a call: a first pull asks for three
    # of each person.
    return (
        number,
        appointment.appointment,
        appointment.token,
        int(appointment.cancelled),
        person.name,
        person.year_of_birth,
        person.gender._value_,
        person.photo_id._value_,
        person.photo_id_last4,
        person.mobile_last4,
        (slot - _EPOCH) // _MICROSECOND,
        offset.days * 86400 + offset.seconds,
        appointment.vaccine,
        appointment.dose,
        appointment.booking._value_,
        json.dumps(previous) if previous else None,
        appointment.code_tag,
        appointment.slip_hash,
        appointment.interval_days,
        appointment.min_age_years,
    )


def appointment_of(row: Row) -> Appointment:
    """The appointment in a row of ``id`` and ``COLUMNS``."""
    (number, name, token, cancelled, *person) = row
    who, born, gender, photo_id, last4, mobile, slot, offset, vaccine, dose, booking, previous, *rest = person
    tag, slip, interval, age = rest
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
        session_date=date.fromordinal(number >> DAY_BITS),
        slot=slot_of(slot, offset),
        vaccine=vaccine,
        dose=dose,
        booking=Booking(booking),
        previous=tuple(
            PreviousDose(dose=number, vaccine=product, given_on=date.fromisoformat(given))
            for number, product, given in json.loads(previous or "[]")
        ),
        code_tag=tag,
        slip_hash=slip,
        cancelled=bool(cancelled),
        interval_days=interval,
        min_age_years=age,
    )


def put_appointments(connection: Connection, appointments: Iterable[Appointment]) -> None:
    """Add or replace appointments, with their words, inside a transaction under way. Of one named twice the last stays.

    A visit that is known already follows its appointment to another day or slot. Of a day whose people have left the
    machine (DESIGN 5.5) nobody comes back: such an appointment is kept without its details.
    """
    gone = {day for (day,) in connection.execute("SELECT day FROM purged_days")}
    wanted = {
        one.appointment: without_details(one) if one.session_date.toordinal() in gone else one for one in appointments
    }
    names = json.dumps(list(wanted))
    known = _known(connection, names)
    days = _Days(connection)
    rows: list[Row] = []
    worded: list[Row] = []
    unworded: list[Row] = []
    for name, appointment in wanted.items():
        old = known.get(name)
        if old is not None:
            days.leave(old)
        number = days.enter(appointment, old)
        person = appointment.beneficiary
        told = (number, person.name, appointment.token, person.photo_id_last4)
        if old is None or old.told != told:
            if person.name:
                worded.append(told)
            if old is not None:
                unworded.append((old.number,))
        rows.append(_row_of(number, appointment))
    # In the order of ids, so that each page of the file is visited once.
    rows.sort()
    worded.sort()
    if known:
        connection.executemany("DELETE FROM roster_words WHERE rowid = ?", unworded)
        connection.executemany("DELETE FROM unworded WHERE id = ?", unworded)
        connection.executemany("DELETE FROM roster WHERE id = ?", [(old.number,) for old in known.values()])
    connection.executemany(f"INSERT INTO roster VALUES ({', '.join('?' * 20)})", rows)
    if len(worded) <= AT_ONCE:
        put_words(connection, worded)
    else:
        numbers = json.dumps([number for number, *_ in worded])
        connection.execute("INSERT INTO unworded SELECT value FROM json_each(?)", (numbers,))
    days.write()
    if known or connection.execute("SELECT 1 FROM visits WHERE day = 0").fetchone():
        moved = ((row[0], known[row[1]].number if row[1] in known else 0, row[1]) for row in rows)
        connection.executemany(
            "UPDATE visits SET day = ?, number = ? WHERE day = ? AND appointment = ?",
            [(new >> DAY_BITS, new, old >> DAY_BITS, name) for new, old, name in moved if new != old],
        )


def without_details(appointment: Appointment) -> Appointment:
    """What stays of an appointment whose person's details have left: its number, token, slot, vaccine, dose, kind of
    booking, and whether it was cancelled."""
    return replace(
        appointment,
        beneficiary=NOBODY,
        previous=(),
        code_tag=b"",
        slip_hash=b"",
        interval_days=None,
        min_age_years=None,
    )


def put_words(connection: Connection, people: Iterable[Row]) -> None:
    """Index people by roster id, name, token and last four, inside a transaction under way."""
    connection.executemany(
        "INSERT INTO roster_words (rowid, words) VALUES (?, ?)", [(number, indexed(*told)) for number, *told in people]
    )


@dataclass(frozen=True, slots=True)
class _Old:
    """What stands in the roster of one appointment already. ``told``: what its words are made of, behind the number."""

    number: int
    cancelled: int
    told: tuple[int, str, int, str]

    @property
    def day(self) -> int:
        return self.number >> DAY_BITS


def _known(connection: Connection, names: str) -> dict[str, _Old]:
    found = connection.execute(
        "SELECT r.appointment, r.id, r.cancelled, r.name, r.token, r.photo_id_last4 "
        "FROM json_each(?) j CROSS JOIN roster r ON r.appointment = j.value",
        (names,),
    )
    return {name: _Old(number, cancelled, (number, *told)) for name, number, cancelled, *told in found}


def roster_day(connection: Connection, appointment: str) -> int:
    """The day under which the views keep an appointment: its ordinal, or 0 for one that is not on the roster."""
    row = connection.execute("SELECT id >> ? FROM roster WHERE appointment = ?", (DAY_BITS, appointment)).fetchone()
    return 0 if row is None else int(row[0])


class _Days:
    """The table ``days`` while a page is taken in: what each day adds up to, and the next number of each."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._days: dict[int, list[int]] = {}

    def enter(self, appointment: Appointment, old: _Old | None) -> int:
        """Count an appointment in, and give its id: the old one as long as day and minute stay."""
        ordinal = appointment.session_date.toordinal()
        day = self._days.get(ordinal) or self._day(ordinal)
        if appointment.token > day[1]:
            day[1] = appointment.token
        day[2] += not appointment.cancelled
        slot = appointment.slot
        place = ordinal << _MINUTE_BITS | slot.hour * 60 + slot.minute
        if old is not None and old.number >> NUMBER_BITS == place:
            return old.number
        day[0] += 1
        return place << NUMBER_BITS | day[0]

    def leave(self, old: _Old) -> None:
        """Count an appointment out of the day it was on."""
        self._day(old.day)[2] -= not old.cancelled

    def write(self) -> None:
        """Keep what was counted, inside the same transaction."""
        self._connection.executemany(
            "INSERT OR REPLACE INTO days VALUES (?, ?, ?, ?)", [(day, *found) for day, found in self._days.items()]
        )

    def _day(self, ordinal: int) -> list[int]:
        found = self._days.get(ordinal)
        if found is None:
            row = self._connection.execute(
                "SELECT last_number, highest_token, booked FROM days WHERE day = ?", (ordinal,)
            ).fetchone()
            found = self._days[ordinal] = list(row or (0, 0, 0))
        return found
