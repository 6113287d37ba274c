"""Who did or saw what: records by who made them, whom they are about and when, the newest first (DESIGN 5.5).

Questions only, through readers, in steps: nothing here waits for the writer or keeps it waiting.
"""

# ruff: noqa: S608  (questions are put together from this room's own constants; values are always bound)

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from vaccinator_app.domain.day import Happened
from vaccinator_app.domain.events import RecordViewed
from vaccinator_app.domain.staff_events import Noticed
from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.protocol.records import EVENT_TYPE, read_event
from vaccinator_app.trust.dsse import record_hash
from vaccinator_app.vault.appointments import DAY_BITS, day_range, slot_of
from vaccinator_app.vault.connection import Database, Row
from vaccinator_app.vault.errors import VaultDamaged
from vaccinator_app.vault.identity import Identity

Report = Callable[[int, int], None]
"""How far: records passed, of how many."""

_STEP = 5000
"""Records of this desk that one question looks through."""
_PAGE = 1000
"""Records of other desks that one question gives at most."""
_LOOKS = 64
"""Looks that one question gives: an hour of them is asked for before each sheet opens, and is few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for: days at the centre, both included; then each only where it is given.

    ``kinds`` are names of records as on the wire; ``appointment`` is a whole reference.
    """

    first: date
    last: date
    staff: str | None = None
    kinds: frozenset[str] | None = None
    appointment: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a record is about, as the roster has them. ``name`` is whole, or empty once the details are purged."""

    token: int
    name: str
    day: date


@dataclass(frozen=True, slots=True)
class Sheet:
    """A draft that somebody has, as the desk wrote it: not a record yet."""

    appointment: str
    staff: str
    data: bytes


class AuditTrail:
    """This desk's records and what other desks told of theirs."""

    def __init__(self, database: Database, identity: Identity) -> None:
        self._database = database
        self._device = identity.device
        self._zone = ZoneInfo(identity.time_zone)

    def looks(self, staff: str) -> Iterator[Happened]:
        """The ``record_viewed`` that ``staff`` made at this desk, the newest first."""
        return self._newest_first(f"{_LEDGER} WHERE kind = '{RecordViewed.KIND}' AND staff = ? AND seq < ?", staff)

    def noticed(self) -> Iterator[Happened]:
        """What this desk noticed of itself, the newest first."""
        return self._newest_first(f"{_LEDGER} WHERE kind = '{Noticed.KIND}' AND seq < ?")

    def _newest_first(self, sql: str, *parameters: object) -> Iterator[Happened]:
        before = _HIGHEST
        while True:
            rows = self._database.read(f"{sql} ORDER BY seq DESC LIMIT {_LOOKS}", (*parameters, before))
            for row in rows:
                found = self._happened(row)
                if found is not None:
                    before = found.seq
                    yield found
            if len(rows) < _LOOKS:
                return

    def own(self, asked: Asked, report: Report, cancelled: Callable[[], bool]) -> Iterator[Happened]:
        """This desk's records that are asked for, the newest first; ends early when ``cancelled()``.

        ``report`` is called about every 5000 records passed. Raises ``VaultDamaged`` at a record that no longer has the
        hash kept beside it; signatures were made here, and ``vaccinator ledger verify`` checks them.
        """
        ((head, first),) = self._database.read(
            "SELECT (SELECT max(seq) FROM ledger), (SELECT min(seq) FROM day_starts WHERE day BETWEEN ? AND ?)",
            (asked.first.toordinal(), asked.last.toordinal()),
        )
        if first is None:
            return
        where, values = "substr(at, 1, 10) BETWEEN ? AND ?", [asked.first.isoformat(), asked.last.isoformat()]
        if asked.staff is not None:
            where, values = where + " AND staff = ?", [*values, asked.staff]
        if asked.appointment is not None:
            where, values = where + " AND appointment = ?", [*values, asked.appointment]
        if asked.kinds is not None:
            kinds = json.dumps(sorted(asked.kinds))
            where, values = where + " AND kind IN (SELECT value FROM json_each(?))", [*values, kinds]
        for top in range(head, first - 1, -_STEP):
            if cancelled():
                return
            report(head - top, head - first + 1)
            bottom = max(first, top - _STEP + 1)
            rows = self._database.read(
                f"{_LEDGER} WHERE seq BETWEEN ? AND ? AND {where} ORDER BY seq DESC", (bottom, top, *values)
            )
            yield from (found for found in map(self._happened, rows) if found is not None)

    def told(self, asked: Asked, cancelled: Callable[[], bool]) -> Iterator[Happened]:
        """What is asked for of other desks' records, as far as central told of them; in no order.

        Who merely looked, came and went there is known only there (DESIGN 5.5), and so is in none of it.
        """
        days = self._database.read(
            "SELECT DISTINCT day FROM peer_records WHERE day BETWEEN ? AND ?",
            (asked.first.toordinal(), asked.last.toordinal()),
        )
        for (day,) in days:
            device, seq = "", 0
            while not cancelled():
                rows = self._database.read(
                    f"SELECT payload, signature, hash, device, seq FROM peer_records WHERE day = ? "
                    f"AND (device, seq) > (?, ?) ORDER BY device, seq LIMIT {_PAGE}",
                    (day, device, seq),
                )
                found = (self._happened(row[:3]) for row in rows)
                yield from (one for one in found if one is not None and _is_asked(one, asked))
                if len(rows) < _PAGE:
                    break
                device, seq = rows[-1][3:]

    def set_aside(self, asked: Asked) -> list[Happened]:
        """What is asked for of this desk's own records that stand in the ledger no more, because central has others
        under their numbers (DESIGN 7.4). They were made all the same."""
        rows = self._database.read("SELECT payload, signature, hash FROM strays")
        found = (self._happened(row) for row in rows)
        days = (asked.first, asked.last)
        return [one for one in found if one and days[0] <= one.at.date() <= days[1] and _is_asked(one, asked)]

    def machines(self) -> dict[str, str]:
        """What the centre's other desks are called, by device."""
        return dict(self._database.read("SELECT device, name FROM peer_desks"))

    def people(self, appointments: Sequence[str]) -> dict[str, Person]:
        """Whom the roster has under these references."""
        found: dict[str, Person] = {}
        for start in range(0, len(appointments), _PAGE):
            rows = self._database.read(
                "SELECT appointment, token, name, id FROM roster WHERE appointment IN (SELECT value FROM json_each(?))",
                (json.dumps(appointments[start : start + _PAGE]),),
            )
            for appointment, token, name, number in rows:
                found[appointment] = Person(token, name or "", date.fromordinal(number >> DAY_BITS))
        return found

    def hours(self, day: date) -> tuple[datetime, datetime] | None:
        """The first and the last slot of ``day``; None when nobody is on its roster."""
        slots = [
            self._database.read(
                f"SELECT slot, slot_offset FROM roster WHERE id BETWEEN ? AND ? ORDER BY id {order} LIMIT 1",
                day_range(day),
            )
            for order in ("", "DESC")
        ]
        if not slots[0]:
            return None
        first, last = (slot_of(*found[0]).astimezone(self._zone) for found in slots)
        return first, last

    def sheets(self) -> list[Sheet]:
        """Everybody's drafts."""
        return [Sheet(*row) for row in self._database.read("SELECT appointment, staff, data FROM drafts")]

    def _happened(self, row: Row) -> Happened | None:
        """The event of a record; None for one of a kind that this program does not know yet."""
        payload, signature, kept = row
        if record_hash(EVENT_TYPE, payload, signature) != kept:
            raise VaultDamaged
        try:
            event = read_event(payload)
            body = event.read_body()
        except ProtocolError:
            return None
        at = event.at.astimezone(self._zone)
        return Happened(event.device, event.seq, at, event.staff, body, event.boot, event.uptime_ms)


_LEDGER = "SELECT payload, signature, hash FROM ledger"
_HIGHEST = (1 << 63) - 1


def _is_asked(one: Happened, asked: Asked) -> bool:
    return (
        asked.staff in (None, one.staff)
        and (asked.kinds is None or one.body.KIND in asked.kinds)
        and asked.appointment in (None, getattr(one.body, "appointment", None))
    )
