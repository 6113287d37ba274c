"""A day book to change one thing in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from tests.domain.given import FORMULARY, NINE, TODAY, opened, received
from vaccinator_app.domain.day import Booked, Happened
from vaccinator_app.domain.daybook import DayBook, Machine
from vaccinator_app.domain.events import Body
from vaccinator_app.domain.exceptions import DayException
from vaccinator_app.domain.find_exceptions import find

NOON = NINE + timedelta(hours=3)
OWN = Machine(device="d1", name="Desk 1", own=True, upto=0, head="")

GOOD: list[Body] = [received(5), opened(3)]
"""What a dose of the tests is drawn from; the next record has ``seq`` 3."""
DAY = timedelta(days=1)


def desk(*history: Body, device: str = "d1", first: int = 1, at: datetime = NINE, staff: str = "s1") -> list[Happened]:
    """One record a minute, the first a minute after ``at``; the clock goes as the machine does."""
    whens = [at + timedelta(minutes=minute) for minute in range(1, len(history) + 1)]
    return [
        Happened(device, seq, when, staff, body, f"boot of {device}", (when - NINE) // timedelta(milliseconds=1))
        for seq, (when, body) in enumerate(zip(whens, history, strict=True), first)
    ]


def booked(*people: str) -> tuple[Booked, ...]:
    return tuple(Booked(name, NINE, "two", 1) for name in people)


def book(happened: Iterable[Happened], *, now: datetime = NINE + timedelta(minutes=30), **more: object) -> DayBook:
    """Half past nine; everybody of ``happened`` is booked unless ``booked`` says who is."""
    records = tuple(happened)
    people = sorted({name for one in records if (name := getattr(one.body, "appointment", "W"))[0] != "W"})
    fields: dict[str, object] = {
        "day": TODAY, "own_device": "d1", "booked": booked(*people), "outcomes": {}, "machines": (OWN,),
        "batches": (), "formulary": FORMULARY, "names": {}, **more,
    }  # fmt: skip
    return DayBook(happened=records, now=now, **fields)  # type: ignore[arg-type]


def found(happened: Iterable[Happened], **more: object) -> dict[str, DayException]:
    """The exceptions of a book by key."""
    exceptions = find(book(happened, **more))  # type: ignore[arg-type]
    assert len({one.key for one in exceptions}) == len(exceptions)
    return {one.key: one for one in exceptions}


def day(*history: Body) -> list[Happened]:
    """A day at one desk, with something to draw from."""
    return desk(*GOOD, *history)


def keys(happened: Iterable[Happened], **more: object) -> set[str]:
    """What ``found`` names."""
    return set(found(happened, **more))
