"""Where every saved record is: beside desk and central a plain book in Python of all that was ever saved, and what must
hold of it after every step.

A record is at central once, or waits on its desk where everybody sees it, or was set aside and is listed. The one loss
that nobody can prevent is worked out from what lay where: a folder was put back to what it was before, and nothing else
held the record.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from tests.support.desk import ZONE
from tests.support.nothing_lost import confirmed_by_receipts, on_desk, what_follows
from tests.whole.town import Desk, Town
from vaccinator_app.central.desks.seats import read_entry
from vaccinator_app.central.intake.comparing import differences
from vaccinator_app.central.rows import read_outcome
from vaccinator_app.central.schema import device_heads, forks, records, roster
from vaccinator_app.desk.reconcile import Overview, read_overview
from vaccinator_app.domain.appointment import Booking
from vaccinator_app.domain.counts import DayTally
from vaccinator_app.domain.day import Booked, Happened
from vaccinator_app.domain.events import Body, DoseGiven, Voided
from vaccinator_app.domain.exceptions import ExceptionKind
from vaccinator_app.domain.staff_events import Notice, Noticed
from vaccinator_app.domain.tally import tally
from vaccinator_app.protocol.records import Event, Record, read_event
from vaccinator_app.vault.ledger import Ledger, Saved


@dataclass(frozen=True, slots=True)
class Noted:
    """One record that was saved. ``voids`` is the hash of what it takes back."""

    device: str
    event: Event
    body: Body
    voids: bytes | None = None


@dataclass(slots=True)
class AtCentral:
    """Everything central has, read anew."""

    rows: dict[bytes, Any]
    forks: set[bytes]
    heads: dict[str, tuple[int, bytes]]

    @property
    def all(self) -> set[bytes]:
        return self.rows.keys() | self.forks


@dataclass(slots=True)
class AtDesk:
    """Everything one desk has; of a closed one what it had when it was last open."""

    ledger: dict[bytes, int] = field(default_factory=dict)
    strays: set[bytes] = field(default_factory=set)
    confirmed: int = 0

    @property
    def all(self) -> set[bytes]:
        return self.ledger.keys() | self.strays


class Books:
    """All that was ever saved, by hash. ``gone``: what no one can bring back. ``noticing``: what a desk may notice."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.saved: dict[bytes, Noted] = {}
        self.gone: set[bytes] = set()
        self.desks = {desk.device: AtDesk() for desk in town.desks}
        self.central_went_back: set[str] = set()
        """Desks that may show as confirmed what central lost, until they next sync."""
        self.lost_changes: set[tuple[str, date]] = set()
        """Centres and days of bookings whose last change central lost, and said so."""
        self._patch = pytest.MonkeyPatch()
        self._watch()
        for digest, row in self.central().rows.items():
            self._note(Record(row.payload, row.keyid, row.signature), None)
            self.desks[row.device].ledger[digest] = row.seq

    def close(self) -> None:
        self._patch.undo()

    def _watch(self) -> None:
        """Whatever ``append`` returns as saved is written down here."""
        append = Ledger.append

        def watched(ledger: Ledger, *asked: Any, **named: Any) -> list[Saved]:
            saved = append(ledger, *asked, **named)
            for one in saved:
                self._note(next(ledger.records(one.seq - 1, 1)), ledger)
            return saved

        self._patch.setattr(Ledger, "append", watched)

    def _note(self, record: Record, ledger: Ledger | None) -> None:
        event = read_event(record.payload)
        body = event.read_body()
        voids = ledger.hash_at(body.seq) if ledger is not None and isinstance(body, Voided) else None
        self.saved[record.hash] = Noted(event.device, event, body, voids)

    # What lies where

    def central(self) -> AtCentral:
        with self.town.world.home.database.read() as connection:
            rows = connection.execute(select(records)).all()
            beside = connection.execute(select(forks.c.hash)).scalars().all()
            heads = connection.execute(select(device_heads)).all()
        found = {bytes(row.hash): row for row in rows}
        assert len(found) == len(rows), "doubled at central: one record under two numbers"
        return AtCentral(found, set(map(bytes, beside)), {row.device: (row.seq, bytes(row.hash)) for row in heads})

    def look(self, desk: Desk) -> AtDesk:
        """What the opened desk has now. A record that nobody was told of, because the power went in between, counts
        from here on as well."""
        vault = desk.place.vault
        ledger = {bytes(digest): seq for seq, digest in vault._database.read("SELECT seq, hash FROM ledger")}
        for digest in ledger.keys() - self.saved.keys():
            self._note(next(vault.ledger.records(ledger[digest] - 1, 1)), vault.ledger)
        strays = {record.hash for record in vault.standing.stray_records()}
        assert len(vault.standing.strays()) == len(strays), "a stray is listed twice, or not at all"
        found = AtDesk(ledger, strays, vault.exchange.confirmed_upto())
        self.desks[desk.device] = found
        return found

    def written_off(self, before: set[bytes], after: set[bytes]) -> None:
        """Something was put back to what it was: what lay there and now lies nowhere is gone."""
        self.gone |= before - after

    def everywhere(self) -> set[bytes]:
        return self.central().all.union(*(there.all for there in self.desks.values()))

    # What must hold after every step

    def check(self, touched: Iterable[Desk]) -> AtCentral:
        """All of it; of desks those ``touched``, as the others stand still."""
        central = self.central()
        self._central_holds_together(central)
        for desk in touched:
            if desk.place_or_none is not None:
                self._desk(desk, central)
        self._each_is_somewhere(central)
        return central

    def _central_holds_together(self, central: AtCentral) -> None:
        for desk in self.town.desks:
            seqs = sorted(row.seq for row in central.rows.values() if row.device == desk.device)
            seq, head = central.heads[desk.device]
            assert seqs == list(range(1, seq + 1)), (
                f"lost at central: its head is {seq}, and it has {len(seqs)} records"
            )
            assert not seq or central.rows[head].seq == seq, "central's head is not its last record"
            what_follows(self.town.world.home, desk.device)
        assert not central.rows.keys() & central.forks, "doubled at central: a record and a fork at once"
        for row in central.rows.values():
            assert row.status == "accepted" or row.reasons != "[]", f"{row.kind} is {row.status}, and nobody said why"

    def _desk(self, desk: Desk, central: AtCentral) -> None:
        vault = desk.place.vault
        there = self.look(desk)
        on_desk(vault, fold=False)
        confirmed_by_receipts(vault, self.town.world.home.keys.signers)
        assert not there.ledger.keys() & there.strays, "doubled at the desk: on record, and set aside"
        if desk.device not in self.central_went_back:
            lacks = [
                seq for digest, seq in there.ledger.items() if seq <= there.confirmed and digest not in central.rows
            ]
            assert not lacks, f"claimed: record {min(lacks)} shows confirmed, and central does not have it"
        goes_on = desk.place.disagreement is None or vault.standing.stopped() is None
        assert not (desk.stopped and goes_on), "central holds another history, and the desk goes on recording"
        self._counts(desk)
        noticed = self.noticed(desk)
        assert Notice.FILE_CHANGED not in noticed, "the desk says that its file was changed, and nobody did"
        put_back = {Notice.ROLLED_BACK, Notice.FORKED} & set(noticed)
        assert desk.ever_put_back or not put_back, "the desk says that an old copy was put back, and nobody did"

    def _each_is_somewhere(self, central: AtCentral) -> None:
        for digest, noted in self.saved.items():
            there = self.desks[noted.device]
            if digest in there.ledger or digest in self.gone:
                continue
            what = f"{noted.event.kind}, record {noted.event.seq} of {noted.device}"
            assert digest in central.all or digest in there.strays, f"lost: {what} was saved, and is nowhere"
            behind = next(desk.behind for desk in self.town.desks if desk.device == noted.device)
            listed = digest in there.strays or digest in central.forks
            assert behind or listed, f"lost at the desk: {what} is at central alone, and nothing was put back"

    # What the screens count

    def _counts(self, desk: Desk) -> None:
        """The desk's tally is a plain count of doses that nobody took back, of its own records and its neighbours'."""
        vault = desk.place.vault
        peers = {bytes(digest) for (digest,) in vault._database.read("SELECT hash FROM peer_records")}
        unknown = peers - self.saved.keys()
        assert not unknown, "a neighbour's record that nobody ever saved"
        have = self.desks[desk.device].ledger.keys() | peers
        for day in self.days(have):
            total = overview(desk, day).tally.total
            assert total.given + total.twice == self.standing(have, day), f"the desk's tally of {day} is not what is so"

    def given_at(self, desk: Desk) -> set[str]:
        """Whose dose stands at this desk."""
        have = self.desks[desk.device].ledger.keys()
        taken_back = {self.saved[digest].voids for digest in have}
        bodies = [self.saved[digest].body for digest in have - taken_back]
        return {body.appointment for body in bodies if isinstance(body, DoseGiven)}

    def standing(self, have: Iterable[bytes], day: date) -> int:
        """How many doses of ``day`` nobody took back, among these records: counted the plain way."""
        have = set(have)
        taken_back = {self.saved[digest].voids for digest in have}
        doses = [digest for digest in have - taken_back if isinstance(self.saved[digest].body, DoseGiven)]
        return sum(_when(self.saved[digest]) == day for digest in doses)

    def days(self, have: Iterable[bytes]) -> set[date]:
        return {_when(self.saved[one]) for one in have if isinstance(self.saved[one].body, DoseGiven)}

    # What must hold when a sync went through

    def check_synced(self, desk: Desk) -> None:
        """Nothing waits; desk and central have the same, of this desk's records, its neighbours' and its people."""
        central, there = self.central(), self.look(desk)
        self.central_went_back.discard(desk.device)
        desk.behind = desk.stopped = False
        mine = {digest: row for digest, row in central.rows.items() if row.device == desk.device}
        assert there.ledger.keys() == mine.keys(), "after a sync desk and central have other records"
        assert there.confirmed == len(mine), "after a sync something waits"
        exchange = desk.place.vault.exchange
        if exchange.revoked_at() is not None:
            return
        for row in mine.values():
            said = exchange.outcome_of(row.seq)
            assert said is not None, f"record {row.seq} is {row.status}, and the desk does not know"
            answer = read_outcome(row.seq, row.status, row.reasons, row.certificate, row.message)
            assert said == answer, f"{row.kind}, record {row.seq}, is {answer}, and the desk shows {said}"
        self._people(desk)
        self._neighbours(desk, central)
        self._needs_somebody(desk, [row for row in mine.values() if row.status != "accepted"])

    def check_set_aside(self, desk: Desk, before: AtDesk) -> None:
        """The ledger was taken back: what left it is listed, and central has it beside the ledger."""
        there, central = self.look(desk), self.central()
        left = before.ledger.keys() - there.ledger.keys()
        assert left <= there.strays, "the ledger was taken back, and what left it is not all listed"
        assert left <= central.forks, "the ledger was taken back, and what left it is not all at central"

    def _people(self, desk: Desk) -> None:
        """Everybody of today and the lease's days whom central has, as central has them."""
        database = self.town.world.home.database
        today = self.town.now.astimezone(ZONE).date()
        with database.read() as connection:
            rows = connection.execute(
                select(roster).where(roster.c.centre == desk.centre, roster.c.changed.is_not(None))
            ).all()
        for row in rows:
            entry = read_entry(row.entry)
            if entry.booking is not Booking.ONLINE or entry.session_date < today:
                continue
            here = desk.place.vault.roster.appointment(entry.appointment)
            assert here is not None, f"central told of appointment {entry.appointment}, and it is not on the roster"
            shown = (here.beneficiary.name, here.cancelled, here.slot, here.code_tag)
            wanted = (entry.beneficiary.name, entry.cancelled, entry.slot, entry.code_tag)
            assert shown == wanted, f"appointment {entry.appointment} is not as central told it"

    def _neighbours(self, desk: Desk, central: AtCentral) -> None:
        read = desk.place.vault._database.read
        here = {bytes(digest) for (digest,) in read("SELECT hash FROM peer_records")}
        here |= {bytes(digest) for (digest,) in read("SELECT hash FROM peer_rejects")}
        recent = self.town.now.timestamp() - 7 * 86400
        lacks = [
            row
            for digest, row in central.rows.items()
            if row.centre == desk.centre and row.device != desk.device and row.told is not None
            if digest not in here and row.received_at.timestamp() > recent
        ]
        assert not lacks, f"a neighbour's {lacks[0].kind if lacks else ''} did not come with the pull"

    def _needs_somebody(self, desk: Desk, rows: list[Any]) -> None:
        """What central held or refused is among the day's exceptions, until somebody took it back."""
        voided = {noted.voids for digest, noted in self.saved.items() if digest in self.desks[desk.device].ledger}
        for row in rows:
            if bytes(row.hash) in voided:
                continue
            noted = self.saved[bytes(row.hash)]
            found = overview(desk, _when(noted)).exceptions
            told = (
                any(
                    (one.device, one.seq) == (row.device, row.seq)
                    or (one.appointment == row.appointment is not None and one.kind in _SAME_CAUSE)
                    for one in found
                )
                or row.kind == "day_closed"
            )
            assert told, f"{row.kind} is {row.status} {row.reasons}, and is not among the day's exceptions"

    # What must hold in the end

    def is_at_odds(self, desk: Desk) -> bool:
        """Whether central has, under a number that its receipt covers at this desk, another record: it came back from a
        backup with a history that it had given up for this one."""
        there = self.look(desk)
        theirs = {row.seq: digest for digest, row in self.central().rows.items() if row.device == desk.device}
        return any(theirs.get(seq, digest) != digest for digest, seq in there.ledger.items() if seq <= there.confirmed)

    def check_all_synced(self, but: set[str]) -> None:
        """Everybody's day books are the same, and central's; not at the centres in ``but``, where a desk is at odds."""
        central = self.central()
        for desk in self.town.desks:
            if desk.place_or_none is None or desk.place.vault.exchange.revoked_at() is not None or desk.centre in but:
                continue
            theirs = {digest: row for digest, row in central.rows.items() if row.centre == desk.centre}
            counting = {digest for digest, row in theirs.items() if row.status != "refused"}
            refused = any(row.status == "refused" for row in theirs.values())
            for day in self.days(theirs):
                there = self._central_tally(desk.centre, day, counting)
                total = there.total
                assert total.given + total.twice == self.standing(counting, day), f"central's tally of {day}"
                # of what is older desks are told nothing but the stock (``central.desks.relay``)
                if not refused and self._still_told(theirs, day):
                    found = differences(overview(desk, day).tally, there)
                    if day < self.town.now.astimezone(ZONE).date() or (desk.centre, day) in self.lost_changes:
                        # whose booking changed while this desk heard nothing until its day was over, it is not told;
                        # nor who was moved to this day, when central came back from before that, to a day that is over
                        found = tuple(one for one in found if not one.what.endswith((".booked", ".no_show")))
                    assert not found, f"desk and central count {day} otherwise: {found[0] if found else ''}"

    def _still_told(self, theirs: dict[bytes, Any], day: date) -> bool:
        """Whether a desk that hears for the first time in a week hears all of ``day``. A clock that ran ahead may have
        dated to a day of this week what central has had for longer."""
        week_ago = self.town.now - timedelta(days=7)
        of_day = [row for digest, row in theirs.items() if _when(self.saved[digest]) == day]
        heard = min(row.received_at.timestamp() for row in of_day)
        return day > week_ago.astimezone(ZONE).date() and heard > week_ago.timestamp()

    def _central_tally(self, centre: str, day: date, have: Iterable[bytes]) -> DayTally:
        """Central's own records counted by the common function."""
        with self.town.world.home.database.read() as connection:
            entries = connection.execute(
                select(roster.c.entry).where(roster.c.centre == centre, roster.c.day == day)
            ).scalars()
            people = [read_entry(entry) for entry in entries]
        booked = [
            Booked(one.appointment, one.slot.astimezone(ZONE), one.vaccine, one.dose, one.cancelled)
            for one in people
            if one.booking is Booking.ONLINE
        ]
        return tally(day, [_happened(self.saved[digest]) for digest in have], booked)

    def noticed(self, desk: Desk) -> list[Notice]:
        """What the desk put on record about itself."""
        there = self.desks[desk.device].ledger
        found = [self.saved[digest].body for digest in there]
        return [body.what for body in found if isinstance(body, Noticed)]


_SAME_CAUSE = (ExceptionKind.DUPLICATE, ExceptionKind.AGAINST_RULE)
"""Exceptions found at the desk that stand for central's answer as well (``domain.find_answers``)."""


def overview(desk: Desk, day: date) -> Overview:
    """The day as an in-charge sees it, whoever is at the desk."""
    return read_overview(desk.place, day, tuple(desk.place.vault.daybooks.happened(day)))


def _happened(noted: Noted) -> Happened:
    event = noted.event
    return Happened(event.device, event.seq, event.at.astimezone(ZoneInfo("Asia/Kolkata")), event.staff, noted.body)


def _when(noted: Noted) -> date:
    return _happened(noted).when.date()
