"""The books: what a screen called saved, laid beside what the desk has, what central has, and what central signed for.

For every harness that tries to lose a record (kills, power cuts, networks, disks, whole days). Each check raises
``AssertionError`` with one line that says what is lost, doubled or claimed; none changes
anything, but that the vault's log is folded back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from vaccinator_app.central.operations.admin import Home
from vaccinator_app.central.schema import doses, forks, records
from vaccinator_app.desk.drafts import read_draft
from vaccinator_app.domain.events import DoseDeferred, DoseGiven, Voided
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.ledger import Link
from vaccinator_app.protocol.messages import RECEIPT_TYPE, CertificateState, Receipt, Status
from vaccinator_app.protocol.records import FIRST_PREV, read_event
from vaccinator_app.trust.errors import BadSignature
from vaccinator_app.vault.checking import check
from vaccinator_app.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Called:
    """One record that a screen called saved: its number, and its hash or the kind and appointment, where known."""

    seq: int
    hash: bytes | None = None
    kind: str | None = None
    appointment: str | None = None


def noted(vault: Vault, after: int = 0) -> list[Called]:
    """Everything on record behind record ``after``, to be called saved by whoever knows that an act returned."""
    return [
        Called(seq, record.hash, kind, appointment)
        for record in vault.ledger.records(after)
        for seq, kind, appointment in [_said(record.payload)]
    ]


@lru_cache(1 << 14)
def _said(payload: bytes) -> tuple[int, str, str | None]:
    """Number, kind and appointment: the same in the same bytes, which are read again and again."""
    event = read_event(payload)
    return event.seq, event.kind, getattr(event.read_body(), "appointment", None)


def on_desk(vault: Vault, called: Iterable[Called] = (), *, fold: bool = True) -> Link:
    """The opened vault holds together, and every record in ``called`` is in it, once. Returns the ledger's end.

    Whole: every page, every signature and number of the ledger, receipts beside records, and views that are those the
    ledger makes (computed anew in tables of their own: nothing is put right by looking). With ``fold`` the log is
    written back into the file first, where pages are looked at; not where what is cut next should find a log.
    """
    if fold:
        vault._database.fold()
    faults = check(vault._database.beside, ZoneInfo(vault.identity.time_zone))
    assert not faults, f"the desk's file does not go together: {', '.join(sorted(faults))}"
    link = vault.ledger.check(vault.certificates.find)
    here = {one.seq: one for one in noted(vault)}
    assert sorted(here) == list(range(1, link.seq + 1)), "the ledger's numbers have a gap"
    for one in called:
        found = here.get(one.seq)
        assert found is not None, f"lost at the desk: record {one.seq} was called saved, the ledger ends at {link.seq}"
        for name in ("hash", "kind", "appointment"):
            wanted = getattr(one, name)
            assert wanted is None or getattr(found, name) == wanted, f"record {one.seq} is another than was saved"
    _one_dose_each(vault)
    return link


def _one_dose_each(vault: Vault) -> None:
    """Of each appointment one dose stands at most: a dose saved twice by one visit is as bad as none."""
    standing: dict[int, str] = {}
    for seq, _, _, body in vault.ledger.events():
        if isinstance(body, DoseGiven):
            standing[seq] = body.appointment
        elif isinstance(body, Voided):
            standing.pop(body.seq, None)
    twice = [name for name, count in Counter(standing.values()).items() if count > 1]
    assert not twice, f"doubled at the desk: two doses stand for appointment {twice[0]}"


def passed_stays_passed(vault: Vault, passed: Iterable[str]) -> None:
    """Of each appointment whose code a screen called right there is a draft that says so, or the visit went on. Who was
    let pass by an in-charge, and was not vaccinated yet, has that leave on record and no code in the draft."""
    staff = vault._database.read("SELECT DISTINCT staff FROM drafts")
    drafts = {name: read_draft(data) for (one,) in staff for name, data in vault.drafts.of(one)}
    ended = {one.appointment for one in noted(vault) if one.kind in (DoseGiven.KIND, DoseDeferred.KIND)}
    for name in passed:
        draft = drafts.get(name)
        if name in ended:
            continue
        let_pass = vault.roster.visit(name).override_seq is not None
        assert draft is not None, f"lost at the desk: the draft of appointment {name}"
        assert draft.identity is not None, f"lost at the desk: who appointment {name} is was seen"
        proven = draft.proof is not None or let_pass or name.startswith("W")
        assert proven, f"lost at the desk: the code of appointment {name} was right"


def confirmed_by_receipts(vault: Vault, signers: Sequence[bytes]) -> int:
    """Up to where the desk shows records as confirmed, once that is what central signed for; 0 for nothing.

    ``signers`` are the public keys that central signs with, known from central itself and not from the desk. Every
    receipt kept is verified anew, laid beside this ledger, and stands for no more than it says. A run may go on beside:
    what is compared is read with nothing come between.
    """
    kept: list[Any] = []
    while True:
        before, head = kept, vault.ledger.head().seq
        shown, waiting = vault.exchange.confirmed_upto(), vault.exchange.pending().count
        kept = vault._database.read("SELECT upto, signed FROM receipts ORDER BY id")
        if kept == before and head == vault.ledger.head().seq:
            break
    proved = 0
    for upto, signed in kept:
        receipt = _receipt(bytes(signed), signers)
        assert receipt is not None, f"claimed: records up to {upto} show confirmed, and central never signed for them"
        assert receipt.device == vault.identity.device, f"claimed: the receipt for {upto} is another desk's"
        assert receipt.upto == upto, f"claimed: confirmed up to {upto}, and central signed for {receipt.upto}"
        own = vault.exchange.hash_at(upto) if upto else FIRST_PREV
        assert receipt.head == own, f"claimed: central signed for another record {upto} than the desk has"
        proved = max(proved, receipt.upto)
    assert shown == proved, f"claimed: confirmed up to {shown}, and receipts reach {proved}"
    assert waiting == head - proved, f"{head - proved} records wait for central, and the desk shows {waiting}"
    return proved


def _receipt(envelope: bytes, signers: Sequence[bytes]) -> Receipt | None:
    """The receipt once one of ``signers`` signed it; None when none did."""
    for key in signers:
        try:
            return packing.verified(packing.unpack(envelope), RECEIPT_TYPE, key, Receipt)
        except BadSignature:
            continue
    return None


def at_central(home: Home, vault: Vault, upto: int | None = None) -> int:
    """Every record of the desk up to ``upto`` (None: all) is at central, once, as it is here, with what follows from
    it: a dose that was accepted and not voided stands once, under one certificate where one was issued.

    Central may have more of this desk than ``upto``: an answer may have been lost. It may not have what the desk never
    had. Returns how many records central has of it.
    """
    device = vault.identity.device
    own = {one.seq: one for one in noted(vault)}
    last = len(own) if upto is None else upto
    with home.database.read() as connection:
        rows = connection.execute(
            select(records.c.seq, records.c.hash, records.c.kind, records.c.appointment)
            .where(records.c.device == device)
            .order_by(records.c.seq)
        ).all()
        forked = connection.execute(select(forks.c.seq).where(forks.c.device == device)).scalars().all()
    assert not forked, f"doubled at central: another record {forked[0]} of this desk"
    there = {row.seq: bytes(row.hash) for row in rows}
    assert len(there) == len(rows), "doubled at central: two records under one number"
    lost = [seq for seq in range(1, last + 1) if seq not in there]
    assert not lost, f"lost at central: record {lost[0]} and {len(lost) - 1} more, of {last} that it should have"
    for seq, digest in there.items():
        assert seq in own, f"central has record {seq}, which this desk never had"
        assert digest == own[seq].hash, f"central has another record {seq} than the desk"
    what_follows(home, device)
    return len(there)


def what_follows(home: Home, device: str) -> None:
    """Doses and certificates of one desk follow from its records, no more and no less."""
    with home.database.read() as connection:
        rows = connection.execute(
            select(records.c.seq, records.c.status, records.c.certificate, records.c.voided_by).where(
                records.c.device == device, records.c.kind == DoseGiven.KIND
            )
        ).all()
        given = connection.execute(
            select(doses.c.seq, doses.c.certificate, doses.c.voided_at).where(doses.c.device == device)
        ).all()
        everyone = connection.execute(select(doses.c.beneficiary, doses.c.dose).where(doses.c.voided_at.is_(None)))
        twice = [who for who, count in Counter((row.beneficiary, row.dose) for row in everyone).items() if count > 1]
    assert not twice, f"doubled at central: dose {twice[0][1]} stands twice for one person"
    by_seq = Counter(row.seq for row in given)
    stands = {row.seq: row.certificate for row in given if row.voided_at is None}
    should = {
        row.seq: row.certificate == CertificateState.ISSUED
        for row in rows
        if row.status == Status.ACCEPTED and row.voided_by is None
    }
    for seq, issued in should.items():
        assert seq in stands, f"lost at central: record {seq} was accepted, and its dose is not there"
        assert by_seq[seq] == 1, f"doubled at central: record {seq} made {by_seq[seq]} doses"
        assert (stands[seq] is not None) == issued, f"record {seq}: its dose and its certificate do not go together"
    more = stands.keys() - should.keys()
    assert not more, f"claimed at central: a dose stands by record {min(more)}, which was not accepted"
    named = [name for name in stands.values() if name is not None]
    assert len(named) == len(set(named)), "doubled at central: one certificate for two doses"


def nothing_lost(vault: Vault, home: Home, called: Iterable[Called] = ()) -> int:
    """All of the above at any moment between two steps: everything called saved is on the desk; what shows confirmed
    central signed for and has; the rest visibly waits. Returns up to where it is confirmed."""
    on_desk(vault, called)
    confirmed = confirmed_by_receipts(vault, home.keys.signers)
    at_central(home, vault, confirmed)
    return confirmed


def all_confirmed(vault: Vault, home: Home, called: Iterable[Called] = ()) -> int:
    """The same after a sync that went through: nothing waits, and the desk shows of each record what central has it
    down as. Returns how many records there are."""
    confirmed = nothing_lost(vault, home, called)
    head = vault.ledger.head().seq
    assert confirmed == head, f"still waiting after a sync: records {confirmed + 1} to {head}"
    assert at_central(home, vault) == head, "central has more records of this desk than there are"
    with home.database.read() as connection:
        rows = connection.execute(
            select(records.c.seq, records.c.status).where(records.c.device == vault.identity.device)
        ).all()
    for seq, status in rows:
        shown = vault.exchange.status_of(seq)
        assert shown == status, f"record {seq} is {status} at central, and the desk shows {shown}"
    return head
