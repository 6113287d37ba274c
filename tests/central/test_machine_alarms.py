"""What central raises about a machine's ledger, and what it tells the machine of its own past (DESIGN 7.4; P.20)."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from tests.central.machine import Desk
from tests.central.support import World
from vaccinator_app.central.district.alarms import list_alarms
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.operations import lost_device
from vaccinator_app.domain.events import SignedIn, SignedOut
from vaccinator_app.domain.staff_events import Notice, Noticed
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.history import HISTORY_REQUEST_TYPE, HISTORY_TYPE, History, HistoryRequest
from vaccinator_app.protocol.records import FIRST_PREV


def raised(world: World) -> list[tuple[str, str, int]]:
    with world.home.database.read() as connection:
        found = list_alarms(connection, None, world.clock() - timedelta(days=1))
    return sorted((one.kind, one.subject, one.count) for one in found)


def ask(desk: Desk, after: int = 0, head: bytes = FIRST_PREV, by: Desk | None = None) -> History:
    nonce = os.urandom(16)
    request = HistoryRequest(centre=desk.centre, device=desk.device, nonce=nonce, after=after, hash=head)
    packed = packing.pack(request, HISTORY_REQUEST_TYPE, (by or desk).device_key)
    answer = packing.unpack(desk.world.api.history(packed))
    page = packing.verified(answer, HISTORY_TYPE, desk.file.central.signing, History)
    assert (page.nonce, page.device, page.centre, page.after) == (nonce, desk.device, desk.centre, after)
    return page


def test_a_ledger_that_became_shorter_and_a_fork_raise_one_alarm_each(world: World, desk: Desk) -> None:
    for _ in range(4):
        desk.record(SignedIn())
    desk.push()
    assert raised(world) == []
    # the copy of after the second record is put back; two others are made on it
    del desk.ledger[2:]
    world.clock.move(minutes=1)
    desk.push([])
    desk.push([])
    assert raised(world) == [("ledger_shorter", desk.device, 2)]
    world.clock.move(minutes=1)
    desk.record(SignedOut())
    desk.push(desk.ledger[2:])
    desk.push(desk.ledger[2:])
    assert raised(world) == [("fork", desk.device, 1), ("ledger_shorter", desk.device, 2)]


def test_what_a_machine_noticed_of_itself_is_an_alarm_of_its_kind(world: World, desk: Desk) -> None:
    desk.record(Noticed(what=Notice.CLOCK_BACK, seconds=7200))
    desk.record(Noticed(what=Notice.FORKED, count=3))
    desk.push()
    desk.push()
    assert raised(world) == [("clock_back", f"{desk.device}.1", 1), ("forked", f"{desk.device}.2", 3)]


def test_a_device_is_told_its_own_records_from_where_both_agree(
    world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        desk.record(SignedIn())
    desk.push()
    monkeypatch.setattr("vaccinator_app.central.desks.history.MAX_PAST", 3)
    page = ask(desk)
    assert page.fits
    assert [one.record for one in page.records] == desk.ledger[:3]
    assert (page.upto, page.head) == (5, desk.head)
    rest = ask(desk, 3, desk.ledger[2].hash)
    assert [one.record for one in rest.records] == desk.ledger[3:]
    assert ask(desk, 5, desk.head).records == []
    for after, head in ((3, bytes(32)), (5, bytes(32)), (6, desk.head)):
        page = ask(desk, after, head)
        assert (page.fits, page.records) == (False, [])


def test_nobody_is_told_another_devices_past(world: World, desk: Desk) -> None:
    desk.record(SignedIn())
    desk.push()
    with pytest.raises(Refused) as problem:
        ask(desk, by=Desk(world))
    assert problem.value.code == "bad_signature"
    lost_device.revoke_device(world.home, desk.device, world.clock())
    with pytest.raises(Refused) as problem:
        ask(desk)
    assert problem.value.code == "device_revoked"
