"""Looking people up has a limit that never stops the queue, and an alarm (DESIGN 5.5).

Counted are people whom one person of staff opened at this desk within an hour without anything following, from the
ledger: neither a restart nor a lock resets it. Within one run of the machine an hour is that of its uptime, which no
clock can be set to; across runs it is the clock's, whose jumps are noticed for themselves (DESIGN 3.3).
"""

from __future__ import annotations

from datetime import timedelta

from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.appointment import Appointment
from vaccinator_app.domain.audit import ENOUGH
from vaccinator_app.domain.day import Happened
from vaccinator_app.domain.events import Body, RecordViewed
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.staff_events import Notice, Noticed
from vaccinator_app.domain.visits import VisitState
from vaccinator_app.trust import slip

HOUR = timedelta(hours=1)
SAID_FROM = ENOUGH
"""People from whom on the sheet says how many there were."""
TOLD_FROM = 30
"""From whom on the in-charge and central are told, once an hour: no table needs that many."""
MOST = 40
"""From whom on nobody is opened but those who are here, or whose slip is."""

_ENOUGH_COUNTED = 3 * MOST
"""Nothing changes beyond: whoever reads a whole roster by a program finds every further sheet as quick to refuse."""
_HERE = (VisitState.ARRIVED, VisitState.OBSERVING, VisitState.ATTENTION)
_MILLISECOND = timedelta(milliseconds=1)


def looked_up(place: Workplace) -> frozenset[str]:
    """Whom the person signed in opened here within the last hour without a visit record."""
    found: set[str] = set()
    for one in place.vault.audit.looks(place.staff.staff):
        if not _within(place, one) or len(found) >= _ENOUGH_COUNTED:
            break
        assert isinstance(one.body, RecordViewed)
        found.add(one.body.appointment)
    return frozenset(found)


def words(place: Workplace) -> Message | None:
    """What the top of a sheet says about that; None while there is nothing to say."""
    count = len(looked_up(place))
    if count >= TOLD_FROM:
        return Message.of("lookups.told", n=count, most=MOST)
    return Message.of("lookups.many", n=count, alarm=TOLD_FROM) if count >= SAID_FROM else None


def why_not(place: Workplace, person: Appointment, scanned: slip.Slip | None) -> Message | None:
    """Why this sheet may not be opened now; None when it may.

    Always: whoever is at the centre today, whose slot is within an hour, or whose own slip was scanned: digits that
    somebody made up to look like a slip do not fit the secret on the roster.
    """
    if scanned is not None and slip.matches(person.slip_hash, scanned.secret):
        return None
    if abs(person.slot - place.now()) <= HOUR:
        return None
    if person.session_date == place.today() and place.vault.roster.visit(person.appointment).state in _HERE:
        return None
    count = len(looked_up(place))
    return Message.of("lookups.closed", n=count) if count >= MOST else None


def viewed(place: Workplace, appointment: str, *, drop_draft: bool) -> None:
    """Record that a sheet was open and nothing followed; and once an hour, that there were too many of these."""
    bodies: list[Body] = [RecordViewed(appointment=appointment)]
    count = len(looked_up(place) | {appointment})
    if count >= TOLD_FROM and not _told(place):
        bodies.append(Noticed(what=Notice.MANY_LOOKUPS, count=count, of=place.staff.staff))
    place.record(*bodies, drop_draft=appointment if drop_draft else None)


def _told(place: Workplace) -> bool:
    for one in place.vault.audit.noticed():
        if not _within(place, one):
            return False
        assert isinstance(one.body, Noticed)
        if one.body.what is Notice.MANY_LOOKUPS and one.body.of == place.staff.staff:
            return True
    return False


def _within(place: Workplace, one: Happened) -> bool:
    """Whether it was within the last hour. What the clock says is still to come counts: the clock was set back."""
    if one.boot == place.clock.boot():
        return _MILLISECOND * (place.clock.uptime_ms() - one.uptime_ms) < HOUR
    return place.now() - one.at < HOUR
