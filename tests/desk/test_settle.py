"""What the in-charge did about an exception is a record of its own, without anybody's number in it (DESIGN 7.3)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.desk import MORNING, CentralSide, staff_certificate
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.settle import settle
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.closing_events import ExceptionSettled, Settlement, SettleReason
from vaccinator_app.domain.exceptions import Act, DayException, ExceptionKind, Settled
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import Role, StaffMember
from vaccinator_app.trust.keys import SigningKey

EXCEPTION = DayException(
    key="variance:covishield/4121Z025",
    kind=ExceptionKind.VARIANCE,
    words=Message.of("batch.expired"),
    acts=(Act.COUNT, Act.EXPLAIN, Act.ESCALATE),
)


def refused(
    place: Workplace, act: Act, reason: SettleReason, *, note: str = "", exception: DayException = EXCEPTION
) -> str:
    with pytest.raises(CannotDo) as problem:
        settle(place, exception, act, reason, note)
    assert list(place.vault.ledger.events()) == []
    return problem.value.message.key


def test_it_may_stand_with_a_reason(place: Workplace) -> None:
    settle(place, EXCEPTION, Act.EXPLAIN, SettleReason.COUNTED_AGAIN, " one vial\nwas\u202e behind ")

    assert list(place.vault.ledger.events())[-1][3] == ExceptionSettled(
        exception=EXCEPTION.key,
        how=Settlement.EXPLAINED,
        reason=SettleReason.COUNTED_AGAIN,
        note="one vial was behind",
    )


def test_it_is_handed_on(place: Workplace) -> None:
    settle(place, EXCEPTION, Act.ESCALATE, SettleReason.DISTRICT_INFORMED)
    body = list(place.vault.ledger.events())[-1][3]
    assert isinstance(body, ExceptionSettled)
    assert body.how is Settlement.ESCALATED


@pytest.mark.parametrize("act", [Act.COUNT, Act.VOID, Act.CONFIRM_OTP, Act.OPEN])
def test_an_act_that_does_not_settle_it(place: Workplace, act: Act) -> None:
    assert refused(place, act, SettleReason.STAFF_MISTAKE) == "settle.does_not_fit"


def test_only_the_in_charge_and_only_once(place: Workplace) -> None:
    done = Settled(
        at=MORNING, staff="s", how=Settlement.EXPLAINED, reason=SettleReason.STAFF_MISTAKE, note=""
    )  # fmt: skip
    settled = replace(EXCEPTION, settled=done)
    assert refused(place, Act.EXPLAIN, SettleReason.STAFF_MISTAKE, exception=settled) == "settle.settled_already"
    place.staff = StaffMember(staff="s-devi", name="S. Devi", role=Role.VACCINATOR)
    assert refused(place, Act.EXPLAIN, SettleReason.STAFF_MISTAKE) == "reconcile.only_in_charge"


@pytest.mark.parametrize(
    ("reason", "note", "key"),
    [
        (SettleReason.OTHER, " \n", "settle.note_missing"),
        (SettleReason.STAFF_MISTAKE, "x" * 201, "settle.note_long"),
        (SettleReason.STAFF_MISTAKE, "called 9876543210", "settle.note_number"),
        (SettleReason.STAFF_MISTAKE, "called 98765-43210", "settle.note_number"),
        (SettleReason.STAFF_MISTAKE, "called 98.76.54.32.10", "settle.note_number"),
        (SettleReason.STAFF_MISTAKE, "called ९८७ ६५४ ३२१", "settle.note_number"),
        (SettleReason.STAFF_MISTAKE, "ID ends 4821", "settle.note_number"),
        (SettleReason.STAFF_MISTAKE, "PAN ABCDE1234F", "settle.note_number"),
        (SettleReason.STAFF_MISTAKE, "4121Z027 is not known here", "settle.note_number"),
    ],
)
def test_a_note_that_may_not_leave_the_desk(place: Workplace, reason: SettleReason, note: str, key: str) -> None:
    assert refused(place, Act.EXPLAIN, reason, note=note) == key


@pytest.mark.parametrize("note", ["Sunita came late", "(SUNITA), asked", "asked Kumari."])
def test_a_note_names_nobody_whom_it_is_about(place: Workplace, note: str) -> None:
    about = replace(EXCEPTION, appointment="000000000001")
    assert refused(place, Act.EXPLAIN, SettleReason.STAFF_MISTAKE, note=note, exception=about) == "settle.note_name"
    settle(place, EXCEPTION, Act.EXPLAIN, SettleReason.STAFF_MISTAKE, note)


def test_a_word_of_a_colleagues_name_may_stand_in_a_note(place: Workplace, central: CentralSide) -> None:
    colleague = StaffMember(staff="s-kumari", name="A. Kumari", role=Role.VACCINATOR)
    place.vault.certificates.add([staff_certificate(central, colleague, SigningKey.generate())])
    about = replace(EXCEPTION, appointment="000000000001")
    settle(place, about, Act.EXPLAIN, SettleReason.STAFF_MISTAKE, "A. Kumari took the wrong vial")


@pytest.mark.parametrize(
    "note",
    ["vial 3 of 4121z025 broke at 14:30", "on 21/11, 10 of 12 counted", "बैच 4121Z025 की 2 शीशियाँ", "४१२१Z०२५ टूटी"],
)
def test_batches_times_and_counts_may_be_named(place: Workplace, note: str) -> None:
    settle(place, EXCEPTION, Act.EXPLAIN, SettleReason.OTHER, note)
    body = list(place.vault.ledger.events())[-1][3]
    assert isinstance(body, ExceptionSettled)
    assert body.note == note
