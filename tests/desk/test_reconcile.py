"""What the in-charge is told that no count can tell (DESIGN 7.3)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.support.desk import TODAY, CentralSide, ToldClock, make_place
from vaccinator_app.desk import closing
from vaccinator_app.desk.reconcile import Reconcile
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.protocol.messages import PeerRecord, Status
from vaccinator_app.protocol.records import Record


def test_records_of_another_machine_that_do_not_verify_are_said(tmp_path: Path) -> None:
    central = CentralSide()
    place = make_place(tmp_path / "desk", central, [])
    overview = Reconcile(place).overview(TODAY)
    assert overview is not None
    assert "machine.rejected" not in [warning.key for warning in overview.warnings]

    false = PeerRecord("d2", Record(b"{}", "0" * 16, bytes(64)), Status.ACCEPTED)
    place.vault.exchange.apply(central.changes(place.vault.identity.device, from_cursor=1, peers=[false]))
    overview = Reconcile(place).overview(TODAY)
    assert overview is not None
    assert [warning.params for warning in overview.warnings if warning.key == "machine.rejected"] == [{"n": 1}]
    place.vault.close()


def test_a_day_that_nobody_closed_is_said_on_the_next(tmp_path: Path) -> None:
    central, clock = CentralSide(), ToldClock()
    tomorrow = TODAY + timedelta(days=1)
    people = [central.appointment(1), central.appointment(2, day=tomorrow)]
    place = make_place(tmp_path / "desk", central, people, clock)
    desk = VisitDesk(place, people[0].appointment)
    desk.confirm_identity()
    clock.pass_time(timedelta(days=1))
    reconcile = Reconcile(place)
    assert [seen.left_open for seen in (reconcile.overview(TODAY), reconcile.overview(tomorrow)) if seen] == [
        None,
        TODAY,
    ]

    yesterday = reconcile.overview(TODAY)
    assert yesterday is not None
    closing.close(place, closing.prepare(place, yesterday, {}))
    seen = reconcile.overview(tomorrow)
    assert seen is not None
    assert seen.left_open is None
    place.vault.close()
