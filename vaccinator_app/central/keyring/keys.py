"""Central's own keys: which there are, which is in use, which earlier ones still count (DESIGN 5.2, 8.2; P.17).

They stand in files beside the database and never inside it: ``central.key`` holds the secrets (``key_files`` writes
it), ``tls/`` the certificate authority and the server's certificate (``tls``); all 0600.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

from vaccinator_app.central.errors import CentralError
from vaccinator_app.protocol.central_keys import announce
from vaccinator_app.protocol.enrolment import CentralKeys
from vaccinator_app.trust import at_rest
from vaccinator_app.trust.keys import CardKey, HybridKey, SealingKey, SigningKey, key_id

KEY_FILE = "central.key"
RINGS = ("signing", "codes", "people", "cards")
FIRST_SET = 1
"""The number of a central's first set of keys; each change makes the next (P.17.1)."""

_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

K = TypeVar("K", SigningKey, SealingKey, HybridKey, CardKey)


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


@dataclass(frozen=True, slots=True)
class Kept(Generic[K]):
    """One key: since when it is there, with which set it was announced, and since when it is used (None: not yet)."""

    key: K
    number: int
    made_at: datetime
    used_at: datetime | None

    @property
    def name(self) -> str:
        """What operators call it: the key id of its public half (P.1.3)."""
        return key_name(self.key)


Ring = tuple[Kept[K], ...]
"""Keys for one purpose that still count, the newest first. At least one of them is in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Everything central keeps secret, and the authority its desks trust (PEM, public)."""

    number: int
    signing_ring: Ring[SigningKey]
    codes_ring: Ring[SealingKey]
    people_ring: Ring[HybridKey]
    card_ring: Ring[CardKey]
    cupboard: Cupboard
    authority: bytes

    @property
    def signing(self) -> SigningKey:
        """The key that signs certificates and, to desks that know it, everything else."""
        return in_use(self.signing_ring).key

    @property
    def signers(self) -> tuple[bytes, ...]:
        """The public halves of all signing keys that count, the newest first."""
        return tuple(one.key.public for one in self.signing_ring)

    @property
    def codes(self) -> SealingKey:
        """What desks that have heard of it seal codes to."""
        return in_use(self.codes_ring).key

    @property
    def all_codes(self) -> tuple[SealingKey, ...]:
        """Those whose seals are opened, the newest first."""
        return tuple(one.key for one in self.codes_ring)

    @property
    def people(self) -> HybridKey:
        """What desks that have heard of it seal people's details and recovery to."""
        return in_use(self.people_ring).key

    @property
    def all_people(self) -> tuple[HybridKey, ...]:
        """Those whose seals are opened, the newest first."""
        return tuple(one.key for one in self.people_ring)

    @property
    def cards(self) -> CardKey:
        """The key that signs people's certificates."""
        return in_use(self.card_ring).key

    @property
    def all_cards(self) -> tuple[CardKey, ...]:
        """Those whose certificates verify, the newest first; one may be published before it is used."""
        return tuple(one.key for one in self.card_ring)

    @property
    def public(self) -> CentralKeys:
        """What an enrolment file, and a desk that goes by earlier ones, are told of them."""
        signing = self.signing.public
        return CentralKeys(
            signing=signing,
            codes=self.codes.public,
            people=self.people.public,
            number=self.number,
            others=[key for key in self.signers if key != signing],
        )

    @property
    def oldest(self) -> int:
        """The number of the first set that still has a signing key which counts."""
        return min(one.number for one in self.signing_ring)

    def announcements(self) -> list[str]:
        """``public`` as statements, one by each signing key that counts: a desk believes the one it can (P.17.2)."""
        told = self.public
        return [announce(told, one.key) for one in self.signing_ring]

    def signer_for(self, number: int) -> SigningKey | None:
        """The key by which a desk that goes by set ``number`` knows central (P.17.4).

        The one in use when the desk has heard of it, else the newest it has heard of; None when it knows none of those
        that count. Whoever says 0 goes by the first set.
        """
        heard = [one for one in self.signing_ring if one.number <= max(number, FIRST_SET)]
        used = in_use(self.signing_ring)
        if not heard:
            return None
        return used.key if used in heard else heard[0].key


def in_use(ring: Ring[K]) -> Kept[K]:
    """The newest of those that are used already."""
    return next(one for one in ring if one.used_at is not None)


def key_name(key: SigningKey | SealingKey | HybridKey | CardKey) -> str:
    """The id of its public half (P.1.3)."""
    return key_id(key.public)


def load(home: Path) -> Keys:
    """The keys in ``home``; ``CentralError`` when there are none, or others may read them."""
    path = home / KEY_FILE
    try:
        if path.stat().st_mode & 0o077:
            raise CentralError("Other accounts may read central.key. Run chmod 600 on it, then start again.")
        return parse(path.read_bytes(), (home / "tls" / "authority.pem").read_bytes())
    except OSError as error:
        raise CentralError("This folder holds no central server yet. Run `vaccinator central init` first.") from error


def parse(data: bytes, authority: bytes) -> Keys:
    """Keys as ``key_files`` writes them, or as the first version did. Raises ``CentralError``."""
    try:
        found = json.loads(data)
        rings = {name: _ring(found[name], found["v"]) for name in RINGS}
        return Keys(
            number=int(found.get("number", FIRST_SET)),
            signing_ring=_keys(rings["signing"], SigningKey),
            codes_ring=_keys(rings["codes"], SealingKey),
            people_ring=_keys(rings["people"], HybridKey),
            card_ring=_keys(rings["cards"], CardKey),
            cupboard=Cupboard(base64.b64decode(found["data"], validate=True)),
            authority=authority,
        )
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise CentralError("central.key cannot be read. Put it back from the backup; nothing was changed.") from error


_Read = tuple[bytes, int, datetime, datetime | None]


def _ring(found: Any, version: int) -> list[_Read]:
    if version == 1:
        return [(base64.b64decode(found, validate=True), FIRST_SET, _LONG_AGO, _LONG_AGO)]
    if version != 2:
        raise CentralError("A newer version of this program made central.key. Install it; nothing was changed.")
    ring = [
        (
            base64.b64decode(one["key"], validate=True),
            int(one["number"]),
            datetime.fromisoformat(one["made_at"]),
            None if one["used_at"] is None else datetime.fromisoformat(one["used_at"]),
        )
        for one in found
    ]
    if all(used_at is None for *_, used_at in ring):
        raise ValueError("no key is in use")
    return ring


def _keys(ring: Sequence[_Read], kind: Callable[[bytes], K]) -> Ring[K]:
    made = [Kept(kind(secret), number, made_at, used_at) for secret, number, made_at, used_at in ring]
    for one in made:
        one.name  # noqa: B018  (a key that is none is found out here, not at work)
    return tuple(made)


def _place(field: str, row: Sequence[str]) -> bytes:
    return "\n".join((field, *row)).encode()
