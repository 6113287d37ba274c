"""Records come in: doses and walk-ins (DESIGN 4.6, 7.2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.central.machine import A, Desk, H, X, said
from tests.central.support import BHOJPUR, TODAY, World, count
from vaccinator_app.central import schema
from vaccinator_app.domain.events import (
    EligibilityShown,
    Proof,
    ProofKind,
    Voided,
    VoidReason,
)
from vaccinator_app.domain.people import Gender, PhotoId
from vaccinator_app.protocol.messages import Reason as R
from vaccinator_app.protocol.messages import Status
from vaccinator_app.protocol.people import WalkInDetails, write_details
from vaccinator_app.trust import seal


def test_an_accepted_dose_is_on_record_and_the_person_is_told(world: World, desk: Desk) -> None:
    booked = world.book()
    desk.record(desk.dose(booked))
    desk.push()
    with world.home.database.read() as connection:
        row = connection.execute(select(schema.doses)).one()
    assert (row.dose, row.vaccine, row.given_on, row.appointment) == (1, "covishield", TODAY, booked.reference)
    assert "dose 1 of Covishield was recorded at PHC Rampur on 21-11-2026" in world.inbox(world.mobile())[-1]


def test_two_desks_of_one_centre_cannot_both_give_it(world: World, desk: Desk) -> None:
    other, booked = Desk(world), world.book()
    desk.record(desk.dose(booked))
    other.record(other.dose(booked))
    assert said(desk.push()) == {1: (A, ())}
    assert said(other.push()) == {1: (H, (R.ALREADY_DOSED,))}
    assert count(world, schema.doses) == 1
    (told,) = other.pull().appointments
    assert [(p.dose, p.given_on) for p in told.previous] == [(1, TODAY)]


def test_a_void_of_the_same_device_takes_the_dose_back_and_it_may_be_given_anew(world: World, desk: Desk) -> None:
    booked = world.book()
    desk.record(desk.dose(booked))
    desk.push()
    cursor = desk.pull().cursor
    desk.record(Voided(appointment=booked.reference, seq=1, reason=VoidReason.WRONG_BATCH))
    desk.push(desk.ledger[1:])
    assert desk.pull(cursor).appointments[0].previous == ()
    assert count(world, schema.doses, schema.doses.c.voided_at.is_(None)) == 0
    assert "taken back" in world.inbox(world.mobile())[-1]
    desk.record(desk.dose(booked))
    assert said(desk.push(desk.ledger[2:])) == {3: (A, ())}


def test_nobody_voids_another_devices_or_persons_dose_or_the_same_one_twice(world: World, desk: Desk) -> None:
    booked, other = world.book(), Desk(world)
    desk.record(desk.dose(booked))
    desk.record(Voided(appointment="999999999999", seq=1, reason=VoidReason.NOT_GIVEN))
    desk.record(Voided(appointment=booked.reference, seq=77, reason=VoidReason.NOT_GIVEN))
    desk.record(Voided(appointment=booked.reference, seq=1, reason=VoidReason.NOT_GIVEN))
    desk.record(Voided(appointment=booked.reference, seq=1, reason=VoidReason.NOT_GIVEN))
    desk.record(desk.refused_code(booked, "0000"))
    desk.record(Voided(appointment=booked.reference, seq=6, reason=VoidReason.NOT_GIVEN))
    other.record(Voided(appointment=booked.reference, seq=1, reason=VoidReason.NOT_GIVEN))
    refused = (X, (R.NOTHING_TO_VOID,))
    assert said(desk.push()) == {1: (A, ()), 2: refused, 3: refused, 4: (A, ()), 5: refused, 6: (A, ()), 7: refused}
    assert said(other.push()) == {1: refused}


def test_a_cancelled_appointment_is_held(world: World, desk: Desk) -> None:
    form = world.form()
    token = world.sign_in("9876543210")
    booked = world.bookings.book(token, form)
    world.bookings.cancel(token, booked.reference)
    desk.record(desk.dose(booked))
    assert said(desk.push()) == {1: (H, (R.APPOINTMENT_CANCELLED,))}


def test_unknown_and_other_centres_appointments_are_held(world: World, desk: Desk) -> None:
    booked, there = world.book(), world.book(centre=BHOJPUR)
    desk.record(desk.dose(there))
    desk.record(desk.dose(replace(booked, reference="000000000000")))
    assert said(desk.push()) == {1: (H, (R.OTHER_CENTRE,)), 2: (H, (R.UNKNOWN_APPOINTMENT,))}


def test_a_second_dose_too_early_is_held_by_centrals_own_record(world: World, desk: Desk) -> None:
    phone = "9876500001"
    first = world.book(phone, photo_id_number="1111 2222 3333", name="Ram Prasad")
    desk.record(desk.dose(first))
    second = world.book(phone, photo_id_number="111122223333", name="Ram Prasad", dose=2)
    claim = EligibilityShown(rule="x", previous_dose_on=TODAY - timedelta(days=200), from_certificate=True)
    desk.record(desk.dose(second, eligibility=claim))
    assert said(desk.push()) == {1: (A, ()), 2: (H, (R.TOO_EARLY,))}


@pytest.mark.parametrize(
    ("shown", "status"), [(TODAY - timedelta(days=84), A), (TODAY - timedelta(days=83), H), (None, H)]
)
def test_a_second_dose_without_a_first_on_record_stands_on_the_certificate(
    world: World, desk: Desk, shown: date | None, status: Status
) -> None:
    eligibility = EligibilityShown(rule="x", previous_dose_on=shown, from_certificate=True)
    desk.record(desk.dose(world.book(dose=2), eligibility=eligibility))
    assert said(desk.push())[1][0] is status


def test_other_vaccine_other_dose_and_expired_batch_are_held(world: World, desk: Desk) -> None:
    one, two, three, four = (world.book() for _ in range(4))
    desk.record(desk.dose(one, vaccine="covaxin"))
    desk.record(desk.dose(two, dose=2, eligibility=EligibilityShown(rule="x", previous_dose_on=date(2020, 1, 1))))
    desk.record(desk.dose(three, batch="unknown", expiry=TODAY - timedelta(days=1)))
    # what central allotted counts, not what the desk says
    desk.record(desk.dose(four, expiry=TODAY - timedelta(days=1)))
    assert said(desk.push()) == {
        1: (H, (R.OTHER_VACCINE,)),
        2: (H, (R.OTHER_VACCINE,)),
        3: (H, (R.BATCH_EXPIRED,)),
        4: (A, ()),
    }


def test_every_reason_is_told(world: World, desk: Desk) -> None:
    booked = world.book()
    desk.record(desk.dose(booked))
    desk.record(desk.dose(booked, proof=Proof(how=ProofKind.NONE), vaccine="covaxin"))
    assert said(desk.push())[2] == (H, (R.NO_PROOF, R.ALREADY_DOSED, R.OTHER_VACCINE))


# Walk-ins


def test_a_walk_in_is_registered_dosed_without_code_and_told(world: World, desk: Desk) -> None:
    name = "W0123456789abcdef"
    desk.record(desk.walk_in(name, "9812345678"))
    dose = replace(desk.dose(world.book()), appointment=name, proof=Proof(how=ProofKind.NONE))
    desk.record(dose)
    assert set(said(desk.push()).values()) == {(A, ())}
    assert world.inbox("9812345678")[-1].startswith("Mohd. Irfan: dose 1 of Covishield was recorded")
    assert name not in {one.appointment for one in desk.pull().appointments}


def test_a_walk_in_without_a_mobile_is_told_nothing(world: World, desk: Desk) -> None:
    name = "W0123456789abcdef"
    desk.record(desk.walk_in(name, ""))
    desk.record(replace(desk.dose(world.book()), appointment=name, proof=Proof(how=ProofKind.NONE)))
    desk.push()
    assert count(world, schema.sms_outbox, schema.sms_outbox.c.kind == "dose_recorded") == 0
    assert count(world, schema.doses) == 1


def test_a_walk_ins_dose_in_a_later_batch_is_found(world: World, desk: Desk) -> None:
    name = "W0123456789abcdef"
    desk.record(desk.walk_in(name))
    desk.record(replace(desk.dose(world.book()), appointment=name, proof=Proof(how=ProofKind.NONE)))
    desk.push(desk.ledger[:1])
    assert said(desk.push(desk.ledger[1:])) == {2: (A, ())}


def test_a_walk_in_whose_seal_does_not_open_is_held_and_so_is_the_dose(world: World, desk: Desk) -> None:
    name = "W0123456789abcdef"
    good = desk.walk_in("Wffffffffffffffff")
    desk.record(desk.walk_in(name, sealed=good.sealed))
    desk.record(replace(desk.dose(world.book()), appointment=name, proof=Proof(how=ProofKind.NONE)))
    assert said(desk.push()) == {1: (H, (R.SEAL_UNREADABLE,)), 2: (H, (R.UNKNOWN_APPOINTMENT,))}


@pytest.mark.parametrize("details", [b"", b"{}", b"\xff", "year"])
def test_a_walk_in_whose_details_make_no_sense_is_held(world: World, desk: Desk, details: bytes | str) -> None:
    name = "W0123456789abcdef"
    found = desk.walk_in(name)
    if details == "year":
        person = WalkInDetails(
            name="X", year_of_birth=10**30, gender=Gender.MAN, photo_id=PhotoId.PAN, photo_id_last4="1", mobile=""
        )
        details = write_details(person)
    assert isinstance(details, bytes)
    sealed = seal.seal_for_decades(details, desk.file.central.people, seal.person_binding(name, desk.device))
    desk.record(replace(found, sealed=sealed))
    assert said(desk.push()) == {1: (H, (R.SEAL_UNREADABLE,))}
    assert count(world, schema.people) == 0


def test_a_walk_in_under_the_name_of_a_booking_is_no_record(world: World, desk: Desk) -> None:
    booked = world.book(centre=BHOJPUR)
    found = desk.walk_in("Wffffffffffffffff")
    for name in (booked.reference, "Wshort", "W0123456789ABCDEF"):
        desk.record(replace(found, appointment=name))
    assert {reasons for _, reasons in said(desk.push()).values()} == {(R.UNREADABLE,)}
