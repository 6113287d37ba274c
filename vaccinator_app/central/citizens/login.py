"""Signing in by a one-time password to one's own mobile (DESIGN 8.2).

Six digits, three minutes, hashed under a key, five tries, once. Nothing here looks whether a number is known to
central, so that neither an answer nor the time it takes can tell. Limits are counted before anything is done; the
captcha stands before that, in the portal, and before a partner's app its key (``partners``).

What was asked for through a partner's app opens a session for that app alone, and the portal's sessions are the
portal's alone: a one-time password that is read out to one of them is of no use at the other.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from vaccinator_app.central.citizens import one_time
from vaccinator_app.central.citizens.limits import EVERYBODY, Bounds, Limits, home_of
from vaccinator_app.central.citizens.persons import language as spoken_language
from vaccinator_app.central.citizens.persons import require_mobile
from vaccinator_app.central.clock import Clock
from vaccinator_app.central.database import Database
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.keyring.keys import Cupboard, Keys
from vaccinator_app.central.messages import outbox
from vaccinator_app.central.schema import logins, otps, sms_outbox

SESSION_LIFE = timedelta(minutes=15)
TRIES = 5
MOST_SESSIONS = 5
"""Of one mobile at a time; the oldest ends when another is opened."""


class PartnerToken(str):
    """A session's token as it came together with a partner's key.

    It goes through the rooms like any token, and only ``Login.citizen`` looks at whose it is. Whoever makes a plain
    string of it on the way has a token that opens nothing.
    """

    __slots__ = ("partner",)

    partner: str

    def __new__(cls, token: str, partner: str) -> PartnerToken:
        """``token`` as it was shown by the app of ``partner``, whose key was verified."""
        made = super().__new__(cls, token)
        made.partner = partner
        return made


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

    def __init__(self, database: Database, keys: Keys, clock: Clock, bounds: Bounds | None = None) -> None:
        self._database = database
        self._cupboard = keys.cupboard
        self._clock = clock
        self.limits = Limits(database, keys, clock, bounds)

    def ask(self, mobile: str, language: str, *, address: str, partner: str | None = None) -> timedelta:
        """Send a fresh one-time password to ``mobile``; those sent before stop working. Returns how long it lives.

        ``address`` is where the request came from. A partner's server asks for many people from one address: its
        calls a day are counted instead. Raises ``Refused`` for a number that is none, a language that messages are not
        written in, and, with ``retry_after``, what was asked for too often.
        """
        number, spoken = require_mobile(mobile), spoken_language(language)
        self.limits.take(
            *self._from("otp_address", address, partner),
            ("otp_mobile", number),
            ("otp_mobile_day", number),
            ("otp_all", EVERYBODY),
        )
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
                    otp_hash=one_time.hashed(self._cupboard, _purpose(partner), name, otp),
                    expires_at=now + one_time.LIFE,
                    attempts=0,
                )
            )
            connection.execute(insert(sms_outbox).values(message))
        return one_time.LIFE

    def verify(self, mobile: str, otp: str, *, address: str, partner: str | None = None) -> Session:
        """Open a session for whoever reads that mobile's messages. Raises ``Refused``, the same for every failure."""
        number = require_mobile(mobile)
        self.limits.take(*self._from("tries_address", address, partner), ("tries_mobile", number))
        now = self._clock()
        whose = mobile_hash(self._cupboard, number)
        with self._database.write() as connection:
            right = self._try(connection, whose, otp, partner, now)
            session = self._open(connection, number, whose, partner, now) if right else None
        # Refused only now: a refusal within the transaction would take the counted try back.
        if session is None:
            raise Refused("otp_wrong", 403, "The one-time password is wrong or too old. Ask for a new one.")
        return session

    def citizen(self, connection: Connection, token: str) -> Citizen:
        """Whose session this is. Raises ``Refused`` (401) for an unknown or expired one, and for one that was opened
        through another partner than it is shown by (or through one and shown at the portal, or the other way round)."""
        digest = _token_hash(token)
        row = connection.execute(select(logins).where(logins.c.token_hash == digest)).one_or_none()
        shown_by = token.partner if isinstance(token, PartnerToken) else None
        if row is None or self._clock() >= row.expires_at or row.partner != shown_by:
            raise Refused("session_over", 401, "Sign in again with a one-time password.")
        return Citizen(self._cupboard.unlock(row.mobile, "login_mobile", digest.hex()).decode(), row.mobile_hash)

    def allow(self, token: str, what: str) -> None:
        """Count one more ``what`` (a bound's name) of this session's mobile. Raises ``Refused``: 401, 429."""
        with self._database.read() as connection:
            whose = self.citizen(connection, token)
        self.limits.take((what, whose.mobile))

    def sign_out(self, token: str) -> None:
        """End the session; shown again, its token opens nothing. One that is over already is no error."""
        with self._database.write() as connection:
            connection.execute(delete(logins).where(logins.c.token_hash == _token_hash(token)))

    def _from(self, what: str, address: str, partner: str | None) -> list[tuple[str, str]]:
        return [] if partner is not None else [(what, home_of(address))]

    def _try(self, connection: Connection, whose: bytes, typed: str, partner: str | None, now: datetime) -> bool:
        good = (otps.c.mobile_hash == whose, otps.c.used_at.is_(None), otps.c.expires_at > now)
        # Counted before it is compared, in one statement, so that tries at the same moment are no more tries.
        counted = update(otps).where(*good, otps.c.attempts < TRIES).values(attempts=otps.c.attempts + 1)
        rows = connection.execute(counted.returning(otps.c.id, otps.c.otp_hash)).all()
        # More than one only where two were asked for at the same moment.
        fits = [one_time.fits(self._cupboard, _purpose(partner), row.id, typed, row.otp_hash) for row in rows]
        if any(fits):
            connection.execute(update(otps).where(*good).values(used_at=now))
        return any(fits)

    def _open(self, connection: Connection, number: str, whose: bytes, partner: str | None, now: datetime) -> Session:
        newest = select(logins.c.token_hash).where(logins.c.mobile_hash == whose).order_by(logins.c.expires_at.desc())
        over = list(connection.scalars(newest.offset(MOST_SESSIONS - 1)))
        if over:
            connection.execute(delete(logins).where(logins.c.token_hash.in_(over)))
        session = Session(secrets.token_urlsafe(32), now + SESSION_LIFE)
        digest = _token_hash(session.token)
        connection.execute(
            insert(logins).values(
                token_hash=digest,
                mobile_hash=whose,
                mobile=self._cupboard.lock(number.encode(), "login_mobile", digest.hex()),
                expires_at=session.expires_at,
                partner=partner,
            )
        )
        return session


def mobile_hash(cupboard: Cupboard, mobile: str) -> bytes:
    """What a number is found by."""
    return cupboard.keyed_hash("mobile", mobile)


def recipient(whose: bytes) -> str:
    """The outbox's name for a number that is not a beneficiary's."""
    return f"m{whose.hex()[:16]}"


def _purpose(partner: str | None) -> str:
    return "otp" if partner is None else f"otp\n{partner}"


def _token_hash(token: str) -> bytes:
    # 256 random bits need no slow hash.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
