"""A machine joins its centre, once (DESIGN 5.2, 5.3, 5.4; P.9)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, insert, select, update

from vaccinator_app.central import log
from vaccinator_app.central.clock import Clock
from vaccinator_app.central.database import Database
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.keyring.keys import Keys
from vaccinator_app.central.programme import find_centre
from vaccinator_app.central.rows import may_be_id
from vaccinator_app.central.schema import certificates, device_heads, devices, enrolments, recovery
from vaccinator_app.domain.people import Role
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.enrolment import (
    ENROLMENT_REPLY_TYPE,
    ENROLMENT_REQUEST_TYPE,
    EnrolmentFile,
    EnrolmentReply,
    EnrolmentRequest,
    device_id,
    write_file,
)
from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.protocol.records import FIRST_PREV
from vaccinator_app.trust.certificates import Certificate, Subject, issue
from vaccinator_app.trust.errors import TrustError
from vaccinator_app.trust.keys import SigningKey, key_id

TOKEN_LIFE = timedelta(days=7)
CERTIFICATE_LIFE = timedelta(days=730)
BACKDATED = timedelta(days=1)  # a machine's clock may be behind ours
LONGEST_NAME = 100
_LONGEST_RECOVERY = 4096


class Enrolment:
    """Makes enrolment files and answers the machines that bring them."""

    def __init__(self, database: Database, keys: Keys, clock: Clock) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock

    def create_file(self, centre: str, address: str) -> bytes:
        """The JSON of an enrolment file for one machine of ``centre``: its token works once, for seven days.

        ``address`` is central's ``https`` URL as that machine reaches it. Raises ``Refused`` for an unknown centre.
        """
        now = self._clock()
        # The centre leads, so that the token is found in that centre's shard.
        token = f"{centre}.{secrets.token_urlsafe(24)}"
        with self._database.write() as connection:
            found = find_centre(connection, self._keys.cupboard, centre)
            connection.execute(
                insert(enrolments).values(
                    centre=centre, token_hash=_hash(token), created_at=now, expires_at=now + TOKEN_LIFE
                )
            )
        file = EnrolmentFile(
            centre=centre,
            centre_name=found.name,
            time_zone=found.zone.key,
            address=address,
            authority=self._keys.authority.decode(),
            central=self._keys.public,
            token=token,
            expires_at=now + TOKEN_LIFE,
        )
        log.event("enrolment_file_created", centre=centre)
        return write_file(file)

    def enrol(self, packed: bytes) -> bytes:
        """Answer a packed ``EnrolmentRequest`` with a packed ``EnrolmentReply``; ``Refused`` when it may not join.

        The request must be signed by the device key it names. The same request again, after an answer that was lost,
        gets the same answer; any other with a used token is refused.
        """
        request, digest = _authentic(packed)
        signer = self._keys.signer_for(request.keys)
        if signer is None:
            raise Refused(
                "token_expired",
                410,
                "Central's keys have changed since this enrolment file was made. Ask for another.",
            )
        now = self._clock()
        centre = request.token.partition(".")[0]

        def act(connection: Connection) -> tuple[bytes, str | None]:
            token = self._token(connection, centre, request.token, now, digest)
            if token.reply is not None:
                return bytes(token.reply), None
            reply = self._admit(connection, centre, request, signer, now)
            answer = packing.pack(reply, ENROLMENT_REPLY_TYPE, signer)
            connection.execute(
                update(enrolments)
                .where(enrolments.c.centre == centre, enrolments.c.token_hash == _hash(request.token))
                .values(used_at=now, request_hash=digest, reply=answer)
            )
            return answer, reply.device

        answer, device = self._database.run(act)
        if device is not None:
            log.event("device_enrolled", centre=centre, device=device)
        return answer

    def _token(
        self, connection: Connection, centre: str, token: str, now: datetime, digest: bytes
    ) -> Row[tuple[object]]:
        statement = select(enrolments).where(enrolments.c.centre == centre, enrolments.c.token_hash == _hash(token))
        found = connection.execute(statement.with_for_update()).one_or_none() if may_be_id(centre) else None
        if found is None:
            raise Refused(
                "token_unknown", 403, "Central does not know this enrolment file. Ask for a new one for this centre."
            )
        if found.used_at is not None and found.request_hash != digest:
            raise Refused(
                "token_used",
                409,
                "This enrolment file was used already. Each machine needs its own: ask for a new one.",
            )
        if found.used_at is None and now >= found.expires_at:
            raise Refused("token_expired", 410, "This enrolment file is too old. Ask for a new one.")
        return found

    def _admit(
        self, connection: Connection, centre: str, request: EnrolmentRequest, signer: SigningKey, now: datetime
    ) -> EnrolmentReply:
        device = device_id(request.device_key)
        if connection.execute(select(devices.c.device).where(devices.c.device == device)).first() is not None:
            raise Refused("device_known", 409, "This machine is enrolled already. It needs no second enrolment.")
        in_charge = f"s{key_id(request.in_charge_signing_key)[:12]}"
        connection.execute(
            insert(devices).values(
                centre=centre,
                device=device,
                name=request.device_name,
                signing_key=request.device_key,
                enrolled_at=now,
                central_keys=request.keys,
            )
        )
        connection.execute(
            insert(device_heads).values(
                centre=centre, device=device, seq=0, hash=FIRST_PREV, claimed_seq=0, claimed_hash=FIRST_PREV
            )
        )
        connection.execute(
            insert(recovery).values(centre=centre, device=device, stored_at=now, sealed=request.recovery)
        )
        of_device = Certificate(
            subject=Subject.DEVICE,
            id=device,
            centre=centre,
            name=request.device_name,
            role=None,
            signing_key=request.device_key,
            sealing_key=b"",
            not_before=now - BACKDATED,
            not_after=now + CERTIFICATE_LIFE,
        )
        of_in_charge = replace(
            of_device,
            subject=Subject.STAFF,
            id=in_charge,
            name=request.in_charge_name,
            role=Role.IN_CHARGE,
            signing_key=request.in_charge_signing_key,
            sealing_key=request.in_charge_sealing_key,
        )
        return EnrolmentReply(
            device=device,
            centre=centre,
            in_charge=in_charge,
            device_certificate=certify(connection, of_device, signer, now),
            in_charge_certificate=certify(connection, of_in_charge, signer, now),
        )


def certify(connection: Connection, certificate: Certificate, signer: SigningKey, now: datetime) -> str:
    """Issue a certificate under one of central's keys and keep it; DSSE JSON."""
    envelope = issue(certificate, signer).to_json()
    connection.execute(
        insert(certificates).values(
            centre=certificate.centre,
            keyid=certificate.keyid,
            subject=certificate.subject,
            id=certificate.id,
            envelope=envelope,
            issuer=key_id(signer.public),
            added_at=now,
        )
    )
    return envelope


def _hash(token: str) -> bytes:
    # 192 random bits need no slow hash.
    return hashlib.sha256(token.encode()).digest()


def _authentic(packed: bytes) -> tuple[EnrolmentRequest, bytes]:
    """The request and its digest, once the device key it names signed it and its fields have their sizes."""
    try:
        signed = packing.unpack(packed)
        claimed = packing.peek(signed, EnrolmentRequest)
        request = packing.verified(signed, ENROLMENT_REQUEST_TYPE, claimed.device_key, EnrolmentRequest)
    except (ProtocolError, TrustError) as error:
        raise Refused("unreadable_request", 400, "The enrolment request cannot be read. Enrol again.") from error
    keys = (request.device_key, request.in_charge_signing_key, request.in_charge_sealing_key)
    names = (request.device_name, request.in_charge_name)
    if len({*keys}) != len(keys):
        raise Refused("unreadable_request", 400, "The enrolment request names one key twice. Enrol again.")
    if any(not name.strip() or len(name) > LONGEST_NAME or "\0" in name for name in names):
        raise Refused("bad_name", 400, "The names of machine and in-charge need 1 to 100 characters. Enrol again.")
    if not 0 < len(request.recovery) <= _LONGEST_RECOVERY:
        raise Refused("unreadable_request", 400, "The enrolment request has no recovery key. Enrol again.")
    return request, hashlib.sha256(signed.payload).digest()
