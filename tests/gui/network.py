"""A telephone network for central's messages that is as quick or as useless as a test wants it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.central.support import PORTAL, texts
from tests.support.window import Day
from vaccinator_app.central.messages.gateways import Undeliverable
from vaccinator_app.central.messages.outbox import State
from vaccinator_app.central.messages.sms import Drain


@dataclass(frozen=True, slots=True)
class Network:
    """Takes every message and says no more, or knows nobody."""

    takes: bool

    def send(self, mobile: str, text: str, report: str) -> State:
        if not self.takes:
            raise Undeliverable
        return State.TAKEN


def drain_to(day: Day, network: Network) -> None:
    """Let central hand over what waits."""
    world = day.world
    Drain(world.home.database, world.home.keys.cupboard, network, texts(), world.clock, PORTAL).run()
