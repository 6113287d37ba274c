"""A machine stops being a desk: its vault and keys go, once nothing in it is known to this machine alone (DESIGN 5.4).

What central has not confirmed stands in the way, unless it was written into a file for another machine to deliver. What
is not this program's own stays, and no link is followed.
"""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from vaccinator_app.desk.before_vault import PENDING
from vaccinator_app.desk.delivery import Exported, export
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.syncing import Connect, desk_of
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.powers import Power
from vaccinator_app.sync.delivery import hand_in
from vaccinator_app.sync.engine import Engine
from vaccinator_app.sync.errors import SyncError
from vaccinator_app.trust import keys
from vaccinator_app.vault.attempts import ATTEMPTS
from vaccinator_app.vault.errors import from_os
from vaccinator_app.vault.file_seal import SEAL
from vaccinator_app.vault.files import DATABASE, RECOVERING, RESTORED, sync_folder
from vaccinator_app.vault.slotfile import SLOTS

_OWN = re.compile(
    rf"{re.escape(DATABASE)}(\.new|\.next)?(-wal|-shm|-journal)?"
    rf"|({'|'.join(map(re.escape, (SLOTS, SEAL, ATTEMPTS, RECOVERING, RESTORED, PENDING)))})(\.new|\.[0-9]+)?"
)
"""What this program calls its files in a home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """What was taken away, and what of others is still there."""

    device: str
    exported: Exported | None
    left: tuple[str, ...]


def uninstall(place: Workplace, connect: Connect, to: Path | None = None, also: tuple[str, ...] = ()) -> Gone:
    """Take vault, keys and what was remembered (``also``) off this machine; the desk is closed on return.

    Central is asked once more for what it has not confirmed; without it, that is written to ``to`` and read back.
    Raises ``CannotDo``, and ``VaultError`` when a file cannot be removed; until the first is removed every record is
    where it was.
    """
    place.require(Power.MANAGE_MACHINE)
    _confirm(place, connect)
    exported = _save(place, connect, to)
    device, home = place.vault.identity.device, place.home
    place.vault.close()
    keys.forget()
    if (home / f"{DATABASE}-wal").exists():
        # whoever closes last folds it back: somebody else still has this vault open, and may record
        raise CannotDo(Message.of("uninstall.open_elsewhere"))
    return Gone(device=device, exported=exported, left=remove_files(home, also))


def remove_files(home: Path, also: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Remove this program's own plain files from ``home``, the vault first, and the folder when nothing else is in it.

    Returns what is left. Raises ``VaultError``.
    """
    try:
        there = sorted(os.listdir(home), key=lambda name: (not name.startswith(DATABASE), name))
        for name in there:
            if (_OWN.fullmatch(name) or name in also) and stat.S_ISREG((home / name).lstat().st_mode):
                (home / name).unlink()
        sync_folder(home)
        left = tuple(sorted(os.listdir(home)))
        if not left and not home.is_symlink():
            with suppress(OSError):
                home.rmdir()
    except OSError as error:
        raise from_os(error) from None
    return left


def _confirm(place: Workplace, connect: Connect) -> None:
    """One run, if central can be reached; what it does not confirm is counted after it."""
    if place.vault.exchange.pending().count == 0 or place.disagreement is not None:
        return
    central = connect(place.vault)
    try:
        with suppress(SyncError):
            Engine(desk_of(place.vault), place.vault.exchange, central).run()
    finally:
        central.close()


def _save(place: Workplace, connect: Connect, to: Path | None) -> Exported | None:
    _hand_in_strays(place, connect)
    pending = place.vault.exchange.pending().count
    if pending == 0:
        return None
    if to is None:
        raise CannotDo(Message.of("uninstall.unconfirmed", n=pending))
    if to.resolve().parent == place.home.resolve():
        raise CannotDo(Message.of("uninstall.elsewhere"))
    return export(place, connect, to)


def _hand_in_strays(place: Workplace, connect: Connect) -> None:
    """Records that were set aside: central says once more that it keeps each beside the ledger (P.10.4)."""
    aside = place.vault.standing.stray_records()
    if not aside:
        return
    central = connect(place.vault)
    try:
        hand_in(desk_of(place.vault), place.vault.exchange, central, aside)
    except SyncError:
        raise CannotDo(Message.of("uninstall.set_aside", n=len(aside))) from None
    finally:
        central.close()
