"""A telephone network of the tests' own, and messages on their way to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import insert, select

from tests.central.machine import Desk
from tests.central.support import PORTAL, World, texts
from vaccinator_app.central import schema
from vaccinator_app.central.citizens.booking import Booked
from vaccinator_app.central.messages import outbox
from vaccinator_app.central.messages.gateways import Gateway, GatewayDown
from vaccinator_app.central.messages.outbox import Kind, State
from vaccinator_app.central.messages.sms import Drain

PHONE = "9876543210"


class Network:
    """A telephone network of the test's own. ``answers`` says for a number what becomes of a message to it."""

    def __init__(self, answers: Callable[[str], State] = lambda _: State.TAKEN) -> None:
        self.answers = answers
        self.took: list[tuple[str, str]] = []
        self.reports: list[str] = []

    def send(self, mobile: str, text: str, report: str) -> State:
        state = self.answers(mobile)
        self.took.append((mobile, text))
        self.reports.append(report)
        return state


def down(_: str) -> State:
    raise GatewayDown


def drain_to(world: World, gateway: Gateway) -> Drain:
    return Drain(world.home.database, world.home.keys.cupboard, gateway, texts(), world.clock, PORTAL)


def waiting(world: World, mobile: str = PHONE, kind: Kind = Kind.DETAILS_AT_RISK, **changes: Any) -> dict[str, Any]:
    """A message that waits, to a number that is nobody's, and is not short-lived."""
    name = changes.pop("recipient", f"m{mobile}")
    params = {"name": "Sunita", "centre": "PHC Rampur", "day": "21-11-2026"}
    fields = {"params": params, "mobile": mobile, "language": "en", **changes}
    row = outbox.row(world.home.keys.cupboard, kind, name, world.clock(), **fields)
    with world.home.database.write() as connection:
        connection.execute(insert(schema.sms_outbox).values(row))
    return row


def states(world: World) -> list[tuple[str, str]]:
    statement = select(schema.sms_outbox.c.kind, schema.sms_outbox.c.state)
    with world.home.database.read() as connection:
        return sorted(map(tuple, connection.execute(statement)))


def dosed(world: World, desk: Desk, mobile: str = PHONE) -> Booked:
    booked = world.book(mobile)
    desk.record(desk.dose(booked))
    desk.push(desk.ledger[-1:])
    return booked
