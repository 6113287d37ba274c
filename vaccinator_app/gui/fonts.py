"""The fonts that come along, since the machine may have none for Devanagari (DESIGN 9.3)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtGui import QFont, QFontDatabase

REGULAR = 400
STRONG = 600

_WEIGHT_AXIS = QFont.Tag("wght")
_TABULAR = QFont.Tag("tnum")
_DEVANAGARI_FIRST = ("hi",)


class FontUnreadable(Exception):
    """A font of the app cannot be read. Install the app again; records stay as they are."""


def load(files: Sequence[Path]) -> tuple[str, ...]:
    """Make the font ``files`` known to Qt and give their family names, in the same order.

    A QGuiApplication must exist. Raises `FontUnreadable` when Qt cannot read one of them.
    """
    families: list[str] = []
    for path in files:
        found = QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(path)))
        if not found:
            raise FontUnreadable(f"The font {path.name} cannot be read. Install the app again.")
        families.append(found[0])
    return tuple(families)


def ordered(families: Sequence[str], language: str) -> tuple[str, ...]:
    """``families`` with the one first whose line box suits ``language``.

    Both fonts draw both scripts. Noto Sans sets Latin capitals in the middle of its line box; Noto Sans
    Devanagari keeps the depth below the line that matras need.
    """
    devanagari = tuple(name for name in families if "Devanagari" in name)
    others = tuple(name for name in families if name not in devanagari)
    return devanagari + others if language in _DEVANAGARI_FIRST else others + devanagari


def make(families: Sequence[str], pixels: int, *, weight: int = REGULAR) -> QFont:
    """A font of ``families``, ``pixels`` high, ``weight`` on the axis of the variable fonts (100 to 900).

    Figures all have one width, so that numbers under each other align. The weight is set on the font's own axis:
    ``QFont.setWeight`` would leave 600 at regular, and smear 700.
    """
    font = QFont()
    font.setFamilies(list(families))
    font.setPixelSize(pixels)
    font.setFeature(_TABULAR, 1)
    # also for regular: what is not set would be taken over from the widget painted on
    font.setVariableAxis(_WEIGHT_AXIS, weight)
    return font
