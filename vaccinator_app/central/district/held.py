"""What waits for the district, and what its officers decide (DESIGN 7.3, 8.3).

A held record stays at its centre as an exception of the in-charge; only the district says what becomes of it. To accept
a dose puts it on record, but proves no code: without a proof that was the right one, its certificate waits for the
person's own word. Lists name records and reasons, nobody's details.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select, text, update

from vaccinator_app.central import locks, log
from vaccinator_app.central.certificates.certifying import Why
from vaccinator_app.central.clock import Clock, system_clock
from vaccinator_app.central.desks.relay import QUIET
from vaccinator_app.central.district.decisions import DISTRICT, DecisionKind, decide, was_decided
from vaccinator_app.central.district.on_record import (
    DoseRecord,
    put_on_record,
    read_dose,
    stands_already,
    take_off_record,
)
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.intake.adjudicate import PROOF_REASONS
from vaccinator_app.central.intake.staff import read_keyholders, write_revocations
from vaccinator_app.central.intake.twice import dose_number, given_once
from vaccinator_app.central.operations.admin import Home
from vaccinator_app.central.programme import find_formulary
from vaccinator_app.central.rows import may_be_id, read_outcome
from vaccinator_app.central.schema import HELD, centres, certificates, doses, records, roster
from vaccinator_app.domain.appointment import Booking
from vaccinator_app.domain.events import DoseGiven, OverrideGranted, Voided, WalkInRegistered
from vaccinator_app.domain.staff_events import StaffAdded, StaffRemoved, VaultRekeyed
from vaccinator_app.protocol.messages import Outcome, Reason, Status
from vaccinator_app.protocol.records import Event, read_event

_OFFICER = re.compile(r"[A-Za-z0-9_-]{1,32}")

_TO_BE_MADE_ANEW = (Voided.KIND, OverrideGranted.KIND, WalkInRegistered.KIND, VaultRekeyed.KIND)
"""Kinds that do something when they are accepted, which comes too late by now."""

_STAYS = (Reason.GIVEN_TWICE,)
"""Reasons that the district's word does not take away."""


class OfficerReason(StrEnum):
    """What an officer's decision rests on."""

    PERSON_ASKED = "person_asked"
    PAPER_REGISTER = "paper_register"
    STAFF_ASKED = "staff_asked"
    MACHINE_FAULT = "machine_fault"
    OTHER_RECORD = "other_record"
    """Of two records of one dose the other one was looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRecord:
    """One record that waits. ``beside`` names the dose that stands in its place (``centre.device.seq``), if any."""

    centre: str
    device: str
    seq: int
    kind: str
    reasons: tuple[Reason, ...]
    received_at: datetime
    beside: str = ""


def list_held(home: Home, district: str) -> list[HeldRecord]:
    """Everything held at the centres of ``district``, the longest waiting first. Raises ``CentralError``."""
    with home.database.read() as connection:
        ours = connection.scalars(select(centres.c.centre).where(centres.c.district == district)).all()
        if not ours:
            raise CentralError("There is no vaccination centre in a district of this name.")
        rows = connection.execute(
            select(
                *(records.c.centre, records.c.device, records.c.seq, records.c.kind, records.c.appointment),
                *(records.c.status, records.c.reasons, records.c.received_at, records.c.payload),
            )
            .where(records.c.centre.in_(ours), text(HELD), records.c.voided_by.is_(None))
            .order_by(records.c.received_at, records.c.centre, records.c.device, records.c.seq)
        ).all()
        found = [_held(connection, row) for row in rows]
        # Of a machine out of use every record is held; who signed in there decides nothing.
        return [one for one in found if one.kind not in QUIET or one.reasons != (Reason.DEVICE_REVOKED,)]


def accept(
    home: Home, centre: str, device: str, seq: int, *, by: str, why: OfficerReason, clock: Clock = system_clock
) -> Outcome:
    """The record counts: a dose goes on record, of a removal the keys count no more from now on. Returns its answer
    from now on. Raises ``CentralError``."""

    def act(connection: Connection) -> Outcome:
        found = _find(connection, centre, device, seq)
        if found.status is not Status.HELD:
            raise CentralError("This record is not held: there is nothing to decide.")
        if found.kind in _TO_BE_MADE_ANEW and not _is_done_already(found):
            raise CentralError("A record of this kind is made anew at the desk. Reject this one.")
        if found.kind == StaffRemoved.KIND:
            _remove(connection, found.name, now)
        if found.kind != DoseGiven.KIND:
            outcome = _decide(connection, home, found, officer, Status.ACCEPTED, (), now)
            if found.kind == Voided.KIND:
                _take_back(connection, home, found, now)
            return outcome
        dose = _lawful(connection, home, found)
        proved = _is_proved(connection, dose)
        left = tuple(reason for reason in dose.reasons if reason in _STAYS)
        if not proved and dose.booking is Booking.ONLINE:
            left = (Reason.AWAITS_OTP, *left)
        outcome = _decide(connection, home, found, officer, Status.ACCEPTED, left, now)
        put_on_record(connection, home.keys.cupboard, home.keys.signing, dose, now, proved=proved)
        return outcome

    officer, now = _officer(by, why), clock()
    outcome = home.database.run(act)
    log.event("held_accepted", centre=centre, device=device, seq=seq, staff=by)
    return outcome


def reject(
    home: Home, centre: str, device: str, seq: int, *, by: str, why: OfficerReason, clock: Clock = system_clock
) -> Outcome:
    """The record does not count. Of two records of one dose the one that stands may be rejected as well: the other is
    then free to be accepted. Returns its answer from now on. Raises ``CentralError``."""

    def act(connection: Connection) -> Outcome:
        found = _find(connection, centre, device, seq)
        stands = found.status is Status.ACCEPTED and Reason.GIVEN_TWICE in found.reasons
        if found.status is not Status.HELD and not stands:
            raise CentralError("This record is not held: there is nothing to decide.")
        name, signer = (centre, device, seq), home.keys.signing
        if not stands:
            given_once(connection, signer, name, now)
        if found.kind == StaffAdded.KIND:
            _end(connection, name, now)
        dose = read_dose(connection, home.keys.cupboard, *name) if stands else None
        outcome = _decide(connection, home, found, officer, Status.REFUSED, (Reason.REJECTED,), now)
        if dose is not None:
            take_off_record(connection, home.keys.cupboard, dose, Why.REJECTED, now)
        return outcome

    officer, now = _officer(by, why), clock()
    outcome = home.database.run(act)
    log.event("held_rejected", centre=centre, device=device, seq=seq, staff=by)
    return outcome


@dataclass(frozen=True, slots=True)
class _Officer:
    by: str
    why: OfficerReason


@dataclass(frozen=True, slots=True)
class _Found:
    name: tuple[str, str, int]
    kind: str
    status: Status
    reasons: tuple[Reason, ...]


def _officer(by: str, why: OfficerReason) -> _Officer:
    if not _OFFICER.fullmatch(by):
        raise CentralError("An officer is named by an id of letters, digits, - and _, up to 32 of them.")
    return _Officer(DISTRICT + by, why)


def _find(connection: Connection, centre: str, device: str, seq: int) -> _Found:
    """A record that nobody voided; all that hangs on it is locked first."""
    row = None
    if may_be_id(centre) and may_be_id(device):
        locks.record(connection, centre, device, seq)
        row = connection.execute(
            select(records.c.kind, records.c.status, records.c.reasons)
            .where(
                records.c.centre == centre,
                records.c.device == device,
                records.c.seq == seq,
                records.c.voided_by.is_(None),
            )
            .with_for_update()
        ).one_or_none()
    if row is None:
        raise CentralError("There is no such record, or its desk took it back.")
    outcome = read_outcome(seq, row.status, row.reasons)
    return _Found((centre, device, seq), row.kind, outcome.status, outcome.reasons)


def _decide(
    connection: Connection,
    home: Home,
    found: _Found,
    officer: _Officer,
    status: Status,
    reasons: tuple[Reason, ...],
    now: datetime,
) -> Outcome:
    accepted = status is Status.ACCEPTED
    kind = DecisionKind.DISTRICT_ACCEPTED if accepted else DecisionKind.DISTRICT_REJECTED
    signer, by, why = home.keys.signing, officer.by, officer.why.value
    decide(connection, signer, *found.name, status, reasons, kind=kind, by=by, why=why, now=now)
    if accepted and Reason.DEVICE_REVOKED in found.reasons and found.kind not in QUIET:
        # from now on it counts at every desk; until now none was told of it (P.21)
        centre, device, seq = found.name
        this = (records.c.centre == centre, records.c.device == device, records.c.seq == seq)
        connection.execute(update(records).where(*this).values(told=records.c.changed))
    return Outcome(found.name[2], status, reasons)


def _end(connection: Connection, name: tuple[str, str, int], now: datetime) -> None:
    """The certificate that a held record brought counts until somebody decides; from now on it does not."""
    body = _event(connection, name).read_body()
    assert isinstance(body, StaffAdded)
    brought = (certificates.c.centre == name[0], certificates.c.envelope == body.certificate)
    keyids = connection.scalars(select(certificates.c.keyid).where(*brought)).all()
    write_revocations(connection, name[0], keyids, at=now)


def _event(connection: Connection, name: tuple[str, str, int]) -> Event:
    centre, device, seq = name
    this = (records.c.centre == centre, records.c.device == device, records.c.seq == seq)
    return read_event(connection.execute(select(records.c.payload).where(*this)).scalar_one())


def _remove(connection: Connection, name: tuple[str, str, int], now: datetime) -> None:
    """Until now its subject went on in good faith, so that it is from now on, and not from the record's own time."""
    centre, event = name[0], _event(connection, name)
    body = event.read_body()
    assert isinstance(body, StaffRemoved)
    known = read_keyholders(connection, centre)
    theirs = [keyid for keyid in body.keys if keyid in known and known[keyid].id == body.staff]
    write_revocations(connection, centre, theirs, at=now, by=event.staff)


def _is_done_already(found: _Found) -> bool:
    """Of a machine out of use: a walk-in is known with their details, and a void names what can be voided. Nothing is
    left but to say that it counts; nobody can make it anew there."""
    return found.kind in (WalkInRegistered.KIND, Voided.KIND) and found.reasons == (Reason.DEVICE_REVOKED,)


def _take_back(connection: Connection, home: Home, found: _Found, now: datetime) -> None:
    """What an accepted void of a machine out of use names stands no more, as if intake had taken it."""
    centre, device, seq = found.name
    of_device = (records.c.centre == centre, records.c.device == device)
    payload = connection.execute(select(records.c.payload).where(*of_device, records.c.seq == seq)).scalar_one()
    body = read_event(payload).read_body()
    assert isinstance(body, Voided)
    dose = read_dose(connection, home.keys.cupboard, centre, device, body.seq)
    named = update(records).where(*of_device, records.c.seq == body.seq, records.c.voided_by.is_(None))
    connection.execute(named.values(voided_by=seq))
    if dose is not None and dose.status is Status.ACCEPTED:
        take_off_record(connection, home.keys.cupboard, dose, Why.VOIDED, now)


def _lawful(connection: Connection, home: Home, found: _Found) -> DoseRecord:
    """The dose, when it can stand at all. Raises ``CentralError``."""
    dose = read_dose(connection, home.keys.cupboard, *found.name)
    if dose is None:
        raise CentralError("Central does not know whose dose this is. Have it recorded anew, and reject this record.")
    vaccine = find_formulary(connection).get(dose.body.vaccine)
    if vaccine is None or not 1 <= dose.body.dose <= vaccine.doses:
        raise CentralError("The programme has no such dose of this vaccine. Have it corrected at the desk.")
    if stands_already(connection, dose.beneficiary, dose.body.dose):
        raise CentralError("Another record of this dose stands. If that one is wrong, reject it first.")
    return dose


def _is_proved(connection: Connection, dose: DoseRecord) -> bool:
    """Whether its code or slip was the right one, or the person said so once: the district's word is neither."""
    against = PROOF_REASONS | {Reason.AWAITS_OTP}
    matched = dose.has_proof and against.isdisjoint(dose.reasons)
    return matched or was_decided(connection, *dose.name, DecisionKind.CONFIRMED)


def _held(connection: Connection, row: Any) -> HeldRecord:
    outcome = read_outcome(row.seq, row.status, row.reasons)
    beside = ""
    if Reason.ALREADY_DOSED in outcome.reasons:
        stands = connection.execute(
            select(doses.c.centre, doses.c.device, doses.c.seq)
            .join_from(roster, doses, doses.c.beneficiary == roster.c.beneficiary)
            .where(
                roster.c.centre == row.centre,
                roster.c.appointment == row.appointment,
                doses.c.dose == dose_number(row.payload),
                doses.c.voided_at.is_(None),
            )
        ).first()
        beside = "" if stands is None else ".".join(map(str, stands))
    return HeldRecord(
        centre=row.centre,
        device=row.device,
        seq=row.seq,
        kind=row.kind,
        reasons=outcome.reasons,
        received_at=row.received_at,
        beside=beside,
    )
