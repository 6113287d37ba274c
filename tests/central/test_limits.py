"""How often: counted in the database, a household at a time, and never taken back by the refusal it leads to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.central.support import BOUNDLESS, World, count
from vaccinator_app.central import schema
from vaccinator_app.central.citizens import limits
from vaccinator_app.central.citizens.account import Account
from vaccinator_app.central.citizens.booking import Bookings, MoveForm
from vaccinator_app.central.citizens.limits import Bound, Bounds, Limits, home_of
from vaccinator_app.central.citizens.login import Login
from vaccinator_app.central.citizens.registering import PersonForm
from vaccinator_app.central.errors import CentralError, Refused
from vaccinator_app.central.http.visitors import _first_stranger, networks
from vaccinator_app.central.operations.housekeeping import forget

PHONE = "9876543210"
HOURLY = Bounds(otp_address=Bound(2, timedelta(hours=1)), otp_mobile=Bound(1, timedelta(hours=1)))


def made(world: World, bounds: Bounds) -> Limits:
    return Limits(world.home.database, world.home.keys, world.clock, bounds)


def taken(limited: Limits, *counted: tuple[str, str]) -> str | int:
    """``done``, or after how many seconds to come back."""
    try:
        limited.take(*counted)
    except Refused as no:
        return no.retry_after if (no.code, no.http_status) == ("too_many", 429) and no.retry_after else repr(no)
    return "done"


def test_more_than_the_bound_is_refused_until_the_span_is_over(world: World) -> None:
    limited = made(world, HOURLY)
    world.clock.now = world.clock.now.replace(minute=59, second=58, microsecond=400_000)
    assert [taken(limited, ("otp_address", "a")) for _ in range(3)] == ["done", "done", 2]
    assert taken(limited, ("otp_address", "b")) == "done", "another address has its own count"
    assert taken(limited, ("otp_mobile", "a")) == "done", "another bound has its own count"
    world.clock.move(seconds=1.5)
    assert taken(limited, ("otp_address", "a")) == 1
    world.clock.move(seconds=0.2)
    assert taken(limited, ("otp_address", "a")) == "done"


def test_what_was_counted_stays_counted_though_it_is_refused(world: World) -> None:
    limited = made(world, HOURLY)
    for _ in range(5):
        taken(limited, ("otp_address", "a"))
    with world.home.database.read() as connection:
        assert connection.execute(select(schema.limits.c.count)).scalar_one() == 5


def test_who_may_not_go_on_uses_nothing_up_of_those_behind(world: World) -> None:
    limited = made(world, HOURLY)
    for mobile in ("1", "2", "3"):
        taken(limited, ("otp_address", "a"), ("otp_mobile", mobile))
    assert taken(limited, ("otp_address", "b"), ("otp_mobile", "3")) == "done"


def test_of_many_at_once_exactly_as_many_as_are_allowed_go_through(world: World) -> None:
    limited = made(world, Bounds(otp_all=Bound(7, timedelta(days=1))))
    with ThreadPoolExecutor(8) as hands:
        outcomes = list(hands.map(lambda _: taken(limited, ("otp_all", limits.EVERYBODY)), range(20)))
    assert outcomes.count("done") == 7


def test_no_subject_stands_in_the_table(world: World) -> None:
    made(world, BOUNDLESS).take(("otp_mobile", PHONE), ("otp_address", "203.0.113.7"))
    with world.home.database.read() as connection:
        rows = repr([tuple(row) for row in connection.execute(schema.limits.select())])
    assert PHONE not in rows
    assert "203.0.113.7" not in rows


def test_spans_that_are_over_are_forgotten(world: World) -> None:
    made(world, HOURLY).take(("otp_address", "a"))
    forget(world.home.database, world.clock())
    assert count(world, schema.limits) == 1
    world.clock.move(hours=1, seconds=1)
    forget(world.home.database, world.clock())
    assert count(world, schema.limits) == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.7", "203.0.113.8", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:203.0.113.7", "203.0.113.7", True),
        ("fe80::1%eth0", "fe80::2", True),
        ("unknown", "unknown", True),
    ],
)
def test_a_household_is_counted_and_not_each_of_its_addresses(one: str, other: str, same: bool) -> None:
    assert (home_of(one) == home_of(other)) is same


def test_otps_are_limited_by_mobile_by_address_and_for_all(world: World) -> None:
    def asked(login: Login, mobile: str, address: str) -> bool:
        try:
            login.ask(mobile, "en", address=address)
        except Refused as no:
            return {429: False}[no.http_status]
        return True

    def login(**bounds: Bound) -> Login:
        fields = {name: getattr(BOUNDLESS, name) for name in Bounds.__dataclass_fields__}
        return Login(world.home.database, world.home.keys, world.clock, Bounds(**{**fields, **bounds}))

    hour = timedelta(hours=1)
    by_mobile = login(otp_mobile=Bound(2, hour))
    assert [asked(by_mobile, PHONE, f"203.0.113.{n}") for n in range(3)] == [True, True, False]
    by_day = login(otp_mobile_day=Bound(1, timedelta(days=1)))
    assert [asked(by_day, "9876543211", f"203.0.113.{n}") for n in range(2)] == [True, False]
    world.clock.move(hours=1)
    by_address = login(otp_address=Bound(2, hour))
    answers = [asked(by_address, f"98765432{n}", f"2001:db8::{n}") for n in range(20, 23)]
    assert answers == [True, True, False]
    for_all = login(otp_all=Bound(count(world, schema.limits, schema.limits.c.what == "otp_all") + 5, hour))
    answers = [asked(for_all, f"98765432{n}", f"203.0.113.{n}") for n in range(30, 40)]
    assert answers.count(True) < 7
    assert not answers[-1]


def test_tries_are_limited_however_many_passwords_are_asked_for(world: World) -> None:
    bounds = Bounds(otp_mobile=Bound(100, timedelta(hours=1)), tries_mobile=Bound(6, timedelta(hours=1)))
    login = Login(world.home.database, world.home.keys, world.clock, bounds)
    said = []
    for number in range(4):
        login.ask(PHONE, "en", address="203.0.113.7")
        for _ in range(2):
            with pytest.raises(Refused) as found:
                login.verify(PHONE, "000000x", address=f"203.0.113.{number}")
            said.append(found.value.code)
    assert said == ["otp_wrong"] * 6 + ["too_many"] * 2


def test_tries_to_register_book_and_move_are_counted_together_whatever_becomes_of_them(world: World) -> None:
    login = Login(
        world.home.database, world.home.keys, world.clock, Bounds(bookings_mobile=Bound(3, timedelta(days=1)))
    )
    database, keys = world.home.database, world.home.keys
    bookings, account = Bookings(database, keys, world.clock, login), Account(database, keys, world.clock, login)
    token = world.sign_in(PHONE)
    form = world.form()
    person = PersonForm(
        name=form.name,
        year_of_birth=form.year_of_birth,
        gender=form.gender,
        photo_id_type=form.photo_id_type,
        photo_id_number=form.photo_id_number,
    )
    account.register(token, person)
    booked = bookings.book(token, form)
    with pytest.raises(Refused) as found:
        bookings.move(token, "000000000000", MoveForm(centre=form.centre, date=form.date, slot="10:15"))
    assert found.value.code == "booking_unknown"
    for again in (
        lambda: bookings.move(token, booked.reference, MoveForm(centre=form.centre, date=form.date, slot="10:15")),
        lambda: bookings.book(token, form),
        lambda: account.register(token, person),
    ):
        with pytest.raises(Refused) as found:
            again()
        assert found.value.code == "too_many"
    bookings.cancel(token, booked.reference)


PROXIES = networks(["10.0.0.0/8", "2001:db8:f::/48"])


@pytest.mark.parametrize(
    ("socket", "forwarded", "visitor"),
    [
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),  # nobody's proxy: its word counts nothing
        ("10.0.0.5", "", "10.0.0.5"),
        ("10.0.0.5", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.5", "198.51.100.66, 198.51.100.1", "198.51.100.1"),  # the first was made up by the visitor
        ("10.0.0.5", "198.51.100.1, 10.1.1.1", "198.51.100.1"),  # through two of ours
        ("10.0.0.5", "198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.5", "[2001:db8::7]:4711", "2001:db8::7"),
        ("10.0.0.5", "2001:db8::7", "2001:db8::7"),
        ("2001:db8:f::1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.5", "unknown", "10.0.0.5"),
        ("10.0.0.5", "198.51.100.1, <script>", "10.0.0.5"),
        ("10.0.0.5", ",,,", "10.0.0.5"),
    ],
)
def test_the_visitor_is_who_a_named_proxy_says(socket: str, forwarded: str, visitor: str) -> None:
    assert _first_stranger(socket, forwarded, PROXIES) == visitor


def test_a_proxy_that_is_no_address_is_one_sentence() -> None:
    with pytest.raises(CentralError, match="address or a network"):
        networks(["proxy.example"])
