"""Days of one centre, one after another: desks and central as processes of their own, told what time it is.

People book the evening before. Between nine and five they come, slot by slot; a desk tries to sync after each slot,
and mostly there is no network. Processes of desks are killed in the middle of acts and runs, runs are cut off. In the
evening, once there is a network, the in-charge closes the day; else without one, and what came late amends it: on the
evening after, and for all days once the line is back for good.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import monotonic

from tests.central.support import Clock
from tests.soak import plan
from tests.soak.centre import CENTRE, Public, made, vault_of
from tests.soak.child import Child, Died, Told
from tests.soak.machine import FIRST, SECOND
from tests.soak.plan import SLOT, SLOTS, Act, Size, Weather
from tests.support.desk import ZONE, ToldClock, vaccines
from tests.support.nothing_lost import Called, all_confirmed
from vaccinator_app.central.citizens.booking import Booked
from vaccinator_app.central.operations import admin
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.vault.vault import Vault

LAST_HOUR = 22
"""Whoever waits for a network to close the day goes home then."""

LOOKED_AT = 2
"""Days that an in-charge looks at of an evening. A look at a day reads all that was recorded since: with all days each
evening the largest look would grow, and resident memory with it (docs/reliability.md)."""


@dataclass(slots=True)
class Counter:
    """One desk of the centre, and what it was heard to call saved."""

    name: str
    home: Path
    log: Path
    rng: random.Random
    child: Child
    device: str = ""
    who: int = 1
    called: dict[int, bytes] = field(default_factory=dict)
    syncs: list[Told] = field(default_factory=list)
    unlocks: list[Told] = field(default_factory=list)
    kills: int = 0

    def heard(self, said: Told) -> None:
        self.called[said["seq"]] = bytes.fromhex(said["hash"])


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What the week came to. ``days`` has the figures of each day, ``counts`` what was done in all."""

    size: Size
    days: list[Told]
    standing: list[Told]
    counts: dict[str, int]
    expected_given: list[int]
    """Doses that must stand, by day."""
    doses_standing: int
    certificates: int
    certificates_expected: int
    guessed: int
    """Doses for which somebody guessed the code: central holds them."""
    seconds: float
    first_day: date


class Week:
    """A central, its desks and what happens to them. ``AssertionError`` for anything lost, doubled or claimed."""

    def __init__(
        self, folder: Path, size: Size, first_day: date, watch: Callable[[str], None] = lambda _: None
    ) -> None:
        self._folder = folder
        self.size = size
        self._first = first_day
        self._watch = watch
        self._began = monotonic()
        self._rng = random.Random(size.seed)
        self._now = datetime.combine(first_day, time(7), ZONE)
        self._clock = Clock(self._now.astimezone(UTC))
        self._weather = Weather(random.Random(size.seed + 1), size.down)
        self._a_day = size.desks * size.doses
        self._booked: list[Booked] = []
        self._over: list[date] = []
        self._cut = 0
        self._kinds: list[dict[plan.Kind, int]] = []
        self._home = made(folder / "central", self._clock, self._days(), self._a_day, size.url)
        self._public = Public(self._home, self._clock)
        self._central = Child("tests.soak.server", *self._arguments(), log=folder / "central.log")
        self._address = self._central.hello()["address"]
        self._counters = [self._enrolled(number) for number in range(size.desks)]
        self._crew = ThreadPoolExecutor(size.at_once)

    def _arguments(self) -> tuple[str, ...]:
        url = () if self.size.url is None else (self.size.url,)
        return (str(self._folder / "central"), self._now.isoformat(), *url)

    # Before the first day

    def _enrolled(self, number: int) -> Counter:
        name, home = f"Desk {number + 1}", self._folder / f"desk{number + 1}"
        log = self._folder / f"desk{number + 1}.log"
        counter = Counter(name, home, log, random.Random(self.size.seed * 1000 + number), _desk(home, log))
        file = self._folder / "enrolment"
        file.write_bytes(admin.create_enrolment_file(self._home, self._clock, CENTRE, self._address))
        staff = [f"R. Sharma {number}", f"S. Devi {number}", f"M. Khan {number}"]
        told = counter.child.ask("enrol", now=self._now.isoformat(), file=str(file), name=name, staff=staff)
        counter.device = told["device"]
        return counter

    def _tell(self, moment: datetime) -> None:
        self._now = moment
        self._clock.now = moment.astimezone(UTC)
        self._central.ask("tell", now=moment.isoformat())

    # The days

    def run(self) -> Outcome:
        """From the first morning until everything is at central and every day is closed and agreed upon."""
        figures = []
        self._booked = self._public.book(self._first, self._a_day)
        for day in self._days():
            if self._over and self._minutes() > self.size.minutes:
                break
            self._morning(day)
            self._work(day)
            self._evening(day)
            figures.append(self._measured(day))
            self._night(day)
            self._over.append(day)
            self._watch(f"{day}: over after {self._minutes():.1f} minutes")
        self._settle()
        standing = [self._day(counter, day) for counter in self._counters for day in self._over]
        self._end()
        return self._outcome(figures, standing)

    def _minutes(self) -> float:
        return (monotonic() - self._began) / 60

    def _days(self) -> list[date]:
        return [self._first + timedelta(days=n) for n in range(self.size.days)]

    def _morning(self, day: date) -> None:
        """The in-charge counts vials in, the first vaccinator takes over. Roster and night's records come if they
        can; on the first day, before anything else."""
        self._tell(datetime.combine(day, time(8, 30), ZONE))
        for counter in self._counters:
            self._ask(counter, "unlock", who=0)
        if day == self._first:
            self._sync_roster()
        vials = {FIRST: self.size.doses // 10 + 30, SECOND: 2 + self.size.doses // 100}
        for counter in self._counters:
            self._ask(counter, "receive", vials=vials)
            self._switch(counter, 1)
        if day != self._first:
            self._sync_roster()

    def _sync_roster(self) -> None:
        """All people of the day come to every desk: whoever runs a centre has a run that was cut off made again."""
        self._sync(True)
        self._sync(True, whole=True)

    def _work(self, day: date) -> None:
        size = self.size
        orders = [
            plan.orders(counter.rng, day, ZONE, self._booked[number :: size.desks], every_kind=number == 0,
                        label=(day - self._first).days * 100 + number)
            for number, counter in enumerate(self._counters)
        ]  # fmt: skip
        self._kinds.append(_count(act for desk in orders for slot in desk for act in slot))
        shots = [self._shots(counter, slots) for counter, slots in zip(self._counters, orders, strict=True)]
        for place in range(SLOTS):
            self._each(lambda n, c, place=place: self._slot(c, orders[n][place], shots[n].get(place)))  # type: ignore[misc]
            self._tell(datetime.combine(day, plan.OPENS, ZONE) + (place + 1) * SLOT)
            up = self._weather.next()
            if place % self.size.every == 0:
                self._sync(up)

    def _shots(self, counter: Counter, slots: list[list[Act]]) -> dict[int, tuple[int, float]]:
        """Where in the day a process is killed: slot, act, and how long after the act began. Not the first desk's."""
        if counter is self._counters[0]:
            return {}
        busy = [place for place, acts in enumerate(slots) if acts]
        chosen = counter.rng.sample(busy, min(self.size.kills, len(busy)))
        return {place: (counter.rng.randrange(len(slots[place])), counter.rng.uniform(0, 0.03)) for place in chosen}

    def _slot(self, counter: Counter, acts: list[Act], shot: tuple[int, float] | None) -> None:
        done = 0

        def heard(said: Told) -> None:
            nonlocal done
            done = said["act"] + 1
            counter.heard(said)
            if acts[said["act"]].kind is plan.Kind.SWITCH:
                counter.who = 3 - counter.who

        told = [asdict(act) for act in acts]
        try:
            counter.child.ask("work", heard, now=self._now.isoformat(), acts=told, skip=0, die=shot)
            assert shot is None
        except Died:
            self._again(counter)
            now = max(self._now, datetime.fromisoformat(acts[done].at) if done < len(acts) else self._now)
            counter.child.ask("work", heard, now=now.isoformat(), acts=told, skip=done)

    def _again(self, counter: Counter) -> None:
        """The program is begun anew after it was killed, and whoever sat there unlocks."""
        counter.child.kill()
        counter.kills += 1
        counter.child = _desk(counter.home, counter.log)
        counter.unlocks.append(self._ask(counter, "unlock", who=counter.who))

    def _evening(self, day: date) -> None:
        for counter in self._counters:
            self._tell(datetime.combine(day, time(18), ZONE))
            self._ask(counter, "evening")
        first = self._counters[0]
        while self._now.hour < LAST_HOUR:
            self._tell(self._now + SLOT)
            if self._weather.next():
                self._sync(True)
                self._sync(True)
                break
        self._switch(first, 0)
        first.syncs.append(self._run(first, self._weather.up, None))
        today = self._days().index(day)
        looked_at = self._days()[max(0, today + 1 - LOOKED_AT) : today + 1]
        self._closes = [self._ask(first, "close", day=one.isoformat()) for one in looked_at]
        self._sync(self._weather.up)
        self._sync(self._weather.up)

    def _night(self, day: date) -> None:
        """People book for tomorrow, messages go out, what is over is forgotten."""
        self._tell(datetime.combine(day, time(22, 30), ZONE))
        tomorrow = day + timedelta(days=1)
        if tomorrow in self._days():
            self._booked = self._public.book(tomorrow, self._a_day)
        self._central.ask("night", now=self._now.isoformat())

    def _settle(self) -> None:
        """The line is back for good. What came late is taken into the closes."""
        self._tell(self._now + timedelta(hours=10))
        first = self._counters[0]
        for counter in self._counters:
            counter.who = 0
            self._ask(counter, "unlock", who=0)
        for _ in range(3):
            self._sync(True, whole=True)
        self._late = sum(self._ask(first, "close", day=day.isoformat())["signed"] for day in self._over)
        self._resident = self._ask(first, "memory")["rss"]
        for _ in range(3):
            self._sync(True, whole=True)

    # One desk

    def _ask(self, counter: Counter, do: str, **told: object) -> Told:
        return counter.child.ask(do, counter.heard, now=self._now.isoformat(), **told)

    def _switch(self, counter: Counter, who: int) -> None:
        self._ask(counter, "lock")
        counter.who = who
        counter.unlocks.append(self._ask(counter, "unlock", who=who))

    def _sync(self, up: bool, *, whole: bool = False) -> None:
        """Every desk tries. Now and then a run is cut off in the middle, or its process is killed, and it tries again
        when there is a network next."""
        cuts = [None if whole or not up or c.rng.random() > 0.1 else c.rng.randrange(4) for c in self._counters]
        dies = [
            c.rng.uniform(0.005, 0.1) if up and not whole and n and c.rng.random() < 0.005 * self.size.kills else None
            for n, c in enumerate(self._counters)
        ]
        self._each(lambda n, c: c.syncs.append(self._run(c, up, cuts[n], dies[n])))

    def _run(self, counter: Counter, up: bool, calls: int | None, die: float | None = None) -> Told:
        told: Told = {"address": self._address if up else None, "calls": calls}
        if die is not None:
            told["die_in"] = die
        try:
            found = self._ask(counter, "sync", **told)
            assert die is None
        except Died:
            self._again(counter)
            return {"failure": "killed", "seconds": 0.0, "cpu": 0.0, "reference": 1.0, "waited": 0, "left": 0}
        self._cut += calls is not None and found["failure"] is not None
        return found

    def _each(self, work: Callable[[int, Counter], None]) -> None:
        list(self._crew.map(lambda pair: work(*pair), enumerate(self._counters)))

    # What came of it

    def _measured(self, day: date) -> Told:
        desks = []
        for counter in self._counters:
            found = self._ask(counter, "measure")
            desks.append({**found, "syncs": counter.syncs, "unlocks": counter.unlocks})
            counter.syncs, counter.unlocks = [], []
        central = self._central.ask("measure", now=self._now.isoformat())
        central["database"] = self._database_bytes()
        return {"day": day.isoformat(), "desks": desks, "central": central, "closes": self._closes}

    def _database_bytes(self) -> int:
        with self._home.database.read() as connection:
            if connection.dialect.name == "sqlite":
                pages = [connection.exec_driver_sql(f"PRAGMA {n}").scalar_one() for n in ("page_count", "page_size")]
                return int(pages[0] * pages[1])
            return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())

    def _day(self, counter: Counter, day: date) -> Told:
        return {"desk": counter.name, "day": day.isoformat(), **self._ask(counter, "day", day=day.isoformat())}

    def _end(self) -> None:
        """All machines are switched off as they stand: to sign out would be one more record."""
        for counter in self._counters:
            counter.child.kill()
        self._central.end()

    def _outcome(self, figures: list[Told], standing: list[Told]) -> Outcome:
        records = sum(all_confirmed(vault, self._home, called) for vault, called in self._vaults())
        given = [sum(n for kind, n in day.items() if kind not in plan.WITHOUT_DOSE) for day in self._kinds]
        unproven = sum(day.get(kind, 0) for day in self._kinds for kind in plan.UNPROVEN)
        with self._home.database.read() as connection:
            ask = "SELECT count(*), count(certificate) FROM doses WHERE voided_at IS NULL"
            doses, certificates = connection.exec_driver_sql(ask).one()
        return Outcome(
            size=self.size,
            days=figures,
            standing=standing,
            counts={
                "doses of the soak": sum(given),
                "kills of the soak": sum(counter.kills for counter in self._counters),
                "runs cut off of the soak": self._cut,
                "records of the soak": records,
                "quarters of an hour": self._weather.quarters,
                "quarters with a network": self._weather.quarters_up,
                "closes amended once the line was back": self._late,
                "MiB resident at the desk that then looked at all days": self._resident >> 20,
            },
            expected_given=given,
            doses_standing=int(doses),
            certificates=int(certificates),
            certificates_expected=sum(given) - unproven,
            guessed=sum(day.get(plan.Kind.GUESSED, 0) for day in self._kinds),
            seconds=self._minutes() * 60,
            first_day=self._first,
        )

    def _vaults(self) -> Iterator[tuple[Vault, Sequence[Called]]]:
        """Each desk's vault, opened as its in-charge, and what it called saved."""
        for counter in self._counters:
            unlock = Unlock(counter.home, vaccines(), lambda _: ToldClock(moment=self._now))
            with vault_of(unlock) as vault:
                yield vault, [Called(seq, digest) for seq, digest in counter.called.items()]

    def close(self) -> None:
        """Nothing goes on, whatever happened."""
        self._crew.shutdown()
        for child in (*(counter.child for counter in self._counters), self._central):
            child.kill()
        self._home.database.close()


def _desk(home: Path, log: Path) -> Child:
    return Child("tests.soak.machine", str(home), log=log)


def _count(acts: Iterable[Act]) -> dict[plan.Kind, int]:
    found: dict[plan.Kind, int] = {}
    for act in acts:
        found[act.kind] = found.get(act.kind, 0) + 1
    return found
