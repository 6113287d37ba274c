"""No statement of a busy hour reads a whole table, on a PostgreSQL that holds 30,000 of everything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import Column, Connection, event, select, text

from tests.central.machine import Desk
from tests.central.reporting import report
from tests.central.support import BHOJPUR, HOME, TODAY, World
from vaccinator_app.central.citizens.account import Account
from vaccinator_app.central.citizens.booking import MoveForm
from vaccinator_app.central.citizens.word import Word
from vaccinator_app.central.schema import metadata
from vaccinator_app.domain.events import Proof, ProofKind, Voided, VoidReason

pytestmark = [
    pytest.mark.slow,
    # SQLite plans alike at any size; the tests beside the code ask it.
    pytest.mark.parametrize("made_home", ["postgresql"], indirect=True),
]

ROWS = 30_000
SMALL = 3_000
"""A table with fewer rows may be read whole: it is one or two dozen pages."""

FEW = {"centres": 2_000, "devices": 2_000, "device_heads": 2_000, "session_days": 2_000, "certificates": 4_000}
KEPT = {"vaccines", "vaccine_rules", "switches", "partners"}
"""The programme's own, which stay as few as they are."""

_SAME = {"centre": "lpad((300000 + n % 2000)::text, 6, '0')", "day": f"DATE '{TODAY}'"}
_COUNTED = {"seq", "told", "number", "span"}


@dataclass
class Heard:
    """Every statement that was sent, each with the first of its parameters."""

    statements: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def listening(self, world: World) -> Iterator[None]:
        def hear(_: object, __: object, statement: str, parameters: Any, ___: object, many: bool) -> None:
            self.statements.setdefault(statement, parameters[0] if many else parameters)

        event.listen(world.home.database.engine, "before_cursor_execute", hear)
        yield
        event.remove(world.home.database.engine, "before_cursor_execute", hear)


def use_everything(world: World, mobile: str) -> None:
    """One person and their desk: what happens a million times in a busy hour."""
    token = world.sign_in(mobile)
    desk = Desk(world)
    booked, moved, dropped = (world.bookings.book(token, world.form()) for _ in range(3))
    world.bookings.move(token, moved.reference, MoveForm(centre=BHOJPUR, date=TODAY.isoformat(), slot="10:15"))
    world.bookings.cancel(token, dropped.reference)
    cursor = desk.pull().cursor
    name = f"W{mobile:0>16}"
    desk.record(desk.walk_in(name))
    desk.record(desk.dose(booked, proof=Proof(how=ProofKind.NONE)))
    desk.record(report(booked.reference, dose_seq=2))
    desk.record(desk.refused_code(booked, "0000"))
    desk.push()
    desk.push()
    desk.confirm(2)
    desk.confirm(2, world.inbox(mobile)[-1][:6])
    desk.record(Voided(appointment=booked.reference, seq=2, reason=VoidReason.NOT_GIVEN))
    desk.record(desk.dose(booked))
    desk.push()
    world.drain.run()
    desk.pull(cursor)
    database, keys = world.home.database, world.home.keys
    Account(database, keys, world.clock, world.login).people(token)
    Word(database, keys, world.clock, world.login).confirm(token, f"{desk.centre}.{desk.device}.6")
    world.login.sign_out(token)
    # What is used up is there again, so that every table has a row to be copied.
    world.sign_in(mobile)
    world.login.ask(mobile, "en", address=HOME)


def fill(connection: Connection) -> None:
    """Copies of the first row of each table, under keys of their own."""
    for table in metadata.sorted_tables:
        first = connection.execute(select(table).limit(1)).mappings().one_or_none()
        if first is None or table.name in KEPT:
            continue
        values = {column.name: _value(column) for column in table.c}
        names, made = ", ".join(values), ", ".join(values.values())
        rows = FEW.get(table.name, ROWS)
        connection.execute(
            text(
                f"INSERT INTO {table.name} ({names}) SELECT {made} FROM generate_series(1, {rows}) n, "
                f"(SELECT * FROM {table.name} LIMIT 1) one"
            )
        )


def _value(column: Column[Any]) -> str:
    name = column.name
    if name in _SAME:
        return _SAME[name]
    if name in _COUNTED:
        return f"CASE WHEN one.{name} IS NULL THEN NULL ELSE n END"
    if name.endswith("hash") or name == "proof":
        return f"decode(md5(n::text || '{name}'), 'hex')"
    if column.primary_key or name in ("beneficiary", "appointment", "certificate"):
        return "'x' || n" if isinstance(column.type.python_type(), str) else f"one.{name}"
    return f"one.{name}"


def test_nothing_of_a_busy_hour_reads_a_whole_table(world: World) -> None:
    use_everything(world, "9876500001")
    with world.home.database.write() as connection:
        fill(connection)
    with world.home.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    heard = Heard()
    with heard.listening(world):
        use_everything(world, "9876500002")
    with world.home.database.read() as connection:
        asked = text(
            "SELECT relname, reltuples FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        sizes = {row[0]: row[1] for row in connection.execute(asked)}
    assert sum(size >= ROWS for size in sizes.values()) >= 12
    found = {}
    with world.home.database.engine.connect() as connection:
        for statement, parameters in heard.statements.items():
            if not statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
                continue
            plan = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars().all()
            whole = re.findall(r"Seq Scan on (\w+)", "\n".join(plan))
            if any(sizes[table] > SMALL for table in whole):
                found[statement] = plan
    assert len(heard.statements) > 80
    assert found == {}
