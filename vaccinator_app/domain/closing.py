"""Closing a day: what a close covers, what came after it, and the next one to sign (DESIGN 3.5, 7.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from vaccinator_app.domain.closing_events import CountedBatch, DayClosed, LedgerHead, VarianceReason
from vaccinator_app.domain.counts import DayTally
from vaccinator_app.domain.day import Happened, in_time, is_empty
from vaccinator_app.domain.daybook import DayBook
from vaccinator_app.domain.events import PRESENT, Voided
from vaccinator_app.domain.evidence import day_of
from vaccinator_app.domain.exceptions import Act, DayException
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.stock_events import STOCK
from vaccinator_app.domain.tally import tally

BatchName = tuple[str, str]
"""Vaccine and batch."""

_COUNTED = (*PRESENT, *STOCK, Voided)
"""Kinds that change a tally or what should be in the carriers."""


class CannotClose(Exception):
    """The day cannot be closed like this; ``message`` says what to do. Names no person."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.key)
        self.message = message


def newest_close(day: date, happened: Iterable[Happened]) -> Happened | None:
    """The ``day_closed`` of ``day`` that counts: the furthest amendment, of several the last; None for an open day."""
    closes = [one for one in happened if isinstance(one.body, DayClosed) and one.body.day == day]
    return max(closes, key=lambda one: (_close(one).amendment, in_time(one)), default=None)


def covered(happened: Iterable[Happened], heads: Iterable[LedgerHead]) -> list[Happened]:
    """The records up to ``heads``; none of a desk that they do not name."""
    upto = {head.device: head.seq for head in heads}
    return [one for one in happened if one.seq <= upto.get(one.device, 0)]


def late(day: date, happened: Sequence[Happened], close: Happened) -> list[Happened]:
    """Records about ``day`` that change its tally or stock and that ``close`` does not cover, in the order of time.

    A void is about the day of what it voids; a dose that corrects another about the day on which it went in.
    """
    upto = {head.device: head.seq for head in _close(close).heads}
    beyond = [one for one in happened if isinstance(one.body, _COUNTED) and one.seq > upto.get(one.device, 0)]
    if not beyond:
        return []
    by_name = {one.name: one for one in happened} if any(isinstance(one.body, Voided) for one in beyond) else {}
    return sorted((one for one in beyond if day_of(one, by_name) == day), key=in_time)


def make_close(
    book: DayBook,
    counted: Mapping[BatchName, tuple[int, VarianceReason]],
    exceptions: Iterable[DayException],
    previous: str = "",
) -> DayClosed:
    """What the in-charge signs: the tally of all that this desk knows of the day, beside the vials counted by hand.

    ``counted`` has the unopened vials of a batch, all desks together, and why they are not as many as the records say.
    Each batch of which any should be there must be counted. ``exceptions`` are those of ``book``; ``previous`` is the
    hash (hex) of the newest close, needed when there is one. Raises `CannotClose`; ValueError for a ``previous`` that
    does not go with the book.

    Not left open by an amendment is what only asks for it: late records, and counts and tallies of the close before.
    """
    _check_day(book)
    newest = newest_close(book.day, book.happened)
    if (newest is None) != (not previous):
        raise ValueError("a close names the hash of the one it amends, and of nothing else")
    heads = tuple(
        LedgerHead(machine.device, machine.upto, machine.head)
        for machine in sorted(book.machines, key=lambda machine: machine.device)
        if machine.upto > 0
    )
    counts = tally(book.day, covered(book.happened, heads), book.booked)
    left = (one.key for one in exceptions if one.settled is None and Act.AMEND not in one.acts)
    close = DayClosed(
        day=book.day,
        amendment=0 if newest is None else _close(newest).amendment + 1,
        previous=previous,
        heads=heads,
        tally=counts,
        counted=_lay_beside(counts, counted),
        open_exceptions=tuple(sorted(left)),
    )
    if newest is not None and _same(close, _close(newest)):
        raise CannotClose(Message.of("close.nothing_new"))
    return close


def _check_day(book: DayBook) -> None:
    if book.day > book.now.date():
        raise CannotClose(Message.of("close.future_day", day=book.day))
    if is_empty(book.day, book.happened) and not book.booked:
        raise CannotClose(Message.of("close.empty_day", day=book.day))


def _lay_beside(counts: DayTally, counted: Mapping[BatchName, tuple[int, VarianceReason]]) -> tuple[CountedBatch, ...]:
    computed = {(one.vaccine, one.batch): one.unopened for one in counts.stock}
    found = []
    for name in sorted(computed.keys() | counted.keys()):
        vaccine, batch = name
        should = computed.get(name, 0)
        if name not in counted:
            if should != 0:
                raise CannotClose(Message.of("close.count_missing", batch=batch))
            continue
        vials, reason = counted[name]
        if vials < 0:
            raise CannotClose(Message.of("close.below_zero", batch=batch))
        if vials != should and reason is VarianceReason.NONE:
            raise CannotClose(Message.of("close.why_missing", batch=batch, counted=vials, computed=should))
        reason = VarianceReason.NONE if vials == should else reason
        found.append(CountedBatch(vaccine=vaccine, batch=batch, counted=vials, computed=should, reason=reason))
    return tuple(found)


def _same(one: DayClosed, other: DayClosed) -> bool:
    """Whether they say the same: heads move with every record, of whatever day."""
    return (one.tally, one.counted, one.open_exceptions) == (other.tally, other.counted, other.open_exceptions)


def _close(one: Happened) -> DayClosed:
    assert isinstance(one.body, DayClosed)
    return one.body
