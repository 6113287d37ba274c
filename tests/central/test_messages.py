"""Messages on their way: claimed, handed over, settled, told to the desk (DESIGN 7.5, 8.4)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.central.machine import Desk
from tests.central.messaging import PHONE, Network, dosed, down, drain_to, states, waiting
from tests.central.support import HOME, World, count, plan_of
from vaccinator_app.central import schema
from vaccinator_app.central.messages import sms
from vaccinator_app.central.messages.gateways import GatewayDown, Undeliverable
from vaccinator_app.central.messages.message_states import DELIVERED, FAILED, REJECTED, Reports, report_token
from vaccinator_app.central.messages.outbox import State
from vaccinator_app.central.operations.housekeeping import forget
from vaccinator_app.protocol.messages import MessageState as M

# The way out


def test_a_message_that_was_not_taken_is_kept_and_tried_again(world: World) -> None:
    network = Network(down)
    drain = drain_to(world, network)
    world.login.ask(PHONE, "hi", address=HOME)
    assert drain.run() == 0
    network.answers = lambda _: State.TAKEN
    assert drain.run() == 0
    world.clock.move(seconds=1)
    assert drain.run() == 1
    ((mobile, text),) = network.took
    assert mobile == PHONE
    assert "वन-टाइम" in text
    world.clock.move(days=1)
    assert drain.run() == 0
    assert states(world) == [("otp", "taken")]


def test_while_desks_push_only_what_somebody_waits_for_at_a_screen_goes_out(world: World, desk: Desk) -> None:
    network = Network()
    drain = drain_to(world, network)
    dosed(world, desk)
    world.login.ask(PHONE, "en", address=HOME)
    assert drain.run(stands_back=lambda: True) == 1
    assert ("dose_recorded", "waiting") in states(world)
    assert drain.run() == 1
    assert {("dose_recorded", "taken"), ("otp", "taken")} <= set(states(world))


def test_waits_grow_to_five_minutes_and_never_end(world: World) -> None:
    drain = drain_to(world, Network(down))
    waiting(world)
    waits = []
    for _ in range(12):
        drain.run()
        with world.home.database.read() as connection:
            due = connection.execute(select(schema.sms_outbox.c.due_at)).scalar_one()
        waits.append((due - world.clock()).total_seconds())
        world.clock.now = due
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


@pytest.mark.parametrize("ends", [State.DELIVERED, State.TAKEN, State.FAILED])
def test_what_was_secret_is_emptied_once_nobody_needs_it(world: World, ends: State) -> None:
    def answer(_: str) -> State:
        if ends is State.FAILED:
            raise Undeliverable
        return ends

    network = Network(down)
    world.login.ask(PHONE, "en", address=HOME)
    drain_to(world, network).run()
    secret = schema.sms_outbox.c.secret.is_not(None)
    assert count(world, schema.sms_outbox, secret) == 1
    world.clock.move(seconds=1)
    network.answers = answer
    assert drain_to(world, network).run() == (ends is not State.FAILED)
    assert count(world, schema.sms_outbox, secret) == 0
    assert states(world) == [("otp", ends.value)]


def test_the_inbox_is_for_this_account_alone(world: World) -> None:
    world.book(PHONE)
    assert (world.folder / "sms").stat().st_mode & 0o777 == 0o700
    assert (world.folder / "sms" / f"{PHONE}.jsonl").stat().st_mode & 0o777 == 0o600


def test_what_reached_the_inbox_is_delivered(world: World) -> None:
    world.book(PHONE)
    assert states(world) == [("booked", "delivered"), ("otp", "delivered")]


def test_more_messages_than_one_round_takes_all_go_out(world: World) -> None:
    for number in range(205):
        world.login.ask(f"98{number:08d}", "en", address=HOME)
    assert world.drain.run() == 205


def test_a_password_goes_before_what_waited_longer(world: World) -> None:
    network = Network()
    waiting(world, "9800000001")
    world.clock.move(minutes=10)
    world.login.ask(PHONE, "en", address=HOME)
    drain_to(world, network).run()
    assert [mobile for mobile, _ in network.took] == [PHONE, "9800000001"]


def test_a_password_that_is_over_goes_to_nobody(world: World) -> None:
    network = Network(down)
    drain = drain_to(world, network)
    world.login.ask(PHONE, "en", address=HOME)
    drain.run()
    network.answers = lambda _: State.TAKEN
    world.clock.move(seconds=179)
    assert drain.run() == 1
    world.login.ask(PHONE, "en", address=HOME)
    world.clock.move(seconds=180)
    assert drain.run() == 0
    assert states(world) == [("otp", "failed"), ("otp", "taken")]


# Poison, stalls, two at once, crashes


def test_a_number_that_is_none_is_given_up_and_nobody_waits_for_it(world: World) -> None:
    def answer(mobile: str) -> State:
        if mobile == "9800000001":
            raise Undeliverable
        return State.TAKEN

    network = Network(answer)
    for mobile in ("9800000000", "9800000001", "9800000002"):
        world.clock.move(seconds=1)  # those of one moment have no order among them
        waiting(world, mobile)
    assert drain_to(world, network).run() == 2
    assert [mobile for mobile, _ in network.took] == ["9800000000", "9800000002"]
    world.clock.move(days=1)
    assert drain_to(world, network).run() == 0


@pytest.mark.parametrize(
    "poison",
    [
        {"params": "{}"},
        {"params": "no JSON"},
        {"kind": "of_a_later_version"},
        {"mobile": b"no seal of ours"},
        {"secret": b"no seal of ours"},
        {"language": "xx"},
        {"mobile": None},
    ],
    ids=str,
)
def test_a_message_that_cannot_be_written_is_given_up_and_blocks_nobody(
    world: World, poison: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    network = Network()
    bad = waiting(world, "9800000001")
    with world.home.database.write() as connection:
        mine = (schema.sms_outbox.c.recipient == bad["recipient"], schema.sms_outbox.c.id == bad["id"])
        connection.execute(update(schema.sms_outbox).where(*mine).values(**poison))
    waiting(world, "9800000002")
    assert drain_to(world, network).run() == 1
    assert [mobile for mobile, _ in network.took] == ["9800000002"]
    assert sorted(state for _, state in states(world)) == ["failed", "taken"]
    assert "9800000001" not in caplog.text


def test_names_are_no_templates(world: World) -> None:
    network = Network()
    world.book(PHONE, name="{code} {secret}")
    params = {"name": "{portal} {0}", "centre": "{mobile}", "day": "%d"}
    waiting(world, params=params)
    drain_to(world, network).run()
    assert "{portal} {0}" in network.took[0][1]
    assert "{code} {secret}: dose 1" in world.inbox(PHONE)[1]


def test_a_gateways_own_fault_repeats_nothing(world: World) -> None:
    def answer(mobile: str) -> State:
        if mobile == "9800000001":
            raise RuntimeError("a fault nobody foresaw")
        return State.TAKEN

    network = Network(answer)
    for mobile in ("9800000000", "9800000001", "9800000002"):
        world.clock.move(seconds=1)  # those of one moment have no order among them
        waiting(world, mobile)
    assert drain_to(world, network).run() == 2
    world.clock.move(minutes=10)
    assert drain_to(world, network).run() == 0
    assert [mobile for mobile, _ in network.took] == ["9800000000", "9800000002"]


def test_a_gateway_that_stalls_holds_no_transaction_and_gives_back_what_it_did_not_begin(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stalled, go_on = threading.Event(), threading.Event()

    def answer(_: str) -> State:
        stalled.set()
        assert go_on.wait(timeout=20)
        return State.TAKEN

    monkeypatch.setattr(sms, "ROUND_SECONDS", 0.05)
    network = Network(answer)
    for number in range(3):
        waiting(world, f"980000000{number}")
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(drain_to(world, network).run)
        assert stalled.wait(timeout=20)
        # Somebody else writes meanwhile, and finds nothing to hand over: it is all claimed.
        waiting(world, "9800000009")
        other = Network()
        assert drain_to(world, other).run() == 1
        threading.Event().wait(0.06)
        go_on.set()
        assert run.result(timeout=20) == 1
    assert drain_to(world, other).run() == 2
    assert len({mobile for mobile, _ in network.took + other.took}) == 4


def test_two_who_drain_at_once_send_nothing_twice(world: World) -> None:
    for number in range(60):
        waiting(world, f"98{number:08d}")
    network = Network()
    with ThreadPoolExecutor(4) as pool:
        drains = [pool.submit(drain_to(world, network).run) for _ in range(4)]
        assert sum(drain.result(timeout=60) for drain in drains) == 60
    assert len(network.took) == len({mobile for mobile, _ in network.took}) == 60


@pytest.mark.parametrize("made_home", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_nobody_waits_for_what_somebody_else_is_claiming(world: World) -> None:
    database = world.home.database
    for number in range(4):
        waiting(world, f"98{number:08d}")
    drain = drain_to(world, Network())
    with pytest.MonkeyPatch.context() as few, database.write() as first, database.write() as second:
        few.setattr(sms, "AT_ONCE", 3)
        mine = {row.id for row in drain._claim(drain._due(urgent=False), first)}
        second.exec_driver_sql("SET LOCAL statement_timeout = 2000")
        theirs = {row.id for row in drain._claim(drain._due(urgent=False), second)}
    assert (len(mine), len(theirs)) == (3, 1)
    assert mine.isdisjoint(theirs)


def test_what_was_handed_over_before_a_crash_goes_again_when_the_claim_is_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = Network()
    waiting(world)
    drain = drain_to(world, network)
    with monkeypatch.context() as crash:
        crash.setattr(drain, "_settle", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            drain.run()
    assert drain.run() == 0
    world.clock.now += sms.CLAIMED_FOR
    assert drain.run() == 1
    assert len(network.took) == 2


def test_what_is_due_is_found_by_its_index(world: World) -> None:
    statement = (
        select(schema.sms_outbox.c.id)
        .where(sms.WAITING, schema.sms_outbox.c.due_at <= world.clock())
        .order_by(schema.sms_outbox.c.due_at)
    )
    with world.home.database.read() as connection:
        sql = str(statement.compile(connection, compile_kwargs={"literal_binds": True}))
    plan = plan_of(world, sql)
    assert "sms_due" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan


# What the desk is told


def test_the_desk_hears_what_became_of_the_message(world: World, desk: Desk) -> None:
    network = Network()
    dosed(world, desk)
    cursor = desk.pull().cursor
    drain_to(world, network).run()
    page = desk.pull(cursor)
    assert [(one.seq, one.message) for one in page.outcomes] == [(1, M.TAKEN)]
    reports = Reports(world.home.database, world.home.keys.cupboard, world.clock)
    assert reports.take(network.reports[-1], DELIVERED)
    assert [(one.seq, one.message) for one in desk.pull(page.cursor).outcomes] == [(1, M.DELIVERED)]
    # Once more, and another word after the last one, change nothing.
    cursor = desk.pull().cursor
    assert reports.take(network.reports[-1], DELIVERED)
    assert reports.take(network.reports[-1], FAILED)
    page = desk.pull(cursor)
    assert (page.outcomes, page.cursor) == ([], cursor)
    assert states(world)[1] == ("dose_recorded", "delivered")


@pytest.mark.parametrize("said", [FAILED, REJECTED])
def test_a_number_out_of_service_is_told_too(world: World, desk: Desk, said: int) -> None:
    network = Network()
    dosed(world, desk)
    cursor = desk.pull().cursor
    drain_to(world, network).run()
    Reports(world.home.database, world.home.keys.cupboard, world.clock).take(network.reports[-1], said)
    (outcome,) = desk.pull(cursor).outcomes
    assert (outcome.seq, outcome.message) == (1, M.FAILED)


def test_a_report_that_overtakes_the_drain_stands(world: World, desk: Desk) -> None:
    """The network may report before the answer that it took the message was written down."""
    reports = Reports(world.home.database, world.home.keys.cupboard, world.clock)

    class Quick(Network):
        def send(self, mobile: str, text: str, report: str) -> State:
            super().send(mobile, text, report)
            assert reports.take(report, DELIVERED)
            return State.TAKEN

    dosed(world, desk)
    cursor = desk.pull().cursor
    drain_to(world, Quick()).run()
    assert [one.message for one in desk.pull(cursor).outcomes] == [M.DELIVERED]
    assert states(world)[1] == ("dose_recorded", "delivered")


def test_messages_of_several_desks_and_centres_are_settled_together(world: World, desk: Desk) -> None:
    other = Desk(world)
    for one, booked in [(one, world.book()) for one in (desk, other, desk)]:
        one.record(one.dose(booked))
        one.push(one.ledger[-1:])
    mine, theirs = desk.pull().cursor, other.pull().cursor
    drain_to(world, Network()).run()
    assert [one.seq for one in desk.pull(mine).outcomes] == [1, 2]
    assert [one.seq for one in other.pull(theirs).outcomes] == [1]


def test_a_report_that_says_nothing_final_changes_nothing(world: World) -> None:
    network = Network()
    waiting(world)
    drain_to(world, network).run()
    reports = Reports(world.home.database, world.home.keys.cupboard, world.clock)
    for said in (0, 4, 8, 32, -1, 10**9):
        assert reports.take(network.reports[0], said)
    assert [state for _, state in states(world)] == ["taken"]


def test_nobody_else_can_name_a_message(world: World) -> None:
    row = waiting(world)
    reports = Reports(world.home.database, world.home.keys.cupboard, world.clock)
    token = report_token(world.home.keys.cupboard, row["recipient"], row["id"])
    assert row["recipient"] not in token
    changed = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
    for wrong in ("", "x", changed, token + "A", token * 10, "ü", "\0", row["id"], "=" * 8):
        assert not reports.take(wrong, DELIVERED)
    assert [state for _, state in states(world)] == ["waiting"]
    # One of ours of which nothing is left
    gone = report_token(world.home.keys.cupboard, "nobody", "nothing")
    assert reports.take(gone, DELIVERED)


def test_old_messages_are_forgotten_but_for_those_that_wait(world: World) -> None:
    def answer(mobile: str) -> State:
        if mobile.endswith("2"):
            raise Undeliverable
        if mobile.endswith("3"):
            raise GatewayDown
        return State.DELIVERED if mobile.endswith("1") else State.TAKEN

    for last in "0123":
        waiting(world, f"980000000{last}")
    drain_to(world, Network(answer)).run()
    forget(world.home.database, world.clock() + timedelta(days=30))
    assert count(world, schema.sms_outbox) == 4
    forget(world.home.database, world.clock() + timedelta(days=30, seconds=1))
    assert [state for _, state in states(world)] == ["waiting"]
