"""The person's word for a dose that no code proves: an OTP to their mobile, read out at the desk (DESIGN 4.4; P.13).

Only a dose that nothing else is against can be confirmed, and nobody's phone rings more than a few times for it.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select, update

from vaccinator_app.central import log
from vaccinator_app.central.citizens import one_time
from vaccinator_app.central.citizens.word import awaits_word, take_word
from vaccinator_app.central.clock import Clock
from vaccinator_app.central.database import Database
from vaccinator_app.central.district.on_record import DoseRecord, about_dose, read_dose, stands_already
from vaccinator_app.central.keyring.keys import Keys
from vaccinator_app.central.messages import outbox
from vaccinator_app.central.schema import confirmations, sms_outbox
from vaccinator_app.protocol.messages import ConfirmReply, ConfirmRequest, ConfirmState, Reason, Status

TRIES = 3
WITHIN = timedelta(hours=1)
MOST_A_RECORD = 3
MOST_A_DEVICE = 30
"""Messages within an hour: about one dose, and by the asking of one machine."""

_PURPOSE = "confirm_otp"


class Confirmations:
    """Answers questions for somebody's OTP. Its caller has verified that the request is the device's own."""

    def __init__(self, database: Database, keys: Keys, clock: Clock) -> None:
        self._database = database
        self._cupboard = keys.cupboard
        self._signer = keys.signing
        self._clock = clock

    def confirm(self, request: ConfirmRequest) -> ConfirmReply:
        """Have an OTP sent, or check the one that was read out; one transaction each."""

        def act(connection: Connection) -> ConfirmState:
            waiting = self._find(connection, request)
            if waiting is None:
                return ConfirmState.NOT_WAITING
            step = self._check if request.otp else self._ask
            return step(connection, request, waiting, now)

        now = self._clock()
        state = self._database.run(act)
        log.event("confirmation", centre=request.centre, device=request.device, seq=request.seq, kind=state.value)
        return ConfirmReply(centre=request.centre, device=request.device, nonce=request.nonce, state=state)

    def _find(self, connection: Connection, request: ConfirmRequest) -> DoseRecord | None:
        found = read_dose(connection, self._cupboard, request.centre, request.of_device, request.seq)
        # What somebody disputed they take back themselves, signed in, and not with a member of the staff beside them.
        if found is None or not awaits_word(found) or Reason.DISPUTED in found.reasons:
            return None
        held = found.status is Status.HELD
        return None if held and stands_already(connection, found.beneficiary, found.body.dose) else found

    def _ask(self, connection: Connection, request: ConfirmRequest, waiting: DoseRecord, now: datetime) -> ConfirmState:
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
            params={**about_dose(connection, waiting), "minutes": one_time.MINUTES},
            secret={"otp": otp},
        )
        connection.execute(insert(sms_outbox).values(message))
        return ConfirmState.SENT

    def _check(
        self, connection: Connection, request: ConfirmRequest, waiting: DoseRecord, now: datetime
    ) -> ConfirmState:
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
        take_word(connection, self._cupboard, self._signer, waiting, now)
        return ConfirmState.CONFIRMED
