"""The unlock screen stands before what lies behind it is imported (DESIGN 10)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from vaccinator_app.gui import qt_numbers
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.text import Text

_SCRIPT = """
import sys
from pathlib import Path
from vaccinator_app.cli.window import desk_window
app, window = desk_window(Path(sys.argv[1]))
window.show()
window.grab()
import PySide6.QtCore, PySide6.QtWidgets
print(*(f"named:{name}" for module in (PySide6.QtCore, PySide6.QtWidgets) for name in ("Qt", "QStyle", "QWidget")
        if name in vars(module)))
print(*sorted({name.partition(".")[0] for name in sys.modules} | set(sys.modules)))
window.close()
"""
BEHIND = ("cryptography", "sqlcipher3", "msgspec", "zstandard", "requests", "vaccinator_app.gui.screens.desk")


BARE = '{"v": 1, "slots": []}'
"""A file of slots without anybody in it: the machine is a desk, as far as the first screen is concerned."""


def test_nothing_behind_the_door_is_imported_for_the_unlock_screen(tmp_path: Path) -> None:
    (tmp_path / "slots.json").write_text(BARE)
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(tmp_path)],
        env=environment, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    loaded = set(done.stdout.split())
    assert "vaccinator_app.gui.screens.unlock" in loaded
    assert [name for name in BEHIND if name in loaded] == []
    # Qt's classes come when they are asked for, and these are a tenth of the start (``gui.qt_numbers``)
    assert [name for name in loaded if name.startswith("named:")] == ["named:QWidget"]


_LOOKS = """
import gc, os, sys
from pathlib import Path
from vaccinator_app.cli.window import desk_window
looks = []
gc.callbacks.append(lambda phase, _: looks.append(phase))
app, window = desk_window(Path(sys.argv[1]))
print(len(looks), flush=True)
os._exit(0)
"""


def test_no_rings_of_objects_are_looked_for_while_the_first_screen_is_made(tmp_path: Path) -> None:
    """Some thirty looks, a twentieth of the start, for what nobody waits for."""
    (tmp_path / "slots.json").write_text(BARE)
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", _LOOKS, str(tmp_path)], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0"]


def test_the_numbers_are_those_of_qt() -> None:
    assert (Qt.Key.Key_Return, Qt.Key.Key_Enter) == qt_numbers.ENTER
    assert (Qt.Key.Key_Up, Qt.Key.Key_Down) == (qt_numbers.UP, qt_numbers.DOWN)
    assert Qt.ContextMenuPolicy.NoContextMenu.value == qt_numbers.NO_CONTEXT_MENU
    assert Qt.ScrollBarPolicy.ScrollBarAlwaysOff.value == qt_numbers.SCROLL_BAR_OFF
    assert Qt.TextFormat.PlainText.value == qt_numbers.PLAIN_TEXT
    assert (Qt.ColorScheme.Light.value, Qt.ColorScheme.Dark.value) == (qt_numbers.LIGHT, qt_numbers.DARK)
    assert (Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter).value == qt_numbers.RIGHT_MIDDLE


@pytest.mark.usefixtures("qapp")
def test_what_is_set_by_number_is_what_qt_says_by_name(kit: Kit) -> None:
    assert Text(kit, "<b>").textFormat() is Qt.TextFormat.PlainText
    hints = QGuiApplication.styleHints().metaObject()
    assert hints.property(hints.indexOfProperty("colorScheme")).isWritable()
