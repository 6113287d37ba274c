"""The carrier beside this desk: batches at the left, the chosen one and its vials at the right (DESIGN 9.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from vaccinator_app.desk import half_typed
from vaccinator_app.desk.half_typed import HalfTyped
from vaccinator_app.desk.numbers import small_number
from vaccinator_app.desk.stock import OpenVial, ReceiveForm, StockLine
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.powers import Power
from vaccinator_app.domain.stock import Batch
from vaccinator_app.domain.stock_events import DiscardReason
from vaccinator_app.gui.models.batches import BatchDelegate, Batches
from vaccinator_app.gui.screens.choices import Choices, framed
from vaccinator_app.gui.screens.help import STOCK
from vaccinator_app.gui.screens.people_list import PeopleList
from vaccinator_app.gui.screens.screen import Screen
from vaccinator_app.gui.screens.stock_forms import Amount, AmountPanel, ReceivePanel
from vaccinator_app.gui.screens.stock_sheet import Act, BatchSheet
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.empty_state import EmptyState
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.stack import Stack
from vaccinator_app.gui.widgets.text import Text

_MINUTE_MS = 60_000
_LIST, _SHEET = 4, 3
_REASONS: dict[DiscardReason, str] = {
    DiscardReason.EXPIRED: "discard.expired",
    DiscardReason.VVM: "discard.vvm",
    DiscardReason.BROKEN: "discard.broken",
    DiscardReason.CONTAMINATED: "discard.contaminated",
    DiscardReason.OPEN_VIAL_TIME_OVER: "discard.open_vial_time_over",
    DiscardReason.OTHER: "discard.other",
}


class StockScreen(Screen):
    """What came, what is open, what is left. Each act is one record, said as saved once it is durable."""

    left = Signal()
    """Esc: back to the queue."""

    def __init__(self, kit: Kit, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(kit, Message.of("help.stock"), STOCK, parent)
        self._session = session
        self._reason = DiscardReason.OTHER
        self._about: Batch | None = None
        """What the form in front is about, whichever row is chosen meanwhile."""
        self._batches = Batches(kit, self)
        self.list = PeopleList(kit)
        self.list.setObjectName("stock-list")
        self.list.setModel(self._batches)
        self.list.setItemDelegate(BatchDelegate(kit, self._batches))
        counts = session.place.may(Power.HANDLE_STOCK)
        self._none = EmptyState(kit, "stock", Message("stock.nobody_counted" if counts else "stock.look_only"))
        self._sheet = BatchSheet(kit, session)
        self._receive = ReceivePanel(kit, session)
        self._discard = AmountPanel(
            kit,
            names="discard",
            title=Message.of("stock.discard_title"),
            go=Message.of("stock.discard_go"),
            where=False,
        )
        self._transfer = AmountPanel(
            kit,
            names="transfer",
            title=Message.of("stock.transfer_title"),
            go=Message.of("stock.transfer_go"),
            where=True,
        )
        self._choices = Choices(kit)
        self._question = framed(kit, self._choices)
        self._lay_out()
        self._wire()
        self._speak()

    def refresh(self) -> None:
        """Ask again; the batch chosen stays chosen."""
        chosen = self._line
        self._batches.show(self._session.stock.lines())
        lines = self._batches.lines()
        place = -1 if chosen is None else self._batches.place_of(chosen.batch.vaccine, chosen.batch.batch)
        if place < 0 and lines:
            place = _first_open(lines)
        self.list.choose(place)
        self._stack.setCurrentWidget(self.list if lines else self._none)
        self._sheet.show_line(self._line)

    def take_focus(self) -> None:
        """To the form while one is open, else to the list."""
        self.refresh()
        shown = self.sheets.currentWidget()
        if isinstance(shown, ReceivePanel | AmountPanel):
            shown.take_focus()
        elif shown is self._question:
            self._choices.take_focus()
        elif self._line is not None:
            self.list.setFocus()
        elif self._sheet.primary.isVisibleTo(self):
            self._sheet.primary.setFocus()
        else:
            self.setFocus()

    def half_typed(self) -> HalfTyped | None:
        """Vials that are being counted in and are not saved."""
        return self._receive.half_typed() if self.sheets.currentWidget() is self._receive else None

    def give_back(self, half: HalfTyped) -> bool:
        """That form again."""
        self._show(self._receive)
        self._receive.give_back(half)
        return True

    def back(self) -> None:
        """Out of help, out of a form, back to the queue."""
        if self.close_help():
            return
        if self.sheets.currentWidget() is not self._sheet:
            self._to_sheet()
        elif not self.list.hasFocus() and self._line is not None:
            self.list.setFocus()
        else:
            self.left.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that neither list nor form took."""
        if self.sheets.currentWidget() is not self._sheet or not self._session.place.may(Power.HANDLE_STOCK):
            super().keyPressEvent(event)
        elif event.key() == Qt.Key.Key_Insert:
            self._do(Act.RECEIVE_OTHER)
        elif event.key() == Qt.Key.Key_Delete and self._line is not None and self._line.shelf.unopened:
            self._do(Act.DISCARD_UNOPENED)
        else:
            super().keyPressEvent(event)

    @property
    def _line(self) -> StockLine | None:
        return self._batches.line(self.list.row)

    def _do(self, act: Act) -> None:
        line = self._line
        self._sheet.notice.say(None)
        if line is None or act is Act.RECEIVE_OTHER:
            self._show(self._receive)
            self._receive.begin(None)
            return
        batch = self._about = line.batch
        if act is Act.RECEIVE:
            self._show(self._receive)
            self._receive.begin(line)
        elif act is Act.OPEN:
            self._save(
                lambda: self._session.stock.open_vial(batch.vaccine, batch.batch).seq,
                Message.of("stock.saved_opened", batch=batch.batch),
                self._sheet.notice.say,
            )
        elif act is Act.DISCARD_UNOPENED:
            there = Message.of("stock.why_discard_there", batch=batch.batch, n=line.shelf.unopened)
            reasons = [reason for reason in _REASONS if reason is not DiscardReason.OPEN_VIAL_TIME_OVER]
            self._ask(Message.of("stock.why_discard"), there, reasons, partial(self._how_many, there))
        else:
            self._show(self._transfer)
            self._transfer.begin(Message.of("stock.why_discard_there", batch=batch.batch, n=line.shelf.unopened))

    def _discard_vial(self, one: OpenVial) -> None:
        vial = one.vial
        reasons = list(_REASONS)
        if one.over:
            # what it is nearly always then comes first
            reasons.sort(key=lambda reason: reason is not DiscardReason.OPEN_VIAL_TIME_OVER)

        def discard(reason: DiscardReason) -> None:
            self._save(
                lambda: self._session.stock.discard_open(vial.vaccine, vial.batch, vial.vial, reason).seq,
                Message.of("stock.saved_discarded_vial", vial=vial.vial, batch=vial.batch),
                self._refused,
            )

        why = Message.of("stock.why_discard_left", batch=vial.batch, n=vial.left)
        self._ask(Message.of("stock.why_discard_vial", vial=vial.vial), why, reasons, discard)

    def _ask(
        self, title: Message, why: Message, reasons: Sequence[DiscardReason], then: Callable[[DiscardReason], None]
    ) -> None:
        self._show(self._question)
        self._choices.ask(title, [(Message(_REASONS[reason]), partial(then, reason)) for reason in reasons], why)

    def _how_many(self, there: Message, reason: DiscardReason) -> None:
        self._reason = reason
        self._show(self._discard)
        self._discard.begin(there)

    def _received(self, form: ReceiveForm) -> None:
        saved = Message.of("stock.saved_received", n=small_number(form.vials) or 0, batch=form.batch)

        def done(seq: int) -> None:
            self._saved(saved, seq)
            place = self._batches.place_of(form.vaccine, form.batch)
            waits = next((row for row, line in self._batches.lines() if not _settled(line)), place)
            self.list.choose(waits if waits >= 0 else self.list.row)

        def work() -> int:
            seq = self._session.stock.receive(form).seq
            half_typed.done(self._session.place, half_typed.Form.RECEIVE)
            return seq

        self._session.record(work, done, self._receive.refuse)

    def _discarded(self, amount: Amount) -> None:
        batch, reason = self._about, self._reason
        if batch is not None:
            self._save(
                lambda: self._session.stock.discard_unopened(batch.vaccine, batch.batch, amount.vials, reason).seq,
                Message.of("stock.saved_discarded", n=small_number(amount.vials) or 0, batch=batch.batch),
                self._discard.refuse,
            )

    def _transferred(self, amount: Amount) -> None:
        batch = self._about
        if batch is not None:
            self._save(
                lambda: self._session.stock.transfer(batch.vaccine, batch.batch, amount.vials, amount.to).seq,
                Message.of("stock.saved_transferred", n=small_number(amount.vials) or 0, batch=batch.batch),
                self._transfer.refuse,
            )

    def _save(self, work: Callable[[], int], saved: Message, refused: Callable[[Message], None]) -> None:
        self._session.record(work, lambda seq: self._saved(saved, seq), refused)

    def _saved(self, what: Message, seq: int) -> None:
        self._to_sheet()
        self._sheet.saved.show_saved(what, seq)

    def _refused(self, what: Message) -> None:
        self._to_sheet()
        self._sheet.notice.say(what)

    def _show(self, sheet: QWidget) -> None:
        self.close_help()
        self._sheet.saved.show_saved(None)
        self.sheets.setCurrentWidget(sheet)

    def _to_sheet(self) -> None:
        self.sheets.setCurrentWidget(self._sheet)
        if self.isVisible():
            self.take_focus()

    def _chose(self) -> None:
        self._sheet.notice.say(None)
        self._sheet.show_line(self._line)

    def _moved(self) -> None:
        if self.isVisible():
            self.refresh()

    def _speak(self) -> None:
        self.list.setAccessibleName(self.kit.words.t("screen.stock"))

    def _wire(self) -> None:
        self.list.taken.connect(lambda _: self._sheet.take())
        self.list.sideways.connect(lambda by: self._sheet.take_focus() if by > 0 else None)
        self.list.clicked.connect(lambda _: self._to_sheet())
        self.list.selectionModel().currentChanged.connect(self._chose)
        self._sheet.asked.connect(self._do)
        self._sheet.discard_asked.connect(self._discard_vial)
        self._sheet.left.connect(self.list.setFocus)
        self._receive.filled.connect(self._received)
        self._discard.filled.connect(self._discarded)
        self._transfer.filled.connect(self._transferred)
        for form in (self._receive, self._discard, self._transfer, self._choices):
            form.left.connect(self._to_sheet)
        self.kit.words.changed.connect(self._speak)
        self._session.moved.connect(self._moved)
        self._session.heard.connect(self._moved)
        self._minute = QTimer(self)
        self._minute.setInterval(_MINUTE_MS)
        self._minute.timeout.connect(self._moved)
        self._minute.start()

    def _lay_out(self) -> None:
        step = self.kit.theme.step
        self._stack = Stack()
        self._stack.addWidget(self.list)
        self._stack.addWidget(self._none)
        left = QFrame()
        left.setProperty("part", "sheet")
        column = QVBoxLayout(left)
        column.setContentsMargins(2 * step, 2 * step, 2 * step, step)
        column.setSpacing(step)
        column.addWidget(Text(self.kit, Message.of("screen.stock"), size=Size.LEAD, strong=True))
        column.addWidget(self._stack, 1)
        sheets = [self._sheet, self._receive, self._discard, self._transfer, self._question]
        self.set_columns(left, sheets, (_LIST, _SHEET))


def _settled(line: StockLine) -> bool:
    """Whether it was counted in, or is none that would be."""
    return line.shelf.counted_in or line.why_not is not None


def _first_open(lines: list[tuple[int, StockLine]]) -> int:
    """The first batch that waits to be counted in, else the first of all."""
    return next((place for place, line in lines if not _settled(line)), lines[0][0])
