"""The signed roster a desk pulls, page by page (DESIGN 4.1, 4.5, 5.5, 5.6, 7.5; P.11).

Each appointment's row keeps what a desk is told of it, ready to go out but for the doses on record, and with it the
bucket's tag as computed at booking. The tag is safe to keep: without the roster key (which is sealed under a key
outside the database) it says nothing, and with it no more than the desk itself holds. To compute it at each pull would
mean opening every code of the centre every few minutes, which is slower and brings codes into memory that nobody needs
there.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import cast

import msgspec
from sqlalchemy import Connection, func, select, update

from vaccinator_app.central import bulk, feed, locks
from vaccinator_app.central.clock import Clock
from vaccinator_app.central.database import Database
from vaccinator_app.central.desks.relay import read_desks, read_peers, read_staff
from vaccinator_app.central.desks.seats import read_entry
from vaccinator_app.central.district.decisions import UNDECIDED_YET
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.intake.closes import recent_answers
from vaccinator_app.central.keyring.keys import FIRST_SET, Keys
from vaccinator_app.central.programme import Centre, find_centre
from vaccinator_app.central.rows import read_outcome
from vaccinator_app.central.schema import batches, centres, doses, records, roster
from vaccinator_app.domain.appointment import Appointment, PreviousDose
from vaccinator_app.protocol.messages import (
    AllottedBatch,
    Changes,
    Lease,
    Outcome,
    PullRequest,
    RosterKey,
)
from vaccinator_app.trust import code

LEASE = timedelta(days=7)
WARN_AFTER = timedelta(days=5)
FURTHEST = 2**50
"""The highest cursor beyond its own feed that central goes on behind: numbers must stay such as travel (P.8.5)."""

_WALK_IN = "W%"


class Roster:
    """Answers pulls. Its caller has verified that the request is the device's own."""

    def __init__(self, database: Database, keys: Keys, clock: Clock) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._announced = keys.announcements()

    def changes(self, request: PullRequest) -> Changes:
        """One page of what changed at the device's centre since its cursor.

        Appointments of today (in the centre's zone) and of the lease's days after it; later ones come into the feed as
        their day comes near (DESIGN 5.5: only the roster of the lease). Raises ``Refused`` for a cursor that no central
        can have given.
        """
        now = self._clock()
        self._advance(request.centre, request.cursor, now)
        with self._database.read() as connection:
            centre = find_centre(connection, self._keys.cupboard, request.centre)
            return self._page(connection, centre, request, now)

    def nothing(self, request: PullRequest, revoked_at: datetime) -> Changes:
        """The page for a machine out of use: since when, central's next keys, and nothing else (P.21)."""
        now = self._clock()
        return Changes(
            centre=request.centre,
            device=request.device,
            nonce=request.nonce,
            from_cursor=request.cursor,
            cursor=request.cursor,
            more=False,
            total=0,
            at=now,
            lease=Lease(issued_at=now, warn_at=now, expires_at=now),
            roster_key=RosterKey(key=b"", modulus=code.MODULUS),
            appointments=[],
            outcomes=[],
            batches=[],
            centres={},
            keys=self._announced if max(request.keys, FIRST_SET) < self._keys.number else [],
            revoked_at=revoked_at,
        )

    def _advance(self, name: str, cursor: int, now: datetime) -> None:
        """Bring days into the feed that have come within the lease, most often none."""
        with self._database.read() as connection:
            centre = find_centre(connection, self._keys.cupboard, name)
        if cursor > max(centre.feed, FURTHEST):
            # Else one machine could end the feed of its whole centre.
            raise Refused("cursor_unknown", 400, "This machine was never told so much. Ask the district office.")
        if _is_current(centre, cursor, now):
            return
        with self._database.write() as connection:
            locks.places(connection, [name])
            centre = find_centre(connection, self._keys.cupboard, name)
            if not _is_current(centre, cursor, now):
                _extend(connection, centre, cursor, centre.day(now))

    def _page(self, connection: Connection, centre: Centre, request: PullRequest, now: datetime) -> Changes:
        top = max(centre.feed, request.cursor)
        seats = (roster.c.centre == centre.centre, roster.c.day >= centre.day(now))
        mine = (*seats, roster.c.changed > request.cursor, roster.c.changed <= top)
        total = connection.execute(select(func.count()).select_from(roster).where(*mine)).scalar_one()
        rows = connection.execute(
            select(roster.c.changed, roster.c.appointment, roster.c.entry)
            .where(*mine)
            .order_by(roster.c.changed)
            .limit(request.limit)
        ).all()
        peers = read_peers(connection, request, top, now)
        # Both lists go by one cursor: up to where both are complete, and what lies beyond is told with the next page.
        ends = [rows[-1].changed] if total > len(rows) else []
        ends += [peers.records[-1][0]] if peers.more else []
        cursor = min(ends, default=top)
        rows = [row for row in rows if row.changed <= cursor]
        given = _given(connection, request, cursor)
        staff, revoked = read_staff(connection, centre.centre)
        return Changes(
            centre=centre.centre,
            device=request.device,
            nonce=request.nonce,
            from_cursor=request.cursor,
            cursor=cursor,
            more=bool(ends),
            total=total,
            at=now,
            lease=Lease(issued_at=now, warn_at=now + WARN_AFTER, expires_at=now + LEASE),
            roster_key=RosterKey(key=centre.roster_key, modulus=code.MODULUS),
            appointments=[_told(entry, given.get(name)) for _, name, entry in rows],
            outcomes=_later_outcomes(connection, request, cursor),
            batches=_batches(connection, centre),
            centres=_neighbours(connection, centre),
            peers=[peer for place, peer in peers.records if place <= cursor],
            desks=read_desks(connection, request),
            staff=staff,
            revoked=revoked,
            closes=recent_answers(connection, centre.centre, now),
            keys=self._announced if max(request.keys, FIRST_SET) < self._keys.number else [],
        )


def horizon_of(today: date) -> date:
    """The last day whose appointments a desk is told of."""
    return today + LEASE


def _is_current(centre: Centre, cursor: int, now: datetime) -> bool:
    horizon = horizon_of(centre.day(now))
    return centre.horizon is not None and centre.horizon >= horizon and cursor <= centre.feed


def _extend(connection: Connection, centre: Centre, cursor: int, today: date) -> None:
    """Number the appointments of days that are new within the lease.

    A cursor from beyond the feed means that this database came back from a backup older than what the desk has seen:
    the feed goes on behind that cursor and everything is told anew, so that nothing is missed; also what was decided
    since, and is undecided again.
    """
    behind = cursor > centre.feed
    if behind:
        for place in (records.c.told, records.c.changed):
            theirs = (records.c.centre == centre.centre, place.is_not(None))
            connection.execute(update(records).where(*theirs).values({place: place + cursor}))
    after = today - timedelta(days=1) if behind or centre.horizon is None else centre.horizon
    horizon = horizon_of(today)
    values = {"horizon": horizon, "feed": centre.feed + (cursor if behind else 0)}
    connection.execute(update(centres).where(centres.c.centre == centre.centre).values(values))
    if behind:
        (newest,) = feed.take(connection, centre.centre, 1)
        undecided = (records.c.centre == centre.centre, *UNDECIDED_YET)
        connection.execute(update(records).where(*undecided).values(changed=newest))
    names = connection.scalars(
        select(roster.c.appointment)
        .where(
            roster.c.centre == centre.centre,
            roster.c.day > after,
            roster.c.day <= horizon,
            roster.c.appointment.not_like(_WALK_IN),
        )
        .order_by(roster.c.day, roster.c.appointment)
    ).all()
    numbers = feed.take(connection, centre.centre, len(names))
    rows = list(zip(names, numbers, strict=True))
    bulk.change(connection, roster, ("centre", "appointment"), ("appointment", "changed"), rows, centre=centre.centre)


def _given(connection: Connection, request: PullRequest, cursor: int) -> dict[str, list[PreviousDose]]:
    """The doses that people of this page have on record, by appointment."""
    statement = (
        select(roster.c.appointment, doses.c.dose, doses.c.vaccine, doses.c.given_on)
        .join_from(roster, doses, doses.c.beneficiary == roster.c.beneficiary)
        .where(
            roster.c.centre == request.centre,
            roster.c.changed > request.cursor,
            roster.c.changed <= cursor,
            doses.c.voided_at.is_(None),
        )
        .order_by(doses.c.dose)
    )
    found: dict[str, list[PreviousDose]] = {}
    for name, dose, vaccine, given_on in connection.execute(statement):
        found.setdefault(name, []).append(PreviousDose(dose=dose, vaccine=vaccine, given_on=given_on))
    return found


def _told(entry: bytes, given: list[PreviousDose] | None) -> Appointment:
    """What goes out of a row: its own bytes as they are, unless doses are to be added to them."""
    if given is None:
        # Five thousand read only to be written again took half of a page's time.
        return cast(Appointment, msgspec.Raw(entry))
    return replace(read_entry(entry), previous=tuple(given))


def _later_outcomes(connection: Connection, request: PullRequest, cursor: int) -> list[Outcome]:
    rows = connection.execute(
        select(records.c.seq, records.c.status, records.c.reasons, records.c.certificate, records.c.message)
        .where(
            records.c.centre == request.centre,
            records.c.device == request.device,
            records.c.changed > request.cursor,
            records.c.changed <= cursor,
        )
        .order_by(records.c.changed)
    )
    return [read_outcome(*row) for row in rows]


def _batches(connection: Connection, centre: Centre) -> list[AllottedBatch]:
    """All of them: a desk says of a vial on the table that it has expired, and so must know it."""
    rows = connection.execute(
        select(batches)
        .where(batches.c.centre == centre.centre)
        .order_by(batches.c.vaccine, batches.c.expiry, batches.c.batch)
    )
    return [
        AllottedBatch(row.vaccine, row.batch, row.expiry, row.doses_per_vial, row.withdrawn_at is not None)
        for row in rows
    ]


def _neighbours(connection: Connection, centre: Centre) -> dict[str, str]:
    """Names of the district's centres, for slips shown at the wrong one."""
    rows = connection.execute(
        select(centres.c.centre, centres.c.name).where(centres.c.district == centre.district).order_by(centres.c.centre)
    )
    return {row.centre: row.name for row in rows}
