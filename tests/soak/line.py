"""A line to central that breaks when it is told to."""

from __future__ import annotations

from collections.abc import Callable

from vaccinator_app.domain.message import Message
from vaccinator_app.sync.errors import Unreachable
from vaccinator_app.sync.http import HttpCentral


class Line:
    """The way to central. With ``calls`` it breaks after so many: central has done the next, its answer is lost."""

    def __init__(self, central: HttpCentral, calls: int | None) -> None:
        self._central = central
        self._calls = calls

    def push(self, packed: bytes) -> bytes:
        return self._over(self._central.push, packed)

    def pull(self, packed: bytes) -> bytes:
        return self._over(self._central.pull, packed)

    def confirm(self, packed: bytes) -> bytes:
        return self._over(self._central.confirm, packed)

    def history(self, packed: bytes) -> bytes:
        return self._over(self._central.history, packed)

    def deliver(self, packed: bytes) -> bytes:
        return self._over(self._central.deliver, packed)

    def _over(self, call: Callable[[bytes], bytes], packed: bytes) -> bytes:
        answer = call(packed)
        if self._calls is not None:
            self._calls -= 1
            if self._calls < 0:
                raise Unreachable(Message.of("sync.could_not_reach"))
        return answer
