"""Records come in: the codes and slips in them (DESIGN 4.2, 4.3)."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from tests.central.machine import A, Desk, H, other_code, said
from tests.central.support import World, count
from vaccinator_app.central import schema
from vaccinator_app.domain.events import (
    Proof,
    ProofKind,
    SignedIn,
    Voided,
    VoidReason,
)
from vaccinator_app.protocol.messages import Reason as R


def test_a_slip_proves_as_much_as_the_code(world: World, desk: Desk) -> None:
    booked = world.book()
    desk.record(desk.slip_dose(booked))
    assert said(desk.push()) == {1: (A, ())}


def test_a_code_in_the_right_bucket_that_is_wrong_is_held_and_replaced(world: World, desk: Desk) -> None:
    booked = world.book()
    phone = world.mobile()
    desk.pull()
    cursor = desk.pull().cursor
    desk.record(desk.dose(booked, other_code(booked.code, same_bucket=True)))
    assert said(desk.push()) == {1: (H, (R.CODE_MISMATCH,))}
    assert count(world, schema.doses) == 0
    told = world.inbox(phone)[-1]
    assert "new security code" in told
    fresh = told.split("new security code is ")[1][:4]
    (changed,) = desk.pull(cursor).appointments
    assert changed.appointment == booked.reference
    # The true person comes with the new code.
    desk.record(desk.dose(booked, fresh))
    assert said(desk.push(desk.ledger[1:])) == {2: (A, ())}


def test_the_code_that_replaces_one_is_another(
    world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chance would give out the one that is in other hands once in ten thousand times."""
    booked = world.book()
    phone = world.mobile()
    drawn = iter([int(booked.code), int(booked.code), 4711 if booked.code != "4711" else 1174])
    monkeypatch.setattr(secrets, "randbelow", lambda _: next(drawn))
    desk.record(desk.dose(booked, other_code(booked.code, same_bucket=True)))
    desk.push()
    assert booked.code not in world.inbox(phone)[-1].split("new security code is ")[1][:4]
    assert not list(drawn)


def test_the_replaced_code_is_held_but_counts_against_nobody(world: World, desk: Desk) -> None:
    booked = world.book()
    desk.record(desk.dose(booked, other_code(booked.code, same_bucket=True)))
    desk.record(desk.dose(booked))
    assert said(desk.push())[2] == (H, (R.CODE_MISMATCH,))
    assert count(world, schema.mismatches) == 1


def test_guesses_do_not_add_up(world: World, desk: Desk) -> None:
    """After three wrong ones not even the right code proves the appointment: forty tries would find it."""
    booked = world.book()
    phone = world.mobile()
    wrong = other_code(booked.code, same_bucket=True)
    desk.record(desk.dose(booked, wrong))
    desk.push()
    fresh = world.inbox(phone)[-1].split("new security code is ")[1][:4]
    bad = next(c for c in ("0001", "0002", "0003") if c not in (fresh, booked.code))
    desk.record(desk.dose(booked, bad))
    desk.record(desk.dose(booked, bad))
    desk.record(desk.dose(booked, fresh))
    assert [status for status, _ in said(desk.push(desk.ledger[1:])).values()] == [H, H, H]
    assert sum("new security code" in text for text in world.inbox(phone)) == 1


def test_two_mismatches_in_thirty_days_raise_one_alarm_each_for_person_and_machine(world: World, desk: Desk) -> None:
    def invent() -> None:
        booked = world.book(date=world.clock.now.date().isoformat())
        desk.record(desk.dose(booked, other_code(booked.code, same_bucket=True)))
        desk.push(desk.ledger[-1:])

    invent()
    assert count(world, schema.alarms) == 0
    invent()
    assert count(world, schema.alarms) == 2
    invent()
    assert count(world, schema.alarms) == 2
    with world.home.database.read() as connection:
        rows = connection.execute(select(schema.alarms.c.kind, schema.alarms.c.subject, schema.alarms.c["count"]))
        found = {tuple(row) for row in rows}
    assert found == {("staff", desk.reply.in_charge, 2), ("device", desk.device, 2)}


def test_mismatches_more_than_thirty_days_apart_raise_none(world: World, desk: Desk) -> None:
    first, second = world.book(), world.book()
    desk.record(desk.dose(first, other_code(first.code, same_bucket=True)))
    desk.push()
    world.clock.move(days=30, seconds=1)
    desk.record(desk.dose(second, other_code(second.code, same_bucket=True)))
    desk.push(desk.ledger[1:])
    assert count(world, schema.mismatches) == 2
    assert count(world, schema.alarms) == 0


def test_a_code_refused_at_the_desk_raises_nothing(world: World, desk: Desk) -> None:
    booked = world.book()
    for _ in range(3):
        desk.record(desk.refused_code(booked, other_code(booked.code, same_bucket=False)))
    assert set(said(desk.push()).values()) == {(A, ())}
    assert count(world, schema.mismatches) == 0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda proof: replace(proof, sealed=proof.sealed[:-1] + bytes([proof.sealed[-1] ^ 1])),
        lambda proof: replace(proof, seq=proof.seq + 1),
        lambda proof: replace(proof, seq=0),
        lambda proof: replace(proof, key="0" * 16),
        lambda proof: replace(proof, sealed=b""),
    ],
)
def test_a_seal_that_does_not_open_for_this_record_is_held(world: World, desk: Desk, spoil: Any) -> None:
    booked = world.book()
    desk.record(desk.dose(booked, proof=spoil(desk.proof(booked.reference, booked.code))))
    desk.record(replace(desk.refused_code(booked, "0000"), proof=spoil(desk.proof(booked.reference, "0000"))))
    assert said(desk.push()) == {1: (H, (R.SEAL_UNREADABLE,)), 2: (H, (R.SEAL_UNREADABLE,))}
    assert count(world, schema.mismatches) == 0


def test_a_seal_for_another_appointment_or_device_does_not_open(world: World, desk: Desk) -> None:
    one, two = world.book(), world.book()
    other = Desk(world)
    desk.record(desk.dose(one, proof=desk.proof(two.reference, one.code)))
    desk.record(desk.dose(two, proof=other.proof(two.reference, two.code, seq=2)))
    assert set(said(desk.push()).values()) == {(H, (R.SEAL_UNREADABLE,))}


def test_a_seal_counts_once(world: World, desk: Desk) -> None:
    booked = world.book()
    dose = desk.dose(booked)
    desk.record(dose)
    desk.record(Voided(appointment=booked.reference, seq=1, reason=VoidReason.WRONG_BATCH))
    desk.record(dose)
    desk.push(desk.ledger[:2])
    assert said(desk.push()) == {1: (A, ()), 2: (A, ()), 3: (H, (R.NO_PROOF,))}


def test_a_seal_made_for_a_later_record_is_not_used_up_before(world: World, desk: Desk) -> None:
    booked = world.book()
    proof = desk.proof(booked.reference, booked.code, seq=2)
    desk.record(desk.dose(booked, proof=proof))
    desk.record(desk.dose(booked, proof=proof))
    assert said(desk.push(desk.ledger[:1])) == {1: (H, (R.SEAL_UNREADABLE,))}
    assert said(desk.push(desk.ledger[1:])) == {2: (A, ())}
    desk.record(Voided(appointment=booked.reference, seq=2, reason=VoidReason.WRONG_BATCH))
    desk.record(desk.dose(booked, proof=proof))
    assert said(desk.push(desk.ledger[2:]))[4] == (H, (R.NO_PROOF,))


def test_an_earlier_seq_in_the_seal_is_what_a_desk_sends(world: World, desk: Desk) -> None:
    booked = world.book()
    proof = desk.proof(booked.reference, booked.code)
    desk.record(SignedIn())
    desk.record(desk.dose(booked, proof=proof))
    assert said(desk.push())[2] == (A, ())


def test_a_booked_person_without_proof_is_held(world: World, desk: Desk) -> None:
    desk.record(desk.dose(world.book(), proof=Proof(how=ProofKind.NONE)))
    assert said(desk.push()) == {1: (H, (R.NO_PROOF,))}


@pytest.mark.parametrize("typed", ["", "12345", "12ab", "१२३४"])
def test_a_seal_that_holds_no_code_is_held_without_mark_or_crash(world: World, desk: Desk, typed: str) -> None:
    desk.record(desk.dose(world.book(), typed))
    ((status, reasons),) = said(desk.push()).values()
    assert status is H
    assert reasons in {(R.SEAL_UNREADABLE,), (R.CODE_MISMATCH,)}
