"""Enrolment files as they lie about: on a stick, among the downloads, half copied (DESIGN 5.2; P.9.1)."""

from __future__ import annotations

import getpass
import os
import ssl
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.domain.message import Message
from vaccinator_app.protocol.enrolment import EnrolmentFile, read_file
from vaccinator_app.protocol.errors import ProtocolError, UnknownVersion

SUFFIX = ".enrolment"
MOST = 6
"""How many files are offered; more is a folder of somebody who makes them."""

_LONGEST = 256 * 1024
_SIGNS = (b'"token"', b'"authority"', b'"centre_name"', b'"expires_at"')
"""Words of an enrolment file, whatever else became of it."""


@dataclass(frozen=True, slots=True)
class Found:
    """An enrolment file, the folder it lies in as people know it, and what is in it."""

    path: Path
    folder: str
    file: EnrolmentFile


def usual_places() -> list[Path]:
    """Folders in which a file that somebody was given lies: home, downloads, desktop, and whatever is plugged in."""
    home = Path.home()
    places = [home, home / "Downloads", home / "Desktop"]
    with suppress(OSError, KeyError, ImportError):
        user = getpass.getuser()
        for root in (Path("/media") / user, Path("/run/media") / user):
            places += _folders(root)
    for root in (Path("/media"), Path("/mnt"), Path("/Volumes")):
        places += _folders(root)
    if os.name == "nt":
        places += [Path(f"{letter}:\\") for letter in "DEFGHIJK"]
    return places


def look(places: Iterable[Path], now: datetime) -> list[Found]:
    """Enrolment files in ``places`` that may be used at ``now``, the newest first. Slow sticks make it slow."""
    paths: dict[Path, float] = {}
    for place in places:
        # a stick that is pulled out meanwhile is no reason to stop
        with suppress(OSError):
            for path in place.iterdir():
                if path.name.lower().endswith(SUFFIX) and path.is_file():
                    paths.setdefault(path, path.stat().st_mtime)
    found = []
    for path in sorted(paths, key=lambda one: paths[one], reverse=True):
        with suppress(CannotDo):
            found.append(Found(path, path.parent.name or str(path.parent), read(path, now)))
    return found[:MOST]


def read(path: Path, now: datetime) -> EnrolmentFile:
    """What is in ``path``. Raises ``CannotDo``, which says what is wrong with it and what to do."""
    name = path.name
    try:
        with path.open("rb") as stream:
            data = stream.read(_LONGEST + 1)
    except OSError:
        raise CannotDo(Message.of("first_run.file_unreadable", name=name)) from None
    if len(data) > _LONGEST:
        raise CannotDo(Message.of("first_run.file_other", name=name))
    try:
        file = read_file(data)
        zone = ZoneInfo(file.time_zone)
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=file.authority)
    except UnknownVersion:
        raise CannotDo(Message.of("first_run.file_newer", name=name)) from None
    except (ProtocolError, ValueError, KeyError, OSError):
        damaged = any(sign in data for sign in _SIGNS)
        key = "first_run.file_damaged" if damaged else "first_run.file_other"
        raise CannotDo(Message(key, {"name": name})) from None
    if now >= file.expires_at:
        until, here = file.expires_at.astimezone(zone), now.astimezone(zone)
        raise CannotDo(Message.of("first_run.file_old", name=name, until=until, now=here))
    return file


def _folders(root: Path) -> Sequence[Path]:
    with suppress(OSError):
        return [path for path in sorted(root.iterdir()) if path.is_dir()]
    return []
