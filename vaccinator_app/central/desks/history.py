"""A device's own records, told to it again: its ledger was rolled back, or went on from an old copy (DESIGN 7.4; P.20).

Nothing is in it that the device did not sign for once: no roster, nobody's details, no other desk.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, select, update

from vaccinator_app.central import log
from vaccinator_app.central.clock import Clock
from vaccinator_app.central.database import Database
from vaccinator_app.central.desks.relay import read_staff
from vaccinator_app.central.rows import read_outcome
from vaccinator_app.central.schema import device_heads, records
from vaccinator_app.protocol.history import MAX_PAST, MAX_PAST_BYTES, History, HistoryRequest, PastRecord
from vaccinator_app.protocol.ledger import Link
from vaccinator_app.protocol.records import FIRST_PREV, Record


class Histories:
    """Answers questions for a device's own past. Its caller has verified that the request is the device's own."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def history(self, request: HistoryRequest) -> History:
        """A page of the records behind ``request.after``, or that this place is not central's."""
        now = self._clock()
        with self._database.write() as connection:
            link = _link(connection, request)
            fits = _hash_at(connection, request, link) == request.hash
            page = _page(connection, request) if fits else []
            staff, _ = read_staff(connection, request.centre)
            # From here on the device goes by central's ledger: what it last said of its own is past.
            connection.execute(update(device_heads).where(*_this(request)).values(claimed_seq=link.seq, seen_at=now))
        log.event(
            "history", centre=request.centre, device=request.device, upto=link.seq, records=len(page), kind=str(fits)
        )
        return History(
            centre=request.centre,
            device=request.device,
            nonce=request.nonce,
            after=request.after,
            fits=fits,
            upto=link.seq,
            head=link.hash,
            at=now,
            records=page,
            staff=staff,
        )


def _this(request: HistoryRequest) -> tuple[ColumnElement[bool], ...]:
    return device_heads.c.centre == request.centre, device_heads.c.device == request.device


def _link(connection: Connection, request: HistoryRequest) -> Link:
    row = connection.execute(select(device_heads.c.seq, device_heads.c.hash).where(*_this(request))).one()
    return Link(row.seq, bytes(row.hash))


def _hash_at(connection: Connection, request: HistoryRequest, link: Link) -> bytes | None:
    if request.after in (0, link.seq):
        return link.hash if request.after else FIRST_PREV
    mine = (records.c.centre == request.centre, records.c.device == request.device)
    found = connection.execute(select(records.c.hash).where(*mine, records.c.seq == request.after)).scalar_one_or_none()
    return None if found is None else bytes(found)


def _page(connection: Connection, request: HistoryRequest) -> list[PastRecord]:
    rows = connection.execute(
        select(
            *(records.c.seq, records.c.payload, records.c.keyid, records.c.signature),
            *(records.c.status, records.c.reasons, records.c.certificate, records.c.message),
        )
        .where(records.c.centre == request.centre, records.c.device == request.device, records.c.seq > request.after)
        .order_by(records.c.seq)
        .limit(MAX_PAST)
    )
    found: list[PastRecord] = []
    size = 0
    for row in rows:
        size += len(row.payload)
        if found and size > MAX_PAST_BYTES:
            rows.close()
            break
        said = read_outcome(row.seq, row.status, row.reasons, row.certificate, row.message)
        record = Record(bytes(row.payload), row.keyid, bytes(row.signature))
        found.append(PastRecord(record, said.status, said.reasons, said.certificate, said.message))
    return found
