"""A copy of this desk in one file that somebody carries away, and the way back (DESIGN 5.4, 6.5, 7.4; docs/backup.md).

A tar archive: first ``manifest.json`` (whose desk, when, up to which record, what each part must hash to), then
``vault.db`` as it was at one moment, under the key that it has, then ``slots.json``. All of it is as well protected as
the home itself, and by the same passphrases.

A desk that was put back knows so: it records nothing until central was asked what it has beyond the copy.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from vaccinator_app import __version__
from vaccinator_app.desk.before_vault import PENDING, refuse_existing
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.new_file import new_file
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.powers import Power
from vaccinator_app.vault.errors import VaultBusy, VaultExists, from_os
from vaccinator_app.vault.file_seal import note_restored
from vaccinator_app.vault.files import DATABASE, FILE_MODE, RESTORED, make_private_folder, sync_folder, write_private
from vaccinator_app.vault.lock import HomeLock
from vaccinator_app.vault.rekeying import Progress
from vaccinator_app.vault.slotfile import SLOTS

SUFFIX = ".backup"
MANIFEST = "manifest.json"
_VERSION = 1
_PARTS = (DATABASE, SLOTS)
_CHUNK = 1024 * 1024
_MOST_MANIFEST = 64 * 1024
_AGAIN = 3
_UNBORN = DATABASE + ".new"
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a file holds: ``records`` records of machine ``device``, as they stood at ``made_at`` by its clock."""

    centre_name: str
    device: str
    made_at: datetime
    records: int
    parts: dict[str, tuple[int, str]]
    """Size and SHA-256 in hex of each part, by name."""


def back_up(place: Workplace, out: Path, progress: Progress | None = None) -> tuple[Path, Backup]:
    """Write a backup into the new file ``out``, or into a new file in the folder ``out``, while work goes on.

    Every page of the copy is read back by its key, and the file by its hashes, before this returns. Raises ``CannotDo``
    or ``VaultError``; then there is no file.
    """
    place.require(Power.MANAGE_MACHINE)
    path = out / f"{place.vault.identity.device}-{place.now():%Y%m%d-%H%M%S}{SUFFIX}" if out.is_dir() else out
    if path.resolve().parent == place.home.resolve():
        raise CannotDo(Message.of("backup.elsewhere"))
    with new_file(path) as file, TemporaryDirectory(dir=path.parent, prefix=".backup-") as folder:
        copy = Path(folder) / DATABASE
        records, slots = _copy(place, copy, progress)
        digest = _digest(copy)
        manifest = {
            "v": _VERSION,
            "program": __version__,
            "centre_name": place.vault.identity.centre_name,
            "device": place.vault.identity.device,
            "made_at": place.now().isoformat(),
            "records": records,
            "parts": {
                DATABASE: [copy.stat().st_size, digest],
                SLOTS: [len(slots), hashlib.sha256(slots).hexdigest()],
            },
        }
        with tarfile.open(fileobj=file, mode="w") as archive:
            _add(archive, MANIFEST, json.dumps(manifest).encode())
            archive.add(copy, DATABASE, filter=_plain)
            _add(archive, SLOTS, slots)
    try:
        return path, look(path)
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise


def look(path: Path) -> Backup:
    """What a backup holds, once all of it is whole. Raises ``CannotDo``."""
    with _opened(path) as (archive, found):
        for name in _PARTS:
            for _ in _checked(archive, found, name, path):
                pass
    return found


def restore(home: Path, path: Path) -> Backup:
    """Make ``home`` the desk that is in the backup. What lies there stays; a vault, or what may be one, is refused.

    Raises ``CannotDo`` or ``VaultError``; then ``home`` is no desk, and the same may be tried again.
    """
    look(path)
    refuse_existing(home)
    if (home / PENDING).exists():
        raise CannotDo(Message.of("backup.enrolling"))
    make_private_folder(home)
    lock = HomeLock(home)
    try:
        with lock.alone(), _opened(path) as (archive, found):
            refuse_existing(home)
            _put_back(home, archive, found, path)
    finally:
        lock.close()
    return found


def _copy(place: Workplace, copy: Path, progress: Progress | None) -> tuple[int, bytes]:
    """How many records the copy holds, and the file of slots that goes with it: one that stood there all the while."""
    for _ in range(_AGAIN):
        try:
            slots = (place.home / SLOTS).read_bytes()
            records = place.vault.copy_to(copy, progress)
            if (place.home / SLOTS).read_bytes() == slots:
                return records, slots
            copy.unlink()
        except OSError as error:
            raise from_os(error) from None
    raise VaultBusy


def _put_back(home: Path, archive: tarfile.TarFile, found: Backup, path: Path) -> None:
    """The vault last: its name is what makes this a desk. Until then, that it is a copy stands there already."""
    unborn = home / _UNBORN
    try:
        unborn.unlink(missing_ok=True)
        note_restored(home, f"{found.made_at:%Y-%m-%d %H:%M}")
        with os.fdopen(os.open(unborn, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb") as out:
            for data in _checked(archive, found, DATABASE, path):
                out.write(data)
            out.flush()
            os.fsync(out.fileno())
        write_private(home / SLOTS, b"".join(_checked(archive, found, SLOTS, path)))
        os.link(unborn, home / DATABASE)
    except BaseException as error:
        for name in (_UNBORN, SLOTS, RESTORED):
            with suppress(OSError):
                (home / name).unlink(missing_ok=True)
        if isinstance(error, FileExistsError):
            raise VaultExists from None
        if isinstance(error, OSError):
            raise from_os(error) from None
        raise
    with suppress(OSError):
        unborn.unlink()
        sync_folder(home)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[tarfile.TarFile, Backup]]:
    """Raises ``CannotDo`` for what cannot be read, is no backup of a desk, or is not whole."""
    try:
        archive = tarfile.open(path, "r:")  # noqa: SIM115  (closed below)
    except tarfile.TarError:
        raise CannotDo(Message.of("backup.not_one", name=path.name)) from None
    except OSError:
        raise CannotDo(Message.of("delivery.cannot_read", name=path.name)) from None
    with archive:
        yield archive, _manifest(archive, path)


def _manifest(archive: tarfile.TarFile, path: Path) -> Backup:
    try:
        with _member(archive, MANIFEST) as file:
            read = json.loads(file.read(_MOST_MANIFEST))
        if read["v"] != _VERSION:
            raise CannotDo(Message.of("backup.newer", name=path.name))
        return Backup(
            centre_name=str(read["centre_name"]),
            device=str(read["device"]),
            made_at=datetime.fromisoformat(read["made_at"]),
            records=int(read["records"]),
            parts={name: _part(*read["parts"][name]) for name in _PARTS},
        )
    except (OSError, tarfile.TarError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise CannotDo(Message.of("backup.not_one", name=path.name)) from None


def _part(size: object, digest: object) -> tuple[int, str]:
    if not isinstance(size, int) or not isinstance(digest, str) or _SHA256.fullmatch(digest) is None:
        raise ValueError("no part")
    return size, digest


def _checked(archive: tarfile.TarFile, found: Backup, name: str, path: Path) -> Iterator[bytes]:
    """A part, piece by piece. Ends in ``CannotDo`` unless it was the very one that was put in."""
    size, digest = 0, hashlib.sha256()
    try:
        with _member(archive, name) as file:
            while data := file.read(_CHUNK):
                size += len(data)
                digest.update(data)
                yield data
    except (tarfile.TarError, KeyError):
        raise CannotDo(Message.of("backup.damaged", name=path.name)) from None
    if (size, digest.hexdigest()) != found.parts[name]:
        raise CannotDo(Message.of("backup.damaged", name=path.name))


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    source = archive.extractfile(name)
    if source is None:
        raise KeyError(name)
    return source


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), FILE_MODE
    archive.addfile(entry, io.BytesIO(data))


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Neither who made it nor when: the manifest says what there is to say."""
    plain = tarfile.TarInfo(entry.name)
    plain.size, plain.mode = entry.size, FILE_MODE
    return plain


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
