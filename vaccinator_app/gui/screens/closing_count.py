"""The first step of a close: what was counted by hand, beside what the records say."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QLineEdit, QVBoxLayout, QWidget

from vaccinator_app.desk.numbers import small_number
from vaccinator_app.domain.closing_events import VarianceReason
from vaccinator_app.domain.counts import BatchCount
from vaccinator_app.domain.exception_words import COUNTED
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.vaccines import Formulary
from vaccinator_app.gui.widgets.choice import Choice
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.text import Text

BatchName = tuple[str, str]
"""Vaccine and batch."""

Kept = dict[BatchName, tuple[str, VarianceReason]]
"""What was typed of a day's batches, and why it differs. No word of it is about a person."""

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_FIELD = 88
_REASONS = (
    VarianceReason.BROKEN_UNRECORDED,
    VarianceReason.RECEIVED_UNRECORDED,
    VarianceReason.MISCOUNTED_BEFORE,
    VarianceReason.UNEXPLAINED,
)
"""Those by which unopened vials may be more or fewer; nothing is chosen for the person."""


class CountRow(QWidget):
    """One batch: its name, what should be there, the field; a reason only where the two differ."""

    entered = Signal()
    """Enter, in the field or on the reason."""
    edited = Signal()

    def __init__(self, kit: Kit, name: BatchName, vaccine: str) -> None:
        super().__init__()
        self.name = name
        self._kit = kit
        self.computed = 0
        self._label = Text(kit, f"{name[1]} {vaccine}", strong=True, elide=True)
        self._should = Text(kit, tone="quiet", wrap=True)
        self.field = QLineEdit()
        self.field.setObjectName(f"count-{name[1]}")
        self.field.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.field.setMaxLength(6)
        self.choice: Choice[VarianceReason] = Choice(
            kit,
            Message.of("close.why_differs"),
            [(VarianceReason.NONE, Message.of("close.say_why")), *((one, Message(COUNTED[one])) for one in _REASONS)],
        )
        self.choice.setObjectName(f"why-{name[1]}")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, kit.theme.step)
        grid.setHorizontalSpacing(2 * kit.theme.step)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(0, 1)
        grid.addWidget(self._label, 0, 0)
        grid.addWidget(self._should, 1, 0)
        grid.addWidget(self.field, 0, 1, 2, 1, Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(self.choice, 2, 0, 1, 2)
        self.field.textEdited.connect(self._edited)
        self.choice.activated.connect(lambda _: self.edited.emit())
        self.field.installEventFilter(self)
        self.choice.installEventFilter(self)
        kit.words.changed.connect(self._speak)
        kit.theme.changed.connect(self._measure)
        self._measure()
        self._compare()

    @property
    def typed(self) -> str:
        """What stands in the field."""
        return self.field.text().strip()

    @property
    def differs(self) -> bool:
        """A number was typed, and it is another one than the records say."""
        vials = small_number(self.typed)
        return vials is not None and vials != self.computed

    @property
    def missing(self) -> bool:
        """No number is typed where there should be any vial, or what is typed is none."""
        return small_number(self.typed) is None and bool(self.typed or self.computed)

    @property
    def waits(self) -> bool:
        """A number or a reason is missing."""
        return self.missing or (self.differs and self.reason is VarianceReason.NONE)

    @property
    def reason(self) -> VarianceReason:
        """Why it differs; none where it does not."""
        return self.choice.value if self.differs else VarianceReason.NONE

    def put(self, typed: str, reason: VarianceReason) -> None:
        """What was typed before."""
        self.field.setText(typed)
        self.choice.choose(reason)

    def show_count(self, count: BatchCount) -> None:
        """What the records say now. What was typed stays."""
        self.computed = count.unopened
        self._should.say(
            Message.of("close.should_be", n=count.unopened)
            if count.unopened >= 0
            else Message.of("close.never_received", n=-count.unopened)
        )
        self._compare()

    def set_wrong(self, wrong: bool) -> None:
        """Mark the field."""
        if bool(self.field.property("wrong")) != wrong:
            self.field.setProperty("wrong", wrong)
            self.field.style().unpolish(self.field)
            self.field.style().polish(self.field)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in _ENTER and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                if watched is self.field and self.differs and not event.isAutoRepeat():
                    self.choice.setFocus()
                elif not event.isAutoRepeat():
                    self.entered.emit()
                return True
            if watched is self.field and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                self.focusNextPrevChild(event.key() == Qt.Key.Key_Down)
                return True
        return super().eventFilter(watched, event)

    def _edited(self) -> None:
        self.set_wrong(False)
        self._compare()
        self.edited.emit()

    def _compare(self) -> None:
        self.choice.setVisible(self.differs)
        self._speak()

    def _speak(self) -> None:
        words = self._kit.words
        self.field.setAccessibleName(words.say(Message.of("close.counted_of", batch=self.name[1])))
        self.field.setAccessibleDescription(self._should.accessibleName())

    def _measure(self) -> None:
        self.field.setFixedWidth(self._kit.theme.px(_FIELD))


class CountList(QWidget):
    """Every batch, in the order of the tally. A refresh changes what should be there, never what was typed."""

    done = Signal()
    """Enter behind the last field."""
    edited = Signal()

    def __init__(self, kit: Kit, formulary: Formulary) -> None:
        super().__init__()
        self._kit = kit
        self._formulary = formulary
        self._rows: dict[BatchName, CountRow] = {}
        self._kept: Kept = {}
        self._none = Text(kit, Message.of("close.no_batches"), tone="quiet", wrap=True)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(kit.theme.step)
        self._column.addWidget(self._none)

    @property
    def rows(self) -> list[CountRow]:
        """The batches shown, in order."""
        found = (self._column.itemAt(at) for at in range(1, self._column.count()))
        widgets = (item.widget() for item in found if item is not None)
        return [widget for widget in widgets if isinstance(widget, CountRow)]

    def show_counts(self, counts: Iterable[BatchCount]) -> None:
        """The batches of the day as the records have them now."""
        ordered = [(count.vaccine, count.batch) for count in counts]
        for name in set(self._rows) - set(ordered):
            row = self._rows.pop(name)
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        for at, count in enumerate(counts):
            name = (count.vaccine, count.batch)
            row = self._rows.get(name) or self._add(name)
            if self._column.indexOf(row) != at + 1:
                self._column.removeWidget(row)
                self._column.insertWidget(at + 1, row)
            row.show_count(count)
        self._none.setVisible(not ordered)
        for before, after in zip(self.rows, self.rows[1:], strict=False):
            QWidget.setTabOrder(before.choice, after.field)

    def keep_in(self, kept: Kept) -> None:
        """Another day: what is typed from here on goes into ``kept``, and what stands there comes back."""
        self.show_counts(())
        self._kept = kept

    def clear(self) -> None:
        """The day is signed: nothing of what was typed is kept."""
        self._kept.clear()
        self.show_counts(())

    def take_focus(self) -> bool:
        """To the first number or reason that is missing; False when none is."""
        row = next((row for row in self.rows if row.waits), None)
        if row is None:
            return False
        if row.differs:
            row.choice.setFocus()
        else:
            row.field.setFocus()
            row.field.selectAll()
        return True

    def mark_missing(self) -> None:
        """Mark the fields whose number is missing."""
        for row in self.rows:
            row.set_wrong(row.missing)

    def _add(self, name: BatchName) -> CountRow:
        found = self._formulary.get(name[0])
        row = CountRow(self._kit, name, name[0] if found is None else found.name)
        row.entered.connect(lambda: self._on(row))
        if name in self._kept:
            row.put(*self._kept[name])
        row.edited.connect(self.edited)
        row.edited.connect(lambda: self._keep(row))
        row.choice.currentIndexChanged.connect(lambda: self._keep(row))
        self._rows[name] = row
        return row

    def _keep(self, row: CountRow) -> None:
        self._kept[row.name] = row.field.text(), row.choice.value

    def _on(self, row: CountRow) -> None:
        rows = self.rows
        at = rows.index(row) + 1
        if at < len(rows):
            rows[at].field.setFocus()
            rows[at].field.selectAll()
        else:
            self.done.emit()
