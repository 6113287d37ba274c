"""The in-charge's day: what everything adds up to, and what still needs somebody (DESIGN 7.3, 9.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from vaccinator_app.desk.purging import left_words, overdue_words
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.closing import late, newest_close
from vaccinator_app.domain.closing_events import DayClosed
from vaccinator_app.domain.counts import DayTally
from vaccinator_app.domain.day import Happened
from vaccinator_app.domain.daybook import DayBook, Machine
from vaccinator_app.domain.events import DoseGiven
from vaccinator_app.domain.exceptions import DayException
from vaccinator_app.domain.find_exceptions import find
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.powers import Power
from vaccinator_app.domain.tally import tally
from vaccinator_app.vault.daybook import Mark

Report = Callable[[int, int], None]
"""How far: records read, of how many."""


def _ignore(_: int, __: int) -> None:
    """For callers who do not watch."""


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """One day as it stands now. ``close`` is the newest close, ``late`` what it does not cover.

    ``agreed``: central counted the same as the close; None while it has not said.
    """

    book: DayBook
    tally: DayTally
    exceptions: tuple[DayException, ...]
    close: Happened | None
    late: tuple[Happened, ...]
    agreed: bool | None
    rejected: int = 0
    """Records of other machines that did not verify and are counted nowhere."""
    details: tuple[Message, ...] = ()
    """What is to be said of the details of people: that this day's have left, or that those of old days cannot yet."""
    left_open: date | None = None
    """The last day before on which somebody came, if nobody closed it."""
    open: tuple[DayException, ...] = field(init=False)
    """Exceptions that nobody has settled: sought once, where the day is read; there may be thousands."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "open", tuple(one for one in self.exceptions if one.settled is None))

    @property
    def day(self) -> date:
        """The day it is of."""
        return self.book.day

    @property
    def closed(self) -> DayClosed | None:
        """What was signed, if the day is closed."""
        body = None if self.close is None else self.close.body
        return body if isinstance(body, DayClosed) else None

    @property
    def warnings(self) -> tuple[Message, ...]:
        """What this desk cannot know of: other machines not heard, records not confirmed."""
        rejected = (Message.of("machine.rejected", n=self.rejected),) if self.rejected else ()
        return (*(found for machine in self.book.machines for found in _warnings(machine)), *rejected, *self.details)


class Reconcile:
    """Reads the day once and after that only what is new. Safe to ask from another thread than the window's, one
    question at a time."""

    def __init__(self, place: Workplace) -> None:
        self._place = place
        self._day: date | None = None
        self._happened: list[Happened] = []
        self._mark: Mark | None = None

    def overview(self, day: date, report: Report = _ignore, cancelled: Callable[[], bool] = _never) -> Overview | None:
        """The day as of now; None when ``cancelled()`` said so. Only the in-charge's to see."""
        self._place.require(Power.SETTLE)
        books = self._place.vault.daybooks
        if day != self._day:
            self._day, self._happened, self._mark = day, [], None
        fresh, mark = books.happened_since(day, self._mark, report, cancelled)
        if cancelled():
            self._day = None
            return None
        self._happened, self._mark = [*self._happened, *fresh], mark
        return read_overview(self._place, day, tuple(self._happened))


def read_overview(place: Workplace, day: date, happened: tuple[Happened, ...]) -> Overview:
    """``happened`` with all that is known beside it."""
    books = place.vault.daybooks
    # not by ``appointment_of``: a hundred thousand calls of it are felt in the window beside this thread
    named = {getattr(one.body, "appointment", "") for one in happened}
    book = DayBook(
        day=day,
        now=place.now(),
        own_device=place.vault.identity.device,
        happened=happened,
        booked=tuple(books.booked(day, named)),
        outcomes=books.outcomes(),
        cleared=books.cleared(),
        machines=tuple(books.machines(place.now())),
        batches=tuple(place.vault.roster.batches()),
        formulary=place.formulary,
        names=books.names(),
        identities=books.identities(day, {one.body.appointment for one in happened if isinstance(one.body, DoseGiven)}),
        differences=books.differences(),
    )
    close = newest_close(day, happened)
    return Overview(
        book=book,
        tally=tally(day, happened, book.booked),
        exceptions=find(book),
        close=close,
        late=() if close is None else tuple(late(day, happened, close)),
        agreed=None if close is None else _agreed(place, book, close),
        rejected=place.vault.peers.rejected(),
        details=(*left_words(place, day), *overdue_words(place)),
        left_open=books.left_open(day),
    )


def _agreed(place: Workplace, book: DayBook, close: Happened) -> bool | None:
    name = (close.device, close.seq)
    if name in place.vault.daybooks.agreed():
        return True
    return False if name in book.differences else None


def _warnings(machine: Machine) -> list[Message]:
    found = []
    if machine.own and machine.unconfirmed:
        found.append(Message.of("machine.unconfirmed_here", n=machine.unconfirmed))
    if not machine.own and machine.missing:
        found.append(Message.of("machine.missing", name=machine.name, n=machine.missing))
    if not machine.own and machine.heard_at is None:
        found.append(Message.of("machine.never_heard", name=machine.name))
    elif not machine.own:
        found.append(Message.of("machine.heard_at", name=machine.name, at=machine.heard_at))
    return found
