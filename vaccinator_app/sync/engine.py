"""One run: push what is not confirmed, then pull what changed (DESIGN 7.1-7.5; P.10, P.11).

The engine keeps no state of its own: where it stands is in the store, so an interrupted run goes on where the last
durable step ended. What it believes, central signed; what it acknowledges, it acknowledges by ``seq`` and hash.

One batch is under way at a time. While central works on it, the receipt of the one before is kept and the next is made
ready, to be thrown away again should the receipt name another place. Serious adverse events that would have to wait for
a later batch go with the first, out of turn: central raises the alarm at once and confirms them in their turn (P.10.7).
While one page of changes is taken over, the next is asked for; what it brings is taken over in its turn, or not at all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Lock

from vaccinator_app.domain.message import Message
from vaccinator_app.domain.staff_events import Notice
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.messages import (
    CHANGES_TYPE,
    MAX_BATCH_BYTES,
    MAX_BATCH_RECORDS,
    PULL_TYPE,
    PUSH_TYPE,
    RECEIPT_TYPE,
    Changes,
    PullRequest,
    PushRequest,
    Receipt,
)
from vaccinator_app.protocol.records import FIRST_PREV
from vaccinator_app.sync.errors import LedgerDisagrees, Untrusted
from vaccinator_app.sync.ports import Central, Desk, Store
from vaccinator_app.sync.trusted import trusted
from vaccinator_app.trust.code import MODULUS


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is: records confirmed and still to push, appointments pulled and expected in all."""

    confirmed: int = 0
    to_confirm: int = 0
    pulled: int = 0
    to_pull: int = 0


Report = Callable[[Progress], None]


def _ignore(_: Progress) -> None:
    """For callers who do not watch."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Records from ``after + 1`` to ``upto``, signed and packed; ``last`` when the ledger ended there."""

    after: int
    upto: int
    last: bool
    packed: bytes


class Engine:
    """Runs between one desk's store and central, one at a time. Whoever holds ``turn`` keeps runs from beginning."""

    def __init__(self, desk: Desk, store: Store, central: Central) -> None:
        self._desk = desk
        self._store = store
        self._central = central
        self.turn = Lock()

    def run(self, report: Report = _ignore, cancelled: Callable[[], bool] = lambda: False) -> Progress:
        """Push until nothing is unconfirmed, then pull until nothing is new; tell ``report`` after each step.

        Between steps it stops quietly when ``cancelled()``. Raises ``SyncError``; whatever was durable before it
        stays. Records saved while the run is going are taken along.
        """
        with self.turn:
            wrong = self._store.prove()
            if wrong is not None:
                raise LedgerDisagrees(wrong)
            progress = self._push(Progress(to_confirm=self._unconfirmed()), report, cancelled)
            return self._pull(progress, report, cancelled)

    def pushes(self, after: int) -> Iterator[Batch]:
        """Everything behind record ``after``, as it would be pushed: for another machine to deliver (P.19.6)."""
        batch = self._batch(after, first=True)
        while batch.upto > batch.after:
            yield batch
            if batch.last:
                return
            batch = self._batch(batch.upto)

    def take(self, answer: bytes) -> Receipt:
        """Believe a receipt that was brought as one that came as an answer (P.10.10). Raises ``SyncError``."""
        receipt = trusted(self._desk, answer, RECEIPT_TYPE, Receipt)
        self._check(receipt)
        self._store.confirm(receipt, answer)
        return receipt

    def _unconfirmed(self) -> int:
        return max(0, self._store.head().seq - self._store.confirmed_upto())

    def _push(self, progress: Progress, report: Report, cancelled: Callable[[], bool]) -> Progress:
        # A push with no records is still made: its receipt tells whether an old vault was put back (7.4).
        place = self._store.answered_upto()
        fell_back = False
        with ThreadPoolExecutor(1, thread_name_prefix="push") as line:
            ready = self._batch(place, first=True)
            under_way = line.submit(self._central.push, ready.packed)
            while True:
                ahead = None if ready.last else self._batch(ready.upto)
                answer = under_way.result()
                receipt = trusted(self._desk, answer, RECEIPT_TYPE, Receipt)
                self._check(receipt)
                stop = cancelled()
                # Central may be further on than this batch, when its answers were lost: of what lies between, its
                # outcomes are yet to be heard (P.10.18).
                reached = min(receipt.upto, ready.upto)
                following = None if stop or ahead is None or ahead.after != reached else ahead
                if following is not None:
                    # Out before the receipt is durable here: should that fail, central gives the same answer again.
                    under_way = line.submit(self._central.push, following.packed)
                self._store.confirm(receipt, answer)
                gained = reached - place
                if gained < 0 and fell_back:
                    raise Untrusted(Message.of("sync.no_progress"))
                # Central may have come back from a backup and know less than it signed for: push again from there.
                fell_back = fell_back or gained < 0
                place = reached
                left = max(0, self._store.head().seq - place)
                done = progress.confirmed + max(0, gained)
                progress = Progress(confirmed=done, to_confirm=done + left)
                report(progress)
                if left == 0 or stop:
                    return progress
                # nothing was pushed when the first record of all was saved meanwhile: it goes with the next batch
                if gained == 0 and ready.upto > ready.after:
                    raise Untrusted(Message.of("sync.no_progress"))
                if following is None:
                    following = self._batch(place)
                    under_way = line.submit(self._central.push, following.packed)
                ready = following

    def _batch(self, after: int, *, first: bool = False) -> Batch:
        head = self._store.head()
        records = list(self._store.records_after(after, MAX_BATCH_RECORDS, MAX_BATCH_BYTES))
        upto = after + len(records)
        request = PushRequest(
            centre=self._desk.centre,
            device=self._desk.device,
            head_seq=head.seq,
            head_hash=head.hash,
            records=records,
            urgent=list(self._store.urgent_after(upto)) if first and upto < head.seq else [],
            keys=self._desk.central().number,
        )
        packed = packing.pack(request, PUSH_TYPE, self._desk.device_key)
        return Batch(after, upto, last=upto >= head.seq, packed=packed)

    def _check(self, receipt: Receipt) -> None:
        """Whether a receipt's hash is our own record's; stop when central holds another history."""
        here, there = self._store.head().seq, receipt.upto
        if there > here:
            raise self._stopped(receipt, Notice.ROLLED_BACK, there - here, "sync.rolled_back", here=here, there=there)
        if receipt.forked:
            raise self._stopped(receipt, Notice.FORKED, len(receipt.forked), "sync.forked", seq=receipt.forked[0])
        own = FIRST_PREV if there == 0 else self._store.hash_at(there)
        if own != receipt.head:
            raise self._stopped(receipt, Notice.FORKED, 0, "sync.other_history", seq=there)

    def _stopped(self, receipt: Receipt, what: Notice, count: int, key: str, **blanks: int) -> LedgerDisagrees:
        """The store keeps that nothing is recorded, past a lock; the words say what to do (P.10.11)."""
        words = Message.of(key, **blanks)
        self._store.stop(what, words, count, receipt.at)
        return LedgerDisagrees(words)

    def _pull(self, progress: Progress, report: Report, cancelled: Callable[[], bool]) -> Progress:
        pulled = 0
        expected = 0
        more = False
        ahead: Future[Changes] | None = None
        try:
            with ThreadPoolExecutor(1, thread_name_prefix="next-page") as beside:
                while not cancelled():
                    known = self._desk.central().number
                    changes = self._pull_once(self._store.cursor()) if ahead is None else ahead.result()
                    more = changes.more
                    # Central's next keys are to be kept before anything else of a page is used (P.17.3).
                    alone = not more or bool(changes.keys)
                    ahead = None if alone else beside.submit(self._pull_once, changes.cursor)
                    self._store.apply(changes)
                    pulled += len(changes.appointments)
                    expected = max(expected, changes.total, pulled)
                    progress = replace(progress, pulled=pulled, to_pull=expected)
                    report(progress)
                    # With new keys it asks once more, so that central hears at once by which it is known (P.17.4).
                    if not more and self._desk.central().number == known:
                        break
        finally:
            if more:
                self._store.rest()
        return progress

    def _pull_once(self, cursor: int) -> Changes:
        nonce = os.urandom(16)
        request = PullRequest(
            centre=self._desk.centre,
            device=self._desk.device,
            nonce=nonce,
            cursor=cursor,
            keys=self._desk.central().number,
        )
        answer = self._central.pull(packing.pack(request, PULL_TYPE, self._desk.device_key))
        changes = trusted(self._desk, answer, CHANGES_TYPE, Changes)
        # An old answer played again has another nonce; one for another question, another cursor.
        if changes.nonce != nonce or changes.from_cursor != cursor or changes.cursor < cursor:
            raise Untrusted(Message.of("sync.stale_answer"))
        if changes.more and changes.cursor == cursor:
            raise Untrusted(Message.of("sync.stale_answer"))
        if changes.roster_key.modulus != MODULUS:
            raise Untrusted(Message.of("sync.other_programme"))
        return changes
