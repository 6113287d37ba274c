"""What central knows around a batch, read in bulk before anything is decided (DESIGN 4.3, 7.1).

``Known`` is the state that a batch starts from. As its records are decided one by one, ``effects`` moves it on, so that
the second record sees what the first one did, whichever batches the two came in.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import msgspec
from sqlalchemy import Connection, or_, select

from vaccinator_app.central import locks
from vaccinator_app.central.bulk import among
from vaccinator_app.central.desks.aefi import Given, is_about, read_given
from vaccinator_app.central.desks.seats import Seat, read_seats
from vaccinator_app.central.intake.adjudicate import DoseFacts, Facts, ProofState
from vaccinator_app.central.intake.chain import New
from vaccinator_app.central.intake.closes import Closed, follows, read_closed
from vaccinator_app.central.intake.examine import Incoming, look_again
from vaccinator_app.central.intake.proofs import Holder, inherited, read_grants, read_holders
from vaccinator_app.central.intake.staff import (
    Keyholder,
    is_a_database_key,
    is_contested,
    read_epoch,
    read_keyholders,
)
from vaccinator_app.central.intake.walk_ins import read_walk_in
from vaccinator_app.central.keyring.keys import Cupboard
from vaccinator_app.central.programme import Centre, Rule, find_formulary, find_rules, in_force
from vaccinator_app.central.rows import read_outcome
from vaccinator_app.central.schema import batches, bookings, doses, people, records, roster
from vaccinator_app.domain.aefi import AefiReported
from vaccinator_app.domain.appointment import PreviousDose
from vaccinator_app.domain.closing_events import DayClosed
from vaccinator_app.domain.digits import CODE_LENGTH
from vaccinator_app.domain.events import VOIDABLE, Body, DoseGiven, ProofKind, Voided, WalkInRegistered
from vaccinator_app.domain.powers import Power, may
from vaccinator_app.domain.staff_events import StaffRemoved, VaultRekeyed
from vaccinator_app.domain.vaccines import Formulary
from vaccinator_app.domain.visits import TRIES
from vaccinator_app.protocol.messages import Reason, Status
from vaccinator_app.protocol.records import Event, read_event

CLOCKS_DIFFER = timedelta(minutes=10)
"""By how much a desk's clock may be ahead of central's before a dose is held for it."""

_VOIDABLE = frozenset(kind.KIND for kind in VOIDABLE)


class Standing(msgspec.Struct, frozen=True):
    """A dose on record that nobody voided, the record it came in, and whether the person has a mobile; ``certified``
    tells whether there is a certificate of it."""

    previous: PreviousDose
    centre: str
    device: str
    seq: int
    appointment: str
    reachable: bool
    certified: bool


@dataclass(slots=True)
class Visited:
    """A record that a ``voided`` or a correction of this batch names: whose it is, and of which day at the centre.

    ``moment`` is when a dose went in; None for what is no dose, and for one whose time was moved already. ``disputed``:
    the person said that they did not get it, or the dose that it took the place of. ``rejected``: the district decided
    against it; it can be taken back, and nothing takes its place.
    """

    kind: str
    appointment: str | None
    stands: bool
    staff: str
    day: date | None
    moment: datetime | None
    disputed: bool = False
    rejected: bool = False


@dataclass(slots=True, kw_only=True)
class Known:
    """Everything the answers to one batch depend on.

    ``targets`` are the records that it voids or corrects, ``visited`` those of them that are there. ``holders`` are the
    doses that used up its proofs, ``voided`` those records of this device among all these that do not stand any more;
    ``grants`` the accepted leaves to go on without a code, each with its appointment. ``vaccinated`` has for each
    appointment of an AEFI report its doses; ``closed`` the closes of each day that it closes. ``rebooked`` are the
    appointments that were moved; ``rules`` are there when it registers walk-ins. ``now`` is central's clock;
    ``revoked`` whether the machine is out of use by it. ``keyholders`` are those of the whole centre, ``epoch`` is
    that of the machine's newest database key.
    """

    centre: Centre
    device: str
    now: datetime
    formulary: Formulary
    expiries: dict[tuple[str, str], date]
    seats: dict[str, Seat] = field(default_factory=dict)
    elsewhere: set[str] = field(default_factory=set)
    rebooked: frozenset[str] = frozenset()
    rules: Sequence[Rule] = ()
    standing: dict[str, list[Standing]] = field(default_factory=dict)
    withdrawn: dict[tuple[str, str], datetime] = field(default_factory=dict)
    holders: dict[bytes, Holder] = field(default_factory=dict)
    voided: set[int] = field(default_factory=set)
    grants: dict[int, str] = field(default_factory=dict)
    vaccinated: dict[str, Given] = field(default_factory=dict)
    closed: dict[date, Closed] = field(default_factory=dict)
    targets: frozenset[int] = frozenset()
    visited: dict[int, Visited] = field(default_factory=dict)
    revoked: bool = False
    keyholders: dict[str, Keyholder] = field(default_factory=dict)
    epoch: int = 0


def load(connection: Connection, centre: Centre, device: str, new: Sequence[New], now: datetime) -> Known:
    """Lock and read what the records of a batch are about, a few statements for all of them."""
    bodies = [one.incoming.body for one in new]
    named = (DoseGiven, Voided, WalkInRegistered, AefiReported)
    names = {body.appointment for body in bodies if isinstance(body, named)}
    locks.appointments(connection, centre.centre, names)
    allotted = connection.execute(select(batches).where(batches.c.centre == centre.centre)).all()
    known = Known(
        centre=centre,
        device=device,
        now=now,
        formulary=find_formulary(connection),
        expiries={(row.vaccine, row.batch): row.expiry for row in allotted},
        withdrawn={(row.vaccine, row.batch): row.withdrawn_at for row in allotted if row.withdrawn_at is not None},
    )
    known.seats.update(read_seats(connection, centre.centre, names))
    missing = names - known.seats.keys()
    if missing:
        found = connection.scalars(select(roster.c.appointment).where(roster.c.appointment.in_(missing)))
        known.elsewhere.update(found)
    known.rebooked = _rebooked(connection, known.seats)
    if any(isinstance(body, WalkInRegistered) for body in bodies):
        known.rules = find_rules(connection)
    known.standing = read_standing(connection, {seat.beneficiary for seat in known.seats.values()})
    _load_proofs(connection, known, new)
    voids = {body.seq for body in bodies if isinstance(body, Voided)}
    known.targets = frozenset(voids.union(body.corrects for body in bodies if isinstance(body, DoseGiven)) - {0})
    _load_visited(connection, known)
    reports = [body for body in bodies if isinstance(body, AefiReported)]
    known.vaccinated = read_given(connection, centre.centre, reports)
    known.closed = read_closed(connection, centre.centre, {body.day for body in bodies if isinstance(body, DayClosed)})
    # Anew, within the lock: somebody's key may have been taken back since the batch was looked at.
    known.keyholders = read_keyholders(connection, centre.centre)
    if any(isinstance(body, VaultRekeyed) for body in bodies):
        known.epoch = read_epoch(connection, centre.centre, device)
    return known


_STANDING = (
    select(doses, people.c.mobile_last4)
    .join_from(doses, people, people.c.beneficiary == doses.c.beneficiary)
    .where(among(doses.c.beneficiary, "wanted"), doses.c.voided_at.is_(None))
)


def read_standing(connection: Connection, beneficiaries: Iterable[str]) -> dict[str, list[Standing]]:
    """People's doses on record that nobody voided, by person."""
    found: dict[str, list[Standing]] = {}
    wanted = sorted(beneficiaries)
    if wanted:
        for row in connection.execute(_STANDING, {"wanted": wanted}).all():
            previous = PreviousDose(dose=row.dose, vaccine=row.vaccine, given_on=row.given_on)
            reachable = bool(row.mobile_last4)
            record = (row.centre, row.device, row.seq, row.appointment)
            standing = Standing(previous, *record, reachable, row.certificate is not None)
            found.setdefault(row.beneficiary, []).append(standing)
    return found


def gather(new: New, known: Known, cupboard: Cupboard) -> Facts:
    """The facts of one record, as the records before it left them."""
    incoming, body = new.incoming, new.incoming.body
    look_again(incoming, known.keyholders)
    if incoming.flaw is not None or incoming.role is None:
        return Facts(flaw=incoming.flaw or Reason.UNKNOWN_STAFF, chained=new.chained, body=None)
    return Facts(
        flaw=None,
        chained=new.chained,
        body=body,
        opened=_has_opened(incoming),
        voidable=isinstance(body, Voided) and _is_voidable(body, known),
        may_void=isinstance(body, Voided) and _may_void(incoming, body, known),
        role=incoming.role,
        doubted=incoming.doubted,
        revoked=known.revoked,
        vaccinated=isinstance(body, AefiReported) and is_about(body, known.vaccinated[body.appointment]),
        continues=_continues(body, known),
        contested=isinstance(body, StaffRemoved) and is_contested(body, known.keyholders),
        dose=_dose(incoming, body, known, cupboard) if isinstance(body, DoseGiven) else None,
    )


def _continues(body: Body | None, known: Known) -> bool:
    if isinstance(body, VaultRekeyed):
        return body.epoch > known.epoch
    return isinstance(body, DayClosed) and follows(body, known.closed[body.day])


def _has_opened(incoming: Incoming) -> bool:
    """Whether there was in the seal what belongs there."""
    opened, event, body = incoming.opened, incoming.event, incoming.body
    if isinstance(body, VaultRekeyed):
        return is_a_database_key(body, opened)
    if opened is None or event is None:
        return False
    return not isinstance(body, WalkInRegistered) or read_walk_in(body, opened, event.at) is not None


def _dose(incoming: Incoming, body: DoseGiven, known: Known, cupboard: Cupboard) -> DoseFacts:
    assert incoming.event is not None
    seat = known.seats.get(body.appointment)
    corrected, given_at = _corrected(body, known), when(incoming.event, body)
    moved = body.given_at is not None if corrected is None else corrected.moment != given_at
    if moved:
        given_at = incoming.event.at
    batch = body.vaccine, body.batch
    withdrawn_at = known.withdrawn.get(batch)
    return DoseFacts(
        day=known.centre.day(given_at),
        booked=None if seat is None else seat.booked,
        elsewhere=body.appointment in known.elsewhere,
        proof=_proof(incoming, body, seat, known, cupboard),
        standing=() if seat is None else tuple(s.previous for s in known.standing.get(seat.beneficiary, ())),
        vaccine=known.formulary.get(body.vaccine),
        batch_expiry=known.expiries.get(batch),
        withdrawn=withdrawn_at is not None and given_at > withdrawn_at,
        misplaced=body.corrects != 0 and corrected is None,
        moved=moved,
        disputed=corrected is not None and corrected.disputed,
        rebooked=body.appointment in known.rebooked,
        ahead=max(incoming.event.at, given_at) > known.now + CLOCKS_DIFFER,
    )


def interval_of(body: WalkInRegistered, known: Known) -> int | None:
    """The interval before a walk-in's dose by the rule of the day; None when it is the vaccine's own."""
    rule = in_force(known.rules, body.vaccine, body.session_date)
    return None if rule is None else rule.interval_before(body.dose)


def _rebooked(connection: Connection, seats: Mapping[str, Seat]) -> frozenset[str]:
    """Which of these appointments were not only cancelled, but moved to another day or place."""
    cancelled = {name: seat.beneficiary for name, seat in seats.items() if seat.booked.cancelled}
    if not cancelled:
        return frozenset()
    theirs = (bookings.c.beneficiary.in_(set(cancelled.values())), bookings.c.appointment.in_(cancelled))
    return frozenset(
        connection.scalars(select(bookings.c.appointment).where(*theirs, bookings.c.moved_to.is_not(None)))
    )


def _corrected(body: DoseGiven, known: Known) -> Visited | None:
    """The dose that ``body`` takes the place of: of the same desk and appointment, and voided by now."""
    found = known.visited.get(body.corrects)
    if found is None or found.stands or found.rejected:
        return None
    return found if (found.kind, found.appointment) == (DoseGiven.KIND, body.appointment) else None


def when(event: Event, body: DoseGiven) -> datetime:
    """When the dose went in: one that corrects another says so itself."""
    return body.given_at or event.at


def moment_of(event: Event, body: Body | None, reasons: Collection[Reason]) -> datetime | None:
    """The time that a correction of this record has to say; None of what is no dose, and of one whose time was moved:
    else that time would be the right one for the next correction."""
    return when(event, body) if isinstance(body, DoseGiven) and Reason.TIME_MOVED not in reasons else None


def _proof(incoming: Incoming, body: DoseGiven, seat: Seat | None, known: Known, cupboard: Cupboard) -> ProofState:
    proof, opened = body.proof, incoming.opened
    if proof.how is ProofKind.NONE or seat is None:
        return ProofState.ABSENT
    leave = proof.how is ProofKind.OVERRIDE
    if leave and known.grants.get(proof.seq) != body.appointment:
        return ProofState.ABSENT
    if opened is None and not leave:
        return ProofState.UNREADABLE
    holder = None if incoming.seal is None else known.holders.get(incoming.seal)
    if holder is not None and not takes_over(body, holder, known):
        return ProofState.USED_BEFORE
    before = None if holder is None else inherited(holder, leave=leave)
    if before is not None:
        return before
    if opened is None:
        return ProofState.OVERRIDDEN
    return _compare(proof.how, opened, body.appointment, seat, known, cupboard)


def takes_over(body: DoseGiven, holder: Holder, known: Known) -> bool:
    """Whether ``body`` corrects the very dose that used its proof up, which must have been voided before.

    Of a chain of corrections only the last dose holds the proof, so no two of them can stand on it.
    """
    return body.corrects == holder.seq and holder.seq in known.voided


def _compare(how: ProofKind, opened: bytes, name: str, seat: Seat, known: Known, cupboard: Cupboard) -> ProofState:
    centre = known.centre.centre
    if how is ProofKind.SLIP:
        if seat.slip_secret is None:
            return ProofState.FORGOTTEN
        secret = cupboard.unlock(seat.slip_secret, "slip_secret", centre, name)
        return ProofState.MATCHED if hmac.compare_digest(secret, opened) else ProofState.MISMATCHED
    if seat.code is None:
        return ProofState.FORGOTTEN
    # An insider's guesses must not add up: after three wrong ones no code proves this appointment any more.
    if seat.mismatches < TRIES and hmac.compare_digest(cupboard.unlock(seat.code, "code", centre, name), opened):
        return ProofState.MATCHED
    if seat.retired_code is not None:
        retired = cupboard.unlock(seat.retired_code, "retired_code", centre, name)
        if hmac.compare_digest(retired, opened):
            return ProofState.RETIRED
    return ProofState.MISMATCHED if len(opened) == CODE_LENGTH else ProofState.UNREADABLE


def _is_voidable(body: Voided, known: Known) -> bool:
    target = known.visited.get(body.seq)
    return target is not None and target.stands and target.kind in _VOIDABLE and target.appointment == body.appointment


def _may_void(incoming: Incoming, body: Voided, known: Known) -> bool:
    """Whoever made the record, on its own day; an in-charge at any time (DESIGN 3.1)."""
    target, event = known.visited.get(body.seq), incoming.event
    if target is None or event is None:
        return False
    anybodys = incoming.role is not None and may(incoming.role, Power.CORRECT_ANY)
    return anybodys or (target.staff == event.staff and target.day == known.centre.day(event.at))


def _load_proofs(connection: Connection, known: Known, new: Sequence[New]) -> None:
    """Which of the batch's proofs an earlier record used up, and which leaves to go on without a code there are.

    A proof names a ``seq`` that is not above its record's, so one that names a ``seq`` of this batch cannot be in an
    earlier record; most do.
    """
    first = new[0].seq
    earlier = [
        (one.incoming.seal, one.incoming.body.proof)
        for one in new
        if one.incoming.seal is not None
        and isinstance(one.incoming.body, DoseGiven)
        and one.incoming.body.proof.seq < first
    ]
    if not earlier:
        return
    known.holders = read_holders(connection, known.centre.centre, known.device, [seal for seal, _ in earlier])
    known.voided.update(holder.seq for holder in known.holders.values() if holder.voided)
    leaves = {proof.seq for _, proof in earlier if proof.how is ProofKind.OVERRIDE}
    known.grants = read_grants(connection, known.centre.centre, known.device, leaves)


def _load_visited(connection: Connection, known: Known) -> None:
    if known.targets:
        mine = (records.c.centre == known.centre.centre, records.c.device == known.device)
        statement = select(
            *(records.c.seq, records.c.kind, records.c.appointment, records.c.status, records.c.voided_by),
            *(records.c.reasons, records.c.payload),
        ).where(
            *(*mine, records.c.seq.in_(known.targets)),
            or_(records.c.status != Status.REFUSED.value, records.c.reasons == Reason.REJECTED.value),
        )
        for row in connection.execute(statement):
            event, reasons = read_event(row.payload), read_outcome(row.seq, row.status, row.reasons).reasons
            known.visited[row.seq] = Visited(
                kind=row.kind,
                appointment=row.appointment,
                stands=row.voided_by is None,
                staff=event.staff,
                day=known.centre.day(event.at),
                moment=moment_of(event, event.read_body(), reasons),
                disputed=Reason.DISPUTED in reasons,
                rejected=Reason.REJECTED in reasons,
            )
