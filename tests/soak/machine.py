"""One desk in a process of its own, its clock told: ``python -m tests.soak.machine HOME``.

Through the desk's own acts, vault and HTTPS client; after each act it says where its ledger ends, as a screen would say
saved. Told to do an act again after it was killed, it does what is missing of it, as a person would who looks at the
sheet.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zlib import crc32

from tests.soak.child import Told, memory, say, serve, sizes
from tests.soak.line import Line
from tests.soak.plan import Act, Kind
from tests.soak.reference import reference, reference_now
from tests.support.central import PASSPHRASE
from tests.support.desk import ZONE, vaccines
from vaccinator_app.desk import aefi, closing, correct
from vaccinator_app.desk.after_sync import after_run
from vaccinator_app.desk.closing import Counted
from vaccinator_app.desk.enrol import NewDesk, enrol
from vaccinator_app.desk.errors import CannotDo
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
from vaccinator_app.domain.events import DeferReason, VoidReason
from vaccinator_app.domain.people import Gender, PhotoId, Role
from vaccinator_app.domain.stock_events import DiscardReason
from vaccinator_app.domain.visits import VisitState
from vaccinator_app.protocol.enrolment import read_file
from vaccinator_app.sync.driver import DriverStatus
from vaccinator_app.sync.engine import Engine
from vaccinator_app.sync.errors import SyncError
from vaccinator_app.sync.http import HttpCentral
from vaccinator_app.trust import slip
from vaccinator_app.trust.code import MODULUS
from vaccinator_app.trust.keyslot import FLOOR

FIRST, SECOND = "4121Z025", "4121Z077"
NO_PORT = "https://127.0.0.1:1"
"""Where nobody answers: the line is down."""

_SWITCHED_ON = timedelta(hours=7)


@dataclass(slots=True)
class DayClock:
    """Told the time; a machine that is switched on at seven each morning."""

    moment: datetime = datetime(2000, 1, 1, tzinfo=ZONE)

    def now(self) -> datetime:
        return self.moment

    def boot(self) -> str:
        return f"day{self.moment.toordinal() % 100_000:05d}"

    def uptime_ms(self) -> int:
        midnight = self.moment.replace(hour=0, minute=0, second=0, microsecond=0)
        return max(0, int((self.moment - midnight - _SWITCHED_ON).total_seconds() * 1000))


class Machine:
    """The desk, and who is at it."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._clock = DayClock()
        self._unlock = Unlock(home, vaccines(), lambda _: self._clock)
        self._open: Workplace | None = None
        self._who = 0
        self._authority = ""
        self._watched: list[tuple[datetime, str]] = []
        self._doses: list[float] = []
        self._visits: list[float] = []
        self._references: list[float] = []

    @property
    def place(self) -> Workplace:
        assert self._open is not None
        return self._open

    def act(self, do: str, told: Told) -> Told:
        self._clock.moment = max(self._clock.moment, _moment(told["now"]))
        found: Told = getattr(self, f"do_{do}")(told)
        if told.get("die_in") is not None or told.get("die") is not None:
            # the shot is still to come
            threading.Event().wait()
        return found

    # Keys

    def do_enrol(self, told: Told) -> Told:
        """A new machine: its in-charge and two vaccinators."""
        file = read_file(Path(told["file"]).read_bytes())
        desk = NewDesk(device_name=told["name"], in_charge_name=told["staff"][0], passphrase=PASSPHRASE, kdf=FLOOR)
        enrol(self._home, file, desk, lambda f: HttpCentral(f.address, f.authority), self._clock.now())
        self._come(0)
        for name in told["staff"][1:]:
            Staff(self.place).add(name, Role.VACCINATOR, PASSPHRASE, FLOOR)
        device = self.place.vault.identity.device
        self._leave()
        return {"device": device}

    def do_unlock(self, told: Told) -> Told:
        return self._come(told["who"])

    def do_lock(self, told: Told) -> Told:
        self._leave()
        return {}

    def _come(self, who: int) -> Told:
        """Unlock: most of it is that the file is read whole and compared with its seal."""
        wall, cpu = time.perf_counter(), time.process_time()
        people = self._unlock.people()
        self._open = self._unlock.open(people[who].staff, PASSPHRASE).place
        took = {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        self._who = who
        self._authority = self.place.vault.identity.authority
        watched = self.place.vault.queue.observing()
        self._watched = [(row.observe_until, row.appointment) for row in watched if row.observe_until is not None]
        words = [m.key for m in (self.place.file_words, self.place.clock_words, self.place.disagreement) if m]
        return {**took, "bytes": (self._home / "vault.db").stat().st_size, "words": words}

    def _leave(self, *, idle: bool = False) -> None:
        lock(self.place, idle=idle)
        self._open = None

    # The day

    def do_receive(self, told: Told) -> Told:
        for batch, vials in told["vials"].items():
            form = ReceiveForm(vaccine="covishield", batch=batch, expiry=None, vials=str(vials))
            Stock(self.place).receive(form)
        return {}

    def do_work(self, told: Told) -> Told:
        """A slot's acts from ``skip`` on, each said as it ends. ``die``: killed in which, and how soon."""
        acts, die = [Act(Kind(one.pop("kind")), **one) for one in told["acts"]], told.get("die")
        for number, act in enumerate(acts):
            if number < told["skip"]:
                continue
            if die is not None and number == die[0]:
                _shoot_in(die[1])
            self._at(_moment(act.at))
            self._do(act)
            head = self.place.vault.ledger.head()
            say(act=number, seq=head.seq, hash=head.hash.hex())
        return {}

    def do_evening(self, told: Told) -> Told:
        """Everybody's half hour is over, and what is left in open vials is thrown away."""
        self._at(self._clock.moment)
        stock = Stock(self.place)
        for line in stock.lines():
            for opened in line.vials:
                if opened.vial.left:
                    over = DiscardReason.OPEN_VIAL_TIME_OVER
                    stock.discard_open(line.vaccine.id, line.batch.batch, opened.vial.vial, over)
        return {}

    def _at(self, moment: datetime) -> None:
        while self._watched and self._watched[0][0] <= moment:
            until, appointment = self._watched.pop(0)
            self._clock.moment = max(self._clock.moment, until)
            if self.place.vault.roster.visit(appointment).state is VisitState.OBSERVING:
                Observation(self.place).end(appointment)
        self._clock.moment = max(self._clock.moment, moment)

    def _do(self, act: Act) -> None:
        match act.kind:
            case Kind.SWITCH | Kind.IDLE:
                self._leave(idle=act.kind is Kind.IDLE)
                self._come(3 - self._who if act.kind is Kind.SWITCH else self._who)
            case Kind.WALK_IN:
                self._walk_in(act)
            case _:
                self._visit(act)

    def _walk_in(self, act: Act) -> None:
        found = self.place.vault.queue.search(act.name, self.place.today())
        known = [row.appointment for row in found if row.name == act.name and row.day == self.place.today()]
        form = WalkInForm(
            name=act.name, year_of_birth="1961", gender=Gender.MAN, photo_id=PhotoId.VOTER_ID,
            photo_id_last4=f"{crc32(act.name.encode()) % 10_000:04d}", mobile="", vaccine="covishield", dose=1,
        )  # fmt: skip
        desk = VisitDesk(self.place, known[0] if known else register(form, self.place))
        if not desk.finished:
            desk.confirm_identity()
            self._dose(desk)

    def _visit(self, act: Act) -> None:
        began = time.process_time()
        desk = VisitDesk(self.place, act.appointment)
        if desk.finished or desk.visit.voided or desk.visit.state is VisitState.DEFERRED:
            self._afterwards(desk, act)
            desk.close()
            return
        if act.kind is Kind.DEFERRED:
            desk.defer(DeferReason.UNWELL)
            return
        desk.confirm_identity()
        if not self._prove(desk, act):
            desk.close()
            return
        self._dose(desk)
        if act.kind in (Kind.CODE, Kind.SLIP):
            self._visits.append(time.process_time() - began)
            self._references.append(reference())
        self._afterwards(desk, act)

    def _prove(self, desk: VisitDesk, act: Act) -> bool:
        code = int(act.code)
        if desk.proven:
            return True
        if act.kind is Kind.SLIP:
            return desk.use_slip(slip.decode(act.slip))
        if act.kind is Kind.GUESSED:
            return desk.type_code(f"{code + MODULUS if code + MODULUS < 10_000 else code - MODULUS:04d}")
        wrong = {Kind.WRONG_CODE: 1, Kind.EXHAUSTED: 3}.get(act.kind, 0)
        for number in range(desk.visit.tries, wrong):
            assert not desk.type_code(f"{(code + number + 1) % 10_000:04d}")
        return act.kind is not Kind.EXHAUSTED and desk.type_code(act.code)

    def _dose(self, desk: VisitDesk) -> None:
        began = time.process_time()
        desk.record_dose()
        self._doses.append(time.process_time() - began)
        if desk.visit.observe_until is not None:
            self._watched.append((desk.visit.observe_until, desk.appointment.appointment))

    def _afterwards(self, desk: VisitDesk, act: Act) -> None:
        person = act.appointment
        if act.kind is Kind.VOIDED and desk.finished:
            desk.void(VoidReason.NEVER_CAME)
        elif act.kind is Kind.CORRECTED and desk.given is not None and desk.given.batch != SECOND:
            desk.correct(correct.Correction(batch=SECOND))
        elif act.kind in (Kind.AEFI, Kind.SERIOUS) and desk.visit.state is VisitState.OBSERVING:
            serious = act.kind is Kind.SERIOUS
            form = aefi.AefiForm(
                onset=self._clock.moment,
                signs=(AefiSign.ANAPHYLAXIS if serious else AefiSign.FEVER,),
                seriousness=Seriousness.LIFE_THREATENING if serious else Seriousness.NOT_SERIOUS,
                outcome=AefiOutcome.RECOVERING,
                story="Short of breath." if serious else "Warm.",
                referred=serious,
            )
            aefi.report(form, self.place, person)
        if desk.visit.state is not VisitState.OBSERVING:
            self._watched = [one for one in self._watched if one[1] != person]

    # Central, and the evening

    def do_sync(self, told: Told) -> Told:
        """One run of the engine, and what the desk does after it. ``address`` is None while the line is down."""
        up = told["address"] is not None
        # without a line there is next to nothing to be measured
        beside = reference_now() if up else 1.0
        cpu, wall = time.process_time(), time.perf_counter()
        client = HttpCentral(told["address"] or NO_PORT, self._authority)
        waiting = self.place.vault.exchange.pending().count
        failure = None
        if "die_in" in told:
            _shoot_in(told["die_in"])
        try:
            engine = Engine(desk_of(self.place.vault), self.place.vault.exchange, Line(client, told.get("calls")))
            engine.run()
        except SyncError as error:
            failure = error.message
        finally:
            client.close()
        done = after_run(self.place, DriverStatus(failure=failure, reached=up))
        left = self.place.vault.exchange.pending().count
        assert done.locks is None, "whoever sits here was locked out"
        assert self.place.disagreement is None, "the desk stopped recording"
        seconds, cpu = time.perf_counter() - wall, time.process_time() - cpu
        return {
            "seconds": seconds, "cpu": cpu, "waited": waiting, "left": left,
            "failure": None if failure is None else failure.key, "more": done.more,
            "reference": (beside + reference_now()) / 2 if up else beside,
        }  # fmt: skip

    def do_close(self, told: Told) -> Told:
        """Reconcile, and close the day, or amend its close when something came later. By the in-charge."""
        beside = reference_now()
        day, cpu = date.fromisoformat(told["day"]), time.process_time()
        seen = self._overview(day)
        took = time.process_time() - cpu
        counts = {(b.vaccine, b.batch): Counted(str(b.unopened)) for b in seen.tally.stock}
        signed = False
        if seen.close is None or seen.late:
            try:
                closing.close(self.place, closing.prepare(self.place, seen, counts))
                signed = True
            except CannotDo as error:
                if error.message.key != "close.nothing_new":
                    raise
        records = len(seen.book.happened)
        return {"cpu": took, "reference": beside, "signed": signed, "open": len(seen.open), "records": records}

    def _overview(self, day: date) -> Overview:
        found = Reconcile(self.place).overview(day)
        assert found is not None
        return found

    def do_day(self, told: Told) -> Told:
        """How a day stands in the end."""
        seen = self._overview(date.fromisoformat(told["day"]))
        total = seen.tally.total
        return {
            "given": total.given, "walk_ins": total.walk_ins, "closed": seen.close is not None, "late": len(seen.late),
            "agreed": seen.agreed, "twice": total.twice,
        }  # fmt: skip

    def do_measure(self, told: Told) -> Told:
        """Of the day that ends: while somebody is still there, screens; then what the process and its files are."""
        found: Told = {
            "doses": sorted(self._doses), "visits": sorted(self._visits), "references": sorted(self._references),
            "screens": self._screens(),
        }  # fmt: skip
        vault = self.place.vault
        found |= {"records": vault.ledger.head().seq, "days_of_people": len(vault.purge.days())}
        self._doses, self._visits, self._references = [], [], []
        self._leave()
        return {**found, **memory(), "files": sizes(self._home)}

    def do_memory(self, told: Told) -> Told:
        """What the process holds, whoever is there."""
        return memory()

    def _screens(self) -> Told:
        """CPU seconds for a list, the counts beside it and a search: each the first time, and the least of some; and
        for the list of who needs somebody, which gets longer as long as nobody settles anything, with how long it is.
        """
        today, queue = self.place.today(), self.place.vault.queue
        asked: tuple[Callable[[], object], ...] = (
            lambda: queue.counts(today),
            lambda: queue.rows(today, VisitState.DONE, 50, 0),
            lambda: queue.search("sun kum", today),
        )
        # Each by itself: what all three read may or may not fit in a reader's cache together, and the least would tell
        # of that alone.
        lists = [_times(ask) for ask in asked]
        return {
            "lists": sum(map(min, lists)),
            "first": sum(times[0] for times in lists),
            "reference": min(_times(reference)),
            "needing": len(queue.attention(today)),
            "attention": min(_times(lambda: queue.attention(today))),
        }


def _times(act: Callable[[], object]) -> list[float]:
    found = []
    for _ in range(10):
        began = time.process_time()
        act()
        found.append(time.process_time() - began)
    return found


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(ZONE)


def _shoot_in(seconds: float) -> None:
    """As ``kill -9`` does, from a thread of its own: in the middle of whatever goes on then."""
    threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL)).start()


def main() -> None:
    serve(Machine(Path(sys.argv[1])).act)


if __name__ == "__main__":
    main()
