"""The server's log: one JSON object a line, ids, counts and durations only (DESIGN 5.5; CERT-In: local and UTC time).

Nothing reaches the log but through ``event``, whose fields are a fixed list, so that a person's detail has no way in.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import IO

LOGGER = logging.getLogger("vaccinator.central")

FIELDS = frozenset(
    {
        *("centre", "device", "staff", "seq", "upto", "head_seq", "records", "accepted", "held", "refused", "forked"),
        *("appointments", "outcomes", "peers", "cursor", "more", "code", "status", "method", "route", "ms", "count"),
        *("kind", "subject", "port", "error", "file", "line", "version", "partner", "worker", "request", "issued"),
        "by",
    }
)
"""Every field a log line may have. ``route`` is the pattern of an address, never the address itself."""


Watcher = Callable[[str, Mapping[str, str | int | float | bool]], None]

WATCHERS: list[Watcher] = []
"""Who else hears of what is logged: what is counted (``metrics``) is counted from these very events."""

_REQUEST: ContextVar[dict[str, str]] = ContextVar("request", default={})  # noqa: B039  (never changed in place)


def event(name: str, /, *, level: int = logging.INFO, **fields: str | int | float | bool) -> None:
    """Log ``name`` with ``fields``. Raises ``ValueError`` for a field that is not on the list."""
    unknown = fields.keys() - FIELDS
    if unknown:
        raise ValueError(f"not a field of the log: {sorted(unknown)}")
    for watch in WATCHERS:
        watch(name, fields)
    LOGGER.log(level, name, extra={"fields": fields | _REQUEST.get()})


@contextmanager
def request(name: str) -> Iterator[None]:
    """Every line of the block, in whichever thread its work is done, says that it belongs to this request."""
    token = _REQUEST.set({"request": name})
    try:
        yield
    finally:
        _REQUEST.reset(token)


def failure(name: str, error: BaseException, /, **fields: str | int) -> None:
    """Log an error nobody foresaw: its class and the place it came from, never its text, which may quote a person."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where: dict[str, str | int] = {}
    if place is not None:
        where = {"file": place.tb_frame.f_code.co_filename.rpartition("/")[2], "line": place.tb_lineno}
    event(name, level=logging.ERROR, error=type(error).__name__, **where, **fields)


class _Formatter(logging.Formatter):
    def __init__(self, worker: int | None) -> None:
        super().__init__()
        self._always = {} if worker is None else {"worker": worker}

    def format(self, record: logging.LogRecord) -> str:
        utc = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, object] = {
            "utc": utc.isoformat(timespec="milliseconds"),
            "local": utc.astimezone().isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.msg,
            **self._always,
        }
        line.update(getattr(record, "fields", {}))
        return json.dumps(line)


def to_stream(stream: IO[str], *, worker: int | None = None) -> logging.Handler:
    """Send this server's log lines to ``stream`` and nowhere else; returns the handler, for taking it off again.

    ``worker`` is the number of this process among those that answer.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Formatter(worker))
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False
    return handler
