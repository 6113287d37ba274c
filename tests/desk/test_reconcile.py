"""What the in-charge is told that no count can tell (DESIGN 7.3)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.support.desk import TODAY, CentralSide, ToldClock, make_place
from vaccinator_app.desk import closing
from vaccinator_app.desk.reconcile import Reconcile
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.gui.models.day_figures import figures
from vaccinator_app.protocol.messages import PeerRecord, Status
from vaccinator_app.protocol.records import Record
from vaccinator_app.reports.from_daybook import Centre, report_of


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


def test_of_a_large_day_only_those_are_held_of_whom_something_is_recorded(tmp_path: Path) -> None:
    central = CentralSide()
    people = [central.appointment(60 * n) for n in range(1, 41)]  # of one slot
    place = make_place(tmp_path / "desk", central, [*people, central.appointment(2460, cancelled=True)])
    VisitDesk(place, people[4].appointment).confirm_identity()
    seen = Reconcile(place).overview(TODAY)
    assert seen is not None
    assert [one.appointment for one in seen.book.booked if one.appointment] == [people[4].appointment]
    assert sum(one.people for one in seen.book.booked) == 41
    assert len(seen.book.booked) == 3
    counted = seen.tally.total
    assert (counted.booked, counted.arrived, counted.no_show) == (40, 1, 39)

    numbers = figures(seen.tally, seen.book.happened, seen.book.booked, place.formulary, seen.book.names)
    assert numbers.curve.booked[-1] == 40
    centre = Centre(id="c1", name="PHC Rampur", time_zone="Asia/Kolkata")
    report = report_of(seen.book, seen.tally, (), close=None, agreed=None, centre=centre, language="en", say=str)
    assert sum(report.booked_by_hour.values()) == 40
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
