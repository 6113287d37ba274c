"""The person's word for a dose that no code proves: an OTP to their mobile, read out at the desk (DESIGN 4.4; P.13).

Only a dose that nothing else is against can be confirmed, and nobody's phone rings more than a few times for it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select, update

from vaccinator_app.central import log, one_time, outbox
from vaccinator_app.central.adjudicate import PROOF_REASONS
from vaccinator_app.central.aefi import accept_late
from vaccinator_app.central.clock import Clock
from vaccinator_app.central.database import Database
from vaccinator_app.central.decisions import PERSON, DecisionKind, decide
from vaccinator_app.central.effects import open_bookings
from vaccinator_app.central.facts import when
from vaccinator_app.central.keys import Cupboard, Keys
from vaccinator_app.central.programme import Centre, find_centre, find_formulary
from vaccinator_app.central.rows import may_be_id, read_outcome, said
from vaccinator_app.central.schema import confirmations, doses, people, records, roster, sms_outbox
from vaccinator_app.central.seats import read_seats, tell
from vaccinator_app.domain.events import DoseGiven
from vaccinator_app.protocol.messages import ConfirmReply, ConfirmRequest, ConfirmState, Reason, Status
from vaccinator_app.protocol.records import Event, read_event
from vaccinator_app.trust.keys import SigningKey

TRIES = 3
WITHIN = timedelta(hours=1)
MOST_A_RECORD = 3
MOST_A_DEVICE = 30
"""Messages within an hour: about one dose, and by the asking of one machine."""

_PURPOSE = "confirm_otp"


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A dose that a confirmation helps. ``held``: it is not on record yet."""

    centre: Centre
    device: str
    event: Event
    body: DoseGiven
    beneficiary: str
    has_mobile: bool
    held: bool


class Confirmations:
    """Answers questions for somebody's OTP. Its caller has verified that the request is the device's own."""

    def __init__(self, database: Database, keys: Keys, clock: Clock) -> None:
        self._database = database
        self._cupboard = keys.cupboard
        self._signer = keys.signing
        self._clock = clock

    def confirm(self, request: ConfirmRequest) -> ConfirmReply:
        """Have an OTP sent, or check the one that was read out; one transaction each."""
        now = self._clock()
        with self._database.write() as connection:
            waiting = self._find(connection, request)
            if waiting is None:
                state = ConfirmState.NOT_WAITING
            elif request.otp:
                state = self._check(connection, request, waiting, now)
            else:
                state = self._ask(connection, request, waiting, now)
        log.event("confirmation", centre=request.centre, device=request.device, seq=request.seq, kind=state.value)
        return ConfirmReply(centre=request.centre, device=request.device, nonce=request.nonce, state=state)

    def _find(self, connection: Connection, request: ConfirmRequest) -> _Waiting | None:
        if not may_be_id(request.of_device):
            return None
        row = connection.execute(
            select(records.c.payload, records.c.status, records.c.reasons, people.c.beneficiary, people.c.mobile)
            .join_from(
                records,
                roster,
                (roster.c.centre == records.c.centre) & (roster.c.appointment == records.c.appointment),
            )
            .join(people, people.c.beneficiary == roster.c.beneficiary)
            .where(
                records.c.centre == request.centre,
                records.c.device == request.of_device,
                records.c.seq == request.seq,
                records.c.kind == DoseGiven.KIND,
                records.c.voided_by.is_(None),
            )
        ).one_or_none()
        if row is None:
            return None
        outcome = read_outcome(request.seq, row.status, row.reasons)
        held = outcome.status is Status.HELD and bool(outcome.reasons) and PROOF_REASONS.issuperset(outcome.reasons)
        if not held and (outcome.status, outcome.reasons) != (Status.ACCEPTED, (Reason.AWAITS_OTP,)):
            return None
        event = read_event(row.payload)
        body = event.read_body()
        assert isinstance(body, DoseGiven)
        if held and _stands_already(connection, row.beneficiary, body.dose):
            return None
        centre = find_centre(connection, self._cupboard, request.centre)
        return _Waiting(centre, request.of_device, event, body, row.beneficiary, row.mobile is not None, held)

    def _ask(self, connection: Connection, request: ConfirmRequest, waiting: _Waiting, now: datetime) -> ConfirmState:
        if not waiting.has_mobile:
            return ConfirmState.NO_MOBILE
        recent = (confirmations.c.centre == request.centre, confirmations.c.asked_at > now - WITHIN)
        about = (confirmations.c.device == request.of_device, confirmations.c.seq == request.seq)
        counting = select(func.count()).select_from(confirmations).where(*recent)
        if connection.execute(counting.where(*about)).scalar_one() >= MOST_A_RECORD:
            return ConfirmState.TOO_MANY
        if connection.execute(counting.where(confirmations.c.asked_by == request.device)).scalar_one() >= MOST_A_DEVICE:
            return ConfirmState.TOO_MANY
        # One that was asked for before works no more.
        connection.execute(
            update(confirmations).where(*recent, *about, confirmations.c.expires_at > now).values(expires_at=now)
        )
        otp, name = one_time.fresh(), secrets.token_hex(8)
        connection.execute(
            insert(confirmations).values(
                centre=request.centre,
                device=request.of_device,
                seq=request.seq,
                id=name,
                asked_by=request.device,
                asked_at=now,
                otp_hash=one_time.hashed(self._cupboard, _PURPOSE, name, otp),
                expires_at=now + one_time.LIFE,
                attempts=0,
            )
        )
        message = outbox.row(
            self._cupboard,
            outbox.Kind.CONFIRM,
            waiting.beneficiary,
            now,
            params={**_about(connection, waiting), "minutes": one_time.MINUTES},
            secret={"otp": otp},
        )
        connection.execute(insert(sms_outbox).values(message))
        return ConfirmState.SENT

    def _check(self, connection: Connection, request: ConfirmRequest, waiting: _Waiting, now: datetime) -> ConfirmState:
        about = (
            confirmations.c.centre == request.centre,
            confirmations.c.device == request.of_device,
            confirmations.c.seq == request.seq,
        )
        newest = select(confirmations).where(*about).order_by(confirmations.c.expires_at.desc()).limit(1)
        row = connection.execute(newest).one_or_none()
        if row is None or row.used_at is not None or now >= row.expires_at:
            return ConfirmState.EXPIRED
        if row.attempts >= TRIES:
            return ConfirmState.TOO_MANY
        right = one_time.fits(self._cupboard, _PURPOSE, row.id, request.otp, row.otp_hash)
        connection.execute(
            update(confirmations)
            .where(*about, confirmations.c.id == row.id)
            .values(attempts=row.attempts + 1, used_at=now if right else None)
        )
        if not right:
            return ConfirmState.WRONG
        decide(
            connection,
            self._signer,
            request.centre,
            request.of_device,
            request.seq,
            Status.ACCEPTED,
            kind=DecisionKind.CONFIRMED,
            by=PERSON,
            now=now,
        )
        if waiting.held:
            _put_on_record(connection, self._cupboard, self._signer, waiting, now)
        return ConfirmState.CONFIRMED


def _stands_already(connection: Connection, beneficiary: str, dose: int) -> bool:
    standing = (doses.c.beneficiary == beneficiary, doses.c.dose == dose, doses.c.voided_at.is_(None))
    return connection.execute(select(doses.c.seq).where(*standing)).first() is not None


def _put_on_record(
    connection: Connection, cupboard: Cupboard, signer: SigningKey, waiting: _Waiting, now: datetime
) -> None:
    """What intake would have done with an accepted dose."""
    event, body, centre = waiting.event, waiting.body, waiting.centre
    given_at = when(event, body)
    connection.execute(
        insert(doses).values(
            beneficiary=waiting.beneficiary,
            centre=centre.centre,
            device=waiting.device,
            seq=event.seq,
            dose=body.dose,
            vaccine=body.vaccine,
            batch=body.batch,
            given_on=centre.day(given_at),
            given_at=given_at,
            recorded_at=now,
            appointment=body.appointment,
        )
    )
    params = _about(connection, waiting)
    recorded = outbox.Kind.DOSE_RECORDED
    # Under a name of its own: by the record's there may be one about a replaced code.
    connection.execute(
        insert(sms_outbox).values(outbox.row(cupboard, recorded, waiting.beneficiary, now, params=params))
    )
    accept_late(connection, signer, centre.centre, waiting.device, (), {body.appointment}, now)
    expected = open_bookings(connection, centre.day(now), {waiting.beneficiary})
    for place, names in sorted(expected.items()):
        tell(connection, place, read_seats(connection, place, names))


def _about(connection: Connection, waiting: _Waiting) -> dict[str, str | int]:
    product = find_formulary(connection).get(waiting.body.vaccine)
    day = waiting.centre.day(when(waiting.event, waiting.body))
    return {
        "dose": waiting.body.dose,
        "vaccine": waiting.body.vaccine if product is None else product.name,
        "day": said(day),
        "centre": waiting.centre.name,
    }
