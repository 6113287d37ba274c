"""Signing in: the same is done for known and unknown numbers; a session is its owner's, and short."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from tests.central.support import HOME, World, count
from vaccinator_app.central import schema
from vaccinator_app.central.citizens.login import MOST_SESSIONS, PartnerToken
from vaccinator_app.central.errors import Refused

KNOWN, UNKNOWN = "9876543210", "9876543211"
APP, OTHER = "p-aarogya", "p-umang"


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    """What the database is asked meanwhile: the statements with the number of their rows, without their values."""
    seen: list[str] = []

    def note(*what: object) -> None:
        seen.append(str(what[2]))

    engine = world.home.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def outcome(world: World, token: str) -> str:
    try:
        with world.home.database.read() as connection:
            return world.login.citizen(connection, token).mobile
    except Refused as no:
        return f"{no.http_status} {no.code}"


def through(world: World, partner: str, mobile: str = KNOWN) -> str:
    """A session opened through a partner's app."""
    world.login.ask(mobile, "en", address=HOME, partner=partner)
    otp = world.inbox(mobile)[-1][:6]
    return world.login.verify(mobile, otp, address=HOME, partner=partner).token


def test_the_same_is_done_for_known_and_unknown_numbers(world: World) -> None:
    world.book(KNOWN)
    world.clock.move(minutes=20)
    done = []
    for mobile in (KNOWN, UNKNOWN):
        with statements(world) as asking:
            life = world.login.ask(mobile, "en", address=HOME)
        otp = world.inbox(mobile)[-1][:6]
        with statements(world) as wrong, pytest.raises(Refused) as no:
            world.login.verify(mobile, "wrong", address=HOME)
        with statements(world) as right:
            session = world.login.verify(mobile, otp, address=HOME)
        done.append((asking, life, wrong, no.value.code, no.value.sentence, right, session.expires_at))
    assert done[0] == done[1]
    assert len(done[0][0]) > 3, "nothing was listened to"


def test_no_statement_of_signing_in_looks_at_people(world: World) -> None:
    with statements(world) as asked:
        world.sign_in(UNKNOWN)
        through(world, APP, UNKNOWN)
    # What a message says of whoever has the number is looked up when it goes out, after the answer.
    of_login = [one for one in asked if "otps" in one or "logins" in one or "limits" in one]
    assert of_login
    assert not [
        one for one in of_login if any(table in one for table in ("people", "mobiles", "bookings", "photo_ids"))
    ]


def test_a_session_that_was_signed_out_of_is_refused_when_it_is_replayed(world: World) -> None:
    token, other = world.sign_in(KNOWN), world.sign_in(KNOWN)
    assert outcome(world, token) == KNOWN
    world.login.sign_out(token)
    assert outcome(world, token) == "401 session_over"
    assert outcome(world, other) == KNOWN, "somebody else's phone was signed out"
    world.login.sign_out(token)
    world.login.sign_out("made up")


def test_a_session_lives_fifteen_minutes(world: World) -> None:
    token = world.sign_in(KNOWN)
    world.clock.move(minutes=14, seconds=59)
    assert outcome(world, token) == KNOWN
    world.clock.move(seconds=1)
    assert outcome(world, token) == "401 session_over"


def test_a_mobile_has_so_many_sessions_and_the_oldest_goes_first(world: World) -> None:
    tokens = []
    for _ in range(MOST_SESSIONS + 2):
        tokens.append(world.sign_in(KNOWN))
        world.clock.move(seconds=1)
    world.sign_in(UNKNOWN)
    assert [outcome(world, token) for token in tokens] == ["401 session_over"] * 2 + [KNOWN] * MOST_SESSIONS
    assert count(world, schema.logins) == MOST_SESSIONS + 1


@pytest.mark.parametrize("token", ["", "x" * 43, "\0", "' OR 1=1 --", "डेस्क", "\udc80", "x" * 100_000])
def test_a_made_up_token_opens_nothing(world: World, token: str) -> None:
    world.sign_in(KNOWN)
    assert outcome(world, token) == "401 session_over"


def test_a_partners_session_is_good_with_its_own_key_alone(world: World) -> None:
    token = through(world, APP)
    assert outcome(world, PartnerToken(token, APP)) == KNOWN
    assert outcome(world, PartnerToken(token, OTHER)) == "401 session_over"
    assert outcome(world, PartnerToken(token, "")) == "401 session_over"
    assert outcome(world, token) == "401 session_over"
    assert outcome(world, str(PartnerToken(token, APP))) == "401 session_over"


def test_the_portals_session_is_good_at_the_portal_alone(world: World) -> None:
    token = world.sign_in(KNOWN)
    assert outcome(world, PartnerToken(token, APP)) == "401 session_over"


@pytest.mark.parametrize(("asked", "told"), [(None, APP), (APP, None), (APP, OTHER)])
def test_a_one_time_password_is_good_where_it_was_asked_for(world: World, asked: str | None, told: str | None) -> None:
    world.login.ask(KNOWN, "en", address=HOME, partner=asked)
    otp = world.inbox(KNOWN)[-1][:6]
    with pytest.raises(Refused) as no:
        world.login.verify(KNOWN, otp, address=HOME, partner=told)
    assert no.value.code == "otp_wrong"
    assert world.login.verify(KNOWN, otp, address=HOME, partner=asked).token


def test_nothing_of_a_session_or_a_password_stands_in_the_clear(world: World) -> None:
    world.login.ask(KNOWN, "en", address=HOME)
    otp = world.inbox(KNOWN)[-1][:6]
    token = world.login.verify(KNOWN, otp, address=HOME).token
    with world.home.database.read() as connection:
        rows = [tuple(row) for table in (schema.otps, schema.logins) for row in connection.execute(table.select())]
    assert not any(
        word.encode() in bytes(cell)
        for row in rows
        for cell in row
        if isinstance(cell, bytes)
        for word in (otp, token, KNOWN)
    )
    assert not any(
        word in cell for row in rows for cell in row if isinstance(cell, str) for word in (otp, token, KNOWN)
    )
