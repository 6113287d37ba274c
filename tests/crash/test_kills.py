"""Desks and centrals are killed, by name and at random: nothing that was called saved is lost, doubled or claimed."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.crash.steps import CENTRAL, DESK, ENROLMENT
from tests.support import scale

KILLS = scale.many(200, 10_000)


@pytest.mark.slow
def test_whatever_is_killed_nothing_is_lost_doubled_or_claimed() -> None:
    """In a process of its own, from which every life is forked. Its first line is the seed of the run."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "tests.crash",
        "--kills",
        str(KILLS),
        *(["--go-on"] if scale.NIGHTLY else []),
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]
    counts = json.loads(lines[-1])
    scale.count("kills of desks", counts["desk"])
    scale.count("kills of central", counts["central"])
    scale.count("named steps of kills", counts["steps"])
    assert counts["kills"] >= KILLS
    # some are named alike on both sides
    assert counts["steps"] == len({*DESK, *CENTRAL, *ENROLMENT}), lines[0]
