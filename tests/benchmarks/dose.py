"""One durable dose: check, seal, sign, commit; beside a bare SQLCipher commit of the same bytes."""

from __future__ import annotations

import os
from pathlib import Path

from tests.benchmarks.rows import Pairs, Row
from tests.support.desk import CentralSide, make_place
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.visit_view import view
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.appointment import Appointment
from vaccinator_app.trust import code, seal
from vaccinator_app.vault.connection import connect_to_write

DOSES, QUICK_DOSES = 600, 200
CODE = "4821"


def durable_dose(folder: Path, quick: bool) -> list[Row]:
    """The record of a dose as the sheet showed it, and the check and seal of its code.

    At the desk the code is checked a moment earlier and its seal kept as a draft; here both stand in one measure. One
    person after the other comes to the table, as they do: there is one half-done visit, not one of everybody's.
    """
    number = QUICK_DOSES if quick else DOSES
    central = CentralSide()
    people = [central.appointment(n, f"Asha {n}", the_code=CODE) for n in range(1, number + 1)]
    place = make_place(folder / "home", central, people)
    first = people.pop()
    _at_the_dose_step(place, first).record_dose()
    bare = _Bare(folder / "bare.db", place, first.appointment)
    key, codes = place.vault.roster.key(), place.vault.identity.central.codes
    assert key is not None
    roster_key = key.key

    def ours(desk: VisitDesk) -> None:
        name = desk.appointment.appointment
        assert code.matches(roster_key, name, desk.appointment.code_tag, CODE)
        seal.seal(CODE.encode(), codes, seal.code_binding(name, place.vault.identity.device, 1))
        desk.record_dose()

    pairs = Pairs()
    for person in people:
        desk = _at_the_dose_step(place, person)
        view(desk, place)  # what a person sees of batch and vial before they press Enter
        pairs.take(lambda desk=desk: ours(desk), bare.commit)  # type: ignore[misc]
    place.vault.close()
    note = f"{bare.bytes} bytes in {len(bare.rows)} rows; of processor time alone {pairs.work:.2f}"
    return [Row.paired("durable dose to a bare commit of the same bytes", "ms", pairs.scaled(1e3), 1.6, note=note)]


def _at_the_dose_step(place: Workplace, person: Appointment) -> VisitDesk:
    desk = VisitDesk(place, person.appointment)
    desk.confirm_identity()
    desk.type_code(CODE)
    return desk


class _Bare:
    """SQLCipher opened as the vault opens it (page size, WAL, ``synchronous=FULL``), with the rows that a dose leaves
    behind (its record, the visit that follows from it) in plain tables: no index, no trigger, no question asked."""

    def __init__(self, path: Path, place: Workplace, appointment: str) -> None:
        read = place.vault._database.read
        ledger = read("SELECT * FROM ledger WHERE appointment = ? ORDER BY seq DESC LIMIT 1", (appointment,))[0]
        visit = read("SELECT * FROM visits WHERE appointment = ?", (appointment,))[0]
        self.rows = (("ledger", ledger), ("visits", visit))
        path.touch()
        self._connection = connect_to_write(path, os.urandom(32))
        for table, row in self.rows:
            self._connection.execute(f"CREATE TABLE {table} ({', '.join(f'c{n}' for n in range(len(row)))})")
        self._inserts = [(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row) for table, row in self.rows]

    @property
    def bytes(self) -> int:
        """Of all values."""
        return sum(len(str(v).encode() if not isinstance(v, bytes) else v) for _, row in self.rows for v in row)

    def commit(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        for insert, row in self._inserts:
            self._connection.execute(insert, row)
        self._connection.execute("COMMIT")
