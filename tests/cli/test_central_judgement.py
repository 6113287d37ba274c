"""Rules, held records and alarms at central's command line: one sentence and a code (DESIGN 7.3, 11)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.central.machine import Desk, other_code
from tests.central.support import World, make_home
from vaccinator_app.central.clock import system_clock
from vaccinator_app.central.operations import admin
from vaccinator_app.cli.exits import Exit
from vaccinator_app.cli.main import main
from vaccinator_app.domain.events import Proof, ProofKind
from vaccinator_app.trust.keys import SigningKey


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    make_home(tmp_path / "central")
    made = World(tmp_path / "central", admin.open_home(tmp_path / "central"))
    yield made
    made.home.database.close()


def run(world: World, *words: str) -> int:
    return main(["central", *words, "--home", str(world.folder)])


def test_a_rule_is_set_and_listed(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(world, "rule", "list") == Exit.OK
    assert "No rule was set" in capsys.readouterr().out
    words = ["rule", "add", "covishield", "--from", "2026-12-01", "--interval-days", "112", "--min-age", "45"]
    assert run(world, *words) == Exit.OK
    assert "rule is set" in capsys.readouterr().out
    assert run(world, "rule", "list") == Exit.OK
    assert capsys.readouterr().out == "covishield       from 2026-12-01  days between doses: 112  least age: 45\n"


@pytest.mark.parametrize(
    "wrong",
    [
        ["rule", "add", "covishielt", "--from", "2026-12-01", "--interval-days", "112", "--min-age", "45"],
        ["rule", "add", "covishield", "--from", "2026-12-01", "--interval-days", "28,28", "--min-age", "45"],
        ["held", "list", "--district", "Nowhere"],
        ["held", "accept", "100001", "d", "1", "--by", "officer-7", "--reason", "staff_asked"],
        ["held", "reject", "100001", "d", "1", "--by", "two words", "--reason", "staff_asked"],
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    world: World, capsys: pytest.CaptureFixture[str], wrong: list[str]
) -> None:
    assert run(world, *wrong) == Exit.NOT_DONE
    said = capsys.readouterr().err
    assert said.strip()
    assert "Traceback" not in said


@pytest.mark.parametrize("days", ["soon", "28,", "28;30"])
def test_what_is_no_interval(world: World, days: str) -> None:
    with pytest.raises(SystemExit):
        run(world, "rule", "add", "covishield", "--from", "2026-12-01", "--interval-days", days, "--min-age", "45")


def test_held_records_are_listed_and_decided(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    desk = Desk(world)
    people = [world.book(name=f"Parvathi {n}") for n in range(2)]
    for booked in people:
        desk.record(desk.dose(booked, proof=Proof(how=ProofKind.NONE)))
    desk.push()
    assert run(world, "held", "list", "--district", "Rampur") == Exit.OK
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"100001 {desk.device} 1  dose_given  no_proof  ")
    assert not any("Parvathi" in line or people[0].reference in line for line in lines)
    officer = ["--by", "officer-7", "--reason", "paper_register"]
    assert run(world, "held", "accept", "100001", desk.device, "1", *officer) == Exit.OK
    assert "accepted" in capsys.readouterr().out
    assert run(world, "held", "reject", "100001", desk.device, "2", *officer) == Exit.OK
    assert "refused" in capsys.readouterr().out
    assert run(world, "held", "list", "--district", "Rampur") == Exit.OK
    assert capsys.readouterr().out == "Nothing waits.\n"


def test_of_two_records_of_one_dose_the_other_is_named(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    one, two, booked = Desk(world), Desk(world), world.book()
    for desk in (one, two):
        desk.record(desk.dose(booked))
        desk.push()
    assert run(world, "held", "list", "--district", "Rampur") == Exit.OK
    assert f"beside 100001.{one.device}.1" in capsys.readouterr().out


def test_alarms_are_listed(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(world, "alarms", "list") == Exit.OK
    assert capsys.readouterr().out == "No alarm was raised.\n"
    desk = Desk(world)
    for _ in range(2):
        booked = world.book()
        desk.record(desk.dose(booked, other_code(booked.code, same_bucket=True)))
    desk.push()
    days = str(2 + abs((world.clock() - system_clock()) // timedelta(days=1)))
    assert run(world, "alarms", "list", "--district", "Rampur", "--days", days) == Exit.OK
    found = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[2:4] for line in found] == [["device", desk.device], ["staff", desk.reply.in_charge]]
    assert run(world, "alarms", "list", "--district", "Elsewhere", "--days", days) == Exit.OK
    assert capsys.readouterr().out == "No alarm was raised.\n"


def test_who_may_sign_is_listed_made_in_charge_and_ended(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    desk = Desk(world)
    desk.record(desk.colleague("s-new", SigningKey.generate()))
    desk.push()
    assert run(world, "staff", "promote", "100001", "s-new") == Exit.OK
    assert run(world, "staff", "revoke", "100001", desk.reply.in_charge) == Exit.OK
    capsys.readouterr()
    assert run(world, "staff", "list", "100001") == Exit.OK
    lines = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    assert [(line[0], line[1], line[2]) for line in lines] == [
        (desk.reply.in_charge, "in_charge", "S. Devi"),
        ("s-new", "in_charge", "New Colleague"),
    ]
    assert lines[0][3].startswith("revoked ")
    assert lines[1][3].startswith("until ")
    assert lines[1][3].endswith(" by central")
    for act in ("promote", "revoke"):
        assert run(world, "staff", act, "100001", "s-nobody") == Exit.NOT_DONE
    assert run(world, "staff", "list", "999999") == Exit.NOT_DONE
