"""An enrolment under way, kept until central's answer is here (DESIGN 5.2; P.9.2).

Central takes a token once, and gives the same answer to the very same request. So the request, and the keys that are
asked about in it, are durable before it leaves this machine: whatever is cut (the line, the power), the next start asks
the same again. The keys stand there under the passphrase that the in-charge chose; what stands in the clear is bound to
them, and opens nothing when it was changed.
"""

from __future__ import annotations

import hashlib
import json
import os
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from pathlib import Path

from vaccinator_app.desk.before_vault import PENDING
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.domain.message import Message
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.enrolment import (
    ENROLMENT_REQUEST_TYPE,
    EnrolmentFile,
    EnrolmentRequest,
    device_id,
    read_file,
    write_file,
)
from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.trust import keyslot, seal
from vaccinator_app.trust.errors import BadPassphrase, TrustError
from vaccinator_app.trust.keys import SealingKey, SigningKey
from vaccinator_app.trust.keyslot import KdfParameters, Wrapped
from vaccinator_app.vault.errors import WrongPassphrase, from_os
from vaccinator_app.vault.files import make_private_folder, set_aside, sync_folder, write_private

_VERSION = 1
_KEY = 32
_UNREADABLE = (ValueError, KeyError, TypeError, OverflowError, RecursionError, ProtocolError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What can be read of it without the passphrase; nothing of it is to be believed before `unwrap`."""

    file: EnrolmentFile
    request: EnrolmentRequest
    packed: bytes
    wrapped: Wrapped


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolling:
    """The request as it was or will be asked, ``packed``, and the keys that it is about."""

    file: EnrolmentFile
    request: EnrolmentRequest
    packed: bytes
    device_key: SigningKey = field(repr=False)
    signing_key: SigningKey = field(repr=False)
    sealing_key: SealingKey = field(repr=False)
    database_key: bytes = field(repr=False)

    @property
    def device(self) -> str:
        """What this machine will be called."""
        return device_id(self.request.device_key)


def make(file: EnrolmentFile, device_name: str, in_charge_name: str) -> Enrolling:
    """New keys, and the request that carries their public halves. Nothing is written."""
    device_key, signing_key, sealing_key = SigningKey.generate(), SigningKey.generate(), SealingKey.generate()
    database_key = os.urandom(_KEY)
    request = EnrolmentRequest(
        token=file.token,
        device_key=device_key.public,
        device_name=device_name,
        in_charge_name=in_charge_name,
        in_charge_signing_key=signing_key.public,
        in_charge_sealing_key=sealing_key.public,
        recovery=seal.seal_for_decades(
            database_key, file.central.people, seal.recovery_binding(device_id(device_key.public))
        ),
        keys=file.central.number,
    )
    return Enrolling(
        file=file,
        request=request,
        packed=packing.pack(request, ENROLMENT_REQUEST_TYPE, device_key),
        device_key=device_key,
        signing_key=signing_key,
        sealing_key=sealing_key,
        database_key=database_key,
    )


def keep(home: Path, one: Enrolling, passphrase: str, kdf: KdfParameters) -> None:
    """Write it into ``home`` under ``passphrase``, durable on return; what was begun before is given up.

    Raises ``VaultError``, and then nothing was begun.
    """
    told = write_file(one.file)
    secret = one.device_key.private + one.signing_key.private + one.sealing_key.private + one.database_key
    wrapped = keyslot.wrap(secret, passphrase, _associated(told, one.packed), kdf)
    whole = {
        "v": _VERSION,
        "file": b64encode(told).decode(),
        "request": b64encode(one.packed).decode(),
        "kdf": {"memory_kib": kdf.memory_kib, "passes": kdf.passes, "lanes": kdf.lanes},
        "salt": b64encode(wrapped.salt).decode(),
        "nonce": b64encode(wrapped.nonce).decode(),
        "wrapped": b64encode(wrapped.secret).decode(),
    }
    make_private_folder(home)
    write_private(home / PENDING, json.dumps(whole, indent=1).encode())


def read(home: Path) -> Begun | None:
    """What was begun in ``home``, if anything. Raises ``CannotDo`` when it cannot be made out, or ``VaultError``."""
    try:
        found = json.loads((home / PENDING).read_bytes())
        told, packed = _bytes(found["file"]), _bytes(found["request"])
        if found["v"] != _VERSION:
            raise ValueError
        kdf = {name: int(found["kdf"][name]) for name in ("memory_kib", "passes", "lanes")}
        return Begun(
            file=read_file(told),
            request=packing.peek(packing.unpack(packed), EnrolmentRequest),
            packed=packed,
            wrapped=Wrapped(
                kdf=KdfParameters(**kdf),
                salt=_bytes(found["salt"]),
                nonce=_bytes(found["nonce"]),
                secret=_bytes(found["wrapped"]),
            ),
        )
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise from_os(error) from None
    except _UNREADABLE:
        raise CannotDo(Message.of("enrol.begun_damaged")) from None


def unwrap(begun: Begun, passphrase: str) -> Enrolling:
    """Go on with what was begun; takes as long as the key derivation.

    Raises ``WrongPassphrase`` (which is also what a changed file looks like) or ``CannotDo``.
    """
    try:
        secret = keyslot.unwrap(begun.wrapped, passphrase, _associated(write_file(begun.file), begun.packed))
    except BadPassphrase:
        raise WrongPassphrase from None
    except TrustError:
        raise CannotDo(Message.of("enrol.begun_damaged")) from None
    device_key, signing_key, sealing_key, database_key = (secret[at : at + _KEY] for at in range(0, 4 * _KEY, _KEY))
    return Enrolling(
        file=begun.file,
        request=begun.request,
        packed=begun.packed,
        device_key=SigningKey(device_key),
        signing_key=SigningKey(signing_key),
        sealing_key=SealingKey(sealing_key),
        database_key=database_key,
    )


def drop(home: Path) -> None:
    """Central will never answer this request: what was kept for it goes. Raises ``VaultError``."""
    try:
        (home / PENDING).unlink(missing_ok=True)
        sync_folder(home)
    except FileNotFoundError:
        return
    except OSError as error:
        raise from_os(error) from None


def put_aside(home: Path) -> None:
    """Make room for another enrolment, and keep what was begun under another name. Raises ``VaultError``."""
    if (home / PENDING).exists():
        set_aside(home / PENDING)


def _associated(told: bytes, packed: bytes) -> bytes:
    return seal.binding("enrolling", hashlib.sha256(told).hexdigest(), hashlib.sha256(packed).hexdigest())


def _bytes(found: object) -> bytes:
    return b64decode(str(found), validate=True)
