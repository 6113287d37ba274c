"""Central's intake beside bare verify-and-open on the same cores, and ten times the work beside once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import TypeAlias

from tests.benchmarks.centre import (
    Person,
    accepted,
    at_the_desk,
    connect,
    copied,
    cores,
    dose,
    enrol_desk,
    make_central,
    serving,
    today,
)
from tests.benchmarks.rows import Rate, Row, seconds
from tests.benchmarks.work import of_session
from vaccinator_app.central.keyring.keys import load
from vaccinator_app.cli.demo.server import Central
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.events import DoseGiven
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.messages import PUSH_TYPE, PushRequest
from vaccinator_app.protocol.records import EVENT_TYPE, Event, Record, encode_body, read_event, sign_event
from vaccinator_app.sync.http import HttpCentral
from vaccinator_app.trust import dsse, seal
from vaccinator_app.trust.keys import SealingKey

RECORDS, QUICK_RECORDS = 10_000, 2_000
TIMES = 10
DESKS = 4
"""That push at once: a central that serves one alone leaves cores idle while it writes."""
BATCH = 500
_PART = 250

_Share: TypeAlias = tuple[bytes, str, Sequence[Record]]
"""Whose key, which desk, and records of it."""


@dataclass(frozen=True, slots=True)
class _Desk:
    """One desk's ledger, and the same as pushes that lie ready."""

    public: bytes
    device: str
    ledger: list[Record]
    batches: list[bytes]

    def part(self, number: int) -> list[bytes]:
        """The ``number``-th of ``TIMES`` equal parts."""
        each = len(self.batches) // TIMES
        return self.batches[number * each : (number + 1) * each]


def intake(folder: Path, quick: bool) -> list[Row]:
    """Batches that lie ready at four desks, each desk's one after another over TLS, until central has stored and
    answered the last.

    One central takes in ten times the records, in ten parts; between them others, as empty as it was at first, take in
    the first part alone, and the same part is verified and opened by bare processes, one a core.
    """
    number = QUICK_RECORDS if quick else RECORDS
    template = folder / "central"
    waiting = make_central(template, number * TIMES)
    with serving(template) as server:
        for turn in range(DESKS):
            enrol_desk(server, folder / f"desk{turn}")
    desks = [_ready(folder / f"desk{turn}", waiting[turn::DESKS]) for turn in range(DESKS)]
    firsts = [(desk.public, desk.device, desk.ledger[: number // DESKS]) for desk in desks]
    copied(template, folder / "large")
    large, small, bare = [], [], []
    with _crew(load(template).codes) as verify, serving(folder / "large") as server, _clients(server) as take_in:
        for turn in range(TIMES):
            large.append(_timed(partial(take_in, [desk.part(turn) for desk in desks]), server._process.pid))
            if turn % 2 == 0:
                small.append(_alone(template, folder / f"small{turn}", [desk.part(0) for desk in desks], number))
                bare.append(_timed(lambda: verify(firsts), os.getpid()))
    assert accepted(folder / "large") == number * TIMES, "central did not accept every record"
    rates = [(_rate(number, mine), _rate(number, other)) for mine, other in zip(small, bare, strict=True)]
    more = [(sum(clock for clock, _ in large), clock) for clock, _ in small]
    work = sum(work for _, work in large) / median(work for _, work in small)
    each = ", ".join(f"{clock / median(clock for clock, _ in small):.2f}" for clock, _ in large)
    note = f"{number:,} doses of {DESKS} desks, all accepted; bare on as many processes as cores; {cores()}"
    return [
        Row.rates("central intake, records/s to bare verify-and-open", rates, 0.6, note=note),
        Row.paired(f"intake of {number * TIMES:,}, time to that of {number:,}", "s", more, 10.5,
                   note=f"its parts, each to the first: {each}; of processor time alone {work:.2f}"),
    ]  # fmt: skip


def _ready(home: Path, people: Sequence[Person]) -> _Desk:
    with at_the_desk(home) as place:
        # with what the desk recorded so far there are as many records as people
        ledger, identity = ledger_of(place, people[place.vault.ledger.head().seq :]), place.vault.identity
        return _Desk(place.signing_key.public, identity.device, ledger, packed(place, ledger, BATCH))


def _timed(act: Callable[[], object], session: int) -> tuple[float, float]:
    """Seconds of the clock, and of the work of the processes in a session."""
    before = of_session(session)
    took = seconds(act)
    return took, of_session(session) - before


def _rate(number: int, timed: tuple[float, float]) -> Rate:
    return Rate(number / timed[0], number / timed[1])


def ledger_of(place: Workplace, people: Sequence[Person]) -> list[Record]:
    """What the desk has, and a dose for each, signed as its next records but kept nowhere."""
    link, identity, clock = place.vault.ledger.head(), place.vault.identity, place.clock
    codes, expiry = identity.central.codes, today() + timedelta(days=190)
    kept = list(place.vault.ledger.records())
    prev = link.hash
    for seq, person in enumerate(people, link.seq + 1):
        body = dose(person, codes, identity.device, seq, vial=seq // 10 + 1, expiry=expiry)
        event = Event(
            centre=identity.centre,
            device=identity.device,
            seq=seq,
            prev=prev,
            kind=body.KIND,
            at=clock.now(),
            boot=clock.boot(),
            uptime_ms=clock.uptime_ms(),
            staff=place.staff.staff,
            body=encode_body(body),
        )
        kept.append(sign_event(event, place.signing_key))
        prev = kept[-1].hash
    return kept


def packed(place: Workplace, ledger: Sequence[Record], at_once: int = BATCH) -> list[bytes]:
    """The whole ledger as pushes, ready to go out."""
    identity = place.vault.identity
    found = []
    for start in range(0, len(ledger), at_once):
        some = list(ledger[start : start + at_once])
        request = PushRequest(
            centre=identity.centre,
            device=identity.device,
            head_seq=start + len(some),
            head_hash=some[-1].hash,
            records=some,
            urgent=[],
            keys=identity.central.number,
        )
        found.append(packing.pack(request, PUSH_TYPE, identity.device_key))
    return found


@contextmanager
def _clients(server: Central) -> Iterator[Callable[[Sequence[Sequence[bytes]]], None]]:
    """Pushes the batches of every desk, all desks at once, each over a connection of its own."""
    clients = [connect(server) for _ in range(DESKS)]

    def push(client: HttpCentral, batches: Sequence[bytes]) -> None:
        for batch in batches:
            client.push(batch)

    try:
        with ThreadPoolExecutor(DESKS) as at_once:

            def take_in(parts: Sequence[Sequence[bytes]]) -> None:
                for _ in at_once.map(push, clients, parts):
                    pass

            yield take_in
    finally:
        for client in clients:
            client.close()


def _alone(template: Path, folder: Path, parts: Sequence[Sequence[bytes]], number: int) -> tuple[float, float]:
    copied(template, folder)
    with serving(folder) as server, _clients(server) as take_in:
        took = _timed(partial(take_in, parts), server._process.pid)
    assert accepted(folder) == number
    shutil.rmtree(folder)
    return took


@contextmanager
def _crew(codes: SealingKey) -> Iterator[Callable[[Sequence[_Share]], None]]:
    """Bare verify-and-open, by as many processes as there are cores."""
    workers = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(workers, initializer=_arrive, initargs=(codes,)) as pool:
        list(pool.map(_verify, [(b"", "", [])] * workers))

        def verify(shares: Sequence[_Share]) -> None:
            list(pool.map(_verify, [
                (public, device, records[start : start + _PART])
                for public, device, records in shares
                for start in range(0, len(records), _PART)
            ]))  # fmt: skip

        yield verify


_known: SealingKey | None = None


def _arrive(codes: SealingKey) -> None:
    global _known  # noqa: PLW0603  (a process has one key, given once)
    _known = codes


def _verify(share: _Share) -> None:
    """Verify, decode and open each; nothing is looked up, decided or kept."""
    assert _known is not None
    public, device, records = share
    for record in records:
        dsse.verify(EVENT_TYPE, record.payload, record.signature, public)
        body = read_event(record.payload).read_body()
        if isinstance(body, DoseGiven):
            binding = seal.code_binding(body.appointment, device, body.proof.seq)
            seal.open_seal(body.proof.sealed, _known, binding)
