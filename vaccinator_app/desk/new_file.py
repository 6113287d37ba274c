"""A file that somebody carries away: new, whole, and for this account alone."""

from __future__ import annotations

import os
from pathlib import Path

from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.domain.message import Message


def write_new(path: Path, data: bytes) -> None:
    """Write ``data`` into a new file of mode 0600, durable on return.

    Raises ``CannotDo``: nothing is written over, nor left half written.
    """
    try:
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise CannotDo(Message.of("report.file_there", name=path.name)) from None
    except OSError:
        raise CannotDo(Message.of("report.cannot_write", name=path.name)) from None
    try:
        with os.fdopen(made, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise CannotDo(Message.of("report.cannot_write", name=path.name)) from None
