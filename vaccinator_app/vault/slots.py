"""``slots.json``: for each of the staff, their own keys under their passphrase (DESIGN 5.1, 5.3; P.6).

The database key is sealed to each member's sealing key, so that a new one can be given to everybody without asking for
their passphrases. Nothing in the file opens without a passphrase, and names are all it says in the clear.
"""

from __future__ import annotations

import json
import time
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vaccinator_app.domain.people import StaffMember
from vaccinator_app.trust import keyslot, seal
from vaccinator_app.trust.errors import BadPassphrase, TrustError
from vaccinator_app.trust.keys import SealingKey, SigningKey
from vaccinator_app.trust.keyslot import KdfParameters, Wrapped
from vaccinator_app.vault import slotfile
from vaccinator_app.vault.attempts import Attempts
from vaccinator_app.vault.common import is_common
from vaccinator_app.vault.errors import (
    PassphraseCommon,
    PassphraseTooShort,
    SlotsDamaged,
    TooSoon,
    UnknownStaff,
    VaultExists,
    WrongPassphrase,
)
from vaccinator_app.vault.files import DATABASE, make_private_folder, set_aside, write_private
from vaccinator_app.vault.slotfile import SLOTS, VERSION

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
    """What a right passphrase gives: the person, their own keys, and the key of the database (32 bytes)."""

    staff: StaffMember
    signing_key: SigningKey
    sealing_key: SealingKey
    database_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slot:
    """One member's line. ``epoch`` is that of the wrapping; the database key is bound to the file's."""

    member: StaffMember
    epoch: int
    wrapped: Wrapped
    sealing_public: bytes
    database_key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    device: str
    epoch: int
    slots: tuple[_Slot, ...] = ()


class Slots:
    """The slots of one home folder. ``clock`` gives seconds since 1970, also for the wait after wrong tries."""

    def __init__(self, home: Path, found: _File, clock: Callable[[], float]) -> None:
        self._path = home / SLOTS
        self._file = found
        self._attempts = Attempts(home, clock)

    @classmethod
    def read(cls, home: Path, clock: Callable[[], float] = time.time) -> Slots:
        """The slots in ``home``. Raises ``VaultMissing``, ``SlotsDamaged``, ``VaultNewer`` or ``VaultReadOnly``."""
        return cls(home, _decode(slotfile.load(home)), clock)

    @classmethod
    def create(cls, home: Path, device: str, clock: Callable[[], float] = time.time) -> Slots:
        """An empty file for a new desk; ``VaultExists`` when there is one already that belongs to a vault.

        One without a vault is left from an enrolment that was cut short; it is set aside, not overwritten.
        """
        make_private_folder(home)
        if (home / SLOTS).exists():
            if (home / DATABASE).exists():
                raise VaultExists
            set_aside(home / SLOTS)
        slots = cls(home, _File(device=device, epoch=1), clock)
        slots._write(slots._file)
        return slots

    def people(self) -> list[StaffMember]:
        """Everybody with a slot, in the order they were added."""
        return [slot.member for slot in self._file.slots]

    def add(
        self,
        member: StaffMember,
        signing_key: SigningKey,
        sealing_key: SealingKey,
        passphrase: str,
        database_key: bytes,
        kdf: KdfParameters = KdfParameters(),  # noqa: B008  (frozen)
    ) -> None:
        """Give ``member`` a slot, durable on return; one they had before is replaced.

        Raises ``PassphraseTooShort``, or another ``VaultError`` and then the file is what it was.
        """
        check_passphrase(passphrase)
        device, epoch = self._file.device, self._file.epoch
        slot = _Slot(
            member=member,
            epoch=epoch,
            wrapped=keyslot.wrap(
                signing_key.private + sealing_key.private, passphrase, _associated(member.staff, device, epoch), kdf
            ),
            sealing_public=sealing_key.public,
            database_key=seal.seal(
                database_key, sealing_key.public, seal.database_key_binding(member.staff, device, epoch)
            ),
        )
        others = tuple(s for s in self._file.slots if s.member.staff != member.staff)
        self._write(replace(self._file, slots=(*others, slot)))

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
        if self._attempts.wait(staff) > 0:
            raise TooSoon
        self._attempts.count(staff)
        device, epoch = self._file.device, self._file.epoch
        try:
            secret = keyslot.unwrap(slot.wrapped, passphrase, _associated(staff, device, slot.epoch))
        except BadPassphrase:
            raise WrongPassphrase from None
        except TrustError:
            raise SlotsDamaged from None
        sealing_key = SealingKey(secret[_KEY:])
        try:
            database_key = seal.open_seal(
                slot.database_key, sealing_key, seal.database_key_binding(staff, device, epoch)
            )
        except TrustError:
            raise SlotsDamaged from None
        self._attempts.forget(staff)
        return Unlocked(
            staff=slot.member,
            signing_key=SigningKey(secret[:_KEY]),
            sealing_key=sealing_key,
            database_key=database_key,
        )

    def _write(self, found: _File) -> None:
        write_private(self._path, _encode(found))
        self._file = found


def _associated(staff: str, device: str, epoch: int) -> bytes:
    return seal.binding("key-slot", staff, device, epoch)


def _encode(found: _File) -> bytes:
    slots = [
        {
            "staff": slot.member.staff,
            "name": slot.member.name,
            "role": slot.member.role,
            "epoch": slot.epoch,
            "kdf": {
                "memory_kib": slot.wrapped.kdf.memory_kib,
                "passes": slot.wrapped.kdf.passes,
                "lanes": slot.wrapped.kdf.lanes,
            },
            "salt": b64encode(slot.wrapped.salt).decode(),
            "nonce": b64encode(slot.wrapped.nonce).decode(),
            "wrapped": b64encode(slot.wrapped.secret).decode(),
            "sealing_public": b64encode(slot.sealing_public).decode(),
            "database_key": b64encode(slot.database_key).decode(),
        }
        for slot in found.slots
    ]
    whole = {"v": VERSION, "device": found.device, "epoch": found.epoch, "slots": slots}
    return json.dumps(whole, ensure_ascii=False, indent=1).encode()


def _decode(found: dict[str, Any]) -> _File:
    try:
        return _File(device=found["device"], epoch=int(found["epoch"]), slots=tuple(map(_slot, found["slots"])))
    except slotfile.UNREADABLE:
        raise SlotsDamaged from None


def _slot(found: dict[str, Any]) -> _Slot:
    kdf = found["kdf"]
    if not isinstance(kdf, dict):
        raise TypeError
    return _Slot(
        member=slotfile.member(found),
        epoch=int(str(found["epoch"])),
        wrapped=Wrapped(
            kdf=KdfParameters(**{name: int(kdf[name]) for name in ("memory_kib", "passes", "lanes")}),
            salt=_bytes(found["salt"]),
            nonce=_bytes(found["nonce"]),
            secret=_bytes(found["wrapped"]),
        ),
        sealing_public=_bytes(found["sealing_public"]),
        database_key=_bytes(found["database_key"]),
    )


def _bytes(found: object) -> bytes:
    return b64decode(str(found), validate=True)
