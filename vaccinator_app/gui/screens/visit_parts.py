"""What the steps of a visit are done with: the code, the date of the dose before, batch and site."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from vaccinator_app.desk.dates import typed_date
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.domain.events import Site
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.stock import Batch
from vaccinator_app.gui.widgets.choice import Choice
from vaccinator_app.gui.widgets.code_field import CodeField
from vaccinator_app.gui.widgets.field import Field
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.text import Text

SITE_WORDS: dict[Site, str] = {
    Site.LEFT_ARM: "site.left_arm",
    Site.RIGHT_ARM: "site.right_arm",
    Site.LEFT_THIGH: "site.left_thigh",
    Site.RIGHT_THIGH: "site.right_thigh",
}

_MOST_CLOSED = 3
"""Batches that may not be drawn from are named up to so many; the stock screen has them all."""


class CodeControls(QWidget):
    """The four cells."""

    def __init__(self, kit: Kit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = CodeField(kit)
        self.field.setObjectName("code")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.field)
        row.addStretch(1)


class PreviousDate(QWidget):
    """The date of the dose before, as read off the certificate: day, month, year in digits of any script."""

    entered = Signal(object)
    """The `date`."""

    def __init__(self, kit: Kit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._edit = QLineEdit()
        self._edit.setObjectName("previous-date")
        self._edit.setMaxLength(20)
        self._edit.setFont(kit.theme.font())
        self._field = Field(
            kit, Message.of("visit.previous_date"), editor=self._edit, hint=Message.of("visit.previous_date_hint")
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._field)
        row.addStretch(1)
        self._edit.returnPressed.connect(self.submit)

    def submit(self) -> None:
        """What Enter does."""
        found: date | None = typed_date(self._field.text)
        if found is None:
            self._field.set_error(Message.of("visit.previous_date_shape"))
            self._edit.setFocus()
        else:
            self.entered.emit(found)

    def refuse(self, why: Message) -> None:
        """The date cannot be taken."""
        self._field.set_error(why)
        self._edit.setFocus()

    def clear(self) -> None:
        """For the next person."""
        self._edit.clear()
        self._field.set_error(None)

    def take_focus(self) -> None:
        """Begin to type here."""
        self._edit.setFocus()


class DrawControls(QWidget):
    """Another batch, another site, most days touched by nobody; and what lies at hand that may not be drawn from."""

    batch_chosen = Signal(str)
    site_chosen = Signal(object)

    def __init__(self, kit: Kit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._batch: Choice[str] = Choice(kit, Message.of("dose.batch"), [])
        self._batch.setObjectName("batch")
        self._site: Choice[Site] = Choice(
            kit, Message.of("dose.site"), [(site, Message.of(key)) for site, key in SITE_WORDS.items()]
        )
        self._site.setObjectName("site")
        self._closed = [Text(kit, tone="quiet", wrap=True) for _ in range(_MOST_CLOSED)]
        row = QHBoxLayout()
        row.setSpacing(2 * kit.theme.step)
        row.addWidget(self._batch, 3)
        row.addWidget(self._site, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(kit.theme.step // 2)
        column.addLayout(row)
        for line in self._closed:
            line.setObjectName("batch-closed")
            column.addWidget(line)
        self._batch.activated.connect(lambda _: self.batch_chosen.emit(self._batch.value))
        self._site.activated.connect(lambda _: self.site_chosen.emit(self._site.value))

    def show_desk(self, desk: VisitDesk) -> None:
        """The batches that may be drawn from, and what is chosen."""
        opened = desk.opened_batches
        self._batch.set_options([(b.batch, _named(b, opened=b.batch in opened)) for b in desk.batches])
        closed = desk.closed_batches
        for place, line in enumerate(self._closed):
            line.setVisible(place < len(closed))
            line.say(closed[place] if place < len(closed) else "")
        draw = desk.draw
        if draw is not None:
            self._batch.choose(draw.batch.batch)
        self._site.choose(desk.site)


def _named(batch: Batch, *, opened: bool) -> Message:
    if opened:
        return Message.of("dose.batch_open", batch=batch.batch, expiry=batch.expiry)
    return Message.of("dose.batch_choice", batch=batch.batch, expiry=batch.expiry)
