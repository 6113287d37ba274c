"""A file that somebody carries away: new, whole, and for this account alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.domain.message import Message
from vaccinator_app.vault.errors import VaultFull, from_os
from vaccinator_app.vault.files import sync_folder


def write_new(path: Path, data: bytes) -> None:
    """Write ``data`` into a new file of mode 0600, durable on return.

    Raises ``CannotDo``: nothing is written over, nor left half written.
    """
    with new_file(path) as file:
        file.write(data)


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """The same, piece by piece: once the block ends well the file is whole and durable, name and all; otherwise there
    is none. Raises ``CannotDo`` for what the system says of this file or of any other that the block reads or writes.
    """
    try:
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise CannotDo(Message.of("report.file_there", name=path.name)) from None
    except OSError as error:
        raise CannotDo(_words(error, path)) from None
    try:
        with os.fdopen(made, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        with suppress(OSError):
            # some sticks know no such thing; the file itself is on them
            sync_folder(path.parent)
    except BaseException as error:
        with suppress(OSError):
            path.unlink()
        if isinstance(error, OSError):
            raise CannotDo(_words(error, path)) from None
        raise


def _words(error: OSError, path: Path) -> Message:
    full = isinstance(from_os(error), VaultFull)
    return Message.of("report.no_room" if full else "report.cannot_write", name=path.name)
