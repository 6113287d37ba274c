"""What central knows around a batch, read in bulk before anything is decided (DESIGN 4.3, 7.1).

``Known`` is the state that a batch starts from. As its records are decided one by one, ``effects`` moves it on, so that
the second record sees what the first one did, whichever batches the two came in.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

import msgspec
from sqlalchemy import Connection, select

from vaccinator_app.central.adjudicate import DoseFacts, Facts, ProofState
from vaccinator_app.central.chain import New
from vaccinator_app.central.examine import Incoming
from vaccinator_app.central.keys import Cupboard
from vaccinator_app.central.programme import Centre, find_formulary
from vaccinator_app.central.schema import batches, doses, people, records, roster
from vaccinator_app.central.seats import Seat, read_seats
from vaccinator_app.central.walk_ins import read_walk_in
from vaccinator_app.domain.appointment import PreviousDose
from vaccinator_app.domain.digits import CODE_LENGTH
from vaccinator_app.domain.events import (
    Arrived,
    DoseDeferred,
    DoseGiven,
    ObservationEnded,
    ProofKind,
    Voided,
    WalkInRegistered,
)
from vaccinator_app.domain.vaccines import Formulary
from vaccinator_app.domain.visits import TRIES
from vaccinator_app.protocol.messages import Status

VOIDABLE = frozenset({Arrived.KIND, DoseGiven.KIND, DoseDeferred.KIND, ObservationEnded.KIND, WalkInRegistered.KIND})
"""Kinds of record that a ``voided`` may name. A refused code is never taken back: it is a try (DESIGN 4.4)."""


class Standing(msgspec.Struct, frozen=True):
    """A dose on record that nobody voided, the record it came in, and whether the person has a mobile."""

    previous: PreviousDose
    centre: str
    device: str
    seq: int
    reachable: bool


@dataclass(slots=True)
class Visited:
    """A record that a ``voided`` of this batch names."""

    kind: str
    appointment: str | None
    stands: bool


@dataclass(slots=True, kw_only=True)
class Known:
    """Everything the answers to one batch depend on.

    ``targets`` are the records that it voids, ``visited`` those of them that are there.
    """

    centre: Centre
    device: str
    formulary: Formulary
    expiries: dict[tuple[str, str], date]
    seats: dict[str, Seat] = field(default_factory=dict)
    elsewhere: set[str] = field(default_factory=set)
    standing: dict[str, list[Standing]] = field(default_factory=dict)
    used: set[bytes] = field(default_factory=set)
    targets: frozenset[int] = frozenset()
    visited: dict[int, Visited] = field(default_factory=dict)


def load(connection: Connection, centre: Centre, device: str, new: Sequence[New]) -> Known:
    """Read what the records of a batch are about, a few statements for all of them."""
    bodies = [one.incoming.body for one in new]
    names = {body.appointment for body in bodies if isinstance(body, DoseGiven | Voided | WalkInRegistered)}
    known = Known(
        centre=centre,
        device=device,
        formulary=find_formulary(connection),
        expiries={
            (row.vaccine, row.batch): row.expiry
            for row in connection.execute(select(batches).where(batches.c.centre == centre.centre))
        },
    )
    known.seats.update(read_seats(connection, centre.centre, names))
    missing = names - known.seats.keys()
    if missing:
        found = connection.scalars(select(roster.c.appointment).where(roster.c.appointment.in_(missing)))
        known.elsewhere.update(found)
    known.standing = read_standing(connection, {seat.beneficiary for seat in known.seats.values()})
    _load_seals(connection, known, new)
    known.targets = frozenset(body.seq for body in bodies if isinstance(body, Voided))
    _load_visited(connection, known)
    return known


def read_standing(connection: Connection, beneficiaries: Iterable[str]) -> dict[str, list[Standing]]:
    """People's doses on record that nobody voided, by person."""
    found: dict[str, list[Standing]] = {}
    wanted = sorted(beneficiaries)
    if wanted:
        statement = (
            select(doses, people.c.mobile_last4)
            .join_from(doses, people, people.c.beneficiary == doses.c.beneficiary)
            .where(doses.c.beneficiary.in_(wanted), doses.c.voided_at.is_(None))
        )
        for row in connection.execute(statement):
            previous = PreviousDose(dose=row.dose, vaccine=row.vaccine, given_on=row.given_on)
            standing = Standing(previous, row.centre, row.device, row.seq, bool(row.mobile_last4))
            found.setdefault(row.beneficiary, []).append(standing)
    return found


def gather(new: New, known: Known, cupboard: Cupboard) -> Facts:
    """The facts of one record, as the records before it left them."""
    incoming, body = new.incoming, new.incoming.body
    if incoming.flaw is not None:
        return Facts(flaw=incoming.flaw, chained=new.chained, body=None)
    return Facts(
        flaw=None,
        chained=new.chained,
        body=body,
        opened=_has_opened(incoming),
        voidable=isinstance(body, Voided) and _is_voidable(body, known),
        dose=_dose(incoming, body, known, cupboard) if isinstance(body, DoseGiven) else None,
    )


def _has_opened(incoming: Incoming) -> bool:
    """Whether there was in the seal what belongs there."""
    opened, event, body = incoming.opened, incoming.event, incoming.body
    if opened is None or event is None:
        return False
    return not isinstance(body, WalkInRegistered) or read_walk_in(body, opened, event.at) is not None


def _dose(incoming: Incoming, body: DoseGiven, known: Known, cupboard: Cupboard) -> DoseFacts:
    assert incoming.event is not None
    seat = known.seats.get(body.appointment)
    return DoseFacts(
        day=known.centre.day(incoming.event.at),
        booked=None if seat is None else seat.booked,
        elsewhere=body.appointment in known.elsewhere,
        proof=_proof(incoming, body, seat, known, cupboard),
        standing=() if seat is None else tuple(s.previous for s in known.standing.get(seat.beneficiary, ())),
        vaccine=known.formulary.get(body.vaccine),
        batch_expiry=known.expiries.get((body.vaccine, body.batch)),
    )


def _proof(incoming: Incoming, body: DoseGiven, seat: Seat | None, known: Known, cupboard: Cupboard) -> ProofState:
    proof, opened = body.proof, incoming.opened
    if proof.how is ProofKind.NONE or seat is None:
        return ProofState.ABSENT
    if opened is None:
        return ProofState.UNREADABLE
    if incoming.seal in known.used:
        return ProofState.USED_BEFORE
    centre, name = known.centre.centre, body.appointment
    if proof.how is ProofKind.SLIP:
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
    return target is not None and target.stands and target.kind in VOIDABLE and target.appointment == body.appointment


def _load_seals(connection: Connection, known: Known, new: Sequence[New]) -> None:
    """Which of the batch's seals an earlier record used up.

    A seal names a ``seq`` that is not above its record's, so one that names a ``seq`` of this batch cannot be in an
    earlier record; most do.
    """
    first = new[0].seq
    seals = [
        one.incoming.seal
        for one in new
        if one.incoming.seal is not None
        and isinstance(one.incoming.body, DoseGiven)
        and one.incoming.body.proof.seq < first
    ]
    if seals:
        statement = select(records.c.proof).where(
            records.c.centre == known.centre.centre, records.c.device == known.device, records.c.proof.in_(seals)
        )
        known.used.update(connection.scalars(statement))


def _load_visited(connection: Connection, known: Known) -> None:
    if known.targets:
        mine = (records.c.centre == known.centre.centre, records.c.device == known.device)
        statement = select(
            records.c.seq, records.c.kind, records.c.appointment, records.c.status, records.c.voided_by
        ).where(*mine, records.c.seq.in_(known.targets))
        for row in connection.execute(statement):
            stands = row.voided_by is None and row.status != Status.REFUSED
            known.visited[row.seq] = Visited(row.kind, row.appointment, stands)
