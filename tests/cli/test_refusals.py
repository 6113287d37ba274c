"""What people type wrongly at the command line: one sentence that names what to do, and nothing half done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_commands import central, desk, enrolment, made_central, one_sentence, passphrase, quick_slots
from vaccinator_app.central.running.server import Running
from vaccinator_app.cli.exits import Exit
from vaccinator_app.cli.main import main

__all__ = ["central", "desk", "enrolment", "made_central", "passphrase", "quick_slots"]

Said = pytest.CaptureFixture[str]


@pytest.fixture
def home(tmp_path: Path) -> str:
    home = str(tmp_path / "office")
    assert main(["central", "init", "--home", home, "--name", "central.example"]) == 0
    assert main(["central", "centre", "add", "091042", "PHC Rampur", "--district", "Rampur", "--home", home]) == 0
    return home


@pytest.mark.parametrize("arguments", [["--help"], ["session", "add", "--help"], ["-h"]])
def test_central_explains_itself(arguments: list[str], capsys: Said) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["central", *arguments])
    assert ended.value.code == 0
    assert "usage: vaccinator central" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("day", "starts", "said"), [("2026-11-33", "09:00", "2026-11-23"), ("2026-11-23", "half past nine", "09:30")]
)
def test_a_day_and_a_time_are_written_so(day: str, starts: str, said: str, capsys: Said) -> None:
    asked = ["central", "session", "add", "091042", "--vaccine", "covishield", "--day", day, "--from", starts]
    with pytest.raises(SystemExit) as ended:
        main(asked)
    assert ended.value.code == Exit.USAGE
    told = capsys.readouterr().err
    assert said in told.splitlines()[-1]
    assert "fromisoformat" not in told


def test_a_vaccine_that_is_none(home: str, capsys: Said) -> None:
    session = ["central", "session", "add", "091042", "--day", "2026-11-23", "--vaccine", "moonshot", "--home", home]
    batch = ["central", "batch", "add", "091042", "moonshot", "X1", "--expiry", "2027-01-31", "--home", home]
    capsys.readouterr()
    for asked in (session, batch):
        assert main(asked) == Exit.NOT_DONE
        assert "covishield, covaxin, corbevax" in one_sentence(capsys)


def test_a_batch_is_taken_out_of_use(home: str, capsys: Said) -> None:
    batch = ["covishield", "X1", "--home", home]
    assert main(["central", "batch", "add", "091042", *batch, "--expiry", "2027-01-31"]) == 0
    assert main(["central", "centre", "add", "091043", "CHC Bhojpur", "--district", "Rampur", "--home", home]) == 0
    assert main(["central", "batch", "add", "091043", *batch, "--expiry", "2027-01-31"]) == 0
    capsys.readouterr()
    withdraw = ["central", "batch", "withdraw", *batch]
    assert main([*withdraw, "--centre", "091042"]) == 0
    assert capsys.readouterr().out == "The batch is out of use at 1 centre.\n"
    assert main([*withdraw, "--everywhere"]) == 0
    assert main([*withdraw, "--everywhere"]) == Exit.NOT_DONE
    assert "withdrawn already" in one_sentence(capsys)
    for where in ([], ["--centre", "091042", "--everywhere"]):
        with pytest.raises(SystemExit) as ended:
            main([*withdraw, *where])
        assert ended.value.code == Exit.USAGE


def test_a_machine_is_not_sent_to_a_name_that_the_certificate_lacks(home: str, tmp_path: Path, capsys: Said) -> None:
    out = tmp_path / "rampur.enrolment"
    asked = ["central", "enrolment", "091042", "--out", str(out), "--home", home, "--address"]
    capsys.readouterr()
    assert main([*asked, "https://second.example:8443"]) == Exit.NOT_DONE
    assert "init --name second.example" in one_sentence(capsys)
    assert not out.exists()
    assert main(["central", "init", "--home", home, "--name", "second.example"]) == 0
    assert main([*asked, "https://second.example:8443"]) == 0
    out.unlink()
    assert main([*asked, "https://central.example:8443"]) == 0, "the first name was dropped"


@pytest.mark.parametrize("name", ["https://central.example", "केंद्र", "", "a b"])
def test_central_is_reached_by_a_name_alone(name: str, tmp_path: Path, capsys: Said) -> None:
    assert main(["central", "init", "--home", str(tmp_path / "office"), "--name", name]) == Exit.NOT_DONE
    assert "central.example" in one_sentence(capsys)
    assert not (tmp_path / "office").exists()


@pytest.mark.parametrize("name", ["  ", "R" * 300])
def test_an_in_charge_needs_a_name(enrolment: str, passphrase: str, name: str, tmp_path: Path, capsys: Said) -> None:
    asked = ["enrol", enrolment, "--passphrase-file", passphrase, "--home", str(tmp_path / "desk"), "--in-charge"]
    capsys.readouterr()
    assert main([*asked, name]) == Exit.NOT_DONE
    assert "name" in one_sentence(capsys)
    assert main([*asked, "R. Sharma"]) == 0, "the enrolment file was used up"


def test_an_unreachable_central_is_told_in_a_whole_sentence(
    enrolment: str, passphrase: str, tmp_path: Path, capsys: Said
) -> None:
    found = json.loads(Path(enrolment).read_text())
    found["address"] = "https://127.0.0.1:9"
    away = tmp_path / "away.enrolment"
    away.write_text(json.dumps(found))
    capsys.readouterr()
    asked = ["enrol", str(away), "--in-charge", "X", "--passphrase-file", passphrase, "--home", str(tmp_path / "d")]
    assert main(asked) == Exit.UNREACHABLE
    assert one_sentence(capsys) == "Could not reach central. Nothing is lost; look at the network and try again."


def test_two_people_of_one_name(desk: str, passphrase: str, capsys: Said) -> None:
    asked = ["staff", "add", "r. sharma", "--home", desk, "--passphrase-file", passphrase]
    capsys.readouterr()
    assert main([*asked, "--new-passphrase-file", passphrase]) == Exit.NOT_DONE
    assert "second name" in one_sentence(capsys)


def test_nobody_promotes_themselves_in_the_file_of_slots(
    desk: str, passphrase: str, tmp_path: Path, capsys: Said
) -> None:
    other = tmp_path / "other"
    other.write_text("three brown goats")
    added = ["staff", "add", "S. Devi", "--home", desk, "--passphrase-file", passphrase]
    assert main([*added, "--new-passphrase-file", str(other)]) == 0
    slots = Path(desk) / "slots.json"
    slots.write_text(slots.read_text().replace('"vaccinator"', '"in_charge"'))
    capsys.readouterr()
    asked = ["staff", "add", "X. Y.", "--home", desk, "--as", "S. Devi", "--passphrase-file", str(other)]
    assert main([*asked, "--new-passphrase-file", passphrase]) == Exit.NOT_DONE
    assert "Only an in-charge" in one_sentence(capsys)


def test_a_vault_whose_slots_are_gone_is_not_called_new(desk: str, passphrase: str, capsys: Said) -> None:
    (Path(desk) / "slots.json").unlink()
    capsys.readouterr()
    assert main(["status", "--home", desk, "--passphrase-file", passphrase]) == Exit.VAULT
    said = one_sentence(capsys)
    assert "missing" in said
    assert "Enrol" not in said


def test_a_field_left_out_is_no_internal_name(central: Running, tmp_path: Path, capsys: Said) -> None:
    import requests

    from vaccinator_app.sync.tls import OneAuthority

    partner = ["central", "partner", "add", "Aarogya", "--scope", "book", "--calls-a-day", "10"]
    assert main([*partner, "--home", str(tmp_path / "central")]) == 0
    key = capsys.readouterr().out.splitlines()[-1]
    with requests.Session() as http:
        http.mount("https://", OneAuthority(central.authority.decode()))
        http.headers["X-Partner-Key"] = key
        answer = http.post(f"{central.address}/v1/bookings", json={"name": "Asha"}, timeout=20)
    assert answer.json()["sentence"] == "The request is missing or of another kind than expected."
