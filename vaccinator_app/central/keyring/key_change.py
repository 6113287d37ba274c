"""Changing central's keys while desks go on: who has heard, and what hangs from a key that ends (P.17)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, and_, select, update

from vaccinator_app.central import log
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.keyring import key_files
from vaccinator_app.central.keyring.keys import FIRST_SET, Kept, Keys, in_use
from vaccinator_app.central.operations.admin import Home
from vaccinator_app.central.schema import certificates, device_heads, devices, recovery
from vaccinator_app.trust import seal
from vaccinator_app.trust.certificates import issue, read
from vaccinator_app.trust.dsse import Envelope
from vaccinator_app.trust.errors import BadSeal
from vaccinator_app.trust.keys import key_id

CARDS_PUBLISHED = timedelta(days=1)
"""How long a card key stands in the published key set before it signs: verifiers keep the set for a while."""


@dataclass(frozen=True, slots=True)
class Behind:
    """A machine in use that has not heard of some change, or has records to come that were made before it."""

    centre: str
    device: str
    name: str
    pulled_at: datetime | None
    records_to_come: int


def behind(home: Home, number: int) -> list[Behind]:
    """The machines in use that do not go by set ``number`` yet, or whose ledger central has not whole."""
    heads = and_(device_heads.c.centre == devices.c.centre, device_heads.c.device == devices.c.device)
    statement = (
        select(
            *(devices.c.centre, devices.c.device, devices.c.name, devices.c.pulled_at, devices.c.central_keys),
            *(device_heads.c.seq, device_heads.c.claimed_seq),
        )
        .join_from(devices, device_heads, heads)
        .where(devices.c.revoked_at.is_(None))
        .order_by(devices.c.centre, devices.c.device)
    )
    with home.database.read() as connection:
        rows = connection.execute(statement).all()
    return [
        Behind(row.centre, row.device, row.name, row.pulled_at, max(0, row.claimed_seq - row.seq))
        for row in rows
        if max(row.central_keys or 0, FIRST_SET) < number or row.claimed_seq > row.seq
    ]


def waiting_for(home: Home, name: str, kept: Kept[Any]) -> list[Behind]:
    """The machines that must hear of something before ``kept`` may be retired; none for cards."""
    if name == "cards":
        return []
    ring = key_files.ring_of(home.keys, name)
    later = [one for one in ring if one.number > kept.number]
    return behind(home, later[-1].number) if later else []


def use(folder: Path, home: Home, name: str, now: datetime, *, force: bool = False) -> Kept[Any]:
    """Go over to the next key of a ring. Raises ``CentralError`` while somebody has not heard of it."""
    newest = key_files.ring_of(home.keys, name)[0]
    if not force and newest.used_at is None:
        if name == "cards" and newest.made_at > now - CARDS_PUBLISHED:
            raise CentralError(
                "The next card key was published less than a day ago: verifiers that keep the key set would refuse new"
                " certificates. Wait, or say --force."
            )
        missing = behind(home, newest.number) if name == "signing" else []
        if missing:
            raise CentralError(
                f"{_machines(missing)} not heard of the next key yet (see `central keys status`). With --force they"
                " go on under the earlier key, but do not recognise whoever is certified meanwhile."
            )
    used = key_files.use(folder, name, now)
    log.event("key_used", kind=name, subject=used.name)
    return used


def retire(folder: Path, home: Home, name: str, which: str, now: datetime, *, force: bool = False) -> Kept[Any]:
    """End an earlier key: what hangs from it is put under the one in use first. Raises ``CentralError``."""
    ring = key_files.ring_of(home.keys, name)
    found = next((one for one in ring if one.name == which), None)
    if found is not None and not force:
        missing = waiting_for(home, name, found)
        if missing:
            raise CentralError(
                f"{_machines(missing)} not heard of the next key, or has records to come that may be sealed under this"
                " one (see `central keys status`). With --force such records are held as unreadable, and such a machine"
                " needs `vaccinator trust` with a new enrolment file."
            )
    if found is not None and found is not in_use(ring):
        with home.database.write() as connection:
            if name == "signing":
                _certify_anew(connection, home.keys, found, now)
            elif name == "people":
                _seal_anew(connection, home.keys, found)
    retired = key_files.retire(folder, name, which)
    log.event("key_retired", kind=name, subject=retired.name)
    return retired


def _machines(missing: Sequence[Behind]) -> str:
    return "1 machine has" if len(missing) == 1 else f"{len(missing)} machines have"


def _certify_anew(connection: Connection, keys: Keys, old: Kept[Any], now: datetime) -> None:
    """Each certificate that hangs from ``old`` says the same under the key in use. Desks hear of it with their pull."""
    rows = connection.execute(
        select(certificates.c.centre, certificates.c.keyid, certificates.c.envelope).where(
            certificates.c.issuer == old.name
        )
    ).all()
    for row in rows:
        said = read(Envelope.from_json(row.envelope), old.key.public)
        connection.execute(
            update(certificates)
            .where(certificates.c.centre == row.centre, certificates.c.keyid == row.keyid)
            .values(envelope=issue(said, keys.signing).to_json(), issuer=key_id(keys.signing.public), added_at=now)
        )


def _seal_anew(connection: Connection, keys: Keys, old: Kept[Any]) -> None:
    """Recovery keys that were sealed to ``old`` are sealed to the key in use (DESIGN 5.4)."""
    for row in connection.execute(
        select(recovery.c.centre, recovery.c.device, recovery.c.stored_at, recovery.c.sealed)
    ):
        info = seal.recovery_binding(row.device)
        try:
            plain = seal.open_for_decades(row.sealed, old.key, info)
        except BadSeal:
            continue  # sealed to another of our keys
        this = (recovery.c.centre == row.centre, recovery.c.device == row.device)
        connection.execute(
            update(recovery)
            .where(*this, recovery.c.stored_at == row.stored_at)
            .values(sealed=seal.seal_for_decades(plain, keys.people.public, info))
        )
