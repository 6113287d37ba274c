"""One dose recorded at two desks: both sides hear of it (DESIGN 7.1, 7.3).

The record that came second is held. The one that stands goes on standing, and so does its certificate; but it is told
anew with `GIVEN_TWICE`, so that its in-charge looks as well: which of the two is true, the order of arrival cannot say.
When the second one is taken back or decided against, that mark goes away again.

Of two records of one desk that desk knows by itself.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, text

from vaccinator_app.central.adjudicate import Facts, Verdict
from vaccinator_app.central.chain import New
from vaccinator_app.central.decisions import DecisionKind, decide
from vaccinator_app.central.facts import Known
from vaccinator_app.central.rows import read_outcome
from vaccinator_app.central.schema import HELD, bookings, doses, records, roster
from vaccinator_app.domain.events import DoseGiven, Voided
from vaccinator_app.protocol.messages import Outcome, Reason, Status
from vaccinator_app.protocol.records import read_event
from vaccinator_app.trust.keys import SigningKey

Name = tuple[str, str, int]
"""Centre, device, ``seq`` of a record."""


class Twice:
    """What one batch brings of it. ``note`` each record as it is decided, ``write`` once the batch is down."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._met: set[Name] = set()
        self._voided: set[int] = set()

    def note(self, new: New, facts: Facts, verdict: Verdict) -> None:
        """Take the answer to one record."""
        body = facts.body
        if isinstance(body, Voided) and verdict.status is Status.ACCEPTED:
            self._voided.add(body.seq)
        elif isinstance(body, DoseGiven) and Reason.ALREADY_DOSED in verdict.reasons:
            seat = self._known.seats.get(body.appointment)
            for one in () if seat is None else self._known.standing.get(seat.beneficiary, ()):
                if one.previous.dose == body.dose and not self._is_mine(one.centre, one.device):
                    self._met.add((one.centre, one.device, one.seq))

    def write(self, connection: Connection, signer: SigningKey, now: datetime) -> None:
        """Tell the other sides, in the batch's own transaction."""
        for name in sorted(self._met):
            _mark(connection, signer, name, now)
        mine = self._known.centre.centre, self._known.device
        for seq in sorted(self._voided):
            given_once(connection, signer, (*mine, seq), now)

    def _is_mine(self, centre: str, device: str) -> bool:
        return (centre, device) == (self._known.centre.centre, self._known.device)


def given_once(connection: Connection, signer: SigningKey, gone: Name, now: datetime) -> None:
    """Record ``gone`` is none any more: take the mark from the dose that it was a second one of, if it was the last."""
    centre, device, seq = gone
    row = connection.execute(
        select(records.c.reasons, records.c.payload, roster.c.beneficiary)
        .join_from(
            records, roster, (roster.c.centre == records.c.centre) & (roster.c.appointment == records.c.appointment)
        )
        .where(
            records.c.centre == centre,
            records.c.device == device,
            records.c.seq == seq,
            records.c.kind == DoseGiven.KIND,
        )
    ).one_or_none()
    if row is None or Reason.ALREADY_DOSED not in row.reasons.split():
        return
    dose = dose_number(row.payload)
    stands = connection.execute(
        select(doses.c.centre, doses.c.device, doses.c.seq).where(
            doses.c.beneficiary == row.beneficiary, doses.c.dose == dose, doses.c.voided_at.is_(None)
        )
    ).one_or_none()
    if stands is None or _others(connection, row.beneficiary, dose, gone):
        return
    found = _read(connection, tuple(stands))
    if found.status is Status.ACCEPTED and Reason.GIVEN_TWICE in found.reasons:
        left = tuple(reason for reason in found.reasons if reason is not Reason.GIVEN_TWICE)
        decide(connection, signer, *stands, Status.ACCEPTED, left, kind=DecisionKind.GIVEN_ONCE, now=now)


def _mark(connection: Connection, signer: SigningKey, name: Name, now: datetime) -> None:
    found = _read(connection, name)
    if found.status is Status.ACCEPTED and Reason.GIVEN_TWICE not in found.reasons:
        reasons = (*found.reasons, Reason.GIVEN_TWICE)
        decide(connection, signer, *name, Status.ACCEPTED, reasons, kind=DecisionKind.GIVEN_TWICE, now=now)


def _read(connection: Connection, name: Name) -> Outcome:
    centre, device, seq = name
    row = connection.execute(
        select(records.c.status, records.c.reasons)
        .where(records.c.centre == centre, records.c.device == device, records.c.seq == seq)
        .with_for_update()
    ).one()
    return read_outcome(seq, row.status, row.reasons)


def _others(connection: Connection, beneficiary: str, dose: int, but: Name) -> bool:
    """Whether a further record of this dose is held beside another one, whoever sent it."""
    kinds = records.c.kind == DoseGiven.KIND
    theirs = (bookings.c.centre == records.c.centre) & (bookings.c.appointment == records.c.appointment)
    rows = connection.execute(
        select(records.c.centre, records.c.device, records.c.seq, records.c.reasons, records.c.payload)
        .join_from(bookings, records, theirs)
        .where(bookings.c.beneficiary == beneficiary, text(HELD), kinds, records.c.voided_by.is_(None))
    )
    return any(
        (centre, device, seq) != but and Reason.ALREADY_DOSED in reasons.split() and dose_number(payload) == dose
        for centre, device, seq, reasons, payload in rows
    )


def dose_number(payload: bytes) -> int:
    """Which dose a ``dose_given`` is of."""
    body = read_event(payload).read_body()
    assert isinstance(body, DoseGiven)
    return body.dose
