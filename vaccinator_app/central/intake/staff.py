"""Keys of a centre's staff, as a batch finds them and leaves them: given and taken back (DESIGN 5.3; P.10.16, P.18).

Pure but for reading and writing. An in-charge takes back what an in-charge of the centre certified; what central
certified, the other in-charges, waits for the district. A key that was taken back never counts again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from vaccinator_app.central.schema import certificates, device_heads, recovery
from vaccinator_app.domain.staff_events import RemovalReason, StaffRemoved, VaultRekeyed
from vaccinator_app.protocol.records import Event
from vaccinator_app.trust.certificates import Certificate, Subject

LONGEST_RECOVERY = 4096
"""Bytes of a sealed database key."""
_KEY = 32
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyholder:
    """Whose a key is: of the staff, or a device's; ``by_central`` certified it. ``revoked_at`` is since when it counts
    no more, ``revoked_on`` the machine whose ledger says so, if one does."""

    id: str
    of_staff: bool = True
    by_central: bool = False
    revoked_at: datetime | None = None
    revoked_on: str | None = None


Keyholders = Mapping[str, Keyholder]
"""By key id, all of one centre."""


def read_keyholders(connection: Connection, centre: str) -> dict[str, Keyholder]:
    """Every key that was ever certified at the centre."""
    rows = connection.execute(
        select(
            *(certificates.c.keyid, certificates.c.id, certificates.c.subject, certificates.c.issuer),
            *(certificates.c.revoked_at, certificates.c.revoked_on),
        ).where(certificates.c.centre == centre)
    ).all()
    known = {row.keyid for row in rows}
    return {
        row.keyid: Keyholder(
            id=row.id,
            of_staff=row.subject == Subject.STAFF.value,
            # nobody of the centre did
            by_central=row.issuer not in known,
            revoked_at=row.revoked_at,
            revoked_on=row.revoked_on,
        )
        for row in rows
    }


def is_after(holder: Keyholder | None, event: Event) -> bool:
    """Whether a record comes after its author's key was taken back: by its date, or by its place in the very ledger
    that took it back, where dates say nothing (P.3.3)."""
    if holder is None or holder.revoked_at is None:
        return False
    return event.at >= holder.revoked_at or event.device == holder.revoked_on


def may_be_added(added: Certificate, known: Keyholders) -> bool:
    """Whether an in-charge may give this person this key: a new one, or the person's own again (a renewal).

    Not a key that was taken back, nor a machine's, nor anybody else's; nor any key to somebody whom central certified:
    else one in-charge could sign in another's name.
    """
    holder = known.get(added.keyid)
    if holder is not None and (holder.revoked_at is not None or not holder.of_staff or holder.id != added.id):
        return False
    return not any(one.by_central for one in known.values() if one.id == added.id)


def is_contested(body: StaffRemoved, known: Keyholders) -> bool:
    """Whether a removal names what is not its author's to take back; then none of it counts until somebody decided.

    One that says that central did it has to be right about that.
    """
    named = [known.get(keyid) for keyid in body.keys]
    theirs = [one for one in named if one is not None and one.of_staff and one.id == body.staff]
    if len(theirs) < len(named):
        return True
    if body.reason is RemovalReason.CENTRAL:
        return any(one.revoked_at is None for one in theirs)
    return any(one.by_central and one.revoked_at is None for one in theirs)


def taken_back(body: StaffRemoved, known: Keyholders, at: datetime, device: str) -> dict[str, Keyholder]:
    """The keys that ``body`` takes back, as they are from then on. One that was taken back before keeps its time."""
    return {
        keyid: replace(known[keyid], revoked_at=at, revoked_on=device)
        for keyid in body.keys
        if known[keyid].revoked_at is None
    }


@dataclass(frozen=True, slots=True)
class LastHeard:
    """How long a machine's ledger was when it last spoke to central, and when that was by central's clock."""

    claimed: int = 0
    at: datetime | None = None


def read_last_heard(connection: Connection, centre: str, device: str) -> LastHeard:
    """Before the batch under way."""
    row = connection.execute(
        select(device_heads.c.claimed_seq, device_heads.c.seen_at).where(
            device_heads.c.centre == centre, device_heads.c.device == device
        )
    ).one()
    return LastHeard(row.claimed_seq, row.seen_at)


def moment_of(event: Event, heard: LastHeard) -> datetime:
    """Since when what ``event`` takes back counts no more: its own time, and never before a contact at which the record
    was not there yet. Else a date of long ago would undo what a colleague did on another machine meanwhile."""
    if heard.at is None or event.seq <= heard.claimed:
        return event.at
    return max(event.at, heard.at)


def write_revocations(
    connection: Connection,
    centre: str,
    keyids: Collection[str],
    *,
    at: datetime,
    by: str | None = None,
    on: str | None = None,
) -> int:
    """Take these keys back; those that are already keep their time. Returns how many."""
    these = (
        certificates.c.centre == centre,
        certificates.c.keyid.in_(sorted(keyids)),
        certificates.c.subject == Subject.STAFF.value,
        certificates.c.revoked_at.is_(None),
    )
    values = {"revoked_at": at, "revoked_by": by, "revoked_on": on}
    done: int = connection.execute(update(certificates).where(*these).values(values)).rowcount
    return done


def read_epoch(connection: Connection, centre: str, device: str) -> int:
    """The newest epoch of which central has this machine's database key; 0 when it has none."""
    epochs = select(recovery.c.epoch).where(recovery.c.centre == centre, recovery.c.device == device)
    return max(connection.scalars(epochs), default=0)


def is_a_database_key(body: VaultRekeyed, opened: bytes | None) -> bool:
    """Whether what was sealed for recovery is what belongs there."""
    return opened is not None and len(opened) == _KEY and len(body.sealed) <= LONGEST_RECOVERY


def write_recovery(
    connection: Connection, centre: str, device: str, found: Collection[VaultRekeyed], now: datetime
) -> None:
    """Keep the sealed database keys of a batch beside the earlier ones: an old copy of the vault has an old key."""
    mine = (recovery.c.centre == centre, recovery.c.device == device)
    newest = max(connection.scalars(select(recovery.c.stored_at).where(*mine)), default=None)
    for body in found:
        # the moment keeps them apart, also within one batch
        newest = now if newest is None or newest < now else newest + _TICK
        row = {"centre": centre, "device": device, "stored_at": newest, "sealed": body.sealed, "epoch": body.epoch}
        connection.execute(insert(recovery).values(row))
