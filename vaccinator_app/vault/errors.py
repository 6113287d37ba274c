"""What can go wrong with the vault: one family, each class with the sentence that a person sees (DESIGN 6.5)."""

from __future__ import annotations

import errno
from typing import ClassVar


class VaultError(Exception):
    """The vault cannot do this.

    The first line of a class's docstring is its sentence, also the exception's text; ``message_key`` finds the same in
    the catalogue. Neither holds SQL, a path or anything of a person. ``cause`` names the system's own code, for a log.
    """

    message_key: ClassVar[str] = "vault.failed"

    def __init__(self, cause: str = "") -> None:
        super().__init__((self.__doc__ or "").partition("\n")[0])
        self.cause = cause


class VaultMissing(VaultError):
    """There is no vault here; enrol this machine first."""

    message_key = "vault.missing"


class VaultFileMissing(VaultError):
    """The file of this desk's records is missing from its folder; put it back, or restore a backup into another folder.

    The staff's keys are here, so this machine is a desk, and is not to be enrolled anew.
    """

    message_key = "vault.file_missing"


class VaultExists(VaultError):
    """There is a vault here already; it is kept, and no other is made in its place."""

    message_key = "vault.exists"


class VaultNewer(VaultError):
    """This vault was written by a newer version of the program; install that version. Nothing was changed."""

    message_key = "vault.newer"


class VaultDamaged(VaultError):
    """The vault's file is damaged; keep it as it is and ask for help. Nothing was changed or deleted."""

    message_key = "vault.damaged"


class VaultWrongKey(VaultDamaged):
    """The vault does not open with this key: the key is another vault's, or the file's beginning is damaged."""

    message_key = "vault.wrong_key"


class KeysOlder(VaultWrongKey):
    """The keys of this desk do not fit its records: an older copy of one of the two was put here. Nothing was changed.

    Or both are whole and of two machines, or the file's beginning is damaged; nobody can tell (DESIGN 6.5, 7.4).
    """

    message_key = "vault.keys_older"


class VisitMoved(VaultError):
    """Something else was just recorded for this person; look at the sheet again. Nothing was recorded twice."""

    message_key = "vault.visit_moved"


class VaultFull(VaultError):
    """The disk is full; make room and try again. What was saved before is safe."""

    message_key = "vault.full"


class VaultReadOnly(VaultError):
    """The folder of the vault cannot be written to; this account needs leave to. What was saved before is safe."""

    message_key = "vault.read_only"


class VaultDisk(VaultError):
    """The disk did not take what was to be saved; see that it has room and is sound. What was saved before is safe."""

    message_key = "vault.disk"


class VaultGone(VaultError):
    """This desk's records were removed, moved or replaced while open: this was not saved. Do not lock; call for help.

    What is open can still be read, and written into a file for another machine to deliver.
    """

    message_key = "vault.gone"


class VaultBusy(VaultError):
    """Another program is using the vault; wait for it to finish and try again."""

    message_key = "vault.busy"


class VaultClosed(VaultError):
    """The vault is closed: locked, or its file did not open again after a change of its key. Unlock it.

    Only the second reaches a person: whoever locks asks nothing more.
    """

    message_key = "vault.closed"


class RolledBack(VaultError):
    """Central has records that this desk does not: an old copy of the vault was put back. Stop and call the in-charge.

    DESIGN 7.4.
    """

    message_key = "vault.rolled_back"


class ReceiptDoesNotFit(VaultError):
    """Central's receipt is for other records than this desk's; nothing was marked as confirmed.

    DESIGN 7.2.
    """

    message_key = "vault.receipt_does_not_fit"


class PageOutOfOrder(VaultError):
    """What came from central does not follow what this desk has; nothing was taken over.

    DESIGN 7.5.
    """

    message_key = "vault.page_out_of_order"


class HistoryBroken(VaultError):
    """What came from central as this desk's records does not hold together; nothing was changed. Call the district.

    DESIGN 7.4.
    """

    message_key = "vault.history_broken"


class HistoryContradicts(VaultError):
    """Other records came from central than it signed for before; nothing was changed. Call the district.

    DESIGN 7.4.
    """

    message_key = "vault.history_contradicts"


class SlotsDamaged(VaultError):
    """The file of staff keys is missing or damaged; keep everything as it is and ask for help. Nothing was changed."""

    message_key = "vault.slots_damaged"


class UnknownStaff(VaultError):
    """This person has no key on this desk."""

    message_key = "vault.unknown_staff"


class StaffGone(VaultError):
    """Your keys for this desk were taken back; an in-charge can give you new ones."""

    message_key = "vault.staff_gone"


class WrongPassphrase(VaultError):
    """The passphrase is not right."""

    message_key = "vault.wrong_passphrase"


class TooSoon(VaultError):
    """Too many wrong passphrases; wait a little before the next."""

    message_key = "vault.too_soon"


class PassphraseTooShort(VaultError):
    """A passphrase has at least 8 characters."""

    message_key = "vault.passphrase_short"


class PassphraseCommon(VaultError):
    """This passphrase is one that many people choose; take a few words that belong together only for you."""

    message_key = "vault.passphrase_common"


class RecoveryDamaged(VaultError):
    """What this machine kept of the request for recovery cannot be read; drop it and make another. Nothing is lost."""

    message_key = "vault.recovery_damaged"


def from_os(error: OSError) -> VaultError:
    """The sentence for what the system said about a file. The path in ``error`` stays behind."""
    name = errno.errorcode.get(error.errno or 0, "")
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return VaultFull(name)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return VaultReadOnly(name)
    return VaultDisk(name)
