"""When a dose has a certificate and when it loses it; whose it is; what it says (DESIGN 8.3; docs/certificates.md)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from tests.central.certified import (
    PHONE,
    W1,
    checked,
    decide,
    given,
    ids,
    one_of,
    overridden,
    revoked,
    states,
)
from tests.central.correcting import corrected, void
from tests.central.machine import A, Desk, other_code, said
from tests.central.support import BHOJPUR, MORNING, RAMPUR, World, count
from tests.central.test_at_once import together
from tests.central.test_confirm import otp_of
from vaccinator_app.central import locks, schema
from vaccinator_app.central.certificates.certificates import certify, certify_older, revoke
from vaccinator_app.central.errors import Refused
from vaccinator_app.domain.events import Proof, ProofKind, SignedIn
from vaccinator_app.protocol.messages import CertificateState as S
from vaccinator_app.protocol.messages import ConfirmState, MessageState, Outcome
from vaccinator_app.protocol.messages import Reason as R
from vaccinator_app.trust.errors import BadCard, CardFault

# When there is one


@pytest.mark.parametrize("by_slip", [True, False])
def test_a_dose_with_the_right_code_or_slip_has_one_at_once(world: World, desk: Desk, by_slip: bool) -> None:
    booked = world.book()
    desk.record(desk.slip_dose(booked) if by_slip else desk.dose(booked))
    assert desk.push().outcomes == [Outcome(1, A, (), S.ISSUED, MessageState.WAITING)]
    (certificate,) = ids(world).values()
    assert len(certificate) == 32
    assert count(world, schema.doses, schema.doses.c.certified_at == MORNING) == 1


def test_without_a_proof_it_waits_or_there_is_none(world: World, desk: Desk) -> None:
    overridden(world, desk)
    desk.record(desk.walk_in(W1))
    desk.record(desk.dose(world.book(), appointment=W1, proof=Proof(how=ProofKind.NONE)))
    wrong = world.book()
    desk.record(desk.dose(wrong, other_code(wrong.code, same_bucket=True)))
    desk.record(SignedIn())
    receipt = desk.push()
    assert said(receipt)[2] == (A, (R.AWAITS_OTP,))
    assert said(receipt)[4] == (A, ())
    assert states(receipt) == {1: S.NONE, 2: S.WAITING, 3: S.NONE, 4: S.WAITING, 5: S.NONE, 6: S.NONE}
    assert ids(world) == {}


def test_a_batch_that_comes_again_gets_the_same_answer_and_no_second_certificate(world: World, desk: Desk) -> None:
    given(world, desk)
    first = ids(world)
    assert states(desk.push()) == {1: S.ISSUED}
    assert ids(world) == first


def test_the_persons_word_issues_it_and_the_desk_hears(world: World, desk: Desk) -> None:
    overridden(world, desk)
    desk.push()
    world.drain.run()
    cursor = desk.pull().cursor
    desk.confirm(2)
    assert desk.confirm(2, otp_of(world, PHONE)) is ConfirmState.CONFIRMED
    assert list(ids(world)) == [2]
    found = {one.seq: (one.status, one.reasons, one.certificate) for one in desk.pull(cursor).outcomes}
    assert found == {2: (A, (), S.ISSUED)}


def test_to_certify_twice_is_to_certify_once(world: World, desk: Desk) -> None:
    desk.record(desk.walk_in(W1))
    desk.record(desk.dose(world.book(), appointment=W1, proof=Proof(how=ProofKind.NONE)))
    desk.push()
    cursor = desk.pull().cursor
    assert decide(world, certify, RAMPUR, desk.device, 2, MORNING)
    first = ids(world)
    page = desk.pull(cursor)
    assert [(one.seq, one.certificate) for one in page.outcomes] == [(2, S.ISSUED)]
    assert decide(world, certify, RAMPUR, desk.device, 2, MORNING)
    assert ids(world) == first
    assert desk.pull(page.cursor).outcomes == []


def test_what_cannot_be_certified(world: World, desk: Desk) -> None:
    """Waiting for the person, held, taken back, no dose, nobody's."""
    overridden(world, desk)
    held = world.book()
    desk.record(desk.dose(held, proof=Proof(how=ProofKind.NONE)))
    dose = desk.dose(world.book())
    desk.record(dose)
    desk.record(void(dose, 4))
    desk.push()
    assert [decide(world, certify, RAMPUR, desk.device, seq, MORNING) for seq in range(7)] == [False] * 7
    assert not decide(world, certify, BHOJPUR, desk.device, 2, MORNING)
    assert ids(world) == {}


def test_doses_of_an_earlier_version_get_theirs_when_asked_for(world: World, desk: Desk) -> None:
    given(world, desk)
    overridden(world, desk, "9876500001")
    desk.record(desk.walk_in(W1))
    desk.record(desk.dose(world.book(), appointment=W1, proof=Proof(how=ProofKind.NONE)))
    gone = desk.dose(world.book())
    desk.record(gone)
    desk.record(void(gone, 6))
    desk.push()
    with world.home.database.write() as connection:
        connection.execute(update(schema.doses).values(certificate=None, certified_at=None))
        connection.execute(update(schema.records).values(certificate=None))
        people = connection.scalars(schema.people.select().with_only_columns(schema.people.c.beneficiary)).all()
    for _ in range(2):
        decide(world, certify_older, people, MORNING)
    assert list(ids(world)) == [1]
    assert states(desk.push()) == {1: S.ISSUED, 2: S.NONE, 3: S.WAITING, 4: S.NONE, 5: S.WAITING, 6: S.NONE, 7: S.NONE}


# When there is one no more


def test_a_void_takes_it_back_and_verifiers_and_the_desk_hear(world: World, desk: Desk) -> None:
    dose = given(world, desk)
    source, session, certificate = one_of(world)
    card = source.card(session, certificate)
    assert checked(world, card).status_checked
    cursor = desk.pull().cursor
    desk.record(void(dose, 1))
    desk.push(desk.ledger[1:])
    assert ids(world) == {}
    assert revoked(world) == {certificate: "voided"}
    assert [(one.seq, one.status, one.certificate) for one in desk.pull(cursor).outcomes] == [(1, A, S.REVOKED)]
    assert states(desk.push())[1] is S.REVOKED
    with pytest.raises(BadCard) as refused:
        checked(world, card)
    assert refused.value.fault is CardFault.REVOKED
    with pytest.raises(Refused) as unknown:
        source.card(session, certificate)
    assert unknown.value.http_status == 404


@pytest.mark.parametrize("together", [True, False])
def test_a_correction_has_a_fresh_one(world: World, desk: Desk, together: bool) -> None:
    dose = desk.dose(world.book(PHONE))
    desk.record(dose)
    desk.push(desk.ledger[:0] if together else desk.ledger)
    first = ids(world).get(1)
    desk.record(void(dose, 1))
    desk.record(corrected(dose, 1))
    told = states(desk.push())
    assert told[3] is S.ISSUED
    assert list(ids(world)) == [3]
    if together:
        # Nobody can have seen the first one, so no list need ever name it.
        assert (told[1], revoked(world)) == (S.NONE, {})
    else:
        assert revoked(world) == {first: "voided"}
        assert ids(world)[3] != first
    world.drain.run()
    source, session, certificate = one_of(world)
    assert source.of_citizen(session, certificate).batch == "for-1"


def test_to_revoke_twice_is_to_revoke_once(world: World, desk: Desk) -> None:
    given(world, desk)
    (certificate,) = ids(world).values()
    cursor = desk.pull().cursor
    for _ in range(2):
        decide(world, revoke, RAMPUR, desk.device, 1, "disputed", MORNING)
    assert revoked(world) == {certificate: "disputed"}
    assert [one.certificate for one in desk.pull(cursor).outcomes] == [S.REVOKED]


def test_one_that_waited_waits_no_more(world: World, desk: Desk) -> None:
    overridden(world, desk)
    desk.push()
    decide(world, revoke, RAMPUR, desk.device, 2, "disputed", MORNING)
    assert states(desk.push())[2] is S.NONE
    assert revoked(world) == {}
    decide(world, revoke, RAMPUR, desk.device, 77, "disputed", MORNING)


def test_a_void_of_one_that_waited_leaves_no_trace(world: World, desk: Desk) -> None:
    dose = overridden(world, desk)
    desk.push()
    desk.record(void(dose, 2))
    desk.push(desk.ledger[-1:])
    assert states(desk.push())[2] is S.NONE
    assert revoked(world) == {}


def test_a_void_and_the_persons_word_at_once_leave_nothing_that_verifies(world: World, desk: Desk) -> None:
    """Whichever comes first: in the end the dose does not stand, and no card of it does."""
    for turn in range(4):
        booked = world.book()
        desk.record(desk.walk_in(name := f"W{turn:016x}"))
        desk.record(desk.dose(booked, appointment=name, proof=Proof(how=ProofKind.NONE)))
        desk.push(desk.ledger[-2:])
        seq = len(desk.ledger)
        desk.record(void(desk.dose(booked, appointment=name), seq))

        def confirm(seq: int = seq) -> None:
            def act(connection: Any) -> None:
                locks.record(connection, RAMPUR, desk.device, seq)
                certify(connection, RAMPUR, desk.device, seq, MORNING)

            world.home.database.run(act)

        def push() -> None:
            desk.push(desk.ledger[-1:])

        together([push, confirm])
    assert ids(world) == {}
    assert count(world, schema.doses, schema.doses.c.voided_at.is_(None)) == 0
    told = states(desk.push())
    assert {told[seq] for seq in range(2, len(desk.ledger), 3)} <= {S.NONE, S.REVOKED}
    assert [told[seq] for seq in told].count(S.REVOKED) == len(revoked(world))
