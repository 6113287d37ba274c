"""The window's tests run without a screen, on the app's own fonts, in words that must all be there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from vaccinator_app.cli.resources import font_files, resources_folder
from vaccinator_app.gui.theme import Mode
from vaccinator_app.gui.widgets.kit import Kit


@pytest.fixture(scope="session")
def resources() -> Path:
    """The folder of icons, styles and translations."""
    return resources_folder()


@pytest.fixture(scope="session")
def _kit(resources: Path, qapp: QApplication) -> Kit:
    return Kit.load(resources, font_files(), strict=True)


@pytest.fixture
def kit(_kit: Kit, qapp: QApplication, qtbot: QtBot) -> Iterator[Kit]:
    """Look and words as the desk starts with them: light, English, normal size."""
    _kit.theme.apply(qapp, Mode.LIGHT)
    yield _kit
    _kit.words.set_language("en")
    _kit.words.zone = None
