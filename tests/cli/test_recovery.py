"""Recovery, delivery and uninstalling as people type them, against a real central over TLS (DESIGN 5.4)."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_commands import central, desk, enrolment, made_central, one_sentence, passphrase, quick_slots
from vaccinator_app.central import log
from vaccinator_app.central.running.server import Running
from vaccinator_app.cli.exits import Exit
from vaccinator_app.cli.main import main
from vaccinator_app.trust.keyslot import FLOOR

__all__ = ["central", "desk", "enrolment", "made_central", "passphrase", "quick_slots"]

Said = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def quick_recovery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vaccinator_app.cli.recovery.KdfParameters", lambda: FLOOR)


@pytest.fixture(autouse=True)
def quiet_log() -> Iterator[None]:
    """Commands of central write its log to the terminal of their test."""
    yield
    for handler in list(log.LOGGER.handlers):
        log.LOGGER.removeHandler(handler)
    log.LOGGER.propagate = True


def cut(*_: object, **__: object) -> None:
    """No network."""
    raise OSError("no route to host")


@pytest.fixture
def new(tmp_path: Path) -> str:
    path = tmp_path / "new-passphrase"
    path.write_text("mangoes after the rain\n")
    return str(path)


def another_desk(central: Running, tmp_path: Path, passphrase: str) -> str:
    """A second machine of the centre."""
    out, home = str(tmp_path / "second.enrolment"), str(tmp_path / "second")
    asked = ["central", "enrolment", "091042", "--address", central.address, "--out", out]
    assert main([*asked, "--home", str(tmp_path / "central")]) == 0
    assert main(["enrol", out, "--in-charge", "A. Verma", "--passphrase-file", passphrase, "--home", home]) == 0
    return home


def test_a_forgotten_passphrase(desk: str, new: str, passphrase: str, tmp_path: Path, capsys: Said) -> None:
    request, answer = str(tmp_path / "request"), str(tmp_path / "answer")
    begin = ["recover", "request", "--home", desk, "--in-charge", "S. Devi", "--passphrase-file", new]
    assert main([*begin[:4], "--out", request]) == Exit.USAGE
    one_sentence(capsys)
    assert main([*begin, "--out", request]) == 0
    said = capsys.readouterr().out
    machine, digits = re.search(r"Machine: (\w+)", said), re.search(r"Fingerprint: ([0-9 ]{24})", said)
    assert machine is not None
    assert digits is not None
    # the same request may be written again, to another file
    assert main(["recover", "request", "--home", desk, "--out", request]) == Exit.NOT_DONE
    one_sentence(capsys)
    assert main(["recover", "request", "--home", desk, "--out", request + "2"]) == 0
    assert Path(request + "2").read_bytes() == Path(request).read_bytes()
    office = ["central", "recover", machine[1], "--request", request, "--by", "R. Nair"]
    office += ["--out", answer, "--home", str(tmp_path / "central")]
    assert main([*office, "--fingerprint", "0000 0000 0000 0000 0000"]) == Exit.NOT_DONE
    assert not Path(answer).exists()
    assert main([*office, "--fingerprint", digits[1].replace(" ", "-")]) == 0
    assert Path(answer).stat().st_mode & 0o777 == 0o600
    assert main([*office, "--fingerprint", digits[1]]) == Exit.BAD_INPUT
    capsys.readouterr()
    taken = ["recover", "answer", "--home", desk, "--passphrase-file"]
    assert main([*taken, passphrase, answer]) == Exit.VAULT
    assert main([*taken, new, request]) == Exit.NOT_DONE
    assert main([*taken, new, str(tmp_path / "nothing")]) == Exit.NOT_DONE
    assert len(capsys.readouterr().err.splitlines()) == 3
    assert main([*taken, new, answer]) == 0
    assert "S. Devi is in charge of this desk." in capsys.readouterr().out
    assert main(["sync", "--home", desk, "--as", "S. Devi", "--passphrase-file", new]) == 0


def test_another_machine_delivers_and_the_first_is_put_away(
    central: Running, desk: str, passphrase: str, tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = another_desk(central, tmp_path, passphrase)
    mine, theirs = (
        ["--home", desk, "--passphrase-file", passphrase],
        ["--home", second, "--passphrase-file", passphrase],
    )
    stick = tmp_path / "stick"
    stick.mkdir()
    file = str(stick / "desk.records")
    assert main(["ledger", "export", *mine, "--out", file, "--from", "1"]) == Exit.USAGE
    capsys.readouterr()
    assert main(["ledger", "export", "--sealed", *mine, "--out", file]) == 0
    assert main(["ledger", "deliver", *theirs, file]) == 0
    assert re.search(r"up to number 1\..*desk\.receipts", capsys.readouterr().out)
    assert main(["ledger", "receipts", *mine, str(stick / "desk.receipts")]) == 0
    assert "up to number 1" in capsys.readouterr().out
    assert main(["ledger", "receipts", *theirs, str(stick / "desk.receipts")]) == Exit.REFUSED
    assert main(["ledger", "deliver", *theirs, str(stick / "desk.receipts")]) == Exit.NOT_DONE
    late = str(stick / "late.records")
    assert main(["ledger", "export", "--sealed", *mine, "--out", late, "--from", "4"]) == 0
    assert main(["ledger", "deliver", *theirs, late]) == Exit.NOT_DONE
    assert "from number 2 on" in capsys.readouterr().out
    monkeypatch.setattr("urllib3.util.connection.create_connection", cut)
    assert main(["ledger", "deliver", *theirs, late]) == Exit.UNREACHABLE
    # without central, what it has not confirmed goes into a file first
    capsys.readouterr()
    assert main(["uninstall", *mine]) == Exit.NOT_DONE
    assert re.search(r"not confirmed \d+ records", one_sentence(capsys))
    assert main(["uninstall", *mine, "--export", str(Path(desk) / "mine.records")]) == Exit.NOT_DONE
    one_sentence(capsys)
    assert (Path(desk) / "vault.db").exists()
    (Path(desk) / "notes.txt").write_text("somebody's own")
    (Path(desk) / "settings.json").symlink_to(tmp_path / "passphrase")
    (Path(desk) / "vault.db-old").write_text("nor is this")
    assert main(["uninstall", *mine, "--export", str(stick / "last.records")]) == 0
    said = capsys.readouterr().out
    assert "notes.txt, settings.json, vault.db-old" in said
    assert sorted(path.name for path in Path(desk).iterdir()) == ["notes.txt", "settings.json", "vault.db-old"]
    assert Path(passphrase).exists()
    assert main(["uninstall", *mine]) == 0
    assert main(["uninstall", "--home", str(tmp_path / "nowhere")]) == Exit.VAULT


def test_once_central_has_everything_nothing_of_the_desk_is_left(
    desk: str, passphrase: str, tmp_path: Path, capsys: Said
) -> None:
    mine = ["--home", desk, "--passphrase-file", passphrase]
    shutil.copy(passphrase, tmp_path / "wrong")
    (tmp_path / "wrong").write_text("not the passphrase\n")
    assert main(["uninstall", "--home", desk, "--passphrase-file", str(tmp_path / "wrong")]) == Exit.VAULT
    assert (Path(desk) / "vault.db").exists()
    new = tmp_path / "colleague"
    new.write_text("seven lean cows\n")
    assert main(["staff", "add", *mine, "M. Khan", "--new-passphrase-file", str(new)]) == 0
    capsys.readouterr()
    theirs = ["--home", desk, "--as", "M. Khan", "--passphrase-file", str(new)]
    assert main(["uninstall", *theirs]) == Exit.NOT_DONE
    one_sentence(capsys)
    assert main(["uninstall", *mine, "--as", "R. Sharma"]) == 0
    assert "central device revoke d" in capsys.readouterr().out
    assert not [*Path(desk).glob("*")]
    assert not Path(desk).exists()
