"""Past reconcile, exceptions, close and report in both languages, at the window's size and at its least."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from tests.gui.evening import Evening, evening_tour
from tests.gui.test_every_screen import english_left, faulty
from tests.support.window import put_away, show_window
from tests.whole.script import COVAXIN
from vaccinator_app.gui.settings import Settings
from vaccinator_app.gui.window import LEAST

# in Hindi too: who works there, what files and tables are called by everybody
_KNOWN = (
    "Khan",
    "Verma",
    "PDF",
    "CSV",
    "FHIR",
    "OTP",
    "Page",
    "Up",
    "Down",
    "Tab",
    "Ramesh",
    *["fell", "off", "the", "table"],
)


@pytest.mark.slow
def test_every_state_in_both_languages(evening: Evening, qapp: QApplication) -> None:
    """In the least window: what fits there fits in every other."""
    hands = show_window(evening.day)
    hands.window.resize(*LEAST)
    evening.day.booked = dict.fromkeys((*_KNOWN, "Sunita"))  # type: ignore[assignment]
    faults: set[str] = set()
    stops: list[str] = []

    def stop(name: str) -> None:
        stops.append(name)
        focused = hands.focused()
        for language, settings in (("hi", Settings(language="hi")), ("en", Settings())):
            hands.window.apply(settings)
            hands.settle()
            for _ in range(3):
                QApplication.processEvents()
            found = english_left(evening.day, hands) if language == "hi" else set()
            left = {fault for fault in found if not fault.startswith(repr(COVAXIN))}
            for fault in left | faulty(hands):
                faults.add(f"{name}, {language}: {fault}")
            assert (hands.window.width(), hands.window.height()) == LEAST
        assert hands.focused() == focused, f"{name}: a switch of language took the focus away"

    evening_tour(evening, hands, stop)
    put_away(hands)

    assert len(stops) > 20
    assert faults == set()
