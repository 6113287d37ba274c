"""Who holds a key to this desk: slots given, taken back, and the database key that changes (DESIGN 5.3; P.18).

A removal is three steps, each durable before the next: the record, which says that the keys count no more and carries
the new database key sealed to central; the slots, without the one that is gone and with the new key beside the present
one for everybody who stays; the file itself, made anew under the new key. After an interruption anywhere the vault
opens for those who stay, with the one key or the other, and ``settle`` does what is left.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from threading import RLock

from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.events import Body
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import StaffMember
from vaccinator_app.domain.staff_events import RemovalReason, StaffRemoved, VaultRekeyed
from vaccinator_app.trust.keys import SealingKey, SigningKey, key_id
from vaccinator_app.trust.keyslot import KdfParameters
from vaccinator_app.trust.seal import recovery_binding, seal_for_decades
from vaccinator_app.vault.errors import SlotsDamaged, StaffGone, VaultClosed, VaultError
from vaccinator_app.vault.slots import Holder, Slots, check_passphrase

_KEY = 32

_one_at_a_time = RLock()
"""The file of slots is read, changed and written; a pull's thread and an act's may both want to."""


def give_slot(
    place: Workplace,
    member: StaffMember,
    signing_key: SigningKey,
    sealing_key: SealingKey,
    passphrase: str,
    kdf: KdfParameters,
) -> None:
    """Let ``member`` unlock this desk with ``passphrase``; a slot they had before is replaced. Durable on return.

    In a recovery, where they give one to themselves and the file of slots is of no use to this vault, another is begun
    and that one set aside. Raises ``PassphraseTooShort``, ``PassphraseCommon``, or another ``VaultError`` and then
    nothing changed.
    """
    with _one_at_a_time:
        slots = _slots_for(place, member, passphrase)
        slots.add(member, signing_key, sealing_key, passphrase, place.vault.key, kdf, next_key=place.next_key)


def _slots_for(place: Workplace, member: StaffMember, passphrase: str) -> Slots:
    """The slots as they are; for whoever recovers the desk empty ones, if those here open another vault or nothing."""
    try:
        slots = Slots.read(place.home)
        if slots.knows(place.vault.key) or member.staff != place.staff.staff:
            return slots
    except SlotsDamaged:
        if member.staff != place.staff.staff:
            raise
    check_passphrase(passphrase)
    # Which epoch it stands under nobody wrote down; counted one too low, the key is changed at the next unlock.
    return Slots.begin(place.home, place.vault.identity.device, max(1, place.vault.epoch - 1))


def take_back(place: Workplace, staff: str, keys: Sequence[str], reason: RemovalReason) -> None:
    """``keys`` (key ids) of ``staff`` count no more, and if they had a slot here they open nothing here any more.

    Not checked: whether this person may; see ``desk.staff``. Safe to call again. Raises ``CannotDo`` or ``VaultError``
    before anything was done. Once the removal is on record it holds: what the disk did not take after that is done
    later, and until then ``place.rekey_waits`` says so in one sentence.
    """
    with _one_at_a_time:
        slots = Slots.read(place.home)
        _finish(place, slots)
        removed = place.vault.certificates.removed()
        fresh = tuple(keyid for keyid in keys if keyid not in removed)
        bodies = [StaffRemoved(staff=staff, keys=fresh, reason=reason)] if fresh else []
        if any(holder.staff == staff and holder.keyid in ("", *keys) for holder in slots.holders()):
            staying = _staying(place, slots, keys)
            if not staying:
                raise SlotsDamaged
            _change(place, slots, bodies, staying)
        elif bodies:
            place.record(*bodies)


def refuse_if_gone(place: Workplace) -> None:
    """Raise ``StaffGone`` when the key of whoever is at the desk counts no more.

    Their slot stands until somebody unlocks who may: a new database key has to be on record, and nothing is recorded in
    the name of one who is gone.
    """
    if is_gone(place):
        raise StaffGone


def describe(place: Workplace) -> None:
    """Whom central made in-charge, the list of people calls so from the next time on; what the disk does not take now
    waits."""
    with _one_at_a_time, suppress(VaultError):
        Slots.read(place.home).describe(place.staff)


def is_gone(place: Workplace) -> bool:
    """Whether the key of whoever is at the desk was taken back, here or by central."""
    return key_id(place.signing_key.public) in place.vault.certificates.removed()


def settle(place: Workplace) -> None:
    """Finish what was interrupted, and act on central's word: at unlock and after each pull (DESIGN 5.3; P.18.6).

    A slot whose key counts no more goes, with a record and a new database key, never the last that is left. What the
    disk does not take waits, as for ``take_back``. Raises ``StaffGone`` for whoever is at the desk.
    """
    refuse_if_gone(place)
    with _one_at_a_time, _or_later(place):
        slots = Slots.read(place.home)
        _finish(place, slots)
        gone = _gone(place, slots)
        if gone or _is_behind(place, slots):
            staying = _staying(place, slots, ())
            if staying:
                _change(place, slots, _central_said(place, gone), staying)
        elif place.next_key is not None:
            _rekey(place, slots)


@contextmanager
def _or_later(place: Workplace) -> Iterator[None]:
    """What the disk does not take now is done by the next ``settle``; until then there is a sentence about it."""
    try:
        yield
    except VaultClosed:
        raise
    except VaultError as error:
        place.rekey_waits = Message.of("keys.rekey_waits", why=Message.of(error.message_key))
    except CannotDo as error:
        # A sync has just found that this desk records nothing more.
        place.rekey_waits = Message.of("keys.rekey_waits", why=error.message)


def _change(place: Workplace, slots: Slots, bodies: Sequence[Body], staying: Mapping[str, bytes]) -> None:
    """The three steps. The first raises, and then nothing was done; the others wait if they must."""
    epoch = max(slots.epoch, slots.next_epoch or 0, place.vault.epoch) + 1
    identity = place.vault.identity
    people = identity.central.people
    key = os.urandom(_KEY)
    sealed = seal_for_decades(key, people, recovery_binding(identity.device))
    place.record(*bodies, VaultRekeyed(epoch=epoch, key=key_id(people), sealed=sealed))
    with _or_later(place):
        slots.change_to(epoch, key, staying, place.vault.key, sealed)
        place.next_key = key
        _rekey(place, slots)


def _rekey(place: Workplace, slots: Slots) -> None:
    assert place.next_key is not None
    place.vault.rekey(place.next_key)
    _finish(place, slots)


def _finish(place: Workplace, slots: Slots) -> None:
    """Forget the key before, once the file stands under the next one."""
    if slots.is_next(place.vault.key):
        slots.changed()
    if slots.next_epoch is None:
        place.next_key = place.rekey_waits = None


def _is_behind(place: Workplace, slots: Slots) -> bool:
    """Whether a new key is on record, or was begun, that nobody here has: then it takes another."""
    if place.next_key is not None and slots.is_next(place.next_key) and slots.next_epoch == place.vault.epoch:
        return False
    return place.vault.epoch > slots.epoch or slots.next_epoch is not None


def _staying(place: Workplace, slots: Slots, without: Collection[str]) -> dict[str, bytes]:
    """The *certified* sealing key of each who keeps a slot, by staff id; empty unless whoever acts is among them.

    What the file of slots says is anybody's to edit: a key put there in a colleague's place must get nothing.
    """
    counting = [certificate for certificate in place.vault.certificates.counting() if certificate.keyid not in without]
    found = {}
    for holder in slots.holders():
        theirs = [one for one in counting if one.id == holder.staff and holder.keyid in ("", one.keyid)]
        if theirs:
            # A line of version 1 does not name its key: after a renewal with new ones, the one that it shows.
            best = max(theirs, key=lambda one: (one.sealing_key == holder.sealing_public, one.not_after))
            found[holder.staff] = best.sealing_key
    return found if place.staff.staff in found else {}


def _gone(place: Workplace, slots: Slots) -> list[Holder]:
    """Those whose slot is here and whose key counts no more."""
    removed = place.vault.certificates.removed()
    if not removed:
        return []
    counting = {certificate.id for certificate in place.vault.certificates.counting()}
    return [
        holder
        for holder in slots.holders()
        if holder.keyid in removed or (not holder.keyid and holder.staff not in counting)
    ]


def _central_said(place: Workplace, gone: Sequence[Holder]) -> list[StaffRemoved]:
    """A record for each whose key central took back; a removal that was interrupted has its own already."""
    on_record = place.vault.certificates.removed_here()
    return [
        StaffRemoved(staff=holder.staff, keys=(holder.keyid,), reason=RemovalReason.CENTRAL)
        for holder in gone
        if holder.keyid and holder.keyid not in on_record
    ]
