"""Central's own keys, in files beside its database and never inside it (DESIGN 5.2, 8.1, 8.2).

``central.key`` holds the five secrets, ``tls/`` the certificate authority and the server's certificate; all 0600.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from vaccinator_app.central.errors import CentralError
from vaccinator_app.protocol.enrolment import CentralKeys
from vaccinator_app.trust import at_rest, authority
from vaccinator_app.trust.keys import CardKey, HybridKey, SealingKey, SigningKey

KEY_FILE = "central.key"
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
_PARTS = ("signing", "codes", "people", "cards", "data")
_HOST = re.compile(r"[0-9A-Za-z.-]{1,253}|[0-9A-Fa-f:.]{2,45}")
_RENEW_WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Cupboard:
    """Encrypts fields of the database under the data key, each bound to the row it stands in."""

    key: bytes

    def lock(self, plain: bytes, field: str, *row: str) -> bytes:
        """``plain`` for ``field`` of the row with this key."""
        return at_rest.encrypt(self.key, plain, _place(field, row))

    def unlock(self, sealed: bytes, field: str, *row: str) -> bytes:
        """What ``lock`` kept there; ``trust.errors.BadSeal`` when it was moved or changed."""
        return at_rest.decrypt(self.key, sealed, _place(field, row))

    def keyed_hash(self, purpose: str, value: str) -> bytes:
        """HMAC-SHA256 (32 bytes) to find or compare a value by, useless without the key.

        The purpose is part of it, so that equal values in two columns have unequal hashes.
        """
        key = hmac.digest(self.key, b"vaccinator/keyed-hash/v1", hashlib.sha256)
        return hmac.digest(key, f"{purpose}\n{value}".encode(), hashlib.sha256)

    def __repr__(self) -> str:
        """Never the key."""
        return "Cupboard()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Everything central keeps secret, and the authority its desks trust (PEM, public)."""

    signing: SigningKey
    codes: SealingKey
    people: HybridKey
    cards: CardKey
    cupboard: Cupboard
    authority: bytes

    @property
    def public(self) -> CentralKeys:
        """What an enrolment file tells of them."""
        return CentralKeys(signing=self.signing.public, codes=self.codes.public, people=self.people.public)


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where uvicorn finds its certificate and key."""

    certificate: Path
    key: Path


def tls_files(home: Path) -> TlsFiles:
    """The server's TLS files in ``home``."""
    return TlsFiles(home / "tls" / "server.pem", home / "tls" / "server.key")


def create(home: Path, names: Sequence[str], now: datetime) -> None:
    """Make what is missing in ``home``: keys, authority, server certificate. What is there stays as it is.

    The server certificate is made anew when it lacks one of ``names`` (host names or addresses; the loopback ones and
    those named before are always in it) or has less than 30 days left; desks do not notice, since the authority stays.
    Raises ``CentralError`` for a name that is none.
    """
    if not all(map(_HOST.fullmatch, names)):
        raise CentralError("Central is reached by a name or an address alone, such as central.example or 10.0.0.5.")
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    (home / "tls").mkdir(exist_ok=True, mode=0o700)
    if not (home / KEY_FILE).exists():
        write_secret(home / KEY_FILE, _write(_fresh()))
    else:
        _complete(home / KEY_FILE)
    authority_files = (home / "tls" / "authority.pem", home / "tls" / "authority.key")
    there = [path.exists() for path in authority_files]
    if any(there) and not all(there):
        # A new authority would lock every enrolled desk out.
        raise CentralError("Half of tls/authority is missing. Put it back from the backup; nothing was changed.")
    if not any(there):
        _write_pair(authority.make_authority("Vaccinator central", now), *authority_files)
    server = tls_files(home)
    before = authority.names_of(server.certificate.read_bytes()) if server.certificate.exists() else []
    wanted = tuple(dict.fromkeys((*LOCAL_NAMES, *before, *names)))
    if not server.certificate.exists() or not server.key.exists():
        stale = True
    else:
        stale = not authority.serves(server.certificate.read_bytes(), wanted, now + _RENEW_WITHIN)
    if stale:
        pair = authority.Pair(*(path.read_bytes() for path in authority_files))
        _write_pair(authority.make_server(pair, wanted, now), server.certificate, server.key)


def answers_to(home: Path, host: str) -> bool:
    """Whether a desk that reaches the central in ``home`` by this name or address will believe its certificate."""
    return host in authority.names_of(tls_files(home).certificate.read_bytes())


def load(home: Path) -> Keys:
    """The keys in ``home``; ``CentralError`` when there are none, or others may read them."""
    path = home / KEY_FILE
    try:
        if path.stat().st_mode & 0o077:
            raise CentralError("Other accounts may read central.key. Run chmod 600 on it, then start again.")
        found = json.loads(path.read_bytes())
        part = {name: base64.b64decode(found[name], validate=True) for name in _PARTS}
        keys = Keys(
            signing=SigningKey(part["signing"]),
            codes=SealingKey(part["codes"]),
            people=HybridKey(part["people"]),
            cards=CardKey(part["cards"]),
            cupboard=Cupboard(part["data"]),
            authority=(home / "tls" / "authority.pem").read_bytes(),
        )
    except OSError as error:
        raise CentralError("This folder holds no central server yet. Run `vaccinator central init` first.") from error
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise CentralError("central.key cannot be read. Put it back from the backup; nothing was changed.") from error
    return keys


def write_secret(path: Path, data: bytes) -> None:
    """Write a file that only this account may read, whole or not at all."""
    partial = path.with_name(f"{path.name}.partial")
    partial.unlink(missing_ok=True)
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _place(field: str, row: Sequence[str]) -> bytes:
    return "\n".join((field, *row)).encode()


def _fresh() -> dict[str, bytes]:
    return {
        "signing": SigningKey.generate().private,
        "codes": SealingKey.generate().private,
        "people": HybridKey.generate().private,
        "cards": CardKey.generate().private,
        "data": os.urandom(at_rest.KEY_LENGTH),
    }


def _complete(path: Path) -> None:
    """A key file of an earlier version gets the keys that this one needs beside its own."""
    try:
        found = json.loads(path.read_bytes())
        missing = [name for name in _PARTS if name not in found]
    except (OSError, ValueError, TypeError):
        # whoever opens it next says what is wrong with it
        return
    if missing == ["cards"]:
        write_secret(path, json.dumps(found | {"cards": base64.b64encode(_fresh()["cards"]).decode()}).encode())


def _write(parts: dict[str, bytes]) -> bytes:
    return json.dumps({"v": 1, **{name: base64.b64encode(part).decode() for name, part in parts.items()}}).encode()


def _write_pair(pair: authority.Pair, certificate: Path, key: Path) -> None:
    write_secret(key, pair.key)
    write_secret(certificate, pair.certificate)
