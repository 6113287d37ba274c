"""Whatever people, machines and the network do, in any order: no saved record is lost, doubled or called confirmed too
early (DESIGN 3, 7). Short in ``make test``, thousands of steps in ``make nightly``.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.scale import many
from tests.whole.nothing_lost_machine import EverybodyAtOnce


@pytest.mark.slow
def test_everybody_at_once() -> None:
    run_state_machine_as_test(
        EverybodyAtOnce,
        settings=settings(
            max_examples=many(8, 400),
            stateful_step_count=many(16, 50),
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
