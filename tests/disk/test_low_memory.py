"""A machine without memory left, at any act: one sentence, or the program ends; nothing that was saved is lost."""

from __future__ import annotations

import pytest

from tests.disk.acts import ACTS
from tests.disk.conftest import Refusing
from tests.support.scale import NIGHTLY, count
from vaccinator_app.cli.exits import Exit
from vaccinator_app.cli.guard import told

KIB = 1024
LITTLE = [0, 64 * KIB, 256 * KIB, 1024 * KIB, 3 * 1024 * KIB, 8 * 1024 * KIB, 24 * 1024 * KIB]
BY_DAY = {"unlock": 8, "dose": 0, "sync": 1, "roster of 400": 2, "removal": 3, "backup": 1}


@pytest.mark.parametrize("act", list(ACTS) if NIGHTLY else list(BY_DAY))
def test_what_was_saved_is_there_whatever_became_of_the_program(refusing: Refusing, act: str) -> None:
    for memory in LITTLE if NIGHTLY else [LITTLE[BY_DAY[act] % len(LITTLE)]]:
        first = refusing(act, memory=memory)["first"]
        count("acts without memory")
        assert first == "the process died" or "broken" not in first, first


def test_it_is_said_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(MemoryError()) == Exit.FAULT
    assert capsys.readouterr().err.startswith("The machine has no memory left.")
