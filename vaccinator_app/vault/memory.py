"""Memory that large work is done with goes back to the machine (DESIGN 10)."""

from __future__ import annotations


def give_back() -> None:
    """Let the allocator return what it keeps for later: glibc's keeps what the threads of a large pull let go of, 22 of
    119 MiB after one of 30,000 people. Where there is another one, nothing is done."""
    # asked for once a first pull, and by nothing at the start
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
