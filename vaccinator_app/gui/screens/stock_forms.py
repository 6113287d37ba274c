"""What is filled in about vials: those that came, those thrown away, those handed over (DESIGN 9.2)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QVBoxLayout, QWidget

from vaccinator_app.desk.dates import typed_date
from vaccinator_app.desk.half_typed import Form as Kept
from vaccinator_app.desk.half_typed import HalfTyped
from vaccinator_app.desk.stock import LONGEST_BATCH, LONGEST_PLACE, ReceiveForm, StockLine
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.stock import Batch, first_to_expire
from vaccinator_app.domain.stock_events import VvmStage
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.widgets.choice import Choice, Labelled
from vaccinator_app.gui.widgets.field import Field
from vaccinator_app.gui.widgets.form import Form
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.notice import Notice

_VVM: dict[VvmStage, str] = {
    VvmStage.NONE: "stock.vvm_none",
    VvmStage.STAGE_1: "stock.vvm_1",
    VvmStage.STAGE_2: "stock.vvm_2",
    VvmStage.STAGE_3: "stock.vvm_3",
    VvmStage.STAGE_4: "stock.vvm_4",
}
_VIALS_AT = ("stock.how_many", "stock.more_than_there")
_EXPIRY_AT = ("stock.expiry_missing", "stock.two_expiries", "stock.expired_already", "stock.expiry_shape")
_BATCH_AT = ("stock.batch_name", "stock.batch_of_other", "batch.withdrawn")
_MOST_DIGITS = 6
_MOST_DATE = 14


def _field(kit: Kit, name: str, label: Message, most: int, hint: Message | None = None) -> Field:
    editor = QLineEdit()
    editor.setObjectName(name)
    editor.setMaxLength(most)
    return Field(kit, label, editor=editor, hint=hint)


class ReceivePanel(Form):
    """What stands on the box. Of a batch that is known only the vials are to be typed, and Enter there saves."""

    filled = Signal(object)
    """The `ReceiveForm`."""

    def __init__(self, kit: Kit, session: Session) -> None:
        super().__init__(kit, "receive", Message.of("stock.receive_title"), Message.of("stock.save_received"))
        self._session = session
        self.about.say(Message.of("stock.receive_why"))
        self._stages: dict[str, VvmStage] = {}
        self._vaccine: Choice[str] = Choice(
            kit, Message.of("walk_in.vaccine"), [(v.id, v.name) for v in session.place.formulary.values()]
        )
        self._batch: Choice[str] = Choice(kit, Message.of("stock.batch"), [])
        self._new = _field(kit, "receive-new-batch", Message.of("stock.new_batch"), LONGEST_BATCH)
        self._expiry = _field(
            kit, "receive-expiry", Message.of("stock.expiry"), _MOST_DATE, Message.of("visit.previous_date_hint")
        )
        self._vvm: Choice[VvmStage] = Choice(
            kit, Message.of("stock.vvm"), [(stage, Message(key)) for stage, key in _VVM.items()]
        )
        self._vvm_wrong = Notice(kit)
        self._vials = _field(kit, "receive-vials", Message.of("stock.vials"), _MOST_DIGITS)
        for choice, name in ((self._vaccine, "vaccine"), (self._batch, "batch"), (self._vvm, "vvm")):
            choice.setObjectName(f"receive-{name}")
        self._arrange()
        self.say_at(_BATCH_AT, self._new.set_error, self._new.editor)
        self.say_at(_EXPIRY_AT, self._expiry.set_error, self._expiry.editor)
        self.say_at(("stock.vvm_over",), self._vvm_wrong.say, self._vvm)
        self.say_at(_VIALS_AT, self._vials.set_error, self._vials.editor)
        self._vaccine.currentIndexChanged.connect(self._other_vaccine)
        self._batch.currentIndexChanged.connect(self._other_batch)
        self._vvm.currentIndexChanged.connect(lambda: self._vvm_wrong.say(None))
        self.go.clicked.connect(self._fill)

    def begin(self, line: StockLine | None) -> None:
        """Empty, for this batch; or for one that is to be named, with None, of the vaccine chosen last."""
        self.clear_problems()
        self._vials.editor.clear()
        if line is not None:
            self._vaccine.choose(line.vaccine.id)
        self._other_vaccine()
        if line is not None:
            self._batch.choose(line.batch.batch)
            self._other_batch()
        self.take_focus()

    def half_typed(self) -> HalfTyped | None:
        """What stands here while it is open; None when nothing was typed."""
        named = self._known() is None
        fields = {"vials": self._vials.text}
        if named:
            fields |= {"batch": self._new.text, "expiry": self._expiry.text}
        if self.isHidden() or not any(fields.values()):
            return None
        fields |= {"vaccine": self._vaccine.value, "known": self._batch.value, "vvm": self._vvm.value}
        return HalfTyped(form=Kept.RECEIVE, fields=fields, front=self.isVisible())

    def give_back(self, half: HalfTyped) -> None:
        """What stood here when the desk locked."""
        fields = half.fields
        self.begin(None)
        self._vaccine.choose(fields["vaccine"])
        self._other_vaccine()
        self._batch.choose(fields["known"])
        self._other_batch()
        if self._known() is None:
            self._new.editor.setText(fields.get("batch", fields["known"]))
            self._expiry.editor.setText(fields.get("expiry", ""))
        self._vvm.choose(VvmStage(fields["vvm"]))
        self._vials.editor.setText(fields["vials"])
        self.notice.say(Message.of("form.given_back"), "text")

    def take_focus(self) -> None:
        """To the first thing that is still open."""
        (self._vaccine if not self._known() else self._vials.editor).setFocus()

    def enter(self) -> None:
        """From the last field on to the button's act, so that one Enter is enough."""
        if self._vials.editor.hasFocus():
            self.go.click()
        else:
            super().enter()

    def _known(self) -> Batch | None:
        name = self._batch.value
        return next((batch for batch in self._here() if batch.batch == name), None)

    def _here(self) -> list[Batch]:
        """Batches of the vaccine chosen that may be received at all."""
        place = self._session.place
        known = first_to_expire(b for b in place.vault.roster.batches() if b.vaccine == self._vaccine.value)
        return [batch for batch in known if not batch.withdrawn and batch.expiry >= place.today()]

    def _other_vaccine(self) -> None:
        self._batch.set_options([("", Message.of("stock.other_batch"))])
        self._batch.set_options([*((b.batch, b.batch) for b in self._here()), ("", Message.of("stock.other_batch"))])
        self._batch.choose("")
        self._vvm.choose(self._stages.get(self._vaccine.value, VvmStage.NONE))
        self._other_batch()

    def _other_batch(self) -> None:
        known = self._known()
        self._new.setVisible(known is None)
        self._new.editor.setText("" if known is None else known.batch)
        self._expiry.editor.setText("" if known is None else f"{known.expiry:%d %m %Y}")
        self._new.set_error(None)
        self._expiry.set_error(None)

    def _fill(self) -> None:
        typed = self._expiry.text
        expiry = typed_date(typed)
        if typed and expiry is None:
            self.refuse(Message.of("stock.expiry_shape"))
            return
        self._stages[self._vaccine.value] = self._vvm.value
        self.filled.emit(
            ReceiveForm(
                vaccine=self._vaccine.value,
                batch=self._new.text if self._known() is not None else self._new.text.upper(),
                expiry=expiry,
                vials=self._vials.text,
                vvm=self._vvm.value,
            )
        )

    def _arrange(self) -> None:
        kit, step = self.kit, self.kit.theme.step
        inside = QWidget()
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, step, 0, 0)
        grid.setHorizontalSpacing(2 * step)
        grid.setVerticalSpacing(2 * step)
        monitor = QWidget()
        column = QVBoxLayout(monitor)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(step // 2)
        column.addWidget(Labelled(kit, self._vvm))
        column.addWidget(self._vvm_wrong)
        top = Qt.AlignmentFlag.AlignTop
        grid.addWidget(Labelled(kit, self._vaccine), 0, 0, top)
        grid.addWidget(Labelled(kit, self._batch), 0, 1, top)
        grid.addWidget(self._expiry, 1, 0, top)
        grid.addWidget(self._new, 1, 1, top)
        grid.addWidget(monitor, 2, 0, 1, 2)
        grid.addWidget(self._vials, 3, 0, top)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(4, 1)
        self.lay_out(inside)
        # the number of the batch is asked under the batch, before its expiry
        order: tuple[QWidget, ...] = (
            self._vaccine,
            self._batch,
            self._new.editor,
            self._expiry.editor,
            self._vvm,
            self._vials.editor,
        )
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)


@dataclass(frozen=True, slots=True)
class Amount:
    """What was typed: how many unopened vials, and where they go."""

    vials: str
    to: str


class AmountPanel(Form):
    """How many unopened vials; for a transfer also to whom."""

    filled = Signal(object)
    """The `Amount`."""

    def __init__(self, kit: Kit, *, names: str, title: Message, go: Message, where: bool) -> None:
        super().__init__(kit, names, title, go)
        self._vials = _field(kit, f"{names}-vials", Message.of("stock.vials"), _MOST_DIGITS)
        self._to = _field(kit, f"{names}-to", Message.of("stock.transfer_to"), LONGEST_PLACE)
        self._last = self._to.editor if where else self._vials.editor
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, kit.theme.step, 0, 0)
        column.setSpacing(2 * kit.theme.step)
        column.addWidget(self._vials)
        if where:
            column.addWidget(self._to)
        else:
            self._to.setParent(inside)
            self._to.setVisible(False)
        column.addStretch(1)
        self.lay_out(inside)
        self.say_at(_VIALS_AT, self._vials.set_error, self._vials.editor)
        self.say_at(("stock.where_to",), self._to.set_error, self._to.editor)
        self.go.clicked.connect(lambda: self.filled.emit(Amount(self._vials.text, self._to.text)))

    def begin(self, about: Message) -> None:
        """Empty, under what it is ``about``."""
        self.clear_problems()
        self._vials.editor.clear()
        self._to.editor.clear()
        self.about.say(about)
        self.take_focus()

    def take_focus(self) -> None:
        """To the number."""
        self._vials.editor.setFocus()

    def enter(self) -> None:
        """From the last field on to the button's act."""
        if self._last.hasFocus():
            self.go.click()
        else:
            super().enter()
