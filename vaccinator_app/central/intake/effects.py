"""What follows from an answer: doses, voids, replaced codes, walk-ins, messages (DESIGN 4.3, 4.6, 7.1, 8.4).

``Effects`` collects the rows of a whole batch and moves ``Known`` on as it goes; ``write`` puts everything down in
a few statements, in the same transaction as the records themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from vaccinator_app.central import bulk, feed
from vaccinator_app.central.bulk import among
from vaccinator_app.central.certificates.certifying import fresh_id, is_proved, take_back
from vaccinator_app.central.desks.relay import QUIET
from vaccinator_app.central.desks.seats import Seat, read_seats, tell, write_seats
from vaccinator_app.central.intake.adjudicate import DoseFacts, Facts, ProofState, Verdict
from vaccinator_app.central.intake.chain import New
from vaccinator_app.central.intake.closes import NewClose
from vaccinator_app.central.intake.examine import Incoming
from vaccinator_app.central.intake.facts import Known, Standing, Visited, interval_of, moment_of, takes_over, when
from vaccinator_app.central.intake.proofs import Holder
from vaccinator_app.central.intake.staff import LastHeard
from vaccinator_app.central.intake.staff_effects import StaffEffects
from vaccinator_app.central.intake.walk_ins import WalkIn, read_walk_in, write_walk_ins
from vaccinator_app.central.keyring.keys import Cupboard
from vaccinator_app.central.messages import outbox
from vaccinator_app.central.messages.letters import Letters, letter_name
from vaccinator_app.central.programme import Centre
from vaccinator_app.central.rows import read_outcome, storable, write_reasons
from vaccinator_app.central.running.renewing import replace_code
from vaccinator_app.central.schema import bookings, doses, mismatches, records, sms_outbox
from vaccinator_app.domain.aefi import AefiReported
from vaccinator_app.domain.appointment import Booking, PreviousDose
from vaccinator_app.domain.closing_events import DayClosed
from vaccinator_app.domain.events import (
    DoseGiven,
    OverrideGranted,
    ProofKind,
    Voided,
    WalkInRegistered,
    appointment_of,
)
from vaccinator_app.domain.staff_events import Noticed, StaffAdded, StaffRemoved, VaultRekeyed
from vaccinator_app.protocol.messages import MAX_BATCH_BYTES, CertificateState, MessageState, Outcome, Reason, Status

_LONGEST_KEYID = 64
_LONGEST_WORD = 32

_RECORD = (
    *("seq", "payload", "keyid", "signature", "hash", "kind", "appointment", "status", "reasons"),
    *("voided_by", "proof", "day", "told", "certificate", "message"),
)
_VOIDED_BY, _PROOF, _, _TOLD, _CERTIFICATE, _MESSAGE = range(_RECORD.index("voided_by"), len(_RECORD))
_ANSWER = tuple(_RECORD.index(name) for name in ("status", "reasons", "certificate", "message"))
_DOSE = (
    *("beneficiary", "seq", "dose", "vaccine", "batch", "given_on", "given_at", "appointment"),
    *("voided_at", "certificate", "certified_at"),
)
_MISMATCH = ("seq", "staff", "appointment")


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A dose whose code was wrong: who signed it, under which record (DESIGN 4.3)."""

    seq: int
    staff: str
    appointment: str


class Effects:
    """The rows that a batch adds."""

    def __init__(self, known: Known, cupboard: Cupboard, now: datetime, heard: LastHeard) -> None:
        """``heard`` is what the machine said of its ledger before this batch."""
        self._known = known
        self.staff = StaffEffects(known, now, heard)
        self._cupboard = cupboard
        self._now = now
        self._records: dict[int, list[Any]] = {}
        self._to_tell: list[int] = []
        self._freed: list[tuple[int, None]] = []
        self._doses: dict[int, tuple[Any, ...]] = {}
        self._letters = Letters(known)
        self._secrets: list[dict[str, Any]] = []
        self._voids: list[tuple[int, int]] = []
        self._undone: list[tuple[str, int]] = []
        self._walk_ins: list[WalkIn] = []
        self._touched: set[str] = set()
        self._replaced: set[str] = set()
        self.mismatches: list[Mismatch] = []
        self.closes: list[NewClose] = []
        self.serious: list[int] = []
        self.notices: list[tuple[int, Noticed]] = []
        self.dosed: set[str] = set()

    def note(self, new: New, facts: Facts, verdict: Verdict) -> None:
        """Take the answer to one record. Called in ``seq`` order."""
        self._record(new, facts, verdict)
        if verdict.status is Status.REFUSED:
            return
        body, accepted = new.incoming.body, verdict.status is Status.ACCEPTED
        match body:
            case DoseGiven() if facts.dose is not None:
                self._dose(new, body, facts.dose, verdict)
            case Voided() if accepted:
                self._void(new.seq, body)
            case WalkInRegistered():
                self._walk_in(new, body)
            case StaffAdded() | StaffRemoved() | VaultRekeyed():
                self.staff.note(new, accepted=accepted, contested=facts.contested)
            case OverrideGranted() if accepted:
                self._known.grants[new.seq] = body.appointment
            case Noticed() if accepted:
                self.notices.append((new.seq, body))
            case AefiReported() if body.serious:
                self.serious.append(new.seq)
            case DayClosed() if not self._known.revoked:
                self._close(new, body, sound=accepted)

    def write(self, connection: Connection) -> None:
        """Put everything down."""
        mine = {"centre": self._known.centre.centre, "device": self._known.device}
        # Voids first, so that a dose may be voided and given anew within one batch.
        self._write_voids(connection)
        bulk.change(connection, records, ("centre", "device", "seq"), ("seq", "proof"), self._freed, **mine)
        states = take_back(connection, self._known.centre.centre, self._known.device, self._undone, self._now)
        places = self._places(connection, len(states))
        for seq, place in zip(self._to_tell, places[len(states) :], strict=True):
            self._records[seq][_TOLD] = place
        later = [(seq, state.value or None, place) for (seq, state), place in zip(states.items(), places, strict=False)]
        names = ("seq", "certificate", "changed")
        bulk.change(connection, records, ("centre", "device", "seq"), names, later, **mine)
        for seq in self._letters.seqs:
            self._records[seq][_MESSAGE] = MessageState.WAITING.value
        rows = list(map(tuple, self._records.values()))
        bulk.add(connection, records, _RECORD, rows, {**mine, "received_at": self._now})
        bulk.add(connection, doses, _DOSE, list(self._doses.values()), {**mine, "recorded_at": self._now})
        wrong = [(one.seq, one.staff, one.appointment) for one in self.mismatches]
        bulk.add(connection, mismatches, _MISMATCH, wrong, {**mine, "at": self._now})
        write_walk_ins(connection, self._cupboard, self._known.centre.centre, self._walk_ins, self._now)
        bulk.add(connection, sms_outbox, outbox.PLAIN, self._letters.rows, outbox.shared(self._now, **mine))
        if self._secrets:
            connection.execute(insert(sms_outbox), self._secrets)
        self.staff.write(connection)
        self._write_roster(connection)

    # One record

    def _record(self, new: New, facts: Facts, verdict: Verdict) -> None:
        incoming, known, status = new.incoming, self._known, verdict.status
        event = incoming.event
        kind = "" if event is None else event.kind
        appointment = None if incoming.body is None else appointment_of(incoming.body)
        record = incoming.record
        self._records[new.seq] = [
            new.seq,
            record.payload,
            storable(record.keyid, _LONGEST_KEYID),
            record.signature,
            incoming.hash,
            storable(kind, _LONGEST_WORD),
            appointment,
            status.value,
            write_reasons(verdict.reasons),
            None,
            self._use_up(new, facts, verdict),
            _day(known.centre, incoming),
            *(None, None, None),
        ]
        if _is_told(new) and not known.revoked:
            self._to_tell.append(new.seq)
        if new.seq in known.targets and event is not None and status is not Status.REFUSED:
            known.visited[new.seq] = Visited(
                kind=kind,
                appointment=appointment,
                stands=True,
                staff=event.staff,
                day=known.centre.day(event.at),
                moment=moment_of(event, incoming.body, verdict.reasons),
                disputed=Reason.DISPUTED in verdict.reasons,
            )

    def _use_up(self, new: New, facts: Facts, verdict: Verdict) -> bytes | None:
        """The name of the proof that this record holds from now on, taken from the dose it corrects if need be."""
        incoming, known = new.incoming, self._known
        seal, body = incoming.seal, incoming.body
        if seal is None or not isinstance(body, DoseGiven) or facts.dose is None:
            return None
        # One that did not open has proved nothing and is used up by nobody; nor is a leave that nobody gave.
        leave = body.proof.how is ProofKind.OVERRIDE
        if (facts.dose.proof is ProofState.ABSENT) if leave else (incoming.opened is None):
            return None
        holder = known.holders.get(seal)
        if holder is not None:
            if not takes_over(body, holder, known):
                return None
            if holder.seq in self._records:
                self._records[holder.seq][_PROOF] = None
            else:
                self._freed.append((holder.seq, None))
        known.holders[seal] = Holder(new.seq, verdict.status, verdict.reasons)
        return seal

    def _dose(self, new: New, body: DoseGiven, facts: DoseFacts, verdict: Verdict) -> None:
        self.dosed.add(body.appointment)
        given = self._known.vaccinated.get(body.appointment)
        if given is not None:
            given[self._known.device, new.seq] = verdict.status is Status.ACCEPTED
        seat = self._known.seats.get(body.appointment)
        if seat is None or facts.booked is None:
            return
        wrong = facts.proof is ProofState.MISMATCHED and facts.booked.booking is Booking.ONLINE
        # Who has a machine that is out of use shall not have codes replaced by it (P.21).
        if wrong and not self._known.revoked:
            self._mismatch(new, body.appointment, seat)
        if verdict.status is Status.ACCEPTED:
            self._give(new, body, facts, seat.beneficiary)

    def _close(self, new: New, body: DayClosed, *, sound: bool) -> None:
        self.closes.append(NewClose(new.seq, new.incoming.hash, body, sound))
        self._known.closed[body.day][new.incoming.hash.hex()] = body.amendment, sound

    def _give(self, new: New, body: DoseGiven, facts: DoseFacts, beneficiary: str) -> None:
        known, event = self._known, new.incoming.event
        assert event is not None
        assert facts.booked is not None
        given = PreviousDose(dose=body.dose, vaccine=body.vaccine, given_on=facts.day)
        reachable = bool(facts.booked.beneficiary.mobile_last4)
        proved = is_proved(facts)
        record = (known.centre.centre, known.device, new.seq, body.appointment)
        known.standing.setdefault(beneficiary, []).append(Standing(given, *record, reachable, proved))
        self._touched.add(beneficiary)
        self._records[new.seq][_CERTIFICATE] = (CertificateState.ISSUED if proved else CertificateState.WAITING).value
        self._doses[new.seq] = (
            beneficiary,
            new.seq,
            body.dose,
            body.vaccine,
            body.batch,
            facts.day,
            when(event, body),
            body.appointment,
            None,
            *((fresh_id(), self._now) if proved else (None, None)),
        )
        if reachable:
            self._letters.recorded(new.seq, beneficiary, given, certified=proved)

    def _mismatch(self, new: New, appointment: str, seat: Seat) -> None:
        """Retire the code at the first wrong one, before anybody is told that the record is held (DESIGN 4.3)."""
        event = new.incoming.event
        assert event is not None
        seat.mismatches += 1
        self._replaced.add(appointment)
        self.mismatches.append(Mismatch(new.seq, event.staff, appointment))
        if seat.mismatches == 1 and seat.code is not None:
            self._replace_code(new.seq, appointment, seat, seat.code)

    def _replace_code(self, seq: int, name: str, seat: Seat, sealed: bytes) -> None:
        centre, cupboard = self._known.centre, self._cupboard
        fresh = replace_code(cupboard, centre, name, seat, sealed)
        params: Mapping[str, str | int] = {"appointment": name, "centre": centre.name}
        self._secrets.append(
            outbox.row(
                cupboard,
                outbox.Kind.CODE_REPLACED,
                seat.beneficiary,
                self._now,
                params=params,
                secret={"code": fresh},
                name=letter_name(self._known.device, seq),
            )
        )

    def _void(self, seq: int, body: Voided) -> None:
        known = self._known
        known.visited[body.seq].stands = False
        known.voided.add(body.seq)
        self._voids.append((body.seq, seq))
        for given in known.vaccinated.values():
            given.pop((known.device, body.seq), None)
        seat = known.seats.get(body.appointment)
        if seat is None:
            return
        mine = (known.centre.centre, known.device, body.seq)
        standing = known.standing.get(seat.beneficiary, [])
        for one in [s for s in standing if (s.centre, s.device, s.seq) == mine]:
            standing.remove(one)
            self._touched.add(seat.beneficiary)
            if body.seq in self._doses:
                # Nobody can have fetched a certificate that was issued and taken back within one batch.
                self._doses[body.seq] = (*self._doses[body.seq][:-3], self._now, None, None)
                self._records[body.seq][_CERTIFICATE] = None
            else:
                self._undone.append((seat.beneficiary, body.seq))
            if one.reachable:
                self._letters.voided(seq, seat.beneficiary, one.previous, certified=one.certified)

    def _walk_in(self, new: New, body: WalkInRegistered) -> None:
        incoming = new.incoming
        if incoming.opened is None or incoming.event is None or body.appointment in self._known.seats:
            return
        found = read_walk_in(body, incoming.opened, incoming.event.at, interval_of(body, self._known))
        if found is not None:
            self._walk_ins.append(found)
            self._known.seats[body.appointment] = found.seat

    # The whole batch

    def outcome(self, seq: int) -> Outcome:
        """The answer to a record of the batch, as the whole batch left it."""
        row = self._records[seq]
        return read_outcome(seq, *(row[place] for place in _ANSWER))

    def _places(self, connection: Connection, more: int) -> range:
        """Last of all that waits for others: from here on every push and pull of the centre goes behind this one."""
        count = len(self._to_tell) + more
        return feed.take(connection, self._known.centre.centre, count) if count else range(0)

    def _write_voids(self, connection: Connection) -> None:
        earlier = []
        for target, by in self._voids:
            if target in self._records:
                self._records[target][_VOIDED_BY] = by
            else:
                earlier.append((target, by))
        mine = {"centre": self._known.centre.centre, "device": self._known.device}
        bulk.change(connection, records, ("centre", "device", "seq"), ("seq", "voided_by"), earlier, **mine)
        key = ("beneficiary", "centre", "device", "seq")
        bulk.change(connection, doses, key, ("beneficiary", "seq"), self._undone, **mine, voided_at=self._now)

    def _write_roster(self, connection: Connection) -> None:
        """Tell every desk that expects one of these people what is on record for them now (DESIGN 7.5)."""
        known = self._known
        here = known.centre.centre
        write_seats(connection, here, {name: known.seats[name] for name in sorted(self._replaced)})
        expected = open_bookings(connection, known.centre.day(self._now), self._touched)
        for centre, names in sorted(expected.items()):
            wanted = names - self._replaced if centre == here else names
            seats = {name: known.seats[name] for name in wanted if centre == here and name in known.seats}
            tell(connection, centre, seats | read_seats(connection, centre, wanted - seats.keys()))


_OPEN = select(bookings.c.centre, bookings.c.appointment).where(
    among(bookings.c.beneficiary, "whose"),
    bookings.c.day >= bindparam("today"),
    bookings.c.booking == Booking.ONLINE.value,
)


def open_bookings(connection: Connection, today: date, beneficiaries: Collection[str]) -> dict[str, set[str]]:
    """Appointments from ``today`` on of these people, by centre: whoever expects them is told of their doses."""
    found: dict[str, set[str]] = {}
    if beneficiaries:
        for centre, name in connection.execute(_OPEN, {"whose": sorted(beneficiaries), "today": today}).all():
            found.setdefault(centre, set()).add(name)
    return found


def _day(centre: Centre, incoming: Incoming) -> date | None:
    """The day at the centre on which a record says that it happened."""
    event, body = incoming.event, incoming.body
    if event is None:
        return None
    return centre.day(when(event, body) if isinstance(body, DoseGiven) else event.at)


def _is_told(new: New) -> bool:
    """Whether other desks hear of a record: it can be read, says where it belongs, and is not only about this desk."""
    event = new.incoming.event
    return (
        event is not None
        and new.incoming.flaw not in (Reason.UNREADABLE, Reason.OTHER_CENTRE, Reason.CHAIN_BROKEN)
        and event.seq == new.seq
        and event.kind not in QUIET
        and len(new.incoming.record.payload) <= MAX_BATCH_BYTES
    )
