"""Language, look and size of words: three buttons, on every screen and while the desk is locked (DESIGN 9.3)."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QWidget

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.settings import Settings
from vaccinator_app.gui.theme import Mode
from vaccinator_app.gui.widgets.buttons import Button
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.words import LANGUAGES

LANGUAGE_KEY, LOOK_KEY, LARGE_KEY = "F9", "F8", "F7"

_MODES: dict[Mode, tuple[Mode, str]] = {
    Mode.LIGHT: (Mode.DARK, "look.dark"),
    Mode.DARK: (Mode.CONTRAST, "look.contrast"),
    Mode.CONTRAST: (Mode.LIGHT, "look.light"),
}
"""What comes after each look, and what the button that brings it says."""


class LookBar(QWidget):
    """Each button says what it will do. It switches nothing itself: the window does, and keeps it."""

    asked = Signal(object)
    """The `Settings` that somebody wants."""

    def __init__(self, kit: Kit, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kit = kit
        self._settings = settings
        self._large = Button(kit, Message.of("look.larger"), plain=True, key=LARGE_KEY)
        self._look = Button(kit, Message.of("look.dark"), plain=True, icon="theme", key=LOOK_KEY)
        self._language = Button(
            kit, Message.of("look.language", name=""), plain=True, icon="language", key=LANGUAGE_KEY
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for button, name in ((self._large, "large"), (self._look, "look"), (self._language, "language")):
            button.setObjectName(name)
            row.addWidget(button)
        self._large.clicked.connect(self.toggle_large)
        self._look.clicked.connect(self.next_look)
        self._language.clicked.connect(self.next_language)
        self.show_settings(settings)

    def show_settings(self, settings: Settings) -> None:
        """These are in force now."""
        self._settings = settings
        self._large.say(Message.of("look.normal" if settings.large else "look.larger"))
        self._look.say(Message.of(_MODES[settings.mode][1]))
        # in its own words: whoever needs it cannot read the other language
        self._language.say(Message.of("look.language", name=LANGUAGES[_other(settings.language)]))

    @property
    def settings(self) -> Settings:
        """What is in force now."""
        return self._settings

    def set_sound(self, on: bool) -> None:
        """Whether a beep is wanted."""
        self._ask(sound=on)

    def toggle_large(self) -> None:
        """Words a quarter larger, or normal again."""
        self._ask(large=not self._settings.large)

    def next_look(self) -> None:
        """Light, dark, high contrast, and again."""
        self._ask(mode=_MODES[self._settings.mode][0])

    def next_language(self) -> None:
        """The other language."""
        self._ask(language=_other(self._settings.language))

    def bind_keys(self, window: QWidget) -> None:
        """The keys work wherever the focus is in ``window``."""
        for key, act in (
            (LANGUAGE_KEY, self.next_language),
            (LOOK_KEY, self.next_look),
            (LARGE_KEY, self.toggle_large),
        ):
            QShortcut(QKeySequence(key), window, act)

    def _ask(self, **changed: object) -> None:
        self.asked.emit(replace(self._settings, **changed))  # type: ignore[arg-type]


def _other(language: str) -> str:
    codes = list(LANGUAGES)
    return codes[(codes.index(language) + 1) % len(codes)]
