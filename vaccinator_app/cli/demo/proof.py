"""After the day: what the desk recorded against what central keeps, and nobody's details lying about (DESIGN 11)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vaccinator_app.central.operations import admin
from vaccinator_app.cli.demo.afterwards import Certified
from vaccinator_app.cli.demo.bookings import Booked
from vaccinator_app.desk.reconcile import Reconcile
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.events import DoseGiven, ProofKind, Voided
from vaccinator_app.protocol.ledger import LedgerBroken
from vaccinator_app.protocol.messages import Status
from vaccinator_app.trust.code import MODULUS, bucket, tag
from vaccinator_app.vault.vault import Vault

LEAST_CODES = 39
"""Codes that must stay possible for each appointment, whatever the desk holds (DESIGN 4.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """``summary.json``. ``lost`` and ``duplicated`` count records; ``confirmed`` is by receipts central signed."""

    booked: int
    arrived: int
    doses_given: int
    codes_refused: int
    walk_ins: int
    deferred: int
    voided: int
    recorded: int
    confirmed: int
    held: int
    refused: int
    closed: bool
    exceptions_open: int
    certificates: int
    lost: int
    duplicated: int
    seconds: float
    broken: tuple[str, ...] = field(default=())
    """The invariants that did not hold, in words; empty after a good day."""


def proved(vault: Vault, there: Sequence[admin.Kept]) -> frozenset[str]:
    """The appointments whose dose stands at this desk, was accepted by central, and rests on a code or a slip."""
    events = [(seq, body) for seq, _, _, body in vault.ledger.events()]
    void = {body.seq for _, body in events if isinstance(body, Voided)}
    accepted = {kept.seq for kept in there if kept.status is Status.ACCEPTED} - void
    shown = (ProofKind.CODE, ProofKind.SLIP)
    doses = [body for seq, body in events if isinstance(body, DoseGiven) and seq in accepted]
    return frozenset(body.appointment for body in doses if body.proof.how in shown)


def sum_up(
    place: Workplace,
    central: admin.Home,
    people: Sequence[Booked],
    certified: Certified,
    seconds: float,
    *,
    closed: bool,
) -> Summary:
    """Lay the desk's ledger beside central's records. ``closed``: the day must be, and central count the same."""
    vault = place.vault
    events = [(seq, body) for seq, _, _, body in vault.ledger.events()]
    own = {record_seq: vault.exchange.hash_at(record_seq) for record_seq, _ in events}
    there = admin.kept_of(central, vault.identity.device)
    same = [kept for kept in there if own.get(kept.seq) == kept.hash]
    lost = len(own) - len(same)
    duplicated = len(there) - len(same) + _doses_standing_twice(events)
    confirmed = vault.exchange.confirmed_upto()
    overview = Reconcile(place).overview(place.today())
    assert overview is not None
    counted = overview.tally.total
    broken = [*_chain(vault), *certified.faults]
    if lost or duplicated:
        broken.append(f"{lost} records are not at central and {duplicated} are there that should not be")
    if confirmed != len(events):
        broken.append(f"{len(events) - confirmed} records are not confirmed")
    if (fewest := fewest_codes_possible(vault, people)) < LEAST_CODES:
        broken.append(f"an appointment leaves only {fewest} codes possible")
    if closed and not (overview.agreed and overview.late == ()):
        broken.append("the day is not closed with what central counts")
    return Summary(
        booked=len(people),
        arrived=counted.arrived,
        doses_given=counted.given,
        codes_refused=counted.codes_refused,
        walk_ins=counted.walk_ins,
        deferred=counted.deferred,
        voided=counted.voided,
        recorded=len(events),
        confirmed=confirmed,
        held=sum(kept.status is Status.HELD for kept in there),
        refused=sum(kept.status is Status.REFUSED for kept in there),
        closed=overview.closed is not None,
        exceptions_open=len(overview.open),
        certificates=certified.verified,
        lost=lost,
        duplicated=duplicated,
        seconds=round(seconds, 1),
        broken=tuple(broken),
    )


def _doses_standing_twice(events: Sequence[tuple[int, object]]) -> int:
    void = {body.seq for _, body in events if isinstance(body, Voided)}
    standing = [body.appointment for seq, body in events if isinstance(body, DoseGiven) and seq not in void]
    return len(standing) - len(set(standing))


def _chain(vault: Vault) -> list[str]:
    try:
        vault.ledger.check(vault.certificates.find)
    except LedgerBroken as error:
        return [f"the ledger does not hold: {error}"]
    return []


def fewest_codes_possible(vault: Vault, people: Sequence[Booked]) -> int:
    """Of the codes each online appointment could have, judged with all that the opened vault holds, the fewest."""
    key = vault.roster.key()
    if key is None:
        return 0
    codes_of = Counter(bucket(f"{code:04d}") for code in range(10_000))
    fewest = 10_000
    for person in people:
        appointment = vault.roster.appointment(person.reference)
        if appointment is not None:
            fitting = [w for w in range(MODULUS) if tag(key.key, person.reference, w) == appointment.code_tag]
            fewest = min(fewest, sum(codes_of[which] for which in fitting))
    return fewest


def details_lying_about(people: Sequence[Booked], folders: Iterable[Path], secrets: Sequence[str] = ()) -> list[str]:
    """A sentence for each file below ``folders`` with a booked person's name, mobile, photo ID or slip, or with one of
    ``secrets``, such as passphrases, in the clear.

    They are searched as UTF-8 and UTF-16, whole, in the raw bytes. The sentence names the file, not the person.
    """
    wanted = [text.encode(how) for text in secrets for how in ("utf-8", "utf-16-le")]
    for person in people:
        for text in (person.name, person.mobile, person.photo_id, person.slip, person.slip[26:65]):
            wanted += [text.encode(), text.encode("utf-16-le")]
    found = []
    for folder in folders:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else [folder]:
            if path.is_file():
                data = path.read_bytes()
                if any(text in data for text in wanted):
                    found.append(f"a booked person's details or a passphrase stand in {path.name}")
    return found


def open_to_others(home: Path) -> list[str]:
    """A sentence for each file and folder of a desk's home that other accounts may do anything with."""
    paths = [home, *sorted(home.rglob("*"))]
    return [f"others may use {path.name}" for path in paths if path.stat().st_mode & 0o077]
