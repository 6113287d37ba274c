"""What follows from an answer: doses, voids, walk-ins, replaced codes, messages, alarms (DESIGN 4.3, 4.6, 7.1, 8.4).

``Effects`` collects the rows of a whole batch and moves ``Known`` on as it goes; ``write`` puts everything down in
a few statements, in the same transaction as the records themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update

from vaccinator_app.central import outbox
from vaccinator_app.central.adjudicate import Facts, ProofState, Verdict
from vaccinator_app.central.chain import New
from vaccinator_app.central.facts import Known, Standing, Visited, proof_name
from vaccinator_app.central.keys import Cupboard
from vaccinator_app.central.persons import clean_mobile
from vaccinator_app.central.roster import write_reasons
from vaccinator_app.central.rows import booking_row, new_beneficiary, new_code, person_row, said, storable
from vaccinator_app.central.schema import (
    bookings,
    certificates,
    doses,
    mismatches,
    mobiles,
    people,
    proofs,
    records,
    roster,
    sms_outbox,
)
from vaccinator_app.central.seats import Seat, read_seats, roster_row, show_history, write_seats
from vaccinator_app.domain.appointment import Appointment, Booking, PreviousDose
from vaccinator_app.domain.events import DoseGiven, ProofKind, StaffAdded, Voided, WalkInRegistered, appointment_of
from vaccinator_app.domain.people import Beneficiary
from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.protocol.messages import Status
from vaccinator_app.protocol.people import read_details
from vaccinator_app.trust import code

DEFAULT_LANGUAGE = "en"
_LONGEST_KEYID = 64
_LONGEST_WORD = 32
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A dose whose code was wrong: who signed it, under which record (DESIGN 4.3)."""

    staff: str
    seq: int
    appointment: str


class Effects:
    """The rows that a batch adds."""

    def __init__(self, known: Known, cupboard: Cupboard, now: datetime) -> None:
        self._known = known
        self._cupboard = cupboard
        self._now = now
        self._rows: dict[Table, list[dict[str, Any]]] = {}
        self._voided: list[tuple[int, int]] = []
        self._undone: list[dict[str, Any]] = []
        self._certified: list[dict[str, Any]] = []
        self._touched: set[str] = set()
        self._changed: set[str] = set()
        self.mismatches: list[Mismatch] = []

    def note(self, new: New, facts: Facts, verdict: Verdict) -> None:
        """Take the answer to one record. Called in ``seq`` order."""
        self._record(new, verdict)
        incoming, body = new.incoming, new.incoming.body
        if verdict.status is Status.REFUSED or incoming.event is None:
            return
        match body:
            case DoseGiven():
                self._dose(new, body, facts, verdict)
            case Voided() if verdict.status is Status.ACCEPTED:
                self._void(new.seq, body)
            case WalkInRegistered() if incoming.opened is not None:
                self._walk_in(new, body, incoming.opened)
            case StaffAdded():
                self._staff(new)

    def write(self, connection: Connection) -> None:
        """Put everything down."""
        self._write_voids(connection)
        for table, rows in self._rows.items():
            connection.execute(insert(table), rows)
        self._write_certificates(connection)
        self._write_roster(connection)

    # One record

    def _add(self, table: Table, **values: Any) -> None:
        self._rows.setdefault(table, []).append(values)

    def _record(self, new: New, verdict: Verdict) -> None:
        incoming, known = new.incoming, self._known
        kind = "" if incoming.event is None else incoming.event.kind
        appointment = None if incoming.body is None else appointment_of(incoming.body)
        self._add(
            records,
            centre=known.centre.centre,
            device=known.device,
            seq=new.seq,
            payload=incoming.record.payload,
            keyid=storable(incoming.record.keyid, _LONGEST_KEYID),
            signature=incoming.record.signature,
            hash=incoming.hash,
            kind=storable(kind, _LONGEST_WORD),
            appointment=appointment,
            status=verdict.status.value,
            reasons=write_reasons(verdict.reasons),
            received_at=self._now,
        )
        known.earlier[new.seq] = Visited(kind, appointment, verdict.status is not Status.REFUSED)

    def _dose(self, new: New, body: DoseGiven, facts: Facts, verdict: Verdict) -> None:
        known = self._known
        seat = known.seats.get(body.appointment)
        if body.proof.how is not ProofKind.NONE:
            self._use_proof(new.seq, body.proof.sealed)
        if seat is None or facts.dose is None:
            return
        if facts.dose.proof is ProofState.MISMATCHED and seat.booked.booking is Booking.ONLINE:
            self._mismatch(new, body.appointment, seat)
        if verdict.status is Status.ACCEPTED:
            self._give(new, body, seat, facts.dose.day)

    def _use_proof(self, seq: int, sealed: bytes) -> None:
        known, name = self._known, proof_name(sealed)
        if name not in known.used:
            known.used.add(name)
            self._add(proofs, centre=known.centre.centre, device=known.device, proof=name, seq=seq)

    def _give(self, new: New, body: DoseGiven, seat: Seat, day: date) -> None:
        known, event = self._known, new.incoming.event
        assert event is not None
        previous = PreviousDose(dose=body.dose, vaccine=body.vaccine, given_on=day)
        standing = Standing(previous, known.centre.centre, known.device, new.seq)
        known.standing.setdefault(seat.beneficiary, []).append(standing)
        self._touched.add(seat.beneficiary)
        self._add(
            doses,
            beneficiary=seat.beneficiary,
            centre=known.centre.centre,
            device=known.device,
            seq=new.seq,
            dose=body.dose,
            vaccine=body.vaccine,
            batch=body.batch,
            given_on=day,
            given_at=event.at,
            recorded_at=self._now,
            appointment=body.appointment,
            voided_at=None,
        )
        self._tell(outbox.Kind.DOSE_RECORDED, seat, body.dose, body.vaccine, day)

    def _tell(self, kind: outbox.Kind, seat: Seat, dose: int, vaccine: str, day: date) -> None:
        if not seat.booked.beneficiary.mobile_last4:
            return
        product = self._known.formulary.get(vaccine)
        params: Mapping[str, str | int] = {
            "dose": dose,
            "vaccine": vaccine if product is None else product.name,
            "day": said(day),
            "centre": self._known.centre.name,
        }
        self._rows.setdefault(sms_outbox, []).append(
            outbox.row(self._cupboard, kind, seat.beneficiary, self._now, params=params)
        )

    def _mismatch(self, new: New, appointment: str, seat: Seat) -> None:
        """Retire the code at the first wrong one, before anybody is told that the record is held (DESIGN 4.3)."""
        event = new.incoming.event
        assert event is not None
        seat.mismatches += 1
        self._changed.add(appointment)
        self.mismatches.append(Mismatch(event.staff, new.seq, appointment))
        self._add(
            mismatches,
            centre=self._known.centre.centre,
            device=self._known.device,
            seq=new.seq,
            staff=event.staff,
            appointment=appointment,
            at=self._now,
        )
        if seat.mismatches == 1 and seat.code is not None:
            self._replace_code(appointment, seat)

    def _replace_code(self, name: str, seat: Seat) -> None:
        centre, cupboard = self._known.centre, self._cupboard
        assert seat.code is not None
        old = cupboard.unlock(seat.code, "code", centre.centre, name)
        fresh = new_code()
        seat.retired_code = cupboard.lock(old, "retired_code", centre.centre, name)
        seat.code = cupboard.lock(fresh.encode(), "code", centre.centre, name)
        tag = code.tag(centre.roster_key, name, code.bucket(fresh))
        seat.booked = replace(seat.booked, code_tag=tag)
        params: Mapping[str, str | int] = {"appointment": name, "centre": centre.name}
        message = outbox.row(
            cupboard,
            outbox.Kind.CODE_REPLACED,
            seat.beneficiary,
            self._now,
            params=params,
            secret={"code": fresh},
        )
        self._rows.setdefault(sms_outbox, []).append(message)

    def _void(self, seq: int, body: Voided) -> None:
        known = self._known
        target = known.earlier[body.seq]
        target.stands = False
        self._voided.append((body.seq, seq))
        seat = known.seats.get(body.appointment)
        if seat is None or target.kind != DoseGiven.KIND:
            return
        mine = (known.centre.centre, known.device, body.seq)
        standing = known.standing.get(seat.beneficiary, [])
        for one in [s for s in standing if (s.centre, s.device, s.seq) == mine]:
            standing.remove(one)
            self._touched.add(seat.beneficiary)
            self._take_back(seat.beneficiary, body.seq)
            given = one.previous
            self._tell(outbox.Kind.DOSE_VOIDED, seat, given.dose, given.vaccine, given.given_on)

    def _take_back(self, beneficiary: str, seq: int) -> None:
        for row in self._rows.get(doses, []):
            if row["seq"] == seq:
                row["voided_at"] = self._now
                return
        self._undone.append({"whose": beneficiary, "number": seq})

    def _walk_in(self, new: New, body: WalkInRegistered, opened: bytes) -> None:
        known = self._known
        try:
            details = read_details(opened)
        except ProtocolError:
            return
        if body.appointment in known.seats:
            return
        beneficiary = new_beneficiary()
        mobile = clean_mobile(details.mobile) or ""
        person = Beneficiary(
            name=storable(details.name, _LONGEST_NAME),
            year_of_birth=details.year_of_birth,
            gender=details.gender,
            photo_id=details.photo_id,
            photo_id_last4=storable(details.photo_id_last4, 4),
            mobile_last4=mobile[-4:],
        )
        event = new.incoming.event
        assert event is not None
        booked = Appointment(
            appointment=body.appointment,
            token=body.token,
            beneficiary=person,
            session_date=body.session_date,
            slot=event.at,
            vaccine=body.vaccine,
            dose=body.dose,
            booking=Booking.WALK_IN,
        )
        # Told to no desk: the one where they stand has them, and nobody else needs to know (DESIGN 5.5).
        seat = known.seats[body.appointment] = Seat(beneficiary, booked, changed=None)
        self._rows.setdefault(people, []).append(
            person_row(self._cupboard, beneficiary, person, mobile, DEFAULT_LANGUAGE, self._now)
        )
        if mobile:
            self._add(
                mobiles,
                mobile_hash=self._cupboard.keyed_hash("mobile", mobile),
                beneficiary=beneficiary,
                booking=Booking.WALK_IN.value,
            )
        centre = known.centre.centre
        self._rows.setdefault(bookings, []).append(booking_row(beneficiary, centre, booked, self._now))
        self._rows.setdefault(roster, []).append(roster_row(centre, seat))

    def _staff(self, new: New) -> None:
        incoming = new.incoming
        if incoming.certificate is None or not isinstance(incoming.body, StaffAdded) or incoming.author is None:
            return
        added = incoming.certificate
        self._certified.append(
            {
                "centre": self._known.centre.centre,
                "keyid": added.keyid,
                "subject": added.subject.value,
                "id": added.id,
                "envelope": incoming.body.certificate,
                "issuer": incoming.author.keyid,
                "added_at": self._now,
            }
        )

    # The whole batch

    def _write_voids(self, connection: Connection) -> None:
        """Before anything is inserted, so that a dose may be voided and given anew within one batch."""
        centre, device = self._known.centre.centre, self._known.device
        by = dict(self._voided)
        for row in self._rows.get(records, []):
            row["voided_by"] = by.pop(row["seq"], None)
        if by:
            statement = (
                update(records)
                .where(records.c.centre == centre, records.c.device == device, records.c.seq == bindparam("target"))
                .values(voided_by=bindparam("by"))
            )
            connection.execute(statement, [{"target": target, "by": seq} for target, seq in by.items()])
        if self._undone:
            undo = (
                update(doses)
                .where(
                    doses.c.beneficiary == bindparam("whose"),
                    doses.c.centre == centre,
                    doses.c.device == device,
                    doses.c.seq == bindparam("number"),
                )
                .values(voided_at=self._now)
            )
            connection.execute(undo, self._undone)

    def _write_certificates(self, connection: Connection) -> None:
        """A renewed certificate takes the place of the one for the same key."""
        for row in self._certified:
            same = (certificates.c.centre == row["centre"], certificates.c.keyid == row["keyid"])
            connection.execute(delete(certificates).where(*same))
            connection.execute(insert(certificates).values(row))

    def _write_roster(self, connection: Connection) -> None:
        """Tell every desk that expects one of these people what is on record for them now (DESIGN 7.5)."""
        known = self._known
        for other, names in self._open_bookings(connection).items():
            if other == known.centre.centre:
                known.seats.update(read_seats(connection, other, names - known.seats.keys()))
                self._changed |= names
            else:
                there = read_seats(connection, other, names)
                self._show_history(there.values())
                write_seats(connection, other, there)
        self._show_history(known.seats[name] for name in self._changed)
        write_seats(connection, known.centre.centre, {name: known.seats[name] for name in sorted(self._changed)})

    def _show_history(self, seats: Iterable[Seat]) -> None:
        for seat in seats:
            show_history(seat, (one.previous for one in self._known.standing.get(seat.beneficiary, ())))

    def _open_bookings(self, connection: Connection) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        if self._touched:
            statement = select(bookings.c.centre, bookings.c.appointment).where(
                bookings.c.beneficiary.in_(sorted(self._touched)),
                bookings.c.cancelled_at.is_(None),
                bookings.c.day >= self._known.centre.day(self._now),
                bookings.c.booking == Booking.ONLINE.value,
            )
            for centre, name in connection.execute(statement):
                found.setdefault(centre, set()).add(name)
        return found
