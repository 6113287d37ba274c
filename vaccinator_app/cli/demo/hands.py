"""Somebody's hands on the keyboard of the real window: key by key, waiting only for what a person would see."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from vaccinator_app.gui.window import Window

W = TypeVar("W", bound=QWidget)
_PATIENCE = 60.0


class NothingHappened(Exception):
    """The window did not come to show what it should; the text says what that was, never who it was about."""


class Hands:
    """``pace`` is how many milliseconds lie between two keys, for somebody who watches."""

    def __init__(self, window: Window, pace: int) -> None:
        self.stopped = False
        """Set it and the next key, or the wait for what the last one did, ends in ``KeyboardInterrupt``."""
        self._window = window
        self._pace = pace
        window.activateWindow()

    def press(self, key: Qt.Key, control: bool = False, times: int = 1) -> None:
        """One key, wherever the focus is; then wait until the desk has done what it asked."""
        modifier = Qt.KeyboardModifier.ControlModifier if control else Qt.KeyboardModifier.NoModifier
        for _ in range(times):
            QTest.keyClick(self._target(), key, modifier)
            self._after()

    def write(self, text: str) -> None:
        """Text as a keyboard layout for its script would give it."""
        for character in text:
            if character.isascii():
                QTest.keyClicks(self._target(), character)
                self._after()
                continue
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                event = QKeyEvent(kind, 0, Qt.KeyboardModifier.NoModifier, character)
                QCoreApplication.sendEvent(self._target(), event)
            self._after()

    def stop(self) -> None:
        """Somebody wants the day to end here."""
        self.stopped = True

    def click(self, name: str) -> None:
        """The mouse, on the control called ``name``."""
        QTest.mouseClick(self.find(QWidget, name), Qt.MouseButton.LeftButton)
        self._after()

    def find(self, kind: type[W], name: str) -> W:
        """The control called ``name`` that can be seen now. Raises ``NothingHappened``."""
        found = [w for w in self._window.findChildren(kind, name) if w.isVisible()]
        if not found:
            raise NothingHappened(f"{name} is not on the screen")
        return found[0]

    def focused(self) -> QWidget | None:
        """The control that the next key goes to."""
        return QApplication.focusWidget() or self._window.focusWidget()

    def sees(self, name: str) -> bool:
        """Whether the control called ``name`` can be seen now."""
        return any(w.isVisible() for w in self._window.findChildren(QWidget, name))

    def until(self, shown: Callable[[], bool], what: str) -> None:
        """Wait until ``shown()``; ``what`` says in words what was waited for."""
        end = time.monotonic() + _PATIENCE
        while not shown():
            if self.stopped:
                raise KeyboardInterrupt
            if time.monotonic() > end:
                raise NothingHappened(what)
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 20)

    def read(self) -> None:
        """Look at what just came, as long as the desk gives anybody before a key acts on it."""
        came = time.monotonic()
        interval = QApplication.doubleClickInterval() / 1000
        self.until(lambda: time.monotonic() - came >= interval, "the time did not pass")

    def picture(self, path: Path) -> None:
        """What can be seen now, as a PNG."""
        QCoreApplication.processEvents()
        self._window.grab().save(str(path))

    def _target(self) -> QWidget:
        # Somebody who watches may click on another window: the keys still go where this one has its focus.
        candidates: tuple[QWidget | None, ...] = (QApplication.focusWidget(), self._window.focusWidget())
        return next((widget for widget in candidates if widget is not None), self._window)

    def _after(self) -> None:
        if self.stopped:
            raise KeyboardInterrupt
        if self._pace:
            QTest.qWait(self._pace)
        QCoreApplication.processEvents()
        self.until(lambda: not self._window.busy, "the desk did not finish what was asked of it")
        QCoreApplication.processEvents()
