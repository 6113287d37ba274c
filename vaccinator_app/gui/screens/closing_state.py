"""How far the day's close has come, in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaccinator_app.domain.daybook import Difference
from vaccinator_app.domain.message import Message

if TYPE_CHECKING:
    from vaccinator_app.desk.reconcile import Overview

_MOST = 3
"""Differences that are told one by one."""

_COUNTS: dict[str, str] = {
    "booked": "count.booked",
    "walk_ins": "count.walk_ins",
    "arrived": "count.arrived",
    "given": "count.given",
    "deferred": "count.deferred",
    "no_show": "count.no_show",
    "by_code": "checked.by_code",
    "by_slip": "checked.by_slip",
    "by_override": "checked.by_override",
    "by_none": "checked.by_none",
    "codes_refused": "count.codes_refused",
    "voided": "count.voided",
    "from_vials": "count.from_vials",
    "wasted": "count.wasted",
    "left": "count.left",
    "variance": "count.variance",
}


@dataclass(frozen=True, slots=True)
class CloseState:
    """``amendment`` is the number that the next close would have, 0 for the first."""

    words: Message
    icon: str
    tone: str
    amendment: int


def state_of(overview: Overview) -> CloseState:
    """What is signed, whether central counts the same, and what came after."""
    close, body = overview.close, overview.closed
    if close is None or body is None:
        still_open = Message.of("close.state_open")
        if overview.left_open is None:
            return CloseState(still_open, "expected", "quiet", 0)
        earlier = Message.of("close.left_open_before", day=overview.left_open)
        return CloseState(_two(still_open, earlier), "needs-attention", "attention", 0)
    name = overview.book.names.get(close.staff, close.staff)
    signed = Message.of("close.state_closed", name=name, at=close.at)
    if body.amendment:
        signed = Message.of("close.state_amended", name=name, at=close.at, number=body.amendment)
    following = body.amendment + 1
    if overview.agreed is False:
        differences = overview.book.differences.get(close.name, ())
        said = Message.of("close.central_differs", differences=told(differences))
        return CloseState(_two(signed, said), "needs-attention", "attention", following)
    if overview.late:
        late = Message.of("close.late", n=len(overview.late))
        return CloseState(_two(signed, late), "needs-attention", "attention", following)
    if overview.agreed:
        return CloseState(_two(signed, Message.of("close.central_agrees")), "confirmed", "confirmed", following)
    return CloseState(_two(signed, Message.of("close.central_waits")), "saved", "text", following)


def told(differences: Sequence[Difference]) -> list[Message]:
    """The first few, each as "given: 41 here, 40 at central", and how many more."""
    found = [
        Message.of("close.difference", what=_what(one.what), here=one.here, there=one.there)
        for one in differences[:_MOST]
    ]
    rest = len(differences) - _MOST
    return [*found, Message.of("close.more_differences", n=rest)] if rest > 0 else found


def _what(name: str) -> Message | str:
    """``name`` as on the wire: ``total.given``, ``vaccine.covishield.given``."""
    group, _, rest = name.partition(".")
    line, _, count = rest.rpartition(".")
    if count not in _COUNTS:
        return name
    what = Message(_COUNTS[count])
    return what if group == "total" else Message.of("close.count_of", what=what, line=line)


def _two(one: Message, other: Message) -> Message:
    return Message.of("close.two", one=one, other=other)
