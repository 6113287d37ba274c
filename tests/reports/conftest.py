"""Hundreds of pages are made of a few people: a code that was drawn once is drawn from memory."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import pytest

from vaccinator_app.reports import qr


@pytest.fixture(scope="session", autouse=True)
def remembered_codes() -> Iterator[None]:
    """Which modules of a code are black takes three quarters of the time of a certificate."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(qr, "_made", lru_cache(64)(qr._made))
        yield
