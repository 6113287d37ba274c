"""A form in the place of the sheet: worked from the top down by Enter, each problem said at its field (DESIGN 9.1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.buttons import Button, PrimaryButton
from vaccinator_app.gui.widgets.flow import Flow
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.notice import Notice
from vaccinator_app.gui.widgets.scrolled import Scrolled, sheet_column
from vaccinator_app.gui.widgets.text import Text

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)

Place = tuple[Callable[[Message | None], None], QWidget]
"""Where a problem is said, and what takes the focus then."""


class Form(QFrame):
    """Title, fields that scroll, and at the foot the button that saves. Letters never leave it.

    ``names`` begins the object names of its parts. Subclasses call ``lay_out`` once, and ``say_at`` for each field that
    may be refused.
    """

    left = Signal()
    """Esc or Back: nothing was done."""

    def __init__(self, kit: Kit, names: str, title: Message, go: Message, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kit = kit
        self.setProperty("part", "sheet")
        self.setObjectName(names)
        self.title = Text(kit, title, size=Size.TITLE, strong=True, elide=True)
        self.about = Text(kit, tone="quiet", wrap=True)
        self.notice = Notice(kit)
        self.notice.setObjectName(f"{names}-notice")
        self.go = PrimaryButton(kit, go, key="Enter")
        self.go.setObjectName(f"{names}-go")
        self._back = Button(kit, Message.of("choices.back"), plain=True, key="Esc")
        self._back.setObjectName(f"{names}-back")
        self._back.clicked.connect(self.left)
        self._places: list[tuple[Sequence[str], Place]] = []

    def lay_out(self, inside: QWidget) -> None:
        """Put ``inside`` between title and foot."""
        step = self.kit.theme.step
        foot = QWidget()
        column = QVBoxLayout(foot)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(step)
        for widget in (self.notice, self.go, Flow(self.kit, [self._back])):
            column.addWidget(widget)
        self._scrolled = Scrolled(inside)
        sheet_column(self, self.kit, [self.title, self.about], self._scrolled, [foot])

    def say_at(self, keys: Sequence[str], say: Callable[[Message | None], None], focus: QWidget) -> None:
        """Problems with one of ``keys`` are said there, and ``focus`` gets the focus; others at the foot."""
        self._places.append((keys, (say, focus)))

    def refuse(self, what: Message) -> None:
        """Say at its field why it was not done."""
        self.clear_problems()
        for keys, (say, focus) in self._places:
            if what.key in keys:
                say(what)
                self.focus_on(focus)
                return
        self.notice.say(what)

    def focus_on(self, part: QWidget) -> None:
        """Give ``part`` the focus where it can be seen: only Tab scrolls by itself."""
        part.setFocus()
        if self._scrolled.isAncestorOf(part):
            # once a sentence that just came has its room
            QTimer.singleShot(0, part, lambda: self._scrolled.ensureWidgetVisible(part, 0, 6 * self.kit.theme.step))

    def clear_problems(self) -> None:
        """Nothing was refused."""
        self.notice.say(None)
        for _, (say, _focus) in self._places:
            say(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ENTER:
            if not event.isAutoRepeat():
                self.enter()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif not event.text() or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().keyPressEvent(event)

    def enter(self) -> None:
        """Enter in a field: to the next one."""
        self.focusNextChild()
        there = self.focusWidget()
        if there is not None:
            self.focus_on(there)
