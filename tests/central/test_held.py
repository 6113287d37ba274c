"""What the district decides about held records, and what it does not prove (DESIGN 7.3, 8.3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.central.closing import close_of
from tests.central.correcting import corrected, void
from tests.central.machine import A, Desk, H, X, other_code, said
from tests.central.reporting import report
from tests.central.speaking import name_of, sign_in, standing, state
from tests.central.support import BHOJPUR, RAMPUR, World, count
from vaccinator_app.central import schema
from vaccinator_app.central.citizens.word import Word
from vaccinator_app.central.district import held
from vaccinator_app.central.district.decisions import read_decision
from vaccinator_app.central.district.held import OfficerReason
from vaccinator_app.central.errors import CentralError
from vaccinator_app.domain.events import CodeRefused, OverrideGranted, OverrideReason, Proof, ProofKind, Voided
from vaccinator_app.domain.events import VoidReason as V
from vaccinator_app.protocol.messages import Outcome, Status
from vaccinator_app.protocol.messages import Reason as R

PHONE = "9876543210"
NONE = Proof(how=ProofKind.NONE)


def accept(world: World, desk: Desk, seq: int, centre: str = RAMPUR) -> Outcome:
    why = OfficerReason.PAPER_REGISTER
    return held.accept(world.home, centre, desk.device, seq, by="officer-7", why=why, clock=world.clock)


def reject(world: World, desk: Desk, seq: int) -> Outcome:
    why = OfficerReason.PERSON_ASKED
    return held.reject(world.home, RAMPUR, desk.device, seq, by="officer-7", why=why, clock=world.clock)


def test_the_list_names_records_and_reasons_and_nobodys_details(world: World, desk: Desk) -> None:
    there, far = Desk(world, BHOJPUR), Desk(world, "200001")
    booked = world.book(PHONE, name="Lakshmi Venkataraman")
    desk.record(desk.dose(booked, proof=NONE))
    desk.push()
    world.clock.move(hours=1)
    for other in (there, far):
        other.record(other.dose(booked))
        other.push()
    found = held.list_held(world.home, "Rampur")
    assert [(one.centre, one.device, one.seq, one.kind, one.reasons) for one in found] == [
        (RAMPUR, desk.device, 1, "dose_given", (R.NO_PROOF,)),
        (BHOJPUR, there.device, 1, "dose_given", (R.OTHER_CENTRE,)),
    ]
    assert found[1].received_at - found[0].received_at == timedelta(hours=1)
    assert not any(detail in repr(found) for detail in ("Lakshmi", PHONE, booked.reference))
    with pytest.raises(CentralError):
        held.list_held(world.home, "Nowhere")


def test_what_was_taken_back_waits_for_nobody(world: World, desk: Desk) -> None:
    dose = desk.dose(world.book(), proof=NONE)
    desk.record(dose)
    desk.record(void(dose, 1))
    desk.push()
    assert held.list_held(world.home, "Rampur") == []
    with pytest.raises(CentralError):
        accept(world, desk, 1)


def test_a_dose_with_its_code_has_a_certificate_when_the_district_accepts_it(world: World, desk: Desk) -> None:
    booked = world.book(PHONE)
    dose = desk.dose(booked)
    desk.record(replace(dose, expiry=world.clock().date() - timedelta(days=1), batch="OLD"))
    assert said(desk.push()) == {1: (H, (R.BATCH_EXPIRED,))}
    cursor = desk.pull().cursor
    assert accept(world, desk, 1) == Outcome(1, A, ())
    assert standing(world) == [(1, True)]
    (told,) = desk.pull(cursor).outcomes
    assert (told.status, told.reasons, told.certificate.value) == (A, (), "issued")
    assert "was recorded" in world.inbox(PHONE)[-1]


@pytest.mark.parametrize(
    "how", ["no code", "a wrong code", "a code and nobody to compare it", "on an in-charge's word"]
)
def test_without_a_proof_the_certificate_waits_for_the_person(world: World, desk: Desk, how: str) -> None:
    booked = world.book(PHONE)
    if how == "on an in-charge's word":
        desk.record(OverrideGranted(appointment=booked.reference, reason=OverrideReason.SLIP_LOST))
        proof = Proof(how=ProofKind.OVERRIDE, seq=1)
        desk.record(desk.dose(booked, proof=proof, expiry=world.clock().date() - timedelta(days=1), batch="OLD"))
    elif how == "no code":
        desk.record(desk.dose(booked, proof=NONE))
    elif how == "a wrong code":
        desk.record(desk.dose(booked, other_code(booked.code, same_bucket=True)))
    else:
        with world.home.database.write() as connection:
            connection.execute(schema.roster.update().values(code=None))
        desk.record(desk.dose(booked))
    seq = desk.seq - 1
    desk.push()
    world.drain.run()
    assert accept(world, desk, seq) == Outcome(seq, A, (R.AWAITS_OTP,))
    assert standing(world) == [(seq, False)]
    assert state(world, desk, seq) == ("accepted", ["awaits_otp"], "waiting")
    word = Word(world.home.database, world.home.keys, world.clock, world.login)
    word.confirm(sign_in(world), name_of(desk, seq))
    assert standing(world) == [(seq, True)]


def test_a_walk_in_waits_as_well(world: World, desk: Desk) -> None:
    visitor = "W0123456789abcdef"
    desk.record(desk.walk_in(visitor, mobile=PHONE))
    dose = desk.dose(world.book(), appointment=visitor, proof=NONE)
    desk.record(replace(dose, expiry=world.clock().date() - timedelta(days=1), batch="OLD"))
    desk.push()
    assert accept(world, desk, 2) == Outcome(2, A, ())
    assert state(world, desk, 2) == ("accepted", [], "waiting")


def test_what_was_disputed_stands_again_with_a_certificate_of_its_own(world: World, desk: Desk) -> None:
    desk.record(desk.dose(world.book(PHONE)))
    desk.push()
    word = Word(world.home.database, world.home.keys, world.clock, world.login)
    word.dispute(sign_in(world), name_of(desk, 1))
    assert [one.reasons for one in held.list_held(world.home, "Rampur")] == [(R.DISPUTED,)]
    assert accept(world, desk, 1) == Outcome(1, A, ())
    assert standing(world) == [(1, True)]
    assert count(world, schema.doses) == 1


def test_of_one_dose_only_one_record_stands(world: World, desk: Desk) -> None:
    other, booked = Desk(world), world.book()
    desk.record(desk.dose(booked))
    desk.push()
    other.record(other.dose(booked))
    other.push()
    with pytest.raises(CentralError):
        accept(world, other, 1)
    assert state(world, other, 1)[0] == "held"
    desk.record(Voided(appointment=booked.reference, seq=1, reason=V.NEVER_CAME))
    desk.push()
    assert accept(world, other, 1).status is A
    with world.home.database.read() as connection:
        kept = schema.doses
        assert connection.scalars(select(kept.c.device).where(kept.c.voided_at.is_(None))).all() == [other.device]


@pytest.mark.parametrize("why", ["nobody known", "another centre's", "no such dose"])
def test_what_cannot_stand_is_not_accepted(world: World, desk: Desk, why: str) -> None:
    booked = world.book(centre=BHOJPUR if why == "another centre's" else RAMPUR)
    dose = desk.dose(booked)
    if why == "nobody known":
        dose = replace(dose, appointment="123456789012")
    if why == "no such dose":
        dose = replace(dose, dose=9)
    desk.record(dose)
    assert said(desk.push())[1][0] is H
    with pytest.raises(CentralError):
        accept(world, desk, 1)
    assert standing(world) == []
    assert reject(world, desk, 1) == Outcome(1, X, (R.REJECTED,))


def test_a_report_without_a_dose_and_kinds_that_act(world: World, desk: Desk) -> None:
    booked = world.book()
    desk.record(report(booked.reference, 77))
    desk.record(CodeRefused(appointment=booked.reference, attempt=1, proof=NONE))
    desk.record(desk.walk_in("W0123456789abcdef", sealed=b"torn"))
    assert [status for status, _ in said(desk.push()).values()] == [H, H, H]
    assert accept(world, desk, 1).status is A
    assert accept(world, desk, 2).status is A
    with pytest.raises(CentralError):
        accept(world, desk, 3)
    assert reject(world, desk, 3).status is X


def test_a_rejected_dose_is_refused_and_its_desk_hears_of_it(world: World, desk: Desk) -> None:
    other, booked = Desk(world), world.book(PHONE)
    desk.record(desk.dose(booked, proof=NONE))
    desk.push()
    mine, theirs = desk.pull().cursor, other.pull().cursor
    reject(world, desk, 1)
    assert [(one.status, one.reasons) for one in desk.pull(mine).outcomes] == [(X, (R.REJECTED,))]
    assert [(one.status, one.reasons) for one in other.pull(theirs).peers] == [(X, (R.REJECTED,))]
    for act in (accept, reject):
        with pytest.raises(CentralError):
            act(world, desk, 1)


@pytest.mark.parametrize("together", [True, False])
def test_what_was_rejected_is_taken_back_but_nothing_takes_its_place(world: World, desk: Desk, together: bool) -> None:
    dose = desk.dose(world.book())
    desk.record(replace(dose, expiry=world.clock().date() - timedelta(days=1), batch="OLD"))
    desk.push()
    reject(world, desk, 1)
    for body in (void(dose, 1), corrected(dose, 1, world.clock())):
        desk.record(body)
        if not together:
            desk.push(desk.ledger[-1:])
    found = said(desk.push())
    assert found[2] == (A, ())
    assert found[3][0] is H
    assert R.CHAIN_BROKEN in found[3][1]
    assert standing(world) == []


def test_an_accepted_dose_is_not_the_districts_to_reject(world: World, desk: Desk) -> None:
    desk.record(desk.dose(world.book()))
    desk.push()
    for act in (accept, reject):
        with pytest.raises(CentralError):
            act(world, desk, 1)
    assert standing(world) == [(1, True)]


@pytest.mark.parametrize("officer", ["", "a b", "x" * 33, "district/7", "नाम"])
def test_an_officer_has_an_id(world: World, desk: Desk, officer: str) -> None:
    desk.record(desk.dose(world.book(), proof=NONE))
    desk.push()
    with pytest.raises(CentralError):
        held.accept(world.home, RAMPUR, desk.device, 1, by=officer, why=OfficerReason.STAFF_ASKED)
    assert state(world, desk, 1)[0] == "held"


@pytest.mark.parametrize("name", [("", "", 1), (RAMPUR, "d\0", 1), (RAMPUR, "x" * 99, 1), (RAMPUR, "d", 7)])
def test_what_names_no_record(world: World, desk: Desk, name: tuple[str, str, int]) -> None:
    with pytest.raises(CentralError):
        held.reject(world.home, *name, by="officer-7", why=OfficerReason.STAFF_ASKED)


def test_a_decision_names_the_officer_and_the_reason(world: World, desk: Desk) -> None:
    desk.record(desk.dose(world.book(), proof=NONE))
    desk.push()
    accept(world, desk, 1)
    with world.home.database.read() as connection:
        (row,) = connection.execute(select(schema.decisions)).all()
    decision = read_decision(row.envelope, world.home.keys.signing.public)
    assert (decision.by, decision.why, decision.kind.value) == (
        "district/officer-7",
        "paper_register",
        "district_accepted",
    )
    assert (decision.status, decision.reasons) == (Status.ACCEPTED, (R.AWAITS_OTP,))


def test_the_report_that_waited_for_the_dose_is_accepted_with_it(world: World, desk: Desk) -> None:
    booked = world.book()
    desk.record(report(booked.reference, 77))
    desk.record(desk.dose(booked, proof=NONE))
    assert [status for status, _ in said(desk.push()).values()] == [H, H]
    accept(world, desk, 2)
    assert state(world, desk, 1)[0] == "accepted"


def test_the_signed_count_of_a_day_keeps_what_the_district_rejected(world: World, desk: Desk) -> None:
    desk.record(desk.dose(world.book(), proof=NONE))
    desk.push()
    close = close_of(desk)
    reject(world, desk, 1)
    desk.record(close)
    assert said(desk.push())[2] == (A, ())
