"""The commands as people type them, against a real central over TLS (DESIGN 11): one sentence and a code."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from securesystemslib.dsse import Envelope as TheirEnvelope
from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]

from vaccinator_app.central.clock import system_clock
from vaccinator_app.central.running.server import Running, Settings, running
from vaccinator_app.cli.exits import Exit
from vaccinator_app.cli.main import main
from vaccinator_app.cli.resources import resources_folder
from vaccinator_app.protocol.records import EVENT_TYPE
from vaccinator_app.trust.certificates import CERTIFICATE_TYPE, read_unverified
from vaccinator_app.trust.dsse import Envelope
from vaccinator_app.trust.keyslot import FLOOR
from vaccinator_app.vault.slotfile import members

CENTRE = "091042"


@pytest.fixture(autouse=True)
def quick_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least work a slot may ask for: these tests are not about the key derivation."""
    monkeypatch.setattr("vaccinator_app.cli.desk_commands.KdfParameters", lambda: FLOOR)


@pytest.fixture(scope="module")
def made_central(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A central that the commands made; each test serves a copy."""
    folder = tmp_path_factory.mktemp("made") / "central"
    home = str(folder)
    day = (system_clock() + timedelta(hours=5, minutes=30)).date()
    assert main(["central", "init", "--home", home]) == 0
    assert main(["central", "centre", "add", CENTRE, "PHC Rampur", "--district", "Rampur", "--home", home]) == 0
    session = ["central", "session", "add", CENTRE, "--day", str(day), "--vaccine", "covishield", "--home", home]
    assert main(session) == 0
    batch = ["central", "batch", "add", CENTRE, "covishield", "4121Z025", "--expiry", "2099-01-31", "--home", home]
    assert main(batch) == 0
    return folder


@pytest.fixture
def central(made_central: Path, tmp_path: Path) -> Iterator[Running]:
    shutil.copytree(made_central, tmp_path / "central")
    texts = json.loads((resources_folder() / "sms.json").read_text("utf-8"))
    with running(Settings(home=tmp_path / "central", texts=texts, port=0)) as found:
        yield found


@pytest.fixture
def passphrase(tmp_path: Path) -> str:
    path = tmp_path / "passphrase"
    path.write_text("monsoon over Rampur\n")
    return str(path)


@pytest.fixture
def enrolment(central: Running, tmp_path: Path) -> str:
    out = str(tmp_path / "rampur.enrolment")
    asked = ["central", "enrolment", CENTRE, "--address", central.address, "--out", out]
    assert main([*asked, "--home", str(tmp_path / "central")]) == 0
    return out


@pytest.fixture
def desk(enrolment: str, passphrase: str, tmp_path: Path) -> str:
    home = str(tmp_path / "desk")
    asked = ["enrol", enrolment, "--in-charge", "R. Sharma", "--passphrase-file", passphrase, "--home", home]
    assert main(asked) == 0
    return home


def one_sentence(capsys: pytest.CaptureFixture[str]) -> str:
    """What was said on standard error: one line, no traceback."""
    said = capsys.readouterr().err.strip()
    assert "\n" not in said
    assert "Traceback" not in said
    assert said
    return said


def test_sync_status_and_ledger(
    desk: str, passphrase: str, enrolment: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opening = ["--home", desk, "--passphrase-file", passphrase]
    assert main(["sync", *opening]) == 0
    assert "Confirmed by central: 1." in capsys.readouterr().out
    assert main(["status", *opening]) == 0
    assert re.search(r"Records in the ledger: 3\. Head: [0-9a-f]{64}", capsys.readouterr().out)
    ledger = tmp_path / "ledger.jsonl"
    assert main(["ledger", "export", *opening, "--out", str(ledger)]) == 0
    assert main(["ledger", "verify", str(ledger)]) == 0
    assert main(["ledger", "verify", str(ledger), "--enrolment", enrolment]) == 0
    assert "hold together" in capsys.readouterr().out
    assert ledger.stat().st_mode & 0o077 == 0


def test_whom_central_took_back_a_sync_takes_the_slot_of(
    desk: str, passphrase: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opening = ["--home", desk, "--as", "R. Sharma", "--passphrase-file", passphrase]
    assert main(["staff", "add", "S. Devi", *opening, "--new-passphrase-file", passphrase]) == 0
    assert main(["sync", *opening]) == 0
    colleague = next(one for one in members(Path(desk)) if one.name == "S. Devi")
    at_central = ["--home", str(tmp_path / "central")]
    assert main(["central", "staff", "revoke", CENTRE, colleague.staff, *at_central]) == 0
    assert main(["sync", *opening]) == 0
    assert [one.name for one in members(Path(desk))] == ["R. Sharma"]
    capsys.readouterr()
    assert main(["status", *opening]) == 0
    # the removal and the new key are confirmed: what waits is that somebody signed out, and in again
    assert "2 saved here" in capsys.readouterr().out


def test_an_old_copy_of_the_home_is_noticed_and_the_ledger_taken_back(
    desk: str, passphrase: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opening = ["--home", desk, "--passphrase-file", passphrase]
    assert main(["sync", *opening]) == 0
    shutil.copytree(desk, tmp_path / "old")
    assert main(["sync", *opening]) == 0
    shutil.rmtree(desk)
    shutil.copytree(tmp_path / "old", desk)
    capsys.readouterr()
    assert main(["sync", *opening]) == Exit.REFUSED
    assert "Recover from central" in one_sentence(capsys)
    assert main(["sync", "--recover", *opening]) == 0
    assert "Recording goes on." in capsys.readouterr().out
    assert main(["sync", *opening]) == 0


def test_every_exported_record_is_verified_by_software_not_written_here(
    desk: str, passphrase: str, tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger.jsonl"
    assert main(["ledger", "export", "--home", desk, "--passphrase-file", passphrase, "--out", str(ledger)]) == 0
    keys: dict[str, SSlibKey] = {}
    verified = 0
    for line in ledger.read_text().splitlines():
        ours = Envelope.from_json(line)
        if ours.payload_type == CERTIFICATE_TYPE:
            found = read_unverified(ours)
            keys[found.keyid] = SSlibKey(found.keyid, "ed25519", "ed25519", {"public": found.signing_key.hex()})
        elif ours.payload_type == EVENT_TYPE:
            TheirEnvelope.from_dict(json.loads(line)).verify([keys[ours.keyid]], 1)
            verified += 1
    assert verified == 1


def test_an_edited_ledger_does_not_pass(
    desk: str, passphrase: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = tmp_path / "ledger.jsonl"
    main(["ledger", "export", "--home", desk, "--passphrase-file", passphrase, "--out", str(ledger)])
    lines = ledger.read_text().splitlines()
    spoiled = tmp_path / "spoiled.jsonl"
    spoiled.write_text("\n".join(lines[:-1]))
    capsys.readouterr()
    assert main(["ledger", "verify", str(spoiled)]) == Exit.CHECK_FAILED
    one_sentence(capsys)
    spoiled.write_bytes(b"\xff\xfe not text")
    assert main(["ledger", "verify", str(spoiled)]) == Exit.BAD_INPUT
    one_sentence(capsys)


def test_a_colleague_is_added_and_opens_the_desk(
    desk: str, passphrase: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    other.write_text("three brown goats")
    added = ["staff", "add", "S. Devi", "--home", desk, "--passphrase-file", passphrase]
    assert main([*added, "--new-passphrase-file", str(other)]) == 0
    assert main(["sync", "--home", desk, "--passphrase-file", str(other), "--as", "s. devi"]) == 0
    assert "Confirmed by central: 4." in capsys.readouterr().out
    assert main(["sync", "--home", desk, "--passphrase-file", str(other)]) == Exit.USAGE
    assert "S. Devi" in one_sentence(capsys)


def test_a_colleague_is_listed_given_another_passphrase_and_disabled(
    desk: str, passphrase: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("three brown goats")
    second.write_text("lamp river seven mango")
    mine = ["--home", desk, "--as", "R. Sharma", "--passphrase-file", passphrase]
    hers = ["status", "--home", desk, "--as", "S. Devi", "--passphrase-file"]
    assert main(["staff", "add", *mine, "--role", "verifier", "S. Devi", "--new-passphrase-file", str(first)]) == 0
    capsys.readouterr()
    assert main(["staff", "list", *mine]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "S. Devi, verifier · On this machine · Good until" in lines[1]
    assert "Never on this machine" in lines[1]
    assert main(["staff", "list", "--home", desk, "--as", "S. Devi", "--passphrase-file", str(first)]) == Exit.NOT_DONE
    assert "Only an in-charge" in one_sentence(capsys)

    assert main(["staff", "reset", *mine, "s. devi", "--new-passphrase-file", str(second)]) == 0
    assert main(["staff", "renew", *mine, "S. Devi"]) == 0
    assert main([*hers, str(first)]) == Exit.VAULT
    assert main([*hers, str(second)]) == 0
    capsys.readouterr()
    assert main(["staff", "disable", *mine, "Nobody", "--reason", "left"]) == Exit.USAGE
    assert "S. Devi" in one_sentence(capsys)
    assert main(["staff", "disable", *mine, "R. Sharma", "--reason", "left"]) == Exit.NOT_DONE
    capsys.readouterr()

    assert main(["staff", "disable", *mine, "S. Devi", "--reason", "lent"]) == 0
    assert "S. Devi can no longer unlock this desk." in capsys.readouterr().out
    assert main([*hers, str(second)]) == Exit.USAGE
    capsys.readouterr()
    assert main(["staff", "list", *mine]) == 0
    assert "the log-in was lent" in capsys.readouterr().out


def test_an_enrolment_file_used_twice(
    desk: str, enrolment: str, passphrase: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["enrol", enrolment, "--in-charge", "X", "--passphrase-file", passphrase]
    capsys.readouterr()
    assert main([*asked, "--home", str(tmp_path / "second")]) == Exit.REFUSED
    assert "used" in one_sentence(capsys)


def test_a_desk_is_not_enrolled_over(
    desk: str, enrolment: str, passphrase: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (Path(desk) / "vault.db").read_bytes()
    capsys.readouterr()
    asked = ["enrol", enrolment, "--in-charge", "X", "--passphrase-file", passphrase, "--home", desk]
    assert main(asked) == Exit.VAULT
    one_sentence(capsys)
    assert (Path(desk) / "vault.db").read_bytes() == before


def test_a_wrong_passphrase(desk: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("not the passphrase")
    capsys.readouterr()
    assert main(["status", "--home", desk, "--passphrase-file", str(wrong)]) == Exit.VAULT
    one_sentence(capsys)


def test_no_desk_here(tmp_path: Path, passphrase: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["status", "--home", str(tmp_path / "nothing"), "--passphrase-file", passphrase]
    assert main(asked) == Exit.VAULT
    one_sentence(capsys)
    assert not (tmp_path / "nothing").exists()


def test_central_away(enrolment: str, passphrase: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(Path(enrolment).read_text())
    found["address"] = "https://127.0.0.1:9"
    away = tmp_path / "away.enrolment"
    away.write_text(json.dumps(found))
    capsys.readouterr()
    asked = ["enrol", str(away), "--in-charge", "X", "--passphrase-file", passphrase]
    assert main([*asked, "--home", str(tmp_path / "desk")]) == Exit.UNREACHABLE
    one_sentence(capsys)
    assert not (tmp_path / "desk" / "vault.db").exists()


@pytest.mark.parametrize("content", [b"", b"{}", b"not json", b"\xff\xfe", b'{"v": 2}'])
def test_a_file_that_is_no_enrolment_file(
    content: bytes, passphrase: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    asked = ["enrol", str(path), "--in-charge", "X", "--passphrase-file", passphrase]
    assert main([*asked, "--home", str(tmp_path / "desk")]) == Exit.BAD_INPUT
    one_sentence(capsys)


def test_central_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = str(tmp_path / "central")
    assert main(["central", "centre", "add", "1", "X", "--district", "Y", "--home", home]) == Exit.NOT_DONE
    one_sentence(capsys)
    assert main(["central", "init", "--home", home]) == 0
    capsys.readouterr()
    assert main(["central", "centre", "add", "1", "X", "--district", "Y", "--home", home]) == Exit.NOT_DONE
    assert "six digits" in one_sentence(capsys)
    assert main(["central", "status", "--home", home]) == 0
    assert "records" in capsys.readouterr().out


@pytest.mark.qt
def test_the_self_test_passes(qapp: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["self-test"]) == 0, capsys.readouterr().out
