"""A day of six hundred people at two desks, as a report: three vaccines, five batches, fourteen exceptions."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from hashlib import sha256
from pathlib import Path

from vaccinator_app.cli.resources import font_files, resources_folder
from vaccinator_app.domain.closing_events import CountedBatch, LedgerHead, VarianceReason
from vaccinator_app.domain.counts import BatchCount, Counts, DayTally, Deferral, Hour, Line
from vaccinator_app.domain.events import DeferReason, ProofKind, Site, VoidReason
from vaccinator_app.reports.day import Closing, DayReport, DoseLine, ExceptionLine, LineStatus
from vaccinator_app.reports.materials import Materials

DAY = date(2026, 11, 21)
INDIA = timezone(timedelta(hours=5, minutes=30))
MATERIALS = Materials(folder=resources_folder(), fonts=font_files())
ROOT = Path(__file__).parents[2]

VACCINES = {"covishield": "Covishield", "covaxin": "Covaxin", "corbevax": "Corbevax"}
BATCHES = {
    "covishield": [("4121Z025", date(2027, 3, 31)), ("4121Z031", date(2027, 6, 30))],
    "covaxin": [("37F21003A", date(2027, 1, 31)), ("37F21009A", date(2027, 5, 31))],
    "corbevax": [("HG-0414", date(2026, 12, 4))],
}
PER_VIAL = {"covishield": 10, "covaxin": 20, "corbevax": 20}
STAFF = {"s1": "Sushma Devi", "s2": "R. K. Mishra", "s3": "Anwar Ali", "s4": "लक्ष्मी क्षत्रिय", "s5": "Dr. N. Pillai"}
DESKS = {"d4f0c81aa92e6": "Desk 1", "d90be77c1f3d2": "Desk 2"}


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(DAY.year, DAY.month, DAY.day, hour, minute, second, tzinfo=INDIA)


def hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()


@cache
def lines(people: int = 600) -> tuple[DoseLine, ...]:
    """Seeded: the same people every time, spread over the day as they come, more before noon."""
    chance = random.Random(20261121)
    found: list[DoseLine] = []
    seqs: Counter[str] = Counter()
    for number in range(people):
        hour = chance.choices(range(9, 17), weights=(9, 15, 16, 12, 5, 11, 9, 4))[0]
        device = chance.choice(list(DESKS))
        seqs[device] += chance.randint(2, 4)
        vaccine = chance.choices(list(VACCINES), weights=(60, 28, 12))[0]
        walk_in = chance.random() < 0.06
        line = DoseLine(
            device=device,
            seq=seqs[device],
            at=at(hour, chance.randrange(60), chance.randrange(60)),
            status=LineStatus.STANDING,
            appointment=f"W{number:016x}" if walk_in else f"20261121{number:04}",
            vaccine=vaccine,
            dose=chance.choice((1, 1, 2)),
            staff=chance.choice(("s1", "s2", "s3", "s4")),
        )
        if chance.random() < 0.05:
            reason = chance.choices(list(DeferReason), weights=(6, 3, 3, 3, 1, 1, 2))[0]
            found.append(replace(line, status=LineStatus.DEFERRED, reason=reason.value))
            continue
        batch, expiry = chance.choice(BATCHES[vaccine])
        proof = ProofKind.NONE if walk_in else chance.choices(list(ProofKind), weights=(55, 40, 2, 0))[0]
        site = chance.choices(list(Site), weights=(80, 15, 3, 2))[0]
        line = replace(line, batch=batch, expiry=expiry, proof=proof, site=site)
        if number % 97 == 41:
            line = replace(line, status=LineStatus.VOIDED, reason=chance.choice(list(VoidReason)).value)
        found.append(line)
    return tuple(found)


def counts_of(found: Sequence[DoseLine]) -> Counts:
    of = Counter(line.status for line in found)
    proofs = Counter(line.proof for line in found if line.status is LineStatus.STANDING)
    walk_ins = sum(line.appointment.startswith("W") for line in found)
    no_show = (len(found) - walk_ins) // 15
    return Counts(
        booked=len(found) - walk_ins + no_show,
        walk_ins=walk_ins,
        arrived=len(found),
        given=of[LineStatus.STANDING],
        deferred=of[LineStatus.DEFERRED],
        no_show=no_show,
        by_code=proofs[ProofKind.CODE],
        by_slip=proofs[ProofKind.SLIP],
        by_override=proofs[ProofKind.OVERRIDE],
        by_none=proofs[ProofKind.NONE],
        codes_refused=len(found) // 40,
        voided=of[LineStatus.VOIDED],
    )


def grouped(keys: Mapping[str, list[DoseLine]]) -> tuple[Line, ...]:
    return tuple(Line(key, counts_of(theirs)) for key, theirs in sorted(keys.items()) if theirs)


def tally_of(found: Sequence[DoseLine]) -> DayTally:
    standing = [line for line in found if line.status is LineStatus.STANDING]
    arrived = Counter((line.at - timedelta(minutes=12)).hour for line in found)
    given = Counter(line.at.hour for line in standing)
    stock = []
    for vaccine, batches in BATCHES.items():
        for number, (batch, _) in enumerate(batches):
            doses = sum(line.batch == batch for line in standing)
            opened = -(-doses // PER_VIAL[vaccine])
            wasted = 3 if number == 0 else 0
            variance = {"4121Z025": 1, "HG-0414": -1}.get(batch, 0)
            stock.append(
                BatchCount(
                    vaccine=vaccine,
                    batch=batch,
                    doses_per_vial=PER_VIAL[vaccine],
                    at_start=6,
                    received=opened,
                    opened=opened,
                    discarded=1 if batch == "37F21003A" else 0,
                    transferred=2 if batch == "4121Z031" else 0,
                    from_vials=opened * PER_VIAL[vaccine],
                    given=doses,
                    wasted=wasted,
                    left=opened * PER_VIAL[vaccine] - doses - wasted + variance,
                    variance=variance,
                )
            )
    reasons = Counter(line.reason for line in found if line.status is LineStatus.DEFERRED)
    return DayTally(
        day=DAY,
        total=counts_of(found),
        sessions=grouped({str(n): [x for x in found if (x.at.hour < 13) == (n == 1)] for n in (1, 2)}),
        vaccines=grouped({key: [x for x in found if x.vaccine == key] for key in VACCINES}),
        batches=grouped({f"{v}/{b}": [x for x in found if x.batch == b] for v, bs in BATCHES.items() for b, _ in bs}),
        staff=grouped({staff: [x for x in found if x.staff == staff] for staff in STAFF}),
        bookings=grouped(
            {
                key: [x for x in found if x.appointment.startswith("W") == (key == "walk_in")]
                for key in ("online", "walk_in")
            },
        ),
        deferrals=tuple(Deferral(reason, people) for reason, people in sorted(reasons.items())),
        hours=tuple(Hour(hour, arrived[hour], given[hour]) for hour in sorted(arrived | given)),
        stock=tuple(sorted(stock, key=lambda one: (one.vaccine, one.batch))),
    )


def exceptions(language: str) -> tuple[ExceptionLine, ...]:
    rows = json.loads((Path(__file__).parent / "exceptions.json").read_text("utf-8"))[language]
    return tuple(
        ExceptionLine(
            **row, at=at(9 + number // 2, 7 * number % 60), device=list(DESKS)[number % 2], seq=40 + 61 * number
        )
        for number, row in enumerate(rows)
    )


@cache
def closing(amendment: int = 0) -> Closing:
    stock = tally_of(lines()).stock
    counted = [CountedBatch(vaccine=b.vaccine, batch=b.batch, counted=b.unopened, computed=b.unopened) for b in stock]
    counted[0] = replace(counted[0], counted=counted[0].computed - 1, reason=VarianceReason.BROKEN_UNRECORDED)
    return Closing(
        amendment=amendment,
        closed_at=at(17, 42),
        by="Dr. N. Pillai",
        heads=tuple(LedgerHead(device, seq, hashed(device)) for device, seq in zip(DESKS, (934, 871), strict=True)),
        counted=tuple(counted),
        agreed=True,
    )


@cache
def full_day(language: str = "en", people: int = 600) -> DayReport:
    """Closed, with everything in it."""
    found = lines(people)
    tally = tally_of(found)
    slots = Counter((9, 10, 11, 12, 14, 15)[number % 6] for number in range(tally.total.booked))
    return DayReport(
        centre="091042",
        centre_name="PHC Rampur" if language == "en" else "प्राथमिक स्वास्थ्य केंद्र, रामपुर",
        time_zone="Asia/Kolkata",
        printed_at=datetime(2026, 11, 21, 12, 14, tzinfo=UTC),
        language=language,
        tally=tally,
        names=STAFF,
        vaccines=VACCINES,
        desks=DESKS,
        closed=closing(),
        exceptions=exceptions(language),
        doses=found,
        session_starts=(at(9), at(14)),
        booked_by_hour=dict(slots),
    )


def empty_day(language: str = "en") -> DayReport:
    """Nobody booked, nobody came, nothing moved."""
    return replace(
        full_day(language, 0),
        tally=DayTally(day=DAY, total=Counts()),
        closed=None,
        exceptions=(),
        doses=(),
        session_starts=(),
        booked_by_hour={},
    )


@cache
def fixed_day() -> DayReport:
    """Five records with every status, for the golden files. It never changes."""
    given = DoseLine(
        device="d4f0c81aa92e6",
        seq=12,
        at=at(9, 41),
        status=LineStatus.STANDING,
        appointment="202611210014",
        vaccine="covishield",
        dose=1,
        staff="s1",
        batch="4121Z025",
        expiry=date(2027, 3, 31),
        site=Site.LEFT_ARM,
        proof=ProofKind.CODE,
    )
    wrong = replace(
        given,
        seq=17,
        at=at(10, 2, 30),
        appointment="202611210021",
        status=LineStatus.VOIDED,
        reason=VoidReason.WRONG_BATCH.value,
        proof=ProofKind.SLIP,
        site=Site.RIGHT_ARM,
    )
    right = replace(
        wrong,
        seq=19,
        status=LineStatus.STANDING,
        reason="",
        batch="4121Z031",
        expiry=date(2027, 6, 30),
        recorded_at=at(10, 9),
        corrects=17,
    )
    deferred = DoseLine(
        device="d90be77c1f3d2",
        seq=4,
        at=at(11, 30),
        status=LineStatus.DEFERRED,
        appointment="202611210033",
        vaccine="covaxin",
        dose=2,
        staff="s4",
        reason=DeferReason.UNWELL.value,
    )
    walk_in = replace(
        given,
        device="d90be77c1f3d2",
        seq=9,
        at=at(12, 15),
        appointment="W00c0ffee00c0ffee",
        vaccine="corbevax",
        staff="s2",
        batch="=1+1",
        expiry=date(2026, 12, 4),
        site=Site.LEFT_THIGH,
        proof=ProofKind.NONE,
    )
    return replace(full_day(people=6), doses=(walk_in, given, wrong, right, deferred))
