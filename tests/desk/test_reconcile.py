"""What the in-charge is told that no count can tell (DESIGN 7.3)."""

from __future__ import annotations

from pathlib import Path

from tests.support.desk import TODAY, CentralSide, make_place
from vaccinator_app.desk.reconcile import Reconcile
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
