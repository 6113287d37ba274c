"""Batches, vials and what is left of them, computed from events; what may be drawn from, said before the needle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from vaccinator_app.domain.counts import BatchCount
from vaccinator_app.domain.day import Happened, Name, voided_records
from vaccinator_app.domain.events import DoseGiven
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.stock_events import STOCK, StockReceived, StockTransferred, VialDiscarded, VialOpened
from vaccinator_app.domain.vaccines import Vaccine

NEAR_EXPIRY = timedelta(days=14)
"""How long before its expiry a batch is said to be near it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A batch this desk knows: allotted by central or received here. Good through the whole of ``expiry``.

    ``withdrawn``: central took it out of use.
    """

    vaccine: str
    batch: str
    expiry: date
    doses_per_vial: int
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Vial:
    """The newest vial of a batch on this desk. ``left`` is doses still in it, 0 once it was discarded."""

    vaccine: str
    batch: str
    vial: int
    left: int
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The vials of one batch in this desk's carrier, in vials. ``discarded`` and ``transferred`` were unopened."""

    received: int = 0
    opened: int = 0
    discarded: int = 0
    transferred: int = 0

    @property
    def counted_in(self) -> bool:
        """Somebody received vials of this batch here; before that nothing is known of how many there are."""
        return self.received > 0

    @property
    def unopened(self) -> int:
        """Vials that should lie in the carrier; never below 0."""
        return max(0, self.received - self.opened - self.discarded - self.transferred)


def vial_is_usable(vial: Vial, vaccine: Vaccine, now: datetime) -> bool:
    """A dose is left and the open-vial time is not over."""
    return vial.left > 0 and now < vial.opened_at + timedelta(hours=vaccine.open_vial_hours)


def why_not(batch: Batch, shelf: Shelf, vial: Vial | None, vaccine: Vaccine, now: datetime) -> Message | None:
    """Why nothing may be drawn from ``batch`` at ``now`` (a time at the centre); None when it may.

    A batch that nobody counted in may be drawn from: the vials are there, and so is the queue. It stays an exception
    until it is counted in.
    """
    if batch.withdrawn:
        return Message.of("batch.withdrawn", batch=batch.batch)
    if batch.expiry < now.date():
        return Message.of("batch.expired", batch=batch.batch, day=batch.expiry)
    usable = vial is not None and vial_is_usable(vial, vaccine, now)
    if not usable and shelf.counted_in and shelf.unopened == 0:
        return Message.of("batch.exhausted", batch=batch.batch)
    return None


def first_to_expire(batches: Iterable[Batch]) -> list[Batch]:
    """In the order in which they are to be used up."""
    return sorted(batches, key=lambda b: (b.expiry, b.vaccine, b.batch))


@dataclass(slots=True)
class _Vial:
    """One vial. ``opening`` is the record of it, None for a vial that doses name and nobody opened.

    ``given`` and ``wasted`` are doses of the day.
    """

    opening: Happened | None = None
    given: int = 0
    wasted: int = 0
    discarded: bool = False


@dataclass(slots=True)
class _Batch:
    doses_per_vial: int = 0
    at_start: int = 0
    received: int = 0
    discarded: int = 0
    transferred: int = 0
    vials: dict[tuple[str, int], _Vial] = field(default_factory=dict)

    def vial(self, device: str, number: int) -> _Vial:
        found = self.vials.get((device, number))
        if found is None:
            found = self.vials[device, number] = _Vial()
        return found


def count_stock(
    day: date, happened: Sequence[Happened], voids: Mapping[Name, Happened] | None = None
) -> tuple[BatchCount, ...]:
    """Every batch that was there on ``day`` or moved on it, by vaccine and batch.

    ``happened`` holds all stock events since the desks began and every event of ``day``, in any order; what happened
    later is left out, and so are doses of earlier days. ``voids`` are those of ``happened``, when the caller has them.
    A vial opened twice by number was opened once.
    """
    voided = voided_records(happened) if voids is None else voids
    batches: dict[tuple[str, str], _Batch] = {}
    for one in happened:
        body = one.body
        if isinstance(body, DoseGiven):
            if one.when.date() == day and one.name not in voided:
                _batch(batches, body).vial(one.device, body.vial).given += 1
        elif isinstance(body, STOCK) and one.at.date() <= day:
            _take(_batch(batches, body), one, one.at.date() == day)
    counts = (_count(name, found, day) for name, found in sorted(batches.items()))
    return tuple(count for count in counts if _is_of_the_day(count))


_Drawn = StockReceived | StockTransferred | VialOpened | VialDiscarded | DoseGiven


def _batch(batches: dict[tuple[str, str], _Batch], body: _Drawn) -> _Batch:
    name = (body.vaccine, body.batch)
    found = batches.get(name)
    if found is None:
        found = batches[name] = _Batch()
    return found


def _take(batch: _Batch, one: Happened, today: bool) -> None:
    body = one.body
    match body:
        case StockReceived():
            batch.doses_per_vial = max(batch.doses_per_vial, body.doses_per_vial)
            batch.received += body.vials if today else 0
            batch.at_start += 0 if today else body.vials
        case StockTransferred():
            batch.transferred += body.vials if today else 0
            batch.at_start -= 0 if today else body.vials
        case VialOpened():
            batch.doses_per_vial = max(batch.doses_per_vial, body.doses)
            vial = batch.vial(one.device, body.vial)
            if vial.opening is None or one.seq < vial.opening.seq:
                vial.opening = one
        case VialDiscarded():
            batch.discarded += body.vials if today else 0
            batch.at_start -= 0 if today else body.vials
            if body.vial and today:
                vial = batch.vial(one.device, body.vial)
                vial.wasted, vial.discarded = vial.wasted + body.doses, True


def _count(name: tuple[str, str], batch: _Batch, day: date) -> BatchCount:
    opened = before = from_vials = left = 0
    for vial in batch.vials.values():
        if vial.opening is None:
            continue
        if vial.opening.at.date() < day:
            # what came out of it this day was in it, or the doses of the days before, unknown here, do not agree
            before += 1
            from_vials += vial.given + vial.wasted
        else:
            assert isinstance(vial.opening.body, VialOpened)
            opened += 1
            from_vials += vial.opening.body.doses
            left += 0 if vial.discarded else max(0, vial.opening.body.doses - vial.given - vial.wasted)
    given = sum(vial.given for vial in batch.vials.values())
    wasted = sum(vial.wasted for vial in batch.vials.values())
    return BatchCount(
        vaccine=name[0],
        batch=name[1],
        doses_per_vial=batch.doses_per_vial,
        at_start=batch.at_start - before,
        received=batch.received,
        opened=opened,
        discarded=batch.discarded,
        transferred=batch.transferred,
        from_vials=from_vials,
        given=given,
        wasted=wasted,
        left=left,
        variance=given + wasted + left - from_vials,
    )


def _is_of_the_day(count: BatchCount) -> bool:
    moved = (count.received, count.opened, count.discarded, count.transferred, count.given, count.wasted)
    return any(moved) or count.unopened != 0
