"""Records leave one machine sealed and reach central by another, whole, once, and told to nobody on the way (5.4)."""

from __future__ import annotations

import json
import os
import shutil
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.central import PASSPHRASE, Simulator, TestCentral, open_as_in_charge
from tests.support.desk import vaccines
from vaccinator_app.central.operations.lost_device import machines
from vaccinator_app.desk import delivery
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.events import RecordViewed, SignedIn
from vaccinator_app.domain.message import Message
from vaccinator_app.protocol.messages import Status
from vaccinator_app.sync.engine import Engine
from vaccinator_app.sync.errors import LedgerDisagrees, Unreachable, Untrusted

APPOINTMENT = "777700001234"


@pytest.fixture
def central(tmp_path: Path) -> Iterator[TestCentral]:
    made = TestCentral(tmp_path / "central")
    yield made
    made.close()


@pytest.fixture
def origin(central: TestCentral, tmp_path: Path) -> Iterator[Workplace]:
    """A machine with some records that central has not seen."""
    place = open_as_in_charge(central.enrol(tmp_path / "origin")).place
    place.record(RecordViewed(appointment=APPOINTMENT), SignedIn())
    yield place
    place.vault.close()


@pytest.fixture
def other(central: TestCentral, tmp_path: Path) -> Iterator[Workplace]:
    place = open_as_in_charge(central.enrol(tmp_path / "other", name="A. Verma")).place
    yield place
    place.vault.close()


def reach(simulator: Simulator) -> Callable[[object], Simulator]:
    return lambda _: simulator


def sync(place: Workplace, central: TestCentral) -> None:
    Engine(desk_of(place.vault), place.vault.exchange, central.simulator()).run()


def kept(central: TestCentral, place: Workplace) -> int:
    """How many records of a machine central has."""
    device = place.vault.identity.device
    return next(one.records for one in machines(central.home) if one.device == device)


@pytest.fixture
def way(central: TestCentral) -> Callable[[object], Simulator]:
    return reach(central.simulator())


def test_by_another_machine_every_record_is_confirmed_once(
    central: TestCentral, origin: Workplace, other: Workplace, way: Callable[[object], Simulator], tmp_path: Path
) -> None:
    file = tmp_path / "desk-2.records"
    written = delivery.export(origin, way, file)
    assert (written.first, written.records, os.stat(file).st_mode & 0o777) == (1, 3, 0o600)
    # whoever carries it reads whose records they are and how many
    text = file.read_bytes()
    assert APPOINTMENT.encode() not in text + b64decode(text.splitlines()[1])
    assert delivery.look(other, file) == written
    told: list[tuple[int, int]] = []
    done = delivery.deliver(other, way, file, lambda *parts: told.append(parts))
    assert (done.upto, done.held, done.refused, done.missing, done.forked, told) == (3, 0, 0, None, None, [(1, 1)])
    assert done.receipts == tmp_path / "desk-2.receipts"
    assert kept(central, origin) == 3
    # again is never too often, and says the same
    again = delivery.deliver(other, way, file)
    assert (again.upto, again.receipts, kept(central, origin)) == (3, tmp_path / "desk-2-1.receipts", 3)
    # back at the machine whose records they are
    assert origin.vault.exchange.confirmed_upto() == 0
    for path in (tmp_path / "desk-2.receipts", tmp_path / "desk-2-1.receipts"):
        assert delivery.take_receipts(origin, way, path) == 3
    assert {origin.vault.exchange.status_of(seq) for seq in (1, 2, 3)} == {Status.ACCEPTED}
    with pytest.raises(CannotDo, match=r"delivery\.nothing"):
        delivery.export(origin, way, tmp_path / "more.records")
    sync(origin, central)
    assert kept(central, origin) == 3


def test_a_receipt_that_nobody_brought_is_asked_for_again(
    central: TestCentral, origin: Workplace, other: Workplace, way: Callable[[object], Simulator], tmp_path: Path
) -> None:
    """The later one covers its records, and says of its own alone what became of them."""
    exchange = origin.vault.exchange
    delivery.export(origin, way, tmp_path / "first.records")
    delivery.deliver(other, way, tmp_path / "first.records")
    origin.record(RecordViewed(appointment=APPOINTMENT))
    delivery.export(origin, way, tmp_path / "second.records", first=4)
    delivery.deliver(other, way, tmp_path / "second.records")
    delivery.take_receipts(origin, way, tmp_path / "second.receipts")
    assert (exchange.confirmed_upto(), exchange.status_of(1), exchange.status_of(4)) == (4, None, Status.ACCEPTED)

    again = delivery.export(origin, way, tmp_path / "again.records")
    assert (again.first, again.records) == (1, 4)
    delivery.deliver(other, way, tmp_path / "again.records")
    delivery.take_receipts(origin, way, tmp_path / "again.receipts")
    assert {exchange.status_of(seq) for seq in (1, 2, 3, 4)} == {Status.ACCEPTED}
    assert kept(central, origin) == 4


def test_only_the_unconfirmed_tail_leaves_unless_more_is_asked_for(
    central: TestCentral, origin: Workplace, way: Callable[[object], Simulator], tmp_path: Path
) -> None:
    sync(origin, central)
    origin.record(SignedIn())
    tail = delivery.export(origin, way, tmp_path / "tail.records")
    whole = delivery.export(origin, way, tmp_path / "whole.records", first=1)
    assert ((tail.first, tail.last), (whole.first, whole.last)) == ((4, 4), (1, 4))
    for name in ("tail.records", "nowhere/x.records"):
        before = list(tmp_path.iterdir())
        with pytest.raises(CannotDo):
            delivery.export(origin, way, tmp_path / name)
        assert list(tmp_path.iterdir()) == before


def test_beyond_a_gap_central_takes_nothing_and_it_is_said_where_to_begin(
    central: TestCentral, origin: Workplace, other: Workplace, way: Callable[[object], Simulator], tmp_path: Path
) -> None:
    delivery.export(origin, way, tmp_path / "late.records", first=3)
    done = delivery.deliver(other, way, tmp_path / "late.records")
    assert (done.missing, done.upto, kept(central, origin)) == (1, 0, 0)
    delivery.export(origin, way, tmp_path / "all.records", first=done.missing)
    assert delivery.deliver(other, way, tmp_path / "all.records").upto == 3


def test_many_parts_go_on_where_they_were_cut(
    central: TestCentral,
    origin: Workplace,
    other: Workplace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vaccinator_app.sync.engine.MAX_BATCH_RECORDS", 1)
    simulator = central.simulator()
    delivery.export(origin, reach(simulator), tmp_path / "parts.records")
    asked: list[int] = []

    def cut() -> None:
        asked.append(1)
        if len(asked) == 3:
            raise Unreachable(Message.of("sync.timed_out"))

    simulator.before = cut
    with pytest.raises(Unreachable):
        delivery.deliver(other, reach(simulator), tmp_path / "parts.records")
    assert kept(central, origin) == 2
    assert delivery.take_receipts(origin, reach(simulator), tmp_path / "parts.receipts") == 2
    simulator.before = lambda: None
    assert delivery.deliver(other, reach(simulator), tmp_path / "parts.records").upto == 3
    # parts in another order, and one left out
    lines = (tmp_path / "parts.records").read_bytes().splitlines(keepends=True)
    for order in ([0, 2, 1, 3], [0, 1, 3], [0, 1, 2, 3, 3]):
        (tmp_path / "bent.records").write_bytes(b"".join(lines[n] for n in order))
        with pytest.raises(CannotDo, match=r"delivery\.changed"):
            delivery.deliver(other, reach(simulator), tmp_path / "bent.records")


def test_a_file_that_is_not_whole_is_one_sentence_and_nothing_is_asked(
    central: TestCentral, origin: Workplace, other: Workplace, tmp_path: Path
) -> None:
    simulator, file = central.simulator(), tmp_path / "good.records"
    delivery.export(origin, reach(simulator), file)
    good = file.read_bytes()
    title, part = good.splitlines()
    forged = json.loads(title)
    payload = json.loads(b64decode(forged["payload"]))
    forged["payload"] = b64encode(json.dumps({**payload, "device": other.vault.identity.device}).encode()).decode()
    elsewhere = dict(forged, payload=b64encode(json.dumps({**payload, "centre": "200001"}).encode()).decode())
    newer = dict(forged, payload=b64encode(json.dumps({**payload, "v": 2}).encode()).decode())
    spoiled = {
        "delivery.cut_short": [good[:-9], title + b"\n"],
        "delivery.changed": [
            title + b"\n" + part[:-9] + b"AAAAAAAA=\n",
            title + b"\n" + part[::-1] + b"\n",
            good + part + b"\n",
            json.dumps(forged).encode() + b"\n" + part + b"\n",
        ],
        "delivery.other_centre": [json.dumps(elsewhere).encode() + b"\n" + part + b"\n"],
        "delivery.newer": [json.dumps(newer).encode() + b"\n" + part + b"\n"],
        "delivery.not_one": [b"", b"\n", b"\xff" * 99, b"[" * 100_000, b"x" * 3_000_000, part + b"\n" + title + b"\n"],
    }
    simulator.before = lambda: pytest.fail("central was asked")
    for key, datas in spoiled.items():
        for data in datas:
            file.write_bytes(data)
            with pytest.raises(CannotDo) as refused:
                delivery.deliver(other, reach(simulator), file)
            assert refused.value.message.key == key
    with pytest.raises(CannotDo, match="cannot_read"):
        delivery.deliver(other, reach(simulator), tmp_path / "nothing")


def test_from_a_machine_with_another_history_it_is_kept_beside_the_ledger_and_said(
    central: TestCentral, origin: Workplace, other: Workplace, way: Callable[[object], Simulator], tmp_path: Path
) -> None:
    home = origin.home
    origin.vault.close()
    shutil.copytree(home, tmp_path / "copy")
    unlock = Unlock(home, vaccines(), lambda _: central.clock)
    first = unlock.open(unlock.people()[0].staff, PASSPHRASE).place
    first.record(SignedIn())
    sync(first, central)
    first.vault.close()
    unlock = Unlock(tmp_path / "copy", vaccines(), lambda _: central.clock)
    second = unlock.open(unlock.people()[0].staff, PASSPHRASE).place
    second.record(RecordViewed(appointment=APPOINTMENT))
    delivery.export(second, way, tmp_path / "fork.records")
    done = delivery.deliver(other, way, tmp_path / "fork.records")
    assert done.forked is not None
    assert done.receipts is not None
    with pytest.raises(LedgerDisagrees):
        delivery.take_receipts(second, way, done.receipts)
    second.vault.close()


def test_receipts_are_believed_as_answers_are(
    central: TestCentral, origin: Workplace, other: Workplace, way: Callable[[object], Simulator], tmp_path: Path
) -> None:
    delivery.export(origin, way, tmp_path / "some.records")
    receipts = delivery.deliver(other, way, tmp_path / "some.records").receipts
    assert receipts is not None
    good = receipts.read_bytes()
    with pytest.raises(Untrusted):
        delivery.take_receipts(other, way, receipts)
    for data in (b"", good[:-5], good.splitlines()[0], b"[" * 9999, good + b"AAAA\n"):
        receipts.write_bytes(data)
        with pytest.raises((CannotDo, Untrusted)):
            delivery.take_receipts(origin, way, receipts)
    assert origin.vault.exchange.confirmed_upto() == 0
    receipts.write_bytes(good)
    # while central is known to hold another history, what it signed long ago is no reason to go on
    origin.disagreement = Message.of("sync.rolled_back", here=1, there=2)
    with pytest.raises(CannotDo, match="rolled_back"):
        delivery.take_receipts(origin, way, receipts)
    origin.disagreement = None
    assert delivery.take_receipts(origin, way, receipts) == 3
