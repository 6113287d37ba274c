"""Exceptions of vials and doses that do not agree, or were lost (DESIGN 7.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from vaccinator_app.domain.closing import newest_close
from vaccinator_app.domain.closing_events import DayClosed, Settlement, SettleReason, VarianceReason
from vaccinator_app.domain.counts import BatchCount
from vaccinator_app.domain.day import Happened, Name, in_time
from vaccinator_app.domain.events import DoseGiven
from vaccinator_app.domain.evidence import Evidence, about_record
from vaccinator_app.domain.exception_words import COUNTED, DISCARDED
from vaccinator_app.domain.exceptions import Act, DayException, ExceptionKind, Settled, Step
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.stock import count_stock
from vaccinator_app.domain.stock_events import DiscardReason, StockReceived, VialDiscarded, VialOpened

_ON_A_BATCH = (Act.COUNT, Act.EXPLAIN, Act.ESCALATE)


def variances(seen: Evidence) -> Iterator[DayException]:
    """Each batch of which the day's vials and doses do not agree: one exception a batch, whatever is wrong with it."""
    for key, words in _wrong(seen, seen.book.happened, seen.voids).items():
        now = seen.book.now
        yield DayException(
            key=key,
            kind=ExceptionKind.VARIANCE,
            words=words[0],
            acts=_ON_A_BATCH,
            history=tuple(Step(now, "", more) for more in words[1:]),
        )


def varied_the_same(seen: Evidence, exception: DayException, settled: Happened) -> bool:
    """Whether the batch of this variance was as wrong as now when somebody settled it. What grew since needs somebody
    again: an explanation covers what it explained."""
    then = [one for one in seen.book.happened if in_time(one) <= in_time(settled)]
    return _wrong(seen, then, seen.voids).get(exception.key, [])[:1] == [exception.words]


def _wrong(seen: Evidence, happened: Sequence[Happened], voids: Mapping[Name, Happened]) -> dict[str, list[Message]]:
    day = seen.book.day
    received = {(one.body.vaccine, one.body.batch) for one in happened if isinstance(one.body, StockReceived)}
    found = {}
    for count in count_stock(day, happened, voids):
        words = list(_words(count, (count.vaccine, count.batch) in received))
        if words:
            found[f"variance:{day}:{count.vaccine}/{count.batch}"] = words
    return found


def _words(count: BatchCount, received: bool) -> Iterator[Message]:
    if not received:
        yield Message.of("exception.never_received", batch=count.batch)
    elif count.unopened < 0:
        yield Message.of("exception.below_zero", batch=count.batch, n=-count.unopened)
    if count.variance > 0:
        yield Message.of("exception.doses_over", batch=count.batch, n=count.variance)
    elif count.variance < 0:
        yield Message.of("exception.doses_missing", batch=count.batch, n=-count.variance)


def counted_otherwise(seen: Evidence) -> Iterator[DayException]:
    """Each batch that the newest close counted by hand as other than the records say. A reason given in that close
    settles it, but for "unexplained"."""
    close = newest_close(seen.book.day, seen.book.happened)
    if close is None or not isinstance(close.body, DayClosed):
        return
    for batch in close.body.counted:
        if batch.counted == batch.computed:
            continue
        explained = batch.reason not in (VarianceReason.NONE, VarianceReason.UNEXPLAINED)
        words = Message.of(
            "exception.counted_otherwise",
            batch=batch.batch,
            counted=batch.counted,
            computed=batch.computed,
            reason=Message.of(COUNTED[batch.reason]),
        )
        yield DayException(
            key=f"counted:{seen.book.day}:{batch.vaccine}/{batch.batch}",
            kind=ExceptionKind.VARIANCE,
            words=words,
            at=close.at,
            staff=close.staff,
            acts=(Act.AMEND, *_ON_A_BATCH),
            settled=Settled(
                at=close.at, staff=close.staff, how=Settlement.EXPLAINED, reason=SettleReason.COUNTED_AGAIN, note=""
            )
            if explained
            else None,
            history=(Step(close.at, close.staff, Message.of("history.closed")),),
        )


def left_over(seen: Evidence) -> Iterator[DayException]:
    """Each vial opened on the day whose time is over and that is neither empty nor thrown away, at any desk."""
    gone: dict[tuple[str, str, str, int], int] = {}
    discarded: set[tuple[str, str, str, int]] = set()
    for one in seen.book.happened:
        body = one.body
        if isinstance(body, DoseGiven) and seen.stands(one):
            vial = (one.device, body.vaccine, body.batch, body.vial)
            gone[vial] = gone.get(vial, 0) + 1
        elif isinstance(body, VialDiscarded) and body.vial:
            discarded.add((one.device, body.vaccine, body.batch, body.vial))
    met = set()
    for one in seen.records:
        if not isinstance(one.body, VialOpened):
            continue
        vial = (one.device, one.body.vaccine, one.body.batch, one.body.vial)
        left = one.body.doses - gone.get(vial, 0)
        over = _time_over(seen, one, one.body)
        if vial in met or vial in discarded or left <= 0 or over is None or over > seen.book.now:
            continue
        met.add(vial)
        yield DayException(
            key=f"vial_left:{one.device}:{one.body.vaccine}/{one.body.batch}:{one.body.vial}",
            kind=ExceptionKind.VARIANCE,
            words=Message.of(
                "exception.discard_left",
                machine=seen.machine(one.device),
                batch=one.body.batch,
                vial=one.body.vial,
                n=left,
            ),
            device=one.device,
            seq=one.seq,
            at=over,
            staff=one.staff,
            acts=_ON_A_BATCH,
        )


def _time_over(seen: Evidence, one: Happened, body: VialOpened) -> datetime | None:
    """When the vial's time ends; None for a vaccine that this desk does not know."""
    vaccine = seen.book.formulary.get(body.vaccine)
    return None if vaccine is None else one.at + timedelta(hours=vaccine.open_vial_hours)


def vials_lost(seen: Evidence) -> Iterator[DayException]:
    """Each throwing away of unopened vials, or of doses in an open one for any reason but its time."""
    for one in seen.records:
        body = one.body
        if not isinstance(body, VialDiscarded):
            continue
        reason = Message.of(DISCARDED[body.reason])
        if body.vials > 0:
            words = Message.of("exception.vials_lost", n=body.vials, batch=body.batch, reason=reason)
        elif body.doses > 0 and body.reason is not DiscardReason.OPEN_VIAL_TIME_OVER:
            words = Message.of("exception.vial_lost", vial=body.vial, batch=body.batch, n=body.doses, reason=reason)
        else:
            continue
        yield about_record(seen, one, ExceptionKind.VIAL_LOST, words, (Act.EXPLAIN, Act.COUNT, Act.ESCALATE))
