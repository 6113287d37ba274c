"""A machine joins its centre: keys are born here, central certifies them, the vault is made (DESIGN 5.2-5.4; P.9)."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.walk_in import LONGEST_NAME, clean_name
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import Role, StaffMember
from vaccinator_app.domain.powers import Power
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.enrolment import (
    ENROLMENT_REPLY_TYPE,
    ENROLMENT_REQUEST_TYPE,
    EnrolmentFile,
    EnrolmentReply,
    EnrolmentRequest,
    device_id,
)
from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.trust.certificates import Subject, verify_chain
from vaccinator_app.trust.dsse import Envelope
from vaccinator_app.trust.errors import BadSignature, TrustError
from vaccinator_app.trust.keys import SealingKey, SigningKey
from vaccinator_app.trust.keyslot import KdfParameters
from vaccinator_app.trust.seal import recovery_binding, seal_for_decades
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

    Raises ``CannotDo``, ``VaultError`` or ``SyncError``; until central has answered, nothing is written but an
    unused folder, and a home that holds a vault is refused before anything is asked (DESIGN 5.4).
    """
    Vault.refuse_existing(home)
    check_passphrase(desk.passphrase)
    name = clean_name(desk.in_charge_name)
    if not name:
        raise CannotDo(Message.of("walk_in.name_missing"))
    if len(name) > LONGEST_NAME:
        raise CannotDo(Message.of("walk_in.name_long", most=LONGEST_NAME))
    if now >= file.expires_at:
        raise CannotDo(Message.of("enrol.token_expired"))
    device_key, signing_key, sealing_key = SigningKey.generate(), SigningKey.generate(), SealingKey.generate()
    database_key = os.urandom(32)
    device = device_id(device_key.public)
    request = EnrolmentRequest(
        token=file.token,
        device_key=device_key.public,
        device_name=desk.device_name,
        in_charge_name=name,
        in_charge_signing_key=signing_key.public,
        in_charge_sealing_key=sealing_key.public,
        recovery=seal_for_decades(database_key, file.central.people, recovery_binding(device)),
        keys=file.central.number,
    )
    answer = connect(file).enrol(packing.pack(request, ENROLMENT_REQUEST_TYPE, device_key))
    reply = _trusted(answer, file, request, now)
    in_charge = StaffMember(staff=reply.in_charge, name=name, role=Role.IN_CHARGE)
    identity = Identity(
        centre=file.centre,
        centre_name=file.centre_name,
        time_zone=file.time_zone,
        device=device,
        device_name=desk.device_name,
        device_key=device_key,
        device_certificate=reply.device_certificate,
        central=file.central,
        address=file.address,
        authority=file.authority,
    )
    # The vault last: its file is what makes this machine a desk, and it opens for nobody without a slot.
    Slots.create(home, device).add(in_charge, signing_key, sealing_key, desk.passphrase, database_key, desk.kdf)
    Vault.create(home, database_key, identity, chains=[[reply.in_charge_certificate]]).close()
    return in_charge


def trust(place: Workplace, file: EnrolmentFile) -> None:
    """Go by the keys of an enrolment file that was brought by hand, for a desk that missed their change (P.17.6).

    Its token is not used. Raises ``CannotDo`` for anybody but the in-charge, for a file of another centre or another
    central, and for one that is older than what this desk knows.
    """
    place.require(Power.MANAGE_MACHINE)
    identity = place.vault.identity
    if (file.centre, file.authority) != (identity.centre, identity.authority):
        raise CannotDo(Message.of("enrol.not_for_this_machine"))
    if file.central.number < identity.central.number:
        raise CannotDo(Message.of("enrol.token_expired"))
    place.vault.trusted.take(file.central)


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
