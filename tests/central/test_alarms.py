"""What the district is warned of: wrong codes, walk-ins beyond measure; told after it was dealt with (DESIGN 4.3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, select

from tests.central.correcting import void
from tests.central.machine import A, Desk, H, other_code, said
from tests.central.support import MORNING, RAMPUR, TODAY, World, count
from vaccinator_app.central import schema
from vaccinator_app.central.citizens.booking import Booked
from vaccinator_app.central.district.alarms import WALK_INS, WALK_INS_FROM, Alarm, list_alarms
from vaccinator_app.central.intake.facts import CLOCKS_DIFFER
from vaccinator_app.domain.events import Proof, ProofKind
from vaccinator_app.protocol.messages import Reason as R

NONE = Proof(how=ProofKind.NONE)
TEMPLATE = Booked(
    reference="0" * 12,
    centre=RAMPUR,
    centre_name="",
    date=TODAY,
    slot=MORNING,
    token=1,
    vaccine="covishield",
    dose=1,
    code="0000",
    slip="",
)
"""What a walk-in's dose is of."""


def alarms(world: World, district: str | None = None, since: timedelta = timedelta(days=30)) -> list[Alarm]:
    with world.home.database.read() as connection:
        return list_alarms(connection, district, world.clock() - since)


def walk_in(world: World, desk: Desk, number: int) -> None:
    visitor = f"W{number:016x}"
    desk.record(desk.walk_in(visitor, mobile=""))
    desk.record(desk.dose(TEMPLATE, appointment=visitor, proof=NONE))


def test_nobody_is_told_of_a_wrong_code_before_it_is_replaced(world: World, desk: Desk) -> None:
    """Wherever the power goes off: as long as the record is not held, the old code works; once it is, it does not."""
    booked = world.book()
    desk.record(desk.dose(booked, other_code(booked.code, same_bucket=True)))
    seat = select(schema.roster.c.code, schema.roster.c.retired_code)
    with world.home.database.read() as connection:
        before = connection.execute(seat).one()
    told = schema.sms_outbox.c.kind == "code_replaced"
    engine, answer = world.home.database.engine, {}
    for write in range(1, 40):
        left = write

        def watch(_: object, __: object, statement: str, *___: object) -> None:
            nonlocal left
            if statement.startswith(("INSERT", "UPDATE", "DELETE")):
                left -= 1
                if left == 0:
                    raise RuntimeError("the power went off")

        event.listen(engine, "before_cursor_execute", watch)
        try:
            answer = said(desk.push())
        except RuntimeError:
            with world.home.database.read() as connection:
                assert connection.execute(seat).one() == before
            assert count(world, schema.records) == count(world, schema.mismatches) == 0
            assert count(world, schema.sms_outbox, told) == 0
        else:
            break
        finally:
            event.remove(engine, "before_cursor_execute", watch)
    assert write > 4
    assert answer == {1: (H, (R.CODE_MISMATCH,))}
    with world.home.database.read() as connection:
        after = connection.execute(seat).one()
    assert count(world, schema.sms_outbox, told) == 1
    assert after.code != before.code
    assert after.retired_code is not None


def test_an_alarm_reaches_the_district_and_names_nobody(world: World, desk: Desk) -> None:
    people = [world.book(f"98765400{n:02d}", name=f"Parvathi {n}") for n in range(2)]
    for booked in people:
        desk.record(desk.dose(booked, other_code(booked.code, same_bucket=True)))
    desk.push()
    found = alarms(world, "Rampur")
    assert [(one.centre, one.kind, one.subject, one.count) for one in found] == [
        (RAMPUR, "device", desk.device, 2),
        (RAMPUR, "staff", desk.reply.in_charge, 2),
    ]
    assert alarms(world) == found
    assert alarms(world, "Elsewhere") == []
    assert alarms(world, since=timedelta(0)) == []
    assert not any(detail in repr(found) for detail in ("Parvathi", "98765", people[0].reference))


def test_a_day_of_walk_ins_raises_one_alarm_and_holds_nothing(world: World, desk: Desk) -> None:
    for number in range(WALK_INS_FROM):
        walk_in(world, desk, number)
    desk.push()
    assert alarms(world) == []
    walk_in(world, desk, 99)
    desk.push()
    wanted = [Alarm(RAMPUR, WALK_INS, TODAY.isoformat(), MORNING, WALK_INS_FROM + 1)]
    assert alarms(world) == wanted
    walk_in(world, desk, 100)
    assert said(desk.push())[len(desk.ledger)] == (A, ())
    assert alarms(world) == wanted


def test_half_of_a_days_doses_are_no_alarm(world: World, desk: Desk) -> None:
    for number in range(WALK_INS_FROM):
        walk_in(world, desk, number)
        desk.record(desk.dose(world.book()))
    desk.push()
    assert alarms(world) == []
    walk_in(world, desk, 99)
    desk.push()
    assert [one.count for one in alarms(world)] == [WALK_INS_FROM + 1]


def test_what_was_taken_back_does_not_count(world: World, desk: Desk) -> None:
    for number in range(WALK_INS_FROM):
        walk_in(world, desk, number)
    visitor = f"W{99:016x}"
    desk.record(desk.walk_in(visitor, mobile=""))
    dose = desk.dose(TEMPLATE, appointment=visitor, proof=NONE)
    desk.record(dose)
    desk.record(void(dose, desk.seq - 1))
    desk.push()
    assert alarms(world) == []


def test_each_day_is_counted_by_itself(world: World, desk: Desk) -> None:
    for number in range(WALK_INS_FROM):
        walk_in(world, desk, number)
    world.clock.move(days=1)
    walk_in(world, desk, 99)
    desk.push()
    assert alarms(world) == []


@pytest.mark.parametrize(
    ("ahead", "answer"),
    [
        (CLOCKS_DIFFER, (A, ())),
        (CLOCKS_DIFFER + timedelta(seconds=1), (H, (R.CLOCK_AHEAD,))),
        (timedelta(days=1), (H, (R.CLOCK_AHEAD,))),
        (-timedelta(days=5), (A, ())),
    ],
)
def test_a_dose_dated_ahead_of_central_is_held(
    world: World, desk: Desk, ahead: timedelta, answer: tuple[object, ...]
) -> None:
    booked = world.book()
    desk.record(desk.dose(booked), at=world.clock() + ahead)
    assert said(desk.push())[1] == answer


def test_other_records_ahead_are_accepted_as_they_are(world: World, desk: Desk) -> None:
    desk.record(desk.walk_in("W0123456789abcdef"), at=world.clock() + timedelta(hours=5))
    assert said(desk.push())[1] == (A, ())


def test_what_was_ahead_once_stays_held_though_the_time_has_come(world: World, desk: Desk) -> None:
    desk.record(desk.dose(world.book()), at=world.clock() + timedelta(hours=1))
    desk.push()
    world.clock.move(hours=2)
    assert said(desk.push())[1] == (H, (R.CLOCK_AHEAD,))
