"""All that this desk knows of a day: its own records and its neighbours', and what central said of them (DESIGN 7.3).

Questions only, through readers: nothing here waits for the writer or keeps it waiting.
"""

# ruff: noqa: S608  (questions are put together from this room's own constants; values are always bound)

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import blake2b
from zoneinfo import ZoneInfo

from vaccinator_app.domain.appointment import Booking
from vaccinator_app.domain.closing_events import DayClosed
from vaccinator_app.domain.day import Booked, Happened
from vaccinator_app.domain.daybook import Difference, Machine, Name, Said
from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.protocol.records import EVENT_TYPE, read_event
from vaccinator_app.trust.dsse import record_hash
from vaccinator_app.vault.appointments import day_range, slot_of
from vaccinator_app.vault.certificates import Certificates
from vaccinator_app.vault.connection import Database, Row
from vaccinator_app.vault.errors import VaultDamaged
from vaccinator_app.vault.exchange import Exchange
from vaccinator_app.vault.identity import Identity
from vaccinator_app.vault.purge import told_of
from vaccinator_app.vault.reader import Ask

Report = Callable[[int, int], None]
"""How far: records read, of how many."""

_PAGE = 1000
_AT_ONCE = 10_000
"""People of a day who are counted at once: SQLite holds each of them while it does."""

_MARK_BYTES = 16


@dataclass(frozen=True, slots=True)
class Mark:
    """What of a day was taken already: handed out with it, and handed back for what is new. Nobody else's business.

    ``own`` is a ``seq``, ``arrival`` the number of the newest record of another desk; ``firsts`` is where the day
    begins at each of those, which only ever moves back.
    """

    own: int = 0
    arrival: int = 0
    firsts: Mapping[str, int] = field(default_factory=dict)


def _ignore(_: int, __: int) -> None:
    """For callers who do not watch."""


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class _Step:
    """One question, and how many records it answers."""

    sql: str
    parameters: tuple[object, ...]
    records: int


class DayBooks:
    """What a ``domain.daybook.DayBook`` is made of. Every desk of the centre with the same records gives the same."""

    def __init__(self, database: Database, identity: Identity, certificates: Certificates, exchange: Exchange) -> None:
        self._database = database
        self._identity = identity
        self._certificates = certificates
        self._exchange = exchange
        self._zone = ZoneInfo(identity.time_zone)

    def happened(self, day: date, report: Report = _ignore, cancelled: Callable[[], bool] = _never) -> list[Happened]:
        """Every stock event ever, and every event from the first record of ``day`` on, of this desk and its peers.

        Also all later ones: voids, settlements and closes of a day come after it. In no order; empty when
        ``cancelled()``. Raises ``VaultDamaged`` at a record that no longer has the hash kept beside it; signatures were
        checked when the records came in.
        """
        return self.happened_since(day, None, report, cancelled)[0]

    def happened_since(
        self,
        day: date,
        mark: Mark | None,
        report: Report = _ignore,
        cancelled: Callable[[], bool] = _never,
    ) -> tuple[list[Happened], Mark]:
        """What of ``happened(day)`` is not behind ``mark`` yet (all of it for None), and the mark to hand back next.

        ``report`` and ``cancelled`` are called about every 1000 records; when cancelled, nothing was taken: no events,
        and the mark as it was.
        """
        mark = mark or Mark()
        own, own_steps = self._own(day, mark)
        arrival, firsts, peer_steps = self._peers(day, mark)
        steps = own_steps + peer_steps
        total, done = sum(step.records for step in steps), 0
        found: list[Happened] = []
        for step in steps:
            if cancelled():
                return [], mark
            rows = self._database.read(step.sql, step.parameters)
            found += [one for one in map(self._event, rows) if one is not None]
            done += step.records
            report(done, total)
        return found, Mark(own, arrival, firsts)

    def _own(self, day: date, mark: Mark) -> tuple[int, list[_Step]]:
        """The newest record of this desk, and the questions for what of it is new."""
        ((head, first),) = self._database.read(
            "SELECT (SELECT max(seq) FROM ledger), (SELECT min(seq) FROM day_starts WHERE day >= ?)",
            (day.toordinal(),),
        )
        upto = head or 0
        begins = max(mark.own, (upto if first is None else first - 1))
        stock = [
            seq
            for (seq,) in self._database.read("SELECT seq FROM stock WHERE seq > ? AND seq <= ?", (mark.own, begins))
        ]
        starts = range(begins + 1, upto + 1, _PAGE)
        ranges = [(start, min(start + _PAGE - 1, upto)) for start in starts]
        days = [_Step(f"{_LEDGER} WHERE seq BETWEEN ? AND ?", (a, b), b - a + 1) for a, b in ranges]
        return upto, [*_listed(f"{_LEDGER} WHERE seq IN (SELECT value FROM json_each(?))", stock), *days]

    def _peers(self, day: date, mark: Mark) -> tuple[int, dict[str, int], list[_Step]]:
        """The newest arrival, where the day begins at each other desk, and the questions for what of them is new."""
        ((newest,),) = self._database.read("SELECT max(arrival) FROM peer_records")
        last = newest or 0
        if mark.arrival == 0:
            firsts, arrivals = self._first_peers(day, last)
        else:
            firsts, arrivals = self._later_peers(day, mark, last)
        listed = f"{_PEERS} WHERE arrival IN (SELECT value FROM json_each(?))"
        return last, firsts, _listed(listed, sorted(arrivals))

    def _first_peers(self, day: date, last: int) -> tuple[dict[str, int], set[int]]:
        # The plus signs keep the planner from walking along all arrivals ever, payloads and all.
        firsts: dict[str, int] = dict(
            self._database.read(
                "SELECT device, min(seq) FROM peer_records WHERE day >= ? AND +arrival <= ? GROUP BY +device",
                (day.toordinal(), last),
            )
        )
        found = self._numbers("SELECT arrival FROM peer_records WHERE stock = 1 AND +arrival <= ?", last)
        for device, first in firsts.items():
            found |= self._numbers(
                "SELECT arrival FROM peer_records WHERE device = ? AND seq >= ? AND arrival <= ?", device, first, last
            )
        return firsts, found

    def _later_peers(self, day: date, mark: Mark, last: int) -> tuple[dict[str, int], set[int]]:
        """Of what arrived since. A desk's records come in any order: when one shows that the day began earlier there,
        what lies between and was passed over before belongs to it too."""
        firsts = dict(mark.firsts)
        found: set[int] = set()
        fresh = self._database.read(
            "SELECT arrival, device, seq, day, stock FROM peer_records WHERE arrival > ? AND arrival <= ?",
            (mark.arrival, last),
        )
        for _, device, seq, of_day, _ in fresh:
            if of_day >= day.toordinal():
                firsts[device] = min(seq, firsts.get(device, seq))
        for arrival, device, seq, _, stock in fresh:
            if stock or (device in firsts and seq >= firsts[device]):
                found.add(arrival)
        for device, first in firsts.items():
            before = mark.firsts.get(device)
            if first != before:
                found |= self._numbers(
                    "SELECT arrival FROM peer_records WHERE device = ? AND seq >= ? AND seq < ? AND stock = 0 "
                    "AND arrival <= ?",
                    *(device, first, _HIGHEST if before is None else before, mark.arrival),
                )
        return firsts, found

    def _numbers(self, sql: str, *parameters: object) -> set[int]:
        return {number for (number,) in self._database.read(sql, parameters)}

    def _event(self, row: Row) -> Happened | None:
        """The event of a record; None for one of another desk of a kind that this program does not know yet."""
        payload, signature, kept = row
        if record_hash(EVENT_TYPE, payload, signature) != kept:
            raise VaultDamaged
        try:
            event = read_event(payload)
            body = event.read_body()
        except ProtocolError:
            return None
        return Happened(
            device=event.device,
            seq=event.seq,
            at=event.at.astimezone(self._zone),
            staff=event.staff,
            body=body,
            boot=event.boot,
            uptime_ms=event.uptime_ms,
        )

    def booked(self, day: date, named: Iterable[str]) -> list[Booked]:
        """The online appointments of ``day``: each of ``named`` by itself, all others as so many alike. Cancelled ones
        say so. All as of one moment.

        Of most of a large day nothing is recorded yet, and what is held for each of a hundred thousand people is held
        for as long as somebody is signed in.
        """
        asked = json.dumps(list(named))
        # as one: else somebody whom central moves meanwhile is counted in two of the parts, or in none
        alike = self._database.read_as_one(lambda ask: _alike(ask, day, asked))
        slots: dict[tuple[int, int], datetime] = {}
        found: list[Booked] = []
        for (appointment, slot, offset, vaccine, dose, cancelled), people in alike.items():
            at = slots.get((slot, offset))
            if at is None:
                at = slots[slot, offset] = slot_of(slot, offset).astimezone(self._zone)
            found.append(Booked(appointment, at, vaccine, dose, bool(cancelled), people))
        return found

    def identities(self, day: date, of: Iterable[str]) -> dict[str, str]:
        """A mark for each of these appointments of ``day``, walk-ins too: equal marks may be one person.

        It stands over photo ID, its last four, year of birth, gender and the first word of the name. Keyed with this
        vault's own key: a mark tells nothing to who has not got the vault, and nothing at another desk.
        """
        rows = self._database.read(
            "SELECT appointment, photo_id, photo_id_last4, year_of_birth, gender, name FROM roster "
            "WHERE id BETWEEN ? AND ? AND name <> '' AND appointment IN (SELECT value FROM json_each(?))",
            (*day_range(day), json.dumps(list(of))),
        )
        key = self._identity.device_key.private
        # What was so before the names left is still so: found then, and kept as marks alone.
        marks: dict[str, str] = dict(
            self._database.read("SELECT appointment, mark FROM same_person WHERE day = ?", (day.toordinal(),))
        )
        for appointment, photo_id, last4, year, gender, name in rows:
            told = json.dumps(told_of(photo_id, last4, year, gender, name)).encode()
            marks[appointment] = blake2b(told, digest_size=_MARK_BYTES, key=key, person=b"day identities").hexdigest()
        return marks

    def outcomes(self) -> dict[Name, Said]:
        """What central said of records, this desk's and others', accepted ones without a reason left out."""
        own = self._database.read(f"SELECT seq, status, reasons FROM confirmation WHERE {_SAID}")
        peers = self._database.read(f"SELECT device, seq, status, reasons FROM peer_records WHERE {_SAID}")
        rows = [*((self._identity.device, *row) for row in own), *peers]
        return {(device, seq): Said(status, tuple(json.loads(reasons))) for device, seq, status, reasons in rows}

    def cleared(self) -> frozenset[Name]:
        """Doses given on an override, here and at other desks, that central accepted with nothing left to wait for."""
        own = self._database.read(
            "SELECT o.seq FROM overridden o JOIN confirmation c ON c.seq = o.seq "
            f"WHERE c.status = 'accepted' AND c.{_WAITS_NO_MORE}"
        )
        peers = self._database.read(
            f"SELECT device, seq FROM peer_records WHERE overridden = 1 AND status = 'accepted' AND {_WAITS_NO_MORE}"
        )
        return frozenset([*((self._identity.device, seq) for (seq,) in own), *((device, seq) for device, seq in peers)])

    def machines(self, now: datetime) -> list[Machine]:
        """This desk first, then the others by name. Times are told in the zone of ``now``."""
        head, pending = self._exchange.head(), self._exchange.pending()
        own = Machine(
            device=self._identity.device,
            name=self._identity.device_name,
            own=True,
            upto=head.seq,
            head=head.hash.hex(),
            unconfirmed=pending.count,
            oldest_at=_in_zone(pending.oldest_at, now),
            heard_at=_in_zone(self._exchange.last_contact(), now),
        )
        rows = self._database.read(
            "SELECT device, name, seq, head, claimed, seen_at FROM peer_desks ORDER BY name, device"
        )
        peers = [
            Machine(
                device=device,
                name=name,
                own=False,
                upto=seq,
                head=head.hex(),
                missing=max(0, claimed - seq),
                heard_at=_in_zone(None if seen_at is None else datetime.fromisoformat(seen_at), now),
            )
            for device, name, seq, head, claimed, seen_at in rows
        ]
        return [own, *peers]

    def differences(self) -> dict[Name, tuple[Difference, ...]]:
        """What central counted otherwise than each close that it does not agree with."""
        return {name: found for name, found in self._answers().items() if found}

    def agreed(self) -> set[Name]:
        """The closes that central counted the same."""
        return {name for name, found in self._answers().items() if not found}

    def _answers(self) -> dict[Name, tuple[Difference, ...]]:
        rows = self._database.read("SELECT device, seq, differences FROM close_answers")
        return {
            (device, seq): tuple(Difference(what, here, there) for what, here, there in json.loads(found))
            for device, seq, found in rows
        }

    def left_open(self, before: date) -> date | None:
        """The last day before ``before`` on which somebody came to this desk, if nobody closed it; None otherwise."""
        ((last,),) = self._database.read(
            "SELECT max(day) FROM visits WHERE day > 0 AND day < ? AND arrived_at IS NOT NULL", (before.toordinal(),)
        )
        if last is None:
            return None
        day = date.fromordinal(last)
        rows = self._database.read(
            f"{_LEDGER} WHERE kind = ?1 AND seq >= coalesce((SELECT min(seq) FROM day_starts WHERE day >= ?2), 0) "
            f"UNION ALL {_PEERS} WHERE day >= ?2 AND instr(payload, ?3) > 0",
            (DayClosed.KIND, last, f'"kind":"{DayClosed.KIND}"'.encode()),
        )
        closed = (one.body for one in map(self._event, rows) if one is not None)
        return None if any(isinstance(body, DayClosed) and body.day == day for body in closed) else day

    def names(self) -> dict[str, str]:
        """What each certified member of staff is called, by staff id."""
        return self._certificates.names()

    def hash_of(self, device: str, seq: int) -> str | None:
        """The hash (hex) of a record, or None when it is not known here: of another desk also that of its head."""
        if device == self._identity.device:
            found = self._exchange.hash_at(seq)
            return None if found is None else found.hex()
        rows = self._database.read(
            "SELECT hash FROM peer_records WHERE device = ?1 AND seq = ?2 "
            "UNION ALL SELECT head FROM peer_desks WHERE device = ?1 AND seq = ?2 AND seq > 0",
            (device, seq),
        )
        return rows[0][0].hex() if rows else None


_BOOKED = (
    "SELECT iif(appointment IN (SELECT value FROM json_each(?)), appointment, ''), slot, slot_offset, vaccine, dose, "
    "cancelled, count(*), max(id) FROM (SELECT id, appointment, slot, slot_offset, vaccine, dose, cancelled "
    "FROM roster WHERE id BETWEEN ? AND ? AND booking = ? ORDER BY id LIMIT ?) GROUP BY 1, 2, 3, 4, 5, 6"
)
_LEDGER = "SELECT payload, signature, hash FROM ledger"
_PEERS = "SELECT payload, signature, hash FROM peer_records"
_WAITS_NO_MORE = "reasons NOT LIKE '%\"awaits_otp\"%'"
"""Other reasons of an accepted dose are not the person's to answer."""
_SAID = "status <> 'accepted' OR reasons <> '[]'"
_HIGHEST = (1 << 63) - 1


def _alike(ask: Ask, day: date, named: str) -> Counter[Row]:
    """How many people of ``day`` are alike, counted in parts; ``named`` is a JSON list."""
    (last, end), alike = day_range(day), Counter[Row]()
    while rows := ask(_BOOKED, (named, last, end, Booking.ONLINE.value, _AT_ONCE)):
        for *of, people, newest in rows:
            alike[tuple(of)] += people
            last = max(last, newest + 1)
    return alike


def _listed(sql: str, numbers: Sequence[int]) -> list[_Step]:
    """Questions for records by number, a page each."""
    pages = (numbers[start : start + _PAGE] for start in range(0, len(numbers), _PAGE))
    return [_Step(sql, (json.dumps(page),), len(page)) for page in pages]


def _in_zone(moment: datetime | None, now: datetime) -> datetime | None:
    return None if moment is None else moment.astimezone(now.tzinfo)
