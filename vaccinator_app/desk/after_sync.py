"""What a desk does once central was heard: whose keys count no more, what is done with here (P.18.6, P.21)."""

from __future__ import annotations

from dataclasses import dataclass

from vaccinator_app.desk import keys, noticing, purging
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.message import Message
from vaccinator_app.sync.driver import DriverStatus
from vaccinator_app.vault.errors import StaffGone


@dataclass(frozen=True, slots=True)
class Done:
    """``locks``: the sentence with which the desk is locked at once, if it is. ``more``: something was recorded that
    central should soon hear of."""

    locks: Message | None = None
    more: bool = False


def after_run(place: Workplace, status: DriverStatus) -> Done:
    """After each run of the syncing, whether it went through or not. Raises ``VaultError``: what this thread cannot
    write down now, the next run or the next unlocking does."""
    noticing.after_run(place, status)
    head = place.vault.ledger.next_seq()
    gone = after_pull(place)
    if gone is not None:
        return Done(locks=gone)
    purged = purging.after_run(place)
    return Done(more=purged or place.vault.ledger.next_seq() > head)


def after_pull(place: Workplace) -> Message | None:
    """Slots whose keys count no more go. When whoever sits here is one of them, nothing more is recorded in their name,
    and the sentence says so."""
    try:
        keys.settle(place)
    except StaffGone as error:
        place.disagreement = Message.of(error.message_key)
        return place.disagreement
    return None
