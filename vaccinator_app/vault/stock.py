"""The vials in this desk's own carrier and on its table, from the views of its stock events (DESIGN 3.1)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from vaccinator_app.domain.stock import Shelf, Vial
from vaccinator_app.vault.connection import Database, Row

_SHELF = (
    "total(vials) FILTER (WHERE kind = 'stock_received'), count(*) FILTER (WHERE kind = 'vial_opened'), "
    "total(vials) FILTER (WHERE kind = 'vial_discarded'), total(vials) FILTER (WHERE kind = 'stock_transferred')"
)


class Stock:
    """Questions only; what other desks of the centre hold is in their own records (``DayBooks``)."""

    def __init__(self, database: Database, zone: ZoneInfo) -> None:
        self._database = database
        self._zone = zone

    def shelf(self, vaccine: str, batch: str) -> Shelf:
        """The vials of one batch; all 0 for one that nobody counted in and nobody opened."""
        ((*counts,),) = self._database.read(
            f"SELECT {_SHELF} FROM stock WHERE vaccine = ? AND batch = ?",  # noqa: S608
            (vaccine, batch),
        )
        return _shelf(counts)

    def shelves(self) -> dict[tuple[str, str], Shelf]:
        """Every batch of which vials were received, opened, discarded or transferred here, by vaccine and batch."""
        rows = self._database.read(f"SELECT vaccine, batch, {_SHELF} FROM stock GROUP BY vaccine, batch")  # noqa: S608
        return {(vaccine, batch): _shelf(counts) for vaccine, batch, *counts in rows}

    def open_vials(self, day: date) -> list[Vial]:
        """Every vial opened on ``day`` (at the centre) and not discarded, also empty ones, in the order of opening."""
        near = ((day - timedelta(days=1)).isoformat(), (day + timedelta(days=2)).isoformat())
        rows = self._database.read(
            "SELECT vaccine, batch, vial, doses, opened_at FROM vials "
            "WHERE discarded = 0 AND opened_at >= ? AND opened_at < ?",
            near,
        )
        drawn = {
            (batch, vial): count
            for batch, vial, count in self._database.read(
                "SELECT batch, vial, count(*) FROM visits WHERE (day = 0 OR day >= ?) AND batch IS NOT NULL "
                "GROUP BY batch, vial",
                (day.toordinal() - 1,),
            )
        }
        found = [_vial(row, drawn.get((row[1], row[2]), 0)) for row in rows]
        todays = (vial for vial in found if vial.opened_at.astimezone(self._zone).date() == day)
        return sorted(todays, key=lambda vial: (vial.opened_at, vial.batch, vial.vial))

    def newest_vial(self, batch: str) -> Vial | None:
        """The newest vial of ``batch``, or None. A discarded one has nothing left."""
        rows = self._database.read(
            "SELECT vaccine, batch, vial, doses, opened_at, discarded FROM vials WHERE batch = ? "
            "ORDER BY vial DESC LIMIT 1",
            (batch,),
        )
        if not rows:
            return None
        *row, discarded = rows[0]
        # A vial is open for hours: what was drawn from it went to people of that day, or of none, or of the next.
        ((drawn,),) = self._database.read(
            "SELECT count(*) FROM visits WHERE (day = 0 OR day >= ?) AND batch = ? AND vial = ?",
            (datetime.fromisoformat(row[4]).toordinal() - 1, batch, row[2]),
        )
        return _vial(tuple(row), row[3] if discarded else drawn)


def _shelf(counts: list[float]) -> Shelf:
    received, opened, discarded, transferred = map(int, counts)
    return Shelf(received=received, opened=opened, discarded=discarded, transferred=transferred)


def _vial(row: Row, drawn: int) -> Vial:
    vaccine, batch, vial, doses, opened = row
    opened_at = datetime.fromisoformat(opened)
    return Vial(vaccine=vaccine, batch=batch, vial=vial, left=max(0, doses - drawn), opened_at=opened_at)
