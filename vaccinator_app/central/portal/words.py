"""What pages say, in the language of whoever reads them.

``resources/portal/words.<language>.json`` holds the portal's own words; names of months, photo IDs and the like are
those of the reports, so that page and paper say the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from vaccinator_app.central.errors import CentralError, Refused
from vaccinator_app.reports.materials import Labels, Materials

NAMES = {"en": "English", "hi": "हिन्दी"}
"""The portal's languages as they call themselves."""


@dataclass(frozen=True, slots=True)
class Say:
    """The words of one language."""

    language: str
    words: Mapping[str, str]
    labels: Labels

    def __call__(self, key: str, **blanks: object) -> str:
        """The words of ``key``; a key that there is none of is a mistake in a template and raises ``KeyError``."""
        return self.words[key].format(**blanks)

    def day(self, on: date) -> str:
        """A day with its weekday."""
        return self("day", weekday=self.labels(f"weekday.{on.weekday()}"), date=self.labels.date(on))

    def near(self, on: date) -> str:
        """A day of the months to come, whose year goes without saying."""
        return self(
            "day.near",
            weekday=self.labels(f"weekday.{on.weekday()}"),
            day=on.day,
            month=self.labels(f"month.{on.month}"),
        )

    def date(self, on: date) -> str:
        """Day, month and year."""
        return self.labels.date(on)

    def written(self, day: str) -> str:
        """A day as a card writes it; what is no whole day stands for itself."""
        try:
            return self.date(date.fromisoformat(day))
        except ValueError:
            return day

    def gender(self, name: str) -> str:
        """A gender by its name on the wire."""
        return self.labels.either("gender", name)

    def photo_id(self, name: str) -> str:
        """A kind of photo ID by its name on the wire."""
        return self.labels.either("photo_id", name)

    def refused(self, error: Refused) -> str:
        """Why something was not done. Central's own sentence, in English, for a code that no page can meet."""
        return self.words.get(f"refused.{error.code}", error.sentence)

    def fault(self, code: str, sentence: str) -> str:
        """What is wrong with a card or a picture that was shown; ``sentence`` where there are no words for it."""
        return self.words.get(f"fault.{code}", sentence)


def read_words(materials: Materials) -> dict[str, Say]:
    """The words of every language. Raises ``CentralError`` when a file is missing."""
    return {
        language: Say(language, _read(materials.folder, language), materials.labels(language)) for language in NAMES
    }


def _read(folder: Path, language: str) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads((folder / "portal" / f"words.{language}.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CentralError("The portal's words are missing. Install the program again.") from error
    return found
