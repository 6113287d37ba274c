"""Events about the staff, the machine's keys, and what a desk noticed of itself (DESIGN 3.5, 5.3, 5.5, 7.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar


class RemovalReason(StrEnum):
    """Why somebody's keys count no more."""

    LEFT = "left"
    LENT = "lent"
    """The log-in was used by somebody else, or may have been."""
    RESET = "reset"
    """The passphrase was forgotten: the same person goes on with new keys."""
    CENTRAL = "central"
    """Central took the certificate back."""


class Notice(StrEnum):
    """What a desk found amiss with itself or with how it is used."""

    CLOCK_BACK = "clock_back"
    CLOCK_FORWARD = "clock_forward"
    FILE_CHANGED = "file_changed"
    """The vault's file is not the one that was closed."""
    ROLLED_BACK = "rolled_back"
    """Central has later records of this desk: an old copy of the vault was put back."""
    FORKED = "forked"
    """Central has other records under numbers of this desk."""
    MANY_LOOKUPS = "many_lookups"
    """Somebody opened many people without a visit."""


class PurgeReason(StrEnum):
    """Why personal details left the machine."""

    CLOSED = "closed"
    """The day is closed and confirmed, and three days have gone by (DESIGN 5.5)."""
    OLD = "old"
    """Nobody closed the day, and two weeks have gone by."""
    REVOKED = "revoked"
    """Central took the machine out of use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffAdded:
    """The in-charge certified somebody; ``certificate`` is the signed envelope (DESIGN 5.3). After a reset ``staff``
    is somebody who was there before, and the certificate names their new keys."""

    KIND: ClassVar[str] = "staff_added"
    staff: str
    certificate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRemoved:
    """``keys`` (key ids) of ``staff`` count no more from here on; the database key is changed with it (DESIGN 5.3)."""

    KIND: ClassVar[str] = "staff_removed"
    staff: str
    keys: tuple[str, ...]
    reason: RemovalReason


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultRekeyed:
    """The database key of ``epoch`` (the first is 1, given at enrolment), sealed for recovery to central's key ``key``
    (DESIGN 5.3, 5.4)."""

    KIND: ClassVar[str] = "vault_rekeyed"
    epoch: int
    key: str
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """The desk noticed ``what``: by how many ``seconds`` a clock was off, how many (``count``) records or look-ups it
    is about, of whom (``of``, a staff id, or empty)."""

    KIND: ClassVar[str] = "noticed"
    what: Notice
    seconds: int = 0
    count: int = 0
    of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailsPurged:
    """Names and all that tells who somebody is left this machine, for ``people`` of the session day ``day``."""

    KIND: ClassVar[str] = "details_purged"
    day: date
    people: int
    reason: PurgeReason


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditExported:
    """An in-charge wrote ``entries`` lines of who did or saw what, from ``first`` to ``last``, into a file."""

    KIND: ClassVar[str] = "audit_exported"
    first: date
    last: date
    entries: int
