"""The field for the 4-digit security code (DESIGN 9.4)."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QDragEnterEvent,
    QHideEvent,
    QInputMethodEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QWidget

from vaccinator_app.domain.digits import CODE_LENGTH, ascii_digits
from vaccinator_app.gui.widgets.kit import Kit

_CELL = 36
_GAP = 8
_DOT = 5.0
_SCAN_LEAST = 16
_STAND_IN = "•"
_MOUSE = (
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseButtonRelease,
    QEvent.Type.MouseButtonDblClick,
    QEvent.Type.MouseMove,
)


class CodeField(QLineEdit):
    """Four cells that show dots. Digits of any script count; everything else passes to the widgets above.

    The line edit underneath only ever holds dots, one for each digit, so that a screen reader meets a password
    field while clipboard, drag, selection, undo and input methods have nothing to take. The digits stand in a
    buffer of four bytes, overwritten as soon as the code is handed on, the field is hidden or `clear_code` is called.
    Not promised: the ``str`` handed to ``completed`` lives until its receiver lets go of it, and Python may
    keep a freed copy in memory for a while.
    """

    completed = Signal(str)
    """All four digits, as 0-9, after Enter or `submit`. The field is empty again before anybody hears it."""
    incomplete = Signal(int)
    """Enter or `submit` with fewer or more than four; carries how many. Fewer stay, more are forgotten."""
    scanned = Signal(str)
    """Enter after more digits than anybody types: a slip was scanned while the field had the focus."""
    typed = Signal(int)
    """How many digits stand in the field, after each change a person made."""

    def __init__(self, kit: Kit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kit = kit
        self._digits = bytearray(CODE_LENGTH)
        self._count = 0
        self._more = bytearray()
        self._wrong = False
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setAcceptDrops(False)
        self.setDragEnabled(False)
        self.setInputMethodHints(
            Qt.InputMethodHint.ImhHiddenText
            | Qt.InputMethodHint.ImhSensitiveData
            | Qt.InputMethodHint.ImhNoPredictiveText
            | Qt.InputMethodHint.ImhDigitsOnly
        )
        # keys come straight from the keyboard: no input method ever sees one
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        kit.words.changed.connect(self._name)
        kit.theme.changed.connect(self._resized)
        self._name()

    @property
    def count(self) -> int:
        """How many digits stand in the field."""
        return self._count

    def submit(self) -> None:
        """What Enter does."""
        if self._count < CODE_LENGTH:
            self.incomplete.emit(self._count)
            return
        typed = (self._digits + self._more).decode("ascii")
        self.clear_code()
        if len(typed) == CODE_LENGTH:
            self.completed.emit(typed)
        elif len(typed) >= _SCAN_LEAST:
            self.scanned.emit(typed)
        else:
            self.incomplete.emit(len(typed))

    def clear_code(self) -> None:
        """Overwrite what was typed."""
        self._digits[:] = bytes(CODE_LENGTH)
        self._more[:] = bytes(len(self._more))
        self._more.clear()
        self._set_count(0)

    def set_wrong(self, wrong: bool) -> None:
        """Draw the cells in the colour of *stop* until the next digit. The sentence beside them says why."""
        self._wrong = wrong
        self.update()

    def sizeHint(self) -> QSize:
        theme = self._kit.theme
        width = CODE_LENGTH * theme.px(_CELL) + (CODE_LENGTH - 1) * _GAP
        return QSize(width, theme.px(_CELL))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            # digits, Backspace and Enter are ours; F5, Ctrl+L, Esc and "/" stay the window's
            event.setAccepted(self._ours(event))
            return event.isAccepted()
        if event.type() in _MOUSE:
            # focus only: no selection, and no paste of the X11 selection
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._ours(event):
            event.ignore()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.submit()
        elif event.key() == Qt.Key.Key_Backspace:
            self._drop()
        else:
            self._add(ascii_digits(event.text()) or "")

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        event.ignore()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        event.ignore()

    def hideEvent(self, event: QHideEvent) -> None:
        self.clear_code()
        super().hideEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._kit.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = theme.px(_CELL)
        here = self._count if self.hasFocus() else -1
        for place in range(CODE_LENGTH):
            box = QRectF(place * (side + _GAP), 0, side, side)
            edge = "stop" if self._wrong else "accent" if place == here else "edge"
            width = 2 if place == here or self._wrong else 1
            painter.setPen(QPen(theme.color(edge if self.isEnabled() else "line"), width))
            painter.setBrush(theme.color("surface" if self.isEnabled() else "ground"))
            inset = width / 2
            painter.drawRoundedRect(box.adjusted(inset, inset, -inset, -inset), theme.radius, theme.radius)
            if place < self._count:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.color("text"))
                radius = _DOT * side / _CELL
                painter.drawEllipse(QPointF(box.center()), radius, radius)

    def _ours(self, event: QKeyEvent) -> bool:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Backspace):
            return True
        held = event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier)
        return not held and bool(ascii_digits(event.text()))

    def _add(self, digits: str) -> None:
        fitting = digits[: CODE_LENGTH - self._count].encode("ascii")
        self._more += digits[len(fitting) :].encode("ascii")
        self._digits[self._count : self._count + len(fitting)] = fitting
        self._wrong = False
        self._changed(self._count + len(fitting))

    def _drop(self) -> None:
        if self._more:
            self._more.pop()
        elif self._count:
            self._digits[self._count - 1] = 0
            self._changed(self._count - 1)

    def _changed(self, count: int) -> None:
        self._set_count(count)
        self.typed.emit(count)
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, self.accessibleName()))

    def _set_count(self, count: int) -> None:
        self._count = count
        self.setText(_STAND_IN * count)
        self._name()
        self.update()

    def _name(self) -> None:
        self.setAccessibleName(self._kit.words.t("code_field.name", typed=self._count, length=CODE_LENGTH))

    def _resized(self) -> None:
        self.updateGeometry()
        self.update()
