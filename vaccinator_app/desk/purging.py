"""Personal details leave the machine when a day is done with, or the machine is (DESIGN 5.5; P.21)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.staff_events import DetailsPurged, PurgeReason
from vaccinator_app.vault.ledger import Author, Moment
from vaccinator_app.vault.purge import DayState

KEPT = timedelta(days=3)
"""Details stay for so long after a day is over, closed and confirmed."""

KEPT_OPEN = timedelta(days=14)
"""After a day that nobody closed."""


@dataclass(frozen=True, slots=True)
class Due:
    """A day whose people leave now, and why."""

    day: date
    reason: PurgeReason


def at_unlock(place: Workplace) -> None:
    """What is due leaves before anything is shown."""
    after_run(place)


def after_run(place: Workplace) -> bool:
    """The same after central was heard. True when something was recorded that central should soon hear of.

    Raises ``VaultError``; then all of it is due again.
    """
    return bool(purge(place))


def due(place: Workplace) -> list[Due]:
    """The days that are done with. Both clocks must say so, the machine's and central's last word: a clock that was
    set forward takes nobody's details away early, and a machine that central has not heard of keeps them."""
    vault = place.vault
    if vault.exchange.revoked_at() is not None:
        return _all_of_it(place)
    now = _latest_both_have_passed(place)
    if now is None or place.disagreement is not None:
        return []
    # Most often there is none: the records of the last days are not read for nothing.
    states = vault.purge.states(vault.purge.days(before=(now - KEPT).astimezone(place.now().tzinfo).date()))
    found = ((state.day, _reason(place, state, now)) for state in states)
    return [Due(day, reason) for day, reason in found if reason is not None]


def purge(place: Workplace) -> list[Due]:
    """Do it, in one transaction with the records that say so. Returns what left. Raises ``VaultError``, and then all
    of it is due again."""
    found = due(place)
    people = place.vault.purge.people
    _record(place, [DetailsPurged(day=one.day, people=people(one.day), reason=one.reason) for one in found])
    place.vault.purge.fold()
    return found


def overdue(place: Workplace) -> list[date]:
    """Days that are two weeks past and whose people are still here, because central has not confirmed all of them."""
    before = place.today() - KEPT_OPEN
    states = place.vault.purge.states(place.vault.purge.days(before=before))
    return [state.day for state in states if not state.confirmed]


def overdue_words(place: Workplace) -> list[Message]:
    """The same for the in-charge, a sentence a day."""
    return [Message.of("purge.waits", day=day) for day in overdue(place)]


def gone_words(place: Workplace, appointment: str) -> Message | None:
    """The sentence for somebody whose details have left; None for anybody else."""
    at = place.vault.purge.left_at(appointment)
    return None if at is None else Message.of("purge.gone", at=at)


def left_words(place: Workplace, day: date) -> list[Message]:
    """That the people of ``day`` have left, as one sentence; none while they are here."""
    at = place.vault.purge.purged_at(day)
    return [] if at is None else [Message.of("purge.left", at=at)]


def out_of_use_words(place: Workplace) -> list[Message]:
    """Of a machine that central took out of use: that it is, and what is still to be done. Nothing for any other."""
    vault = place.vault
    since, pending = vault.exchange.revoked_at(), vault.exchange.pending().count
    if since is None:
        return []
    words = [Message.of("revoked.stopped", at=since.astimezone(place.now().tzinfo))]
    if pending:
        return [*words, Message.of("revoked.waiting", n=pending)]
    return [*words, Message.of("revoked.purged")] if vault.purge.is_empty() else words


def _latest_both_have_passed(place: Workplace) -> datetime | None:
    heard = place.vault.exchange.last_contact()
    return None if heard is None else min(heard, place.now().astimezone(UTC))


def _reason(place: Workplace, state: DayState, now: datetime) -> PurgeReason | None:
    over = datetime.combine(state.day + timedelta(days=1), time(), place.now().tzinfo)
    if not state.confirmed:
        return None
    if state.closed_at is None:
        return PurgeReason.OLD if now >= over + KEPT_OPEN else None
    since = max(moment for moment in (over, state.closed_at, state.confirmed_at) if moment is not None)
    return PurgeReason.CLOSED if now >= since + KEPT else None


def _all_of_it(place: Workplace) -> list[Due]:
    """Of a machine out of use: everybody, once central has confirmed all that was recorded on it."""
    vault = place.vault
    if vault.purge.is_empty() or vault.exchange.pending().count:
        return []
    return [Due(day, PurgeReason.REVOKED) for day in vault.purge.days() or [place.today()]]


def _record(place: Workplace, bodies: Sequence[DetailsPurged]) -> None:
    """Also on a machine out of use, where people record nothing any more. Not while two histories go by its name."""
    if bodies:
        moment = Moment(at=place.clock.now(), boot=place.clock.boot(), uptime_ms=place.clock.uptime_ms())
        place.vault.ledger.append(moment, Author(staff=place.staff.staff, key=place.signing_key), bodies)
