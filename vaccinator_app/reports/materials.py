"""The files a report is made with: templates, words and colours of ``resources/``, and the fonts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "hi")


class ReportFailed(Exception):
    """A report could not be made. The text is a sentence for people, with no personal detail."""


@dataclass(frozen=True, slots=True)
class Materials:
    """Where they lie: ``folder`` is ``resources/``, ``fonts`` are font files, Latin and Devanagari.

    Whoever puts the rooms together finds them (DESIGN 2.1) and hands them in.
    """

    folder: Path
    fonts: tuple[Path, ...] = ()

    @property
    def templates(self) -> Path:
        """The folder of this room's own files."""
        return self.folder / "reports"

    def labels(self, language: str) -> Labels:
        """The fixed words of ``language``. Raises ``ReportFailed`` for a language there is none of."""
        if language not in LANGUAGES:
            raise ReportFailed("There are no reports in this language.")
        return Labels(self._read(self.templates / f"labels.{language}.json"))

    def vaccine_codes(self) -> Mapping[str, list[dict[str, str]]]:
        """Published codes of vaccines by our id: ``system``, ``code`` and ``display`` of each (HL7 Coding)."""
        found: Mapping[str, list[dict[str, str]]] = self._read(self.templates / "vaccine_codes.json")
        return found

    def colours(self) -> Mapping[str, str]:
        """The window's light colours: paper is light."""
        found: Mapping[str, str] = self._read(self.folder / "styles" / "tokens.json")["light"]
        return found

    def _read(self, path: Path) -> Any:
        try:
            return json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            raise ReportFailed("A file that reports are made with is missing. Install the app again.") from None


class Labels:
    """Words by key, with ``{blanks}``."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = words

    def __call__(self, key: str, **blanks: object) -> str:
        return self._words[key].format(**blanks)

    def either(self, group: str, name: str) -> str:
        """The label of ``name`` in ``group``; a name of a newer version that has no label stands for itself."""
        return self._words.get(f"{group}.{name}", name)

    def date(self, on: date) -> str:
        """Day, name of the month, year."""
        return self("date", day=on.day, month=self(f"month.{on.month}"), year=on.year)

    def everything(self) -> Mapping[str, str]:
        """Every word by its key, blanks unfilled."""
        return self._words
