"""Answers Prometheus on a listener of its own, never on the public port."""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack
from pathlib import Path
from tempfile import mkdtemp
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from vaccinator_app.central import log
from vaccinator_app.central.clock import Clock
from vaccinator_app.central.database import Database
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.running.gauges import Standing

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""Where workers count together; prometheus-client reads it as it is imported."""


def share(stack: ExitStack) -> None:
    """Have workers that start from now on count into one folder, which goes with ``stack``."""
    folder = mkdtemp(prefix="central-metrics-")
    stack.callback(_remove, Path(folder))
    before = os.environ.get(SHARED)
    os.environ[SHARED] = folder
    stack.callback(_put_back, before)


def expose(place: tuple[str, int], database: Database, clock: Clock, stack: ExitStack) -> int:
    """Answer at ``place`` (port 0 takes a free one) until ``stack`` ends; returns the port. Raises ``CentralError``."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(Standing(database, clock))
    host, port = place
    try:
        server, thread = start_http_server(port, addr=host, registry=registry)
    except OSError as error:
        raise CentralError("The port for metrics is taken or not allowed. Choose another with --metrics.") from error
    stack.callback(_stop, server, thread)
    found = int(server.server_port)
    log.event("metrics_served", port=found)
    return found


def forget_worker(process: int) -> None:
    """A worker ended: its share of gauges that live with it goes, its counts stay."""
    if SHARED in os.environ:
        mark_process_dead(process)  # type: ignore[no-untyped-call]


def _stop(server: WSGIServer, thread: threading.Thread) -> None:
    server.shutdown()
    server.server_close()
    thread.join()


def _put_back(before: str | None) -> None:
    if before is None:
        os.environ.pop(SHARED, None)
    else:
        os.environ[SHARED] = before


def _remove(folder: Path) -> None:
    for path in folder.glob("*.db"):
        path.unlink(missing_ok=True)
    folder.rmdir()
