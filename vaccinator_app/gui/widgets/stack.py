"""Pages of which one is shown, as Qt's own stack, asked for their sizes once.

Qt's forgets what its pages answered. Each change of a word lays the window out, and to know the height of a stack Qt
asks each page for its height at that width, at the least width and at the width it would like; a page that holds a
stack asks its own pages thrice again. With four stacks within each other one change asked the innermost page some
hundred times; a quarter of the processor time of whatever the window does went into it.
"""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QFrame, QStackedLayout, QWidget


class _Pages(QStackedLayout):
    """What was asked, until Qt says that something in the page that is shown has changed."""

    def __init__(self, parent: QWidget) -> None:
        self._heights: dict[int, int] = {}
        self._sizes: dict[str, QSize] = {}
        super().__init__(parent)

    def invalidate(self) -> None:
        self._heights.clear()
        self._sizes.clear()
        super().invalidate()

    def heightForWidth(self, width: int) -> int:
        found = self._heights.get(width)
        if found is None:
            found = self._heights[width] = super().heightForWidth(width)
        return found

    def sizeHint(self) -> QSize:
        found = self._sizes.get("hint")
        if found is None:
            found = self._sizes["hint"] = super().sizeHint()
        return found

    def minimumSize(self) -> QSize:
        found = self._sizes.get("least")
        if found is None:
            found = self._sizes["least"] = super().minimumSize()
        return found


class Stack(QFrame):
    """``QStackedWidget`` with a memory, as far as the screens use it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pages = _Pages(self)

    def addWidget(self, page: QWidget) -> None:
        """One page more; the first is shown."""
        self._pages.addWidget(page)

    def setCurrentWidget(self, page: QWidget) -> None:
        """Show this one."""
        self._pages.setCurrentWidget(page)

    def currentWidget(self) -> QWidget | None:
        """The page that is shown."""
        return self._pages.currentWidget()

    def setCurrentIndex(self, index: int) -> None:
        """Show the page that came as the ``index``-th, from 0."""
        self._pages.setCurrentIndex(index)

    def currentIndex(self) -> int:
        """Which one is shown; -1 where there is none."""
        return self._pages.currentIndex()

    def count(self) -> int:
        """How many pages there are."""
        return self._pages.count()
