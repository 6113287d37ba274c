"""Who does the arithmetic of intake: this thread, or this thread and a few processes beside it.

Opening a seal holds the interpreter's lock (measured: two threads open no more than one), so more cores help only
through processes. A batch is cut small, and everybody takes the next part when through with one: how fast each core is
at the moment, nobody knows beforehand. While several batches are under way this thread leaves the arithmetic to the
helpers: whoever writes what came before needs the interpreter more.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from types import TracebackType

from vaccinator_app.central import log
from vaccinator_app.central.intake.examine import Found, Job, run
from vaccinator_app.central.keyring.keys import Keys
from vaccinator_app.trust.keys import HybridKey, SealingKey

_WORTH_SPLITTING = 40
"""Below this many records (some 8 ms of work) handing over costs more than it saves."""

_PART = 25
"""Records handed over at a time (some 4 ms of work): whoever is through first does not wait long for the others."""

_AHEAD = 2
"""Parts each helper has before it: one under its hands and the next."""


class Crew:
    """Runs jobs. A context manager, because its processes have to go home."""

    def __init__(self, keys: Keys, helpers: int = 0, begin: Callable[[], None] | None = None) -> None:
        """``helpers`` processes beside the caller; 0 needs no ending. ``begin`` is the first that each of them does."""
        self._keys = keys
        self._helpers = helpers
        self._door = threading.Lock()
        self._batches = 0
        self._pool: ProcessPoolExecutor | None = None
        if helpers:
            # Not fork: a server has threads, and a forked child would hold their locks for ever.
            self._pool = ProcessPoolExecutor(
                helpers,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_arrive,
                initargs=(keys.all_codes, keys.all_people, begin),
            )

    @contextmanager
    def engaged(self) -> Iterator[None]:
        """A batch is under way, from its arrival until its answer is stored."""
        with self._door:
            self._batches += 1
        try:
            yield
        finally:
            with self._door:
                self._batches -= 1

    def run(self, batch: Sequence[Job]) -> list[Found]:
        """``examine.run`` over the batch, in its order. Once a helper was killed, this thread does it all itself."""
        pool = self._pool
        if pool is None or len(batch) < _WORTH_SPLITTING:
            return self._alone(batch)
        try:
            return self._split(pool, batch)
        except BrokenExecutor as error:
            self._pool = None
            pool.shutdown()
            log.failure("helpers_lost", error)
            return self._alone(batch)

    def _alone(self, batch: Sequence[Job]) -> list[Found]:
        return run(batch, self._keys.all_codes, self._keys.all_people)

    def _split(self, pool: ProcessPoolExecutor, batch: Sequence[Job]) -> list[Found]:
        parts = [batch[i : i + _PART] for i in range(0, len(batch), _PART)]
        # Helpers from the front, this thread from the end. Nothing is taken back from a helper: a pool that breaks
        # while one of its futures is cancelled leaves the others waiting for ever (CPython 3.11).
        handed: list[Future[list[Found]]] = []
        own: list[list[Found]] = []
        while len(handed) + len(own) < len(parts):
            before_them = [one for one in handed if not one.done()]
            if len(before_them) < _AHEAD * self._helpers:
                handed.append(pool.submit(_help, parts[len(handed)]))
            elif self._batches > 1:
                wait(before_them, return_when=FIRST_COMPLETED)
            else:
                own.append(self._alone(parts[-1 - len(own)]))
        found = [one.result() for one in handed] + own[::-1]
        return [result for part in found for result in part]

    def __enter__(self) -> Crew:
        """Start the helpers, so that the first batch does not wait for them."""
        if self._pool is not None:
            for ready in [self._pool.submit(_help, []) for _ in range(self._helpers)]:
                ready.result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Send the helpers home."""
        if self._pool is not None:
            self._pool.shutdown()


_keys: tuple[Sequence[SealingKey], Sequence[HybridKey]] | None = None


def _arrive(codes: Sequence[SealingKey], people: Sequence[HybridKey], begin: Callable[[], None] | None) -> None:
    global _keys  # noqa: PLW0603  (a helper process has one set of keys, given once)
    if begin is not None:
        begin()
    _keys = codes, people
    # Ctrl+C reaches the whole group; when to go home is the server's to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_server, name="leave-with-server", daemon=True).start()


def _leave_with_server() -> None:
    """A server that was killed sends nobody home, and nothing with central's keys may stay behind."""
    server = multiprocessing.parent_process()
    if server is not None:
        server.join()
        os._exit(0)


def _help(batch: Sequence[Job]) -> list[Found]:
    assert _keys is not None
    return run(batch, *_keys)
