"""Who is signed in; pressed, the colleagues that the desk may be handed to in one step (DESIGN 1.2, 5.1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QPoint, QRectF, QSize, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QWidget

from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import StaffMember
from vaccinator_app.gui.models.colleagues import ROLES
from vaccinator_app.gui.screens.help import SWITCH
from vaccinator_app.gui.widgets.buttons import Button
from vaccinator_app.gui.widgets.kit import Kit

_ARROW = 16
_MOST_NUMBERED = 9


class HandOver(Button):
    """A name and an arrow. What is offered opens below, numbered, and is worked by keys; Esc leaves it."""

    asked = Signal(str)
    """Lock, and let this member of staff unlock."""

    def __init__(self, kit: Kit, parent: QWidget | None = None) -> None:
        super().__init__(kit, Message("lock.button"), plain=True, key=SWITCH, parent=parent)
        self.setObjectName("signed-in")
        self._menu = QMenu(self)
        self._menu.setObjectName("colleagues")
        self._others: Callable[[], Sequence[StaffMember]] = tuple
        self._name = ""
        self.clicked.connect(self.open)
        self._menu.aboutToHide.connect(self._closed)
        kit.words.changed.connect(self._describe)

    def offer(self, others: Callable[[], Sequence[StaffMember]]) -> None:
        """Who else has a passphrase here is asked when somebody presses."""
        self._others = others

    def show_name(self, name: str) -> None:
        """This person is signed in."""
        self._name = name
        # a name is a name in every language
        self.say(Message.of("top.signed_in", name=name))
        self._describe()

    def open(self) -> None:
        """Offer the colleagues."""
        words, menu = self._kit.words, self._menu
        menu.clear()
        menu.setFont(self._kit.theme.font())
        for number, one in enumerate(self._others(), 1):
            said = words.t("unlock.member", name=one.name, role=Message(ROLES[one.role])).replace("&", "&&")
            text = f"&{number}  {said}" if number <= _MOST_NUMBERED else said
            menu.addAction(text).triggered.connect(partial(self._ask, one.staff))
        if menu.isEmpty():
            menu.addAction(words.t("top.switch_nobody")).setEnabled(False)
        else:
            menu.setActiveAction(menu.actions()[0])
        right = self.mapToGlobal(QPoint(self.width() - menu.sizeHint().width(), self.height()))
        menu.popup(right)

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        return QSize(hint.width() + 2 * self._kit.theme.px(_ARROW), hint.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        side = self._kit.theme.px(_ARROW)
        corner = QRectF(self.width() - side - self._kit.theme.step // 2, (self.height() - side) // 2, side, side)
        self._kit.icons.paint(QPainter(self), corner, "down", "quiet")

    def _closed(self) -> None:
        """The keys are the window's again, also where no window manager says so."""
        QTimer.singleShot(0, self.window(), self.window().activateWindow)

    def _ask(self, staff: str) -> None:
        self.asked.emit(staff)

    def _describe(self) -> None:
        what = self._kit.words.t("help.switch")
        self.setAccessibleDescription(what)
        self._menu.setAccessibleName(what)
