"""When a dose has a certificate, and when it loses it: always in the transaction of the reason (DESIGN 8.3; C.5).

A certificate is an id on the dose, and nothing more; the card is signed when somebody fetches it (``certificates``). So
intake, which brings thousands of doses at once, signs nothing. Two decisions on one dose never cross: whoever takes one
locks what it rests on first (``locks.record``), as intake does for a whole batch.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, and_, insert, select, update

from vaccinator_app.central import bulk, feed, locks, log
from vaccinator_app.central.intake.adjudicate import DoseFacts, ProofState
from vaccinator_app.central.schema import bookings, doses, records, revoked_certificates, roster
from vaccinator_app.domain.appointment import Booking
from vaccinator_app.protocol.messages import CertificateState, Reason, Status


class Why(StrEnum):
    """Why a certificate stands no more."""

    VOIDED = "voided"
    DISPUTED = "disputed"
    REJECTED = "rejected"


def fresh_id() -> str:
    """A certificate's id: 32 hex digits that tell nothing of anybody."""
    return secrets.token_hex(16)


def is_proved(dose: DoseFacts) -> bool:
    """Whether an accepted dose needs nobody's further word: its code or slip was the right one (DESIGN 8.3).

    A walk-in has neither, and an in-charge's leave to go on without one is not the person's.
    """
    online = dose.booked is not None and dose.booked.booking is not Booking.WALK_IN
    return online and dose.proof is ProofState.MATCHED


def certify(connection: Connection, centre: str, device: str, seq: int, now: datetime) -> bool:
    """Issue the certificate of an accepted dose that stands, and tell its desk; once, however often it is called.

    Its caller has locked the record and knows that the person's word or a proof is there. False, and nothing done, when
    there is no such dose, it does not stand, or its record is not accepted or waits for the person's word.
    """
    row = _find(connection, centre, device, seq)
    if row is None or row.voided_at is not None or not _is_sound(row):
        return False
    if row.certificate is None:
        mine = _dose_is(row.beneficiary, centre, device, seq)
        connection.execute(update(doses).where(*mine).values(certificate=fresh_id(), certified_at=now))
        log.event("certificates_issued", count=1)
        _set_state(connection, centre, device, seq, CertificateState.ISSUED)
    return True


def revoke(connection: Connection, centre: str, device: str, seq: int, why: str, now: datetime) -> None:
    """Take the certificate of a dose back for ever, and tell its desk. Nothing happens where there is none.

    Its caller has locked the record. One that only waited waits no more.
    """
    row = _find(connection, centre, device, seq)
    if row is None:
        return
    if row.certificate is not None:
        _put_on_list(connection, [(row.certificate, row.beneficiary)], why, now)
        log.event("certificates_revoked", count=1)
        mine = _dose_is(row.beneficiary, centre, device, seq)
        connection.execute(update(doses).where(*mine).values(certificate=None, certified_at=None))
        _set_state(connection, centre, device, seq, CertificateState.REVOKED)
    elif row.state == CertificateState.WAITING.value:
        _set_state(connection, centre, device, seq, CertificateState.NONE)


def take_back(
    connection: Connection, centre: str, device: str, gone: Sequence[tuple[str, int]], now: datetime
) -> Mapping[int, CertificateState]:
    """What becomes of the certificates of doses that a batch voids, each by beneficiary and ``seq``, in bulk.

    The doses lose theirs; the caller writes the states to their records.
    """
    if not gone:
        return {}
    found = connection.execute(
        select(doses.c.beneficiary, doses.c.seq, doses.c.certificate).where(
            doses.c.beneficiary.in_({beneficiary for beneficiary, _ in gone}),
            doses.c.centre == centre,
            doses.c.device == device,
            doses.c.seq.in_({seq for _, seq in gone}),
        )
    ).all()
    lost = [(row.certificate, row.beneficiary) for row in found if row.certificate is not None]
    _put_on_list(connection, lost, Why.VOIDED, now)
    if lost:
        log.event("certificates_revoked", count=len(lost))
    rows = [(row.beneficiary, row.seq) for row in found if row.certificate is not None]
    key = ("beneficiary", "centre", "device", "seq")
    empty = {"certificate": None, "certified_at": None}
    bulk.change(connection, doses, key, ("beneficiary", "seq"), rows, centre=centre, device=device, **empty)
    return {row.seq: CertificateState.NONE if row.certificate is None else CertificateState.REVOKED for row in found}


def certify_older(connection: Connection, beneficiaries: Collection[str], now: datetime) -> None:
    """Give doses that an earlier version put on record what they would have got from this one (C.5.6).

    That version accepted a booked dose only with its code or slip, or on the person's word; for the others it waits.
    """
    if not beneficiaries:
        return
    same = and_(records.c.centre == doses.c.centre, records.c.device == doses.c.device, records.c.seq == doses.c.seq)
    booked = and_(bookings.c.beneficiary == doses.c.beneficiary, bookings.c.appointment == doses.c.appointment)
    statement = (
        select(doses.c.centre, doses.c.device, doses.c.seq, bookings.c.booking)
        .join_from(doses, records, same)
        .join(bookings, booked)
        .where(
            doses.c.beneficiary.in_(sorted(beneficiaries)),
            doses.c.voided_at.is_(None),
            doses.c.certificate.is_(None),
            records.c.certificate.is_(None),
            records.c.status == Status.ACCEPTED.value,
        )
        .order_by(doses.c.centre, doses.c.device, doses.c.seq)
    )
    locks.places(connection, {row.centre for row in connection.execute(statement)})
    locks.persons(connection, beneficiaries)
    # Read again: somebody may have been quicker.
    for centre, device, seq, booking in connection.execute(statement).all():
        if booking == Booking.WALK_IN.value or not certify(connection, centre, device, seq, now):
            _set_state(connection, centre, device, seq, CertificateState.WAITING)


def _find(connection: Connection, centre: str, device: str, seq: int) -> Any:
    """The dose of a record, whether it stands or not: by its person, whom the doses are kept by."""
    seat = and_(roster.c.centre == records.c.centre, roster.c.appointment == records.c.appointment)
    dose = and_(
        doses.c.beneficiary == roster.c.beneficiary,
        doses.c.centre == records.c.centre,
        doses.c.device == records.c.device,
        doses.c.seq == records.c.seq,
    )
    return connection.execute(
        select(
            *(doses.c.beneficiary, doses.c.voided_at, doses.c.certificate),
            *(records.c.status, records.c.reasons, records.c.certificate.label("state")),
        )
        .join_from(records, roster, seat)
        .join(doses, dose)
        .where(records.c.centre == centre, records.c.device == device, records.c.seq == seq)
    ).one_or_none()


def _is_sound(row: Any) -> bool:
    return row.status == Status.ACCEPTED.value and Reason.AWAITS_OTP.value not in row.reasons.split()


def _dose_is(beneficiary: str, centre: str, device: str, seq: int) -> tuple[Any, ...]:
    whose = (doses.c.beneficiary == beneficiary, doses.c.centre == centre)
    return (*whose, doses.c.device == device, doses.c.seq == seq)


def _put_on_list(connection: Connection, gone: Sequence[tuple[str, str]], why: str, now: datetime) -> None:
    rows = [
        {"certificate": certificate, "beneficiary": beneficiary, "revoked_at": now, "why": why}
        for certificate, beneficiary in gone
    ]
    if rows:
        connection.execute(insert(revoked_certificates), rows)


def _set_state(connection: Connection, centre: str, device: str, seq: int, state: CertificateState) -> None:
    (place,) = feed.take(connection, centre, 1)
    connection.execute(
        update(records)
        .where(records.c.centre == centre, records.c.device == device, records.c.seq == seq)
        .values(certificate=state.value or None, changed=place)
    )
