"""Adverse event reports and the doses that they are about (P.10.13).

A report of one desk may come before the dose that another desk gave. It is held then, and looked at again in the
transaction that brings a dose of its person.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, and_, select, text

from vaccinator_app.central.district.decisions import DecisionKind, amend, decide
from vaccinator_app.central.rows import read_outcome
from vaccinator_app.central.schema import HELD_REPORTS, devices, doses, records, roster
from vaccinator_app.domain.aefi import AefiReported
from vaccinator_app.domain.events import DoseGiven
from vaccinator_app.protocol.messages import Reason, Status
from vaccinator_app.protocol.records import read_event
from vaccinator_app.trust.keys import SigningKey

Given = dict[tuple[str, int], bool]
"""The doses of one appointment that nobody voided, by device and ``seq``: True on record, False held."""


def is_about(body: AefiReported, given: Given) -> bool:
    """Whether there is a dose to report of: one on record, or the held one that the report names."""
    return any(on_record or seq == body.dose_seq for (_, seq), on_record in given.items())


def read_given(connection: Connection, centre: str, reports: Collection[AefiReported]) -> dict[str, Given]:
    """The doses that reports may be about, by the appointment of each: all on record, of held ones those named."""
    found: dict[str, Given] = {body.appointment: {} for body in reports}
    if not found:
        return found
    desks = connection.scalars(select(devices.c.device).where(devices.c.centre == centre)).all()
    named = select(records.c.appointment, records.c.device, records.c.seq).where(
        records.c.centre == centre,
        records.c.device.in_(desks),
        records.c.seq.in_({body.dose_seq for body in reports}),
        records.c.kind == DoseGiven.KIND,
        records.c.status != Status.REFUSED.value,
        records.c.voided_by.is_(None),
    )
    same = and_(doses.c.beneficiary == roster.c.beneficiary, doses.c.appointment == roster.c.appointment)
    on_record = (
        select(doses.c.appointment, doses.c.device, doses.c.seq)
        .join_from(roster, doses, same)
        .where(roster.c.centre == centre, roster.c.appointment.in_(found), doses.c.voided_at.is_(None))
    )
    for statement, stands in ((named, False), (on_record, True)):
        for appointment, device, seq in connection.execute(statement):
            if appointment in found:
                found[appointment][device, seq] = stands
    return found


def accept_late(
    connection: Connection,
    signer: SigningKey,
    centre: str,
    device: str,
    fresh: Collection[int],
    appointments: Collection[str],
    now: datetime,
) -> dict[int, tuple[Status, tuple[Reason, ...]]]:
    """Look again at the held reports of people of whom a dose came; new answers for ``fresh``, which are this batch's.

    After the doses were written, in the same transaction. Whoever else was told of a report is told of its new answer.
    """
    held = (records.c.centre == centre, text(HELD_REPORTS))
    if not appointments or connection.execute(select(records.c.seq).where(*held).limit(1)).first() is None:
        return {}
    rows = connection.execute(
        select(records.c.device, records.c.seq, records.c.status, records.c.reasons, records.c.payload).where(
            *held, records.c.appointment.in_(appointments)
        )
    ).all()
    reports = {(row.device, row.seq): _report(row.payload) for row in rows}
    given = read_given(connection, centre, reports.values())
    answers: dict[int, tuple[Status, tuple[Reason, ...]]] = {}
    for row in rows:
        body = reports[row.device, row.seq]
        reasons = read_outcome(row.seq, row.status, row.reasons).reasons
        if Reason.NOT_VACCINATED not in reasons or not is_about(body, given[body.appointment]):
            continue
        left = tuple(reason for reason in reasons if reason is not Reason.NOT_VACCINATED)
        answer = Status.HELD if left else Status.ACCEPTED, left
        if row.device == device and row.seq in fresh:
            amend(connection, centre, device, row.seq, *answer)
            answers[row.seq] = answer
        else:
            decide(
                connection, signer, centre, row.device, row.seq, *answer, kind=DecisionKind.DOSE_CAME, now=now
            )
    return answers


def _report(payload: bytes) -> AefiReported:
    body = read_event(payload).read_body()
    assert isinstance(body, AefiReported)
    return body
