"""The Qt binding itself: PySide6 6.12.0 gives back more references than it took, on Python before 3.12."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject


def test_a_call_gives_back_no_more_of_none_than_it_took(qapp: QObject) -> None:
    """Where it does, the app dies after some thousand calls ("none_dealloc"). Take another release of PySide6."""
    thing = QObject()
    thing.setObjectName("")
    before = sys.getrefcount(None)

    for _ in range(200):
        thing.setObjectName("")

    assert sys.getrefcount(None) - before > -100
