"""What a process of this program leaves behind of what it held: nothing that others may read (docs/privacy.md)."""

from __future__ import annotations

import logging
import os
import sys
import threading
from types import TracebackType

_LOG = logging.getLogger(__name__)

_PR_SET_DUMPABLE = 4
"""Of Linux's ``prctl``: set to 0, no core file, and no memory or debugger for other processes of the same account."""


def harden() -> None:
    """First of all in each process: files for this account alone, no core file, memory that no other process reads, and
    no traceback on whatever goes wrong. Where a system has no such thing, it is left out."""
    os.umask(0o077)
    _no_core_file()
    if sys.platform == "linux":
        _not_dumpable()
    say_no_values()


def _no_core_file() -> None:
    try:
        import resource
    except ImportError:  # Windows writes none of its own accord
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _not_dumpable() -> None:
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def say_no_values() -> None:
    """Whatever nobody caught, in whichever thread, is logged by its kind and place. Python's own words would quote the
    exception, which may hold what somebody typed, and name objects, which may hold more."""
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    sys.unraisablehook = _unraisable


def _uncaught(kind: type[BaseException], _: BaseException, trace: TracebackType | None) -> None:
    _tell("uncaught", kind, trace)


def _uncaught_in_thread(found: threading.ExceptHookArgs) -> None:
    if found.exc_type is not SystemExit:
        _tell("uncaught in a thread", found.exc_type, found.exc_traceback)


def _unraisable(found: sys.UnraisableHookArgs) -> None:
    _tell("uncaught while something ended", found.exc_type, found.exc_traceback)


def _tell(what: str, kind: type[BaseException] | None, trace: TracebackType | None) -> None:
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "no place" if trace is None else f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
    _LOG.error("%s: %s at %s", what, "nothing" if kind is None else kind.__name__, place)
