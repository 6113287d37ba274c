"""What a desk remembers of its look: language, theme, size of words. No personal detail (DESIGN 9.3)."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from vaccinator_app.gui.theme import Mode
from vaccinator_app.gui.words import LANGUAGES

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """``language`` is one of `LANGUAGES`; ``sound``: a beep tells that somebody's 30 minutes are over."""

    language: str = "en"
    mode: Mode = Mode.LIGHT
    large: bool = False
    sound: bool = False


class SettingsFile:
    """A small JSON file. Whatever is wrong with it, the desk starts with the look it was made with."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Settings:
        """What was kept last; the defaults for a file that is absent or makes no sense."""
        try:
            found = json.loads(self._path.read_text("utf-8"))
            settings = Settings(
                language=str(found["language"]),
                mode=Mode(found["mode"]),
                large=found["large"] is True,
                sound=found.get("sound") is True,
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return Settings()
        return settings if settings.language in LANGUAGES else Settings()

    def write(self, settings: Settings) -> None:
        """Keep ``settings``. Never makes the folder: that is for enrolment alone. A full disk only costs the look."""
        if not self._path.parent.is_dir():
            return
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            with open(os.open(self._path, flags, 0o600), "w", encoding="utf-8") as file:
                json.dump(asdict(settings), file)
        except OSError as error:
            _LOG.warning("settings were not kept: %s", type(error).__name__)
