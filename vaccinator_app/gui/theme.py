"""How everything looks: colours by name, one stylesheet, the palette, sizes; switched while the app runs.

Colours stand only in resources/styles/tokens.json. Code and stylesheet name them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from string import Template

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from vaccinator_app.gui import fonts
from vaccinator_app.gui.qt_numbers import DARK, LIGHT

Tokens = Mapping[str, QColor]

_READABLE = 4.5
_LARGE = 1.25
_PIXELS_A_POINT = 96 / 72
_HAIRLINE = 1
_RING = 2
_STATES = ("text", "quiet", "accent", "confirmed", "attention", "stop")


class Mode(StrEnum):
    """The three looks. High contrast takes the system's own colours."""

    LIGHT = "light"
    DARK = "dark"
    CONTRAST = "contrast"


class Size(StrEnum):
    """The scale of words: 12, 14, 18 and 24 pt at 96 dpi."""

    BODY = "body"
    LEAD = "lead"
    TITLE = "title"
    DISPLAY = "display"


class _Sheet(Template):
    """A stylesheet with ``${token}`` in it; names may hold hyphens, as tokens do."""

    idpattern = "[a-z][a-z-]*"


class Theme(QObject):
    """The look in force. ``changed`` comes after a switch: whoever paints by hand or keeps a font asks again.

    ``resources`` is the resources folder; ``families`` what `fonts.load` gave.
    """

    changed = Signal()
    drawn = Signal(str)
    """The style sheet anew, before ``changed``: for what wears it (``dress``)."""

    def __init__(self, resources: Path, families: Sequence[str] = (), parent: QObject | None = None) -> None:
        super().__init__(parent)
        styles = resources / "styles"
        read = json.loads((styles / "tokens.json").read_text("utf-8"))
        self._given: dict[Mode, dict[str, str]] = {Mode.LIGHT: read["light"], Mode.DARK: read["dark"]}
        self._mixes: dict[str, tuple[str, str, int]] = read["mixes"]
        self._points: dict[str, int] = read["sizes"]
        self._measures: dict[str, int] = read["measures"]
        self._sheet = _Sheet((styles / "desk.qss").read_text("utf-8"))
        self._families = tuple(families)
        self._language = "en"
        self._app: QApplication | None = None
        self.mode = Mode.LIGHT
        self.large = False
        self.tokens: Tokens = self._mixed(_colours(self._given[Mode.LIGHT]))

    def apply(self, app: QApplication, mode: Mode, *, large: bool = False) -> None:
        """Give ``app`` the look ``mode``, its words a quarter larger when ``large``. Windows already open follow."""
        if self._app is None:
            app.styleHints().colorSchemeChanged.connect(self._system_changed)
        self._app, self.mode, self.large = app, mode, large
        self._draw(app)

    def set_language(self, language: str) -> None:
        """Put first the font whose line box suits ``language`` ("en", "hi")."""
        if language == self._language:
            return
        self._language = language
        if self._app is not None:
            self._app.setFont(self.font())
            self.changed.emit()

    def dress(self, window: QWidget) -> None:
        """Give a window of its own the style sheet, now and whenever the look changes.

        It is the window's and not the app's: under an app's style sheet Qt styles every part of a screen anew each time
        it is put into a larger part, and a screen with a thousand parts takes three times as long to make.
        """
        self.drawn.connect(window.setStyleSheet)
        window.setStyleSheet(self.sheet)

    def color(self, token: str) -> QColor:
        """The colour named ``token``; KeyError for a name that tokens.json does not know."""
        return self.tokens[token]

    def px(self, pixels: int) -> int:
        """``pixels`` at normal size, as many as they are at the size of words now in force."""
        return round(pixels * self._scale)

    @property
    def step(self) -> int:
        """The unit of spacing, in pixels. It does not grow with large text: the room goes to the words."""
        return self._measures["step"]

    @property
    def row(self) -> int:
        """Height of a row of a list, in pixels."""
        return self.px(self._measures["row"])

    @property
    def target(self) -> int:
        """Least height of what is pressed or typed in, in pixels."""
        return self.px(self._measures["target"])

    @property
    def radius(self) -> int:
        """Radius of corners, in pixels."""
        return self._measures["radius"]

    def font(self, size: Size = Size.BODY, *, strong: bool = False) -> QFont:
        """The font for words of ``size``. Not kept across ``changed``."""
        families = fonts.ordered(self._families, self._language)
        return fonts.make(families, self._pixels(size), weight=fonts.STRONG if strong else fonts.REGULAR)

    def matra_room(self, size: Size = Size.BODY) -> int:
        """Pixels above and below the line box of ``font(size)`` that keep a Devanagari name in it whole.

        None are needed while the language itself is written in Devanagari: its line box is deep enough.
        """
        deep = fonts.make(fonts.ordered(self._families, "hi"), self._pixels(size))
        return max(0, QFontMetrics(deep).descent() - QFontMetrics(self.font(size)).descent())

    @property
    def _scale(self) -> float:
        return _LARGE if self.large else 1.0

    def _pixels(self, size: Size) -> int:
        return round(self._points[size] * _PIXELS_A_POINT * self._scale)

    def _system_changed(self) -> None:
        if self.mode is Mode.CONTRAST and self._app is not None:
            self._draw(self._app)

    def _draw(self, app: QApplication) -> None:
        hints = app.styleHints()
        # window frames follow; blocked, because this is not the system changing its mind
        blocked = hints.blockSignals(True)
        if self.mode is Mode.CONTRAST:
            hints.unsetColorScheme()
        else:
            hints.setProperty("colorScheme", DARK if self.mode is Mode.DARK else LIGHT)
        hints.blockSignals(blocked)
        if self.mode is Mode.CONTRAST:
            app.setPalette(QPalette())
            self.tokens = self._flat(app.palette())
        else:
            self.tokens = self._mixed(_colours(self._given[self.mode]))
        app.setPalette(_palette(self.tokens))
        app.setFont(self.font())
        self.drawn.emit(self.sheet)
        self.changed.emit()

    def _mixed(self, given: dict[str, QColor]) -> Tokens:
        tokens = dict(given)
        for name, (over, under, part) in self._mixes.items():
            tokens[name] = mix(tokens[over], tokens[under], part)
        tokens["on-accent"] = _clearest(tokens["accent"], (tokens["surface"], tokens["ground"], tokens["text"]))
        tokens["on-selected"], tokens["quiet-on-selected"] = tokens["text"], tokens["quiet"]
        return tokens

    def _flat(self, system: QPalette) -> Tokens:
        """The tokens made of the system's colours alone: no tint, no grey; icon and word carry the state."""
        # one ground for all words: a system may pair Window with other words than Base
        surface, text = system.color(QPalette.ColorRole.Base), system.color(QPalette.ColorRole.Text)
        tokens = dict.fromkeys((*_STATES, "line", "edge", "accent-hover", "accent-down"), text)
        tokens |= {f"{state}-tint": surface for state in _STATES}
        tokens |= {f"{state}-edge": text for state in _STATES}
        tokens |= {"ground": surface, "surface": surface, "hover": surface}
        tokens |= {"on-accent": surface, "selected": system.color(QPalette.ColorRole.Highlight)}
        words = system.color(QPalette.ColorRole.HighlightedText)
        if contrast(words, tokens["selected"]) < _READABLE:
            tokens["selected"], words = text, surface
        tokens["on-selected"] = tokens["quiet-on-selected"] = words
        return tokens

    @property
    def sheet(self) -> str:
        """The style sheet in the look and size now in force."""
        lengths = {
            "hairline": _HAIRLINE,
            "ring": _RING,
            "radius": self.radius,
            # heights of contents: the border stands outside them
            "target": self.target - 2 * _HAIRLINE,
            "target-in-ring": self.target - 2 * _RING,
            "pad": 2 * self.step,
            "pad-in-ring": 2 * self.step - (_RING - _HAIRLINE),
            "step": self.step,
            "step-in-ring": self.step - (_RING - _HAIRLINE),
            "row": self.row,
            "half-step": self.step // 2,
        }
        values = {name: f"{pixels}px" for name, pixels in lengths.items()}
        values |= {name: colour.name() for name, colour in self.tokens.items()}
        return self._sheet.substitute(values)


def mix(over: QColor, under: QColor, part: int) -> QColor:
    """``part`` hundredths of ``over`` laid on ``under``."""
    share = part / 100
    pairs = zip((over.red(), over.green(), over.blue()), (under.red(), under.green(), under.blue()), strict=True)
    return QColor(*(round(top * share + below * (1 - share)) for top, below in pairs))


def contrast(one: QColor, other: QColor) -> float:
    """Contrast of two colours as WCAG 2.2 defines it, from 1 (same) to 21 (black on white)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: QColor) -> float:
    channels = (colour.redF(), colour.greenF(), colour.blueF())
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _clearest(ground: QColor, words: Sequence[QColor]) -> QColor:
    return max(words, key=lambda colour: contrast(colour, ground))


def _colours(names: Mapping[str, str]) -> dict[str, QColor]:
    return {name: QColor(value) for name, value in names.items()}


def _palette(tokens: Tokens) -> QPalette:
    """What the parts that Qt draws itself stand on: menus, scroll bars, check boxes, selections."""
    role = QPalette.ColorRole
    by_role = {
        role.Window: "ground",
        role.WindowText: "text",
        role.Base: "surface",
        role.AlternateBase: "ground",
        role.Text: "text",
        role.Button: "surface",
        role.ButtonText: "text",
        role.BrightText: "stop",
        role.Light: "surface",
        role.Midlight: "hover",
        role.Mid: "line",
        role.Dark: "edge",
        role.Shadow: "edge",
        role.Highlight: "accent",
        role.HighlightedText: "on-accent",
        role.Accent: "accent",
        role.Link: "accent",
        role.LinkVisited: "accent",
        role.ToolTipBase: "surface",
        role.ToolTipText: "text",
        role.PlaceholderText: "quiet",
    }
    palette = QPalette()
    for which, token in by_role.items():
        palette.setColor(which, tokens[token])
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, tokens["quiet"])
    return palette
