"""What a dose with its code check weighs on the wire, in a batch of 500."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.centre import at_the_desk, connect, enrol_desk, give_doses, make_central, serving
from tests.benchmarks.push import Weighing, push_only
from tests.benchmarks.rows import Row
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.sync.engine import Engine

BATCH, BATCHES = 500, 6
BYTES = 300.0


def wire(folder: Path, quick: bool) -> list[Row]:
    """Bytes of a packed push (signed, zstd) to each record in it: what the request's body is, without TLS and HTTP."""
    del quick
    waiting = make_central(folder / "central", BATCH * BATCHES)
    with serving(folder / "central") as server:
        enrol_desk(server, folder / "desk")
        with at_the_desk(folder / "desk") as place:
            client = connect(server)
            scale = Weighing(client)
            engine = Engine(desk_of(place.vault), place.vault.exchange, scale)
            engine.run()
            scale.sizes.clear()
            weights = []
            for turn in range(BATCHES):
                give_doses(place, waiting[turn * BATCH : (turn + 1) * BATCH])
                push_only(engine)
                weights.append(scale.sizes.pop() / BATCH)
                assert not scale.sizes, "a batch of its own was pushed in parts"
            client.close()
    return [Row.against("bytes of a dose in a batch of 500", "B", weights, BYTES, note="a packed request's body")]
