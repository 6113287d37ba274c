"""Nobody remembers a passphrase: a new in-charge, by way of central (DESIGN 5.4; P.19).

The machine stays locked until central's answer is here. Keys are born, wrapped under the new passphrase, and kept;
their public halves go out in a file; central's answer opens the vault for them and for nobody else. Nothing of the
vault is changed before the answer proved to be central's, for this machine and this very request.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from vaccinator_app.desk.clock import SystemClock
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.keys import give_slot
from vaccinator_app.desk.new_file import write_new
from vaccinator_app.desk.unlock import unlock
from vaccinator_app.desk.walk_in import LONGEST_NAME, clean_name
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import Role, StaffMember
from vaccinator_app.domain.vaccines import Formulary
from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.protocol.recovery import (
    MAX_FILE,
    RecoveryAnswer,
    RecoveryRequest,
    SealedKey,
    check_answer,
    fingerprint,
    peek_answer,
    read_request,
    write_request,
)
from vaccinator_app.trust import keys, seal
from vaccinator_app.trust.dsse import Envelope
from vaccinator_app.trust.errors import BadSeal, TrustError
from vaccinator_app.trust.keys import SealingKey, SigningKey
from vaccinator_app.trust.keyslot import KdfParameters
from vaccinator_app.vault import recovering, slotfile
from vaccinator_app.vault.attempts import Attempts
from vaccinator_app.vault.errors import RecoveryDamaged, SlotsDamaged, VaultMissing, VaultWrongKey
from vaccinator_app.vault.files import DATABASE
from vaccinator_app.vault.slots import check_passphrase
from vaccinator_app.vault.vault import Vault

if TYPE_CHECKING:
    from vaccinator_app.desk.clock import Clock
    from vaccinator_app.desk.unlock import Opened


_DEVICE = re.compile("d[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request under way: whose, of which machine, what is read out on the telephone, and the file's bytes."""

    device: str
    name: str
    made_at: datetime
    fingerprint: str
    request: bytes


class Recovery:
    """A machine whose staff have slots and whose passphrases are forgotten. Raises ``CannotDo`` or ``VaultError``."""

    def __init__(
        self,
        home: Path,
        formulary: Formulary,
        make_clock: Callable[[ZoneInfo], Clock] = SystemClock,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._home = home
        self._formulary = formulary
        self._make_clock = make_clock
        self._attempts = Attempts(home, clock)

    def asked(self) -> Asked | None:
        """The request under way; None when there is none."""
        begun = recovering.read(self._home)
        if begun is None:
            return None
        try:
            request, digest = read_request(begun.request)
        except ProtocolError:
            raise RecoveryDamaged from None
        return Asked(
            device=request.device,
            name=request.name,
            made_at=request.made_at,
            fingerprint=fingerprint(digest),
            request=begun.request,
        )

    def begin(
        self,
        name: str,
        passphrase: str,
        kdf: KdfParameters = KdfParameters(),  # noqa: B008  (frozen)
        *,
        device: str = "",
    ) -> Asked:
        """New keys for ``name`` under ``passphrase``, and the request; durable on return. One under way stays.

        ``device`` is for a machine whose file of slots is lost: what it is called, as the district knows it.
        """
        if recovering.read(self._home) is not None:
            raise CannotDo(Message.of("recovery.begun_already"))
        if not (self._home / DATABASE).exists():
            raise VaultMissing
        cleaned = clean_name(name)
        if not cleaned:
            raise CannotDo(Message.of("recovery.name_missing"))
        if len(cleaned) > LONGEST_NAME:
            raise CannotDo(Message.of("walk_in.name_long", most=LONGEST_NAME))
        device, copies, names = self._known(device)
        if cleaned.casefold() in names:
            raise CannotDo(Message.of("recovery.name_taken", name=cleaned))
        check_passphrase(passphrase)
        signing_key, sealing_key = SigningKey.generate(), SealingKey.generate()
        request = RecoveryRequest(
            device=device,
            name=cleaned,
            signing_key=signing_key.public,
            sealing_key=sealing_key.public,
            made_at=self._make_clock(ZoneInfo("UTC")).now(),
            copies=[SealedKey(*one) for one in copies],
        )
        text = write_request(request, signing_key).to_json().encode() + b"\n"
        recovering.keep(self._home, device, text, (signing_key, sealing_key), passphrase, kdf)
        asked = self.asked()
        assert asked is not None
        return asked

    def save(self, path: Path) -> None:
        """Write the request under way into a new file. Raises ``CannotDo`` or ``VaultError``."""
        asked = self.asked()
        if asked is None:
            raise CannotDo(Message.of("recovery.none_begun"))
        write_new(path, asked.request)

    def drop(self) -> None:
        """Forget the request under way: an answer to it opens nothing any more."""
        recovering.drop(self._home)

    def answer(self, data: bytes, passphrase: str, kdf: KdfParameters = KdfParameters()) -> Opened:  # noqa: B008
        """Central's answer and the new passphrase: the desk, opened by its new in-charge.

        What is not central's answer to this request changes nothing, and the request stays.
        """
        begun, asked = recovering.read(self._home), self.asked()
        if begun is None or asked is None:
            raise CannotDo(Message.of("recovery.none_begun"))
        answer, envelope = _for(data, begun.request)
        signing_key, sealing_key = recovering.unwrap(self._home, begun, passphrase, self._attempts)
        vault = self._open(answer, sealing_key)
        try:
            member = _new_in_charge(vault, answer, envelope, signing_key, sealing_key)
            vault.certificates.add([answer.certificate])
            place = Workplace(
                home=self._home,
                vault=vault,
                staff=member,
                signing_key=signing_key,
                formulary=self._formulary,
                clock=self._make_clock(ZoneInfo(vault.identity.time_zone)),
            )
            give_slot(place, member, signing_key, sealing_key, passphrase, kdf)
        finally:
            vault.close()
            keys.forget()
        recovering.drop(self._home)
        # from here on they are a member of the staff like any other, and come in by the same door
        return unlock(self._home, self._formulary, self._make_clock, member.staff, passphrase)

    def answer_in(self, path: Path, passphrase: str, kdf: KdfParameters = KdfParameters()) -> Opened:  # noqa: B008
        """The same with an answer that lies in a file."""
        try:
            with path.open("rb") as file:
                data = file.read(MAX_FILE + 1)
        except OSError:
            raise CannotDo(Message.of("delivery.cannot_read", name=path.name)) from None
        return self.answer(data, passphrase, kdf)

    def _known(self, device: str) -> tuple[str, list[tuple[int, bytes]], set[str]]:
        """What the file of slots says: which machine, its keys sealed to central, who may not be called the same."""
        try:
            found = str(slotfile.load(self._home)["device"])
            names = {member.name.casefold() for member in slotfile.members(self._home)}
            return found, slotfile.recovery_copies(self._home), names
        except SlotsDamaged:
            if _DEVICE.fullmatch(device) is None:
                raise
            return device, [], set()

    def _open(self, answer: RecoveryAnswer, sealing_key: SealingKey) -> Vault:
        """The vault under whichever of the keys is its present one."""
        for one in answer.keys:
            with suppress(BadSeal, VaultWrongKey):
                info = seal.recovered_key_binding(answer.device, answer.request, one.epoch)
                return Vault.open(self._home, seal.open_seal(one.sealed, sealing_key, info))
        raise CannotDo(Message.of("recovery.no_key_fits"))


def _for(data: bytes, request: bytes) -> tuple[RecoveryAnswer, Envelope]:
    """An answer that says it is for this machine and request; NOT verified yet."""
    asked, digest = read_request(request)
    try:
        answer, envelope = peek_answer(data)
    except ProtocolError:
        raise CannotDo(Message.of("recovery.no_answer")) from None
    if answer.device != asked.device:
        raise CannotDo(Message.of("recovery.other_machine"))
    if answer.request != digest:
        raise CannotDo(Message.of("recovery.other_request"))
    return answer, envelope


def _new_in_charge(
    vault: Vault, answer: RecoveryAnswer, envelope: Envelope, signing_key: SigningKey, sealing_key: SealingKey
) -> StaffMember:
    """Who the answer makes in-charge, once a key of central's that the vault knows signed all of it (P.19.5)."""
    try:
        check_answer(envelope, vault.trusted.roots)
        certificate = vault.certificates.read([answer.certificate])
    except TrustError:
        raise CannotDo(Message.of("recovery.not_central")) from None
    identity = vault.identity
    if (answer.centre, answer.device) != (identity.centre, identity.device):
        raise CannotDo(Message.of("recovery.other_machine"))
    found = (certificate.id, certificate.role, certificate.signing_key, certificate.sealing_key)
    if found != (answer.staff, Role.IN_CHARGE, signing_key.public, sealing_key.public):
        raise CannotDo(Message.of("recovery.other_request"))
    return StaffMember(staff=certificate.id, name=certificate.name, role=Role.IN_CHARGE)
