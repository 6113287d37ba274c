"""The person's own word for a dose, after signing in: they got it, or they did not (DESIGN 4.4, 8.2, 8.3).

A yes proves the dose where no code or slip did. A no takes it off the record at once, certificate and all, and holds
its record until the district has looked; two of them within 30 days, of one person's signature or one machine, raise
an alarm. Whoever said no by mistake may say yes; once the district has accepted a record, its word stands.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from vaccinator_app.central import log
from vaccinator_app.central.certificates.certifying import Why
from vaccinator_app.central.citizens.login import Login
from vaccinator_app.central.clock import Clock
from vaccinator_app.central.database import Database
from vaccinator_app.central.district.alarms import raise_for_disputes
from vaccinator_app.central.district.decisions import PERSON, DecisionKind, decide, was_decided
from vaccinator_app.central.district.on_record import (
    DoseRecord,
    prove,
    put_on_record,
    read_dose,
    stands_already,
    take_off_record,
)
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.intake.adjudicate import PROOF_REASONS
from vaccinator_app.central.keyring.keys import Cupboard, Keys
from vaccinator_app.central.running.renewing import renew
from vaccinator_app.central.schema import mobiles
from vaccinator_app.protocol.messages import CertificateState, Reason, Status
from vaccinator_app.protocol.shapes import MAX_NUMBER
from vaccinator_app.trust.keys import SigningKey

_ANSWERED = PROOF_REASONS | {Reason.AWAITS_OTP, Reason.DISPUTED}
"""Reasons that the person's yes takes away."""


class Word:
    """Takes people's word. Each call is one transaction; a ``Refused`` one changed nothing."""

    def __init__(self, database: Database, keys: Keys, clock: Clock, login: Login) -> None:
        self._database = database
        self._cupboard = keys.cupboard
        self._signer = keys.signing
        self._clock = clock
        self._login = login

    def confirm(self, token: str, dose: str) -> None:
        """They got ``dose`` (``centre.device.seq``). Once it is proved, to say so again changes nothing."""

        def act(connection: Connection) -> DoseRecord:
            found = self._find(connection, token, dose)
            if found.status is Status.HELD and not _ANSWERED.issuperset(found.reasons):
                raise Refused("dose_held", 409, "The vaccination centre looks into this dose first. Ask there.")
            if found.status is Status.HELD and stands_already(connection, found.beneficiary, found.body.dose):
                raise Refused("already_dosed", 409, "This dose is on record for this person already.")
            if awaits_word(found):
                take_word(connection, self._cupboard, self._signer, found, now)
            return found

        now = self._clock()
        _log("dose_confirmed", self._database.run(act))

    def dispute(self, token: str, dose: str) -> None:
        """They did not get ``dose`` (``centre.device.seq``). To say so again changes nothing."""

        def act(connection: Connection) -> DoseRecord:
            found = self._find(connection, token, dose)
            if was_decided(connection, *found.name, DecisionKind.DISTRICT_ACCEPTED):
                raise Refused(
                    "dose_settled", 409, "The district office has looked into this dose already. Speak to them."
                )
            if Reason.DISPUTED not in found.reasons:
                self._dispute(connection, found, now)
            return found

        now = self._clock()
        _log("dose_disputed", self._database.run(act))

    def _dispute(self, connection: Connection, dose: DoseRecord, now: datetime) -> None:
        reasons = (Reason.DISPUTED, *dose.reasons)
        kind = DecisionKind.DISPUTED
        decide(connection, self._signer, *dose.name, Status.HELD, reasons, kind=kind, by=PERSON, now=now)
        if dose.status is Status.ACCEPTED:
            take_off_record(connection, self._cupboard, dose, Why.DISPUTED, now)
            # Else whoever knew the code records the same dose once more.
            renew(connection, self._cupboard, dose.centre, dose.body.appointment)
        raise_for_disputes(connection, dose.centre.centre, dose.device, dose.event.staff, now)

    def _find(self, connection: Connection, token: str, name: str) -> DoseRecord:
        """One of the doses of this mobile's people that may still count. Raises ``Refused``."""
        citizen = self._login.citizen(connection, token)
        centre, device, seq = _parts(name)
        found = read_dose(connection, self._cupboard, centre, device, seq)
        if found is not None and found.status is not Status.REFUSED:
            theirs = (mobiles.c.mobile_hash == citizen.mobile_hash, mobiles.c.beneficiary == found.beneficiary)
            if connection.execute(select(mobiles.c.beneficiary).where(*theirs)).first() is not None:
                return found
        raise Refused("dose_unknown", 404, "There is no such dose under this mobile number.")


def awaits_word(dose: DoseRecord) -> bool:
    """Whether a yes changes anything: a held record for want of proof alone, or a dose whose certificate waits."""
    if dose.status is Status.HELD:
        return bool(dose.reasons) and _ANSWERED.issuperset(dose.reasons)
    waits = dose.certificate is CertificateState.WAITING or Reason.AWAITS_OTP in dose.reasons
    return dose.status is Status.ACCEPTED and waits


def take_word(connection: Connection, cupboard: Cupboard, signer: SigningKey, dose: DoseRecord, now: datetime) -> None:
    """The person's yes to a dose that awaits it and beside which no other stands, in the caller's transaction."""
    left = tuple(reason for reason in dose.reasons if reason not in _ANSWERED)
    kind = DecisionKind.CONFIRMED
    decide(connection, signer, *dose.name, Status.ACCEPTED, left, kind=kind, by=PERSON, now=now)
    if dose.status is Status.HELD:
        put_on_record(connection, cupboard, signer, dose, now, proved=True)
    else:
        prove(connection, cupboard, dose, now)


def _parts(name: str) -> tuple[str, str, int]:
    centre, _, rest = name.partition(".")
    device, _, number = rest.partition(".")
    whole = number.isascii() and number.isdigit() and len(number) <= len(str(MAX_NUMBER))
    return (centre, device, int(number)) if whole else ("", "", 0)


def _log(name: str, dose: DoseRecord) -> None:
    centre, device, seq = dose.name
    log.event(name, centre=centre, device=device, seq=seq)
