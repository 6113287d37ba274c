"""Apps of others that citizens use instead of the portal: their keys, what each may ask, how often; and the one switch
that closes all of them (DESIGN 8.2; docs/partner-api.md).

A partner's key opens nobody's data: the citizen's own one-time password stands between (``login``). The key is 256
random bits, so that its SHA-256 alone is kept. Each call leaves a row: which partner, which pattern of address, how it
ended; never whom it was about.
"""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from vaccinator_app.central import log
from vaccinator_app.central.citizens import limits
from vaccinator_app.central.clock import Clock
from vaccinator_app.central.database import Database
from vaccinator_app.central.errors import CentralError, Refused
from vaccinator_app.central.keyring.keys import Keys
from vaccinator_app.central.schema import partner_calls, partners, switches

CALLS_KEPT = timedelta(days=180)
"""As long as logs are to be kept (CERT-In)."""

_DAY = timedelta(days=1)
_LOCK = "partners_locked"
_SUBJECT = "partner"
_MOST_CALLS = 1_000_000_000
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,100}")


class Scope(StrEnum):
    """What a partner may be allowed to ask for."""

    SLOTS = "slots"
    BOOK = "book"
    CERTIFICATES = "certificates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """An app that may connect. ``calls_today`` counts from midnight UTC."""

    partner: str
    name: str
    scopes: frozenset[Scope]
    calls_a_day: int
    created_at: datetime
    revoked_at: datetime | None
    calls_today: int = 0


class Partners:
    """Keeps them and lets them in."""

    def __init__(self, database: Database, keys: Keys, clock: Clock) -> None:
        self._database = database
        self._cupboard = keys.cupboard
        self._clock = clock

    def add(self, name: str, scopes: Iterable[str], calls_a_day: int) -> tuple[Partner, str]:
        """A new partner and its key, which is told this once and kept nowhere. Raises ``CentralError``."""
        cleaned = name.strip()
        if not _NAME.fullmatch(cleaned):
            raise CentralError("A partner needs a name of up to 100 characters.")
        try:
            allowed = frozenset(Scope(scope) for scope in scopes)
        except ValueError as error:
            raise CentralError(f"A scope is one of: {', '.join(Scope)}.") from error
        if not allowed:
            raise CentralError(f"A partner needs at least one scope: {', '.join(Scope)}.")
        if not 1 <= calls_a_day <= _MOST_CALLS:
            raise CentralError("A partner's calls a day are at least one.")
        key = f"vk_{secrets.token_urlsafe(32)}"
        made = Partner(
            partner=f"p{secrets.token_hex(6)}",
            name=cleaned,
            scopes=allowed,
            calls_a_day=calls_a_day,
            created_at=self._clock(),
            revoked_at=None,
        )
        with self._database.write() as connection:
            connection.execute(
                insert(partners).values(
                    partner=made.partner,
                    name=made.name,
                    key_hash=_digest(key),
                    scopes=" ".join(sorted(allowed)),
                    calls_a_day=calls_a_day,
                    created_at=made.created_at,
                )
            )
        log.event("partner_added", partner=made.partner)
        return made, key

    def revoke(self, partner: str) -> None:
        """Close one partner's access, with its next call. Raises ``CentralError`` when there is no such open one."""
        one = (partners.c.partner == partner, partners.c.revoked_at.is_(None))
        with self._database.write() as connection:
            done = connection.execute(update(partners).where(*one).values(revoked_at=self._clock())).rowcount
        if not done:
            raise CentralError("There is no such partner, or its key is revoked already. See `partner list`.")
        log.event("partner_revoked", partner=partner)

    def everyone(self) -> list[Partner]:
        """All of them, the oldest first."""
        today = self._clock().replace(hour=0, minute=0, second=0, microsecond=0)
        counting = (
            select(partner_calls.c.partner, func.count().label("calls"))
            .where(partner_calls.c.at >= today)
            .group_by(partner_calls.c.partner)
        )
        with self._database.read() as connection:
            calls = {row.partner: row.calls for row in connection.execute(counting)}
            rows = connection.execute(select(partners).order_by(partners.c.created_at, partners.c.partner)).all()
        return [_read(row, calls.get(row.partner, 0)) for row in rows]

    def lock_all(self) -> None:
        """Close every partner's access, with the next call of each, until ``unlock_all``."""
        with self._database.write() as connection:
            if _locked_since(connection) is None:
                connection.execute(insert(switches).values(switch=_LOCK, set_at=self._clock()))
        log.event("partners_locked", level=logging.WARNING)

    def unlock_all(self) -> None:
        """Let those in again whose keys are not revoked."""
        with self._database.write() as connection:
            connection.execute(delete(switches).where(switches.c.switch == _LOCK))
        log.event("partners_unlocked", level=logging.WARNING)

    def locked_since(self) -> datetime | None:
        """Since when every partner's access is closed; None when it is not."""
        with self._database.read() as connection:
            return _locked_since(connection)

    def identify(self, key: str) -> Partner:
        """Whose key this is. Raises ``Refused`` (401), the same for one that never was and one that is revoked."""
        with self._database.read() as connection:
            row = connection.execute(select(partners).where(partners.c.key_hash == _digest(key))).one_or_none()
        if row is not None and row.revoked_at is not None:
            log.event("revoked_key_used", level=logging.WARNING, partner=row.partner)
        if row is None or row.revoked_at is not None:
            raise Refused("partner_unknown", 401, "This app has no key that opens this. Ask central's operator.")
        return _read(row, 0)

    def admit(self, partner: Partner, scope: Scope | None) -> None:
        """Count one call of this partner, for ``scope`` or, with None, for what any partner may ask.

        Raises ``Refused``: 503 while all are locked out, 403 for a scope it has not, 429 once its day is used up.
        """
        if self.locked_since() is not None:
            raise Refused("partners_locked", 503, "Central answers no apps at the moment. The portal is open.")
        if scope is not None and scope not in partner.scopes:
            raise Refused("scope_missing", 403, "This app may not ask for this. Ask central's operator to allow it.")
        subject = f"{_SUBJECT} {partner.partner}"
        with self._database.write() as connection:
            refusal = limits.take(
                connection, self._cupboard, "partner_calls", subject, partner.calls_a_day, _DAY, self._clock()
            )
        if refusal is not None:
            raise refusal

    def record(self, partner: str, route: str, status: int) -> None:
        """Write down that a call ended: ``route`` is the pattern of its address, never the address."""
        with self._database.write() as connection:
            connection.execute(
                insert(partner_calls).values(
                    partner=partner, at=self._clock(), id=secrets.token_hex(8), route=route, status=status
                )
            )


def forget(connection: Connection, now: datetime) -> None:
    """Delete calls that need not be kept any longer."""
    connection.execute(delete(partner_calls).where(partner_calls.c.at < now - CALLS_KEPT))


def _locked_since(connection: Connection) -> datetime | None:
    found: datetime | None = connection.execute(
        select(switches.c.set_at).where(switches.c.switch == _LOCK)
    ).scalar_one_or_none()
    return found


def _read(row: Any, calls_today: int) -> Partner:
    return Partner(
        partner=row.partner,
        name=row.name,
        scopes=frozenset(Scope(word) for word in row.scopes.split()),
        calls_a_day=row.calls_a_day,
        created_at=row.created_at,
        revoked_at=row.revoked_at,
        calls_today=calls_today,
    )


def _digest(key: str) -> bytes:
    # 256 random bits need no slow hash, and looking a digest up tells nothing of the key by its time.
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
