"""What a desk notices of its clock, its file and its ledger: at unlock, with each answer of central, and in between
(DESIGN 3.3, 7.4; P.20). It is said at the top of the window and put on record; a clock stops nobody's work.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from vaccinator_app.desk.purging import out_of_use_words
from vaccinator_app.desk.workplace import Times, Workplace, since
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.staff_events import Notice, Noticed
from vaccinator_app.sync.driver import DriverStatus
from vaccinator_app.vault.file_seal import FileState
from vaccinator_app.vault.standing import Anchor

OFF = timedelta(minutes=10)
"""How far a clock may be from what is known of the time: machines at a centre are set by hand."""

_HOLD = timedelta(hours=1)


def at_unlock(place: Workplace) -> None:
    """Whether recording stopped, and what the last record and central's last answer say of the clock.

    Before anything else is recorded by whoever unlocks.
    """
    file = place.vault.note_file()
    if file is not None and file.state is FileState.CHANGED:
        place.file_words = Message.of("file.changed")
    elif file is not None and file.state is FileState.RESTORED:
        # recording may go on a second later: what a backup means is said until the desk locks
        place.file_words = Message.of("file.was_restored", made=file.made)
    stand(place)
    place.times = _times(place)
    look(place)


def after_run(place: Workplace, status: DriverStatus) -> None:
    """A run has ended: whether recording is stopped now, and what central's time says of the clock."""
    stand(place, status.failure if status.disagrees else None)
    if status.failure is None:
        heard(place)


def stand(place: Workplace, otherwise: Message | None = None) -> None:
    """Stop or go on as the vault says; ``otherwise`` is what to stop for when it says nothing."""
    stop = place.vault.standing.stopped()
    found = otherwise if stop is None else stop.words
    place.disagreement = found or next(iter(out_of_use_words(place)), None)
    put_on_record(place)


def heard(place: Workplace) -> None:
    """Central has just answered: this machine's clock is measured by its time from here on."""
    at, held = place.vault.exchange.last_contact(), place.vault.standing.anchor()
    if at is not None and (held is None or at > held.at):
        known = _here(place, at)
        place.times = Times(known, known, exact=True)
        if held is None or at - held.at > _HOLD or held.boot != known.boot:
            place.vault.standing.hold_on_to(known)
    look(place)


def look(place: Workplace) -> None:
    """Compare the clock with what is known. A change is noticed once; the words stay until the clock is set right."""
    times, here = place.times, place.now()
    if times is None:
        return
    there = since(times.base, place.clock).astimezone(here.tzinfo)
    off = here - there
    if abs(off) <= OFF or (off > timedelta(0) and not times.exact):
        if not times.exact:
            place.times = Times(times.floor, _here(place, here), exact=True)
        place.clock_words = None
        place.vault.standing.clock_is(None)
        return
    ahead = off > timedelta(0)
    place.clock_words = Message.of("clock.ahead" if ahead else "clock.behind", here=here, there=there)
    what, seconds = Notice.CLOCK_FORWARD if ahead else Notice.CLOCK_BACK, int(abs(off).total_seconds())
    before = place.vault.standing.clock()
    if before is None or before.what is not what or (times.exact and abs(before.seconds - seconds) > OFF.seconds):
        place.vault.standing.clock_is(Noticed(what=what, seconds=seconds))
        put_on_record(place)


def clock_changed(place: Workplace) -> bool:
    """Whether ``look`` would find otherwise than it did last. Asks nothing of the vault, so a window may ask often."""
    if place.times is None:
        return False
    off = place.now() - since(place.times.base, place.clock)
    is_off = abs(off) > OFF and (off < timedelta(0) or place.times.exact)
    return is_off is not (place.clock_words is not None)


def put_on_record(place: Workplace) -> None:
    """Whatever was noticed and is not on record yet, as soon as recording is possible."""
    if place.disagreement is None:
        unsaid = place.vault.standing.unsaid()
        if unsaid:
            place.record(*unsaid)
            place.vault.standing.said(unsaid)


def _times(place: Workplace) -> Times:
    """What the vault knows of the time: by central's last answer, and by the records made since."""
    now, clock, exchange = place.now(), place.clock, place.vault.exchange
    central, last, contact = place.vault.standing.anchor(), place.vault.ledger.last_moment(), exchange.last_contact()
    known = [moment for moment in (contact, exchange.latest_unconfirmed()) if moment is not None]
    known += [since(central, clock)] if central is not None else []
    floor = _here(place, max([now, *known]))
    if central is not None and central.boot == clock.boot():
        return Times(floor, central, exact=True)
    same = last is not None and last.boot == clock.boot()
    least = max([moment for moment in (contact, None if last is None or same else last.at) if moment], default=now)
    if now < least - OFF:
        return Times(floor, _here(place, least), exact=False)
    return Times(floor, Anchor(last.at, last.boot, last.uptime_ms) if last and same else _here(place, now), exact=True)


def _here(place: Workplace, at: datetime) -> Anchor:
    return Anchor(at, place.clock.boot(), place.clock.uptime_ms())
