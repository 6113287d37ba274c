"""``slots.json`` as a file, without what opening a slot takes: the unlock screen needs names, and fast (DESIGN 10)."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

from vaccinator_app.domain.people import Role, StaffMember
from vaccinator_app.vault.errors import SlotsDamaged, VaultMissing, VaultNewer, from_os
from vaccinator_app.vault.files import DATABASE, tighten

SLOTS = "slots.json"
VERSION = 2

UNREADABLE = (ValueError, KeyError, TypeError, OverflowError, RecursionError)


def load(home: Path) -> dict[str, Any]:
    """The file in ``home``, parsed. Raises ``VaultMissing``, ``SlotsDamaged``, ``VaultNewer`` or ``VaultReadOnly``."""
    path = home / SLOTS
    try:
        tighten(path)
        found = json.loads(path.read_bytes())
        version = found["v"]
        if isinstance(version, int) and version > VERSION:
            raise VaultNewer
        found["slots"] = list(found["slots"])
        if len({str(slot["staff"]) for slot in found["slots"]}) < len(found["slots"]):
            # One person has one slot; of two, nobody could say which was meant.
            raise SlotsDamaged
    except FileNotFoundError:
        raise (SlotsDamaged if (home / DATABASE).exists() else VaultMissing) from None
    except OSError as error:
        raise from_os(error) from None
    except UNREADABLE:
        raise SlotsDamaged from None
    return dict(found)


def member(slot: dict[str, Any]) -> StaffMember:
    """Whose slot it is. Raises one of ``UNREADABLE``."""
    return StaffMember(staff=str(slot["staff"]), name=str(slot["name"]), role=Role(str(slot["role"])))


def recovery_copies(home: Path) -> list[tuple[int, bytes]]:
    """``(epoch, seal)``: the database keys sealed to central that lie on this machine, the newest first (P.18.7).

    Central may not have heard of the newest one. Raises as ``load`` does.
    """
    found = load(home)
    try:
        epochs = [epoch for epoch in (found.get("next"), found) if epoch is not None and epoch.get("recovery")]
        return [(int(str(e["epoch"])), b64decode(str(e["recovery"]), validate=True)) for e in epochs]
    except (*UNREADABLE, AttributeError):
        raise SlotsDamaged from None


def members(home: Path) -> list[StaffMember]:
    """Everybody with a slot in ``home``, in the order they were added. Raises as ``load`` does."""
    try:
        return [member(slot) for slot in load(home)["slots"]]
    except UNREADABLE:
        raise SlotsDamaged from None
