"""Messages on the command line: the same catalogue as the window's."""

from __future__ import annotations

import os
from functools import lru_cache

from vaccinator_app.cli.resources import resources_folder
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.words import LANGUAGES, Words


@lru_cache(maxsize=1)
def words() -> Words:
    """The catalogue in the language of ``VACCINATOR_LANGUAGE``, English unless it says ``hi``."""
    asked = os.environ.get("VACCINATOR_LANGUAGE", "en")
    return Words(resources_folder(), asked if asked in LANGUAGES else "en")


def speak(message: Message) -> str:
    """One sentence for the terminal."""
    return words().say(message)
