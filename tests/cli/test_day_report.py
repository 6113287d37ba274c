"""``vaccinator report``: the three forms, who may ask, and days and files that will not do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.central import PASSPHRASE, TestCentral, open_as_in_charge
from tests.support.desk import TODAY, ToldClock
from vaccinator_app.cli.day_report import report_of_day
from vaccinator_app.cli.exits import Exit
from vaccinator_app.cli.main import main
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.staff import Staff
from vaccinator_app.desk.stock import ReceiveForm, Stock
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.desk.unlock import lock
from vaccinator_app.domain.people import Role
from vaccinator_app.sync.engine import Engine
from vaccinator_app.trust.keyslot import FLOOR

GOATS = "three brown goats"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A desk whose in-charge counted vials in on ``TODAY``, and which a colleague may unlock too."""
    central = TestCentral(tmp_path / "central", ToldClock())
    home = tmp_path / "desk"
    opened = open_as_in_charge(central.enrol(home))
    place = opened.place
    Engine(desk_of(place.vault), place.vault.exchange, central.simulator()).run()
    Stock(place).receive(ReceiveForm(vaccine="covishield", batch="4121Z025", expiry=None, vials="3"))
    Staff(place).add("S. Devi", Role.VACCINATOR, GOATS, FLOOR)
    lock(place)
    central.close()
    (tmp_path / "sharma").write_text(PASSPHRASE)
    (tmp_path / "devi").write_text(GOATS)
    return home


def report(desk: Path, out: str, *more: str, who: str = "R. Sharma", file: str = "sharma") -> int:
    folder = desk.parent
    asked = ["report", "--out", str(folder / out), "--as", who, "--passphrase-file", str(folder / file)]
    return main([*asked, "--home", str(desk), "--day", str(TODAY), *more])


def test_each_form(desk: Path) -> None:
    assert report(desk, "day.pdf") == Exit.OK
    assert report(desk, "hindi.pdf", "--language", "hi") == Exit.OK
    assert report(desk, "day.csv", "--format", "csv") == Exit.OK
    assert report(desk, "day.json", "--format", "fhir") == Exit.OK
    folder = desk.parent
    assert (folder / "day.pdf").read_bytes()[:5] == (folder / "hindi.pdf").read_bytes()[:5] == b"%PDF-"
    assert (folder / "day.csv").read_text("utf-8-sig").startswith("centre,day,device,seq,")
    assert json.loads((folder / "day.json").read_text())["resourceType"] == "Bundle"
    assert (folder / "day.pdf").stat().st_mode & 0o077 == 0


def test_what_is_there_already_stays(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desk.parent / "day.pdf").write_text("mine")
    assert report(desk, "day.pdf") == Exit.BAD_INPUT
    assert (desk.parent / "day.pdf").read_text() == "mine"
    assert report(desk, "no/such/folder.pdf") == Exit.BAD_INPUT
    assert capsys.readouterr().err.count("\n") == 2


def test_only_the_in_charge(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(desk, "day.pdf", who="S. Devi", file="devi") == Exit.NOT_DONE
    assert "Only the in-charge" in capsys.readouterr().err
    assert not (desk.parent / "day.pdf").exists()


def test_days_that_have_no_report(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The staff unlocked the desk on it, and that is all."""
    assert report(desk, "day.pdf", "--day", "2026-11-02") == Exit.NOT_DONE
    assert "Nobody came and no vial moved on Mon 2 Nov" in capsys.readouterr().err
    assert report(desk, "day.pdf", "--day", "yesterday") == Exit.USAGE
    assert "year-month-day" in capsys.readouterr().err


def test_the_words_are_of_the_language_asked_for(tmp_path: Path) -> None:
    central = TestCentral(tmp_path / "central", ToldClock())
    place = open_as_in_charge(central.enrol(tmp_path / "desk")).place
    with pytest.raises(CannotDo):
        report_of_day(place, TODAY, "en")
    Stock(place).receive(ReceiveForm(vaccine="covishield", batch="NEW1", expiry=TODAY, vials="1"))
    assert report_of_day(place, TODAY, "hi").language == "hi"
    place.vault.close()
    central.close()
