"""Lists, search and the scanned slip (DESIGN 6.4, 9.2, 9.4)."""

from __future__ import annotations

from datetime import timedelta

from tests.support.desk import CENTRE, TODAY, CentralSide
from vaccinator_app.desk.queue import Pile, Queue
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.message import Message

SUNITA, RAM = "000000000001", "000000000002"


def test_a_person_moves_from_list_to_list(place: Workplace) -> None:
    queue = Queue(place)
    assert queue.counts() == {
        Pile.EXPECTED: 3, Pile.ARRIVED: 0, Pile.OBSERVING: 0, Pile.DONE: 0, Pile.ATTENTION: 0
    }  # fmt: skip
    desk = VisitDesk(place, SUNITA)
    desk.confirm_identity()
    assert [line.row.appointment for line in queue.lines(Pile.ARRIVED)] == [SUNITA]
    desk.type_code("4821")
    desk.record_dose()
    assert queue.counts()[Pile.OBSERVING] == 1
    assert queue.counts()[Pile.EXPECTED] == 2


def test_a_third_wrong_code_puts_the_person_where_somebody_looks(place: Workplace) -> None:
    desk = VisitDesk(place, SUNITA)
    for wrong in ("0001", "0002", "0003"):
        desk.type_code(wrong)
    assert [line.row.appointment for line in Queue(place).lines(Pile.ATTENTION)] == [SUNITA]


def test_names_are_masked_in_lists(place: Workplace) -> None:
    names = {line.name for line in Queue(place).lines(Pile.EXPECTED)}
    assert names == {"Sunita K•", "Ram P•", "Lakshmi I•"}


def test_three_letters_find_a_person(place: Workplace) -> None:
    assert [line.row.appointment for line in Queue(place).search("sun")] == [SUNITA]
    assert [line.row.appointment for line in Queue(place).search("kum")] == [SUNITA]
    assert Queue(place).search("  ") == []


def test_nobody_is_found_by_mobile(place: Workplace) -> None:
    assert Queue(place).search("7001") == []
    assert [line.row.appointment for line in Queue(place).search("4001")] == [SUNITA]


def test_own_slip_opens_the_person(place: Workplace, central: CentralSide) -> None:
    scan = Queue(place).scan(central.slip(1))
    assert scan is not None
    assert scan.slip is not None
    assert scan.slip.appointment == SUNITA


def test_a_slip_typed_through_a_hindi_keyboard(place: Workplace, central: CentralSide) -> None:
    hindi = central.slip(1).translate(str.maketrans("0123456789", "०१२३४५६७८९"))
    scan = Queue(place).scan(hindi + "\n")
    assert scan is not None
    assert scan.slip is not None


def test_a_slip_of_another_centre_says_whose_it_is(place: Workplace, central: CentralSide) -> None:
    scan = Queue(place).scan(central.slip(1, centre="091043"))
    assert scan is not None
    assert scan.problem == Message.of("scan.other_centre", centre="CHC Bhojpur", day=TODAY)


def test_a_slip_of_another_day(place: Workplace, central: CentralSide) -> None:
    tomorrow = TODAY + timedelta(days=1)
    scan = Queue(place).scan(central.slip(1, day=tomorrow))
    assert scan is not None
    assert scan.problem == Message.of("scan.other_day", day=tomorrow)


def test_a_slip_cut_short_or_changed(place: Workplace, central: CentralSide) -> None:
    whole = central.slip(1)
    for broken in (whole[:-1], whole[:-1] + str((int(whole[-1]) + 1) % 10)):
        scan = Queue(place).scan(broken)
        assert scan is not None
        assert scan.problem == Message.of("scan.unreadable")


def test_a_slip_this_desk_has_not_heard_of(place: Workplace, central: CentralSide) -> None:
    scan = Queue(place).scan(central.slip(77, centre=CENTRE))
    assert scan is not None
    assert scan.problem == Message.of("scan.not_on_roster")


def test_typing_is_not_scanning(place: Workplace) -> None:
    for text in ("4821", "71", "Sunita", "7100000000"):
        assert Queue(place).scan(text) is None


def test_who_is_next(place: Workplace) -> None:
    queue = Queue(place)
    assert queue.next_arrived() is None
    VisitDesk(place, RAM).confirm_identity()
    assert queue.next_arrived() == RAM
    assert queue.next_arrived(after=RAM) is None
