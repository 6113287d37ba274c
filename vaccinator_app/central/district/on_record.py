"""A dose put on record after its first answer, and taken off again (DESIGN 4.4, 7.1, 8.3).

Intake does this for whole batches (``effects``); here it is one dose, because a person or the district said so. A dose
that was taken off keeps its row, so that it can stand again; the place that it held is free meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from vaccinator_app.central import locks
from vaccinator_app.central.certificates.certifying import Why, certify, revoke
from vaccinator_app.central.desks.aefi import accept_late
from vaccinator_app.central.desks.seats import read_entry, read_seats, tell
from vaccinator_app.central.intake.effects import open_bookings
from vaccinator_app.central.intake.facts import when
from vaccinator_app.central.keyring.keys import Cupboard
from vaccinator_app.central.messages import outbox
from vaccinator_app.central.programme import Centre, find_centre, find_formulary
from vaccinator_app.central.rows import may_be_id, read_outcome, said
from vaccinator_app.central.schema import doses, people, records, roster, sms_outbox
from vaccinator_app.domain.appointment import Booking
from vaccinator_app.domain.events import DoseGiven, ProofKind
from vaccinator_app.protocol.messages import CertificateState, MessageState, Reason, Status
from vaccinator_app.protocol.records import Event, read_event
from vaccinator_app.trust.keys import SigningKey

_TOLD_OF = {
    Why.VOIDED: outbox.Kind.DOSE_VOIDED,
    Why.DISPUTED: outbox.Kind.DOSE_DISPUTED,
    Why.REJECTED: outbox.Kind.DOSE_REJECTED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseRecord:
    """A dose that nobody voided, whose appointment is its centre's: the record, its answer, and whom it is about."""

    centre: Centre
    device: str
    event: Event
    body: DoseGiven
    status: Status
    reasons: tuple[Reason, ...]
    certificate: CertificateState
    beneficiary: str
    booking: Booking
    has_mobile: bool

    @property
    def name(self) -> tuple[str, str, int]:
        """Centre, device, ``seq``."""
        return self.centre.centre, self.device, self.event.seq

    @property
    def has_proof(self) -> bool:
        """Whether it came with a code or slip at all; what became of that, the reasons tell."""
        return self.booking is Booking.ONLINE and self.body.proof.how in (ProofKind.CODE, ProofKind.SLIP)


def read_dose(connection: Connection, cupboard: Cupboard, centre: str, device: str, seq: int) -> DoseRecord | None:
    """The dose; None when there is no such record, or it was voided, or its person is not known here.

    First of all in a transaction: until that ends, desk, centre, person and record are held (``locks``).
    """
    if not (may_be_id(centre) and may_be_id(device)):
        return None
    locks.record(connection, centre, device, seq)
    row = connection.execute(
        select(
            *(records.c.payload, records.c.status, records.c.reasons, records.c.certificate),
            *(roster.c.entry, people.c.beneficiary, people.c.mobile),
        )
        .join_from(
            records, roster, (roster.c.centre == records.c.centre) & (roster.c.appointment == records.c.appointment)
        )
        .join(people, people.c.beneficiary == roster.c.beneficiary)
        .where(
            records.c.centre == centre,
            records.c.device == device,
            records.c.seq == seq,
            records.c.kind == DoseGiven.KIND,
            records.c.voided_by.is_(None),
        )
        .with_for_update(of=records)
    ).one_or_none()
    if row is None:
        return None
    event = read_event(row.payload)
    body = event.read_body()
    assert isinstance(body, DoseGiven)
    outcome = read_outcome(seq, row.status, row.reasons)
    return DoseRecord(
        centre=find_centre(connection, cupboard, centre),
        device=device,
        event=event,
        body=body,
        status=outcome.status,
        reasons=outcome.reasons,
        certificate=CertificateState(row.certificate or ""),
        beneficiary=row.beneficiary,
        booking=read_entry(row.entry).booking,
        has_mobile=row.mobile is not None,
    )


def stands_already(connection: Connection, beneficiary: str, dose: int) -> bool:
    """Whether some record of this dose stands for the person."""
    standing = (doses.c.beneficiary == beneficiary, doses.c.dose == dose, doses.c.voided_at.is_(None))
    return connection.execute(select(doses.c.seq).where(*standing)).first() is not None


def put_on_record(
    connection: Connection, cupboard: Cupboard, signer: SigningKey, dose: DoseRecord, now: datetime, *, proved: bool
) -> None:
    """What intake would have done with an accepted dose; ``proved`` when its certificate follows at once.

    Its record is accepted already. That no other record of the dose stands, the caller has looked.
    """
    given_at = when(dose.event, dose.body)
    again = update(doses).where(*_row(dose)).values(voided_at=None)
    if connection.execute(again).rowcount == 0:
        centre, device, seq = dose.name
        connection.execute(
            insert(doses).values(
                beneficiary=dose.beneficiary,
                centre=centre,
                device=device,
                seq=seq,
                dose=dose.body.dose,
                vaccine=dose.body.vaccine,
                batch=dose.body.batch,
                given_on=dose.centre.day(given_at),
                given_at=given_at,
                recorded_at=now,
                appointment=dose.body.appointment,
            )
        )
    if proved:
        prove(connection, cupboard, dose, now)
    else:
        _set(connection, dose, certificate=CertificateState.WAITING.value)
        write_to(connection, cupboard, dose, outbox.Kind.DOSE_UNCONFIRMED, now)
    accept_late(connection, signer, dose.centre.centre, dose.device, (), {dose.body.appointment}, now)
    _tell_desks(connection, dose, now)


def prove(connection: Connection, cupboard: Cupboard, dose: DoseRecord, now: datetime) -> None:
    """The dose on record is proved from now on: its certificate, and a message that it can be fetched."""
    if certify(connection, *dose.name, now):
        write_to(connection, cupboard, dose, outbox.Kind.DOSE_RECORDED, now)


def take_off_record(connection: Connection, cupboard: Cupboard, dose: DoseRecord, why: Why, now: datetime) -> None:
    """The dose stands no more, nor does its certificate; the person and the desks that expect them hear of it."""
    revoke(connection, *dose.name, why, now)
    connection.execute(update(doses).where(*_row(dose)).values(voided_at=now))
    write_to(connection, cupboard, dose, _TOLD_OF[why], now)
    _tell_desks(connection, dose, now)


def about_dose(connection: Connection, dose: DoseRecord) -> dict[str, str | int]:
    """What a message says of it."""
    product = find_formulary(connection).get(dose.body.vaccine)
    return {
        "dose": dose.body.dose,
        "vaccine": dose.body.vaccine if product is None else product.name,
        "day": said(dose.centre.day(when(dose.event, dose.body))),
        "centre": dose.centre.name,
    }


def write_to(connection: Connection, cupboard: Cupboard, dose: DoseRecord, kind: outbox.Kind, now: datetime) -> None:
    """A message to the person, under a name of its own: by the record's there may be one already.

    The desk hears what becomes of it; the caller's decision puts the record into the feed.
    """
    if dose.has_mobile:
        params = about_dose(connection, dose)
        row = outbox.row(cupboard, kind, dose.beneficiary, now, params=params, about=dose.name)
        connection.execute(insert(sms_outbox).values(row))
        _set(connection, dose, message=MessageState.WAITING.value)


def _set(connection: Connection, dose: DoseRecord, **values: str) -> None:
    centre, device, seq = dose.name
    mine = (records.c.centre == centre, records.c.device == device, records.c.seq == seq)
    connection.execute(update(records).where(*mine).values(values))


def _row(dose: DoseRecord) -> tuple[Any, ...]:
    centre, device, seq = dose.name
    return (
        doses.c.beneficiary == dose.beneficiary,
        doses.c.centre == centre,
        doses.c.device == device,
        doses.c.seq == seq,
    )


def _tell_desks(connection: Connection, dose: DoseRecord, now: datetime) -> None:
    """Every desk that expects the person is told what is on record for them now (DESIGN 7.5)."""
    expected = open_bookings(connection, dose.centre.day(now), {dose.beneficiary})
    for place, names in sorted(expected.items()):
        tell(connection, place, read_seats(connection, place, names))
