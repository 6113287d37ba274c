"""Removes somebody again and again, killed one step later each time, and looks at what is left (DESIGN 5.3, 6.3).

A step is each statement that may write, each file opened for writing, renamed or taken away, and each connection
closed. ``python -m tests.desk.removal_until_killed PREPARED SCRATCH PASSPHRASES``: two folders, and the passphrases by
name as JSON; for each step a line with what was found. The key derivation is done once for each slot, as its answer is
the same every time. Nothing of central is imported: a small process is soon forked.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from tests.support import forking
from tests.support.desk import ToldClock, vaccines
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.staff import Staff
from vaccinator_app.desk.unlock import lock
from vaccinator_app.domain.staff_events import Noticed, RemovalReason, StaffRemoved, VaultRekeyed
from vaccinator_app.trust import keyslot
from vaccinator_app.vault import files
from vaccinator_app.vault.errors import StaffGone, UnknownStaff, VaultWrongKey
from vaccinator_app.vault.slots import Slots
from vaccinator_app.vault.vault import Vault

_FILES = ("os.rename", "os.remove", "os.link")
_WRITES = ("BEGIN", "INSERT", "UPDATE", "DELETE", "COMMIT", "PRAGMA journal_mode")


class Steps:
    """Counts, and kills this process before the step that was asked for."""

    def __init__(self, last: int) -> None:
        self.left = last
        self.armed = False

    def step(self) -> None:
        if self.armed:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def heard(self, event: str, given: tuple[Any, ...]) -> None:
        """An audit hook."""
        if event in _FILES or (event == "open" and isinstance(given[2], int) and given[2] & (os.O_WRONLY | os.O_RDWR)):
            self.step()


def count_statements(steps: Steps) -> None:
    """Have every connection to come count its steps."""

    class Counting(dbapi2.Connection):  # type: ignore[misc]
        def execute(self, sql: str, *rest: Any) -> Any:
            if sql.startswith(_WRITES):
                steps.step()
            return super().execute(sql, *rest)

        def backup(self, *given: Any, **named: Any) -> None:
            steps.step()
            super().backup(*given, pages=8, progress=lambda *_: steps.step(), sleep=named["sleep"])

        def close(self) -> None:
            steps.step()
            super().close()

    dbapi2.connect = functools.partial(dbapi2.connect, factory=Counting)


def remove(unlock: Unlock, names: dict[str, str], passphrases: dict[str, str], last: int) -> None:
    """In a process of its own, which does not see the end of it."""
    steps = Steps(last)
    count_statements(steps)
    sys.addaudithook(steps.heard)
    place = unlock.open(names["R. Sharma"], passphrases["R. Sharma"]).place
    steps.armed = True
    Staff(place).disable(names["S. Devi"], RemovalReason.LEFT)
    steps.armed = False
    os._exit(0)


def look(
    unlock: Unlock, home: Path, names: dict[str, str], passphrases: dict[str, str], old_key: bytes
) -> dict[str, object]:
    """What those find who come next: first who was to go, then the in-charge, then who stays."""
    try:
        lock(unlock.open(names["S. Devi"], passphrases["S. Devi"]).place)
        came_in = True
    except (StaffGone, UnknownStaff):
        came_in = False
    place = unlock.open(names["R. Sharma"], passphrases["R. Sharma"]).place
    bodies = [body for *_, body in place.vault.ledger.events()]
    removed = any(isinstance(body, StaffRemoved) for body in bodies)
    assert came_in is not removed, "from the moment that it is on record, and only from then"
    assert [type(body).__name__ for body in bodies][:4] == ["SignedIn", "StaffAdded", "StaffAdded", "SignedOut"]
    if removed:
        assert finished(home, old_key), "the unlock did what was left"
    else:
        Staff(place).disable(names["S. Devi"], RemovalReason.LEFT)
    place.vault.ledger.check(place.vault.certificates.find)
    lock(place)
    place = unlock.open(names["M. Khan"], passphrases["M. Khan"]).place
    bodies = [body for *_, body in place.vault.ledger.events()]
    assert sum(isinstance(body, StaffRemoved) for body in bodies) == 1
    assert not any(isinstance(body, Noticed) for body in bodies), "a removal is no reason for an alarm"
    epochs = [body.epoch for body in bodies if isinstance(body, VaultRekeyed)]
    assert place.vault.epoch == Slots.read(home).epoch == epochs[-1]
    assert epochs == list(range(2, 2 + len(epochs)))
    assert place.vault.ledger.head().seq == len(bodies)
    lock(place)
    assert finished(home, old_key)
    assert not [path.name for path in home.iterdir() if path.name.startswith((files.NEXT, "slots.json.new"))]
    return {"removed": removed, "rekeyed": len(epochs)}


def finished(home: Path, old_key: bytes) -> bool:
    """Whether nothing is left that the one who went could open."""
    slots = Slots.read(home)
    assert slots.next_epoch is None
    assert [person.name for person in slots.people()] == ["R. Sharma", "M. Khan"]
    try:
        Vault.open(home, old_key).close()
    except VaultWrongKey:
        return True
    return False


def alone(work: Callable[[], object]) -> int:
    """``work`` in a child of this process: how it ended, as ``waitpid`` has it."""
    child = forking.fork()
    if child == 0:
        try:
            work()
        except Exception:  # noqa: BLE001  (said aloud, and no child goes on as its parent)
            sys.excepthook(*sys.exc_info())
            os._exit(2)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def main() -> None:
    """One line for each step at which it was killed."""
    scratch = Path(sys.argv[2])
    prepared = Path(shutil.copytree(sys.argv[1], scratch / "prepared"))
    keyslot._derive = functools.cache(keyslot._derive)
    clock = ToldClock()
    names = {member.name: member.staff for member in Slots.read(prepared).people()}
    passphrases: dict[str, str] = json.loads(sys.argv[3])
    for name, passphrase in passphrases.items():
        key = Slots.read(prepared).unlock(names[name], passphrase).database_key
    for number in count(1):
        home = Path(shutil.copytree(prepared, scratch / str(number)))
        unlock = Unlock(home, vaccines(), lambda _: clock)
        ended = alone(functools.partial(remove, unlock, names, passphrases, number))
        assert ended in (0, signal.SIGKILL), (number, ended)

        def tell(number: int = number, unlock: Unlock = unlock, home: Path = home) -> None:
            print(json.dumps({"step": number, **look(unlock, home, names, passphrases, key)}), flush=True)

        assert alone(tell) == 0, number
        shutil.rmtree(home)
        if ended == 0:
            return


if __name__ == "__main__":
    main()
