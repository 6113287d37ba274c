"""Another answer for a record; one told already is told anew, to its desk and the others (DESIGN 7.5; P.11.4)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, case, update

from vaccinator_app.central import feed
from vaccinator_app.central.rows import write_reasons
from vaccinator_app.central.schema import records
from vaccinator_app.protocol.messages import Reason, Status


def amend(
    connection: Connection, centre: str, device: str, seq: int, status: Status, reasons: Sequence[Reason] = ()
) -> None:
    """Give a record of the batch under way another answer: of the first nobody was told."""
    connection.execute(
        update(records)
        .where(records.c.centre == centre, records.c.device == device, records.c.seq == seq)
        .values(status=status.value, reasons=write_reasons(reasons))
    )


def decide(
    connection: Connection, centre: str, device: str, seq: int, status: Status, reasons: Sequence[Reason] = ()
) -> None:
    """Give record ``seq`` of ``device`` another answer, in the caller's transaction."""
    (place,) = feed.take(connection, centre, 1)
    connection.execute(
        update(records)
        .where(records.c.centre == centre, records.c.device == device, records.c.seq == seq)
        .values(
            status=status.value,
            reasons=write_reasons(reasons),
            changed=place,
            # What was told to nobody else is not told now.
            told=case((records.c.told.is_not(None), place)),
        )
    )
