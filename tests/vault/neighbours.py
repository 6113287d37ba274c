"""Another desk of the same centre, as central tells of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from tests.vault.given import COLLEAGUE, IDENTITY, TEN
from vaccinator_app.domain.events import Body
from vaccinator_app.protocol.ledger import Link
from vaccinator_app.protocol.messages import PeerDesk, PeerRecord, Reason, Status
from vaccinator_app.protocol.records import Event, Record, encode_body, sign_event
from vaccinator_app.vault.ledger import Author


@dataclass(slots=True)
class Neighbour:
    """Its ledger grows with each ``tells``."""

    device: str = "d00000000000b"
    centre: str = IDENTITY.centre
    link: Link = field(default_factory=Link)

    def record(self, body: Body, *, at: datetime = TEN, author: Author = COLLEAGUE) -> Record:
        """The next record of its ledger."""
        record = sign_event(
            Event(
                centre=self.centre,
                device=self.device,
                seq=self.link.seq + 1,
                prev=self.link.hash,
                kind=body.KIND,
                at=at,
                boot="b0b0b0b0",
                uptime_ms=1000,
                staff=author.staff,
                body=encode_body(body),
            ),
            author.key,
        )
        self.link = Link(self.link.seq + 1, record.hash)
        return record

    def tells(
        self,
        body: Body,
        *reasons: Reason,
        at: datetime = TEN,
        author: Author = COLLEAGUE,
        status: Status = Status.ACCEPTED,
    ) -> PeerRecord:
        """Its next record, with central's answer."""
        return PeerRecord(self.device, self.record(body, at=at, author=author), status, reasons)

    def skip(self, records: int = 1) -> None:
        """Records that stay where they were made."""
        self.link = Link(self.link.seq + records, bytes(32))

    def desk(self, name: str = "Desk 3", claimed: int | None = None, seen_at: datetime | None = TEN) -> PeerDesk:
        """How far central has it."""
        return PeerDesk(
            self.device, name, self.link.seq, self.link.hash, self.link.seq if claimed is None else claimed, seen_at
        )
