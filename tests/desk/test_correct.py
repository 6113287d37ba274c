"""Taking back and correcting a dose on record: who may, until when, and what comes of it (DESIGN 3.1)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest

from tests.support.desk import MORNING, CentralSide, ToldClock, staff_certificate
from vaccinator_app.desk.correct import Correction, dose_on_record
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.observe import Observation
from vaccinator_app.desk.queue import Pile, Queue
from vaccinator_app.desk.stock import Stock
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.visit_view import Step, view
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.events import (
    Body,
    DoseGiven,
    EarlyReason,
    ObservationEnded,
    ObservationOutcome,
    ProofKind,
    Voided,
    VoidReason,
)
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import Role, StaffMember
from vaccinator_app.domain.stock_events import DiscardReason, VialOpened
from vaccinator_app.domain.visits import VisitState
from vaccinator_app.protocol.messages import AllottedBatch
from vaccinator_app.trust.keys import SigningKey

SUNITA, RAM = "000000000001", "000000000002"
FIRST, SECOND = "4121Z025", "4121Z026"
DEVI = StaffMember(staff="s-devi", name="S. Devi", role=Role.VACCINATOR)
KHAN = StaffMember(staff="s-khan", name="A. Khan", role=Role.VACCINATOR)


@pytest.fixture
def place(place: Workplace, central: CentralSide) -> Workplace:
    """The desk, with two vaccinators of whom S. Devi is signed in."""
    for member in (DEVI, KHAN):
        key = SigningKey.generate()
        place.vault.certificates.add([staff_certificate(central, member, key)])
        if member is DEVI:
            place.signing_key = key
    place.staff = DEVI
    return place


@contextmanager
def signed_in(place: Workplace, member: StaffMember) -> Iterator[None]:
    before, place.staff = place.staff, member
    yield
    place.staff = before


IN_CHARGE = StaffMember(staff="s-incharge", name="R. Sharma", role=Role.IN_CHARGE)


def dosed(place: Workplace, appointment: str = SUNITA, code: str = "4821") -> VisitDesk:
    desk = VisitDesk(place, appointment)
    desk.confirm_identity()
    desk.type_code(code)
    desk.record_dose()
    return VisitDesk(place, appointment)


def written(place: Workplace, after: int) -> list[Body]:
    return [body for _, _, _, body in place.vault.ledger.events(after)]


def refused(act: object, *arguments: object) -> Message:
    assert callable(act)
    with pytest.raises(CannotDo) as problem:
        act(*arguments)
    return problem.value.message


def covaxin(place: Workplace, central: CentralSide) -> None:
    batches = [
        AllottedBatch("covishield", FIRST, date(2027, 3, 31), 10),
        AllottedBatch("covishield", SECOND, date(2027, 6, 30), 10),
        AllottedBatch("covaxin", "37F21", date(2027, 1, 31), 20),
    ]
    cursor = place.vault.exchange.cursor()
    place.vault.exchange.apply(central.changes(place.vault.identity.device, from_cursor=cursor, batches=batches))


def test_another_batch_takes_the_place_in_one_act(place: Workplace, clock: ToldClock) -> None:
    desk = dosed(place)
    seq, before = desk.visit.dose_seq, desk.given
    assert seq is not None
    assert before is not None
    clock.pass_time(timedelta(minutes=7))

    saved = desk.correct(Correction(batch=SECOND))

    void, opened, dose = written(place, seq)
    assert void == Voided(appointment=SUNITA, seq=seq, reason=VoidReason.WRONG_BATCH)
    assert opened == VialOpened(vaccine="covishield", batch=SECOND, vial=1, doses=10)
    assert isinstance(dose, DoseGiven)
    assert (dose.batch, dose.expiry, dose.vial, dose.corrects) == (SECOND, date(2027, 6, 30), 1, seq)
    assert (dose.proof, dose.identity, dose.site, dose.dose) == (before.proof, before.identity, before.site, 1)
    assert dose.proof.how is ProofKind.CODE
    assert dose.given_at == MORNING
    assert desk.visit.dose_seq == saved.seq == seq + 3


def test_the_stock_follows(place: Workplace) -> None:
    desk = dosed(place)
    desk.correct(Correction(batch=SECOND))

    left = {line.batch.batch: [one.vial.left for one in line.vials] for line in Stock(place).lines()}
    assert left == {FIRST: [10], SECOND: [9]}


def test_the_thirty_minutes_do_not_begin_again(place: Workplace, clock: ToldClock) -> None:
    desk = dosed(place)
    clock.pass_time(timedelta(minutes=20))
    desk.correct(Correction(batch=SECOND))

    (watched,) = Observation(place).people()
    assert watched.left == timedelta(minutes=10)
    assert desk.visit.dose_at == MORNING


@pytest.mark.parametrize("early", [True, False])
def test_who_has_left_is_not_watched_again(place: Workplace, clock: ToldClock, early: bool) -> None:
    dosed(place, RAM, "0007")
    desk = dosed(place)
    clock.pass_time(timedelta(minutes=10 if early else 31))
    reason = EarlyReason.WORK if early else EarlyReason.NONE
    Observation(place).end(SUNITA, reason)
    Observation(place).end(RAM, EarlyReason.TRANSPORT if early else EarlyReason.NONE)

    desk.look()
    desk.correct(Correction(batch=SECOND))

    assert desk.visit.state is VisitState.DONE
    assert Observation(place).people() == []
    outcome = ObservationOutcome.LEFT_EARLY if early else ObservationOutcome.WELL
    assert written(place, 0)[-1] == ObservationEnded(appointment=SUNITA, outcome=outcome, reason=reason)


def test_another_vaccine(place: Workplace, central: CentralSide) -> None:
    covaxin(place, central)
    desk = dosed(place)
    assert [(b.vaccine, b.batch) for b in desk.alternatives.others] == [("covaxin", "37F21")]
    assert [b.batch for b in desk.alternatives.batches] == [SECOND]
    assert desk.alternatives.doses == (2,)

    desk.correct(Correction(vaccine="covaxin", batch="37F21"))

    void, opened, dose = written(place, 3)
    assert isinstance(void, Voided)
    assert void.reason is VoidReason.WRONG_VACCINE
    assert opened == VialOpened(vaccine="covaxin", batch="37F21", vial=1, doses=20)
    assert isinstance(dose, DoseGiven)
    assert (dose.vaccine, dose.batch, dose.expiry) == ("covaxin", "37F21", date(2027, 1, 31))


def test_another_dose_number_leaves_batch_and_vial(place: Workplace, central: CentralSide) -> None:
    desk = dosed(place)
    # what central no longer tells of may have been given all the same
    cursor = place.vault.exchange.cursor()
    place.vault.exchange.apply(central.changes(place.vault.identity.device, from_cursor=cursor, batches=[]))

    desk.correct(Correction(batch=FIRST, dose=2))

    void, dose = written(place, 3)
    assert isinstance(void, Voided)
    assert void.reason is VoidReason.WRONG_DOSE
    assert isinstance(dose, DoseGiven)
    assert (dose.dose, dose.batch, dose.vial) == (2, FIRST, 1)


@pytest.mark.parametrize(
    ("what", "key"),
    [
        (Correction(), "correct.nothing_changed"),
        (Correction(vaccine="covishield", batch=FIRST, dose=1), "correct.nothing_changed"),
        (Correction(vaccine="covishield"), "correct.nothing_changed"),
        (Correction(batch="X"), "correct.choose_batch"),
        (Correction(vaccine="covaxin"), "correct.choose_batch"),
        (Correction(vaccine="covaxin", batch=FIRST), "correct.choose_batch"),
        (Correction(vaccine="elixir", batch=FIRST), "stock.choose_vaccine"),
        (Correction(dose=0), "eligible.no_such_dose"),
        (Correction(dose=3), "eligible.no_such_dose"),
    ],
)
def test_what_cannot_have_been_is_refused_and_nothing_is_written(place: Workplace, what: Correction, key: str) -> None:
    desk = dosed(place)
    assert refused(desk.correct, what).key == key
    assert written(place, 3) == []


def test_a_correction_is_corrected(place: Workplace, clock: ToldClock) -> None:
    desk = dosed(place)
    first = desk.visit.dose_seq
    clock.pass_time(timedelta(minutes=5))
    second = desk.correct(Correction(batch=SECOND)).seq
    clock.pass_time(timedelta(minutes=5))
    desk.correct(Correction(batch=FIRST, dose=2))

    void, dose = written(place, second)
    assert void == Voided(appointment=SUNITA, seq=second, reason=VoidReason.WRONG_DOSE)
    assert isinstance(dose, DoseGiven)
    assert (dose.batch, dose.vial, dose.dose, dose.corrects) == (FIRST, 1, 2, second)
    assert dose.given_at == MORNING
    assert first is not None
    assert dose.proof == dose_on_record(place, first).proof


def test_a_dose_goes_to_a_vial_of_its_own_day(place: Workplace, clock: ToldClock) -> None:
    clock.moment -= timedelta(days=1)
    Stock(place).open_vial("covishield", SECOND)
    clock.moment += timedelta(days=1)
    desk = dosed(place)

    desk.correct(Correction(batch=SECOND))

    assert written(place, 4)[1] == VialOpened(vaccine="covishield", batch=SECOND, vial=2, doses=10)
    given = desk.given
    assert given is not None
    assert given.vial == 2


def test_a_vial_of_the_day_takes_the_dose_though_nothing_is_thought_to_be_left(place: Workplace) -> None:
    Stock(place).open_vial("covishield", SECOND)
    VisitDesk(place, SUNITA).choose_batch(FIRST)
    desk = dosed(place)
    Stock(place).discard_open("covishield", SECOND, 1, DiscardReason.BROKEN)

    desk.correct(Correction(batch=SECOND))

    given = desk.given
    assert given is not None
    assert (given.batch, given.vial) == (SECOND, 1)


def test_a_colleague_is_told_whose_record_it_is_and_the_in_charge_may(place: Workplace) -> None:
    dosed(place)
    with signed_in(place, KHAN):
        desk = VisitDesk(place, SUNITA)
        assert desk.why_not_undo == Message.of("void.not_yours", name="S. Devi")
        assert refused(desk.correct, Correction(batch=SECOND)).key == "void.not_yours"
        assert refused(desk.void, VoidReason.NOT_GIVEN).key == "void.not_yours"
    assert written(place, 3) == []
    with signed_in(place, IN_CHARGE):
        VisitDesk(place, SUNITA).correct(Correction(batch=SECOND))
    # the record that stands is the in-charge's now
    assert VisitDesk(place, SUNITA).why_not_undo == Message.of("void.not_yours", name="R. Sharma")


def test_from_the_next_day_on_only_the_in_charge(place: Workplace, clock: ToldClock) -> None:
    desk = dosed(place)
    clock.pass_time(timedelta(hours=13, minutes=59))
    assert desk.why_not_undo is None
    clock.pass_time(timedelta(minutes=1))
    desk.look()
    assert refused(desk.correct, Correction(batch=SECOND)).key == "void.other_day"
    assert refused(desk.void, VoidReason.NOT_GIVEN).key == "void.other_day"
    with signed_in(place, IN_CHARGE):
        desk.correct(Correction(batch=SECOND))
    given = desk.given
    assert given is not None
    assert given.given_at == MORNING


def test_a_void_is_not_voided(place: Workplace) -> None:
    desk = dosed(place)
    desk.void(VoidReason.NOT_GIVEN)
    assert refused(desk.void, VoidReason.NOT_GIVEN).key == "visit.nothing_to_void"
    assert refused(desk.correct, Correction(batch=SECOND)).key == "visit.nothing_to_void"
    with pytest.raises(CannotDo):
        _ = desk.alternatives
    assert refused(dose_on_record, place, 1).key == "visit.nothing_to_void"


def test_who_never_came_is_expected_again(place: Workplace) -> None:
    desk = dosed(place)
    desk.void(VoidReason.NEVER_CAME)

    assert desk.visit.state is VisitState.EXPECTED
    assert desk.visit.arrived_at is None
    assert Queue(place).counts()[Pile.EXPECTED] == 3
    assert Queue(place).counts()[Pile.ARRIVED] == 0
    assert view(VisitDesk(place, SUNITA), place).now is Step.IDENTITY


def test_a_dose_recorded_twice_is_corrected_as_its_newest_record(place: Workplace) -> None:
    desk = dosed(place)
    given = desk.given
    assert given is not None
    place.record(given)
    desk.look()
    newest = desk.visit.dose_seq
    desk.correct(Correction(dose=2))
    assert written(place, 4)[0] == Voided(appointment=SUNITA, seq=newest or 0, reason=VoidReason.WRONG_DOSE)
    desk.void(VoidReason.RECORDED_TWICE)
    assert desk.visit.dose_seq == 3
