"""What a dose is drawn from: batches and vials, said before the needle (DESIGN 9.2; SCREENS)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.support.desk import MORNING, CentralSide, ToldClock
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.stock import ReceiveForm, Stock
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.visit_view import Step, StepState, view
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.events import (
    Body,
    DoseGiven,
)
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.stock_events import DiscardReason, VialOpened
from vaccinator_app.protocol.messages import AllottedBatch

SUNITA, RAM, LAKSHMI = "000000000001", "000000000002", "000000000003"


def bodies(place: Workplace) -> list[Body]:
    return [body for _, _, _, body in place.vault.ledger.events()]


def refused(problem: pytest.ExceptionInfo[CannotDo]) -> str:
    return problem.value.message.key


def state_of(desk: VisitDesk, place: Workplace) -> dict[Step, StepState]:
    return {line.step: line.state for line in view(desk, place).steps}


def test_an_expired_batch_is_never_offered(place: Workplace, central: CentralSide, clock: ToldClock) -> None:
    old = [AllottedBatch("covishield", "OLD1", date(2026, 11, 20), 10)]
    place.vault.exchange.apply(central.changes(place.vault.identity.device, from_cursor=1, batches=old))
    desk = VisitDesk(place, SUNITA)
    desk.confirm_identity()
    desk.type_code("4821")
    assert state_of(desk, place)[Step.DOSE] is StepState.STOPPED
    with pytest.raises(CannotDo) as problem:
        desk.record_dose()
    assert refused(problem) == "dose.no_good_batch"
    with pytest.raises(CannotDo):
        desk.choose_batch("OLD1")


def test_a_vial_is_opened_used_up_and_followed_by_the_next(place: Workplace, central: CentralSide) -> None:
    people = [central.appointment(n, f"Person {n}", the_code="1111") for n in range(10, 22)]
    place.vault.exchange.apply(central.changes(place.vault.identity.device, people, from_cursor=1))
    for person in people:
        desk = VisitDesk(place, person.appointment)
        desk.confirm_identity()
        desk.type_code("1111")
        desk.record_dose()
    opened = [b for b in bodies(place) if isinstance(b, VialOpened)]
    assert [b.vial for b in opened] == [1, 2]
    assert [b.vial for b in bodies(place) if isinstance(b, DoseGiven)] == [1] * 10 + [2] * 2


def test_an_open_vial_is_not_drawn_from_past_its_time(place: Workplace, clock: ToldClock) -> None:
    desk = VisitDesk(place, SUNITA)
    desk.confirm_identity()
    desk.type_code("4821")
    desk.record_dose()
    draw = VisitDesk(place, RAM).draw
    assert draw is not None
    assert not draw.opens
    clock.pass_time(timedelta(hours=4))
    draw = VisitDesk(place, RAM).draw
    assert draw is not None
    assert (draw.opens, draw.vial) == (True, 2)


def test_a_chosen_batch_stays_on_the_table(place: Workplace) -> None:
    VisitDesk(place, SUNITA).choose_batch("4121Z026")
    draw = VisitDesk(place, RAM).draw
    assert draw is not None
    assert draw.batch.batch == "4121Z026"


def test_batches_that_are_at_hand_and_not_to_be_used_are_named(place: Workplace, central: CentralSide) -> None:
    def allotted(name: str, expiry: date, *, withdrawn: bool = False) -> AllottedBatch:
        return AllottedBatch("covishield", name, expiry, 10, withdrawn)

    today, later = MORNING.date(), date(2027, 6, 30)
    stock = Stock(place)
    for name in ("USED1", "LEFT1"):
        stock.receive(ReceiveForm(vaccine="covishield", batch=name, expiry=later, vials="1"))
    stock.open_vial("covishield", "USED1")
    stock.discard_open("covishield", "USED1", 1, DiscardReason.BROKEN)
    batches = [
        allotted("4121Z026", later),
        allotted("LATELY", today - timedelta(days=14)),
        allotted("LONGAGO", today - timedelta(days=15)),
        allotted("LEFT1", later, withdrawn=True),
    ]
    cursor = place.vault.exchange.cursor()
    place.vault.exchange.apply(central.changes(place.vault.identity.device, from_cursor=cursor, batches=batches))

    desk = VisitDesk(place, SUNITA)

    assert set(map(str, desk.closed_batches)) == set(
        map(
            str,
            [
                Message.of("batch.expired", batch="LATELY", day=today - timedelta(days=14)),
                Message.of("batch.withdrawn", batch="LEFT1"),
                Message.of("batch.exhausted", batch="USED1"),
            ],
        )
    )
    assert [b.batch for b in desk.batches] == ["4121Z026"]


def test_a_batch_used_up_yesterday_is_not_talked_of_any_more(place: Workplace, clock: ToldClock) -> None:
    stock = Stock(place)
    stock.receive(ReceiveForm(vaccine="covishield", batch="USED1", expiry=date(2027, 6, 30), vials="1"))
    stock.open_vial("covishield", "USED1")
    stock.discard_open("covishield", "USED1", 1, DiscardReason.BROKEN)
    assert len(VisitDesk(place, SUNITA).closed_batches) == 1
    clock.pass_time(timedelta(days=1))
    assert VisitDesk(place, SUNITA).closed_batches == ()


def test_a_vial_whose_time_goes_by_while_the_sheet_lies_open_is_said_before_another_is_opened(
    place: Workplace, clock: ToldClock
) -> None:
    Stock(place).open_vial("covishield", "4121Z025")
    desk = VisitDesk(place, SUNITA)
    desk.confirm_identity()
    desk.type_code("4821")
    assert desk.draw is not None
    assert (desk.draw.vial, desk.draw.opens) == (1, False)

    clock.pass_time(timedelta(hours=4))
    before = place.vault.ledger.head()
    with pytest.raises(CannotDo) as problem:
        desk.record_dose()
    assert problem.value.message == Message.of("dose.vial_over", batch="4121Z025", vial=1)
    assert place.vault.ledger.head() == before

    desk.record_dose()
    assert [(body.vial, body.batch) for body in bodies(place) if isinstance(body, DoseGiven)] == [(2, "4121Z025")]


def test_the_batch_that_is_open_comes_first(place: Workplace) -> None:
    Stock(place).open_vial("covishield", "4121Z026")
    desk = VisitDesk(place, SUNITA)
    assert [b.batch for b in desk.batches] == ["4121Z026", "4121Z025"]
    assert desk.opened_batches == {"4121Z026"}
