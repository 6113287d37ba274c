"""What ``slots.json`` holds, as values, and how it is written and read (DESIGN 5.1, 5.3; P.6, P.18)."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import Any

from vaccinator_app.domain.people import StaffMember
from vaccinator_app.trust.keyslot import KdfParameters, Wrapped
from vaccinator_app.vault import slotfile
from vaccinator_app.vault.errors import SlotsDamaged
from vaccinator_app.vault.slotfile import VERSION

_CHECK = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One member's line. ``epoch`` is that of the wrapping; the database key is bound to the file's present one.

    ``keyid`` names the signing key within, empty in a line of version 1. ``next_key`` is the pending database key,
    empty when there is none.
    """

    member: StaffMember
    keyid: str
    epoch: int
    wrapped: Wrapped
    sealing_public: bytes
    database_key: bytes
    next_key: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """One database key: its number, what tells it from another without saying it, and the copy sealed to central.

    ``check`` and ``recovery`` are empty where nobody wrote them down: in version 1, and at enrolment the second.
    """

    number: int
    check: bytes = b""
    recovery: bytes = field(default=b"", repr=False)

    def is_of(self, key: bytes) -> bool:
        """Whether ``key`` is this epoch's, as far as that is known."""
        return hmac.compare_digest(self.check, check_of(key))


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotFile:
    """The whole file. ``next`` is an epoch under way: the vault opens with the present key or with that one."""

    device: str
    present: Epoch
    next: Epoch | None = None
    slots: tuple[Slot, ...] = ()


def check_of(key: bytes) -> bytes:
    """16 bytes that only this key has. It has 256 random bits, so that they lead nobody back to it."""
    return hashlib.sha256(b"vaccinator database key\x00" + key).digest()[:_CHECK]


def encode(found: SlotFile) -> bytes:
    """The file's bytes, in the newest version."""
    whole = {
        "v": VERSION,
        "device": found.device,
        **_encode_epoch(found.present),
        "next": None if found.next is None else _encode_epoch(found.next),
        "slots": [_encode_slot(slot) for slot in found.slots],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1).encode()


def decode(found: dict[str, Any]) -> SlotFile:
    """The file as values; ``SlotsDamaged`` when it is not one."""
    try:
        coming = found.get("next")
        return SlotFile(
            device=str(found["device"]),
            present=_epoch(found),
            next=None if coming is None else _epoch(coming),
            slots=tuple(map(_slot, found["slots"])),
        )
    except slotfile.UNREADABLE:
        raise SlotsDamaged from None


def _encode_epoch(epoch: Epoch) -> dict[str, Any]:
    return {"epoch": epoch.number, "check": _text(epoch.check), "recovery": _text(epoch.recovery)}


def _encode_slot(slot: Slot) -> dict[str, Any]:
    return {
        "staff": slot.member.staff,
        "name": slot.member.name,
        "role": slot.member.role,
        "keyid": slot.keyid,
        "epoch": slot.epoch,
        "kdf": {
            "memory_kib": slot.wrapped.kdf.memory_kib,
            "passes": slot.wrapped.kdf.passes,
            "lanes": slot.wrapped.kdf.lanes,
        },
        "salt": _text(slot.wrapped.salt),
        "nonce": _text(slot.wrapped.nonce),
        "wrapped": _text(slot.wrapped.secret),
        "sealing_public": _text(slot.sealing_public),
        "database_key": _text(slot.database_key),
        "next_key": _text(slot.next_key),
    }


def _epoch(found: dict[str, Any]) -> Epoch:
    number = int(str(found["epoch"]))
    return Epoch(number=number, check=_bytes(found.get("check", "")), recovery=_bytes(found.get("recovery", "")))


def _slot(found: dict[str, Any]) -> Slot:
    kdf = found["kdf"]
    if not isinstance(kdf, dict):
        raise TypeError
    return Slot(
        member=slotfile.member(found),
        keyid=str(found.get("keyid", "")),
        epoch=int(str(found["epoch"])),
        wrapped=Wrapped(
            kdf=KdfParameters(**{name: int(kdf[name]) for name in ("memory_kib", "passes", "lanes")}),
            salt=_bytes(found["salt"]),
            nonce=_bytes(found["nonce"]),
            secret=_bytes(found["wrapped"]),
        ),
        sealing_public=_bytes(found["sealing_public"]),
        database_key=_bytes(found["database_key"]),
        next_key=_bytes(found.get("next_key", "")),
    )


def _text(data: bytes) -> str:
    return b64encode(data).decode()


def _bytes(found: object) -> bytes:
    return b64decode(str(found), validate=True)
