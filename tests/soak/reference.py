"""A fixed piece of work, done now: what the week's processor times are divided by.

On a machine that others use the same statement takes now one and now two milliseconds of processor time, hour by hour.
Whether something grows over days only its ratio tells to work that does not, done by the same process at the same
moment.
"""

from __future__ import annotations

import hashlib
import json
import time
from statistics import fmean

import sqlcipher3

_ROWS = 400
_EVENT = {"kind": "dose_given", "body": {f"field {n}": "कोविशील्ड 4121Z025" for n in range(12)}}
_connection = sqlcipher3.connect(":memory:")
_connection.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, state TEXT)")
_connection.executemany(
    "INSERT INTO people VALUES (?, ?, ?)", [(n, f"Sunita Kumari {n * 7919 % _ROWS}", "done") for n in range(_ROWS)]
)


def reference() -> float:
    """CPU seconds of it, about a thousandth: rows in order of something, text to bytes and back, a hash."""
    began = time.process_time()
    _connection.execute("SELECT * FROM people WHERE state = 'done' ORDER BY name").fetchall()
    for _ in range(15):
        hashlib.sha256(json.dumps(json.loads(json.dumps(_EVENT))).encode()).digest()
    return time.process_time() - began


def reference_now() -> float:
    """The mean of some, beside something that takes longer: a core's other thread is busy now and now not, and then
    each takes twice as long."""
    return fmean(reference() for _ in range(10))
