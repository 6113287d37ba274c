"""Taking this desk's own records back from central, once the two hold different histories (DESIGN 7.4; P.20)."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Protocol, TypeVar

from vaccinator_app.domain.message import Message
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.history import HISTORY_REQUEST_TYPE, HISTORY_TYPE, History, HistoryRequest
from vaccinator_app.protocol.ledger import Link
from vaccinator_app.sync.errors import Refused, Untrusted
from vaccinator_app.sync.ports import Central, Desk
from vaccinator_app.sync.trusted import trusted


class Taken(Protocol):
    """Where the ledger has come to."""

    @property
    def link(self) -> Link:
        """The last record that is in place."""
        ...


T = TypeVar("T", bound=Taken, covariant=True)


class Past(Protocol[T]):
    """The desk's own durable side of it."""

    def common(self) -> Link:
        """The last record that is whole here and that central signed for."""
        ...

    def take(self, start: Link, page: History) -> T:
        """Take over a verified page behind ``start``, in one transaction; with the last one recording goes on."""
        ...


Report = Callable[[int, int], None]
"""Told after each page: up to which record the ledger is in place, and where central's ends."""


def _ignore(_: int, __: int) -> None:
    """For callers who do not watch."""


def take_back(desk: Desk, past: Past[T], central: Central, report: Report = _ignore) -> T:
    """Bring the ledger to where central has it. Interrupted anywhere, the next time begins where that ended.

    Raises ``SyncError``: ``Unreachable`` when no answer came, ``Untrusted`` for an answer that is not central's to this
    question, ``Refused`` when the two have no record in common to begin from; and whatever the store raises.
    """
    place = past.common()
    while True:
        page = _ask(desk, central, place)
        if not page.fits:
            raise Refused(Message.of("taken_back.no_common", seq=place.seq))
        taken = past.take(place, page)
        report(taken.link.seq, page.upto)
        if taken.link.seq >= page.upto:
            return taken
        place = taken.link


def _ask(desk: Desk, central: Central, place: Link) -> History:
    nonce = os.urandom(16)
    request = HistoryRequest(
        centre=desk.centre,
        device=desk.device,
        nonce=nonce,
        after=place.seq,
        hash=place.hash,
        keys=desk.central().number,
    )
    answer = central.history(packing.pack(request, HISTORY_REQUEST_TYPE, desk.device_key))
    page = trusted(desk, answer, HISTORY_TYPE, History)
    # An old answer played again has another nonce; one without an end would be asked for ever.
    if page.nonce != nonce or page.after != place.seq or (page.fits and not page.records and page.upto > place.seq):
        raise Untrusted(Message.of("sync.stale_answer"))
    return page
