"""Opening and locking the desk: a named person, their passphrase, their own key (DESIGN 5.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from vaccinator_app.desk import keys as staff_keys
from vaccinator_app.desk import lookups, noticing, purging
from vaccinator_app.desk.clock import Clock
from vaccinator_app.desk.drafts import read_draft, write_draft
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.events import SignedIn, SignedOut
from vaccinator_app.domain.people import StaffMember
from vaccinator_app.domain.vaccines import Formulary
from vaccinator_app.trust import keys
from vaccinator_app.vault.slots import Slots, Unlocked
from vaccinator_app.vault.vault import Vault

MakeClock = Callable[[ZoneInfo], Clock]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The desk, and the appointment this person left half done, if any."""

    place: Workplace
    resume: str | None


def unlock(home: Path, formulary: Formulary, make_clock: MakeClock, staff: str, passphrase: str) -> Opened:
    """Unwrap this person's key, open the vault, record that they signed in; see ``front_door.Unlock``.

    Raises ``StaffGone`` for somebody whose keys were taken back, ``KeysOlder`` when slots and vault do not fit.
    """
    unlocked = Slots.read(home).unlock(staff, passphrase)
    # While the database key changes there are two, and an interruption may have left the file under either.
    vault = Vault.open_with_one_of(home, [k for k in (unlocked.database_key, unlocked.next_key) if k is not None])
    place = Workplace(
        home=home,
        vault=vault,
        staff=_certified(vault, unlocked),
        signing_key=unlocked.signing_key,
        formulary=formulary,
        clock=make_clock(ZoneInfo(vault.identity.time_zone)),
        next_key=unlocked.next_key,
    )
    try:
        vault.note_file()
        staff_keys.refuse_if_gone(place)
        noticing.at_unlock(place)
        staff_keys.settle(place)
        staff_keys.describe(place)
        purging.at_unlock(place)
        if place.disagreement is None:
            place.record(SignedIn())
        return Opened(place=place, resume=_settle_drafts(place))
    except BaseException:
        vault.close()
        raise


def _certified(vault: Vault, unlocked: Unlocked) -> StaffMember:
    """Name and role as they were certified: the file of slots lies in the clear, and anybody may edit it."""
    found = vault.certificates.find(keys.key_id(unlocked.signing_key.public))
    if found is None or found.role is None:
        return unlocked.staff
    return replace(unlocked.staff, name=found.name, role=found.role)


def lock(place: Workplace, *, idle: bool = False) -> None:
    """Record that this person signed out and close the vault, which happens even when the disk takes no record.

    Drafts stay, encrypted, for the same person.
    """
    try:
        # Of somebody whose keys were taken back while they sat here nothing more is recorded.
        if place.disagreement is None and not staff_keys.is_gone(place):
            place.record(SignedOut(idle=idle))
    finally:
        place.vault.close()
        keys.forget()


def _settle_drafts(place: Workplace) -> str | None:
    """The half-done visit to return to. A sheet that was merely open when the power went is recorded as viewed."""
    resume = None
    for appointment, data in place.vault.drafts.of(place.staff.staff):
        draft = read_draft(data)
        found = place.vault.roster.appointment(appointment)
        if place.disagreement is not None:
            # nothing is recorded, so nothing of it is let go
            continue
        if draft.looking_since is not None:
            lookups.viewed(place, appointment, drop_draft=not draft.acted)
        if not draft.acted:
            continue
        if draft.looking_since is not None:
            place.vault.drafts.save(appointment, place.staff.staff, write_draft(replace(draft, looking_since=None)))
        if found is None or found.session_date != place.today():
            place.vault.drafts.drop(appointment, place.staff.staff)
        else:
            resume = appointment
    return resume
