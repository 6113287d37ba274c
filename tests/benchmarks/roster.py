"""A roster as central's tables hold it, and a vault filled with one, page by page as pulls would."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import select

from vaccinator_app.central.desks.seats import read_entry
from vaccinator_app.central.operations import admin
from vaccinator_app.central.schema import roster
from vaccinator_app.domain.appointment import Appointment


def people_of(central: Path, number: int) -> Iterator[Appointment]:
    """The first ``number`` people on the roster of the only centre of this central."""
    home = admin.open_home(central)
    try:
        with home.database.read() as connection:
            statement = select(roster.c.entry).order_by(roster.c.changed).limit(number)
            for (entry,) in connection.execute(statement):
                yield read_entry(entry)
    finally:
        home.database.close()
