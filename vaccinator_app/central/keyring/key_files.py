"""``central.key``: made once, and each of its keys followed by a next one when it is time (P.17).

A key is announced before it counts alone: ``rotate`` makes the next, ``use`` goes over to it where others must have
heard of it first (signing, cards), ``retire`` ends the honour of an earlier one. The data key of the database is not
rotated by this version.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.files import write_secret
from vaccinator_app.central.keyring.keys import FIRST_SET, KEY_FILE, RINGS, Kept, Keys, Ring, load
from vaccinator_app.trust import at_rest
from vaccinator_app.trust.keys import CardKey, HybridKey, SealingKey, SigningKey

RETIRED_FILE = "retired.key"
"""Keys that no longer count: to be taken away from this machine, or kept where nobody gets at them."""

AT_ONCE = ("codes", "people")
"""What a key is only sealed to: a desk goes over as it hears of it, so there is nothing to wait for."""

_KINDS: dict[str, Any] = {"signing": SigningKey, "codes": SealingKey, "people": HybridKey, "cards": CardKey}
_FIELD = {"signing": "signing_ring", "codes": "codes_ring", "people": "people_ring", "cards": "card_ring"}


def create_keys(home: Path, now: datetime) -> None:
    """Make ``central.key`` where there is none; complete one of an earlier version."""
    path = home / KEY_FILE
    if path.exists():
        _complete(path, now)
        return
    rings = {name: [_written(_fresh(name), FIRST_SET, now, now)] for name in RINGS}
    data = base64.b64encode(os.urandom(at_rest.KEY_LENGTH)).decode()
    write_secret(path, json.dumps({"v": 2, "number": FIRST_SET, **rings, "data": data}).encode())


def ring_of(keys: Keys, name: str) -> Ring[Any]:
    """The ring of one purpose. Raises ``CentralError`` for a purpose that is none."""
    if name not in RINGS:
        raise CentralError(f"Keys are for: {', '.join(RINGS)}.")
    ring: Ring[Any] = getattr(keys, _FIELD[name])
    return ring


def rotate(home: Path, name: str, now: datetime) -> Kept[Any]:
    """Make the next key of a ring and announce it; returns it. Raises ``CentralError`` while one waits to be used."""
    keys = load(home)
    ring = ring_of(keys, name)
    if ring[0].used_at is None:
        raise CentralError("A next key was made already and is not in use yet. Run `vaccinator central keys use`.")
    number = _after(keys, name)
    made: Kept[Any] = Kept(_KINDS[name].generate(), number, now, now if name in AT_ONCE else None)
    _save(home, keys, name, (made, *ring))
    return made


def use(home: Path, name: str, now: datetime) -> Kept[Any]:
    """Go over to the newest key of a ring; returns it. Raises ``CentralError`` when it is in use already."""
    keys = load(home)
    newest, *rest = ring_of(keys, name)
    if newest.used_at is not None:
        raise CentralError("The newest key is in use already.")
    used = replace(newest, used_at=now)
    # What the set says changes with it: which of the signing keys comes first.
    _save(home, keys, name, (used, *rest))
    return used


def retire(home: Path, name: str, which: str) -> Kept[Any]:
    """End the honour of the earlier key called ``which``; returns it. Its secret goes over into ``retired.key``.

    Raises ``CentralError`` for a key that is not there, or is the one in use.
    """
    keys = load(home)
    ring = ring_of(keys, name)
    found = next((one for one in ring if one.name == which), None)
    if found is None:
        raise CentralError("There is no such key. `vaccinator central keys status` lists those there are.")
    later = ring[: ring.index(found)]
    if all(one.used_at is None for one in later):
        raise CentralError("This key is in use. Make the next one first: `vaccinator central keys rotate`.")
    path = home / RETIRED_FILE
    retired = json.loads(path.read_bytes()) if path.exists() else []
    retired.append({"ring": name, **_written(found.key.private, found.number, found.made_at, found.used_at)})
    # First there, then gone here: a crash between the two loses no key.
    write_secret(path, json.dumps(retired).encode())
    left = tuple(one for one in ring if one is not found)
    _save(home, keys, name, left)
    return found


def _after(keys: Keys, name: str) -> int:
    """The number of the set behind a change of this ring. Desks are told nothing of cards."""
    return keys.number if name == "cards" else keys.number + 1


def _save(home: Path, keys: Keys, name: str, ring: Ring[Any]) -> None:
    changes: dict[str, Any] = {_FIELD[name]: ring, "number": _after(keys, name)}
    write_secret(home / KEY_FILE, written(replace(keys, **changes)))


def written(keys: Keys) -> bytes:
    """The file that ``keys.parse`` reads."""
    rings = {
        name: [_written(one.key.private, one.number, one.made_at, one.used_at) for one in ring_of(keys, name)]
        for name in RINGS
    }
    data = base64.b64encode(keys.cupboard.key).decode()
    return json.dumps({"v": 2, "number": keys.number, **rings, "data": data}).encode()


def _written(secret: bytes, number: int, made_at: datetime, used_at: datetime | None) -> dict[str, object]:
    return {
        "key": base64.b64encode(secret).decode(),
        "number": number,
        "made_at": made_at.isoformat(),
        "used_at": None if used_at is None else used_at.isoformat(),
    }


def _fresh(name: str) -> bytes:
    secret: bytes = _KINDS[name].generate().private
    return secret


def _complete(path: Path, now: datetime) -> None:
    """A key file of an earlier version gets the key that this one needs beside its own."""
    try:
        found = json.loads(path.read_bytes())
        missing = [name for name in (*RINGS, "data") if name not in found]
        version = found["v"]
    except (OSError, ValueError, TypeError, KeyError):
        # whoever opens it next says what is wrong with it
        return
    if missing == ["cards"] and version == 1:
        found["cards"] = base64.b64encode(_fresh("cards")).decode()
        write_secret(path, json.dumps(found).encode())
