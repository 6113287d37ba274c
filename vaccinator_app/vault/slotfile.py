"""``slots.json`` as a file, without what opening a slot takes: the unlock screen needs names, and fast (DESIGN 10)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vaccinator_app.domain.people import Role, StaffMember
from vaccinator_app.vault.errors import SlotsDamaged, VaultMissing, VaultNewer, from_os
from vaccinator_app.vault.files import DATABASE, tighten

SLOTS = "slots.json"
VERSION = 1

UNREADABLE = (ValueError, KeyError, TypeError, RecursionError)


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


def members(home: Path) -> list[StaffMember]:
    """Everybody with a slot in ``home``, in the order they were added. Raises as ``load`` does."""
    try:
        return [member(slot) for slot in load(home)["slots"]]
    except UNREADABLE:
        raise SlotsDamaged from None
