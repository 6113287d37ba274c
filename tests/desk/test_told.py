"""What central said of a dose's certificate and SMS, on the person's sheet (DESIGN 7.5)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.desk import MORNING, CentralSide
from vaccinator_app.desk.told import Told, messages_words, told
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.visit_view import view
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.message import Message
from vaccinator_app.protocol.messages import CertificateState as C
from vaccinator_app.protocol.messages import MessageState as M
from vaccinator_app.protocol.messages import Outcome, Reason, Receipt, Status

SUNITA = "000000000001"


@pytest.fixture
def dosed(place: Workplace) -> VisitDesk:
    """Sunita's visit, with its dose saved on this desk."""
    desk = VisitDesk(place, SUNITA)
    desk.confirm_identity()
    assert desk.type_code("4821")
    desk.record_dose()
    return desk


def confirmed(place: Workplace, outcome: Outcome) -> None:
    head, identity = place.vault.ledger.head(), place.vault.identity
    receipt = Receipt(
        centre=identity.centre,
        device=identity.device,
        upto=head.seq,
        head=head.hash,
        at=MORNING,
        outcomes=[outcome],
    )
    place.vault.exchange.confirm(receipt, b"")


def seq_of(desk: VisitDesk) -> int:
    found = desk.visit.dose_seq
    assert found is not None
    return found


ISSUED, WAITING, REVOKED = (Message.of(f"certificate_state.{state}") for state in ("issued", "waiting", "revoked"))
REACHED = Message.of("message_state.delivered")


@pytest.mark.parametrize(
    ("certificate", "message", "expected"),
    [
        (C.NONE, M.NONE, None),
        (C.ISSUED, M.NONE, Told(ISSUED, True, False)),
        (C.WAITING, M.NONE, Told(WAITING, False, False)),
        (C.REVOKED, M.NONE, Told(REVOKED, False, False)),
        (C.NONE, M.WAITING, Told(Message.of("message_state.waiting"), False, False)),
        (C.NONE, M.TAKEN, Told(Message.of("message_state.taken"), False, False)),
        (C.NONE, M.DELIVERED, Told(REACHED, False, False)),
        (C.ISSUED, M.DELIVERED, Told(Message.of("record.told", certificate=ISSUED, message=REACHED), True, False)),
        (
            C.ISSUED,
            M.TAKEN,
            Told(
                Message.of("record.told", certificate=ISSUED, message=Message.of("message_state.taken")), False, False
            ),
        ),
        (
            C.ISSUED,
            M.FAILED,
            Told(
                Message.of("record.told", certificate=ISSUED, message=Message.of("message_state.failed")), False, True
            ),
        ),
    ],
)
def test_each_state_has_its_words(
    place: Workplace, dosed: VisitDesk, certificate: C, message: M, expected: Told | None
) -> None:
    assert view(dosed, place).told is None
    confirmed(place, Outcome(seq_of(dosed), Status.ACCEPTED, (), certificate, message))
    found = view(dosed, place)
    assert found.told == expected
    assert found.record is not None
    assert found.record.key == "record.confirmed"


def test_a_later_word_takes_the_place_of_the_first(place: Workplace, central: CentralSide, dosed: VisitDesk) -> None:
    seq = seq_of(dosed)
    confirmed(place, Outcome(seq, Status.ACCEPTED, (), C.ISSUED, M.WAITING))
    later = Outcome(seq, Status.ACCEPTED, (), C.ISSUED, M.FAILED)
    changes = central.changes(
        place.vault.identity.device, from_cursor=1, outcomes=[later], at=MORNING + timedelta(minutes=1)
    )
    place.vault.exchange.apply(changes)
    assert place.vault.exchange.outcome_of(seq) == later
    found = told(place, seq)
    assert found is not None
    assert found.needs_someone


def test_what_the_confirmation_says_already_is_not_said_twice(place: Workplace, dosed: VisitDesk) -> None:
    confirmed(place, Outcome(seq_of(dosed), Status.ACCEPTED, (Reason.AWAITS_OTP,), C.WAITING, M.TAKEN))
    found = view(dosed, place)
    assert found.record is not None
    assert found.record.key == "record.awaits_otp"
    assert found.told == Told(Message.of("message_state.taken"), False, False)


@pytest.mark.parametrize("status", [Status.HELD, Status.REFUSED])
def test_of_a_held_record_only_why_is_said(place: Workplace, dosed: VisitDesk, status: Status) -> None:
    confirmed(place, Outcome(seq_of(dosed), status, (Reason.CODE_MISMATCH,), C.WAITING, M.DELIVERED))
    assert view(dosed, place).told is None


def test_the_days_messages_are_counted(place: Workplace, central: CentralSide, dosed: VisitDesk) -> None:
    assert messages_words(place) == Told(Message.of("sync.messages_none"), False, False)
    other = VisitDesk(place, "000000000002")
    other.confirm_identity()
    assert other.type_code("0007")
    other.record_dose()
    confirmed(place, Outcome(seq_of(dosed), Status.ACCEPTED, (), C.ISSUED, M.DELIVERED))
    reached = Message.of("sync.messages_delivered", n=1)
    assert messages_words(place) == Told(Message.of("sync.messages_each", each=[reached]), True, False)
    confirmed(place, Outcome(seq_of(other), Status.ACCEPTED, (), C.ISSUED, M.FAILED))
    each = [Message.of("sync.messages_failed", n=1), reached]
    assert messages_words(place) == Told(Message.of("sync.messages_each", each=each), False, True)
    confirmed(place, Outcome(seq_of(other), Status.HELD, (Reason.DISPUTED,), C.REVOKED, M.FAILED))
    assert messages_words(place).needs_someone is False
