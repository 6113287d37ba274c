"""A new code, and a new secret of the slip, for an appointment whose old ones are in other hands (DESIGN 4.3, 4.5)."""

from __future__ import annotations

import secrets
from dataclasses import replace

from sqlalchemy import Connection, update

from vaccinator_app.central.desks.seats import Seat, read_entry, read_seats, write_entry, write_seats
from vaccinator_app.central.keyring.keys import Cupboard
from vaccinator_app.central.programme import Centre
from vaccinator_app.central.rows import new_code
from vaccinator_app.central.schema import roster
from vaccinator_app.trust import code, slip


def replace_code(cupboard: Cupboard, centre: Centre, name: str, seat: Seat, sealed: bytes) -> str:
    """Move ``seat`` on to a fresh code, which is returned; ``sealed`` is the old one, retired by this."""
    old = cupboard.unlock(sealed, "code", centre.centre, name)
    fresh = new_code(old.decode())
    seat.retired_code = cupboard.lock(old, "retired_code", centre.centre, name)
    seat.code = cupboard.lock(fresh.encode(), "code", centre.centre, name)
    tag = code.tag(centre.roster_key, name, code.bucket(fresh))
    seat.entry = write_entry(replace(read_entry(seat.entry), code_tag=tag))
    return fresh


def renew(connection: Connection, cupboard: Cupboard, centre: Centre, name: str) -> None:
    """Replace code and slip of an appointment, in the caller's transaction; nothing when they are forgotten already.

    The person finds both on their slip. Whoever kept the old ones records no dose with them.
    """
    for seat in read_seats(connection, centre.centre, [name]).values():
        if seat.code is None or seat.slip_secret is None:
            return
        replace_code(cupboard, centre, name, seat, seat.code)
        secret = secrets.token_bytes(slip.SECRET_LENGTH)
        seat.entry = write_entry(replace(read_entry(seat.entry), slip_hash=slip.secret_hash(secret)))
        locked = cupboard.lock(secret, "slip_secret", centre.centre, name)
        mine = (roster.c.centre == centre.centre, roster.c.appointment == name)
        connection.execute(update(roster).where(*mine).values(slip_secret=locked))
        write_seats(connection, centre.centre, {name: seat})
