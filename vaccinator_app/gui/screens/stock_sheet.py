"""One batch: what is left of it, its open vials, and what may be done with it (DESIGN 9.2)."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from vaccinator_app.desk.stock import OpenVial, StockLine
from vaccinator_app.desk.visit_view import record_words
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.powers import Power
from vaccinator_app.gui.models.batches import batch_look, doses_words
from vaccinator_app.gui.screens.help import SWITCH
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.buttons import Button, PrimaryButton
from vaccinator_app.gui.widgets.chip import VISIT_LOOKS, Chip
from vaccinator_app.gui.widgets.clock import paint_ring
from vaccinator_app.gui.widgets.empty_state import EmptyState
from vaccinator_app.gui.widgets.flow import Flow
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.notice import Notice
from vaccinator_app.gui.widgets.scrolled import Scrolled, sheet_column
from vaccinator_app.gui.widgets.text import Text

_RING = 24
_NOT_YOURS = Message("stock.vaccinator_only", {"key": SWITCH})
_GRAVE = ("batch.withdrawn", "batch.expired")
_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Left: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_Right: 1}


class Act(Enum):
    """What may be done with a batch."""

    RECEIVE = "stock.receive"
    RECEIVE_OTHER = "stock.receive_other"
    OPEN = "stock.open_one"
    DISCARD_UNOPENED = "stock.discard_unopened"
    TRANSFER = "stock.transfer"


_KEYS = {Act.RECEIVE_OTHER: "Insert", Act.DISCARD_UNOPENED: "Delete"}


def acts_of(line: StockLine | None, place: Workplace) -> list[Act]:
    """What fits the batch as it stands, of what whoever is signed in may do."""
    if not place.may(Power.HANDLE_STOCK):
        return []
    found = [Act.RECEIVE_OTHER]
    if line is None:
        return found
    grave = line.why_not is not None and line.why_not.key in _GRAVE
    if not grave:
        found.insert(0, Act.RECEIVE)
    if line.why_not is None and not any(not one.over for one in line.vials):
        found.append(Act.OPEN)
    if line.shelf.unopened:
        found.append(Act.DISCARD_UNOPENED)
        if place.may(Power.TRANSFER_STOCK):
            found.append(Act.TRANSFER)
    return found


class _Ring(QWidget):
    """How much of an open vial's time is left."""

    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self._kit = kit
        self._left = self._whole = timedelta(hours=1)
        kit.theme.changed.connect(self._measure)
        self._measure()

    def show_time(self, left: timedelta, whole: timedelta) -> None:
        self._left, self._whole = left, whole
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        box = QRectF(self.rect())
        if self._left <= timedelta(0):
            self._kit.icons.paint(QPainter(self), box, "needs-attention", "attention")
        else:
            paint_ring(QPainter(self), box, self._kit, self._left, self._whole)

    def _measure(self) -> None:
        side = self._kit.theme.px(_RING)
        self.setFixedSize(side, side)


class _VialRow(QWidget):
    """An open vial: its time, what is left in it, and the button that throws it away."""

    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self._ring = _Ring(kit)
        self._name = Text(kit, strong=True)
        self._left = Text(kit)
        self._time = Text(kit, tone="quiet", elide=True)
        self.discard = Button(kit, Message.of("stock.discard_this"), plain=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(kit.theme.step)
        for widget in (self._ring, self._name, self._left):
            row.addWidget(widget)
        row.addWidget(self._time, 1)
        row.addWidget(self.discard)

    def show_vial(self, one: OpenVial, whole: timedelta) -> None:
        vial = one.vial
        self._ring.show_time(one.remains, whole)
        self._name.say(Message.of("stock.vial", vial=vial.vial))
        self._left.say(Message.of("stock.vial_left", n=vial.left))
        self._time.say(Message.of("stock.vial_over") if one.over else Message.of("stock.vial_span", span=one.remains))
        self._time.set_tone("attention" if one.over else "quiet")
        self.discard.setObjectName(f"discard-vial-{vial.vial}")
        self.discard.say(Message.of("stock.discard_this"))


class SavedLine(QWidget):
    """What was recorded last here, and what is known of the record: saved, then by itself confirmed (DESIGN 3.6)."""

    def __init__(self, kit: Kit, session: Session) -> None:
        super().__init__()
        self._session = session
        self._seq: int | None = None
        self._what = Text(kit, strong=True, wrap=True)
        self._what.setObjectName("stock-saved")
        self._record = Notice(kit)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._what)
        column.addWidget(self._record)
        self.setVisible(False)

    def show_saved(self, what: Message | None, seq: int | None = None) -> None:
        """Say what record ``seq`` says; None is silence."""
        self._seq = seq
        self.setVisible(what is not None)
        self._what.say(what or "")
        self.refresh()

    def refresh(self) -> None:
        """Ask again whether central confirmed it."""
        if self._seq is not None:
            words = record_words(self._session.place, self._seq)
            self._record.say(words, "confirmed" if words.key == "record.confirmed" else "text")


class BatchSheet(QFrame):
    """Enter does what the button at the foot says; the others are reached with Right or Tab."""

    asked = Signal(object)
    """An `Act` on the batch shown."""
    discard_asked = Signal(object)
    """Throw away this `OpenVial`."""
    left = Signal()
    """Back to the list."""

    def __init__(self, kit: Kit, session: Session) -> None:
        super().__init__()
        self._kit = kit
        self._session = session
        self._line: StockLine | None = None
        self._primary: Act | OpenVial = Act.RECEIVE_OTHER
        self.setProperty("part", "sheet")
        self.setObjectName("batch")
        self._name = Text(kit, size=Size.TITLE, strong=True, elide=True)
        self._name.setObjectName("batch-name")
        self._chip = Chip(kit, VISIT_LOOKS["expected"])
        self._about = Text(kit, tone="quiet", wrap=True)
        self._facts = {key: Text(kit, wrap=True) for key in ("stock.unopened_here", "stock.doses_here", "stock.moves")}
        self._said = [Notice(kit) for _ in range(4)]
        self._vials: list[_VialRow] = []
        self._no_vial = Text(kit, Message.of("stock.no_open_vial"), tone="quiet", wrap=True)
        self._handles = session.place.may(Power.HANDLE_STOCK)
        self._not_yours = Notice(kit)
        self._not_yours.setObjectName("stock-not-yours")
        self._none = EmptyState(kit, "stock", Message("stock.nobody_counted" if self._handles else "stock.look_only"))
        self.saved = SavedLine(kit, session)
        self.notice = Notice(kit)
        self.notice.setObjectName("stock-notice")
        self.primary = PrimaryButton(kit, Message.of("stock.receive"), key="Enter")
        self.primary.setObjectName("stock-primary")
        self._buttons = {act: self._button(act) for act in Act}
        self._lay_out()
        self._not_yours.say(None if self._handles else _NOT_YOURS, "attention", icon="staff")
        self.primary.clicked.connect(self.take)
        self.show_line(None)

    def show_line(self, line: StockLine | None) -> None:
        """The batch that is chosen; None shows what to do when there is none."""
        self._line = line
        self._none.setVisible(line is None)
        self._body.setVisible(line is not None)
        self._head.setVisible(line is not None)
        acts = acts_of(line, self._session.place)
        self._primary = _next(line, acts)
        if line is not None:
            self._show_batch(line)
        self.primary.setVisible(bool(acts))
        for act, button in self._buttons.items():
            button.setVisible(act in acts and act is not self._primary)
        if isinstance(self._primary, OpenVial):
            self.primary.say(Message.of("stock.discard_vial", vial=self._primary.vial.vial))
        else:
            receive = self._primary is Act.RECEIVE_OTHER
            self.primary.say(Message(Act.RECEIVE.value if receive and line is None else self._primary.value))
        self.saved.refresh()

    def take(self) -> None:
        """What Enter does."""
        if not self._handles:
            return
        if isinstance(self._primary, OpenVial):
            self.discard_asked.emit(self._primary)
        else:
            self.asked.emit(self._primary)

    def take_focus(self) -> None:
        """To the first of the buttons."""
        next((button for button in self._in_order() if button.isVisible()), self.primary).setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key()))
        buttons = [button for button in self._in_order() if button.isVisible()]
        here = next((i for i, button in enumerate(buttons) if button.hasFocus()), None)
        if step is None or here is None:
            super().keyPressEvent(event)
        elif here + step < 0:
            self.left.emit()
        else:
            buttons[min(here + step, len(buttons) - 1)].setFocus()

    def _in_order(self) -> list[Button]:
        return [*(row.discard for row in self._vials), self.primary, *self._buttons.values()]

    def _show_batch(self, line: StockLine) -> None:
        batch, shelf = line.batch, line.shelf
        self._name.say(batch.batch)
        look = batch_look(line)
        self._chip.setVisible(look is not None)
        if look is not None:
            self._chip.show_look(look)
        self._about.say(
            Message.of("stock.about", vaccine=line.vaccine.name, expiry=batch.expiry, doses=batch.doses_per_vial)
        )
        counted = shelf.counted_in
        self._facts["stock.unopened_here"].say(str(shelf.unopened) if counted else Message.of("stock.not_known"))
        self._facts["stock.doses_here"].say(doses_words(line))
        moves = (
            (shelf.received, Message.of("stock.moved_received", n=shelf.received)),
            (shelf.opened, Message.of("stock.moved_opened", n=shelf.opened)),
            (shelf.discarded, Message.of("stock.moved_discarded", n=shelf.discarded)),
            (shelf.transferred, Message.of("stock.moved_transferred", n=shelf.transferred)),
        )
        moved = [what for count, what in moves if count]
        self._facts["stock.moves"].say(Message.of("stock.moved", what=moved) if moved else "–")
        said = [] if line.why_not is None else [(line.why_not, "stop" if line.why_not.key in _GRAVE else "attention")]
        said += [(hint, "attention") for hint in line.hints]
        for place, notice in enumerate(self._said):
            notice.say(*said[place] if place < len(said) else (None,))
        self._show_vials(line)

    def _show_vials(self, line: StockLine) -> None:
        while len(self._vials) < len(line.vials):
            row = _VialRow(self._kit)
            place = len(self._vials)
            row.discard.clicked.connect(lambda _=False, place=place: self._discard(place))
            self._vials.append(row)
            self._vial_column.addWidget(row)
        whole = timedelta(hours=line.vaccine.open_vial_hours)
        for place, row in enumerate(self._vials):
            row.setVisible(place < len(line.vials))
            row.discard.setVisible(self._handles)
            if place < len(line.vials):
                row.show_vial(line.vials[place], whole)
        self._no_vial.setVisible(not line.vials)

    def _discard(self, place: int) -> None:
        if self._line is not None and place < len(self._line.vials):
            self.discard_asked.emit(self._line.vials[place])

    def _button(self, act: Act) -> Button:
        button = Button(self._kit, Message(act.value), plain=True, key=_KEYS.get(act, ""))
        button.setObjectName(f"stock-{act.name.lower().replace('_', '-')}")
        button.clicked.connect(lambda: self.asked.emit(act))
        return button

    def _lay_out(self) -> None:
        kit, step = self._kit, self._kit.theme.step
        self._head, self._body = QWidget(), QWidget()
        head = QGridLayout(self._head)
        head.setContentsMargins(0, 0, 0, 0)
        head.setVerticalSpacing(0)
        head.setColumnStretch(0, 1)
        head.addWidget(self._name, 0, 0)
        head.addWidget(self._chip, 0, 1, Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(self._about, 1, 0, 1, 2)
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, step, 0, 0)
        column.setSpacing(step)
        for notice in self._said:
            column.addWidget(notice)
        facts = QGridLayout()
        facts.setHorizontalSpacing(3 * step)
        facts.setVerticalSpacing(step // 2)
        facts.setColumnStretch(1, 1)
        top = Qt.AlignmentFlag.AlignTop
        for row, (key, text) in enumerate(self._facts.items()):
            facts.addWidget(Text(kit, Message(key), tone="quiet"), row, 0, top)
            facts.addWidget(text, row, 1, top)
        column.addLayout(facts)
        column.addSpacing(step)
        column.addWidget(Text(kit, Message.of("stock.open_vials"), size=Size.LEAD, strong=True))
        self._vial_column = QVBoxLayout()
        self._vial_column.setSpacing(0)
        column.addLayout(self._vial_column)
        column.addWidget(self._no_vial)
        column.addStretch(1)
        inside = QWidget()
        both = QVBoxLayout(inside)
        both.setContentsMargins(0, 0, 0, 0)
        both.addWidget(self._body)
        both.addWidget(self._none, 1)
        foot = QWidget()
        below = QVBoxLayout(foot)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(step)
        seconds = Flow(kit, list(self._buttons.values()))
        for widget in (self.saved, self._not_yours, self.notice, self.primary, seconds):
            below.addWidget(widget)
        sheet_column(self, kit, [self._head], Scrolled(inside), [foot])


def _next(line: StockLine | None, acts: list[Act]) -> Act | OpenVial:
    """What Enter is for: what the batch needs first."""
    if line is None:
        return Act.RECEIVE_OTHER
    if not line.shelf.counted_in and Act.RECEIVE in acts:
        return Act.RECEIVE
    over = next((one for one in line.vials if one.over), None)
    if over is not None:
        return over
    if Act.RECEIVE not in acts:
        return Act.DISCARD_UNOPENED if Act.DISCARD_UNOPENED in acts else Act.RECEIVE_OTHER
    return Act.RECEIVE
