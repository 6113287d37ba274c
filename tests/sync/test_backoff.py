"""Back-off: full jitter under a ceiling that doubles, 1 s to 5 min, forever (DESIGN 7.6)."""

from hypothesis import given
from hypothesis import strategies as st

from vaccinator_app.sync.backoff import CEILING, FIRST, Backoff


def highest(low: float, high: float) -> float:
    return high


def lowest(low: float, high: float) -> float:
    return low


def test_the_ceiling_doubles_from_one_second_to_five_minutes() -> None:
    backoff = Backoff(highest)
    waits = [backoff.failed() for _ in range(12)]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


def test_a_good_run_starts_from_the_bottom_again() -> None:
    backoff = Backoff(highest)
    for _ in range(5):
        backoff.failed()
    backoff.succeeded()
    assert backoff.failed() == FIRST


def test_it_waits_as_long_as_central_asks() -> None:
    assert Backoff(lowest).failed(retry_after=42.0) == 42.0


def test_nobody_can_ask_for_more_than_the_ceiling() -> None:
    assert Backoff(lowest).failed(retry_after=1e9) == CEILING


@given(st.integers(0, 100_000), st.floats(0, 1), st.none() | st.floats(0, 1e12))
def test_a_wait_is_always_between_a_second_and_five_minutes(failures: int, luck: float, asked: float | None) -> None:
    backoff = Backoff(lambda low, high: low + luck * (high - low), failures)
    assert FIRST <= backoff.failed(asked) <= CEILING
