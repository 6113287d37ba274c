"""What some tests talk to is not installed everywhere: they are skipped then and say why, unless it is demanded.

``VACCINATOR_TESTS_DEMAND=postgresql,kannel,chromium,node,cc`` makes a missing one a failure: continuous integration has
them all, and a skipped test there would be a hole that nobody sees.
"""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

VARIABLE = "VACCINATOR_TESTS_DEMAND"
KNOWN = frozenset({"postgresql", "kannel", "chromium", "node", "cc"})


def demanded() -> frozenset[str]:
    """What must be here. ``ValueError`` for a word that means nothing: a slip of the pen would demand nothing."""
    words = frozenset(word.strip() for word in os.environ.get(VARIABLE, "").split(",") if word.strip())
    if not words <= KNOWN:
        raise ValueError(f"{VARIABLE} knows {', '.join(sorted(KNOWN))}; not {', '.join(sorted(words - KNOWN))}.")
    return words


def missing(what: str, reason: str) -> NoReturn:
    """``what`` (one of ``KNOWN``) is not here, for this ``reason``: skip the test, or fail it where it is demanded."""
    if what not in KNOWN:
        raise ValueError(f"{what} is not in tests.support.demand.KNOWN.")
    if what in demanded():
        pytest.fail(f"{what} is demanded by {VARIABLE}, but: {reason}", pytrace=False)
    pytest.skip(f"{what}: {reason}")
