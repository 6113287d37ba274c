"""A machine joins its centre: keys are born here, central certifies them, the vault is made (DESIGN 5.2-5.4; P.9)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from vaccinator_app.desk import enrolling
from vaccinator_app.desk.before_vault import refuse_existing, tidy
from vaccinator_app.desk.enrolling import Enrolling
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.walk_in import LONGEST_NAME, clean_name
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import Role, StaffMember
from vaccinator_app.domain.powers import Power
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.enrolment import (
    ENROLMENT_REPLY_TYPE,
    EnrolmentFile,
    EnrolmentReply,
    EnrolmentRequest,
    device_id,
)
from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.sync.errors import Refused
from vaccinator_app.trust.certificates import Subject, verify_chain
from vaccinator_app.trust.dsse import Envelope
from vaccinator_app.trust.errors import BadSignature, TrustError
from vaccinator_app.trust.keyslot import KdfParameters
from vaccinator_app.vault.identity import Identity
from vaccinator_app.vault.slots import Slots, check_passphrase
from vaccinator_app.vault.vault import Vault


class EnrolmentDesk(Protocol):
    """Where the request goes; ``sync.http.HttpCentral`` is one."""

    def enrol(self, packed: bytes) -> bytes:
        """Deliver a packed ``EnrolmentRequest``; the answer is a packed ``EnrolmentReply``."""
        ...


Connect = Callable[[EnrolmentFile], EnrolmentDesk]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDesk:
    """What the person with the enrolment file says about this machine and themselves."""

    device_name: str
    in_charge_name: str
    passphrase: str
    kdf: KdfParameters


def enrol(home: Path, file: EnrolmentFile, desk: NewDesk, connect: Connect, now: datetime) -> StaffMember:
    """Enrol this machine and return its in-charge. The token is used up by it.

    Raises ``CannotDo``, ``VaultError`` or ``SyncError``; until central has answered, nothing is written but what
    ``desk.enrolling`` keeps, and a home that holds a vault is refused before anything is asked (DESIGN 5.4). Called
    again with the same file and passphrase it goes on where it was cut, and asks the very same again (P.9.2).
    """
    one = begin(home, file, desk, now)
    return finish(home, one, ask(home, one, connect), desk.passphrase, desk.kdf, now)


def begin(home: Path, file: EnrolmentFile, desk: NewDesk, now: datetime) -> Enrolling:
    """Keys and request, durable in ``home`` under the passphrase; those of before when this file's were begun."""
    refuse_existing(home)
    check_passphrase(desk.passphrase)
    begun = None
    with suppress(CannotDo):
        # what cannot be read is put aside below
        begun = enrolling.read(home)
    if begun is not None and begun.file.token == file.token:
        return enrolling.unwrap(begun, desk.passphrase)
    name = in_charge_name(desk.in_charge_name)
    if now >= file.expires_at:
        raise CannotDo(Message.of("enrol.token_expired"))
    enrolling.put_aside(home)
    one = enrolling.make(file, device_name(desk.device_name), name)
    enrolling.keep(home, one, desk.passphrase, desk.kdf)
    return one


def in_charge_name(typed: str) -> str:
    """The in-charge's name as it will be certified. Raises ``CannotDo``."""
    name = clean_name(typed)
    if not name:
        raise CannotDo(Message.of("walk_in.name_missing"))
    if len(name) > LONGEST_NAME:
        raise CannotDo(Message.of("walk_in.name_long", most=LONGEST_NAME))
    return name


def device_name(typed: str) -> str:
    """What this machine will be called. Raises ``CannotDo``."""
    name = clean_name(typed)
    if not name:
        raise CannotDo(Message.of("enrol.machine_missing"))
    if len(name) > LONGEST_NAME:
        raise CannotDo(Message.of("enrol.machine_long", most=LONGEST_NAME))
    return name


def ask(home: Path, one: Enrolling, connect: Connect) -> bytes:
    """Central's answer, not yet looked at. After a refusal that will never change, nothing is kept of the request.

    Raises ``SyncError``.
    """
    try:
        return connect(one.file).enrol(one.packed)
    except Refused as error:
        if is_final(error.message):
            enrolling.drop(home)
        raise


def is_final(refused: Message) -> bool:
    """Whether central will refuse the same request forever: another enrolment file is needed."""
    return refused.key in _FINAL


_FINAL = ("enrol.token_used", "enrol.token_unknown", "enrol.token_expired")


def finish(
    home: Path, one: Enrolling, answer: bytes, passphrase: str, kdf: KdfParameters, now: datetime
) -> StaffMember:
    """Make the vault, once ``answer`` is central's to this very request. Raises ``CannotDo`` or ``VaultError``."""
    refuse_existing(home)
    file = one.file
    reply = _trusted(answer, file, one.request, now)
    in_charge = StaffMember(staff=reply.in_charge, name=one.request.in_charge_name, role=Role.IN_CHARGE)
    identity = Identity(
        centre=file.centre,
        centre_name=file.centre_name,
        time_zone=file.time_zone,
        device=one.device,
        device_name=one.request.device_name,
        device_key=one.device_key,
        device_certificate=reply.device_certificate,
        central=file.central,
        address=file.address,
        authority=file.authority,
    )
    # The vault last: its file is what makes this machine a desk, and it opens for nobody without a slot.
    slots = Slots.create(home, one.device)
    slots.add(in_charge, one.signing_key, one.sealing_key, passphrase, one.database_key, kdf)
    Vault.create(home, one.database_key, identity, chains=[[reply.in_charge_certificate]]).close()
    tidy(home)
    return in_charge


def trust(place: Workplace, file: EnrolmentFile) -> None:
    """Go by the keys and the address of an enrolment file that was brought by hand: for a desk that missed the change
    of the keys (P.17.6), and for one whose central has moved (P.9.8).

    Its token is not used. Raises ``CannotDo`` for anybody but the in-charge, for a file of another centre or another
    central, and for one that is older than what this desk knows.
    """
    place.require(Power.MANAGE_MACHINE)
    identity = place.vault.identity
    if (file.centre, file.authority) != (identity.centre, identity.authority):
        raise CannotDo(Message.of("enrol.not_for_this_machine"))
    if file.central.number < identity.central.number:
        raise CannotDo(Message.of("enrol.token_expired"))
    if not file.address.startswith("https://"):
        raise CannotDo(Message.of("sync.not_https"))
    place.vault.trusted.take(file.central)
    if file.address != identity.address:
        place.vault.move(file.address)


def _trusted(answer: bytes, file: EnrolmentFile, request: EnrolmentRequest, now: datetime) -> EnrolmentReply:
    """Central's answer, once it signed it and its certificates are for this machine, its centre and the new keys."""
    device = device_id(request.device_key)
    try:
        reply, signer = _read(answer, file)
        for text, subject, name, key in (
            (reply.device_certificate, Subject.DEVICE, device, request.device_key),
            (reply.in_charge_certificate, Subject.STAFF, reply.in_charge, request.in_charge_signing_key),
        ):
            chain = [Envelope.from_json(text)]
            found = verify_chain(chain, signer, subject=subject, centre=file.centre, at=now)
            if (found.id, found.signing_key) != (name, key):
                raise CannotDo(Message.of("enrol.not_for_this_machine"))
    except (ProtocolError, TrustError) as error:
        raise CannotDo(Message.of("sync.not_central")) from error
    if reply.device != device or reply.centre != file.centre:
        raise CannotDo(Message.of("enrol.not_for_this_machine"))
    return reply


def _read(answer: bytes, file: EnrolmentFile) -> tuple[EnrolmentReply, bytes]:
    """The reply, and which of central's keys signed it and the certificates in it; ``TrustError`` when none did."""
    signed = packing.unpack(answer)
    *others, last = file.central.signers
    for key in others:
        with suppress(BadSignature):
            return packing.verified(signed, ENROLMENT_REPLY_TYPE, key, EnrolmentReply), key
    return packing.verified(signed, ENROLMENT_REPLY_TYPE, last, EnrolmentReply), last
