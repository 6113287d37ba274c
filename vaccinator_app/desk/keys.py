"""Who holds a key to this desk: slots given, taken back, and the database key that changes with them (DESIGN 5.3)."""

from __future__ import annotations

from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.people import StaffMember
from vaccinator_app.trust.keys import SealingKey, SigningKey
from vaccinator_app.trust.keyslot import KdfParameters
from vaccinator_app.vault.slots import Slots


def give_slot(
    place: Workplace,
    member: StaffMember,
    signing_key: SigningKey,
    sealing_key: SealingKey,
    passphrase: str,
    kdf: KdfParameters,
) -> None:
    """Let ``member`` unlock this desk with ``passphrase``; a slot they had before is replaced. Durable on return.

    Raises ``PassphraseTooShort``, ``PassphraseCommon``, or another ``VaultError`` and then nothing changed.
    """
    Slots.read(place.home).add(member, signing_key, sealing_key, passphrase, place.vault.key, kdf)
