"""``vaccinator backup`` and ``vaccinator restore`` as people type them, against a real central over TLS."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest

from tests.cli.test_commands import central, desk, enrolment, made_central, one_sentence, passphrase, quick_slots
from vaccinator_app.cli.exits import Exit
from vaccinator_app.cli.home import load_formulary
from vaccinator_app.cli.main import main
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.unlock import lock

__all__ = ["central", "desk", "enrolment", "made_central", "passphrase", "quick_slots"]

Said = pytest.CaptureFixture[str]


def test_a_desk_is_copied_while_it_is_open_put_back_elsewhere_and_asks_central_first(
    desk: str, passphrase: str, tmp_path: Path, capsys: Said
) -> None:
    opening = ["--passphrase-file", passphrase]
    file, new = str(tmp_path / "desk.backup"), str(tmp_path / "new")
    door = Unlock(Path(desk), load_formulary())
    opened = door.open(door.people()[0].staff, "monsoon over Rampur")
    assert main(["backup", "--home", desk, *opening, "--out", file]) == 0
    assert "it was read back" in capsys.readouterr().out
    assert main(["backup", "--home", desk, *opening, "--out", file]) == Exit.NOT_DONE
    assert "stays as it is" in one_sentence(capsys)
    lock(opened.place)
    assert main(["sync", "--home", desk, *opening]) == 0
    shutil.rmtree(desk)

    capsys.readouterr()
    assert main(["restore", file, "--home", new]) == Exit.NOT_DONE
    said = capsys.readouterr()
    assert "the rest is gone" in said.out
    assert "must never work with the same" in said.out
    assert "--yes" in said.err
    assert not Path(new).exists()
    assert main(["restore", file, "--home", new, "--yes"]) == 0
    capsys.readouterr()
    assert main(["sync", "--home", new, *opening]) == Exit.REFUSED
    assert "an old copy was put back" in one_sentence(capsys)
    assert main(["sync", "--recover", "--home", new, *opening]) == 0
    assert "Recording goes on." in capsys.readouterr().out
    assert main(["sync", "--home", new, *opening]) == 0


def test_what_is_no_backup_or_meets_a_vault_is_refused_in_one_sentence(
    desk: str, passphrase: str, tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "stick"
    file.mkdir()
    assert main(["backup", "--home", desk, "--passphrase-file", passphrase, "--out", str(file)]) == 0
    (made,) = file.iterdir()
    capsys.readouterr()
    assert main(["restore", str(made), "--home", desk, "--yes"]) == Exit.VAULT
    assert "its records are kept" in one_sentence(capsys)
    for wrong, code in ((passphrase, Exit.NOT_DONE), (str(tmp_path / "nowhere"), Exit.NOT_DONE)):
        assert main(["restore", wrong, "--home", str(tmp_path / "new"), "--yes"]) == code
        one_sentence(capsys)
    monkeypatch.setattr("sys.stdin", answer := io.StringIO("yes\n"))
    monkeypatch.setattr(answer, "isatty", lambda: True)
    assert main(["restore", str(made), "--home", str(tmp_path / "new")]) == 0
    assert "Type yes:" in capsys.readouterr().out
