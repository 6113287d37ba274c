"""A day of six hundred people at two desks, as a report: three vaccines, five batches, fourteen exceptions."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
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


def lines(people: int = 600) -> list[DoseLine]:
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
    return found


def counts_of(found: list[DoseLine]) -> Counts:
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


def grouped(found: list[DoseLine], keys: Mapping[str, list[DoseLine]]) -> tuple[Line, ...]:
    return tuple(Line(key, counts_of(theirs)) for key, theirs in sorted(keys.items()) if theirs)


def tally_of(found: list[DoseLine]) -> DayTally:
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
        sessions=grouped(found, {str(n): [x for x in found if (x.at.hour < 13) == (n == 1)] for n in (1, 2)}),
        vaccines=grouped(found, {key: [x for x in found if x.vaccine == key] for key in VACCINES}),
        batches=grouped(
            found, {f"{v}/{b}": [x for x in found if x.batch == b] for v, bs in BATCHES.items() for b, _ in bs}
        ),
        staff=grouped(found, {staff: [x for x in found if x.staff == staff] for staff in STAFF}),
        bookings=grouped(
            found,
            {key: [x for x in found if x.appointment.startswith("W") == (key == "walk_in")] for key in ("online", "walk_in")},
        ),
        deferrals=tuple(Deferral(reason, people) for reason, people in sorted(reasons.items())),
        hours=tuple(Hour(hour, arrived[hour], given[hour]) for hour in sorted(arrived | given)),
        stock=tuple(sorted(stock, key=lambda one: (one.vaccine, one.batch))),
    )


EXCEPTIONS = {
    "en": [
        ("Held by central", "The code was not the one on the slip. A new code is on its way to the person.", "Confirmed by the person's OTP"),
        ("Held by central", "The code was not the one on the slip. A new code is on its way to the person.", "Confirmed by the person's OTP"),
        ("Refused by central", "Central does not know the appointment.", "Escalated: the district is informed"),
        ("No code left", "Three codes did not fit.", "Explained: checked with the person"),
        ("Allowed without a code", "R. K. Mishra let the visit go on; the SMS was not received.", "Explained: the paper register agrees"),
        ("Recorded twice", "The same dose stands twice, at Desk 1 and at Desk 2.", "Corrected: the later record was voided"),
        ("Against the rule", "Dose 2 came 80 days after dose 1; the schedule says 84.", "Escalated: the district is informed"),
        ("Record voided", "The person never came.", "Corrected by Sushma Devi"),
        ("Record corrected", "Batch 4121Z025 became 4121Z031.", "Corrected by Sushma Devi"),
        ("Doses do not agree", "Batch 4121Z025: one dose more came out than was in the vials.", "Explained: counted again; an extra dose was drawn"),
        ("Doses do not agree", "Batch HG-0414: one dose is missing.", "Explained: staff mistake; a dose was spilt at the table and nobody wrote it down until the evening count"),
        ("Vial lost", "Batch 37F21003A: one vial broken.", "Explained: seen by the in-charge"),
        ("Clock in doubt", "Desk 2: the clock went back 47 minutes at 11:20.", "Explained: machine fault"),
        ("Observation not ended", "Nobody ended the 30 minutes.", ""),
    ],
    "hi": [
        ("केंद्रीय सर्वर ने रोका", "कोड वह नहीं था जो पर्ची पर है। व्यक्ति को नया कोड भेजा जा रहा है।", "व्यक्ति के OTP से पुष्टि हुई"),
        ("केंद्रीय सर्वर ने रोका", "कोड वह नहीं था जो पर्ची पर है। व्यक्ति को नया कोड भेजा जा रहा है।", "व्यक्ति के OTP से पुष्टि हुई"),
        ("केंद्रीय सर्वर ने ठुकराया", "केंद्रीय सर्वर यह अपॉइंटमेंट नहीं जानता।", "ज़िले को बताया गया"),
        ("कोड के मौके ख़त्म", "तीन कोड मेल नहीं खाए।", "व्यक्ति से पूछकर जाँचा गया"),
        ("बिना कोड की अनुमति", "R. K. Mishra ने बिना कोड के अनुमति दी; SMS नहीं मिला था।", "काग़ज़ी रजिस्टर से मेल है"),
        ("दो बार दर्ज", "एक ही डोज़ दोनों डेस्क पर दर्ज है।", "बाद वाला रिकॉर्ड रद्द किया गया"),
        ("नियम के विरुद्ध", "डोज़ 2, डोज़ 1 के 80 दिन बाद दी गई; नियम 84 दिन का है।", "ज़िले को बताया गया"),
        ("रिकॉर्ड रद्द", "व्यक्ति आए ही नहीं।", "Sushma Devi ने ठीक किया"),
        ("रिकॉर्ड सुधारा गया", "बैच 4121Z025 की जगह 4121Z031।", "Sushma Devi ने ठीक किया"),
        ("डोज़ की गिनती में अंतर", "बैच 4121Z025: शीशियों से एक डोज़ ज़्यादा निकली।", "फिर से गिना गया; एक डोज़ ज़्यादा निकली"),
        ("डोज़ की गिनती में अंतर", "बैच HG-0414: एक डोज़ कम है।", "कर्मचारी की चूक; एक डोज़ मेज़ पर गिर गई थी और शाम की गिनती तक किसी ने नहीं लिखी"),
        ("शीशी नष्ट", "बैच 37F21003A: एक शीशी टूट गई।", "प्रभारी ने देखा"),
        ("घड़ी पर संदेह", "डेस्क 2: 11:20 पर घड़ी 47 मिनट पीछे गई।", "मशीन की ख़राबी"),
        ("निगरानी पूरी नहीं हुई", "30 मिनट किसी ने पूरे नहीं किए।", ""),
    ],
}  # fmt: skip


def exceptions(language: str) -> tuple[ExceptionLine, ...]:
    return tuple(
        ExceptionLine(kind=kind, words=words, settled=settled, at=at(9 + number // 2, 7 * number % 60), device=list(DESKS)[number % 2], seq=40 + 61 * number)
        for number, (kind, words, settled) in enumerate(EXCEPTIONS[language])
    )


def closing(amendment: int = 0) -> Closing:
    stock = tally_of(lines()).stock
    counted = [CountedBatch(vaccine=b.vaccine, batch=b.batch, counted=b.unopened, computed=b.unopened) for b in stock]
    counted[0] = replace(counted[0], counted=counted[0].computed - 1, reason=VarianceReason.BROKEN_UNRECORDED)
    return Closing(
        amendment=amendment,
        closed_at=at(17, 42),
        by="Dr. N. Pillai",
        heads=tuple(
            LedgerHead(device, seq, hashed(device)) for device, seq in zip(DESKS, (934, 871), strict=True)
        ),
        counted=tuple(counted),
        agreed=True,
    )


def full_day(language: str = "en", people: int = 600) -> DayReport:
    """Closed, with everything in it."""
    found = lines(people)
    slots = Counter(hour for hour in (9, 10, 11, 12, 14, 15) for _ in range(people // 6 - 2))
    return DayReport(
        centre="091042",
        centre_name="PHC Rampur" if language == "en" else "प्राथमिक स्वास्थ्य केंद्र, रामपुर",
        time_zone="Asia/Kolkata",
        printed_at=datetime(2026, 11, 21, 12, 14, tzinfo=UTC),
        language=language,
        tally=tally_of(found),
        names=STAFF,
        vaccines=VACCINES,
        desks=DESKS,
        closed=closing(),
        exceptions=exceptions(language),
        doses=tuple(found),
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
