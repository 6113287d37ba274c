"""Taking back and recording again, and doses on an in-charge's word (DESIGN 3.1, 4.4; P.3.9, P.3.10, P.5.7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.central.closing import close_of
from tests.central.correcting import corrected, standing, void
from tests.central.machine import A, Colleague, Desk, H, X, other_code, said
from tests.central.support import BATCH, TODAY, World, count
from vaccinator_app.central import schema
from vaccinator_app.central.operations import admin
from vaccinator_app.central.operations.housekeeping import forget
from vaccinator_app.domain.closing_events import ExceptionSettled, Settlement, SettleReason
from vaccinator_app.domain.events import (
    Body,
    DeferReason,
    DoseDeferred,
    OverrideGranted,
    OverrideReason,
    Proof,
    ProofKind,
    Voided,
    VoidReason,
)
from vaccinator_app.domain.stock_events import StockReceived, VialOpened
from vaccinator_app.protocol.messages import Reason as R

DONE, WAITS, NO_PROOF = (A, ()), (A, (R.AWAITS_OTP,)), (H, (R.NO_PROOF,))


def messages(world: World) -> list[str]:
    kinds = ("dose_recorded", "dose_unconfirmed", "dose_voided")
    statement = select(schema.sms_outbox.c.kind).where(schema.sms_outbox.c.kind.in_(kinds))
    with world.home.database.read() as connection:
        return sorted(connection.scalars(statement))


# Corrections


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("by_slip", [True, False])
def test_a_correction_carries_the_proof_of_what_it_corrects(
    world: World, desk: Desk, together: bool, by_slip: bool
) -> None:
    booked = world.book()
    dose = desk.slip_dose(booked) if by_slip else desk.dose(booked)
    desk.record(dose)
    if not together:
        desk.push()
    desk.record(void(dose, 1))
    if not together:
        desk.push(desk.ledger[1:])
    desk.record(corrected(dose, 1))
    assert said(desk.push())[3] == DONE
    assert standing(world) == [(3, "for-1")]


def test_a_correction_is_corrected(world: World, desk: Desk) -> None:
    dose = desk.dose(world.book())
    desk.record(dose)
    for seq in (1, 3, 5):
        desk.record(void(dose, seq))
        desk.record(corrected(dose, seq))
    desk.push(desk.ledger[:4])
    assert set(said(desk.push()).values()) == {DONE}
    assert standing(world) == [(7, "for-5")]
    with world.home.database.read() as connection:
        rows = connection.execute(select(schema.records.c.seq).where(schema.records.c.proof.is_not(None)))
        assert rows.scalars().all() == [7]


def test_a_proof_serves_no_second_correction_of_the_same_dose(world: World, desk: Desk) -> None:
    dose = desk.dose(world.book())
    for body in (dose, void(dose, 1), corrected(dose, 1), void(dose, 3), corrected(dose, 1)):
        desk.record(body)
    assert said(desk.push())[5] == NO_PROOF
    assert standing(world) == []


@pytest.mark.parametrize("corrects", [0, 2, 99])
def test_without_naming_the_dose_it_corrects_a_proof_counts_once(world: World, desk: Desk, corrects: int) -> None:
    dose = desk.dose(world.book())
    for body in (dose, void(dose, 1), corrected(dose, corrects)):
        desk.record(body)
    broken = (R.CHAIN_BROKEN,) if corrects else ()
    assert said(desk.push())[3] == (H, (*broken, R.NO_PROOF))


def test_a_dose_that_stands_is_corrected_by_nothing(world: World, desk: Desk) -> None:
    dose = desk.dose(world.book())
    desk.record(dose)
    desk.record(corrected(dose, 1))
    assert said(desk.push())[2] == (H, (R.CHAIN_BROKEN, R.NO_PROOF, R.ALREADY_DOSED))


def test_a_correction_stands_on_the_code_that_was_deleted_or_replaced_meanwhile(world: World, desk: Desk) -> None:
    """What central found when the dose came counts; there is nothing left to compare with."""
    one, two = world.book(), world.book()
    first, second = desk.dose(one), desk.dose(two)
    desk.record(first)
    desk.record(second)
    desk.push()
    world.clock.move(days=4)
    assert forget(world.home.database, world.clock()) == 2
    desk.record(void(first, 1))
    desk.record(corrected(first, 1, world.clock() - timedelta(days=4)))
    assert said(desk.push(desk.ledger[2:])) == {3: DONE, 4: DONE}
    with world.home.database.read() as connection:
        day = connection.scalars(select(schema.doses.c.given_on).where(schema.doses.c.seq == 4)).one()
    assert day == TODAY


def test_the_correction_of_a_wrong_code_is_held_again_but_no_second_mark(world: World, desk: Desk) -> None:
    booked = world.book()
    dose = desk.dose(booked, other_code(booked.code, same_bucket=True))
    for body in (dose, void(dose, 1), corrected(dose, 1)):
        desk.record(body)
    assert said(desk.push()) == {1: (H, (R.CODE_MISMATCH,)), 2: DONE, 3: (H, (R.CODE_MISMATCH,))}
    assert count(world, schema.mismatches) == 1


def test_a_proof_never_judged_is_judged_with_the_correction(world: World, desk: Desk) -> None:
    """A walk-in whose registration was held has no appointment here; nothing was compared then."""
    booked = world.book()
    dose = desk.dose(booked, other_code(booked.code, same_bucket=True))
    with world.home.database.write() as connection:
        elsewhere = update(schema.roster).where(schema.roster.c.appointment == booked.reference)
        connection.execute(elsewhere.values(centre="999999"))
    desk.record(dose)
    assert said(desk.push()) == {1: (H, (R.OTHER_CENTRE,))}
    with world.home.database.write() as connection:
        back = update(schema.roster).where(schema.roster.c.appointment == booked.reference)
        connection.execute(back.values(centre=desk.centre))
    desk.record(void(dose, 1))
    desk.record(corrected(dose, 1))
    assert said(desk.push(desk.ledger[1:]))[3] == (H, (R.CODE_MISMATCH,))


# What the person is told of a correction


def test_a_batch_corrected_in_one_push_is_no_news_to_the_person(world: World, desk: Desk) -> None:
    dose = desk.dose(world.book())
    desk.record(dose)
    desk.push()
    desk.record(void(dose, 1))
    desk.record(corrected(dose, 1))
    desk.push(desk.ledger[1:])
    assert messages(world) == ["dose_recorded"]


def test_a_batch_corrected_in_two_pushes_is_told_as_it_comes(world: World, desk: Desk) -> None:
    dose = desk.dose(world.book())
    desk.record(dose)
    desk.push()
    desk.record(void(dose, 1))
    desk.push(desk.ledger[1:])
    desk.record(corrected(dose, 1))
    desk.push(desk.ledger[2:])
    assert messages(world) == ["dose_recorded", "dose_recorded", "dose_voided"]


def test_what_ends_taken_back_is_told_as_taken_back(world: World, desk: Desk) -> None:
    dose = desk.dose(world.book())
    desk.record(dose)
    desk.push()
    for body in (void(dose, 1), corrected(dose, 1), void(dose, 3)):
        desk.record(body)
    desk.push(desk.ledger[1:])
    assert messages(world) == ["dose_recorded", "dose_voided"]


def test_another_vaccine_is_news(world: World, desk: Desk) -> None:
    dose = desk.dose(world.book(), vaccine="covaxin")
    for body in (dose, void(dose, 1), corrected(dose, 1, vaccine="covishield")):
        desk.record(body)
    assert said(desk.push()) == {1: (H, (R.OTHER_VACCINE,)), 2: DONE, 3: DONE}
    desk.record(void(dose, 3))
    desk.record(corrected(dose, 3))
    assert said(desk.push(desk.ledger[3:])) == {4: DONE, 5: (H, (R.OTHER_VACCINE,))}
    assert messages(world) == ["dose_recorded", "dose_voided"]


# Who may take back what


def test_a_colleague_takes_back_their_own_of_the_same_day(world: World, desk: Desk) -> None:
    mine, other = Colleague("s-me"), Colleague("s-other")
    mine.join(desk)
    other.join(desk)
    dose = desk.dose(world.book())
    mine.record(desk, dose)
    other.record(desk, void(dose, 3))
    mine.record(desk, void(dose, 3))
    assert said(desk.push()) == {1: DONE, 2: DONE, 3: DONE, 4: (X, (R.NOT_ALLOWED,)), 5: DONE}


@pytest.mark.parametrize("pushed", [True, False])
def test_after_the_records_own_day_only_an_in_charge_takes_it_back(world: World, desk: Desk, pushed: bool) -> None:
    mine = Colleague()
    mine.join(desk)
    dose = desk.dose(world.book())
    mine.record(desk, dose)
    if pushed:
        desk.push()
    # 19:00 UTC: past midnight in Rampur, and still the same day where the clocks of servers are.
    world.clock.move(hours=14.5)
    mine.record(desk, void(dose, 2))
    desk.record(void(dose, 2))
    answers = said(desk.push())
    assert (answers[3], answers[4]) == ((X, (R.NOT_ALLOWED,)), DONE)


def test_what_cannot_be_taken_back(world: World, desk: Desk) -> None:
    booked = world.book()
    bodies: list[Body] = [
        StockReceived(vaccine="covishield", batch=BATCH, expiry=TODAY, vials=1, doses_per_vial=10),
        VialOpened(vaccine="covishield", batch=BATCH, vial=1, doses=10),
        OverrideGranted(appointment=booked.reference, reason=OverrideReason.SLIP_LOST),
        ExceptionSettled(exception="x", how=Settlement.EXPLAINED, reason=SettleReason.OTHER),
        DoseDeferred(appointment=booked.reference, reason=DeferReason.UNWELL),
        Voided(appointment=booked.reference, seq=5, reason=VoidReason.NOT_GIVEN),
    ]
    for body in bodies:
        desk.record(body)
    desk.record(close_of(desk))
    for seq in range(1, 8):
        desk.record(Voided(appointment=booked.reference, seq=seq, reason=VoidReason.NOT_GIVEN))
    answers = said(desk.push())
    assert {answers[seq] for seq in range(1, 8)} == {DONE}
    assert {answers[seq] for seq in range(8, 15)} == {(X, (R.NOTHING_TO_VOID,))}


# An in-charge's word


def leave(booked_reference: str) -> OverrideGranted:
    return OverrideGranted(appointment=booked_reference, reason=OverrideReason.SMS_NOT_RECEIVED)


def on_leave(seq: int) -> Proof:
    return Proof(how=ProofKind.OVERRIDE, seq=seq)


@pytest.mark.parametrize("together", [True, False])
def test_a_dose_on_an_in_charges_word_counts_and_waits(world: World, desk: Desk, together: bool) -> None:
    booked = world.book()
    desk.record(leave(booked.reference))
    if not together:
        desk.push()
    desk.record(desk.dose(booked, proof=on_leave(1)))
    assert said(desk.push()) == {1: DONE, 2: WAITS}
    assert standing(world) == [(2, BATCH)]
    assert messages(world) == ["dose_unconfirmed"]


def test_each_word_is_one_of_its_own(world: World, desk: Desk) -> None:
    for booked in (world.book(), world.book()):
        desk.record(leave(booked.reference))
        desk.record(desk.dose(booked, proof=on_leave(desk.seq - 1)))
    assert said(desk.push()) == {1: DONE, 2: WAITS, 3: DONE, 4: WAITS}


def test_one_word_serves_one_dose_and_its_corrections(world: World, desk: Desk) -> None:
    booked = world.book()
    dose = desk.dose(booked, proof=on_leave(1))
    for body in (leave(booked.reference), dose, void(dose, 2), dose, corrected(dose, 2)):
        desk.record(body)
    assert said(desk.push()) == {1: DONE, 2: WAITS, 3: DONE, 4: NO_PROOF, 5: WAITS}


def test_a_word_that_is_not_there_not_for_this_person_or_not_yet_is_none(world: World, desk: Desk) -> None:
    other, booked, someone = Desk(world), world.book(), world.book()
    other.record(leave(booked.reference))
    other.push()
    desk.record(desk.dose(booked, proof=on_leave(2)))
    desk.record(leave(booked.reference))
    desk.record(desk.dose(someone, proof=on_leave(2)))
    desk.record(desk.dose(booked, proof=on_leave(1)))
    desk.record(desk.dose(booked, proof=on_leave(0)))
    desk.record(desk.dose(booked, proof=on_leave(6)))
    assert {seq: answer for seq, answer in said(desk.push()).items() if seq != 2} == dict.fromkeys(
        (1, 3, 4, 5, 6), NO_PROOF
    )


@pytest.mark.parametrize("together", [True, False])
def test_only_an_in_charge_gives_it(world: World, desk: Desk, together: bool) -> None:
    new, booked = Colleague(), world.book()
    new.join(desk)
    new.record(desk, leave(booked.reference))
    if not together:
        desk.push()
    new.record(desk, desk.dose(booked, proof=on_leave(2)))
    assert said(desk.push()) == {1: DONE, 2: (X, (R.NOT_ALLOWED,)), 3: NO_PROOF}


def test_what_else_is_against_a_dose_holds_it_all_the_same(world: World, desk: Desk) -> None:
    booked = world.book()
    desk.record(leave(booked.reference))
    dose = desk.dose(booked, proof=on_leave(1), batch="old", expiry=TODAY - timedelta(days=1))
    for body in (dose, void(dose, 2), corrected(dose, 2, expiry=TODAY)):
        desk.record(body)
    answers = said(desk.push())
    assert (answers[2], answers[4]) == ((H, (R.BATCH_EXPIRED,)), WAITS)


def test_a_walk_in_has_no_code_to_wait_for(world: World, desk: Desk) -> None:
    name = "W0123456789abcdef"
    desk.record(desk.walk_in(name))
    desk.record(leave(name))
    desk.record(replace(desk.dose(world.book(), proof=on_leave(2)), appointment=name))
    assert said(desk.push())[3] == DONE


# Settling and closing


def test_only_an_in_charge_settles_and_closes(world: World, desk: Desk) -> None:
    new = Colleague()
    new.join(desk)
    new.record(desk, ExceptionSettled(exception="x", how=Settlement.EXPLAINED, reason=SettleReason.OTHER))
    new.record(desk, close_of(desk))
    assert said(desk.push()) == {1: DONE, 2: (X, (R.NOT_ALLOWED,)), 3: (X, (R.NOT_ALLOWED,))}
    assert count(world, schema.closes) == 0


# A batch taken out of use


def test_a_dose_of_a_withdrawn_batch_is_held_from_then_on(world: World, desk: Desk) -> None:
    one, two, three = (world.book() for _ in range(3))
    desk.record(desk.dose(one))
    admin.withdraw_batch(world.home, desk.centre, "covishield", BATCH, clock=world.clock)
    world.clock.move(seconds=1)
    desk.record(desk.dose(two))
    desk.record(desk.dose(three, batch="another"))
    assert said(desk.push()) == {1: DONE, 2: (H, (R.BATCH_WITHDRAWN,)), 3: DONE}
