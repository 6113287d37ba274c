"""What all rooms' tests share: where they write, a database server begun when somebody first asks for it, and what was
counted.
"""

from __future__ import annotations

import gc
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest

from tests.support import postgres, scale
from vaccinator_app.trust import keyslot

_MEMORY = "/dev/shm"
_ROOM = 6 * 1024**3

_ALL: pytest.StashKey[Counter[str]] = pytest.StashKey()


def pytest_configure() -> None:
    """Every record that a test saves waits for the disk, and there are many: where there is a disk in memory, that one.

    A test of what a disk does brings its own. ``TMPDIR`` chooses another place. And hundreds of desks are copies of
    one: the same passphrase in the same slot is worked out once.
    """
    keyslot._derive = lru_cache(256)(keyslot._derive)
    if "TMPDIR" in os.environ or not os.access(_MEMORY, os.W_OK):
        return
    found = os.statvfs(_MEMORY)
    if found.f_bavail * found.f_frsize >= _ROOM and not found.f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"] = tempfile.tempdir = _MEMORY


def pytest_collection_finish() -> None:
    """The modules and tests of all rooms stay until the end: nobody looks through them again for what may go."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(2000, 10, 20)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of an empty database on a PostgreSQL of this run; see ``tests.support.postgres``."""
    with postgres.Server() as server:
        yield server.url


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of xdist hands what it counted to the process that prints."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["counted"] = dict(scale.counted)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What a worker counted; nothing when it was killed."""
    config: pytest.Config = node.config
    config.stash.setdefault(_ALL, Counter()).update(getattr(node, "workeroutput", {}).get("counted", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """One line of what was done to lose something, and how many tests failed."""
    done = config.stash.get(_ALL, Counter()) + scale.counted
    if done:
        said = ", ".join(f"{number:,} {kind}" for kind, number in sorted(done.items()))
        failed = sum(len(terminalreporter.stats.get(how, [])) for how in ("failed", "error"))
        terminalreporter.write_line(f"Tried to lose something: {said}; failures: {failed}.")
