"""One durable dose: check, seal, sign, commit; beside a bare SQLCipher commit of the same bytes."""

from __future__ import annotations

import os
from pathlib import Path

from tests.benchmarks.rows import Row, in_turn
from tests.support.desk import CentralSide, make_place
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.visit_view import view
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.appointment import Appointment
from vaccinator_app.trust import code, seal
from vaccinator_app.vault.connection import connect_to_write

DOSES = 300
CODE = "4821"


def durable_dose(folder: Path) -> list[Row]:
    """The record of a dose as the sheet showed it, and the check and seal of its code.

    At the desk the code is checked a moment earlier and its seal kept as a draft; here both stand in one measure.
    """
    central = CentralSide()
    people = [central.appointment(n, f"Asha {n}", the_code=CODE) for n in range(1, DOSES + 1)]
    place = make_place(folder / "home", central, people)
    waiting = [_at_the_dose_step(place, person) for person in people]
    waiting.pop().record_dose()
    *_, record = place.vault.ledger.records()
    commit = _Bare(folder / "bare.db", record.payload + record.signature).commit
    key, codes = place.vault.roster.key(), place.vault.identity.central.codes
    assert key is not None
    roster_key = key.key

    def ours() -> None:
        desk = waiting.pop()
        name = desk.appointment.appointment
        assert code.matches(roster_key, name, desk.appointment.code_tag, CODE)
        seal.seal(CODE.encode(), codes, seal.code_binding(name, place.vault.identity.device, 1))
        desk.record_dose()

    # what a person sees of batch and vial before they press Enter
    mine, reference = in_turn(ours, commit, DOSES - 1, lambda: view(waiting[-1], place))
    place.vault.close()
    return [Row(row="durable dose", unit="ms", ours=mine * 1e3, reference=reference * 1e3, budget=1.6)]


def _at_the_dose_step(place: Workplace, person: Appointment) -> VisitDesk:
    desk = VisitDesk(place, person.appointment)
    desk.confirm_identity()
    desk.type_code(CODE)
    return desk


class _Bare:
    """SQLCipher with one table, opened as the vault opens it."""

    def __init__(self, path: Path, data: bytes) -> None:
        path.touch()
        self._data = data
        self._connection = connect_to_write(path, os.urandom(32))
        self._connection.execute("CREATE TABLE ledger (seq INTEGER PRIMARY KEY, record BLOB)")

    def commit(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("INSERT INTO ledger (record) VALUES (?)", (self._data,))
        self._connection.execute("COMMIT")
