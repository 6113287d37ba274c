"""The processes of a server that is there to stay (DESIGN 8.1).

One process listens, watches and answers Prometheus; it holds no key. Its workers answer on the one listening socket.
A worker that ends unasked is followed by another; SIGHUP, a renewed TLS certificate or a changed ``central.key`` bring
new workers before the old ones go; SIGTERM lets all of them finish what they began. Workers notice through a pipe when
the process that watches them is gone, however it went.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import FrameType

from vaccinator_app.central import log
from vaccinator_app.central.database import connect, default_url
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.keyring.keys import KEY_FILE
from vaccinator_app.central.keyring.tls import tls_files
from vaccinator_app.central.operations.restore import serving
from vaccinator_app.central.running.exposing import expose, forget_worker, share
from vaccinator_app.central.running.server import GRACE_SECONDS, Settings, address_of, listen, prepare

_LOOK_EVERY = 0.25
_STARTS_WITHIN = 60.0
_ENDS_WITHIN = GRACE_SECONDS + 15.0
_TOO_SOON = 5.0
"""A worker that ends within so many seconds of its start is not followed by another at once."""

StartLog = Callable[[int], object]
"""Called in each worker as it begins, with its number: where its log lines go. A module's function: it is pickled."""


def serve(settings: Settings, ready: Callable[[str], None], start_log: StartLog | None = None) -> None:
    """Serve until the process is asked to end (SIGTERM, SIGINT), finish what was begun. Raises ``CentralError``.

    ``ready`` is told the address once every worker answers.
    """
    with ExitStack() as stack:
        stack.enter_context(serving(settings.home))
        listening = listen(settings.host, settings.port)
        stack.callback(listening.close)
        if settings.metrics is not None:
            share(stack)
            database = connect(settings.url or default_url(settings.home))
            stack.callback(database.close)
            expose(settings.metrics, database, settings.clock, stack)
        watch = _Watch(settings, listening, start_log)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            stack.callback(signal.signal, number, signal.signal(number, watch.asked))
        try:
            if watch.start():
                ready(address_of(settings.host, listening)[0])
                watch.keep()
        finally:
            watch.stop()


@dataclass(slots=True)
class _Worker:
    """One process that answers, and the pipe on which it says so."""

    number: int
    process: BaseProcess
    says: Connection


class _Watch:
    """Starts workers, follows up on those that end, and ends them all."""

    def __init__(self, settings: Settings, listening: socket.socket, start_log: StartLog | None) -> None:
        self._settings = settings
        self._listening = listening
        self._start_log = start_log
        self._workers: list[_Worker] = []
        self._over = False
        self._renew = False
        self._files = self._seen()

    def asked(self, number: int, _: FrameType | None) -> None:
        """A signal came: nothing is done here but to note it."""
        if number == signal.SIGHUP:
            self._renew = True
        else:
            self._over = True

    def start(self) -> bool:
        """Start every worker and wait until all answer; False when asked to end meanwhile.

        Raises ``CentralError`` with what the first said that gave up.
        """
        self._workers = [self._begin(number) for number in range(self._settings.workers)]
        for worker in self._workers:
            said = self._wait_for(worker)
            if said:
                raise CentralError(said)
        return not self._over

    def keep(self) -> None:
        """Return once asked to end."""
        while not self._over:
            # Not an event: a signal that comes while one is being looked at would wait for itself.
            wait([worker.process.sentinel for worker in self._workers], _LOOK_EVERY)
            files = self._seen()
            if self._renew or files != self._files:
                self._renew, self._files = False, files
                self._renew_all()
            if not self._over:
                self._replace_lost()

    def stop(self) -> None:
        """Ask all to finish, wait, end what does not."""
        _end([worker.process for worker in self._workers])
        for worker in self._workers:
            worker.says.close()
        self._workers = []

    def _begin(self, number: int) -> _Worker:
        context = multiprocessing.get_context("spawn")
        says, tells = context.Pipe(duplex=False)
        # Not daemonic: a worker has helpers of its own.
        process = context.Process(
            target=_work,
            args=(self._settings, self._listening, number, tells, self._start_log),
            name=f"central-worker-{number}",
        )
        process.start()
        tells.close()
        return _Worker(number, process, says)

    def _wait_for(self, worker: _Worker) -> str:
        """Empty once it answers; else the sentence with which it gave up."""
        until = time.monotonic() + _STARTS_WITHIN
        with suppress(EOFError):
            while not self._over and time.monotonic() < until:
                if worker.says.poll(_LOOK_EVERY):
                    return str(worker.says.recv())
        return "" if self._over else "Central did not start. Its log says why."

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._over and time.monotonic() < until:
            time.sleep(_LOOK_EVERY)

    def _renew_all(self) -> None:
        """New workers, one after another, each in place before the old one goes."""
        log.event("workers_renewed", count=len(self._workers))
        for place, old in enumerate(self._workers):
            new = self._begin(old.number)
            said = self._wait_for(new)
            if said:
                # The old one stays: whoever changed a file so that nothing starts wants to hear of it, not an outage.
                log.event("worker_failed", worker=new.number)
                _end([new.process])
                new.says.close()
                return
            self._workers[place] = new
            _end([old.process])
            old.says.close()

    def _replace_lost(self) -> None:
        for place, worker in enumerate(self._workers):
            if worker.process.is_alive():
                continue
            code = worker.process.exitcode
            log.event("worker_lost", worker=worker.number, status=code if code is not None else 0)
            worker.process.join()
            forget_worker(worker.process.pid or 0)
            worker.says.close()
            self._workers[place] = fresh = self._begin(worker.number)
            if self._wait_for(fresh):
                # Nothing that starts and ends at once may keep a core busy with doing so.
                self._pause(_TOO_SOON)

    def _seen(self) -> list[int]:
        """When the files were written that a worker reads once."""
        tls = tls_files(self._settings.home)
        found = []
        for path in (self._settings.home / KEY_FILE, tls.certificate, tls.key):
            try:
                found.append(path.stat().st_mtime_ns)
            except OSError:
                found.append(0)
        return found


def _end(processes: list[BaseProcess]) -> None:
    for process in processes:
        if process.is_alive():
            process.terminate()
    for process in processes:
        process.join(_ENDS_WITHIN)
        if process.is_alive():
            process.kill()
            process.join()


def _work(
    settings: Settings, listening: socket.socket, number: int, tells: Connection, start_log: StartLog | None
) -> None:
    """One worker, from its start to its end."""
    threading.Thread(target=_leave_with_parent, name="leave-with-parent", daemon=True).start()
    # Ctrl+C reaches the whole group; when to go home is for the process that watches to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if start_log is not None:
        start_log(number)
    with ExitStack() as stack, suppress(KeyboardInterrupt):
        # uvicorn raises the signal again once it has stopped. Left to itself, SIGTERM would end the process there and
        # then: helpers would stay behind with central's keys, messages undelivered and the database open.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            server, _ = prepare(settings, listening, stack, keeps_house=number == 0)
        except CentralError as error:
            tells.send(str(error))
            return
        except Exception as error:  # noqa: BLE001  (told to whoever started it, not thrown at them)
            log.failure("worker_failed", error)
            tells.send("Central did not start. Its log says why.")
            return
        server.on_started = lambda: tells.send("")
        # Measured: the collector walked everything that lives as long as the server does, a tenth of intake's time.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        server.run(sockets=[listening])


def _leave_with_parent() -> None:
    """Nothing that holds central's keys may stay behind a parent that was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        # What is under way ends as it would by a request to end; what does not end is ended.
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(GRACE_SECONDS + 5)
        os._exit(1)
