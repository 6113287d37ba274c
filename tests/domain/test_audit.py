"""The lines of who did or saw what, and which look-ups are unusual (DESIGN 5.5)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from tests.domain.given import FORMULARY, NINE, TODAY
from vaccinator_app.domain.audit import Entry, Looked, Sort, kinds_of, looked, sort_of
from vaccinator_app.domain.audit_words import Names, words_of
from vaccinator_app.domain.events import BODIES
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.staff_events import Notice, Noticed

SLOTS = {TODAY: (NINE, NINE + timedelta(hours=6))}
NAMES = Names({"s1": "S. Devi"}, FORMULARY)


def saw(who: str, at: datetime = NINE, staff: str = "s1", session: date | None = TODAY, own: bool = True) -> Entry:
    return Entry(
        device="d1", seq=1, at=at, staff=staff, name="S. Devi", sort=Sort.SAW, kind="record_viewed",
        words=Message.of("audit.viewed"), own=own, machine="Desk 1", appointment=who, session=session,
    )  # fmt: skip


def only(entries: list[Entry]) -> Looked:
    (found,) = looked(entries, SLOTS)
    return found


def test_each_kind_of_record_is_of_one_sort_and_is_found_by_it() -> None:
    assert frozenset().union(*map(kinds_of, Sort)) == set(BODIES)
    many = Noticed(what=Notice.MANY_LOOKUPS, count=30, of="s1")
    assert (sort_of(many), sort_of(Noticed(what=Notice.FORKED))) == (Sort.SAW, Sort.MACHINE)
    assert all(Noticed.KIND in kinds_of(sort) for sort in (Sort.SAW, Sort.MACHINE))


def test_whoever_has_no_certificate_here_is_named_by_id() -> None:
    words = words_of(Noticed(what=Notice.MANY_LOOKUPS, count=30, of="s9"), NAMES, "Desk 1")
    assert words == Message.of("notice.many_lookups", machine="Desk 1", name="s9", n=30)


def test_a_person_opened_twice_in_an_hour_is_one() -> None:
    one = only([saw("a"), saw("a", NINE + timedelta(minutes=5)), saw("b", NINE + timedelta(minutes=59))])
    assert (one.people, one.hour, one.why) == (2, NINE, ())


def test_another_hour_another_colleague_another_line() -> None:
    found = looked([saw("a"), saw("a", NINE + timedelta(hours=1)), saw("a", staff="s2")], SLOTS)
    assert [(one.staff, one.hour - NINE) for one in found] == [
        ("s1", timedelta(hours=1)),
        ("s1", timedelta(0)),
        ("s2", timedelta(0)),
    ]


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ([saw(str(n)) for n in range(19)], []),
        ([saw(str(n)) for n in range(20)], ["looked.many"]),
        ([saw(str(n), session=TODAY - timedelta(days=1)) for n in range(4)], []),
        ([saw(str(n), session=TODAY - timedelta(days=1)) for n in range(5)], ["looked.other_days"]),
        ([saw(str(n), session=None) for n in range(5)], []),
        ([saw(str(n), NINE - timedelta(hours=1)) for n in range(3)], []),
        ([saw(str(n), NINE - timedelta(hours=1, minutes=1)) for n in range(3)], ["looked.outside"]),
        ([saw(str(n), NINE + timedelta(hours=8)) for n in range(2)], []),
        ([saw(str(n), NINE + timedelta(days=1)) for n in range(3)], ["looked.outside"]),
    ],
)
def test_what_is_unusual(entries: list[Entry], why: list[str]) -> None:
    assert [message.key for message in only(entries).why] == why


def test_the_same_person_in_three_hours_is_unusual_in_each() -> None:
    hours = [saw("a", NINE + timedelta(hours=hour)) for hour in range(3)]
    assert [one.again for one in looked(hours, SLOTS)] == [1, 1, 1]
    assert [one.again for one in looked(hours[:2], SLOTS)] == [0, 0]


def test_the_unusual_comes_first() -> None:
    early = [saw(str(n)) for n in range(20)]
    later = [saw("x", NINE + timedelta(hours=1))]
    assert [one.people for one in looked([*later, *early], SLOTS)] == [20, 1]


def test_looks_at_another_machine_are_none_of_this_one() -> None:
    assert looked([saw("a", own=False)], SLOTS) == ()
