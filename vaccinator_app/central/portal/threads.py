"""Handlers of pages run in threads, since what is below them is a database and arithmetic."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from litestar.concurrency import sync_to_thread

P = ParamSpec("P")
T = TypeVar("T")


def in_thread(handler: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    """``handler``, called in a thread and awaited.

    Litestar's own ``sync_to_thread`` wraps a handler a second time when another method of its address is registered
    after it (2.25), and then nobody awaits the inner one.
    """

    @wraps(handler)
    async def threaded(*args: P.args, **kwargs: P.kwargs) -> T:
        return await sync_to_thread(handler, *args, **kwargs)

    return threaded
