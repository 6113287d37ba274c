"""The moment in which nobody can have read what just came: a key or click pressed twice does not act on it."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer
from PySide6.QtWidgets import QApplication


class Glance:
    """As long as the system allows between the two presses of a double click."""

    def __init__(self) -> None:
        self._since = QElapsedTimer()

    def begin(self) -> None:
        """Something else stands there now."""
        self._since.start()

    def end(self) -> None:
        """Whoever is here knows what comes."""
        self._since.invalidate()

    def over(self) -> bool:
        """Whether who presses now has had time to look. If not it begins anew: a key that is held down never has."""
        read = not self._since.isValid() or self._since.elapsed() >= QApplication.doubleClickInterval()
        if not read:
            self._since.start()
        return read
