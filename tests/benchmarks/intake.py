"""Central's intake beside bare verify-and-open on the same cores, and ten times the work beside once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median

from tests.benchmarks.centre import (
    Person,
    accepted,
    at_the_desk,
    connect,
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
BATCH = 500
_PART = 250


def intake(folder: Path, quick: bool) -> list[Row]:
    """Batches that lie ready, one after another over TLS, until central has stored and answered the last.

    One central takes in ten times the records, in ten parts; between them others, as empty as it was at first, take in
    the first part alone, and the same part is verified and opened by bare processes, one a core.
    """
    number = QUICK_RECORDS if quick else RECORDS
    template = folder / "central"
    waiting = make_central(template, number * TIMES)
    with serving(template) as server:
        enrol_desk(server, folder / "desk")
    with at_the_desk(folder / "desk") as place:
        # with what the desk recorded so far there are as many records as people
        ledger, public = ledger_of(place, waiting[place.vault.ledger.head().seq :]), place.signing_key.public
        batches = packed(place, ledger)
        device = place.vault.identity.device
    first = ledger[:number]
    parts = [batches[n * len(batches) // TIMES : (n + 1) * len(batches) // TIMES] for n in range(TIMES)]
    shutil.copytree(template, folder / "large")
    large, small, bare = [], [], []
    with _crew(public, device, load(template).codes) as verify, serving(folder / "large") as server:
        client = connect(server)
        for turn, part in enumerate(parts):
            large.append(_timed(partial(_take_in, client, part), server._process.pid))
            if turn % 2 == 0:
                small.append(_alone(template, folder / f"small{turn}", parts[0], number))
                bare.append(_timed(lambda: verify(first), os.getpid()))
        client.close()
    assert accepted(folder / "large") == number * TIMES, "central did not accept every record"
    rates = [(_rate(number, mine), _rate(number, other)) for mine, other in zip(small, bare, strict=True)]
    more = [(sum(clock for clock, _ in large), clock) for clock, _ in small]
    work = sum(work for _, work in large) / median(work for _, work in small)
    each = ", ".join(f"{clock / median(clock for clock, _ in small):.2f}" for clock, _ in large)
    note = f"{number:,} doses, all accepted; bare on as many processes as cores; {cores()}"
    return [
        Row.rates("central intake, records/s to bare verify-and-open", rates, 0.6, note=note),
        Row.paired(f"intake of {number * TIMES:,}, time to that of {number:,}", "s", more, 10.5,
                   note=f"its parts, each to the first: {each}; of processor time alone {work:.2f}"),
    ]  # fmt: skip


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


def _take_in(client: HttpCentral, batches: Sequence[bytes]) -> None:
    for batch in batches:
        client.push(batch)


def _alone(template: Path, folder: Path, batches: Sequence[bytes], number: int) -> tuple[float, float]:
    shutil.copytree(template, folder)
    with serving(folder) as server:
        client = connect(server)
        took = _timed(partial(_take_in, client, batches), server._process.pid)
        client.close()
    assert accepted(folder) == number
    shutil.rmtree(folder)
    return took


@contextmanager
def _crew(public: bytes, device: str, codes: SealingKey) -> Iterator[Callable[[Sequence[Record]], None]]:
    """Bare verify-and-open, by as many processes as there are cores."""
    workers = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(workers, initializer=_arrive, initargs=(public, device, codes)) as pool:
        list(pool.map(_verify, [[]] * workers))

        def verify(records: Sequence[Record]) -> None:
            list(pool.map(_verify, [records[start : start + _PART] for start in range(0, len(records), _PART)]))

        yield verify


_known: tuple[bytes, str, SealingKey] | None = None


def _arrive(public: bytes, device: str, codes: SealingKey) -> None:
    global _known  # noqa: PLW0603  (a process has one set of keys, given once)
    _known = public, device, codes


def _verify(records: Sequence[Record]) -> None:
    """Verify, decode and open each; nothing is looked up, decided or kept."""
    assert _known is not None
    public, device, codes = _known
    for record in records:
        dsse.verify(EVENT_TYPE, record.payload, record.signature, public)
        body = read_event(record.payload).read_body()
        if isinstance(body, DoseGiven):
            binding = seal.code_binding(body.appointment, device, body.proof.seq)
            seal.open_seal(body.proof.sealed, codes, binding)
