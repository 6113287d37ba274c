"""The person's own word for a dose, signed in: yes proves it, no takes it off the record (DESIGN 4.4, 8.2, 8.3)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.central.correcting import corrected, void
from tests.central.machine import A, Desk, H, said
from tests.central.speaking import PHONE, alarms, code_now, given, kinds, name_of, sign_in, standing, state
from tests.central.support import RAMPUR, World, count
from tests.central.test_confirm import mismatched, otp_of, overridden
from vaccinator_app.central import schema
from vaccinator_app.central.citizens.word import Word
from vaccinator_app.central.district import held
from vaccinator_app.central.district.held import OfficerReason
from vaccinator_app.central.errors import Refused
from vaccinator_app.domain.events import Proof, ProofKind
from vaccinator_app.protocol.messages import CertificateState, ConfirmState
from vaccinator_app.protocol.messages import Reason as R

STRANGER = "9000000001"


@pytest.fixture
def word(world: World) -> Word:
    return Word(world.home.database, world.home.keys, world.clock, world.login)


# A yes


def test_a_yes_ends_the_wait_of_a_dose_without_a_code(world: World, desk: Desk, word: Word) -> None:
    overridden(world, desk)
    assert standing(world) == [(2, False)]
    cursor = desk.pull().cursor
    word.confirm(sign_in(world), name_of(desk, 2))
    assert state(world, desk, 2) == ("accepted", [], "issued")
    assert standing(world) == [(2, True)]
    (told,) = desk.pull(cursor).outcomes
    assert (told.seq, told.status, told.reasons, told.certificate) == (2, A, (), CertificateState.ISSUED)
    assert "certificate" in world.inbox(PHONE)[-1]


def test_a_yes_puts_a_held_dose_on_record(world: World, desk: Desk, word: Word) -> None:
    mismatched(world, desk)
    word.confirm(sign_in(world), name_of(desk, 1))
    assert state(world, desk, 1) == ("accepted", [], "issued")
    assert standing(world) == [(1, True)]


def test_a_walk_in_has_a_certificate_once_they_say_so(world: World, desk: Desk, word: Word) -> None:
    visitor = "W0123456789abcdef"
    desk.record(desk.walk_in(visitor, mobile=PHONE))
    booked = world.book()
    desk.record(desk.dose(booked, appointment=visitor, proof=Proof(how=ProofKind.NONE)))
    desk.push()
    assert state(world, desk, 2) == ("accepted", [], "waiting")
    word.confirm(sign_in(world), name_of(desk, 2))
    assert state(world, desk, 2) == ("accepted", [], "issued")


def test_the_same_yes_by_an_otp_at_the_desk(world: World, desk: Desk) -> None:
    visitor = "W0123456789abcdef"
    desk.record(desk.walk_in(visitor, mobile=PHONE))
    desk.record(desk.dose(world.book(), appointment=visitor, proof=Proof(how=ProofKind.NONE)))
    desk.push()
    world.drain.run()
    assert desk.confirm(2) is ConfirmState.SENT
    assert desk.confirm(2, otp_of(world)) is ConfirmState.CONFIRMED
    assert state(world, desk, 2) == ("accepted", [], "issued")
    assert desk.confirm(2) is ConfirmState.NOT_WAITING


def test_a_yes_said_twice_is_one(world: World, desk: Desk, word: Word) -> None:
    overridden(world, desk)
    token = sign_in(world)
    for _ in range(2):
        word.confirm(token, name_of(desk, 2))
    assert kinds(world) == ["confirmed"]
    assert standing(world) == [(2, True)]


def test_a_yes_does_not_help_what_else_is_against_the_dose(world: World, desk: Desk, word: Word) -> None:
    booked = world.book(PHONE)
    desk.record(desk.dose(booked, vaccine="covaxin", proof=Proof(how=ProofKind.NONE)))
    desk.push()
    before = state(world, desk, 1)
    with pytest.raises(Refused) as refused:
        word.confirm(sign_in(world), name_of(desk, 1))
    assert refused.value.code == "dose_held"
    assert state(world, desk, 1) == before
    assert standing(world) == []


def test_a_yes_makes_no_second_dose(world: World, desk: Desk, word: Word) -> None:
    booked = mismatched(world, desk)
    fresh = next(text for text in world.inbox(PHONE) if "new security code" in text)
    desk.record(desk.dose(booked, fresh.split("code is ")[1][:4]))
    assert said(desk.push())[2] == (A, ())
    with pytest.raises(Refused) as refused:
        word.confirm(sign_in(world), name_of(desk, 1))
    assert refused.value.code == "already_dosed"
    assert standing(world) == [(2, True)]


def test_a_yes_leaves_the_word_that_it_was_given_twice(world: World, desk: Desk, word: Word) -> None:
    other, booked = Desk(world), overridden(world, desk)
    other.record(other.dose(booked))
    assert said(other.push()) == {1: (H, (R.ALREADY_DOSED,))}
    assert state(world, desk, 2) == ("accepted", ["awaits_otp", "given_twice"], "waiting")
    word.confirm(sign_in(world), name_of(desk, 2))
    assert state(world, desk, 2) == ("accepted", ["given_twice"], "issued")
    # And that word alone is nothing to wait for.
    assert desk.confirm(2) is ConfirmState.NOT_WAITING


# A no


def test_a_no_takes_dose_and_certificate_off_and_holds_the_record(world: World, desk: Desk, word: Word) -> None:
    given(world, desk)
    assert standing(world) == [(1, True)]
    cursor = desk.pull().cursor
    word.dispute(sign_in(world), name_of(desk, 1))
    assert state(world, desk, 1) == ("held", ["disputed"], "revoked")
    assert standing(world) == []
    assert count(world, schema.revoked_certificates, schema.revoked_certificates.c.why == "disputed") == 1
    (told,) = desk.pull(cursor).outcomes
    assert (told.status, told.reasons, told.certificate) == (H, (R.DISPUTED,), CertificateState.REVOKED)
    assert "you did not get dose 1" in world.inbox(PHONE)[-1]


def test_a_no_said_twice_is_one(world: World, desk: Desk, word: Word) -> None:
    given(world, desk)
    token = sign_in(world)
    for _ in range(3):
        word.dispute(token, name_of(desk, 1))
    assert kinds(world) == ["disputed"]
    assert alarms(world) == []


def test_a_no_frees_the_place_for_the_dose_that_is_given(world: World, desk: Desk, word: Word) -> None:
    booked = given(world, desk)
    token = sign_in(world)
    word.dispute(token, name_of(desk, 1))
    code = code_now(world, booked)
    assert code != booked.code
    desk.record(desk.dose(booked, code))
    assert said(desk.push())[2] == (A, ())
    assert standing(world) == [(2, True)]
    # What was disputed cannot come back beside it.
    with pytest.raises(Refused):
        word.confirm(token, name_of(desk, 1))


def test_whoever_kept_code_or_slip_records_it_no_second_time(world: World, desk: Desk, word: Word) -> None:
    booked = given(world, desk)
    word.dispute(sign_in(world), name_of(desk, 1))
    desk.record(desk.dose(booked))
    desk.record(desk.slip_dose(booked))
    found = said(desk.push())
    assert (found[2], found[3]) == ((H, (R.CODE_MISMATCH,)), (H, (R.CODE_MISMATCH,)))
    assert standing(world) == []


@pytest.mark.parametrize("together", [True, False])
def test_a_correction_does_not_outwit_it(world: World, desk: Desk, word: Word, together: bool) -> None:
    booked = world.book(PHONE)
    dose = desk.dose(booked)
    desk.record(dose)
    desk.push()
    word.dispute(sign_in(world), name_of(desk, 1))
    at = world.clock()
    for seq in (1, 3):
        for body in (void(dose, seq), corrected(dose, seq, at)):
            desk.record(body)
            if not together:
                desk.push(desk.ledger[-1:])
    found = said(desk.push())
    assert found[3] == found[5] == (H, (R.DISPUTED,))
    assert standing(world) == []


def test_a_no_to_a_dose_that_waits(world: World, desk: Desk, word: Word) -> None:
    overridden(world, desk)
    word.dispute(sign_in(world), name_of(desk, 2))
    assert state(world, desk, 2) == ("held", ["disputed", "awaits_otp"], None)
    assert standing(world) == []
    # The staff who recorded it do not ask for a number to be read out.
    assert desk.confirm(2) is ConfirmState.NOT_WAITING


def test_a_no_to_a_dose_that_is_held(world: World, desk: Desk, word: Word) -> None:
    mismatched(world, desk)
    word.dispute(sign_in(world), name_of(desk, 1))
    assert state(world, desk, 1)[:2] == ("held", ["disputed", "code_mismatch"])


def test_who_said_no_by_mistake_says_yes(world: World, desk: Desk, word: Word) -> None:
    given(world, desk)
    token = sign_in(world)
    with world.home.database.read() as connection:
        first = connection.execute(select(schema.doses.c.certificate)).scalar_one()
    word.dispute(token, name_of(desk, 1))
    word.confirm(token, name_of(desk, 1))
    assert state(world, desk, 1) == ("accepted", [], "issued")
    assert standing(world) == [(1, True)]
    assert count(world, schema.doses) == 1
    with world.home.database.read() as connection:
        assert connection.execute(select(schema.doses.c.certificate)).scalar_one() != first


def test_after_the_district_accepted_it_a_no_is_refused(world: World, desk: Desk, word: Word) -> None:
    given(world, desk)
    token = sign_in(world)
    word.dispute(token, name_of(desk, 1))
    why = OfficerReason.PERSON_ASKED
    held.accept(world.home, RAMPUR, desk.device, 1, by="officer-7", why=why, clock=world.clock)
    with pytest.raises(Refused) as refused:
        word.dispute(token, name_of(desk, 1))
    assert (refused.value.code, refused.value.http_status) == ("dose_settled", 409)
    assert state(world, desk, 1) == ("accepted", [], "issued")


def test_a_void_by_the_desk_ends_a_dispute(world: World, desk: Desk, word: Word) -> None:
    dose = desk.dose(world.book(PHONE))
    desk.record(dose)
    desk.push()
    token = sign_in(world)
    word.dispute(token, name_of(desk, 1))
    desk.record(void(dose, 1))
    assert said(desk.push())[2] == (A, ())
    with pytest.raises(Refused) as refused:
        word.confirm(token, name_of(desk, 1))
    assert refused.value.code == "dose_unknown"
    assert held.list_held(world.home, "Rampur") == []


# Whose word


def test_nobody_speaks_for_another(world: World, desk: Desk, word: Word) -> None:
    given(world, desk)
    overridden(world, desk, "9876500001")
    world.book(STRANGER)
    token = sign_in(world, STRANGER)
    for act in (word.confirm, word.dispute):
        for seq in (1, 3):
            with pytest.raises(Refused) as refused:
                act(token, name_of(desk, seq))
            assert (refused.value.code, refused.value.http_status) == ("dose_unknown", 404)
    assert kinds(world) == []
    assert len(standing(world)) == 2


@pytest.mark.parametrize(
    "name", ["", ".", "..", "100001", "100001.x.1", "100001.d.1e3", "100001.d.٣", "100001.d.-1", "1.\0.1", "9" * 99]
)
def test_what_names_no_dose_is_none(world: World, desk: Desk, word: Word, name: str) -> None:
    given(world, desk)
    token = sign_in(world)
    for act in (word.confirm, word.dispute):
        with pytest.raises(Refused) as refused:
            act(token, name)
        assert refused.value.code == "dose_unknown"


def test_a_number_that_no_column_takes(world: World, desk: Desk, word: Word) -> None:
    with pytest.raises(Refused):
        word.dispute(sign_in(world), f"{RAMPUR}.{desk.device}.{'9' * 16}")


def test_without_a_session_there_is_no_word(world: World, desk: Desk, word: Word) -> None:
    given(world, desk)
    token = sign_in(world)
    world.clock.move(hours=1)
    for act in (word.confirm, word.dispute):
        with pytest.raises(Refused) as refused:
            act(token, name_of(desk, 1))
        assert refused.value.http_status == 401
