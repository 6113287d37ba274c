"""Words that change often, and a window that is not laid out anew for them (DESIGN 10)."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget


class Still(QWidget):
    """Holds one part, in all the width there is. Layouts hear of it when it needs another height, not whenever it says
    something else: each label that they hear of costs a whole desk some 15 ms."""

    def __init__(self, part: QWidget) -> None:
        super().__init__()
        self._part = part
        part.setParent(self)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(part.hasHeightForWidth())
        self.setSizePolicy(policy)
        self._needed = self._needs()

    def hasHeightForWidth(self) -> bool:
        return self._part.hasHeightForWidth()

    def heightForWidth(self, width: int) -> int:
        return self._part.heightForWidth(width)

    def sizeHint(self) -> QSize:
        return self._part.sizeHint()

    def minimumSizeHint(self) -> QSize:
        # no wider than whatever it may ever say
        return QSize(0, self._part.minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._part.resize(event.size())
        self._needed = self._needs()
        if event.size().width() != event.oldSize().width():
            # a layout remembers what was needed at this width, of words that may be gone since
            self.updateGeometry()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest and (needed := self._needs()) != self._needed:
            self._needed = needed
            self.updateGeometry()
        return super().event(event)

    def _needs(self) -> int:
        return self.heightForWidth(self.width()) if self.hasHeightForWidth() else self.sizeHint().height()
