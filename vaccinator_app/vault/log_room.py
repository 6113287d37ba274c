"""Room in the write-ahead log, so that a commit waits for one write of the disk and not for two.

A log that grows with each commit has its new length written down by the file system as well, before the commit is
durable: a third of what saving a record took. Within a log that is long enough already a record is one write.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

ROOM = 32 + 1000 * (24 + 4096)
"""Bytes: a header and as many whole frames as are written between two foldings (``connection.Database``), and some."""


def make_room(connection: Any, database: Path) -> None:
    """Lengthen the log of ``database`` with zeros to ``ROOM``, if it is shorter. Raises ``OSError``, or the database's.

    Zeros are no frame: whoever reads the log stops at them (SQLite's file format, 4.2). ``connection`` may write and
    has no transaction under way; it takes the one lock under which a log grows, so that nobody's frame is written over.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        descriptor = os.open(database.with_name(database.name + "-wal"), os.O_WRONLY)
        try:
            long = os.fstat(descriptor).st_size
            if long < ROOM:
                os.pwrite(descriptor, bytes(ROOM - long), long)
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
    finally:
        connection.execute("ROLLBACK")
