"""``slots.json``: for each of the staff, their own keys under their passphrase (DESIGN 5.1, 5.3; P.6, P.18).

The database key is sealed to each member's sealing key, so that a new one can be given to everybody without asking for
their passphrases. While it changes, the file holds the present key and the next one, each for everybody who stays: at
any moment one of the two opens the vault. Nothing in the file opens without a passphrase, and names are all it says in
the clear.
"""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from vaccinator_app.domain.people import StaffMember
from vaccinator_app.trust import keyslot, seal
from vaccinator_app.trust.errors import BadPassphrase, TrustError
from vaccinator_app.trust.keys import SealingKey, SigningKey, key_id
from vaccinator_app.trust.keyslot import CEILING, FLOOR, KdfParameters
from vaccinator_app.vault import slotfile
from vaccinator_app.vault.attempts import Attempts
from vaccinator_app.vault.common import is_common
from vaccinator_app.vault.errors import (
    KeysOlder,
    PassphraseCommon,
    PassphraseTooShort,
    SlotsDamaged,
    TooSoon,
    UnknownStaff,
    VaultExists,
    WrongPassphrase,
)
from vaccinator_app.vault.files import DATABASE, make_private_folder, set_aside, write_private
from vaccinator_app.vault.slotfile import SLOTS
from vaccinator_app.vault.slotshape import Epoch, Slot, SlotFile, check_of, decode, encode

LEAST_CHARACTERS = 8
_KEY = 32


def check_passphrase(passphrase: str) -> None:
    """Raise ``PassphraseTooShort`` below 8 characters, ``PassphraseCommon`` for one that many choose.

    Both look at the characters that keys are derived from (NFKC).
    """
    text = unicodedata.normalize("NFKC", passphrase)
    if len(text) < LEAST_CHARACTERS:
        raise PassphraseTooShort
    if is_common(text):
        raise PassphraseCommon


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlocked:
    """What a right passphrase gives: the person, their own keys, and the key of the database (32 bytes).

    ``next_key`` is set while the database key changes: the vault opens with that one if it does not with the other.
    """

    staff: StaffMember
    signing_key: SigningKey
    sealing_key: SealingKey
    database_key: bytes = field(repr=False)
    next_key: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose slot there is, by what the file says, which anybody may edit: nothing is sealed to a key found here."""

    staff: str
    keyid: str
    sealing_public: bytes


class Slots:
    """The slots of one home folder. ``clock`` gives seconds since 1970, also for the wait after wrong tries."""

    def __init__(self, home: Path, found: SlotFile, clock: Callable[[], float]) -> None:
        self._path = home / SLOTS
        self._file = found
        self._attempts = Attempts(home, clock)

    @classmethod
    def read(cls, home: Path, clock: Callable[[], float] = time.time) -> Slots:
        """The slots in ``home``. Raises ``VaultMissing``, ``SlotsDamaged``, ``VaultNewer`` or ``VaultReadOnly``."""
        return cls(home, decode(slotfile.load(home)), clock)

    @classmethod
    def create(cls, home: Path, device: str, clock: Callable[[], float] = time.time) -> Slots:
        """An empty file for a new desk; ``VaultExists`` when there is one already that belongs to a vault.

        One without a vault is left from an enrolment that was cut short; it is set aside, not overwritten.
        """
        make_private_folder(home)
        if (home / SLOTS).exists() and (home / DATABASE).exists():
            raise VaultExists
        return cls.begin(home, device, 1, clock)

    @classmethod
    def begin(cls, home: Path, device: str, epoch: int, clock: Callable[[], float] = time.time) -> Slots:
        """An empty file whose first slot brings the database key of ``epoch``: for a new desk, and for a recovery whose
        key is none that the file knows. A file that is there is set aside, not overwritten."""
        if (home / SLOTS).exists():
            set_aside(home / SLOTS)
        slots = cls(home, SlotFile(device=device, present=Epoch(number=epoch)), clock)
        slots._write(slots._file)
        return slots

    @property
    def epoch(self) -> int:
        """The number of the present database key."""
        return self._file.present.number

    @property
    def next_epoch(self) -> int | None:
        """The number of the key that the database is changing to; None when it is not."""
        return None if self._file.next is None else self._file.next.number

    def people(self) -> list[StaffMember]:
        """Everybody with a slot, in the order they were added."""
        return [slot.member for slot in self._file.slots]

    def holders(self) -> list[Holder]:
        """The same people, by their keys."""
        return [Holder(slot.member.staff, slot.keyid, slot.sealing_public) for slot in self._file.slots]

    def describe(self, member: StaffMember) -> None:
        """Show of somebody with a slot what they were certified as, in the list from which people choose themselves.
        Durable where it changed; raises ``VaultError``."""
        slots = tuple(replace(s, member=member) if s.member.staff == member.staff else s for s in self._file.slots)
        if slots != self._file.slots:
            self._write(replace(self._file, slots=slots))

    def knows(self, key: bytes) -> bool:
        """Whether ``key`` is the present database key or the next; True for a file of version 1, which cannot tell."""
        return not self._file.present.check or self._file.present.is_of(key) or self.is_next(key)

    def is_next(self, key: bytes) -> bool:
        """Whether ``key`` is the one that the database was changing to, and not the present one."""
        file = self._file
        return file.next is not None and file.next.is_of(key) and not file.present.is_of(key)

    def add(
        self,
        member: StaffMember,
        signing_key: SigningKey,
        sealing_key: SealingKey,
        passphrase: str,
        database_key: bytes,
        kdf: KdfParameters = KdfParameters(),  # noqa: B008  (frozen)
        next_key: bytes | None = None,
    ) -> None:
        """Give ``member`` a slot, durable on return; one they had before is replaced.

        ``database_key`` is the one that the vault stands open with. A change under way goes on when ``next_key`` is the
        one it is about; otherwise it is called off here, and has to be begun anew (``desk.keys.settle``). Raises
        ``PassphraseTooShort``, ``PassphraseCommon``, ``KeysOlder`` when the file knows no such key, or another
        ``VaultError``; and then the file is what it was.
        """
        check_passphrase(passphrase)
        file = self._standing(database_key)
        coming = file.next if file.next is not None and next_key is not None and file.next.is_of(next_key) else None
        device, epoch = file.device, file.present.number
        secret = signing_key.private + sealing_key.private
        slot = Slot(
            member=member,
            keyid=key_id(signing_key.public),
            epoch=epoch,
            wrapped=keyslot.wrap(secret, passphrase, _associated(member.staff, device, epoch), kdf),
            sealing_public=sealing_key.public,
            database_key=_sealed(database_key, sealing_key.public, member.staff, device, epoch),
        )
        if coming is not None and next_key is not None:
            slot = replace(slot, next_key=_sealed(next_key, slot.sealing_public, member.staff, device, coming.number))
        others = tuple(s for s in file.slots if s.member.staff != member.staff)
        if coming is None:
            others = tuple(replace(s, next_key=b"") for s in others)
        present = replace(file.present, check=check_of(database_key))
        self._write(replace(file, present=present, next=coming, slots=(*others, slot)))

    def _standing(self, database_key: bytes) -> SlotFile:
        """The file whose present key is ``database_key``, with a change that is over but for its last step done."""
        if not self.knows(database_key):
            raise KeysOlder
        return _changed(self._file) if self.is_next(database_key) else self._file

    def retry_after(self, staff: str) -> float:
        """Seconds until the next passphrase of ``staff`` is looked at; 0 when now."""
        return self._attempts.wait(staff)

    def unlock(self, staff: str, passphrase: str) -> Unlocked:
        """Open one member's slot; takes as long as the key derivation.

        The try is counted, durably, before it is made: pulling the plug is no way to more of them. Raises ``TooSoon``
        (nothing was tried), ``WrongPassphrase``, ``UnknownStaff`` or ``SlotsDamaged``.
        """
        slot = next((s for s in self._file.slots if s.member.staff == staff), None)
        if slot is None:
            raise UnknownStaff
        if not _sensible(slot.wrapped.kdf):
            raise SlotsDamaged
        if self._attempts.wait(staff) > 0:
            raise TooSoon
        self._attempts.count(staff)
        try:
            secret = keyslot.unwrap(slot.wrapped, passphrase, _associated(staff, self._file.device, slot.epoch))
        except BadPassphrase:
            raise WrongPassphrase from None
        except TrustError:
            raise SlotsDamaged from None
        sealing_key = SealingKey(secret[_KEY:])
        present, coming = self._database_keys(slot, sealing_key)
        first = coming if present is None else present
        if first is None:
            raise SlotsDamaged
        self._attempts.forget(staff)
        return Unlocked(
            staff=slot.member,
            signing_key=SigningKey(secret[:_KEY]),
            sealing_key=sealing_key,
            database_key=first,
            next_key=coming,
        )

    def _database_keys(self, slot: Slot, sealing_key: SealingKey) -> tuple[bytes | None, bytes | None]:
        """The present key and the next, each None when the slot has none that opens."""
        found = []
        for epoch, sealed in ((self._file.present, slot.database_key), (self._file.next, slot.next_key)):
            info = seal.database_key_binding(slot.member.staff, self._file.device, epoch.number if epoch else 0)
            try:
                found.append(seal.open_seal(sealed, sealing_key, info) if epoch else None)
            except TrustError:
                found.append(None)
        return found[0], found[1]

    # The change of the database key

    def change_to(
        self, epoch: int, key: bytes, staying: Mapping[str, bytes], database_key: bytes, recovery: bytes
    ) -> None:
        """Take every slot away but those of ``staying`` (staff id to *certified* sealing key) and give these ``key``
        beside the present one, in one step that is durable on return.

        ``database_key`` is the one that the vault stands open with, ``recovery`` is ``key`` sealed to central. Raises
        ``KeysOlder`` or another ``VaultError``; then the file is what it was. Nobody staying is a mistake.
        """
        file = self._standing(database_key)
        slots = tuple(
            replace(slot, next_key=_sealed(key, staying[slot.member.staff], slot.member.staff, file.device, epoch))
            for slot in file.slots
            if slot.member.staff in staying
        )
        if not slots:
            raise ValueError("somebody has to stay")
        coming = Epoch(number=epoch, check=check_of(key), recovery=recovery)
        self._write(replace(file, next=coming, slots=slots))

    def changed(self) -> None:
        """The vault stands under the next key: forget the one before. Durable on return."""
        self._write(_changed(self._file))

    def _write(self, found: SlotFile) -> None:
        write_private(self._path, encode(found))
        self._file = found


def _changed(file: SlotFile) -> SlotFile:
    if file.next is None:
        return file
    # A slot without the next key was written by nobody of ours: it opens nothing, and is no reason to fail.
    slots = tuple(replace(slot, database_key=slot.next_key, next_key=b"") for slot in file.slots)
    return replace(file, present=file.next, next=None, slots=slots)


def _sensible(kdf: KdfParameters) -> bool:
    """Less work than the floor, and more than anybody waits for, are both an edited file's (P.6.2)."""
    return all(
        getattr(FLOOR, name) <= getattr(kdf, name) <= getattr(CEILING, name)
        for name in ("memory_kib", "passes", "lanes")
    )


def _sealed(key: bytes, public: bytes, staff: str, device: str, epoch: int) -> bytes:
    return seal.seal(key, public, seal.database_key_binding(staff, device, epoch))


def _associated(staff: str, device: str, epoch: int) -> bytes:
    return seal.binding("key-slot", staff, device, epoch)
