"""The carrier beside the desk: what comes, what is opened, what is thrown away, what is said of it (DESIGN 9.2)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.support.desk import TODAY, CentralSide, ToldClock
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.heading import heading
from vaccinator_app.desk.stock import ReceiveForm, Stock, StockLine
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.events import Body, DeferReason
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import Role, StaffMember
from vaccinator_app.domain.stock_events import (
    DiscardReason,
    StockReceived,
    StockTransferred,
    VialDiscarded,
    VialOpened,
    VvmStage,
)
from vaccinator_app.protocol.messages import AllottedBatch

SUNITA, RAM = "000000000001", "000000000002"
FIRST, SECOND = "4121Z025", "4121Z026"
EXPIRY = date(2027, 3, 31)
VACCINATOR = StaffMember(staff="s-devi", name="S. Devi", role=Role.VACCINATOR)


def newest(place: Workplace) -> Body:
    return list(place.vault.ledger.events())[-1][3]


def form(**changes: object) -> ReceiveForm:
    told = {"vaccine": "covishield", "batch": FIRST, "expiry": EXPIRY, "vials": "5", **changes}
    return ReceiveForm(**told)  # type: ignore[arg-type]


def line(place: Workplace, batch: str = FIRST) -> StockLine:
    return next(one for one in Stock(place).lines() if one.batch.batch == batch)


def hints(place: Workplace, batch: str = FIRST) -> list[str]:
    return [hint.key for hint in line(place, batch).hints]


def allot(place: Workplace, central: CentralSide, *batches: AllottedBatch) -> None:
    cursor = place.vault.exchange.cursor()
    place.vault.exchange.apply(central.changes(place.vault.identity.device, from_cursor=cursor, batches=list(batches)))


def refused(act: object, *arguments: object) -> Message:
    assert callable(act)
    with pytest.raises(CannotDo) as problem:
        act(*arguments)
    return problem.value.message


def dose(place: Workplace, appointment: str = SUNITA, code: str = "4821") -> None:
    desk = VisitDesk(place, appointment)
    desk.confirm_identity()
    desk.type_code(code)
    desk.record_dose()


def test_what_came_is_counted_in(place: Workplace) -> None:
    Stock(place).receive(form(vials=" १२ ", vvm=VvmStage.STAGE_2))

    assert newest(place) == StockReceived(
        vaccine="covishield", batch=FIRST, expiry=EXPIRY, vials=12, doses_per_vial=10, vvm=VvmStage.STAGE_2
    )
    assert (line(place).shelf.unopened, line(place).doses) == (12, 120)


def test_the_number_of_another_vaccines_batch_is_not_received_as_this_ones(place: Workplace) -> None:
    before = place.vault.ledger.head()
    problem = refused(Stock(place).receive, form(vaccine="covaxin", batch="4121z025"))

    assert problem == Message.of("stock.batch_of_other", batch=FIRST, known="Covishield", typed="Covaxin")
    assert place.vault.ledger.head() == before


def test_a_known_batch_needs_no_expiry_and_no_capitals(place: Workplace) -> None:
    Stock(place).receive(form(batch=" ४१२१z०२५ ", expiry=None))

    assert line(place).shelf.received == 5


def test_a_batch_keeps_the_name_that_central_gave_it(place: Workplace, central: CentralSide) -> None:
    allot(place, central, AllottedBatch("covishield", "ab-7", EXPIRY, 10))
    Stock(place).receive(form(batch="AB-7", expiry=None))

    assert [one.batch.batch for one in Stock(place).lines()] == ["ab-7"]
    assert line(place, "ab-7").shelf.received == 5


def test_a_batch_that_central_never_named(place: Workplace) -> None:
    Stock(place).receive(form(vaccine="covaxin", batch="n/1", expiry=TODAY))

    found = line(place, "N/1")
    assert (found.vaccine.id, found.batch.expiry, found.why_not) == ("covaxin", TODAY, None)
    assert "stock.expires_today" in hints(place, "N/1")


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"vaccine": "elixir"}, "stock.choose_vaccine"),
        ({"batch": "  "}, "stock.batch_name"),
        ({"batch": "B" * 33}, "stock.batch_name"),
        ({"batch": "41 21"}, "stock.batch_name"),
        ({"batch": "बैच"}, "stock.batch_name"),
        ({"batch": "B\u202e1"}, "stock.batch_name"),
        ({"vials": ""}, "stock.how_many"),
        ({"vials": "0"}, "stock.how_many"),
        ({"vials": "-3"}, "stock.how_many"),
        ({"vials": "2.5"}, "stock.how_many"),
        ({"vials": "10001"}, "stock.how_many"),
        ({"batch": "NEW1", "expiry": None}, "stock.expiry_missing"),
        ({"expiry": date(2027, 4, 30)}, "stock.two_expiries"),
        ({"batch": "NEW1", "expiry": TODAY - timedelta(days=1)}, "stock.expired_already"),
        ({"vvm": VvmStage.STAGE_3}, "stock.vvm_over"),
    ],
)
def test_what_cannot_be_received_is_said_and_nothing_is_written(
    place: Workplace, changes: dict[str, object], key: str
) -> None:
    assert refused(Stock(place).receive, form(**changes)).key == key
    assert list(place.vault.ledger.events()) == []


def test_a_batch_received_here_has_one_expiry_too(place: Workplace) -> None:
    Stock(place).receive(form(batch="NEW1", expiry=EXPIRY))

    why = refused(Stock(place).receive, form(batch="new1", expiry=EXPIRY + timedelta(days=1)))

    assert why == Message.of("stock.two_expiries", batch="NEW1", known=EXPIRY, typed=EXPIRY + timedelta(days=1))


def test_a_withdrawn_batch_is_neither_received_nor_drawn_from_and_is_not_good_in_the_heading(
    place: Workplace, central: CentralSide
) -> None:
    Stock(place).receive(form())
    allot(place, central, AllottedBatch("covishield", FIRST, EXPIRY, 10, withdrawn=True))

    assert refused(Stock(place).receive, form()).key == "batch.withdrawn"
    assert refused(Stock(place).open_vial, "covishield", FIRST).key == "batch.withdrawn"
    assert line(place).why_not == Message.of("batch.withdrawn", batch=FIRST)
    assert line(place).doses == 0
    assert VisitDesk(place, SUNITA).draw is None
    assert heading(place).vaccines == ()
    # it is set aside and goes back
    Stock(place).transfer("covishield", FIRST, "5", "District store")
    assert Stock(place).lines() == []


def test_an_expired_batch_is_told_and_may_be_thrown_away(place: Workplace, clock: ToldClock) -> None:
    Stock(place).receive(form(batch="OLD1", expiry=TODAY))
    clock.pass_time(timedelta(days=1))

    assert line(place, "OLD1").why_not == Message.of("batch.expired", batch="OLD1", day=TODAY)
    assert (line(place, "OLD1").doses, line(place, "OLD1").hints) == (0, ())
    assert refused(Stock(place).open_vial, "covishield", "OLD1").key == "batch.expired"
    Stock(place).discard_unopened("covishield", "OLD1", "5", DiscardReason.EXPIRED)
    assert newest(place) == VialDiscarded(
        vaccine="covishield", batch="OLD1", reason=DiscardReason.EXPIRED, doses=50, vials=5
    )
    assert "OLD1" not in [one.batch.batch for one in Stock(place).lines()]


def test_a_batch_that_nobody_counted_in_may_be_drawn_from_and_the_line_says_so(place: Workplace) -> None:
    assert hints(place) == ["stock.not_counted_in"]
    dose(place)
    assert hints(place) == ["stock.not_counted_in"]
    Stock(place).receive(form())
    assert hints(place) == []


def test_more_than_there_is(place: Workplace) -> None:
    stock = Stock(place)
    stock.receive(form(vials="2"))

    for act in (
        lambda: stock.discard_unopened("covishield", FIRST, "3", DiscardReason.BROKEN),
        lambda: stock.transfer("covishield", FIRST, "3", "Desk 1"),
    ):
        assert refused(act) == Message.of("stock.more_than_there", batch=FIRST, n=2)
    stock.discard_unopened("covishield", FIRST, "१", DiscardReason.BROKEN)
    stock.transfer("covishield", FIRST, "1", "Desk 1")
    assert refused(stock.transfer, "covishield", FIRST, "1", "Desk 1").key == "stock.more_than_there"


def test_a_batch_used_up_is_not_opened_again_and_leaves_the_list(place: Workplace, central: CentralSide) -> None:
    people = [central.appointment(n, f"Person {n}", the_code="1111") for n in range(10, 20)]
    place.vault.exchange.apply(central.changes(place.vault.identity.device, people, from_cursor=1))
    Stock(place).receive(form(vials="1"))
    for person in people:
        dose(place, person.appointment, "1111")

    assert refused(Stock(place).open_vial, "covishield", FIRST).key == "batch.exhausted"
    assert [one.batch.batch for one in Stock(place).lines()] == [SECOND]
    assert refused(Stock(place).discard_open, "covishield", FIRST, 1, DiscardReason.OTHER).key == "stock.vial_not_open"
    draw = VisitDesk(place, SUNITA).draw
    assert draw is not None
    assert draw.batch.batch == SECOND


def test_a_vial_opened_by_hand_is_the_one_that_is_drawn_from(place: Workplace) -> None:
    stock = Stock(place)
    stock.receive(form(batch=SECOND, expiry=None))
    stock.open_vial("covishield", SECOND)

    assert newest(place) == VialOpened(vaccine="covishield", batch=SECOND, vial=1, doses=10)
    draw = VisitDesk(place, SUNITA).draw
    assert draw is not None
    assert (draw.batch.batch, draw.vial, draw.opens, draw.left) == (SECOND, 1, False, 9)
    assert refused(stock.open_vial, "covishield", SECOND) == Message.of(
        "stock.open_already", batch=SECOND, vial=1, n=10
    )


def test_what_is_left_in_an_open_vial_is_thrown_away(place: Workplace) -> None:
    dose(place)
    (vial,) = line(place).vials
    assert vial.vial.left == 9

    Stock(place).discard_open("covishield", FIRST, 1, DiscardReason.CONTAMINATED)

    assert newest(place) == VialDiscarded(
        vaccine="covishield", batch=FIRST, reason=DiscardReason.CONTAMINATED, doses=9, vial=1
    )
    assert line(place).vials == ()
    draw = VisitDesk(place, RAM).draw
    assert draw is not None
    assert (draw.vial, draw.opens) == (2, True)
    for vaccine, batch, number in (("covishield", FIRST, 1), ("covishield", FIRST, 2), ("covishield", SECOND, 1)):
        why = refused(Stock(place).discard_open, vaccine, batch, number, DiscardReason.OTHER)
        assert why == Message.of("stock.vial_not_open", batch=batch, vial=number)


def test_a_vial_past_its_time_is_to_be_thrown_away_and_the_next_may_be_opened(
    place: Workplace, clock: ToldClock
) -> None:
    Stock(place).receive(form())
    dose(place)
    clock.pass_time(timedelta(hours=4))

    assert hints(place) == ["stock.discard_over"]
    assert line(place).vials[0].over
    assert line(place).doses == 40
    Stock(place).open_vial("covishield", FIRST)
    Stock(place).discard_open("covishield", FIRST, 1, DiscardReason.OPEN_VIAL_TIME_OVER)
    assert [one.vial.vial for one in line(place).vials] == [2]


def test_open_vial_time_is_no_reason_for_an_unopened_one(place: Workplace) -> None:
    Stock(place).receive(form())
    why = refused(Stock(place).discard_unopened, "covishield", FIRST, "1", DiscardReason.OPEN_VIAL_TIME_OVER)
    assert why.key == "stock.not_open"


def test_a_batch_that_nobody_knows(place: Workplace) -> None:
    stock = Stock(place)
    for act in (
        lambda: stock.open_vial("covishield", "X"),
        lambda: stock.open_vial("elixir", FIRST),
        lambda: stock.discard_open("covaxin", FIRST, 1, DiscardReason.OTHER),
        lambda: stock.discard_unopened("covishield", "X", "1", DiscardReason.OTHER),
        lambda: stock.transfer("covishield", "X", "1", "Desk 1"),
    ):
        assert refused(act).key == "stock.no_such_batch"


def test_only_the_in_charge_transfers_and_says_where_to(place: Workplace) -> None:
    stock = Stock(place)
    stock.receive(form())
    for to in ("", " \u202e ", "x" * 61):
        assert refused(stock.transfer, "covishield", FIRST, "1", to).key == "stock.where_to"
    stock.transfer("covishield", FIRST, "2", " CHC\nभोजपुर ")
    assert newest(place) == StockTransferred(vaccine="covishield", batch=FIRST, vials=2, to="CHC भोजपुर")
    place.staff = VACCINATOR
    assert refused(stock.transfer, "covishield", FIRST, "1", "Desk 1").key == "stock.only_in_charge"


def test_fewer_doses_than_people_is_said_once_for_the_vaccine(place: Workplace, central: CentralSide) -> None:
    people = [central.appointment(n, f"Person {n}") for n in range(10, 32)]
    place.vault.exchange.apply(central.changes(place.vault.identity.device, people, from_cursor=1))
    stock = Stock(place)
    stock.receive(form(vials="1"))
    # the second batch may hold any number of vials: nobody counted it in
    assert "stock.low" not in hints(place) + hints(place, SECOND)
    stock.receive(form(batch=SECOND, expiry=None, vials="1"))

    low = line(place, SECOND).hints[-1]
    assert low == Message.of("stock.low", n=20, people=25)
    assert "stock.low" not in hints(place)
    VisitDesk(place, SUNITA).confirm_identity()
    assert line(place, SECOND).hints[-1].params["people"] == 25
    for person in people[:5]:
        VisitDesk(place, person.appointment).defer(DeferReason.UNWELL)
    assert "stock.low" not in hints(place, SECOND)


def test_cancelled_people_and_other_days_want_no_dose(place: Workplace, central: CentralSide) -> None:
    people = [
        central.appointment(40, cancelled=True),
        central.appointment(41, day=TODAY + timedelta(days=1)),
        central.appointment(42, vaccine="covaxin"),
    ]
    place.vault.exchange.apply(central.changes(place.vault.identity.device, people, from_cursor=1))
    assert place.vault.queue.waiting(TODAY) == {"covishield": 3, "covaxin": 1}
    dose(place)
    VisitDesk(place, RAM).confirm_identity()
    assert place.vault.queue.waiting(TODAY) == {"covishield": 2, "covaxin": 1}


def test_a_batch_near_its_expiry_is_used_first_and_says_so(place: Workplace) -> None:
    soon = TODAY + timedelta(days=14)
    Stock(place).receive(form(batch="SOON1", expiry=soon))
    Stock(place).receive(form(batch="LATER1", expiry=soon + timedelta(days=1)))

    assert line(place, "SOON1").hints == (Message.of("stock.near_expiry", n=14),)
    assert hints(place, "LATER1") == []
    assert [one.batch.batch for one in Stock(place).lines()][:2] == ["SOON1", "LATER1"]
    draw = VisitDesk(place, SUNITA).draw
    assert draw is not None
    assert draw.batch.batch == "SOON1"
