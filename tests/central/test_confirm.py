"""The person's own word for a dose that no code proves (DESIGN 4.4; P.13)."""

from __future__ import annotations

import logging
import re

import pytest
from sqlalchemy import select, update

from tests.central.machine import A, Desk, H, other_code, said
from tests.central.reporting import report
from tests.central.support import BHOJPUR, MORNING, World, count
from vaccinator_app.central import schema
from vaccinator_app.central.citizens import one_time
from vaccinator_app.central.citizens.booking import Booked
from vaccinator_app.central.desks.confirm import MOST_A_DEVICE, MOST_A_RECORD, TRIES, WITHIN
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.operations.housekeeping import forget
from vaccinator_app.domain.events import OverrideGranted, OverrideReason, Proof, ProofKind, Voided, VoidReason
from vaccinator_app.protocol.messages import CertificateState, MessageState, Outcome
from vaccinator_app.protocol.messages import ConfirmState as C
from vaccinator_app.protocol.messages import Reason as R
from vaccinator_app.trust.keys import SigningKey

PHONE = "9876543210"


def overridden(world: World, desk: Desk, phone: str = PHONE, **changes: object) -> Booked:
    """A dose on an in-charge's word, as the record before the head and the head of the ledger."""
    booked = world.book(phone, **changes)
    desk.record(OverrideGranted(appointment=booked.reference, reason=OverrideReason.SLIP_LOST))
    desk.record(desk.dose(booked, proof=Proof(how=ProofKind.OVERRIDE, seq=desk.seq - 1)))
    desk.push(desk.ledger[-2:])
    # Delivered now: messages of one moment have no order among them, and this clock stands still.
    world.drain.run()
    return booked


def mismatched(world: World, desk: Desk, phone: str = PHONE) -> Booked:
    booked = world.book(phone)
    desk.record(desk.dose(booked, other_code(booked.code, same_bucket=True)))
    desk.push(desk.ledger[-1:])
    world.drain.run()
    return booked


def otp_in(text: str) -> str:
    found = re.search(r"\b[0-9]{6}\b", text)
    assert found is not None
    return found[0]


def otp_of(world: World, phone: str = PHONE) -> str:
    return otp_in(world.inbox(phone)[-1])


def wrong(otp: str) -> str:
    return f"{(int(otp) + 1) % 1_000_000:06d}"


def test_a_dose_on_an_in_charges_word_waits_no_more(world: World, desk: Desk) -> None:
    other = Desk(world)
    overridden(world, desk)
    cursor, theirs = desk.pull().cursor, other.pull().cursor
    assert desk.confirm(2) is C.SENT
    assert desk.confirm(2, otp_of(world)) is C.CONFIRMED
    assert desk.pull(cursor).outcomes == [Outcome(2, A, (), CertificateState.ISSUED, MessageState.WAITING)]
    assert [(one.status, one.reasons) for one in other.pull(theirs).peers] == [(A, ())]
    assert count(world, schema.doses) == 1
    assert desk.confirm(2) is C.NOT_WAITING


def test_a_held_dose_takes_its_place(world: World, desk: Desk) -> None:
    mismatched(world, desk)
    page = desk.pull()
    assert count(world, schema.doses) == 0
    assert desk.confirm(1) is C.SENT
    assert desk.confirm(1, otp_of(world)) is C.CONFIRMED
    after = desk.pull(page.cursor)
    assert after.outcomes == [Outcome(1, A, (), CertificateState.ISSUED, MessageState.WAITING)]
    assert [p.dose for p in after.appointments[0].previous] == [1]
    with world.home.database.read() as connection:
        row = connection.execute(select(schema.doses)).one()
    assert (row.device, row.seq, row.dose, row.given_at, row.recorded_at) == (desk.device, 1, 1, MORNING, MORNING)
    assert "dose 1 of Covishield was recorded at PHC Rampur" in world.inbox(PHONE)[-1]
    # It may be taken back like any other.
    desk.record(Voided(appointment=row.appointment, seq=1, reason=VoidReason.NOT_GIVEN))
    desk.push(desk.ledger[1:])
    assert count(world, schema.doses, schema.doses.c.voided_at.is_(None)) == 0


def test_the_question_says_who_asks_and_about_what(world: World, desk: Desk) -> None:
    overridden(world, desk, name="सुनीता कुमारी")
    desk.confirm(2)
    text = world.inbox(PHONE)[-1]
    for part in ("सुनीता कुमारी", "PHC Rampur", "dose 1 of Covishield", "21-11-2026", "Only if you did", "3 minutes"):
        assert part in text
    with world.home.database.write() as connection:
        connection.execute(update(schema.people).values(language="hi"))
    desk.confirm(2)
    assert "खुराक 1" in world.inbox(PHONE)[-1]


def test_any_desk_of_the_centre_asks_and_no_other_centres(world: World, desk: Desk) -> None:
    other, there = Desk(world), Desk(world, BHOJPUR)
    overridden(world, desk)
    assert there.confirm(2, of=desk) is C.NOT_WAITING
    assert other.confirm(2, of=desk) is C.SENT
    assert desk.confirm(2, otp_of(world)) is C.CONFIRMED


def test_three_tries_and_then_another_question(world: World, desk: Desk) -> None:
    overridden(world, desk)
    desk.confirm(2)
    otp = otp_of(world)
    assert [desk.confirm(2, wrong(otp)) for _ in range(TRIES)] == [C.WRONG] * 3
    assert desk.confirm(2, otp) is C.TOO_MANY
    assert desk.confirm(2) is C.SENT
    assert desk.confirm(2, otp_of(world)) is C.CONFIRMED


def test_only_the_newest_works_and_not_for_long(world: World, desk: Desk) -> None:
    overridden(world, desk)
    assert desk.confirm(2, "123456") is C.EXPIRED
    desk.confirm(2)
    first = otp_of(world)
    desk.confirm(2)
    second = otp_of(world)
    assert first != second
    assert desk.confirm(2, first) is C.WRONG
    world.clock.now += one_time.LIFE
    assert desk.confirm(2, second) is C.EXPIRED


def test_an_otp_is_for_its_own_dose_alone(world: World, desk: Desk) -> None:
    overridden(world, desk)
    overridden(world, desk, "9876500001")
    desk.confirm(2)
    desk.confirm(4)
    assert desk.confirm(4, otp_of(world)) is C.WRONG
    assert desk.confirm(4, otp_of(world, "9876500001")) is C.CONFIRMED


def test_digits_of_any_script_are_taken(world: World, desk: Desk) -> None:
    overridden(world, desk)
    desk.confirm(2)
    typed = f" {otp_of(world)} ".translate({ord("0") + n: 0x0966 + n for n in range(10)})
    assert desk.confirm(2, typed) is C.CONFIRMED


def test_nobodys_phone_rings_without_end(world: World, desk: Desk) -> None:
    overridden(world, desk)
    assert [desk.confirm(2) for _ in range(MOST_A_RECORD + 1)] == [C.SENT] * MOST_A_RECORD + [C.TOO_MANY]
    assert Desk(world).confirm(2, of=desk) is C.TOO_MANY
    assert sum("asks whether" in text for text in world.inbox(PHONE)) == MOST_A_RECORD
    world.clock.now += WITHIN
    assert desk.confirm(2) is C.SENT


def test_no_machine_asks_without_end(world: World, desk: Desk) -> None:
    other = Desk(world)
    for n in range(MOST_A_DEVICE // MOST_A_RECORD + 1):
        overridden(world, desk, f"98765{n:05d}")
    asked = [desk.confirm(2 * n + 2) for n in range(MOST_A_DEVICE // MOST_A_RECORD) for _ in range(MOST_A_RECORD)]
    assert set(asked) == {C.SENT}
    assert desk.confirm(len(desk.ledger)) is C.TOO_MANY
    assert other.confirm(len(desk.ledger), of=desk) is C.SENT


def test_what_a_confirmation_does_not_help(world: World, desk: Desk) -> None:
    accepted, second, third = (world.book() for _ in range(3))
    desk.record(desk.dose(accepted))
    desk.record(desk.dose(second, proof=Proof(how=ProofKind.NONE), vaccine="covaxin"))
    desk.record(desk.dose(third, proof=Proof(how=ProofKind.NONE)))
    desk.push()
    assert [desk.confirm(seq) for seq in (1, 2, 77)] == [C.NOT_WAITING] * 3
    assert desk.confirm(3) is C.SENT
    desk.record(Voided(appointment=third.reference, seq=3, reason=VoidReason.NOT_GIVEN))
    desk.push(desk.ledger[3:])
    assert desk.confirm(3) is C.NOT_WAITING


def test_a_dose_that_stands_already_is_not_confirmed_a_second_time(world: World, desk: Desk) -> None:
    booked = mismatched(world, desk)
    desk.confirm(1)
    otp = otp_of(world)
    fresh = world.inbox(PHONE)[-2].split("new security code is ")[1][:4]
    desk.record(desk.dose(booked, fresh))
    assert said(desk.push(desk.ledger[1:])) == {2: (A, ())}
    assert desk.confirm(1, otp) is C.NOT_WAITING
    assert desk.confirm(1) is C.NOT_WAITING
    assert count(world, schema.doses) == 1
    assert said(desk.push())[1] == (H, (R.CODE_MISMATCH,))


def test_an_adverse_event_report_waited_for_the_dose(world: World, desk: Desk) -> None:
    other, booked = Desk(world), mismatched(world, desk)
    other.record(report(booked.reference, 77))
    other.push()
    cursor = other.pull().cursor
    desk.confirm(1)
    assert other.pull(cursor).outcomes == []
    assert desk.confirm(1, otp_of(world)) is C.CONFIRMED
    assert other.pull(cursor).outcomes == [Outcome(1, A, ())]


def test_somebody_without_a_mobile_cannot_be_asked(world: World, desk: Desk) -> None:
    overridden(world, desk)
    with world.home.database.write() as connection:
        connection.execute(update(schema.people).values(mobile=None))
    assert desk.confirm(2) is C.NO_MOBILE


def test_a_correction_of_what_was_confirmed_needs_no_second_word(world: World, desk: Desk) -> None:
    booked = overridden(world, desk)
    desk.confirm(2)
    desk.confirm(2, otp_of(world))
    desk.record(Voided(appointment=booked.reference, seq=2, reason=VoidReason.WRONG_BATCH))
    leave = Proof(how=ProofKind.OVERRIDE, seq=1)
    desk.record(desk.dose(booked, proof=leave, batch="other", corrects=2))
    assert said(desk.push(desk.ledger[2:])) == {3: (A, ()), 4: (A, ())}


@pytest.mark.parametrize("name", ["", "d\0", "x" * 5000])
def test_a_device_by_no_possible_name(world: World, desk: Desk, name: str) -> None:
    assert desk.confirm(1, of_name=name) is C.NOT_WAITING


def test_a_question_by_another_key_is_refused(world: World, desk: Desk) -> None:
    overridden(world, desk)
    desk.device_key = SigningKey.generate()
    with pytest.raises(Refused) as refused:
        desk.confirm(2)
    assert refused.value.code == "bad_signature"


def test_nothing_of_it_is_kept_or_logged_in_the_clear(
    world: World, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    booked = overridden(world, desk)
    desk.confirm(2)
    otp = otp_of(world)
    desk.confirm(2, otp)
    logged = "".join(f"{record.getMessage()} {record.__dict__.get('fields', '')}" for record in caplog.records)
    assert "confirmation" in logged
    assert not any(secret in logged for secret in (otp, PHONE, booked.reference))
    with world.home.database.read() as connection:
        row = connection.execute(select(schema.confirmations)).one()
    assert otp not in repr(row)
    world.clock.move(days=2)
    forget(world.home.database, world.clock())
    assert count(world, schema.confirmations) == 0
