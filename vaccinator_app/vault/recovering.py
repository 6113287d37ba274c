"""A request for recovery under way, beside a vault that nobody can open: the new keys under the passphrase that was
chosen, and the request itself, which is no secret (DESIGN 5.4; P.19.2).
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vaccinator_app.trust import keyslot, seal
from vaccinator_app.trust.errors import BadPassphrase, TrustError
from vaccinator_app.trust.keys import SealingKey, SigningKey, key_id
from vaccinator_app.trust.keyslot import KdfParameters, Wrapped
from vaccinator_app.vault.attempts import Attempts
from vaccinator_app.vault.errors import RecoveryDamaged, TooSoon, WrongPassphrase, from_os
from vaccinator_app.vault.files import RECOVERING, sync_folder, write_private

_VERSION = 1
_KEY = 32
_TRIES = "recovering"
"""Under which name wrong passphrases are counted; no member of staff is called so."""

_UNREADABLE = (ValueError, KeyError, TypeError, OverflowError, RecursionError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A request under way, as the file has it: nothing of it is proved before its keys are unwrapped."""

    device: str
    request: bytes
    public: str
    wrapped: Wrapped


def keep(
    home: Path, device: str, request: bytes, keys: tuple[SigningKey, SealingKey], passphrase: str, kdf: KdfParameters
) -> None:
    """Keep the new keys under ``passphrase`` and the request that names them; durable on return. ``VaultError``."""
    signing, sealing = keys
    public = key_id(signing.public)
    wrapped = keyslot.wrap(signing.private + sealing.private, passphrase, _bound(device, public, request), kdf)
    found = {
        "v": _VERSION,
        "device": device,
        "key": public,
        "request": request.decode(),
        "kdf": {"memory_kib": kdf.memory_kib, "passes": kdf.passes, "lanes": kdf.lanes},
        "salt": b64encode(wrapped.salt).decode(),
        "nonce": b64encode(wrapped.nonce).decode(),
        "wrapped": b64encode(wrapped.secret).decode(),
    }
    write_private(home / RECOVERING, json.dumps(found).encode())


def read(home: Path) -> Begun | None:
    """The request under way; None when there is none. Raises ``RecoveryDamaged``."""
    found = _load(home / RECOVERING)
    if found is None:
        return None
    try:
        kdf = found["kdf"]
        return Begun(
            device=str(found["device"]),
            request=str(found["request"]).encode(),
            public=str(found["key"]),
            wrapped=Wrapped(
                kdf=KdfParameters(**{name: int(kdf[name]) for name in ("memory_kib", "passes", "lanes")}),
                salt=b64decode(found["salt"], validate=True),
                nonce=b64decode(found["nonce"], validate=True),
                secret=b64decode(found["wrapped"], validate=True),
            ),
        )
    except _UNREADABLE:
        raise RecoveryDamaged from None


def unwrap(home: Path, begun: Begun, passphrase: str, attempts: Attempts) -> tuple[SigningKey, SealingKey]:
    """The new keys. A try is counted before it is made, as of a slot. ``TooSoon``, ``WrongPassphrase`` or
    ``RecoveryDamaged``."""
    if attempts.wait(_TRIES) > 0:
        raise TooSoon
    attempts.count(_TRIES)
    try:
        secret = keyslot.unwrap(begun.wrapped, passphrase, _bound(begun.device, begun.public, begun.request))
    except BadPassphrase:
        raise WrongPassphrase from None
    except TrustError:
        raise RecoveryDamaged from None
    attempts.forget(_TRIES)
    return SigningKey(secret[:_KEY]), SealingKey(secret[_KEY:])


def drop(home: Path) -> None:
    """Forget the request under way, for good. Raises ``VaultError``."""
    try:
        (home / RECOVERING).unlink(missing_ok=True)
        sync_folder(home)
    except OSError as error:
        raise from_os(error) from None


def _bound(device: str, public: str, request: bytes) -> bytes:
    return seal.binding("recovering", device, public, hashlib.sha256(request).hexdigest())


def _load(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise from_os(error) from None
    except _UNREADABLE:
        raise RecoveryDamaged from None
    if not isinstance(found, dict) or found.get("v") != _VERSION:
        raise RecoveryDamaged
    return found
