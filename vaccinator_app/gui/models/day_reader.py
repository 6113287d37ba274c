"""The in-charge's day for every screen that shows it: read off the window's thread, one read at a time (DESIGN 9.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from threading import Event
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal, Slot

from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import masked_name
from vaccinator_app.gui.collecting import held
from vaccinator_app.gui.models.day_figures import Figures, figures
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.tasks import Progress, Task

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from vaccinator_app.desk.reconcile import Overview

_REST_MS = 250
"""Between two reads at least, or as long as the last one took: a busy day does not make a busy machine."""


_LONG_MS, _PICTURE_MS = 1_000, 100
"""A read that takes so long begins so much later: while Python works beside it, the last one takes twice as long to
paint."""

_UNSEEN_MS = 10_000
"""Between two reads while central is heard and no screen shows the day: how much is open stands at the edge alone."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One read of the day, ready to be shown. ``people`` are masked names of exceptions' people, by appointment;
    ``turn`` is which read it was."""

    turn: int
    overview: Overview
    figures: Figures
    people: Mapping[str, str]


class DayReader(QObject):
    """One for a session, shared by the screens (`of`): the same day stands on all of them."""

    changed = Signal()
    """Another read is there to be shown, or another day was asked for and nothing is known of it yet."""
    progressed = Signal(object)
    """`Progress` of the read under way."""
    failed = Signal(object)
    """The `Message` why the day cannot be read."""
    stopped = Signal()
    """Somebody cancelled the read."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.setObjectName("day-reader")
        self._session = session
        self._place = session.place
        self._day = session.place.today()
        self._today = self._day
        self._names: dict[str, str] = {}
        self._cancel: Event | None = None
        self._again = False
        self._at_once = False
        self._halted = False
        self._turn = 0
        self._took_ms = 0
        self.stays = False
        """Somebody is at work on the day shown: midnight does not take it away."""
        self.seen: Seen | None = None
        self._watch = QElapsedTimer()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self._rested)
        self._shown_on: list[QWidget] = []
        self._passed_over = False
        session.moved.connect(self._stale)
        session.heard.connect(self._heard)

    @classmethod
    def of(cls, session: Session, screen: QWidget | None = None) -> DayReader:
        """The reader of ``session``; made when first asked for. On ``screen`` what it reads is shown."""
        found = session.findChild(QObject, "day-reader")
        reader = found if isinstance(found, DayReader) else cls(session)
        if screen is not None:
            reader._shown_on.append(screen)
        return reader

    @property
    def day(self) -> date:
        """The day asked for."""
        return self._day

    @property
    def is_today(self) -> bool:
        """Whether it is the day at the centre now."""
        return self._day == self._place.today()

    @property
    def reading(self) -> bool:
        """A read is under way."""
        return self._cancel is not None

    def show(self, day: date) -> None:
        """Another day; never one to come."""
        day = min(day, self._place.today())
        if day != self._day:
            self._day = day
            self._drop()
            self.refresh(at_once=True)

    def refresh(self, *, at_once: bool = False) -> int:
        """Read again, as soon as the read under way is over. Cheap to call often.

        Gives the turn of the first read that sees all that there is now; ``at_once`` lets it wait for nothing else,
        and begins again after somebody cancelled: until then nothing is read by itself.
        """
        today = self._place.today()
        if today != self._today:
            # who looks at today goes on to do so after midnight
            goes_on = self._day == self._today and not self.stays
            self._day, self._today = today if goes_on else self._day, today
            self._drop()
        self._again, self._at_once = True, self._at_once or at_once
        self._halted = self._halted and not at_once
        turn = self._turn + 1
        if not self._halted and not self.reading and (self._at_once or not self._rest.isActive()):
            self._read()
        return turn

    def catch_up(self) -> None:
        """A screen comes to the front: what was passed over while nobody looked is read now."""
        if self._passed_over:
            self.refresh()

    @Slot()
    def _stale(self) -> None:
        self.refresh()

    @Slot()
    def _heard(self) -> None:
        """While central confirms batch after batch and nobody looks, the day is read now and then, and at the end: it
        takes long, and the window shares the interpreter with it."""
        seldom = self._session.syncing and not any(screen.isVisible() for screen in self._shown_on)
        if seldom and self._watch.isValid() and self._watch.elapsed() < _UNSEEN_MS:
            self._passed_over = True
        else:
            self.refresh()

    def cancel(self) -> None:
        """Stop the read under way; what was seen stays."""
        self._halted = True
        self._give_up()

    def _give_up(self) -> None:
        if self._cancel is not None:
            self._cancel.set()

    def _drop(self) -> None:
        if self.seen is not None and self.seen.overview.day != self._day:
            self.seen = None
        self._give_up()
        self.changed.emit()

    def _read(self) -> None:
        self._again = self._at_once = self._passed_over = False
        self._rest.stop()
        self._watch.start()
        self._turn += 1
        cancel, day, turn = Event(), self._day, self._turn
        self._cancel = cancel

        def begin() -> None:
            self._session.read(
                lambda task: self._look(day, turn, cancel, task),
                lambda seen: self._took(day, seen),
                self._refused,
                self._tell,
            )

        if self._took_ms < _LONG_MS:
            begin()
        else:
            QTimer.singleShot(_PICTURE_MS, self, begin)

    def _look(self, day: date, turn: int, cancel: Event, task: Task) -> Seen | None:
        """On another thread."""
        with held():
            overview = self._session.reconcile.overview(day, task.report, lambda: cancel.is_set() or task.cancelled)
            if overview is None:
                return None
            book = overview.book
            numbers = figures(overview.tally, book.happened, book.booked, book.formulary, book.names)
            return Seen(turn, overview, numbers, self._people(overview))

    def _people(self, overview: Overview) -> Mapping[str, str]:
        roster = self._place.vault.roster
        for one in overview.exceptions:
            if one.appointment and one.appointment not in self._names:
                found = roster.appointment(one.appointment)
                if found is not None:
                    self._names[one.appointment] = masked_name(found.beneficiary.name)
        return dict(self._names)

    def _took(self, day: date, seen: Seen | None) -> None:
        self._over()
        if day != self._day:
            return
        if seen is None:
            self.stopped.emit()
            return
        self.seen = seen
        self.changed.emit()

    def _refused(self, why: Message) -> None:
        self._over()
        self.failed.emit(why)

    def _tell(self, progress: Progress) -> None:
        if self.reading:
            self.progressed.emit(progress)

    def _over(self) -> None:
        other_day = self._cancel is not None and self._cancel.is_set() and self._again
        self._cancel = None
        self._took_ms = self._watch.elapsed()
        if not self._halted and (other_day or (self._again and self._at_once)):
            self._read()
        else:
            self._rest.start(max(_REST_MS, self._took_ms))

    def _rested(self) -> None:
        if self._again and not self._halted:
            self._read()
