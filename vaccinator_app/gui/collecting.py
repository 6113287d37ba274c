"""Python's collector of cycles works on the window's thread alone (DESIGN 9.5).

Left to itself it works on whichever thread happens to make the most, which while central is heard is the one that
syncs, and it destroys what it finds there and then. A screen or a model that dies so takes itself out of PySide's table
of connections, with nothing held, while the window's thread may be changing that very table: now and then the program
is gone, without a word (SIGSEGV; seen with PySide 6.11).
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock

from PySide6.QtCore import QObject, QTimer

LOOK_MS = 250
"""Between two looks at how much was made. A pass over what is young takes less than a millisecond."""

_YOUNG, _OLDER, _OLDEST = 2_000, 10, 10
"""Objects more than went, and passes of the generation before, after which a generation is passed over."""

_HELD = Lock()
_AFRESH = Event()


class Collector(QObject):
    """Looks now and then, on the thread it was made on, and collects as Python would have. One for the window.

    What the program itself is made of (modules, classes, the catalogues) stays until the end and is passed by.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        gc.freeze()
        timer = QTimer(self)
        timer.timeout.connect(self._look)
        timer.start(LOOK_MS)

    def _look(self) -> None:
        if _HELD.locked():
            return
        young, older, oldest = gc.get_count()
        if _AFRESH.is_set():
            _AFRESH.clear()
            gc.unfreeze()
            gc.collect()
            gc.freeze()
        elif oldest > _OLDEST:
            gc.collect(2)
        elif older > _OLDER:
            gc.collect(1)
        elif young > _YOUNG:
            gc.collect(0)


@contextmanager
def held() -> Iterator[None]:
    """For long work beside the window: nothing that this thread makes holds up the window's for long.

    A full pass over the hundred thousand records of a large day takes up to half a second, in which no thread goes on.
    They hold no cycles: nothing is collected while they are made, and they are passed by afterwards until `afresh`
    (what nobody needs is freed at once, as before, unless it holds itself). One read after another: at once they would
    be no quicker, and each would undo what the other set.
    """
    with _HELD:
        enabled = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            gc.freeze()
            if enabled:
                gc.enable()


def afresh(*_: object) -> None:
    """Nothing but the program itself is to be passed by any more: a session's screens go with the session, and all that
    they showed. Done at the next look, since whoever says so may be going at the moment.
    """
    _AFRESH.set()
