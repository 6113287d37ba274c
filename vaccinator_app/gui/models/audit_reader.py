"""Reads who did or saw what off the window's thread, one question at a time, the last one asked (DESIGN 9.5)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from PySide6.QtCore import QObject, Signal

from vaccinator_app.desk.audit import Audit
from vaccinator_app.domain.audit import Entry, Looked, Sort
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.collecting import held
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.tasks import Progress, Task

LONGEST = timedelta(days=400)
"""How far back a list that spans all days goes: signed events stay at least 180 (DESIGN 5.5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A day; of one person of staff, of one sort, or about one appointment, and then of all days."""

    day: date
    staff: str | None = None
    sort: Sort | None = None
    appointment: str | None = None

    @property
    def first(self) -> date:
        """The first day that is asked for."""
        return self.day - LONGEST if self.appointment is not None else self.day


@dataclass(frozen=True, slots=True)
class Answer:
    """What the vault says to a question. ``looked`` is of everybody on that day, whatever else was asked for."""

    question: Question
    entries: list[Entry]
    looked: tuple[Looked, ...]
    people: dict[str, str]


class AuditReader(QObject):
    """Asks again when another question is put; the answer to an older one is not heard of."""

    changed = Signal()
    """Another answer is there, or another question was put and nothing is known yet."""
    progressed = Signal(object)
    """`Progress` of the read under way."""
    failed = Signal(object)
    """The `Message` why it cannot be read."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._audit = Audit(session.place)
        self._task: Task | None = None
        self.question = Question(day=session.place.today())
        self.answer: Answer | None = None

    @property
    def reading(self) -> bool:
        """A read is under way."""
        return self._task is not None

    def ask(self, question: Question) -> None:
        """Another question, and at once. A day to come is today."""
        question = replace(question, day=min(question.day, self._session.place.today()))
        if question != self.question:
            self.question, self.answer = question, None
            self.changed.emit()
        self.refresh()

    def refresh(self) -> None:
        """Read again; what was seen stays until the answer is there."""
        if self._task is not None:
            self._task.abandon()
        asked = self.question
        self._task = self._session.read(
            lambda task: self._read(asked, task),
            lambda answer: self._took(asked, answer),
            lambda why: self._refused(asked, why),
            lambda progress: self._tell(asked, progress),
        )

    def cancel(self) -> bool:
        """Stop the read under way, if there is one; what was seen stays."""
        task, self._task = self._task, None
        if task is not None:
            task.abandon()
        return task is not None

    def _read(self, asked: Question, task: Task) -> Answer:
        """On another thread."""
        with held():
            entries = self._audit.entries(
                asked.first,
                asked.day,
                staff=asked.staff,
                kind=asked.sort,
                appointment=asked.appointment,
                report=task.report,
                cancelled=lambda: task.cancelled,
            )
            task.check()
            looks = self._audit.entries(asked.day, asked.day, kind=Sort.SAW, cancelled=lambda: task.cancelled)
            task.check()
            return Answer(asked, entries, self._audit.looked(looks), self._audit.staff())

    def _took(self, asked: Question, answer: Answer) -> None:
        if asked is self.question:
            self._task = None
            self.answer = answer
            self.changed.emit()

    def _refused(self, asked: Question, why: Message) -> None:
        if asked is self.question:
            self._task = None
            self.failed.emit(why)

    def _tell(self, asked: Question, progress: Progress) -> None:
        if asked is self.question:
            self.progressed.emit(progress)
