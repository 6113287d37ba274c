"""Closing the day in two steps: count and look, then sign (DESIGN 3.5, 7.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.numbers import small_number
from vaccinator_app.desk.reconcile import Overview
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.closing import CannotClose, make_close
from vaccinator_app.domain.closing_events import DayClosed, VarianceReason
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.powers import Power
from vaccinator_app.vault.ledger import Saved

BatchName = tuple[str, str]
"""Vaccine and batch."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Unopened vials of a batch as typed, and why they are not as many as the records say."""

    vials: str
    reason: VarianceReason = VarianceReason.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosePlan:
    """What the second step would sign, and what the person should have seen before it."""

    body: DayClosed
    open_exceptions: int
    warnings: tuple[Message, ...]


def prepare(place: Workplace, overview: Overview, counted: Mapping[BatchName, Counted]) -> ClosePlan:
    """The first step. Nothing is written. Raises ``CannotDo`` with what is missing or cannot be."""
    place.require(Power.CLOSE_DAY)
    if place.disagreement is not None:
        raise CannotDo(place.disagreement)
    numbers = {}
    for name, typed in counted.items():
        vials = small_number(typed.vials)
        if vials is None:
            raise CannotDo(Message.of("close.count_missing", batch=name[1]))
        numbers[name] = (vials, typed.reason)
    close = overview.close
    previous = "" if close is None else place.vault.daybooks.hash_of(close.device, close.seq) or ""
    try:
        body = make_close(overview.book, numbers, overview.exceptions, previous)
    except CannotClose as error:
        raise CannotDo(error.message) from None
    return ClosePlan(body=body, open_exceptions=len(overview.open), warnings=overview.warnings)


def close(place: Workplace, plan: ClosePlan) -> Saved:
    """The second step: sign. Raises ``CannotDo`` when anything was recorded since the first."""
    own = next((head for head in plan.body.heads if head.device == place.vault.identity.device), None)
    if own is None or own.seq != place.vault.ledger.head().seq:
        raise CannotDo(Message.of("close.moved_on"))
    return place.record(plan.body)[-1]
