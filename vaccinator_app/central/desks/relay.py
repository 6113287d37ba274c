"""What the desks of one centre are told of each other (DESIGN 1.2; P.11.8-P.11.11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, or_, select

from vaccinator_app.central.rows import read_outcome
from vaccinator_app.central.schema import STOCK_KINDS, certificates, device_heads, devices, records
from vaccinator_app.domain.events import UNTOLD
from vaccinator_app.protocol.messages import PeerDesk, PeerRecord, PullRequest, RevokedKey
from vaccinator_app.protocol.records import Record
from vaccinator_app.trust.certificates import Subject

QUIET = frozenset(kind.KIND for kind in UNTOLD)
"""Who looked at what and who signed in stays where it was made (DESIGN 5.5)."""

RELAYED_FOR = timedelta(days=8)
"""A desk that was away for longer than a lease (DESIGN 5.6) needs of the days before only their stock."""

MAX_PAGE_BYTES = 2 * 1024 * 1024
"""Of payloads in one page: walk-ins and closes are large, and a page must fit a message (P.8.3)."""


@dataclass(frozen=True, slots=True)
class Page:
    """Records of other desks with their places in the feed, in that order; ``more`` wait behind them."""

    records: Sequence[tuple[int, PeerRecord]]
    more: bool


def read_peers(connection: Connection, request: PullRequest, top: int, now: datetime) -> Page:
    """Up to ``request.limit`` records of the centre's other desks from behind the cursor up to ``top``."""
    rows = connection.execute(
        select(
            *(records.c.told, records.c.device, records.c.seq, records.c.payload, records.c.keyid),
            *(records.c.signature, records.c.status, records.c.reasons),
        )
        .where(
            records.c.centre == request.centre,
            records.c.told > request.cursor,
            records.c.told <= top,
            records.c.device != request.device,
            or_(records.c.received_at > now - RELAYED_FOR, records.c.kind.in_(STOCK_KINDS)),
        )
        .order_by(records.c.told)
        .limit(request.limit + 1)
    )
    found: list[tuple[int, PeerRecord]] = []
    size = 0
    for row in rows:
        size += len(row.payload)
        if len(found) == request.limit or (found and size > MAX_PAGE_BYTES):
            rows.close()
            return Page(found, more=True)
        said = read_outcome(row.seq, row.status, row.reasons)
        record = Record(row.payload, row.keyid, row.signature)
        found.append((row.told, PeerRecord(row.device, record, said.status, said.reasons)))
    return Page(found, more=False)


def read_desks(connection: Connection, request: PullRequest) -> list[PeerDesk]:
    """The centre's other desks that are in use, and how far central has each."""
    heads = and_(device_heads.c.centre == devices.c.centre, device_heads.c.device == devices.c.device)
    rows = connection.execute(
        select(
            *(devices.c.device, devices.c.name),
            *(device_heads.c.seq, device_heads.c.hash, device_heads.c.claimed_seq, device_heads.c.seen_at),
        )
        .join_from(devices, device_heads, heads)
        .where(devices.c.centre == request.centre, devices.c.device != request.device, devices.c.revoked_at.is_(None))
        .order_by(devices.c.enrolled_at, devices.c.device)
    )
    return [PeerDesk(*row) for row in rows]


def read_staff(connection: Connection, centre: str) -> tuple[list[list[str]], list[RevokedKey]]:
    """The chain of every staff certificate, the member's own envelope first (P.7.3), and which keys count no more.

    The chains are of those as well: what was signed before stands, and a desk that was enrolled since has to be able to
    tell.
    """
    rows = connection.execute(
        select(
            *(certificates.c.keyid, certificates.c.id, certificates.c.issuer, certificates.c.envelope),
            certificates.c.revoked_at,
        )
        .where(certificates.c.centre == centre, certificates.c.subject == Subject.STAFF.value)
        .order_by(certificates.c.added_at, certificates.c.keyid)
    ).all()
    envelopes = {row.keyid: row.envelope for row in rows}
    chains = [[row.envelope, *([envelopes[row.issuer]] if row.issuer in envelopes else [])] for row in rows]
    return chains, [RevokedKey(row.keyid, row.id, row.revoked_at) for row in rows if row.revoked_at is not None]
