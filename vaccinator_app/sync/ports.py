"""What the engine needs of the two sides it stands between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from vaccinator_app.domain.message import Message
from vaccinator_app.domain.staff_events import Notice
from vaccinator_app.protocol.enrolment import CentralKeys
from vaccinator_app.protocol.ledger import Link
from vaccinator_app.protocol.messages import Changes, Receipt
from vaccinator_app.protocol.records import Record
from vaccinator_app.trust.keys import SigningKey


class Central(Protocol):
    """One server that speaks this protocol: central itself, or later a hub at the centre (DESIGN 7.8).

    Every call takes and gives packed, signed bytes, and raises ``Unreachable`` when no answer came.
    """

    def push(self, packed: bytes) -> bytes:
        """Deliver a ``PushRequest``; the answer is a ``Receipt``."""
        ...

    def pull(self, packed: bytes) -> bytes:
        """Deliver a ``PullRequest``; the answer is a page of ``Changes``."""
        ...

    def confirm(self, packed: bytes) -> bytes:
        """Deliver a ``ConfirmRequest``; the answer is a ``ConfirmReply``."""
        ...

    def history(self, packed: bytes) -> bytes:
        """Deliver a ``HistoryRequest``; the answer is a page of ``History``."""
        ...

    def deliver(self, packed: bytes) -> bytes:
        """Deliver a ``DeliverRequest``, another machine's records; the answer is a ``DeliverReply``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who this desk is to central, and the keys by which it knows central: asked anew each time, as they change."""

    centre: str
    device: str
    device_key: SigningKey
    central: Callable[[], CentralKeys]


class Store(Protocol):
    """The desk's own durable side. Each method is one transaction and returns once it is durable."""

    def head(self) -> Link:
        """The newest record; ``seq`` 0 for an empty ledger."""
        ...

    def confirmed_upto(self) -> int:
        """The highest ``seq`` that a verified receipt covers."""
        ...

    def answered_upto(self) -> int:
        """The highest ``seq`` up to which every record covered has its outcome too; at most ``confirmed_upto``."""
        ...

    def records_after(self, seq: int, most: int, most_bytes: int) -> Sequence[Record]:
        """Records from ``seq + 1`` on, in order, at most ``most`` and ``most_bytes`` of payload (at least one)."""
        ...

    def urgent_after(self, upto: int) -> Sequence[Record]:
        """Records of serious adverse events behind ``upto`` that no receipt covers, the oldest first, at most 20."""
        ...

    def hash_at(self, seq: int) -> bytes | None:
        """The hash of record ``seq``, or None when this ledger has none such."""
        ...

    def confirm(self, receipt: Receipt, envelope: bytes) -> None:
        """Keep a verified receipt that fits: its outcomes, how far it covers, and the signed bytes themselves."""
        ...

    def prove(self) -> Message | None:
        """Look through what the store holds, if anything speaks against it. The words when it does not go together:
        nothing is recorded from then on (P.20.3)."""
        ...

    def stop(self, what: Notice, words: Message, count: int = 0, at: datetime | None = None) -> None:
        """Central holds another history: record nothing from here on, until a receipt fits again that is not older than
        ``at``, when central said so (P.10.11)."""
        ...

    def cursor(self) -> int:
        """Where the last pull ended; 0 at first."""
        ...

    def apply(self, changes: Changes) -> None:
        """Take over one verified page: roster, lease, outcomes, batches and cursor together (DESIGN 7.5).

        While ``more`` is set, what nobody waits for is put off until the last page or ``rest``."""
        ...

    def rest(self) -> None:
        """No further page comes for now, though the last one had ``more``: do what was put off, behind."""
        ...
