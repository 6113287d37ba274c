"""Who comes on which day and what happens to them, and when there is a network: drawn from one seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from math import inf

from tests.support.desk import ZONE
from vaccinator_app.central.citizens.booking import Booked

OPENS, SHUTS = time(9), time(17)
SLOT = timedelta(minutes=15)
SLOTS = 32
A_SHIFT = 8
"""Slots after which another vaccinator takes over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How long and how large. ``doses``: people booked for each desk and day; ``kills`` of each desk but the first,
    which lives for as long as the week so that its memory can be watched. ``at_once``: desks at work at the same
    time."""

    days: int = 7
    desks: int = 5
    doses: int = 2000
    down: float = 0.7
    kills: int = 2
    seed: int = 1
    at_once: int = 2
    every: int = 1
    """Desks try to sync after every so many quarters of an hour."""
    minutes: float = inf
    """By the machine's own clock; then no further day begins."""
    url: str | None = None


def just_past(size: Size) -> date:
    """The first day of a week that is over: TLS goes by the machine's own clock, and takes no certificate of days to
    come."""
    return datetime.now(ZONE).date() - timedelta(days=size.days + 1)


class Kind(StrEnum):
    """What happens to one person. A value is what stands in a desk's orders."""

    CODE = "code"
    SLIP = "slip"
    WRONG_CODE = "wrong code first"
    GUESSED = "guessed code"
    EXHAUSTED = "codes run out"
    DEFERRED = "deferred"
    VOIDED = "voided"
    CORRECTED = "corrected"
    AEFI = "adverse event"
    SERIOUS = "serious adverse event"
    WALK_IN = "walk-in"
    SWITCH = "another takes over"
    IDLE = "left alone"


_SHARES: dict[Kind, float] = {
    Kind.SLIP: 0.3,
    Kind.WRONG_CODE: 0.025,
    Kind.DEFERRED: 0.01,
    Kind.VOIDED: 0.005,
    Kind.CORRECTED: 0.004,
    Kind.AEFI: 0.003,
    Kind.GUESSED: 0.002,
    Kind.EXHAUSTED: 0.001,
    Kind.SERIOUS: 0.0005,
}
"""Of those who come by appointment; for all others the code is typed, and fits."""

NO_SHOWS, WALK_INS = 0.03, 0.02

WITHOUT_DOSE = frozenset({Kind.EXHAUSTED, Kind.DEFERRED, Kind.VOIDED, Kind.SWITCH, Kind.IDLE})
UNPROVEN = frozenset({Kind.GUESSED, Kind.WALK_IN})
"""Doses for which central issues no certificate by itself: a guessed code is held, and a walk-in has none."""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing a desk is to do at a moment (ISO 8601). ``slip`` is the text of the QR."""

    kind: Kind
    at: str
    appointment: str = ""
    code: str = ""
    slip: str = ""
    name: str = ""


def slot_of(number: int, people: int) -> time:
    """When somebody is booked: the day's slots are filled in turn."""
    place = min(SLOTS - 1, number * SLOTS // max(1, people))
    return (datetime.combine(date.min, OPENS) + place * SLOT).time()


def comes(rng: random.Random, first: int, places: int) -> Iterator[Kind | None]:
    """What becomes of each of ``places`` people; None for those who stay at home. The first ``first`` show every kind
    once, so that a short week has them all."""
    kinds, weights = list(_SHARES), list(_SHARES.values())
    shown = kinds[:first]
    for number in range(places):
        if number < len(shown):
            yield shown[number]
        elif rng.random() < NO_SHOWS:
            yield None
        elif rng.random() < sum(weights):
            yield rng.choices(kinds, weights)[0]
        else:
            yield Kind.CODE


def orders(
    rng: random.Random, day: date, zone: tzinfo, people: Sequence[Booked], *, every_kind: bool, label: int
) -> list[list[Act]]:
    """The acts of one desk on ``day``, slot by slot. People come in the order of their slots."""
    found: list[list[Act]] = [[] for _ in range(SLOTS)]
    first = len(_SHARES) if every_kind else 0
    for number, (person, kind) in enumerate(zip(people, comes(rng, first, len(people)), strict=True)):
        place = min(SLOTS - 1, number * SLOTS // len(people))
        if kind is not None:
            act = Act(kind, _at(day, zone, place), person.reference, person.code, person.slip)
            found[place].append(act)
        if rng.random() < WALK_INS or (every_kind and number == 0):
            found[place].append(Act(Kind.WALK_IN, _at(day, zone, place), name=f"Ramesh {_letters(label, number)}"))
    for place in range(A_SHIFT, SLOTS, A_SHIFT):
        found[place].insert(0, Act(Kind.SWITCH, _at(day, zone, place)))
    found[SLOTS // 2 + 1].append(Act(Kind.IDLE, _at(day, zone, SLOTS // 2 + 1)))
    return [_spread(acts) for acts in found]


def _letters(*numbers: int) -> str:
    """A name of nobody's, for each number another: what is typed into a search for it is no token."""
    return "".join(chr(ord("a") + int(digit)) for number in numbers for digit in f"{number:05d}")


def _at(day: date, zone: tzinfo, place: int) -> str:
    return (datetime.combine(day, OPENS, zone) + place * SLOT).isoformat()


def _spread(acts: list[Act]) -> list[Act]:
    """One after another within their quarter of an hour."""
    step = SLOT / (len(acts) + 1)
    return [
        Act(a.kind, (datetime.fromisoformat(a.at) + n * step).isoformat(), a.appointment, a.code, a.slip, a.name)
        for n, a in enumerate(acts)
    ]


@dataclass(slots=True)
class Weather:
    """The line of a centre, up or down in spells. ``down`` is the share of the time without it."""

    rng: random.Random
    down: float
    spell: timedelta = timedelta(minutes=90)
    """How long it is down, on average."""
    up: bool = False
    quarters: int = 0
    quarters_up: int = 0

    def next(self) -> bool:
        """The next quarter of an hour: whether there is a network in it."""
        end_down = min(1.0, SLOT / self.spell)
        end_up = 1.0 if self.down >= 1 else min(1.0, end_down * self.down / (1 - self.down))
        if self.rng.random() < (end_up if self.up else end_down):
            self.up = not self.up
        self.quarters += 1
        self.quarters_up += self.up
        return self.up
