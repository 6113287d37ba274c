"""When to try again: full jitter between nothing and a ceiling that doubles, 1 s to 5 min, forever (DESIGN 7.6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

FIRST = 1.0
CEILING = 300.0


@dataclass(slots=True)
class Backoff:
    """Seconds until the next attempt. ``uniform(low, high)`` is where the jitter comes from."""

    uniform: Callable[[float, float], float]
    failures: int = 0

    def failed(self, retry_after: float | None = None) -> float:
        """Seconds to wait after one more failure; never less than what the other side asked for, up to the ceiling."""
        # The exponent is bounded, since a desk may fail all weekend.
        ceiling = min(CEILING, FIRST * 2 ** min(self.failures, 16))
        self.failures += 1
        asked = min(CEILING, retry_after or 0.0)
        return max(asked, self.uniform(min(FIRST, ceiling), ceiling))

    def succeeded(self) -> None:
        """The next failure starts from the bottom again."""
        self.failures = 0
