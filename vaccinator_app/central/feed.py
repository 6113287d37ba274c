"""The feed of one centre: numbers that only grow, one for each change a desk may pull (DESIGN 7.5)."""

from __future__ import annotations

from sqlalchemy import Connection, update

from vaccinator_app.central.schema import centres


def take(connection: Connection, centre: str, count: int) -> range:
    """``count`` fresh numbers of ``centre``.

    The centre's row stays locked until the transaction ends, so that numbers become visible in their own order and a
    desk that has read up to one of them never misses a lower one.
    """
    statement = update(centres).where(centres.c.centre == centre).values(feed=centres.c.feed + count)
    top: int = connection.execute(statement.returning(centres.c.feed)).scalar_one()
    return range(top - count + 1, top + 1)
