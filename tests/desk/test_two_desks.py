"""Two desks of one centre, each offline until both sync: what they know of each other, the close, the OTP (7.3)."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.central.support import RAMPUR, TODAY, World, make_home
from tests.support.central import PASSPHRASE, Simulator
from tests.support.desk import ToldClock, vaccines
from tests.whole.script import Counter
from vaccinator_app.central.citizens.booking import Booked
from vaccinator_app.central.operations import admin
from vaccinator_app.desk import closing
from vaccinator_app.desk.closing import Counted
from vaccinator_app.desk.confirm import ask_for_otp, give_otp
from vaccinator_app.desk.correct import Correction
from vaccinator_app.desk.enrol import NewDesk, enrol
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.observe import Observation
from vaccinator_app.desk.reconcile import Overview, Reconcile
from vaccinator_app.desk.settle import settle
from vaccinator_app.desk.stock import ReceiveForm, Stock
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.visit_view import Step, StepState, view
from vaccinator_app.desk.walk_in import WalkInForm, register
from vaccinator_app.domain.closing_events import SettleReason, VarianceReason
from vaccinator_app.domain.events import DeferReason, EarlyReason, OverrideReason, VoidReason
from vaccinator_app.domain.exceptions import Act, ExceptionKind
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import Role, StaffMember
from vaccinator_app.domain.stock_events import DiscardReason
from vaccinator_app.protocol.enrolment import read_file
from vaccinator_app.protocol.messages import ConfirmState
from vaccinator_app.sync.engine import Engine
from vaccinator_app.trust.code import MODULUS
from vaccinator_app.trust.keyslot import FLOOR

FIRST, SECOND = "4121Z025", "4121Z077"
PHONE = "9800000777"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Booked]]:
    folder = tmp_path_factory.mktemp("two")
    make_home(folder / "central")
    world = World(folder / "central", admin.open_home(folder / "central"))
    people = [world.book(PHONE if n == 0 else None, slot="10:00") for n in range(8)]
    world.home.database.close()
    return folder / "central", people


@pytest.fixture
def world(made: tuple[Path, list[Booked]], tmp_path: Path) -> Iterator[World]:
    shutil.copytree(made[0], tmp_path / "central")
    opened = World(tmp_path / "central", admin.open_home(tmp_path / "central"))
    yield opened
    opened.home.database.close()


@pytest.fixture
def people(made: tuple[Path, list[Booked]]) -> list[Booked]:
    return made[1]


def _reach(simulator: Simulator) -> Callable[[object], Simulator]:
    return lambda _: simulator


def _told(clock: ToldClock) -> Callable[[object], ToldClock]:
    return lambda _: clock


@pytest.fixture
def desks(world: World, tmp_path: Path) -> Iterator[list[Counter]]:
    """Both opened by their in-charges, with the roster and five vials each of two batches."""
    counters = []
    for number, name in enumerate(("Desk 1", "Desk 2")):
        clock, simulator, home = ToldClock(name=f"boot000{number}"), Simulator(world.api), tmp_path / f"home{number}"
        file = read_file(admin.create_enrolment_file(world.home, world.clock, RAMPUR, "https://127.0.0.1:1"))
        desk = NewDesk(device_name=name, in_charge_name="R. Sharma", passphrase=PASSPHRASE, kdf=FLOOR)
        enrol(home, file, desk, _reach(simulator), clock.now())
        unlock = Unlock(home, vaccines(), _told(clock))
        opened = unlock.open(unlock.people()[0].staff, PASSPHRASE)
        counter = Counter(name, home, clock, simulator, unlock, opened.place)
        counter.sync()
        for batch, expiry in ((FIRST, None), (SECOND, TODAY + timedelta(days=200))):
            Stock(counter.place).receive(ReceiveForm(vaccine="covishield", batch=batch, expiry=expiry, vials="5"))
        counters.append(counter)
    yield counters
    for counter in counters:
        counter.place.vault.close()


def overview(counter: Counter) -> Overview:
    found = Reconcile(counter.place).overview(TODAY)
    assert found is not None
    return found


def meet(world: World, desks: list[Counter], times: int = 2) -> None:
    world.clock.now = max(counter.clock.moment for counter in desks)
    for _ in range(times):
        for counter in desks:
            counter.sync()


def step(desk: VisitDesk, counter: Counter, which: Step) -> tuple[StepState, str]:
    found = next(line for line in view(desk, counter.place).steps if line.step is which)
    return found.state, found.words.key


def test_both_work_offline_and_count_the_same_afterwards(
    world: World, desks: list[Counter], people: list[Booked]
) -> None:
    first, second = desks
    for number, person in enumerate(people[:6]):
        desks[number % 2].dose(person.reference, person.code)
    VisitDesk(first.place, people[6].reference).defer(DeferReason.UNWELL)
    alone = [overview(counter).tally for counter in desks]
    assert [one.total.given for one in alone] == [3, 3]
    assert "machine.never_heard" not in [warning.key for warning in overview(first).warnings]

    meet(world, desks)

    together = [overview(counter).tally for counter in desks]
    assert together[0] == together[1]
    assert together[0].total.given == sum(one.total.given for one in alone) == 6
    assert together[0].total.deferred == 1
    assert together[0].total.no_show == 1
    stock = {batch.batch: (batch.received, batch.opened, batch.given) for batch in together[0].stock}
    assert stock == {FIRST: (10, 2, 6), SECOND: (10, 0, 0)}
    assert [machine.name for machine in overview(second).book.machines] == ["Desk 2", "Desk 1"]
    assert [warning.key for warning in overview(first).warnings] == ["machine.heard_at"]


def test_a_person_dosed_at_one_desk_is_told_at_the_other_before_the_code(
    world: World, desks: list[Counter], people: list[Booked]
) -> None:
    first, second = desks
    first.dose(people[0].reference, people[0].code)
    meet(world, desks, times=1)

    desk = VisitDesk(second.place, people[0].reference)
    desk.confirm_identity()

    assert step(desk, second, Step.ELIGIBLE) == (StepState.STOPPED, "eligible.already_given")
    assert step(desk, second, Step.CODE)[0] is StepState.LATER
    assert view(desk, second.place).now is None


def test_a_dose_that_central_holds_is_told_at_the_other_desk_and_stops_nobody(
    world: World, desks: list[Counter], people: list[Booked]
) -> None:
    first, second = desks
    code = int(people[0].code)
    guess = code + MODULUS if code + MODULUS < 10_000 else code - MODULUS
    first.dose(people[0].reference, f"{guess:04d}")
    meet(world, desks, times=1)

    desk = VisitDesk(second.place, people[0].reference)
    desk.confirm_identity()
    found = next(line for line in view(desk, second.place).steps if line.step is Step.ELIGIBLE)
    assert found.words == Message.of("visit.dosed_elsewhere", desk="Desk 1", at=first.clock.moment)
    assert view(desk, second.place).now is Step.CODE
    assert VisitDesk(second.place, people[1].reference).elsewhere is None

    VisitDesk(first.place, people[0].reference).void(VoidReason.NEVER_CAME)
    meet(world, desks, times=1)
    assert VisitDesk(second.place, people[0].reference).elsewhere is None


def test_a_day_is_counted_signed_amended_and_never_closed_twice(
    world: World, desks: list[Counter], people: list[Booked]
) -> None:
    first, second = desks
    for number, person in enumerate(people[:4]):
        desks[number % 2].dose(person.reference, person.code)
    meet(world, desks)
    counted = {(b.vaccine, b.batch): Counted(str(b.unopened)) for b in overview(first).tally.stock}

    for typed in ("", "-1", "२.५", "many"):
        with pytest.raises(CannotDo) as problem:
            closing.prepare(first.place, overview(first), counted | {("covishield", FIRST): Counted(typed)})
        assert problem.value.message == Message.of("close.count_missing", batch=FIRST)
    with pytest.raises(CannotDo) as problem:
        closing.prepare(first.place, overview(first), counted | {("covishield", FIRST): Counted("7")})
    assert problem.value.message.key == "close.why_missing"
    explained = counted | {("covishield", FIRST): Counted("७", VarianceReason.BROKEN_UNRECORDED)}
    before = first.place.vault.ledger.head()
    plan = closing.prepare(first.place, overview(first), explained)
    assert first.place.vault.ledger.head() == before

    # somebody goes on working between the two steps
    first.dose(people[4].reference, people[4].code)
    with pytest.raises(CannotDo) as problem:
        closing.close(first.place, plan)
    assert problem.value.message.key == "close.moved_on"
    plan = closing.prepare(first.place, overview(first), explained)
    closing.close(first.place, plan)
    closed = overview(first)
    assert closed.closed is not None
    assert (closed.closed.amendment, closed.late, closed.agreed) == (0, (), None)
    with pytest.raises(CannotDo) as problem:
        closing.prepare(first.place, closed, explained)
    assert problem.value.message.key == "close.nothing_new"
    with pytest.raises(CannotDo) as problem:
        closing.close(first.place, plan)
    assert problem.value.message.key == "close.moved_on"
    meet(world, desks)
    assert [overview(counter).agreed for counter in desks] == [True, True]

    # a closed day turns nobody away: the record is late, at both desks
    second.dose(people[5].reference, people[5].code)
    assert [one.body.KIND for one in overview(second).late] == ["arrived", "dose_given"]
    assert ExceptionKind.LATE in {one.kind for one in overview(second).open}
    meet(world, desks)
    assert [one.body.KIND for one in overview(first).late] == ["arrived", "dose_given"]
    closing.close(first.place, closing.prepare(first.place, overview(first), explained))
    amended = overview(first)
    assert amended.closed is not None
    assert (amended.closed.amendment, amended.late) == (1, ())
    assert amended.closed.tally.total.given == 6
    assert ExceptionKind.LATE not in {one.kind for one in amended.open}


def test_only_the_in_charge_reconciles_and_closes_and_not_while_recording_has_stopped(desks: list[Counter]) -> None:
    place = desks[0].place
    seen = overview(desks[0])
    place.disagreement = Message.of("sync.forked", seq=1)
    with pytest.raises(CannotDo) as problem:
        closing.prepare(place, seen, {})
    assert problem.value.message.key == "sync.forked"
    place.staff = StaffMember(staff="s-devi", name="S. Devi", role=Role.VACCINATOR)
    for act in (
        lambda: closing.prepare(place, seen, {}),
        lambda: Reconcile(place).overview(TODAY),
        lambda: ask_for_otp(place, lambda _: desks[0].simulator, "d1", 1),
        lambda: give_otp(place, lambda _: desks[0].simulator, "d1", 1, "123456"),
    ):
        with pytest.raises(CannotDo) as problem:
            act()
        assert problem.value.message.key in ("reconcile.only_in_charge", "may.ask_person")


def test_the_persons_own_word_takes_the_place_of_the_code(
    world: World, desks: list[Counter], people: list[Booked]
) -> None:
    first, second = desks
    desk = VisitDesk(first.place, people[0].reference)
    desk.confirm_identity()
    desk.grant_override(OverrideReason.SMS_NOT_RECEIVED)
    seq = desk.record_dose().seq
    meet(world, desks)
    assert view(desk, first.place).record == Message.of("record.awaits_otp", at=first.clock.moment)
    device = first.place.vault.identity.device
    assert ExceptionKind.OVERRIDE in {one.kind for one in overview(second).open}

    def connect(_: object) -> Simulator:
        return second.simulator

    before = len(world.inbox(PHONE))
    # asked for at the other desk: the person may have gone there
    assert ask_for_otp(second.place, connect, device, seq) is ConfirmState.SENT
    (otp,) = re.findall(r"\b\d{6}\b", "\n".join(world.inbox(PHONE)[before:]))
    for typed in ("12345", "1234567", "12 34 56", "abcdef"):
        with pytest.raises(CannotDo) as problem:
            give_otp(second.place, connect, device, seq, typed)
        assert problem.value.message.key == "confirm.six_digits"
    wrong = f"{(int(otp) + 1) % 1_000_000:06d}"
    assert give_otp(second.place, connect, device, seq, wrong) is ConfirmState.WRONG
    typed = "".join(chr(ord("०") + int(digit)) for digit in otp)
    assert give_otp(second.place, connect, device, seq, f" {typed} ") is ConfirmState.CONFIRMED
    meet(world, desks)
    assert view(desk, first.place).record == Message.of("record.confirmed", at=first.clock.moment)


def test_an_overview_that_was_broken_off_is_read_anew(desks: list[Counter], people: list[Booked]) -> None:
    first = desks[0]
    first.dose(people[0].reference, people[0].code)
    reconcile = Reconcile(first.place)
    assert reconcile.overview(TODAY, cancelled=lambda: True) is None
    seen: list[tuple[int, int]] = []
    found = reconcile.overview(TODAY, report=lambda done, of: seen.append((done, of)))
    assert found is not None
    assert found.tally == overview(first).tally
    assert seen[-1][0] == seen[-1][1] > 0
    yesterday = reconcile.overview(TODAY - timedelta(days=1))
    assert yesterday is not None
    assert yesterday.tally.total.given == 0
    assert reconcile.overview(TODAY) == found


def _acts(counter: Counter, people: list[Booked], chance: random.Random) -> list[Callable[[], object]]:
    """What somebody may do next at this desk; much of it will be refused."""
    place, person = counter.place, chance.choice(people)
    stock, batch = Stock(place), chance.choice((FIRST, SECOND))

    def desk() -> VisitDesk:
        return VisitDesk(place, person.reference)

    def settle_one() -> None:
        found = [one for one in overview(counter).open if Act.EXPLAIN in one.acts]
        settle(place, chance.choice(found), Act.EXPLAIN, SettleReason.STAFF_MISTAKE)

    def close() -> None:
        seen = overview(counter)
        counts = {(b.vaccine, b.batch): Counted(str(max(0, b.unopened))) for b in seen.tally.stock}
        closing.close(place, closing.prepare(place, seen, counts))

    def walk_in() -> None:
        form = WalkInForm(name="Ram", year_of_birth="1970", photo_id_last4="1234", vaccine="covishield")
        counter.dose(register(form, place), None)

    return [
        *[lambda: counter.dose(person.reference, person.code)] * 4,
        lambda: desk().void(chance.choice(list(VoidReason))),
        lambda: desk().correct(Correction(batch=batch, dose=chance.choice((None, 2)))),
        lambda: desk().defer(DeferReason.UNWELL),
        lambda: desk().grant_override(OverrideReason.OTHER),
        lambda: desk().type_code("0000"),
        walk_in,
        lambda: stock.open_vial("covishield", batch),
        lambda: stock.discard_unopened("covishield", batch, "1", DiscardReason.BROKEN),
        lambda: stock.transfer("covishield", batch, "1", "Store"),
        lambda: Observation(place).end(person.reference, EarlyReason.WORK),
        lambda: counter.clock.pass_time(timedelta(minutes=chance.randrange(40))),
        settle_one,
        close,
        lambda: Engine(desk_of(place.vault), place.vault.exchange, counter.simulator).run(),
    ]


@pytest.mark.parametrize("seed", range(4))
def test_what_is_read_bit_by_bit_is_what_is_read_at_once(
    world: World, desks: list[Counter], people: list[Booked], seed: int
) -> None:
    chance = random.Random(seed)
    bit_by_bit = [Reconcile(counter.place) for counter in desks]
    done = 0
    for _ in range(60):
        place = chance.randrange(2)
        world.clock.now = max(counter.clock.moment for counter in desks)
        try:
            chance.choice(_acts(desks[place], people, chance))()
            done += 1
        except (CannotDo, IndexError):
            continue
        if chance.random() < 0.4:
            found, fresh = bit_by_bit[place].overview(TODAY), overview(desks[place])
            assert found is not None
            assert sorted(one.name for one in found.book.happened) == sorted(one.name for one in fresh.book.happened)
            assert (found.tally, found.exceptions, found.close) == (fresh.tally, fresh.exceptions, fresh.close)
            assert (found.late, found.agreed, found.warnings) == (fresh.late, fresh.agreed, fresh.warnings)
    assert done > 20
