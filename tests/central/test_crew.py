"""Who does the arithmetic of intake: the same comes out whoever does it."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

import pytest
from sqlalchemy import event, select

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


def test_while_several_batches_are_under_way_the_helpers_do_it_all(world: World, work: list[Job]) -> None:
    """This thread's interpreter is for whoever writes; alone it lends a hand."""
    alone = run(work, world.home.keys.all_codes, world.home.keys.all_people)
    with Crew(world.home.keys, helpers=1) as crew, crew.engaged():
        assert _own_work(crew, work * 6), "nobody else is there"
        with crew.engaged():
            assert crew.run(work * 6) == alone * 6
            assert _own_work(crew, work * 6) == 0
        assert _own_work(crew, work * 6), "nor is there any more"


def test_a_batch_is_under_way_from_its_arrival_until_its_answer_is_stored(world: World, desk: Desk) -> None:
    crew: Crew = vars(vars(world.api)["_intake"])["_crew"]
    seen = []
    desk.record(desk.dose(world.book()))

    def stored(*_: object) -> None:
        seen.append(vars(crew)["_batches"])

    event.listen(world.home.database.engine, "commit", stored)
    desk.push()
    event.remove(world.home.database.engine, "commit", stored)
    assert 1 in seen
    assert vars(crew)["_batches"] == 0


def _own_work(crew: Crew, batch: list[Job]) -> int:
    """Calls of the arithmetic on this thread while ``batch`` is done."""
    calls = 0

    def seen(frame: FrameType, event: str, _: object) -> None:
        nonlocal calls
        calls += event == "call" and frame.f_code is Crew._alone.__code__

    sys.setprofile(seen)
    try:
        crew.run(batch)
    finally:
        sys.setprofile(None)
    return calls
