"""What follows from records about staff and the machine's keys: certificates, revocations, recovery (P.18)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert

from vaccinator_app.central.intake.chain import New
from vaccinator_app.central.intake.facts import Known
from vaccinator_app.central.intake.staff import (
    Keyholder,
    LastHeard,
    moment_of,
    taken_back,
    write_recovery,
    write_revocations,
)
from vaccinator_app.central.schema import certificates
from vaccinator_app.domain.staff_events import StaffAdded, StaffRemoved, VaultRekeyed


class StaffEffects:
    """The rows that a batch adds, while ``Known`` is moved on. ``contested`` are the removals that wait."""

    def __init__(self, known: Known, now: datetime, heard: LastHeard) -> None:
        """``heard`` is what the machine said of its ledger before this batch."""
        self._known = known
        self._now = now
        self._heard = heard
        self._certified: list[dict[str, Any]] = []
        self._removals: list[dict[str, Any]] = []
        self._rekeyed: list[VaultRekeyed] = []
        self.contested: list[int] = []

    def note(self, new: New, *, accepted: bool, contested: bool) -> None:
        """Take the answer to one record that was not refused; called in ``seq`` order. Others than these: nothing."""
        match new.incoming.body:
            case StaffAdded() as body:
                self._add(new, body)
            case StaffRemoved() as body if accepted:
                self._remove(new, body)
            case StaffRemoved() if contested:
                self.contested.append(new.seq)
            case VaultRekeyed() as body if accepted:
                self._rekeyed.append(body)
                self._known.epoch = body.epoch

    def write(self, connection: Connection) -> None:
        """Put everything down. A renewed certificate takes the place of the one for the same key."""
        centre = self._known.centre.centre
        for row in self._certified:
            same = (certificates.c.centre == centre, certificates.c.keyid == row["keyid"])
            connection.execute(delete(certificates).where(*same))
            connection.execute(insert(certificates).values(row))
        for removal in self._removals:
            write_revocations(connection, centre, **removal)
        if self._rekeyed:
            write_recovery(connection, centre, self._known.device, self._rekeyed, self._now)

    def _add(self, new: New, body: StaffAdded) -> None:
        added, author = new.incoming.certificate, new.incoming.author
        if added is None or author is None:
            return
        # Whom a machine out of use adds counts nowhere; what they signed there waits with the rest of it (P.21).
        since = self._now if self._known.revoked else None
        self._known.keyholders[added.keyid] = Keyholder(id=added.id, revoked_at=since)
        self._certified.append(
            {
                "centre": self._known.centre.centre,
                "keyid": added.keyid,
                "subject": added.subject.value,
                "id": added.id,
                "envelope": body.certificate,
                "issuer": author.keyid,
                "added_at": self._now,
                "revoked_at": since,
            }
        )

    def _remove(self, new: New, body: StaffRemoved) -> None:
        event, known = new.incoming.event, self._known
        assert event is not None
        at = moment_of(event, self._heard)
        fresh = taken_back(body, known.keyholders, at, known.device)
        known.keyholders.update(fresh)
        self._removals.append({"keyids": list(fresh), "at": at, "by": event.staff, "on": known.device})
