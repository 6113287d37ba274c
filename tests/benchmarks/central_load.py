"""Central under load: 10,000 bookings and a day of 10,000 records through one server over TLS, on either database.

``python -m tests.benchmarks.central_load [--database sqlite|postgresql|both] [--bookings N] [--records N]``

People book as an app of a partner would: a one-time password by SMS (read from the demo's inbox; the first 200, the
others' sessions are there already), a session, and up to four bookings with it, by several connections at once. Desks
push what they recorded, each its own ledger, all at once. Beside them, in the same run and on the same server, as many
rows written with nothing around them: what the database alone can do here. PostgreSQL runs with its own defaults, so
every commit waits for the disk.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import ssl
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from datetime import time as clock_time
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import psycopg

from tests.benchmarks.rows import seconds, worst_of_hundred
from tests.central.machine import Desk
from tests.central.support import BATCH, EXPIRY, Clock, World, vaccines
from tests.support import postgres
from vaccinator_app.central.citizens.booking import Booked
from vaccinator_app.central.citizens.login import mobile_hash
from vaccinator_app.central.citizens.partners import Partners, Scope
from vaccinator_app.central.clock import system_clock
from vaccinator_app.central.database import default_url
from vaccinator_app.central.operations import admin
from vaccinator_app.cli.demo.server import Central
from vaccinator_app.domain.stock import Batch
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.messages import CHANGES_TYPE, PULL_TYPE, Changes, PullRequest
from vaccinator_app.protocol.records import Record

T = TypeVar("T")

CENTRES = tuple(f"{100001 + n}" for n in range(8))
CONNECTIONS = 8
A_MOBILE = 4
A_BATCH = 250
PULLS = 2_000
SIGN_INS = 200


@dataclass(slots=True)
class Timed:
    """How long each of many took, and all of them together, in seconds."""

    each: list[float] = field(default_factory=list)
    together: float = 0.0

    @property
    def a_second(self) -> float:
        return len(self.each) / self.together

    def said(self, unit: str) -> str:
        half, worst = statistics.median(self.each) * 1000, worst_of_hundred(self.each) * 1000
        return f"{self.a_second:8.1f} {unit}/s   p50 {half:7.1f} ms   p99 {worst:7.1f} ms"


class Web:
    """Connections kept open to one server, one for each thread."""

    def __init__(self, central: Central, key: str) -> None:
        self._where = urlsplit(central.address)
        self._tls = ssl.create_default_context(cafile=str(central.authority))
        self._key = key
        self._mine = threading.local()

    def post(self, path: str, body: bytes, *, session: str = "", expect: int = 200) -> bytes:
        """The answer's body."""
        headers = {"Content-Type": "application/json" if body[:1] == b"{" else "application/octet-stream"}
        headers["X-Partner-Key"] = self._key
        if session:
            headers["Authorization"] = f"Bearer {session}"
        found = getattr(self._mine, "connection", None)
        if found is None:
            found = http.client.HTTPSConnection(str(self._where.hostname), self._where.port or 443, context=self._tls)
            self._mine.connection = found
        found.request("POST", path, body, headers)
        answer = found.getresponse()
        read: bytes = answer.read()
        if answer.status != expect:
            raise RuntimeError(f"{path}: {answer.status} {read[:200]!r}")
        return read


def many(acts: Sequence[Callable[[], T]]) -> tuple[list[T], Timed]:
    """Every act, over ``CONNECTIONS`` connections at once."""
    timed = Timed()

    def one(act: Callable[[], T]) -> T:
        began = time.perf_counter()
        found = act()
        timed.each.append(time.perf_counter() - began)
        return found

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        began = time.perf_counter()
        done = list(pool.map(one, acts))
        timed.together = time.perf_counter() - began
    return done, timed


def make(folder: Path, url: str | None, people: int, today: date) -> tuple[str, str]:
    """A central with sessions enough for everybody; a partner and its key."""
    admin.init(folder, system_clock, vaccines(), url=url)
    home = admin.open_home(folder)
    for centre in CENTRES:
        admin.add_centre(home, centre, f"PHC {centre}", "Rampur")
        admin.add_session(home, centre, today, "covishield", starts=clock_time(0), count=96, capacity=people)
        batch = Batch(vaccine="covishield", batch=BATCH, expiry=EXPIRY, doses_per_vial=10)
        admin.allot_batch(home, centre, batch)
    partner, key = Partners(home.database, home.keys, system_clock).add("Load", list(Scope), 10**9)
    home.database.close()
    return partner.partner, key


def sign_in(web: Web, inbox: Path, mobiles: Sequence[str]) -> tuple[list[str], Timed]:
    """A session for each mobile, by the one-time password that came to it; asking and verifying are both timed."""
    sessions: list[str] = []
    timed = Timed()
    waiting = iter(mobiles)
    while some := list(islice(waiting, CONNECTIONS * 5)):
        asks = [lambda mobile=mobile: web.post("/v1/otp", _json(mobile=mobile), expect=202) for mobile in some]
        _, asked = many(asks)
        passwords = [_password(inbox / f"{mobile}.jsonl") for mobile in some]
        forms = [_json(mobile=mobile, otp=otp) for mobile, otp in zip(some, passwords, strict=True)]
        answers, verified = many([lambda form=form: web.post("/v1/otp/verify", form) for form in forms])  # type: ignore[misc]
        sessions += [json.loads(answer)["session"] for answer in answers]
        timed.each += [*asked.each, *verified.each]
        timed.together += asked.together + verified.together
    return sessions, timed


def opened(world: World, partner: str, mobiles: Sequence[str]) -> list[str]:
    """Sessions as the sign-in makes them, without it: thousands of messages would have to be waited for."""
    login, now = world.login, datetime.now(UTC)
    with world.home.database.write() as connection:
        return [
            login._open(connection, mobile, mobile_hash(world.home.keys.cupboard, mobile), partner, now).token
            for mobile in mobiles
        ]


def _password(file: Path) -> str:
    until = time.monotonic() + 120
    moment = threading.Event()
    while time.monotonic() < until:
        if file.exists() and (lines := file.read_text("utf-8").splitlines()):
            return str(json.loads(lines[-1])["text"])[:6]
        moment.wait(0.02)
    raise RuntimeError("A message did not come.")


def book(web: Web, sessions: Sequence[str], number: int, today: date) -> tuple[list[Booked], Timed]:
    """Register and book ``number`` people, four to a session."""
    acts = []
    for n in range(number):
        slot = f"{n // len(CENTRES) % 24:02d}:{15 * (n // 24 // len(CENTRES) % 4):02d}"
        form = _json(
            name=f"Sunita Kumari {n}", year_of_birth=1968, gender="woman", photo_id_type="aadhaar",
            photo_id_number=f"4444{n:08d}", vaccine="covishield", dose=1, centre=CENTRES[n % len(CENTRES)],
            date=today.isoformat(), slot=slot,
        )  # fmt: skip
        session = sessions[n // A_MOBILE]
        acts.append(lambda form=form, session=session: web.post("/v1/bookings", form, session=session, expect=201))
    answers, timed = many(acts)
    fields = Booked.__dataclass_fields__
    told = [json.loads(answer) for answer in answers]
    return [Booked(**{name: one[name] for name in fields}) for one in told], timed


def push(web: Web, desks: Sequence[Desk], booked: Sequence[Booked], number: int) -> Timed:
    """A desk a centre: a dose for each of its people, and now and then a code that was typed wrong."""
    ledgers: list[Sequence[Record]] = []
    for desk in desks:
        mine = [one for one in booked if one.centre == desk.centre][: number // len(desks)]
        for n in range(number // len(desks)):
            one = mine[n % len(mine)]
            desk.record(desk.refused_code(one, "0000") if n % 25 == 24 else desk.dose(one))
        ledgers.append(desk.ledger)
    timed = Timed()

    def all_of(desk: Desk, ledger: Sequence[Record]) -> None:
        for start in range(0, len(ledger), A_BATCH):
            packed = desk.packed(ledger[start : start + A_BATCH])
            timed.each.append(seconds(lambda packed=packed: web.post("/v1/push", packed)))  # type: ignore[misc]

    with ThreadPoolExecutor(len(desks)) as pool:
        began = time.perf_counter()
        for done in [pool.submit(all_of, *pair) for pair in zip(desks, ledgers, strict=True)]:
            done.result()
        timed.together = time.perf_counter() - began
    return timed


def pull(web: Web, desks: Sequence[Desk], number: int) -> Timed:
    """What a desk asks once a minute all day: whether there is anything new, and there is not."""
    asked = []
    for desk in desks:
        request = PullRequest(
            centre=desk.centre, device=desk.device, nonce=os.urandom(16), cursor=_newest(web, desk), limit=500
        )
        asked.append(packing.pack(request, PULL_TYPE, desk.device_key))
    return many([lambda n=n: web.post("/v1/pull", asked[n % len(asked)]) for n in range(number)])[1]  # type: ignore[misc]


def _newest(web: Web, desk: Desk) -> int:
    cursor, more = 0, True
    while more:
        request = PullRequest(centre=desk.centre, device=desk.device, nonce=os.urandom(16), cursor=cursor, limit=500)
        answer = web.post("/v1/pull", packing.pack(request, PULL_TYPE, desk.device_key))
        page = packing.verified(packing.unpack(answer), CHANGES_TYPE, desk.file.central.signing, Changes)
        cursor, more = page.cursor, page.more
    return cursor


def bare(url: str, records: int, bookings: int) -> tuple[float, Timed]:
    """Rows of the size of records a second, in transactions of a batch; and transactions of a booking's shape, each
    committed: what this PostgreSQL does here with nothing around it."""
    conninfo = url.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("CREATE TABLE bare (a text, b bigint, c bytea, d bytea, e text, PRIMARY KEY (a, b))")
        connection.execute("CREATE TABLE seats (a int PRIMARY KEY, b int NOT NULL)")
        connection.execute("INSERT INTO seats SELECT n, 0 FROM generate_series(0, 799) n")
        rows = [("100001", n, bytes(420), bytes(64), "accepted") for n in range(records)]

        def insert() -> None:
            for start in range(0, records, A_BATCH):
                with connection.transaction(), connection.cursor() as cursor:
                    cursor.executemany("INSERT INTO bare VALUES (%s, %s, %s, %s, %s)", rows[start : start + A_BATCH])

        took = seconds(insert)
    mine = threading.local()

    def one(n: int) -> None:
        if not hasattr(mine, "connection"):
            mine.connection = psycopg.connect(conninfo)
        with mine.connection.transaction():
            mine.connection.execute("UPDATE seats SET b = b + 1 WHERE a = %s", [n % 800])
            for part in range(6):
                values = [f"booking {part}", n, bytes(200), bytes(32), "x"]
                mine.connection.execute("INSERT INTO bare VALUES (%s, %s, %s, %s, %s)", values)

    return records / took, many([lambda n=n: one(n) for n in range(bookings)])[1]  # type: ignore[misc]


def measure(kind: str, folder: Path, url: str | None, bookings: int, records: int) -> None:
    """One database: everything of it, to the screen."""
    today = datetime.now(UTC).astimezone(ZoneInfo(admin.DEFAULT_ZONE)).date()
    partner, key = make(folder, url, bookings, today)
    server = Central(folder, folder.with_suffix(".log"))
    world = World(folder, admin.open_home(folder), Clock(datetime.now(UTC)))
    try:
        before = _size(world)
        web = Web(server, key)
        mobiles = [f"98{n:08d}" for n in range(-(-bookings // A_MOBILE))]
        sessions, signing = sign_in(web, server.inbox, mobiles[:SIGN_INS])
        sessions += opened(world, partner, mobiles[SIGN_INS:])
        print(f"{kind:<11} sign-in, asked and verified   {signing.said('request')}", flush=True)
        booked, booking = book(web, sessions, bookings, today)
        print(f"{kind:<11} bookings                      {booking.said('booking')}", flush=True)
        between = _size(world)
        desks = [Desk(world, centre) for centre in CENTRES]
        pushed = push(web, desks, booked, records)
        print(
            f"{kind:<11} a day of records              {records / pushed.together:8.1f} record/s   "
            f"p50 {statistics.median(pushed.each) * 1000:7.1f} ms   longest {max(pushed.each) * 1000:7.1f} ms"
            f"   (batches of {A_BATCH})"
        )
        after = _size(world)
        pulled = pull(web, desks, PULLS)
        print(f"{kind:<11} pulls that bring nothing      {pulled.said('pull')}", flush=True)
        counts = admin.counts(world.home)
        print(f"{kind:<11} records {counts.records}, held {counts.held}, refused {counts.refused}")
        print(
            f"{kind:<11} size: {(between - before) / bookings / 1000:.2f} kB a booking, "
            f"{(after - between) / records / 1000:.2f} kB a record, {after / 1e6:.1f} MB in all"
        )
        if url is not None:
            plain, transactions = bare(default_url(folder), records, bookings)
            print(f"{kind:<11} bare inserts, same rows       {plain:8.1f} row/s")
            print(f"{kind:<11} bare transactions             {transactions.said('transaction')}")
            print(
                f"{kind:<11} ratio: a booking {booking.a_second / transactions.a_second:.2f} of a bare transaction, "
                f"a record {records / pushed.together / plain:.2f} of a bare insert"
            )
    finally:
        server.stop()
        world.home.database.close()


def _size(world: World) -> int:
    """Bytes of the database."""
    with world.home.database.read() as connection:
        if connection.dialect.name == "sqlite":
            sizes = [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("page_count", "page_size")]
            return int(sizes[0] * sizes[1])
        return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())


def _json(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


@contextmanager
def databases(kind: str) -> Iterator[list[tuple[str, str | None]]]:
    """What to measure: each kind with its address."""
    if kind == "sqlite":
        yield [("sqlite", None)]
        return
    with postgres.Server(durable=True) as server:
        found: list[tuple[str, str | None]] = [("postgresql", postgres.fresh(server.url))]
        yield found if kind == "postgresql" else [("sqlite", None), *found]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--bookings", type=int, default=10_000)
    parser.add_argument("--records", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="load-") as folder, databases(given.database) as wanted:
        for kind, url in wanted:
            measure(kind, Path(folder) / kind, url, given.bookings, given.records)


if __name__ == "__main__":
    main()
