"""The app's icons: SVGs drawn in one line, tinted with a token of the theme, sharp on any screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QRectF, QSize
from PySide6.QtGui import QColor, QIcon, QPainter, QPaintEvent, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QWidget

from vaccinator_app.gui.theme import Theme

if TYPE_CHECKING:
    from vaccinator_app.gui.widgets.kit import Kit

SIZE = 20
"""Side of an icon beside words, in pixels at normal size."""

_BEFORE_WORDS = 4
_INK = b"currentColor"


class Icons:
    """Icons by name (``resources/icons/NAME.svg``), tinted by token name. Each is drawn once a look and size."""

    def __init__(self, resources: Path, theme: Theme) -> None:
        self._folder = resources / "icons"
        self._theme = theme
        self._sources: dict[str, bytes] = {}
        self._drawn: dict[tuple[str, str, int], QPixmap] = {}
        theme.changed.connect(self._drawn.clear)

    def icon(self, name: str, tone: str = "text") -> QIcon:
        """An icon for a button, at 1x and 2x, as large as `button_size`; "quiet" when the button is disabled.

        It keeps its colour: ask again after ``theme.changed``.
        """
        made = QIcon()
        for ratio in (1, 2):
            made.addPixmap(self._spaced(name, tone, ratio))
            made.addPixmap(self._spaced(name, "quiet", ratio), QIcon.Mode.Disabled)
        return made

    @property
    def button_size(self) -> QSize:
        """Pixels of `icon`: the sign and the gap between it and the words, which a stylesheet cannot set."""
        side = self._theme.px(SIZE)
        return QSize(side + _BEFORE_WORDS, side)

    def paint(self, painter: QPainter, box: QRectF, name: str, tone: str) -> None:
        """Draw the icon into the square ``box``, as sharp as the device under ``painter`` is."""
        ratio = painter.device().devicePixelRatioF()
        pixmap = self._pixmap(name, tone, round(box.width()), ratio)
        painter.drawPixmap(box.topLeft(), pixmap)

    def _spaced(self, name: str, tone: str, ratio: int) -> QPixmap:
        size = self.button_size
        pixmap = QPixmap(size * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(QColor.fromRgba(0))
        painter = QPainter(pixmap)
        painter.drawPixmap(0, 0, self._pixmap(name, tone, size.height(), ratio))
        painter.end()
        return pixmap

    def _pixmap(self, name: str, tone: str, side: int, ratio: float) -> QPixmap:
        pixels = round(side * ratio)
        wanted = (name, tone, pixels)
        if wanted not in self._drawn:
            self._drawn[wanted] = self._draw(name, tone, pixels)
        pixmap = self._drawn[wanted]
        pixmap.setDevicePixelRatio(ratio)
        return pixmap

    def _draw(self, name: str, tone: str, pixels: int) -> QPixmap:
        if name not in self._sources:
            self._sources[name] = (self._folder / f"{name}.svg").read_bytes()
        ink = self._theme.color(tone).name().encode()
        pixmap = QPixmap(QSize(pixels, pixels))
        pixmap.fill(QColor.fromRgba(0))
        painter = QPainter(pixmap)
        QSvgRenderer(QByteArray(self._sources[name].replace(_INK, ink))).render(painter)
        painter.end()
        return pixmap


class IconMark(QWidget):
    """An icon that stands beside words. Screen readers pass it by: the words say it."""

    def __init__(
        self, kit: Kit, name: str, tone: str = "text", *, side: int = SIZE, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._kit = kit
        self._name = name
        self._tone = tone
        self._side = side
        kit.theme.changed.connect(self._measure)
        self._measure()

    def show_icon(self, name: str, tone: str) -> None:
        """Another icon in the same place."""
        self._name, self._tone = name, tone
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._kit.icons.paint(painter, QRectF(self.rect()), self._name, self._tone)

    def _measure(self) -> None:
        side = self._kit.theme.px(self._side)
        self.setFixedSize(side, side)
        self.update()
