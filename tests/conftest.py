"""What all rooms' tests share: where they write, a database server begun when somebody first asks for it, and what was
counted.
"""

from __future__ import annotations

import gc
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pytest

from tests.support import postgres, scale
from vaccinator_app.trust import keyslot

_MEMORY = "/dev/shm"
_ROOM = 6 * 1024**3

_MANY = 150_000
"""Objects made more than went, after which a test is followed by a look for rings of them."""

_PASSED_BY = 300_000
"""Objects that windows told Python to pass by, more than were there at first, after which all are looked through."""

_FILES = 4
"""Files of tests after which these are counted, one by one: that takes a twentieth of a second."""

_LONG = ("whole", "soak")
"""Rooms of a few long tests. They begin: last, one would go on alone, or keep files waiting behind it that others could
do."""

_ALL: pytest.StashKey[Counter[str]] = pytest.StashKey()

# Rings of objects are looked for between two tests, here: half the time of reading all tests went into looking for some
# among them, and what a window left behind must not die on another's thread (vaccinator_app/gui/collecting.py).
gc.disable()


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


@dataclass(slots=True)
class _Standing:
    """What is there from the beginning to the end, the file that tests are run of, and its number."""

    objects: int = 0
    file: str = ""
    files: int = 0


_standing = _Standing()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long rooms first; else as they stand."""
    items.sort(key=lambda item: item.path.parent.name not in _LONG)


def pytest_collection_finish() -> None:
    """The modules and tests of all rooms stay until the end: nobody looks through them again for what may go."""
    gc.collect()
    gc.freeze()
    _standing.objects = gc.get_freeze_count()


def pytest_runtest_logfinish(location: tuple[str, int | None, str]) -> None:
    """On the main thread, with nothing of the test left but rings; after some files also what windows passed by."""
    anew, _standing.file = location[0] != _standing.file, location[0]
    _standing.files += anew
    if anew and _standing.files % _FILES == 0 and gc.get_freeze_count() > _standing.objects + _PASSED_BY:
        gc.unfreeze()
        gc.collect()
        gc.freeze()
    elif gc.get_count()[0] > _MANY:
        gc.collect()


def pytest_unconfigure() -> None:
    """As Python would have it at its end: libraries say what they think leaks when rings of theirs are passed by."""
    gc.unfreeze()
    gc.enable()


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
