"""The screens there are, at the left edge."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QFrame, QSizePolicy, QVBoxLayout, QWidget

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.widgets.kit import Kit


class Place(Enum):
    """The screens, in the order of the rail: word, icon, key."""

    QUEUE = ("screen.queue", "queue", "F3")
    OBSERVATION = ("screen.observation", "observe", "F4")
    STOCK = ("screen.stock", "stock", "F10")
    RECONCILE = ("screen.reconcile", "reconcile", "F11")
    EXCEPTIONS = ("screen.exceptions", "exceptions", "F12")
    STAFF = ("screen.staff", "staff", "Ctrl+F11")
    AUDIT = ("screen.audit", "audit", "Ctrl+F12")
    SYNC = ("screen.sync", "sync", "F6")

    def __init__(self, word: str, icon: str, key: str) -> None:
        self.word = word
        self.icon = icon
        self.key = key


_BAR = 3
_ICON = 20
_MARK = 16


class _Entry(QAbstractButton):
    """Icon, word and a count at the right. The screen in front has a bar at the edge."""

    def __init__(self, kit: Kit, place: Place) -> None:
        super().__init__()
        self._kit = kit
        self._place = place
        self._count = 0
        self._urgent: Message | None = None
        self.setCheckable(True)
        self.setObjectName(f"screen-{place.name.lower()}")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        kit.words.changed.connect(self._speak)
        kit.words.changed.connect(self.updateGeometry)
        kit.theme.changed.connect(self.updateGeometry)
        self._speak()

    def show_count(self, count: int, urgent: Message | None) -> None:
        if (count, urgent) != (self._count, self._urgent):
            self._count, self._urgent = count, urgent
            self._speak()

    def sizeHint(self) -> QSize:
        theme = self._kit.theme
        metrics = QFontMetrics(theme.font(strong=True))
        words = metrics.horizontalAdvance(self._kit.words.t(self._place.word))
        count = theme.px(_MARK) + metrics.horizontalAdvance("888")
        width = 2 * theme.step + theme.px(_ICON) + theme.step + words + theme.step + count + 2 * theme.step
        return QSize(width, theme.row + theme.step)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, step = self._kit.theme, self._kit.theme.step
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box, here = self.rect(), self.isChecked()
        if here:
            painter.fillRect(box, theme.color("selected"))
            painter.fillRect(QRect(0, 0, _BAR, box.height()), theme.color("accent"))
        elif self.underMouse():
            painter.fillRect(box, theme.color("hover"))
        tone = "on-selected" if here else "quiet"
        side = theme.px(_ICON)
        self._kit.icons.paint(painter, QRectF(2 * step, (box.height() - side) // 2, side, side), self._place.icon, tone)
        painter.setFont(theme.font(strong=here))
        painter.setPen(theme.color(tone))
        words = box.adjusted(3 * step + side, 0, -2 * step, 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(words, Qt.AlignmentFlag.AlignLeft | middle, self._kit.words.t(self._place.word))
        if self._count:
            if self._urgent is not None:
                self._paint_mark(painter, words)
            painter.drawText(words, Qt.AlignmentFlag.AlignRight | middle, str(self._count))
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawRect(QRectF(box).adjusted(1, 1, -1, -1))

    def _paint_mark(self, painter: QPainter, words: QRect) -> None:
        """A sign before the count: told apart without colour."""
        theme = self._kit.theme
        side = theme.px(_MARK)
        left = words.right() + 1 - painter.fontMetrics().horizontalAdvance(str(self._count)) - side - theme.step // 2
        box = QRectF(left, words.center().y() + 1 - side // 2, side, side)
        self._kit.icons.paint(painter, box, "needs-attention", "attention")
        painter.setPen(theme.color("attention"))

    def _speak(self) -> None:
        words = self._kit.words
        spoken = words.t("pile.spoken", pile=words.t(self._place.word), n=self._count)
        self.setAccessibleName(spoken if self._urgent is None else f"{spoken}. {words.say(self._urgent)}")
        self.setToolTip(self._place.key)
        self.update()


class Rail(QFrame):
    """One entry a screen."""

    chosen = Signal(object)
    """The `Place`."""

    def __init__(self, kit: Kit, places: Iterable[Place], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("part", "rail")
        self._entries = {place: _Entry(kit, place) for place in places}
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        group = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2 * kit.theme.step, 0, 0)
        column.setSpacing(0)
        for place, entry in self._entries.items():
            group.addButton(entry)
            column.addWidget(entry)
            entry.clicked.connect(lambda _=False, place=place: self.chosen.emit(place))
        column.addStretch(1)
        self.choose(Place.QUEUE)

    def choose(self, place: Place) -> None:
        """This screen is in front."""
        self._entries[place].setChecked(True)

    def show_count(self, place: Place, count: int, urgent: Message | None = None) -> None:
        """How many wait there; 0 shows nothing. ``urgent`` is why somebody should look there soon."""
        self._entries[place].show_count(count, urgent)
