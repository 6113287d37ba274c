"""A lost machine: out of use at once, and everybody whose details were on it is named; nobody else is (DESIGN 5.5)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.central.machine import Desk
from tests.central.support import BHOJPUR, RAMPUR, TODAY, World, count
from vaccinator_app.central import log, schema
from vaccinator_app.central.errors import CentralError, Refused
from vaccinator_app.central.messages.outbox import Kind
from vaccinator_app.central.operations.lost_device import LostDevice, Why, lost_device, machines, revoke_device
from vaccinator_app.cli.exits import Exit
from vaccinator_app.cli.main import main
from vaccinator_app.domain.events import SignedIn

HERE, THERE = "W00000000000000aa", "W00000000000000bb"


def listed(found: LostDevice) -> set[tuple[str, Why]]:
    return {(one.appointment, one.why) for one in found.people}


def lose(world: World, desk: Desk, *, notify: bool = False) -> LostDevice:
    return lost_device(world.home, desk.device, world.clock(), by="duty officer", notify=notify)


def test_whose_details_were_on_it_and_nobody_elses(world: World, desk: Desk) -> None:
    neighbour = Desk(world)
    told, soon = world.book(), world.book(date=(TODAY + timedelta(days=7)).isoformat())
    world.book(centre=BHOJPUR)
    world.book(date=(TODAY + timedelta(days=20)).isoformat())
    desk.record(desk.walk_in(HERE))
    desk.push()
    neighbour.record(neighbour.walk_in(THERE, mobile="9812345679"))
    neighbour.push()
    desk.pull()
    world.clock.move(minutes=5)
    world.book()
    # Told before, changed since: what was told stays told.
    world.bookings.cancel(world.sign_in(mobile_of(world, told.reference)), told.reference)

    found = lose(world, desk)
    assert listed(found) == {
        (told.reference, Why.TOLD),
        (soon.reference, Why.TOLD),
        (HERE, Why.RECORDED),
        (THERE, Why.NEIGHBOUR),
    }
    person = next(one for one in found.people if one.appointment == HERE)
    assert (person.name, person.mobile_last4, person.day) == ("Mohd. Irfan", "5678", TODAY)
    assert found.told_at == world.clock() - timedelta(minutes=5)


def mobile_of(world: World, reference: str) -> str:
    statement = (
        select(schema.people.c.mobile, schema.people.c.beneficiary)
        .join_from(schema.people, schema.roster, schema.roster.c.beneficiary == schema.people.c.beneficiary)
        .where(schema.roster.c.appointment == reference)
    )
    with world.home.database.read() as connection:
        row = connection.execute(statement).one()
    return world.home.keys.cupboard.unlock(row.mobile, "mobile", row.beneficiary).decode()


def test_it_is_out_of_use_at_once_and_keeps_its_time(world: World, desk: Desk) -> None:
    lose(world, desk)
    lost_at = world.clock()
    assert desk.push().revoked_at == desk.pull().revoked_at == lost_at
    with pytest.raises(Refused, match="device_revoked"):
        desk.confirm(1)
    world.clock.move(days=1)
    revoke_device(world.home, desk.device, world.clock())
    (machine,) = machines(world.home, RAMPUR)
    assert machine.revoked_at == lost_at
    assert machines(world.home, BHOJPUR) == []
    with pytest.raises(CentralError, match="no such machine"):
        revoke_device(world.home, "d000000000000", world.clock())


def test_what_is_not_known_is_said(world: World, desk: Desk) -> None:
    world.book()
    Desk(world).pull()
    desk.record(SignedIn())
    desk.record(desk.walk_in(HERE))
    desk.push(desk.ledger[:1])
    never = lose(world, desk)
    assert never.told_at is None
    assert [why for _, why in listed(never)] == [Why.TOLD]
    assert [sentence[:25] for sentence in never.unknown] == [
        "When it was last told of ",
        "1 of its records never ca",
        "What was recorded on it a",
    ]


def test_each_is_told_once_however_often_it_is_reported(world: World, desk: Desk) -> None:
    booked = world.book("9876543210")
    world.book("9876543210", dose=1)
    desk.pull()
    first = lose(world, desk, notify=True)
    assert (first.notified, first.silent) == (2, 0)
    again = lose(world, desk, notify=True)
    assert again.notified == 0
    at_risk = schema.sms_outbox.c.kind == Kind.DETAILS_AT_RISK.value
    assert count(world, schema.sms_outbox, at_risk) == 2
    texts = [text for text in world.inbox("9876543210") if "was lost" in text]
    assert len(texts) == 2
    assert "PHC Rampur" in texts[0]
    assert booked.code not in "".join(texts)


def test_a_walk_in_whose_name_was_not_on_it_is_not_alarmed(world: World, desk: Desk) -> None:
    neighbour = Desk(world)
    neighbour.record(neighbour.walk_in(THERE))
    neighbour.push()
    desk.pull()
    found = lose(world, desk, notify=True)
    assert listed(found) == {(THERE, Why.NEIGHBOUR)}
    assert found.notified == 0


def test_the_list_goes_to_a_file_for_this_account_alone_and_the_log_names_nobody_in_it(
    world: World, desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world.book(name="Lakshmi Iyer")
    desk.pull()
    home, out = ["--home", str(world.folder)], tmp_path / "list"
    try:
        assert main(["central", "lost-device", *home, desk.device]) == Exit.USAGE
        assert "--out FILE" in capsys.readouterr().err
        assert main(["central", "device", "list", *home]) == Exit.OK
        assert f"{RAMPUR} {desk.device}  in use" in capsys.readouterr().out
        asked = ["central", "lost-device", *home, desk.device, "--out", str(out), "--by", "R. Nair", "--notify"]
        assert main(asked) == Exit.OK
    finally:
        for handler in list(log.LOGGER.handlers):
            log.LOGGER.removeHandler(handler)
        log.LOGGER.propagate = True
    said = capsys.readouterr()
    assert out.stat().st_mode & 0o777 == 0o600
    assert "Lakshmi Iyer" in out.read_text("utf-8")
    assert "Lakshmi" not in said.out + said.err
    assert '"by": "R. Nair"' in said.err
    assert '"count": 1' in said.err
    assert main(["central", "device", "revoke", *home, desk.device]) == Exit.OK
    assert main(["central", "device", "revoke", *home, "unknown"]) == Exit.NOT_DONE
