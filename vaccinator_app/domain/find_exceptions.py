"""The one list of all that needs a human on a day, each with what was done about it (DESIGN 7.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from vaccinator_app.domain import find_answers, find_corrections, find_doses, find_machines, find_notices, find_stock
from vaccinator_app.domain.closing_events import ExceptionSettled
from vaccinator_app.domain.day import Happened, in_time
from vaccinator_app.domain.daybook import DayBook
from vaccinator_app.domain.evidence import Evidence, lay_out
from vaccinator_app.domain.exception_words import settled_words
from vaccinator_app.domain.exceptions import DayException, ExceptionKind, Settled, Step

_FINDERS: tuple[Callable[[Evidence], Iterator[DayException]], ...] = (
    find_doses.serious_aefi,
    find_answers.held_and_refused,
    find_answers.given_twice,
    find_corrections.differing_close,
    find_answers.code_exhausted,
    find_answers.override,
    find_doses.duplicates,
    find_doses.against_rule,
    find_corrections.voided,
    find_stock.variances,
    find_stock.counted_otherwise,
    find_stock.left_over,
    find_stock.vials_lost,
    find_machines.clock_jumps,
    find_notices.notices,
    find_machines.unsynced,
    find_doses.unwatched,
    find_corrections.late_records,
)
_ORDER = {kind: place for place, kind in enumerate(ExceptionKind)}


def find(book: DayBook) -> tuple[DayException, ...]:
    """Everything of the day that needs or needed somebody, the gravest kind first, within it by time.

    No exception leaves the list because somebody settled it: it stays, settled, for as long as its cause is there. A
    cause goes away only by what puts it right, and each finder says what that is. The order of ``book.happened`` does
    not matter.
    """
    seen = lay_out(book)
    settlements: dict[str, list[Happened]] = {}
    for one in book.happened:
        if isinstance(one.body, ExceptionSettled):
            settlements.setdefault(one.body.exception, []).append(one)
    found = [_with(seen, one, settlements.get(one.key, [])) for finder in _FINDERS for one in finder(seen)]
    return tuple(sorted(found, key=lambda one: (_ORDER[one.kind], one.at is None, one.at or book.now, one.key)))


def open_ones(exceptions: Iterable[DayException]) -> tuple[DayException, ...]:
    """Those that nobody settled yet."""
    return tuple(one for one in exceptions if one.settled is None)


def _with(seen: Evidence, exception: DayException, settlements: list[Happened]) -> DayException:
    """The exception with all that was done about it: the newest settlement counts, all stand in the history."""
    settled, steps = exception.settled, list(exception.history)
    for one in sorted(settlements, key=in_time):
        assert isinstance(one.body, ExceptionSettled)
        steps.append(Step(one.at, one.staff, settled_words(one.body.how, one.body.reason)))
        settled = Settled(at=one.at, staff=one.staff, how=one.body.how, reason=one.body.reason, note=one.body.note)
        if exception.kind is ExceptionKind.VARIANCE and exception.key.startswith("variance:"):
            settled = settled if find_stock.varied_the_same(seen, exception, one) else None
    steps.sort(key=lambda step: step.at)
    acts = exception.acts if settled is None else ()
    return replace(exception, settled=settled, acts=acts, history=tuple(steps))
