"""Exceptions of the machines: clocks that jumped, desks that were not heard (DESIGN 3.3, 7.7)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

from vaccinator_app.domain.day import Happened
from vaccinator_app.domain.daybook import Machine
from vaccinator_app.domain.events import UNTOLD
from vaccinator_app.domain.evidence import Evidence
from vaccinator_app.domain.exceptions import Act, DayException, ExceptionKind
from vaccinator_app.domain.find_notices import says_the_jump
from vaccinator_app.domain.message import Message

JUMP = timedelta(minutes=2)
"""A clock that goes by more than this otherwise than the time since the machine was switched on was set by somebody."""

_MILLISECOND = timedelta(milliseconds=1)

TOO_LONG = timedelta(hours=4)
"""How long a machine may be without a word to or from central while the day goes on."""


def clock_jumps(seen: Evidence) -> Iterator[DayException]:
    """Each place in a ledger where the clock jumped between two records of one boot, when either is of the day.

    Kinds that stay where they were made are passed over, so that every desk finds the jump at the same record.
    """
    ledgers: dict[str, list[Happened]] = {}
    for one in seen.book.happened:
        if one.boot and not isinstance(one.body, UNTOLD):
            ledgers.setdefault(one.device, []).append(one)
    day = seen.book.day
    for device, ledger in ledgers.items():
        ledger.sort(key=lambda one: one.seq)
        for before, after in pairwise(ledger):
            if before.boot != after.boot or says_the_jump(after):
                continue
            jump = (after.at - before.at) - _MILLISECOND * (after.uptime_ms - before.uptime_ms)
            if abs(jump) > JUMP and day in (before.at.date(), after.at.date()):
                key = "exception.clock_ahead" if jump > timedelta(0) else "exception.clock_back"
                yield DayException(
                    key=f"clock:{device}:{after.seq}",
                    kind=ExceptionKind.CLOCK,
                    words=Message.of(key, machine=seen.machine(device), span=abs(jump)),
                    device=device,
                    seq=after.seq,
                    at=after.at,
                    staff=after.staff,
                    acts=(Act.EXPLAIN, Act.ESCALATE),
                )


def unsynced(seen: Evidence) -> Iterator[DayException]:
    """Each machine that central, or this desk, may not know all of. Goes away by itself when the machine is heard.

    This desk: its oldest unconfirmed record is older than `TOO_LONG`. Another: central waits for records of it; or it
    was never heard; or, while the day goes on, not within `TOO_LONG`; or, when the day is over, not since the last
    thing that is known to have happened on it at any desk.
    """
    day = seen.book.day
    last = max((one.at for one in seen.book.happened if one.at.date() == day), default=None)
    for machine in seen.book.machines:
        words = _own(seen, machine) if machine.own else _other(seen, machine)
        if words is None and not machine.own and machine.heard_at is not None:
            over = seen.book.now.date() > day
            silent = last is not None and machine.heard_at < last if over else _long_ago(seen, machine)
            if silent:
                words = Message.of("exception.machine_silent", machine=machine.name, at=machine.heard_at)
        if words is not None:
            yield DayException(
                key=f"unsynced:{day}:{machine.device}",
                kind=ExceptionKind.UNSYNCED,
                words=words,
                device=machine.device,
                at=machine.oldest_at if machine.own else machine.heard_at,
                acts=(Act.SYNC, Act.EXPLAIN, Act.ESCALATE),
            )


def _own(seen: Evidence, machine: Machine) -> Message | None:
    if machine.unconfirmed == 0 or machine.oldest_at is None or seen.book.now - machine.oldest_at <= TOO_LONG:
        return None
    return Message.of("exception.unconfirmed", n=machine.unconfirmed, span=seen.book.now - machine.oldest_at)


def _other(seen: Evidence, machine: Machine) -> Message | None:
    if machine.missing > 0:
        return Message.of("exception.machine_missing", machine=machine.name, n=machine.missing)
    return Message.of("exception.machine_never", machine=machine.name) if machine.heard_at is None else None


def _long_ago(seen: Evidence, machine: Machine) -> bool:
    return machine.heard_at is not None and machine.heard_at < seen.book.now - TOO_LONG
