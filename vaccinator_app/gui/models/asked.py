"""What a screen shows of the vault, asked anew beside the window's thread each time central was heard (DESIGN 10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.session import Session

T = TypeVar("T")


class Asked(Generic[T]):
    """One question of one screen, asked once at a time. A list of thousands takes some 30 ms to count: too long for the
    window's thread, where a key may wait, as often as central confirms something.

    ``ask`` is called on the window's thread and gives the question itself, which touches no widget; ``show`` gets the
    answer there. A screen that asks for itself, because of an act, a key or another list, says so (`here`): an answer
    from before that is not shown any more.
    """

    def __init__(self, session: Session, ask: Callable[[], Callable[[], T]], show: Callable[[T], None]) -> None:
        self._session = session
        self._ask = ask
        self._show = show
        self._turn = 0
        self._under_way = False
        self._more = False
        session.heard.connect(self.again)

    def here(self) -> None:
        """The screen asks where it stands, now."""
        self._turn += 1

    def again(self) -> None:
        """Ask, as soon as the question under way is answered; no more once the desk is being locked."""
        if self._session.over:
            return
        if self._under_way:
            self._more = True
            return
        self._under_way, self._more = True, False
        turn, question = self._turn, self._ask()
        self._session.read(lambda _: question(), lambda found: self._answered(turn, found), self._refused)

    def _answered(self, turn: int, found: T) -> None:
        if turn == self._turn:
            self._show(found)
        self._next()

    def _refused(self, why: Message) -> None:
        self._session.failed.emit(why)
        self._next()

    def _next(self) -> None:
        self._under_way = False
        if self._more:
            self.again()
