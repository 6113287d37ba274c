"""A real desk from its enrolment on, run under the recorder of ``tests.support.disk``: people are seen, central is
heard, somebody comes and goes, the desk is locked and opened. What its screens say is marked in the journal as they
say it.

``python -m tests.crash.recording FOLDER SEED``: central in ``FOLDER/central``, the desk in ``FOLDER/desk``; both are
watched. Central stands in the same process.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from random import Random

from tests.crash.acts import Acts, Nobody
from tests.crash.world import Booker
from tests.support import disk
from tests.support.central import PASSPHRASE, Simulator, TestCentral
from tests.support.desk import IN_CHARGE, vaccines
from vaccinator_app.desk.enrol import NewDesk, enrol
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.desk.unlock import lock
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.enrolment import read_file
from vaccinator_app.protocol.messages import Receipt
from vaccinator_app.sync.engine import Engine
from vaccinator_app.trust.keyslot import FLOOR

PEOPLE = 24


class _Asking(Simulator):
    """Says when the request that uses the token up has left the machine."""

    def enrol(self, packed: bytes) -> bytes:
        disk.mark(json.dumps(["asked", packed.hex()]))
        return super().enrol(packed)

    def push(self, packed: bytes) -> bytes:
        answer = super().push(packed)
        receipt = packing.peek(packing.unpack(answer), Receipt)
        disk.mark(json.dumps(["answered", receipt.upto, receipt.head.hex()]))
        return answer


def main() -> None:
    folder = Path(sys.argv[1])
    seed = sys.argv[2]
    central = TestCentral(folder / "central")
    people = Booker(folder / "central", central.home, central.now).book(PEOPLE)
    disk.mark(json.dumps(["booked"]))
    home, rng = folder / "desk", Random(seed)
    who = NewDesk(device_name="Desk 2", in_charge_name=IN_CHARGE.name, passphrase=PASSPHRASE, kdf=FLOOR)
    enrol(home, read_file(central.enrolment_file()), who, lambda _: _Asking(central.api), central.now())
    disk.mark(json.dumps(["enrolled"]))
    unlock = Unlock(home, vaccines(), lambda _: central.clock)
    for day in range(3):
        opened = unlock.open(unlock.people()[0].staff, PASSPHRASE)
        vault = opened.place.vault
        engine = Engine(desk_of(vault), vault.exchange, _Asking(central.api))
        do = Acts(opened.place, people, rng, lambda *words: disk.mark(json.dumps(words)))
        do.saved()
        acts = [do.dose, do.dose, do.wrong_code, do.walk_in, do.override, do.deferred, do.adverse, do.void, do.correct]
        for number in range(8):
            if number % 3 == 0:
                engine.run()
                disk.mark(json.dumps(["confirmed", vault.exchange.confirmed_upto()]))
                vault._database.fold() if rng.random() < 0.3 else None
            try:
                rng.choice([*acts, do.stock])()
            except (CannotDo, Nobody):
                do.dose()
        if day == 1:
            do.staff()
            do.walk_in()
        lock(opened.place)
        disk.mark(json.dumps(["locked"]))
    central.close()


if __name__ == "__main__":
    main()
