"""Who does the arithmetic of intake: the same comes out whoever does it."""

from __future__ import annotations

import os
import signal

import pytest
from sqlalchemy import select

from tests.central.machine import Desk
from tests.central.support import RAMPUR, World
from vaccinator_app.central import schema
from vaccinator_app.central.intake.crew import Crew
from vaccinator_app.central.intake.examine import Authors, Certified, Job, jobs, read, run
from vaccinator_app.protocol.records import Record
from vaccinator_app.trust.dsse import Envelope


@pytest.fixture
def work(world: World, desk: Desk) -> list[Job]:
    """A batch worth splitting: good doses, one with a spoiled signature, a walk-in."""
    booked = world.book()
    for _ in range(45):
        desk.record(desk.dose(booked))
    desk.ledger[7] = Record(desk.ledger[7].payload, desk.ledger[7].keyid, bytes(64))
    desk.record(desk.walk_in("W0123456789abcdef"))
    batch = [read(record, RAMPUR, desk.device) for record in desk.ledger]
    with world.home.database.read() as connection:
        rows = connection.execute(select(schema.certificates)).all()
    known = {row.keyid: Certified(Envelope.from_json(row.envelope), row.issuer) for row in rows}
    authors = Authors(world.home.keys.signers, RAMPUR, known, {})
    for one in batch:
        authors.attribute(one, world.clock())
    return [job for _, job in jobs(batch, world.home.keys)]


def test_helpers_find_what_one_alone_finds_and_are_not_missed_when_killed(world: World, work: list[Job]) -> None:
    alone = run(work, world.home.keys.all_codes, world.home.keys.all_people)
    assert [signed for signed, _ in alone].count(False) == 1
    assert [opened is None for _, opened in alone].count(True) == 1
    with Crew(world.home.keys, helpers=1) as crew:
        assert crew.run(work) == alone
        # more than helpers fetch beforehand, so that this thread finds some to do
        assert crew.run(work * 6) == alone * 6
        (helper,) = vars(crew)["_pool"]._processes
        os.kill(helper, signal.SIGKILL)
        assert crew.run(work * 6) == alone * 6
        assert vars(crew)["_pool"] is None
        assert crew.run(work) == alone
