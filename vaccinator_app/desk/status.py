"""The line at the foot of the window: what central knows, in plain words (DESIGN 7.7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vaccinator_app.desk.lease import lease_message
from vaccinator_app.desk.purging import out_of_use_words
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.message import Message
from vaccinator_app.sync.driver import DriverStatus, Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncWords:
    """``parts`` stand side by side. ``online`` is None until a first attempt has told. ``running`` shows progress.

    The rest is the same one by one, for the screen that has room: since when the oldest record waits, when central was
    last heard, why the last attempt failed, and when the next one is made by itself.
    """

    parts: tuple[Message, ...]
    unconfirmed: int
    oldest_at: datetime | None
    last_contact: datetime | None
    failure: Message | None
    next_at: datetime | None
    online: bool | None
    running: bool
    done: int
    of: int


def sync_words(place: Workplace, driver: DriverStatus, next_at: datetime | None = None) -> SyncWords:
    """What the status bar always shows: unconfirmed count, age of the oldest, last contact, why the last try failed."""
    exchange = place.vault.exchange
    pending = exchange.pending()
    last = exchange.last_contact()
    failed = driver.failure is not None
    parts = [_contact(last, failed, reached=driver.reached)]
    parts.append(_unconfirmed(pending.count, pending.oldest_at, place.now()))
    if place.vault.standing.stopped() is not None:
        # the sentence with what to do stands whole on the Sync screen
        parts.append(Message.of("stopped.short"))
    elif driver.failure is not None:
        parts.append(driver.failure)
    if place.vault.trusted.unproved:
        parts.append(Message.of("status.keys_unproved"))
    out_of_use = out_of_use_words(place)
    parts += out_of_use
    lease = lease_message(place.vault.roster.lease(), place.latest())
    if lease is not None and last is not None and exchange.revoked_at() is None:
        parts.append(lease)
    progress = driver.progress
    pushing = progress.confirmed < progress.to_confirm
    return SyncWords(
        parts=tuple(parts),
        unconfirmed=pending.count,
        oldest_at=pending.oldest_at,
        last_contact=last,
        failure=driver.failure or next(iter(out_of_use), None),
        next_at=next_at,
        online=None if last is None and not failed else not failed or driver.reached,
        running=driver.phase is Phase.RUNNING,
        done=progress.confirmed if pushing else progress.pulled,
        of=progress.to_confirm if pushing else progress.to_pull,
    )


def _contact(last: datetime | None, failed: bool, *, reached: bool) -> Message:
    if last is None:
        return Message.of("status.never_reached")
    if failed and not reached:
        return Message.of("status.offline_since", at=last)
    return Message.of("status.online", at=last)


def _unconfirmed(count: int, oldest: datetime | None, now: datetime) -> Message:
    if count == 0 or oldest is None:
        return Message.of("status.all_confirmed")
    return Message.of("status.unconfirmed", n=count, age=now - oldest)
