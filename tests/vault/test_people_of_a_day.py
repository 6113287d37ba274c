"""Who was booked on a day, and who of them may be one person (DESIGN 8)."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.domain.given import walk_in
from tests.vault.given import DAY, IN_CHARGE, changes, moment, person, save, walk_in_person
from vaccinator_app.domain.appointment import Appointment
from vaccinator_app.domain.day import Booked
from vaccinator_app.domain.events import SignedIn
from vaccinator_app.domain.people import Gender
from vaccinator_app.vault import connection, daybook
from vaccinator_app.vault.errors import VaultClosed, VaultDamaged
from vaccinator_app.vault.files import DATABASE
from vaccinator_app.vault.reader import Reader
from vaccinator_app.vault.vault import Vault

TOMORROW = DAY + timedelta(days=1)
NEW = bytes(range(32))


def test_who_was_booked(vault: Vault) -> None:
    guest = walk_in_person(90)
    in_utc = replace(person(2, minute=605), slot=datetime(2026, 11, 21, 4, 35, tzinfo=UTC))
    vault.exchange.apply(changes(person(1, minute=660, cancelled=True), in_utc, person(3, day=TOMORROW)))
    vault.ledger.append(moment(), IN_CHARGE, [walk_in(guest.appointment)], person=guest)
    booked = vault.daybooks.booked(DAY, [person(1).appointment, person(2).appointment, guest.appointment])
    assert sorted(booked, key=lambda one: one.slot) == [
        Booked(person(2).appointment, in_utc.slot, "two", 1),
        Booked(person(1).appointment, person(1, minute=660).slot, "two", 1, cancelled=True),
    ]
    assert {one.slot.utcoffset() for one in booked} == {timedelta(hours=5, minutes=30)}


@pytest.mark.parametrize("at_once", [1, 2, 10_000])
def test_people_of_whom_nothing_is_asked_are_told_as_so_many_alike(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(daybook, "_AT_ONCE", at_once)
    nine = [person(n, minute=540) for n in (1, 2, 3)]
    vault.exchange.apply(changes(*nine, person(4, minute=540, cancelled=True), person(5, minute=660)))
    booked = vault.daybooks.booked(DAY, [nine[1].appointment])
    assert sorted(booked, key=lambda one: (one.slot, one.cancelled, one.appointment)) == [
        Booked("", nine[0].slot, "two", 1, people=2),
        Booked(nine[1].appointment, nine[1].slot, "two", 1),
        Booked("", nine[0].slot, "two", 1, cancelled=True),
        Booked("", person(5, minute=660).slot, "two", 1),
    ]


class Meanwhile:
    """The people of a day are read two at a time, and in between something else happens, once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
        self.parts = 0
        self.found: object = None
        asked = Reader.ask

        def ask(reader: Reader, sql: str, parameters: Sequence[Any] = (), /) -> Any:
            rows = asked(reader, sql, parameters)
            if sql == daybook._BOOKED:
                self.parts += 1
                if self.parts == 1:
                    self.found = act()
            return rows

        monkeypatch.setattr(daybook, "_AT_ONCE", 2)
        monkeypatch.setattr(Reader, "ask", ask)


SIX = [person(n, minute=540 + 60 * ((n - 1) // 2)) for n in range(1, 7)]
"""Two of each hour: read two at a time, an hour is one part."""


def people(vault: Vault, named: Sequence[str] = ()) -> Counter[Booked]:
    found: Counter[Booked] = Counter()
    for one in vault.daybooks.booked(DAY, named):
        found[replace(one, people=1)] += one.people
    return found


@pytest.mark.parametrize(
    "moved",
    [
        [person(1, minute=660)],
        [person(6, minute=540)],
        [person(5, minute=660, cancelled=True), person(7, minute=540)],
    ],
    ids=["behind what was read", "before it", "cancelled and booked anew"],
)
@pytest.mark.parametrize("named", [(), (person(1).appointment, person(6).appointment)], ids=["alike", "named"])
def test_a_page_of_centrals_that_comes_while_people_are_read_is_seen_whole_or_not_at_all(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, moved: list[Appointment], named: Sequence[str]
) -> None:
    vault.exchange.apply(changes(*SIX))
    before = people(vault, named)
    between = Meanwhile(monkeypatch, lambda: vault.exchange.apply(changes(*moved, cursor=1)))
    assert people(vault, named) == before
    assert (between.parts, before.total()) == (4, 6)
    after = people(vault, named)
    assert after != before, "and the next reading has it: nobody goes on telling of that moment"
    assert after.total() == 6 + (moved[-1].appointment not in {one.appointment for one in SIX})


def test_reading_people_holds_up_neither_a_record_nor_the_folding_of_the_log(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.exchange.apply(changes(*SIX))
    before = people(vault)

    def act() -> tuple[list[int], bool]:
        return save(vault, SignedIn()), vault._database.fold()

    between = Meanwhile(monkeypatch, act)
    assert people(vault) == before
    assert between.found == ([1], True)
    assert between.parts == 5, "it began again"
    readers = vault._database._readers
    count = len(readers)
    assert (readers.free, vault._database.fold(), len(readers)) == (count, True, count), "none is in the way any more"


def test_reading_people_holds_up_no_change_of_key(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the folding before it nor the closing of the old file; then it is the new one that is read."""
    vault.exchange.apply(changes(*SIX))
    before = people(vault)

    def act() -> float:
        save(vault, SignedIn())
        begun = time.monotonic()
        vault.rekey(NEW)
        return time.monotonic() - begun

    between = Meanwhile(monkeypatch, act)
    assert people(vault) == before
    assert between.parts == 5, "it began again"
    assert isinstance(between.found, float)
    assert between.found < connection.BUSY_MS / 1000, "as long as it would have waited for who reads"
    assert vault.key == NEW


def test_reading_people_holds_up_no_lock(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    vault.exchange.apply(changes(*SIX))
    between = Meanwhile(monkeypatch, vault.close)
    with pytest.raises(VaultClosed):
        people(vault)
    assert between.parts == 1


def test_the_people_of_a_file_that_was_moved_away_are_read_all_the_same(vault: Vault, home: Path) -> None:
    vault.exchange.apply(changes(*SIX))
    before = people(vault)
    vault._database._readers.close()
    (home / DATABASE).rename(home / "elsewhere.db")
    assert people(vault) == before
    assert len(vault._database._readers) == 0


def test_a_reading_that_broke_off_leaves_nobody_in_that_moment(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged() -> None:
        raise VaultDamaged

    vault.exchange.apply(changes(*SIX))
    with monkeypatch.context() as broken:
        Meanwhile(broken, damaged)
        with pytest.raises(VaultDamaged):
            people(vault)
    vault.exchange.apply(changes(person(7), cursor=1))
    assert people(vault).total() == 7


def test_equal_marks_are_perhaps_one_person(vault: Vault) -> None:
    guest = walk_in_person(90, "SUNITA devi")
    guest = replace(guest, beneficiary=replace(guest.beneficiary, photo_id_last4="7777"))
    base = person(1, "Sunita Kumari", last4="7777")
    one = base.beneficiary
    others = (
        replace(one, photo_id_last4="7778"),
        replace(one, year_of_birth=1969),
        replace(one, gender=Gender.MAN),
        replace(one, name="Sunit Kumari"),
    )
    other = [replace(person(2 + number), beneficiary=somebody) for number, somebody in enumerate(others)]
    vault.exchange.apply(changes(base, *other, person(30, "Sunita", last4="7777", day=TOMORROW)))
    vault.ledger.append(moment(), IN_CHARGE, [walk_in(guest.appointment)], person=guest)
    everybody = {base.appointment, guest.appointment, *(who.appointment for who in other)}
    marks = vault.daybooks.identities(DAY, [*everybody, person(30).appointment])
    assert set(marks) == everybody
    assert set(vault.daybooks.identities(DAY, [base.appointment])) == {base.appointment}
    assert marks[base.appointment] == marks[guest.appointment]
    assert len(set(marks.values())) == 5
    assert all(len(mark) == 32 and set(mark) <= set("0123456789abcdef") for mark in marks.values())
