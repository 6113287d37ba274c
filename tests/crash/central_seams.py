"""Where central may be killed by name: each statement and COMMIT of what a desk asks, and its answer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

from tests.crash.fuse import Fuse
from vaccinator_app.central.desks.desk_api import DeskApi

_ASKED = ("push", "pull", "enrol")


def fit(fuse: Fuse) -> None:
    """Put ``fuse`` into this process, which is a central. There is no way back."""
    for name in _ASKED:
        fuse.scope(DeskApi, name, name)
        fuse.wrap(DeskApi, name, f"{name}: answered")
    open_steps: dict[int, AbstractContextManager[None]] = {}

    def before(_: Any, cursor: Any, sql: str, *__: Any) -> None:
        step = fuse.statement(sql)
        step.__enter__()
        open_steps[id(cursor)] = step

    def after(_: Any, cursor: Any, *__: Any) -> None:
        step = open_steps.pop(id(cursor), None)
        if step is not None:
            step.__exit__(None, None, None)

    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "after_cursor_execute", after)
    commit: Callable[..., None] = DefaultDialect.do_commit

    def committed(self: DefaultDialect, connection: Any) -> None:
        with fuse.around(f"{fuse.doing}: COMMIT"):
            commit(self, connection)

    DefaultDialect.do_commit = committed  # type: ignore[method-assign]
