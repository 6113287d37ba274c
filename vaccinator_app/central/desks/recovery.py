"""A centre forgot its passphrases: its machine's database keys go to a new in-charge (DESIGN 5.4; P.19).

Nothing here is done by a request from the network: an operator does it, with a fingerprint heard on the telephone from
somebody they know. Each act is one request's, is written down with who let it, and raises an alarm for the district.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, func, insert, select, update

from vaccinator_app.central import log
from vaccinator_app.central.desks.enrolment import BACKDATED, CERTIFICATE_LIFE, LONGEST_NAME, certify
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.keyring.keys import Keys
from vaccinator_app.central.operations.admin import Home
from vaccinator_app.central.rows import may_be_id
from vaccinator_app.central.schema import alarms, certificates, devices, recoveries, recovery
from vaccinator_app.domain.people import Role
from vaccinator_app.protocol.errors import ProtocolError, UnknownVersion
from vaccinator_app.protocol.recovery import (
    RecoveryAnswer,
    RecoveryRequest,
    SealedKey,
    read_request,
    same_fingerprint,
    write_answer,
)
from vaccinator_app.trust import seal
from vaccinator_app.trust.certificates import Certificate, Subject
from vaccinator_app.trust.errors import BadSeal
from vaccinator_app.trust.keys import key_id

RECOVERY = "recovery"
"""The kind of its alarm; the subject is the device."""

_KEY = 32
_LONGEST_BY = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What an operator is told: whose desk it is now, and the answer's file."""

    centre: str
    device: str
    name: str
    keys: int
    again: bool
    """The same request was answered before, in the same words."""
    answer: bytes


def recover(home: Home, device: str, request: bytes, fingerprint: str, by: str, now: datetime) -> Recovered:
    """Answer a request for recovery that somebody vouches for. Raises ``CentralError`` and then did nothing."""
    by = " ".join(by.split())[:_LONGEST_BY]
    if not by:
        raise CentralError("Say with --by who lets this machine be opened; the log and the district keep it.")
    try:
        asked, digest = read_request(request)
    except UnknownVersion as error:
        raise CentralError("A newer version of this program made the request. Update central first.") from error
    except ProtocolError as error:
        raise CentralError("This is no request for recovery, or it was changed on the way.") from error
    if asked.device != device:
        raise CentralError("The request is another machine's. Ask which machine it is that cannot be opened.")
    if not same_fingerprint(digest, fingerprint):
        raise CentralError(
            "The fingerprint is not this request's. Have it read out again; if it stays another, the file was exchanged"
            " on the way: do not answer it."
        )
    name = " ".join(asked.name.split())
    if not name or len(name) > LONGEST_NAME or any(unicodedata.category(c) == "Cc" for c in name):
        raise CentralError("The request names nobody. Have the machine make another.")

    def act(connection: Connection) -> Recovered:
        row = _device(connection, device)
        before = connection.execute(
            select(recoveries.c.staff, recoveries.c.answer).where(
                recoveries.c.centre == row.centre, recoveries.c.device == device, recoveries.c.request == digest
            )
        ).one_or_none()
        if before is not None:
            answer = bytes(before.answer)
            return Recovered(centre=row.centre, device=device, name=name, keys=0, again=True, answer=answer)
        return _answer(connection, home.keys, row, asked, digest, by, now)

    found = home.database.run(act)
    log.event("recovery_answered", centre=found.centre, device=device, by=by, count=found.keys)
    return found


def _device(connection: Connection, device: str) -> Row[tuple[object]]:
    row = None
    if may_be_id(device):
        row = connection.execute(select(devices).where(devices.c.device == device).with_for_update()).one_or_none()
    if row is None:
        raise CentralError("There is no machine of this id. `vaccinator central device list` names them.")
    if row.revoked_at is not None:
        raise CentralError("This machine was taken out of use: nobody is to open it any more.")
    return row


def _answer(
    connection: Connection,
    keys: Keys,
    device: Row[tuple[object]],
    asked: RecoveryRequest,
    digest: bytes,
    by: str,
    now: datetime,
) -> Recovered:
    signer = keys.signer_for(device.central_keys or 0)
    if signer is None:
        raise CentralError(
            "This machine knows no signing key of central's that still counts, so it would not believe the answer."
        )
    found = list(_opened(connection, keys, device.centre, asked))
    if not found:
        raise CentralError("No recovery key of this machine opens here. If a key for people was retired, put it back.")
    staff = f"s{key_id(asked.signing_key)[:12]}"
    taken = (certificates.c.centre == device.centre, certificates.c.keyid == key_id(asked.signing_key))
    if connection.execute(select(certificates.c.id).where(*taken)).first() is not None:
        raise CentralError("The key in this request is somebody's already. Have the machine make another request.")
    name = " ".join(asked.name.split())
    certificate = Certificate(
        subject=Subject.STAFF,
        id=staff,
        centre=device.centre,
        name=name,
        role=Role.IN_CHARGE,
        signing_key=asked.signing_key,
        sealing_key=asked.sealing_key,
        not_before=now - BACKDATED,
        not_after=now + CERTIFICATE_LIFE,
    )
    answer = RecoveryAnswer(
        centre=device.centre,
        device=device.device,
        request=digest,
        staff=staff,
        certificate=certify(connection, certificate, signer, now),
        keys=[
            SealedKey(
                epoch,
                seal.seal(plain, asked.sealing_key, seal.recovered_key_binding(device.device, digest, epoch)),
            )
            for epoch, plain in found
        ],
        at=now,
    )
    packed = write_answer(answer, signer)
    this = {"centre": device.centre, "device": device.device}
    connection.execute(insert(recoveries).values(**this, request=digest, staff=staff, by=by, at=now, answer=packed))
    _raise_alarm(connection, device.centre, device.device, now)
    return Recovered(**this, name=name, keys=len(found), again=False, answer=packed)


def _opened(connection: Connection, keys: Keys, centre: str, asked: RecoveryRequest) -> Iterator[tuple[int, bytes]]:
    """The machine's database keys that open here, each once, the newest epoch first: the machine's own copies may be
    newer than what central was told (P.19.4)."""
    rows = connection.execute(
        select(recovery.c.epoch, recovery.c.sealed)
        .where(recovery.c.centre == centre, recovery.c.device == asked.device)
        .order_by(recovery.c.epoch.desc(), recovery.c.stored_at.desc())
    )
    seals = [*((copy.epoch, copy.sealed) for copy in asked.copies), *((row.epoch, bytes(row.sealed)) for row in rows)]
    info = seal.recovery_binding(asked.device)
    seen: set[bytes] = set()
    for epoch, sealed in sorted(seals, key=lambda one: -one[0]):
        for key in keys.all_people:
            try:
                plain = seal.open_for_decades(sealed, key, info)
            except BadSeal:
                continue
            if len(plain) == _KEY and plain not in seen:
                seen.add(plain)
                yield epoch, plain
            break


def _raise_alarm(connection: Connection, centre: str, device: str, now: datetime) -> None:
    """One for each request that is answered: the district looks whether somebody there had asked."""
    theirs = (recoveries.c.centre == centre, recoveries.c.device == device)
    count = connection.execute(select(func.count()).select_from(recoveries).where(*theirs)).scalar_one()
    this = {"centre": centre, "kind": RECOVERY, "subject": device, "at": now}
    same = [alarms.c[name] == value for name, value in this.items()]
    if connection.execute(update(alarms).where(*same).values(count=count)).rowcount == 0:
        connection.execute(insert(alarms).values(**this, count=count))
    log.event("alarm_recovery", centre=centre, kind=RECOVERY, subject=device, count=count)
