"""Who was booked on a day, and who of them may be one person (DESIGN 8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.domain.given import walk_in
from tests.vault.given import DAY, IN_CHARGE, changes, moment, person, walk_in_person
from vaccinator_app.domain.day import Booked
from vaccinator_app.domain.people import Gender
from vaccinator_app.vault import daybook
from vaccinator_app.vault.vault import Vault

TOMORROW = DAY + timedelta(days=1)


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
