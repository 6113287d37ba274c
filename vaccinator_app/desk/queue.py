"""Who is expected, who waits, whom to open: lists, search and the scanned slip (DESIGN 6.4, 9.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.digits import ascii_digits
from vaccinator_app.domain.exception_words import reason_words
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import masked_name
from vaccinator_app.domain.visits import VisitState
from vaccinator_app.protocol.messages import Reason
from vaccinator_app.trust import slip
from vaccinator_app.trust.errors import BadSlip
from vaccinator_app.vault.queue import QueueRow

PAGE = 200
"""Rows a list shows at once; beyond that people search."""


class Pile(StrEnum):
    """The lists of the queue."""

    EXPECTED = "expected"
    ARRIVED = "arrived"
    OBSERVING = "observing"
    DONE = "done"
    ATTENTION = "attention"


_STATES: dict[Pile, tuple[VisitState, ...]] = {
    Pile.EXPECTED: (VisitState.EXPECTED,),
    Pile.ARRIVED: (VisitState.ARRIVED,),
    Pile.OBSERVING: (VisitState.OBSERVING,),
    Pile.DONE: (VisitState.DONE, VisitState.DEFERRED),
}


_NO_REASONS: Mapping[str, tuple[Message, ...]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row on the screen: the row from the vault, its name masked until the person is opened (DESIGN 9.4).

    ``confirmed`` is None while no dose stands, else whether central signed for it. ``why`` says what somebody has to
    look at, for the people who need it.
    """

    row: QueueRow
    name: str
    confirmed: bool | None
    why: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What a scan gave: the appointment to open with its slip, or the words that say why not."""

    slip: slip.Slip | None = None
    problem: Message | None = None


class Queue:
    """Today's people at this centre."""

    def __init__(self, place: Workplace) -> None:
        self._place = place

    def counts(self) -> dict[Pile, int]:
        """How many stand in each list today."""
        vault = self._place.vault
        by_state = vault.queue.counts(self._place.today())
        counts = {pile: sum(by_state.get(state, 0) for state in states) for pile, states in _STATES.items()}
        counts[Pile.ATTENTION] = len(vault.queue.attention(self._place.today()))
        return counts

    def lines(self, pile: Pile) -> list[Line]:
        """The rows of one list, in the order of slot and token."""
        vault, today = self._place.vault, self._place.today()
        if pile is Pile.ATTENTION:
            found = sorted(vault.queue.attention(today), key=lambda item: (item.row.slot, item.row.token))
            why = {item.row.appointment: why_words(item.reasons) for item in found}
            return self._lines([item.row for item in found], why)
        return self._lines(self._waiting(_STATES[pile]))

    def search(self, text: str) -> list[Line]:
        """People whose words begin as typed, or by token, last four of the photo ID, or reference; today's first."""
        if not text.strip():
            return []
        return self._lines(self._place.vault.queue.search(text, self._place.today()))

    def next_arrived(self, after: str | None = None) -> str | None:
        """The person to go on with: the first who waits, other than ``after``."""
        rows = self._waiting(_STATES[Pile.ARRIVED])
        return next((row.appointment for row in rows if row.appointment != after), None)

    def _waiting(self, states: Sequence[VisitState]) -> list[QueueRow]:
        """People in any of ``states`` as they are called out: by slot, then token."""
        vault, today = self._place.vault, self._place.today()
        rows = [row for state in states for row in vault.queue.rows(today, state, PAGE, 0)]
        return sorted(rows, key=lambda row: (row.slot, row.token))

    def scan(self, text: str) -> Scan | None:
        """None when ``text`` is no scan at all; else what it gave. Nothing is recorded by scanning alone."""
        digits = ascii_digits(text.strip())
        if digits is None or not slip.looks_like_slip(digits):
            return None
        try:
            found = slip.decode(digits)
        except BadSlip:
            return Scan(problem=Message.of("scan.unreadable"))
        vault = self._place.vault
        if found.centre != vault.identity.centre:
            name = vault.roster.centre_name(found.centre) or found.centre
            return Scan(problem=Message.of("scan.other_centre", centre=name, day=found.session_date))
        if vault.purge.left_at(found.appointment) is not None:
            # of an old day, whose people have left: what is kept of it may still be asked for
            return Scan(slip=found)
        if found.session_date != self._place.today():
            return Scan(problem=Message.of("scan.other_day", day=found.session_date))
        if vault.roster.appointment(found.appointment) is None:
            return Scan(problem=Message.of("scan.not_on_roster"))
        return Scan(slip=found)

    def _lines(self, rows: Sequence[QueueRow], why: Mapping[str, tuple[Message, ...]] = _NO_REASONS) -> list[Line]:
        upto = self._place.vault.exchange.confirmed_upto()
        return [
            Line(
                row=row,
                name=masked_name(row.name),
                confirmed=None if row.dose_seq is None else row.dose_seq <= upto,
                why=why.get(row.appointment, ()),
            )
            for row in rows
        ]


def why_words(reasons: Iterable[Reason]) -> tuple[Message, ...]:
    """Why somebody has to look: what central gave as reasons, else that the codes ran out (DESIGN 4.4)."""
    return tuple(reason_words(reason.value) for reason in reasons) or (Message.of("code.closed"),)
