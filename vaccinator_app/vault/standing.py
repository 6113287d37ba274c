"""What this desk noticed of itself and has not come to terms with: it survives lock and restart (DESIGN 7.4)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from vaccinator_app.domain.message import Message
from vaccinator_app.domain.staff_events import Notice, Noticed
from vaccinator_app.protocol.records import Record
from vaccinator_app.vault import meta
from vaccinator_app.vault.connection import Connection, Database
from vaccinator_app.vault.errors import VaultDamaged
from vaccinator_app.vault.file_seal import FileFound, FileState

_STOPPED = "stopped"
_UNSAID = "unsaid"
_MOMENT = "moment_known"
_CLOCK = "clock_off"
_SEALED = "sealed"
_FILE = "file_found"


@dataclass(frozen=True, slots=True)
class Stop:
    """Why nothing is recorded here: what was noticed, and the words that say what to do."""

    what: Notice
    words: Message


@dataclass(frozen=True, slots=True)
class Anchor:
    """A moment that is known, and what the machine's own counting said at it (DESIGN 3.3)."""

    at: datetime
    boot: str
    uptime_ms: int


@dataclass(frozen=True, slots=True)
class Stray:
    """A record of this desk that does not count: it was made on an old copy, and set aside (DESIGN 7.4)."""

    seq: int
    kind: str
    at: datetime
    staff: str
    appointment: str | None


class Standing:
    """Why recording stopped, and what is still to be put on record about it. Each change is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def stopped(self) -> Stop | None:
        """Why nothing may be recorded here; None while recording goes on."""
        found = meta.get(self._database, _STOPPED)
        return None if found is None else _read_stop(found)

    def stop(self, what: Notice, words: Message, count: int = 0, at: str | None = None) -> None:
        """Record nothing from here on. That it was noticed goes on record once recording goes on (``unsaid``).

        ``words`` have numbers and texts alone in their blanks. ``count`` says how many records it is about.
        """

        self._database.write(lambda connection: stop_within(connection, what, words, count, at))

    def unsaid(self) -> list[Noticed]:
        """What was noticed while nothing could be recorded, in order."""
        return _read_unsaid(meta.get(self._database, _UNSAID))

    def said(self, notices: Sequence[Noticed]) -> None:
        """These are on record now."""

        def work(connection: Connection) -> None:
            left = [one for one in _read_unsaid(meta.get_within(connection, _UNSAID)) if one not in notices]
            _put_unsaid(connection, left)

        if notices:
            self._database.write(work)

    def sealed(self) -> bool:
        """Whether this vault was ever closed under a seal (``file_seal``)."""
        return meta.get(self._database, _SEALED) is not None

    def will_be_sealed(self) -> None:
        """From here on there is to be a seal beside the file."""
        if not self.sealed():
            self._database.write(lambda connection: meta.put(connection, _SEALED, b"1"))

    def file(self) -> FileFound | None:
        """What the file was when it was opened and not yet looked through; None when nothing speaks against it."""
        found = meta.get(self._database, _FILE)
        if found is None:
            return None
        state, missing, *made = json.loads(found)
        return FileFound(FileState(state), missing, *made)

    def file_is(self, found: FileFound) -> None:
        """The opened file is such: it stays to be looked through until that is done (``sound``)."""

        def work(connection: Connection) -> None:
            meta.put(connection, _FILE, json.dumps([found.state, found.missing, found.made]).encode())
            if found.state is FileState.CHANGED:
                say_later(connection, Noticed(what=Notice.FILE_CHANGED))
            elif found.state is FileState.OLDER:
                words = Message.of("file.older", n=found.missing)
                stop_within(connection, Notice.ROLLED_BACK, words, found.missing)
            elif found.state is FileState.RESTORED:
                stop_within(connection, Notice.ROLLED_BACK, Message.of("file.restored", made=found.made), 0)
            if found.state is not FileState.ENDED:
                # whatever central ever told of people and answers, it tells anew
                meta.drop(connection, "cursor")

        self._database.write(work)

    def clock(self) -> Noticed | None:
        """How the clock was last found to be off; None since it was right."""
        found = _read_unsaid(meta.get(self._database, _CLOCK))
        return found[0] if found else None

    def clock_is(self, off: Noticed | None) -> None:
        """The clock is off in another way than before, which is still to be recorded; or, with None, it is right."""

        def work(connection: Connection) -> None:
            if off is None:
                meta.drop(connection, _CLOCK)
            else:
                meta.put(connection, _CLOCK, _write_notices([off]))
                say_later(connection, off)

        if off is not None or self.clock() is not None:
            self._database.write(work)

    def strays(self) -> list[Stray]:
        """Records that were set aside, in order."""
        rows = self._database.read("SELECT seq, kind, at, staff, appointment FROM strays ORDER BY found_at, seq")
        return [Stray(seq, kind, datetime.fromisoformat(at), *rest) for seq, kind, at, *rest in rows]

    def stray_records(self) -> list[Record]:
        """The same as they were signed."""
        rows = self._database.read("SELECT payload, keyid, signature FROM strays ORDER BY found_at, seq")
        return [Record(*row) for row in rows]

    def anchor(self) -> Anchor | None:
        """Central's time as it was last heard, beside this machine's own counting; None before the first."""
        found = meta.get(self._database, _MOMENT)
        if found is None:
            return None
        at, boot, uptime_ms = json.loads(found)
        return Anchor(datetime.fromisoformat(at), boot, uptime_ms)

    def hold_on_to(self, anchor: Anchor) -> None:
        """Keep ``anchor`` for ``anchor()``, past a lock."""
        kept = json.dumps([anchor.at.isoformat(), anchor.boot, anchor.uptime_ms]).encode()
        self._database.write(lambda connection: meta.put(connection, _MOMENT, kept))


def stop_within(connection: Connection, what: Notice, words: Message, count: int, at: str | None = None) -> None:
    """``Standing.stop``, inside a transaction under way."""
    before = meta.get_within(connection, _STOPPED)
    said = max(at or "", _said_at(before))
    meta.put(connection, _STOPPED, json.dumps([what, words.key, dict(words.params), said]).encode())
    if before is None or _read_stop(before).what is not what:
        say_later(connection, Noticed(what=what, count=count))


def say_later(connection: Connection, notice: Noticed) -> None:
    """Put ``notice`` among what is still to be recorded, inside a transaction under way."""
    found = _read_unsaid(meta.get_within(connection, _UNSAID))
    _put_unsaid(connection, [*(one for one in found if one.what is not notice.what), notice])


def sound(connection: Connection) -> None:
    """The file was looked through and holds together, inside a transaction under way."""
    meta.drop(connection, _FILE)


def go_on(connection: Connection, said: str | None = None) -> None:
    """Recording goes on, inside a transaction under way.

    Not by what central ``said`` (UTC, of one width) before it said for what recording stopped: such an answer, played
    again, still fits an old copy.
    """
    if said is None or said >= _said_at(meta.get_within(connection, _STOPPED)):
        meta.drop(connection, _STOPPED)


def _read_stop(kept: bytes) -> Stop:
    try:
        what, key, params, *_ = json.loads(kept)
        return Stop(Notice(what), Message(str(key), params))
    except (ValueError, TypeError):
        raise VaultDamaged from None


def _said_at(kept: bytes | None) -> str:
    """When central said for what recording stopped; nothing where it did not say it, or nobody wrote down when."""
    if kept is None:
        return ""
    _read_stop(kept)
    return str([*json.loads(kept), ""][3])


def _read_unsaid(kept: bytes | None) -> list[Noticed]:
    if kept is None:
        return []
    try:
        return [Noticed(what=Notice(what), seconds=seconds, count=count) for what, seconds, count in json.loads(kept)]
    except (ValueError, TypeError):
        raise VaultDamaged from None


def _put_unsaid(connection: Connection, notices: Sequence[Noticed]) -> None:
    if notices:
        meta.put(connection, _UNSAID, _write_notices(notices))
    else:
        meta.drop(connection, _UNSAID)


def _write_notices(notices: Sequence[Noticed]) -> bytes:
    return json.dumps([[one.what, one.seconds, one.count] for one in notices]).encode()
