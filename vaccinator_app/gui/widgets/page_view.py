"""One page of paper, as large as one likes."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QKeyEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QScrollArea, QWidget

from vaccinator_app.gui.widgets.kit import Kit

ZOOMS = (-1.0, 0.0, 1.0, 1.5, 2.0)
"""Of paper at 96 pixels an inch; -1 fits the whole page, 0 its width."""

_WIDEST = 1.25
_A4 = QSize(794, 1123)


class _Page(QWidget):
    """Paints the page once for each size, then only shows it."""

    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self._kit = kit
        self._image = QImage()
        self._drawn = QPixmap()

    def show_image(self, image: QImage) -> None:
        self._image, self._drawn = image, QPixmap()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = self.rect()
        if self._image.isNull():
            return
        ratio = self.devicePixelRatioF()
        wanted = box.size() * ratio
        if self._drawn.size() != wanted:
            smooth = Qt.TransformationMode.SmoothTransformation
            self._drawn = QPixmap.fromImage(self._image.scaled(wanted, Qt.AspectRatioMode.IgnoreAspectRatio, smooth))
            self._drawn.setDevicePixelRatio(ratio)
        painter.drawPixmap(0, 0, self._drawn)
        painter.setPen(QPen(self._kit.theme.color("line"), 1))
        painter.drawRect(QRect(0, 0, box.width() - 1, box.height() - 1))


class PageView(QScrollArea):
    """Scrolls where the page is larger than the room. Arrow keys scroll; other keys go up to the screen."""

    def __init__(self, kit: Kit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._page = _Page(kit)
        self._zoom = ZOOMS.index(0.0)
        self._shape = _A4
        self.setWidget(self._page)
        self.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setAutoFillBackground(False)

    def show_page(self, image: QImage) -> None:
        """Another page, from its top."""
        if not image.isNull():
            self._shape = image.size()
        self._page.show_image(image)
        self.verticalScrollBar().setValue(0)
        self._fit()

    def zoom(self, by: int) -> None:
        """The next size up or down."""
        self._zoom = min(len(ZOOMS) - 1, max(0, self._zoom + by))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        bar = self.verticalScrollBar()
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        by = steps.get(Qt.Key(event.key()))
        if by is None:
            event.ignore()
        else:
            bar.setValue(bar.value() + by * bar.pageStep() // 4)

    def _fit(self) -> None:
        factor = ZOOMS[self._zoom]
        # room for the bar is kept, so that it does not come and go with the width
        room = self.width() - self.verticalScrollBar().sizeHint().width() - 2 * self.frameWidth()
        wide = round(_A4.width() * factor) if factor > 0 else min(room, round(_A4.width() * _WIDEST))
        if factor < 0:
            wide = min(wide, self.height() * self._shape.width() // self._shape.height())
        self._page.setFixedSize(wide, round(wide * self._shape.height() / self._shape.width()))
