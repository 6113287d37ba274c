"""A person who signs in and says what they got, and what became of it."""

from __future__ import annotations

from sqlalchemy import select

from tests.central.machine import Desk
from tests.central.support import RAMPUR, World
from vaccinator_app.central import schema
from vaccinator_app.central.citizens.booking import Booked
from vaccinator_app.central.district.decisions import read_decision

PHONE = "9876543210"


def sign_in(world: World, phone: str = PHONE) -> str:
    # Delivered now: messages of one moment have no order among them, and this clock stands still.
    world.drain.run()
    return world.sign_in(phone)


def name_of(desk: Desk, seq: int) -> str:
    return f"{desk.centre}.{desk.device}.{seq}"


def given(world: World, desk: Desk, phone: str = PHONE) -> Booked:
    """A dose with its code, as the head of the ledger."""
    booked = world.book(phone)
    desk.record(desk.dose(booked))
    desk.push(desk.ledger[-1:])
    world.drain.run()
    return booked


def state(world: World, desk: Desk, seq: int) -> tuple[str, list[str], str | None]:
    kept = schema.records
    with world.home.database.read() as connection:
        row = connection.execute(select(kept).where(kept.c.device == desk.device, kept.c.seq == seq)).one()
    return row.status, row.reasons.split(), row.certificate


def standing(world: World) -> list[tuple[int, bool]]:
    """``seq`` of each dose that stands, and whether it has a certificate."""
    statement = select(schema.doses.c.seq, schema.doses.c.certificate).where(schema.doses.c.voided_at.is_(None))
    with world.home.database.read() as connection:
        return [(seq, certificate is not None) for seq, certificate in connection.execute(statement)]


def kinds(world: World) -> list[str]:
    with world.home.database.read() as connection:
        rows = connection.execute(select(schema.decisions).order_by(schema.decisions.c.number)).all()
    return [read_decision(row.envelope, world.home.keys.signing.public).kind.value for row in rows]


def alarms(world: World) -> list[tuple[str, int]]:
    table = schema.alarms
    statement = select(table.c.kind, table.c["count"]).order_by(table.c.kind)
    with world.home.database.read() as connection:
        return [(kind, number) for kind, number in connection.execute(statement)]


def code_now(world: World, booked: Booked) -> str:
    """The code as the person reads it off their slip."""
    kept = schema.roster
    with world.home.database.read() as connection:
        sealed = connection.execute(select(kept.c.code).where(kept.c.appointment == booked.reference)).scalar_one()
    return world.home.keys.cupboard.unlock(sealed, "code", RAMPUR, booked.reference).decode()
