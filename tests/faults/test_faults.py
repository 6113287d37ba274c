"""Every fault of the list over real sockets and TLS: nothing is lost or doubled, nothing is called confirmed without a
receipt, the desk says what is wrong in the right words, and the first run after the fault catches up.
"""

from __future__ import annotations

import pytest

from tests.faults.listed import Fault, trials
from tests.faults.rig import Rig
from tests.faults.ways import PULL
from tests.support import scale
from vaccinator_app.sync.backoff import CEILING


@pytest.mark.parametrize(("fault", "path"), [pytest.param(fault, path, id=name) for name, fault, path in trials()])
def test_nothing_is_lost_and_the_desk_says_what_is_wrong(rig: Rig, fault: Fault, path: str) -> None:
    # two more are on the list for a dose under each of the faults that follow
    booked = [rig.book(), rig.book()] if path == PULL else []
    rig.save()
    with fault.made(rig, path), rig.within(fault.limits), rig.at_work():
        if fault.says is None:
            assert rig.until_tried().failure is None
            rig.all_confirmed()
        else:
            status = rig.until_failed()
            assert status.failure is not None
            assert (status.failure.key, status.reached) == (fault.says, fault.reached)
            assert status.next_in is not None
            assert fault.least_wait <= status.next_in <= CEILING
            shown = rig.words()
            assert shown.failure in shown.parts
            assert shown.unconfirmed == rig.place.vault.exchange.pending().count
            # people go on coming
            rig.save()
            rig.nothing_lost()
    with rig.at_work():
        assert rig.until_tried().failure is None, "the first run after it catches up"
        assert (rig.failure(), rig.words().unconfirmed) == (None, 0)
    rig.all_confirmed()
    assert all(rig.on_list(person) for person in booked)
    scale.count("network faults")
