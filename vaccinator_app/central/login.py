"""Signing in by a one-time password to one's own mobile (DESIGN 8.2).

Six digits, three minutes, hashed under a key, five tries, once. Whether a number is known to central cannot be told
from any answer. Not here yet: captcha, and limits a mobile, an address and a day; they come with the portal.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from vaccinator_app.central import one_time, outbox
from vaccinator_app.central.clock import Clock
from vaccinator_app.central.database import Database
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.keys import Cupboard, Keys
from vaccinator_app.central.persons import language as spoken_language
from vaccinator_app.central.persons import require_mobile
from vaccinator_app.central.schema import logins, otps, sms_outbox

SESSION_LIFE = timedelta(minutes=15)
TRIES = 5
_PURPOSE = "otp"


@dataclass(frozen=True, slots=True)
class Session:
    """A token to show with each request, and until when it is good."""

    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Citizen:
    """Whose mobile a session proved."""

    mobile: str
    mobile_hash: bytes

    def __repr__(self) -> str:
        """Never the number."""
        return "Citizen()"


class Login:
    """One-time passwords and the sessions they open."""

    def __init__(self, database: Database, keys: Keys, clock: Clock) -> None:
        self._database = database
        self._cupboard = keys.cupboard
        self._clock = clock

    def ask(self, mobile: str, language: str) -> timedelta:
        """Send a fresh one-time password to ``mobile``; those sent before stop working. Returns how long it lives.

        Raises ``Refused`` for a number that is none, or a language that messages are not written in.
        """
        number, spoken = require_mobile(mobile), spoken_language(language)
        now = self._clock()
        otp = one_time.fresh()
        name = secrets.token_hex(8)
        whose = mobile_hash(self._cupboard, number)
        message = outbox.row(
            self._cupboard,
            outbox.Kind.OTP,
            recipient(whose),
            now,
            params={"minutes": one_time.MINUTES},
            secret={"otp": otp},
            mobile=number,
            language=spoken,
        )
        with self._database.write() as connection:
            connection.execute(delete(otps).where(otps.c.mobile_hash == whose))
            connection.execute(
                insert(otps).values(
                    mobile_hash=whose,
                    id=name,
                    otp_hash=one_time.hashed(self._cupboard, _PURPOSE, name, otp),
                    expires_at=now + one_time.LIFE,
                    attempts=0,
                )
            )
            connection.execute(insert(sms_outbox).values(message))
        return one_time.LIFE

    def verify(self, mobile: str, otp: str) -> Session:
        """Open a session for whoever reads that mobile's messages. Raises ``Refused``, the same for every failure."""
        number = require_mobile(mobile)
        now = self._clock()
        whose = mobile_hash(self._cupboard, number)
        with self._database.write() as connection:
            right = self._try(connection, whose, otp, now)
            session = self._open(connection, number, whose, now) if right else None
        # Refused only now: a refusal within the transaction would take the counted try back.
        if session is None:
            raise Refused("otp_wrong", 403, "The one-time password is wrong or too old. Ask for a new one.")
        return session

    def citizen(self, connection: Connection, token: str) -> Citizen:
        """Whose session this is. Raises ``Refused`` (401) for an unknown or expired one."""
        digest = _token_hash(token)
        row = connection.execute(select(logins).where(logins.c.token_hash == digest)).one_or_none()
        if row is None or self._clock() >= row.expires_at:
            raise Refused("session_over", 401, "Sign in again with a one-time password.")
        return Citizen(self._cupboard.unlock(row.mobile, "login_mobile", digest.hex()).decode(), row.mobile_hash)

    def _try(self, connection: Connection, whose: bytes, typed: str, now: datetime) -> bool:
        row = connection.execute(select(otps).where(otps.c.mobile_hash == whose)).one_or_none()
        if row is None or row.used_at is not None or now >= row.expires_at or row.attempts >= TRIES:
            return False
        right = one_time.fits(self._cupboard, _PURPOSE, row.id, typed, row.otp_hash)
        connection.execute(
            update(otps)
            .where(otps.c.mobile_hash == whose, otps.c.id == row.id)
            .values(attempts=row.attempts + 1, used_at=now if right else None)
        )
        return right

    def _open(self, connection: Connection, number: str, whose: bytes, now: datetime) -> Session:
        session = Session(secrets.token_urlsafe(32), now + SESSION_LIFE)
        digest = _token_hash(session.token)
        connection.execute(
            insert(logins).values(
                token_hash=digest,
                mobile_hash=whose,
                mobile=self._cupboard.lock(number.encode(), "login_mobile", digest.hex()),
                expires_at=session.expires_at,
            )
        )
        return session


def mobile_hash(cupboard: Cupboard, mobile: str) -> bytes:
    """What a number is found by."""
    return cupboard.keyed_hash("mobile", mobile)


def recipient(whose: bytes) -> str:
    """The outbox's name for a number that is not a beneficiary's."""
    return f"m{whose.hex()[:16]}"


def _token_hash(token: str) -> bytes:
    # 256 random bits need no slow hash.
    return hashlib.sha256(token.encode()).digest()
