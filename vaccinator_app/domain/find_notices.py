"""Exceptions of what a desk noticed of itself, and of how it is used (DESIGN 5.5, 7.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from vaccinator_app.domain.day import Happened
from vaccinator_app.domain.evidence import Evidence, about_record
from vaccinator_app.domain.exceptions import Act, DayException, ExceptionKind
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.staff_events import Notice, Noticed

_KINDS: dict[Notice, ExceptionKind] = {
    Notice.CLOCK_BACK: ExceptionKind.CLOCK,
    Notice.CLOCK_FORWARD: ExceptionKind.CLOCK,
    Notice.FILE_CHANGED: ExceptionKind.OLD_COPY,
    Notice.ROLLED_BACK: ExceptionKind.OLD_COPY,
    Notice.FORKED: ExceptionKind.OLD_COPY,
    Notice.MANY_LOOKUPS: ExceptionKind.LOOKUPS,
}


def notices(seen: Evidence) -> Iterator[DayException]:
    """Each ``noticed`` of the day, at any desk. None goes away: it stays, settled by somebody or open.

    Of look-ups, ``staff`` is who looked, not who was signed in when it was noticed; the two are the same at a desk
    that was not tampered with.
    """
    for one in seen.records:
        if isinstance(one.body, Noticed):
            words = notice_words(one.body, seen.machine(one.device), seen.book.names.get(one.body.of, one.body.of))
            found = about_record(seen, one, _KINDS[one.body.what], words, (Act.EXPLAIN, Act.ESCALATE))
            yield replace(found, staff=one.body.of or one.staff)


def says_the_jump(one: Happened) -> bool:
    """Whether ``one`` tells of a clock that was set: then nobody need find the jump at it once more."""
    return isinstance(one.body, Noticed) and _KINDS[one.body.what] is ExceptionKind.CLOCK


def notice_words(body: Noticed, machine: str, name: str) -> Message:
    """What was noticed, at which machine; ``name`` is of whom, if of anybody."""
    span = timedelta(seconds=body.seconds)
    match body.what:
        case Notice.CLOCK_BACK:
            return Message.of("notice.clock_back", machine=machine, span=span)
        case Notice.CLOCK_FORWARD:
            return Message.of("notice.clock_forward", machine=machine, span=span)
        case Notice.FILE_CHANGED:
            return Message.of("notice.file_changed", machine=machine)
        case Notice.ROLLED_BACK if body.count == 0:
            return Message.of("notice.put_back", machine=machine)
        case Notice.ROLLED_BACK:
            return Message.of("notice.rolled_back", machine=machine, n=body.count)
        case Notice.FORKED:
            return Message.of("notice.forked", machine=machine, n=body.count)
        case Notice.MANY_LOOKUPS:
            return Message.of("notice.many_lookups", machine=machine, name=name, n=body.count)
