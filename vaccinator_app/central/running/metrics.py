"""What is counted of a running server, for Prometheus (DESIGN 8.1; docs/operations.md lists them all).

Counted from what is logged, so that the two never tell different stories. No label names a person, a machine, a centre
or an address: each has few values, all known beforehand. With ``PROMETHEUS_MULTIPROC_DIR`` set before this module is
first imported, all workers count into that folder.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from prometheus_client import Counter, Histogram
from sqlalchemy import Engine, event

from vaccinator_app.central import log

Fields = Mapping[str, str | int | float | bool]

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUESTS = Counter("central_requests", "Requests answered.", ("method", "route", "status"))
REQUEST_SECONDS = Histogram("central_request_seconds", "Time to an answer.", ("route",), buckets=_SECONDS)
RECORDS = Counter("central_records", "Records of desks that came in, by central's first answer.", ("outcome",))
FORKS = Counter("central_forks", "Records under a number that another one has.")
PULLS = Counter("central_pulls", "Pages of changes told to desks.")
BOOKINGS = Counter("central_bookings", "Appointments booked, moved and cancelled.", ("act",))
OTPS = Counter("central_otps", "One-time passwords asked for by the public, and refusals for too much.", ("result",))
MESSAGES = Counter("central_messages", "Messages by what became of them.", ("state",))
CERTIFICATES = Counter("central_certificates", "Certificates.", ("act",))
ALARMS = Counter("central_alarms", "Alarms raised.", ("kind",))
DECISIONS = Counter("central_decisions", "Later decisions on records.", ("act",))
FAILURES = Counter("central_failures", "Errors nobody foresaw, and things that had to be tried again.", ("event",))
DATABASE_SECONDS = Histogram("central_database_seconds", "Time of one statement.", buckets=_SECONDS)

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_STARTED = "central_started"


def count(name: str, fields: Fields) -> None:
    """Count one logged event."""
    match name:
        case "request":
            _count_request(fields)
        case "push":
            for outcome in ("accepted", "held", "refused"):
                RECORDS.labels(outcome).inc(float(fields[outcome]))
            FORKS.inc(float(fields["forked"]))
            CERTIFICATES.labels("issued").inc(float(fields["issued"]))
        case "pull":
            PULLS.inc()
        case "booked" | "booking_moved" | "booking_cancelled":
            BOOKINGS.labels({"booked": "booked", "booking_moved": "moved"}.get(name, "cancelled")).inc()
        case "too_many":
            OTPS.labels("limited").inc()
        case "messages_handed_over":
            MESSAGES.labels("taken").inc(float(fields.get("accepted", 0)))
            MESSAGES.labels("failed").inc(float(fields.get("refused", 0)))
        case "message_reported":
            MESSAGES.labels(str(fields["status"])).inc()
        case "certificates_issued" | "certificates_revoked":
            CERTIFICATES.labels(name.rpartition("_")[2]).inc(float(fields["count"]))
        case "held_accepted" | "held_rejected":
            DECISIONS.labels(name.rpartition("_")[2]).inc()
        case _ if name.startswith("alarm_"):
            ALARMS.labels(name.removeprefix("alarm_")).inc()
        case _ if "error" in fields or name in ("gateway_refused", "worker_lost", "ledger_shorter"):
            FAILURES.labels(name).inc()


def _count_request(fields: Fields) -> None:
    method, route, status = str(fields["method"]), str(fields["route"]), int(fields["status"])
    # An address that is none has no pattern, and a method may be any word: neither may grow without end.
    REQUESTS.labels(method if method in _METHODS else "other", route or "none", str(status)).inc()
    REQUEST_SECONDS.labels(route or "none").observe(float(fields["ms"]) / 1000)
    if route == "/v1/otp" and status < 300:
        OTPS.labels("asked").inc()


def start() -> None:
    """Count from now on; once, however often it is called."""
    if count not in log.WATCHERS:
        log.WATCHERS.append(count)


def watch_database(engine: Engine) -> None:
    """Time every statement of this engine."""
    event.listen(engine, "before_cursor_execute", _begin)
    event.listen(engine, "after_cursor_execute", _end)


def _begin(connection: Any, *_: object) -> None:
    connection.info[_STARTED] = time.perf_counter()


def _end(connection: Any, *_: object) -> None:
    DATABASE_SECONDS.observe(time.perf_counter() - connection.info[_STARTED])
