"""What every widget needs to show itself: the look, the words, the icons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vaccinator_app.gui import fonts
from vaccinator_app.gui.theme import Theme
from vaccinator_app.gui.widgets.icons import Icons
from vaccinator_app.gui.words import Words


@dataclass(frozen=True, slots=True)
class Kit:
    """Handed to each widget first. One for the whole window. ``resources`` and ``font_files`` are what it was made of:
    reports are printed with them."""

    theme: Theme
    words: Words
    icons: Icons
    resources: Path
    font_files: tuple[Path, ...]

    @classmethod
    def load(cls, resources: Path, font_files: Sequence[Path], *, language: str = "en", strict: bool = False) -> Kit:
        """Read tokens and fonts from ``resources`` and ``font_files``; catalogues and icons when first needed.

        A QApplication must exist; `Theme.apply` comes next. ``strict`` is for tests: see `Words`.
        """
        theme = Theme(resources, fonts.load(font_files))
        words = Words(resources, language, strict=strict)
        theme.set_language(words.language)
        words.changed.connect(lambda: theme.set_language(words.language))
        return cls(theme, words, Icons(resources, theme), resources, tuple(font_files))
