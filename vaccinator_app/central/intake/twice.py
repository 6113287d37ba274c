"""One dose recorded at two desks: both sides hear of it (DESIGN 7.1, 7.3).

One record is held, in whichever order they came. The one that stands goes on standing, and so does its certificate;
but it is told anew with ``GIVEN_TWICE``, so that its in-charge looks as well: which of the two is true, the order of
arrival cannot say. When the held one is taken back or decided against, that mark goes away again.

Of two records of one desk that desk knows by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection, select, text

from vaccinator_app.central.bulk import among
from vaccinator_app.central.district.decisions import DecisionKind, amend, decide
from vaccinator_app.central.intake.adjudicate import Facts, Verdict
from vaccinator_app.central.intake.chain import New
from vaccinator_app.central.intake.facts import Known
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
        self._given: dict[tuple[str, int], int] = {}
        self._voided: set[int] = set()

    def note(self, new: New, facts: Facts, verdict: Verdict) -> None:
        """Take the answer to one record."""
        body = facts.body
        if isinstance(body, Voided) and verdict.status is Status.ACCEPTED:
            self._voided.add(body.seq)
        seat = self._known.seats.get(body.appointment) if isinstance(body, DoseGiven) else None
        if not isinstance(body, DoseGiven) or seat is None:
            return
        if verdict.status is Status.ACCEPTED:
            self._given[seat.beneficiary, body.dose] = new.seq
        elif Reason.ALREADY_DOSED in verdict.reasons:
            for one in self._known.standing.get(seat.beneficiary, ()):
                if one.previous.dose == body.dose and (one.centre, one.device) != self._mine:
                    self._met.add((one.centre, one.device, one.seq))

    def write(self, connection: Connection, signer: SigningKey, outcomes: dict[int, Outcome], now: datetime) -> None:
        """Tell the other sides, in the batch's own transaction; of this one's records ``outcomes`` are changed."""
        for name in sorted(self._met):
            _mark(connection, signer, name, now)
        for seq in sorted(self._voided):
            given_once(connection, signer, (*self._mine, seq), now)
        given = {key: seq for key, seq in self._given.items() if seq not in self._voided}
        for name, reasons, seq in _held_before(connection, self._mine, given):
            if Reason.ALREADY_DOSED not in reasons:
                more = (*reasons, Reason.ALREADY_DOSED)
                decide(connection, signer, *name, Status.HELD, more, kind=DecisionKind.GIVEN_TWICE, now=now)
            before = outcomes[seq]
            if Reason.GIVEN_TWICE not in before.reasons:
                outcomes[seq] = replace(before, reasons=(*before.reasons, Reason.GIVEN_TWICE))
                amend(connection, *self._mine, seq, before.status, outcomes[seq].reasons)

    @property
    def _mine(self) -> tuple[str, str]:
        return self._known.centre.centre, self._known.device


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


def _held_before(
    connection: Connection, mine: tuple[str, str], given: Mapping[tuple[str, int], int]
) -> list[tuple[Name, tuple[Reason, ...], int]]:
    """Records of other desks that were held before one of ``given`` (person and dose; its ``seq``) was accepted."""
    if not given:
        return []
    found = []
    for row in _held_doses(connection, {beneficiary for beneficiary, _ in given}):
        seq = given.get((row.beneficiary, dose_number(row.payload)))
        if seq is not None and (row.centre, row.device) != mine:
            reasons = read_outcome(row.seq, Status.HELD, row.reasons).reasons
            found.append(((row.centre, row.device, row.seq), reasons, seq))
    return found


_HELD_DOSES = (
    select(
        bookings.c.beneficiary,
        *(records.c.centre, records.c.device, records.c.seq, records.c.reasons, records.c.payload),
    )
    .join_from(
        bookings,
        records,
        (bookings.c.centre == records.c.centre) & (bookings.c.appointment == records.c.appointment),
    )
    .where(
        among(bookings.c.beneficiary, "whose"),
        text(HELD),
        records.c.kind == DoseGiven.KIND,
        records.c.voided_by.is_(None),
    )
    .order_by(records.c.centre, records.c.device, records.c.seq)
)


def _held_doses(connection: Connection, beneficiaries: Collection[str]) -> Sequence[Any]:
    """The doses of these people that are held, whoever sent them."""
    return connection.execute(_HELD_DOSES, {"whose": sorted(beneficiaries)}).all()


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
    """Whether a further record of this dose is held beside another one."""
    return any(
        (row.centre, row.device, row.seq) != but
        and Reason.ALREADY_DOSED in row.reasons.split()
        and dose_number(row.payload) == dose
        for row in _held_doses(connection, {beneficiary})
    )


def dose_number(payload: bytes) -> int:
    """Which dose a ``dose_given`` is of."""
    body = read_event(payload).read_body()
    assert isinstance(body, DoseGiven)
    return body.dose
