"""How long the long tests are: short in ``make test``, long in ``make nightly`` (``VACCINATOR_NIGHTLY=1``).

What they did is counted (kills, steps, faults) and stands in the last lines of the run, so that nobody takes a run that
did little for one that proved much.
"""

from __future__ import annotations

import os
from collections import Counter

VARIABLE = "VACCINATOR_NIGHTLY"
NIGHTLY = os.environ.get(VARIABLE) == "1"

counted: Counter[str] = Counter()
"""What this process did so far, by kind."""


def many(short: int, nightly: int) -> int:
    """How many: ``short`` in ``make test``, ``nightly`` in ``make nightly``."""
    return nightly if NIGHTLY else short


def count(kind: str, number: int = 1) -> None:
    """``number`` more of a ``kind`` were done: plural words, such as "kills", "power cuts", "steps of desks"."""
    counted[kind] += number
