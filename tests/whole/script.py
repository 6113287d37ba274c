"""A day of 600 booked people at a centre with two machines, played act by act, and 14 things that go wrong in it.

Both desks are real (vault, sync engine, the desk's own acts) and so is central behind them; only time is told. Between
the morning and the evening neither machine has a network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TypeVar

from tests.central.support import RAMPUR, TODAY, World
from tests.support.central import PASSPHRASE, Simulator
from tests.support.desk import ZONE, ToldClock, vaccines
from vaccinator_app.central.citizens.booking import Booked
from vaccinator_app.central.operations import admin
from vaccinator_app.desk import aefi, correct
from vaccinator_app.desk.enrol import NewDesk, enrol
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.observe import Observation
from vaccinator_app.desk.reconcile import Overview, Reconcile
from vaccinator_app.desk.staff import Staff
from vaccinator_app.desk.stock import ReceiveForm, Stock
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.desk.unlock import lock
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.walk_in import WalkInForm, register
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.aefi import AefiOutcome, AefiSign, Seriousness
from vaccinator_app.domain.events import DeferReason, OverrideReason, VoidReason
from vaccinator_app.domain.exceptions import ExceptionKind as Kind
from vaccinator_app.domain.people import Gender, PhotoId, Role
from vaccinator_app.domain.stock import Batch
from vaccinator_app.domain.stock_events import DiscardReason
from vaccinator_app.protocol.enrolment import read_file
from vaccinator_app.sync.engine import Engine
from vaccinator_app.trust.code import MODULUS
from vaccinator_app.trust.keyslot import FLOOR

T = TypeVar("T")

PEOPLE = 600
NO_SHOWS = 20
WALK_INS = 6
DEFERRED = 9
STAFF = ("S. Devi", "M. Khan")
OPENS = datetime.combine(TODAY, time(10), ZONE)
FIRST, SECOND, COVAXIN = "4121Z025", "4121Z077", "37F21"
"""Two batches of Covishield (ten doses a vial), and one of Covaxin (twenty)."""


@dataclass(slots=True)
class Counter:
    """One machine with its in-charge and its vaccinator, and who is at it now."""

    name: str
    home: Path
    clock: ToldClock
    simulator: Simulator
    unlock: Unlock
    place: Workplace
    watched: list[tuple[datetime, str]] = field(default_factory=list)

    def switch(self, who: int) -> None:
        """Lock, and let another of the staff unlock: 0 is the in-charge, 1 the vaccinator."""
        lock(self.place)
        self.place = self.unlock.open(self.unlock.people()[who].staff, PASSPHRASE).place

    def sync(self) -> None:
        """The network is there for once."""
        Engine(desk_of(self.place.vault), self.place.vault.exchange, self.simulator).run()

    def at(self, moment: datetime) -> None:
        """Wait until then; whoever has been watched for half an hour goes home."""
        while self.watched and self.watched[0][0] <= moment:
            until, appointment = self.watched.pop(0)
            self._wait(until)
            Observation(self.place).end(appointment)
        self._wait(moment)

    def _wait(self, moment: datetime) -> None:
        self.clock.pass_time(max(timedelta(0), moment - self.clock.moment))

    def dose(self, appointment: str, code: str | None, *, watch: bool = True) -> VisitDesk:
        """A visit from identity to dose. Without a code: a walk-in, or somebody the in-charge lets pass."""
        desk = VisitDesk(self.place, appointment)
        desk.confirm_identity()
        if code is not None:
            assert desk.type_code(code)
        desk.record_dose()
        if watch and desk.visit.observe_until is not None:
            self.watched.append((desk.visit.observe_until, appointment))
        return desk

    def unwatch(self, appointment: str) -> None:
        """Nobody looks after this person's clock any more."""
        self.watched = [one for one in self.watched if one[1] != appointment]


@dataclass(slots=True)
class PlayedDay:
    """The whole day. ``planted``: what went wrong, in order, each with the exceptions that must come of it."""

    world: World
    counters: list[Counter]
    booked: list[Booked]
    planted: dict[str, set[tuple[Kind, str]]] = field(default_factory=dict)

    @property
    def first(self) -> Counter:
        return self.counters[0]

    @property
    def second(self) -> Counter:
        return self.counters[1]

    def overview(self, counter: Counter, of: date = TODAY) -> Overview:
        found = Reconcile(counter.place).overview(of)
        assert found is not None
        return found

    def close(self) -> None:
        for counter in self.counters:
            counter.place.vault.close()


def book(world: World, people: int = PEOPLE) -> list[Booked]:
    """Everybody books, four to a mobile; one in six wants Covaxin."""
    admin.add_session(world.home, RAMPUR, TODAY, "covishield", starts=time(14), count=8, capacity=1000)
    admin.add_session(world.home, RAMPUR, TODAY, "covaxin", starts=time(15), count=4, capacity=1000)
    for vaccine, name, doses in (("covishield", SECOND, 10), ("covaxin", COVAXIN, 20)):
        batch = Batch(vaccine=vaccine, batch=name, expiry=date(2027, 5, 31), doses_per_vial=doses)
        admin.allot_batch(world.home, RAMPUR, batch)
    found: list[Booked] = []
    token = ""
    for number in range(people):
        if number % 4 == 0:
            token = world.sign_in(f"97{number:08d}")
        covaxin = number % 6 == 5
        slot = time(15, 15 * (number % 4)) if covaxin else _slot(number, people)
        vaccine = "covaxin" if covaxin else "covishield"
        found.append(world.bookings.book(token, world.form(slot=f"{slot:%H:%M}", vaccine=vaccine)))
    world.drain.run()
    return found


def _slot(number: int, people: int) -> time:
    """The slots of morning and afternoon, filled in turn."""
    place = number * 20 // people
    minutes = 600 + 15 * place if place < 12 else 840 + 15 * (place - 12)
    return time(minutes // 60, minutes % 60)


def _always(this: T) -> Callable[[object], T]:
    return lambda _: this


def set_up(world: World, folder: Path, booked: list[Booked]) -> PlayedDay:
    """Two machines enrolled, their roster pulled, their vials counted in; a quarter to ten."""
    counters = []
    begins = OPENS - timedelta(minutes=15)
    # central's clock says the same: a desk notices when its own does not
    world.clock.now = begins.astimezone(UTC)
    for number, name in enumerate(("Desk 1", "Desk 2")):
        clock = ToldClock(moment=begins, name=f"boot000{number}")
        simulator, home = Simulator(world.api), folder / f"home{number}"
        file = read_file(admin.create_enrolment_file(world.home, world.clock, RAMPUR, "https://127.0.0.1:1"))
        in_charge = ("R. Sharma", "A. Verma")[number]
        desk = NewDesk(device_name=name, in_charge_name=in_charge, passphrase=PASSPHRASE, kdf=FLOOR)
        enrol(home, file, desk, _always(simulator), clock.now())
        unlock = Unlock(home, vaccines(), _always(clock))
        opened = unlock.open(unlock.people()[0].staff, PASSPHRASE)
        Staff(opened.place).add(STAFF[number], Role.VACCINATOR, PASSPHRASE, FLOOR)
        counter = Counter(name, home, clock, simulator, unlock, opened.place)
        counter.sync()
        stock = Stock(counter.place)
        for vaccine, batch, vials in (("covishield", FIRST, 24), ("covishield", SECOND, 12), ("covaxin", COVAXIN, 8)):
            stock.receive(ReceiveForm(vaccine=vaccine, batch=batch, expiry=None, vials=str(vials)))
        counter.switch(1)
        counters.append(counter)
    return PlayedDay(world, counters, booked)


def play(day: PlayedDay) -> None:
    """From ten to the evening, offline. People alternate between the machines; each mishap has its own person."""
    mishaps = mishaps_of(day)
    coming = day.booked[: len(day.booked) - NO_SHOWS]
    step = timedelta(hours=6) / len(coming)
    for place, person in enumerate(coming):
        counter = day.counters[place % 2]
        counter.at(max(counter.clock.moment, OPENS + place * step))
        mishap = mishaps.get(place)
        if mishap is not None:
            mishap(counter, person)
        elif place % 67 == 60:
            VisitDesk(counter.place, person.reference).defer(DeferReason.UNWELL)
        else:
            counter.dose(person.reference, person.code)
        if place % 100 == 99:
            walk_in(counter, place)
    evening(day)


def evening(day: PlayedDay) -> None:
    """Everybody's half hour is over, and what is left in open vials is thrown away."""
    for counter in day.counters:
        counter.at(max(counter.clock.moment, OPENS + timedelta(hours=6, minutes=45)))
        stock = Stock(counter.place)
        for line in stock.lines():
            for opened in line.vials:
                if opened.vial.left:
                    reason = DiscardReason.OPEN_VIAL_TIME_OVER
                    stock.discard_open(line.vaccine.id, line.batch.batch, opened.vial.vial, reason)


def meet(day: PlayedDay) -> None:
    """The network is back: each machine sends its day, then hears of the other's and of central's answers."""
    latest = max(counter.clock.moment for counter in day.counters)
    day.world.clock.now = latest
    for _ in range(2):
        for counter in day.counters:
            counter.sync()


def walk_in(counter: Counter, number: int) -> str:
    form = WalkInForm(
        name=f"Ramesh Chand {number}",
        year_of_birth=str(1950 + number % 40),
        gender=Gender.MAN,
        photo_id=PhotoId.VOTER_ID,
        photo_id_last4=f"{number:04d}",
        mobile="",
        vaccine="covishield",
        dose=1,
    )
    appointment = register(form, counter.place)
    counter.dose(appointment, None)
    return appointment


Mishap = Callable[[Counter, Booked], None]


def mishaps_of(day: PlayedDay) -> dict[int, Mishap]:
    """What goes wrong with the person at each place of the line (even places are at the first machine)."""
    absent = day.booked[-1]

    def no_show_marked(counter: Counter, person: Booked) -> None:
        counter.dose(person.reference, person.code)
        # somebody gave the code of a neighbour who stayed at home, and was found out
        desk = counter.dose(absent.reference, absent.code)
        desk.void(VoidReason.NEVER_CAME)
        counter.unwatch(absent.reference)
        day.planted["no-show marked and voided"] = {(Kind.VOIDED, absent.reference)}

    def wrong_batch(counter: Counter, person: Booked) -> None:
        desk = counter.dose(person.reference, person.code)
        desk.correct(correct.Correction(batch=SECOND))
        day.planted["wrong batch"] = {(Kind.CORRECTED, person.reference)}

    def broken_vial(counter: Counter, person: Booked) -> None:
        Stock(counter.place).discard_unopened("covishield", SECOND, "1", DiscardReason.BROKEN)
        counter.dose(person.reference, person.code)
        day.planted["broken vial"] = {(Kind.VIAL_LOST, SECOND)}

    def swapped_people(counter: Counter, person: Booked) -> None:
        other = day.booked[day.booked.index(person) + 2]
        wrong = counter.dose(other.reference, other.code)
        wrong.void(VoidReason.WRONG_PERSON)
        counter.unwatch(other.reference)
        counter.dose(person.reference, person.code)
        day.planted["swapped people"] = {(Kind.VOIDED, other.reference)}

    def code_exhausted(counter: Counter, person: Booked) -> None:
        desk = VisitDesk(counter.place, person.reference)
        desk.confirm_identity()
        for wrong in range(1, 4):
            assert not desk.type_code(f"{(int(person.code) + wrong) % 10_000:04d}")
        desk.close()
        day.planted["codes run out"] = {(Kind.CODE_EXHAUSTED, person.reference)}

    def override(counter: Counter, person: Booked) -> None:
        counter.switch(0)
        desk = VisitDesk(counter.place, person.reference)
        desk.grant_override(OverrideReason.SMS_NOT_RECEIVED)
        desk.close()
        counter.switch(1)
        counter.dose(person.reference, None)
        day.planted["let go on without a code"] = {(Kind.OVERRIDE, person.reference)}

    def guessed_code(counter: Counter, person: Booked) -> None:
        code = int(person.code)
        guess = code + MODULUS if code + MODULUS < 10_000 else code - MODULUS
        counter.dose(person.reference, f"{guess:04d}")
        day.planted["guessed code"] = {(Kind.HELD, person.reference)}

    def two_machines(counter: Counter, person: Booked) -> None:
        other = day.counters[1 - day.counters.index(counter)]
        counter.dose(person.reference, person.code)
        other.at(max(other.clock.moment, counter.clock.moment + timedelta(minutes=3)))
        other.dose(person.reference, person.code)
        # central holds the second one too: one record, one exception
        day.planted["dosed at both machines"] = {(Kind.DUPLICATE, person.reference)}

    def wrong_vaccine(counter: Counter, person: Booked) -> None:
        desk = counter.dose(person.reference, person.code)
        desk.correct(correct.Correction(vaccine="covaxin", batch=COVAXIN))
        day.planted["wrong vaccine"] = {(kind, person.reference) for kind in (Kind.CORRECTED, Kind.AGAINST_RULE)}

    def clock_set(counter: Counter, person: Booked) -> None:
        counter.dose(person.reference, person.code)
        counter.clock.moment += timedelta(minutes=10)
        day.planted["clock set forward"] = {(Kind.CLOCK, counter.name)}

    def never_ended(counter: Counter, person: Booked) -> None:
        counter.dose(person.reference, person.code, watch=False)
        day.planted["observation not ended"] = {(Kind.OBSERVATION, person.reference)}

    def adverse_event(counter: Counter, person: Booked) -> None:
        counter.dose(person.reference, person.code)
        counter.at(counter.clock.moment + timedelta(seconds=20))
        form = aefi.AefiForm(
            onset=counter.clock.moment,
            signs=(AefiSign.ANAPHYLAXIS,),
            seriousness=Seriousness.LIFE_THREATENING,
            outcome=AefiOutcome.RECOVERING,
            story="Swelling of the face, short of breath.",
            referred=True,
        )
        aefi.report(form, counter.place, person.reference)
        counter.unwatch(person.reference)
        day.planted["serious adverse event"] = {(Kind.AEFI, person.reference)}

    return {
        20: no_show_marked,
        42: wrong_batch,
        64: broken_vial,
        91: swapped_people,
        120: code_exhausted,
        145: override,
        182: guessed_code,
        210: two_machines,
        242: wrong_vaccine,
        281: clock_set,
        302: never_ended,
        330: adverse_event,
    }
