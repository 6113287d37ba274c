"""What the vault's file was when it was closed, so that another in its place is noticed (DESIGN 6.4, 7.4; P.20.2).

SQLCipher authenticates each page and notices none that is old: a page, or the whole file, may be put back from a copy.
A small file beside the vault therefore keeps the closed file's SHA-256 and the ledger's end, under a key that only the
opened vault has. An old file together with its own old seal is noticed by central alone, by its receipts.

After a power cut there is a write-ahead log and the seal says less: then ``checking`` looks at what the file holds.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from vaccinator_app.protocol.ledger import Link
from vaccinator_app.trust.keys import SigningKey
from vaccinator_app.vault.files import DATABASE, RESTORED, write_private
from vaccinator_app.vault.ledger import Ledger
from vaccinator_app.vault.log_end import was_cut

SEAL = "vault.seal"
_INFO = b"vaccinator/file-seal/v1"


class FileState(StrEnum):
    """What may be said of a vault's file as it was opened."""

    ENDED = "ended"
    """It was not closed: the power went. What was in it when it was last closed is as it was."""
    DOUBTFUL = "doubtful"
    """It was not closed, and was written to since; or there is nothing to compare it with."""
    CHANGED = "changed"
    """It was closed, and is another now; or it was not, and some of what was saved last cannot be read."""
    OLDER = "older"
    """It lacks records, or has others, that it had when it was last closed: an old copy was put back."""
    RESTORED = "restored"
    """Somebody put it back from a backup, and says so."""


@dataclass(frozen=True, slots=True)
class Print:
    """A file before it is opened: its SHA-256, whether a write-ahead log lies beside it, and whether that one was
    ``cut``: what was durable in it will be dropped (``log_end``)."""

    digest: bytes
    log: bool
    cut: bool = False


@dataclass(frozen=True, slots=True)
class FileFound:
    """Anything but the file that was closed; ``missing`` records of those it had then. ``made``: when the backup was
    that it came from, as text."""

    state: FileState
    missing: int = 0
    made: str = ""


def take_print(path: Path) -> Print | None:
    """The file as it lies there; None when it cannot be read, which opening it says better."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
        beside = path.with_name(path.name + "-wal")
        # An empty one too: whoever closes takes it away, and it was folded back a moment before it ended.
        log = beside.exists()
        return Print(digest, log, log and was_cut(beside, path))
    except OSError:
        return None


def note_restored(home: Path, made: str) -> None:
    """The vault that is about to lie in ``home`` comes from a backup that was ``made`` then; durable on return.

    Raises ``VaultError``. Whoever takes the note away has an old copy without a seal, which is noticed as such.
    """
    write_private(home / RESTORED, json.dumps({"v": 1, "made": made}).encode())


def restored(home: Path) -> FileFound | None:
    """What such a note says; None when there is none. One that cannot be read says it too."""
    try:
        data = (home / RESTORED).read_bytes()
    except FileNotFoundError:
        return None
    except OSError:
        data = b""
    try:
        made = str(json.loads(data)["made"])
    except (ValueError, KeyError, TypeError, RecursionError):
        made = "?"
    return FileFound(FileState.RESTORED, made=made)


def restored_noted(home: Path) -> None:
    """The opened vault knows so itself from here on. A note that stays is noted again."""
    with suppress(OSError):
        (home / RESTORED).unlink(missing_ok=True)


def seal(home: Path, device_key: SigningKey, head: Link, coming: Path | None = None) -> None:
    """Keep what the file is now, and where the ledger ends. The log must be folded back. Raises ``VaultError``.

    ``coming`` is a file about to take its place: an interruption may leave the one or the other there.
    """
    found = [take_print(path) for path in (home / DATABASE, coming) if path is not None]
    files = [one.digest.hex() for one in found if one is not None]
    if files:
        said = json.dumps({"v": 1, "file": files, "seq": head.seq, "head": head.hash.hex()})
        kept = json.dumps({"said": said, "mac": _mac(device_key, said).hex()})
        write_private(home / SEAL, kept.encode())


def judge(
    home: Path, device_key: SigningKey, found: Print | None, ledger: Ledger, *, sealed: bool, emptied: bool = False
) -> FileFound | None:
    """What the opened file is, beside its seal; None when it is the one that was closed.

    ``sealed``: the vault was closed under a seal before, so that there should be one. ``emptied``: the log was being
    emptied after a purge, so that there may be none of a file that was not closed.
    """
    kept = _read(home, device_key)
    log, cut = (False, False) if found is None else (found.log, found.cut)
    if kept is None:
        lost = cut or not log
        return FileFound(FileState.CHANGED if lost else FileState.DOUBTFUL) if sealed or cut else None
    files, end = kept
    head = ledger.head()
    if head.seq < end.seq or ledger.hash_at(end.seq) != end.hash:
        return FileFound(FileState.OLDER, max(0, end.seq - head.seq))
    same = found is not None and found.digest in files
    if (log or emptied) and not cut:
        return FileFound(FileState.ENDED if same else FileState.DOUBTFUL)
    return None if same and not cut else FileFound(FileState.CHANGED)


def _read(home: Path, device_key: SigningKey) -> tuple[list[bytes], Link] | None:
    """What the file's SHA-256 may be, and the ledger's end as it was; None for no seal, or for one made elsewhere."""
    try:
        kept = json.loads((home / SEAL).read_bytes())
        said = str(kept["said"])
        if not hmac.compare_digest(_mac(device_key, said), bytes.fromhex(kept["mac"])):
            return None
        read = json.loads(said)
        return [bytes.fromhex(file) for file in read["file"]], Link(int(read["seq"]), bytes.fromhex(read["head"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _mac(device_key: SigningKey, said: str) -> bytes:
    """HKDF-Expand (RFC 5869) of the device's key, which never leaves the vault and is the same under every database
    key, makes the key of this MAC."""
    key = hmac.digest(device_key.private, _INFO + b"\x01", "sha256")
    return hmac.digest(key, said.encode(), "sha256")
