"""A disk that is full, broken, read-only or over its quota at any write of any act (DESIGN 6.5): one clear sentence,
nothing that was called saved is lost, nothing is there by halves, people go on reading, and with room it goes on.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass

import pytest

from tests.disk.acts import ACTS
from tests.disk.conftest import Refusing
from tests.support.disk import Call
from tests.support.scale import NIGHTLY, count


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a disk refuses."""

    error: int
    calls: Call = Call.ANY
    for_ever: bool = False
    partly: bool = False


REFUSALS = {
    "full for a moment": Refusal(errno.ENOSPC, Call.TAKES_ROOM),
    "full": Refusal(errno.ENOSPC, Call.TAKES_ROOM, for_ever=True),
    "half a write": Refusal(errno.ENOSPC, Call.WRITE, partly=True),
    "broken once": Refusal(errno.EIO),
    "broken": Refusal(errno.EIO, for_ever=True),
    "read-only": Refusal(errno.EROFS, for_ever=True),
    "over its quota": Refusal(errno.EDQUOT, Call.TAKES_ROOM, for_ever=True),
    "not allowed any more": Refusal(errno.EACCES, for_ever=True),
}


def kinds(act: int) -> list[str]:
    """All of them by night; by day one, another for each act."""
    names = list(REFUSALS)
    return names if NIGHTLY else [names[act % len(names)]]


def places(act: int, calls: int) -> range:
    """Where it refuses: everywhere by night; by day somewhere else for each act."""
    at = 1 + act * 7 % calls
    return range(1, calls + 1) if NIGHTLY else range(at, at + 1)


@pytest.mark.parametrize("act", list(ACTS))
def test_whatever_the_disk_refuses_nothing_is_lost(refusing: Refusing, act: str) -> None:
    number = list(ACTS).index(act)
    seen: dict[Call, int] = {}
    for name in kinds(number):
        how = REFUSALS[name]
        if how.calls not in seen:
            seen[how.calls] = refusing(act, 0, 0, how.calls)["seen"]
        for at in places(number, seen[how.calls]):
            refusing(act, at, how.error, how.calls, for_ever=how.for_ever, partly=how.partly)
            count("refused writes")


def test_a_disk_that_takes_nothing_at_all_is_said_at_once(refusing: Refusing) -> None:
    said = refusing("dose", 1, errno.ENOSPC, Call.TAKES_ROOM, for_ever=True)["said"]
    assert said["words"] == "The disk is full. Make room and try again; what was saved before is safe.\n"
