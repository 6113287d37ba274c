"""Two programs on one home at once, as real processes: both work, or one of them says in one sentence why not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_commands import central, desk, enrolment, made_central, passphrase, quick_slots
from tests.support.scale import count, many
from tests.vault.given import KEY, born
from vaccinator_app.cli.exits import Exit
from vaccinator_app.cli.main import main
from vaccinator_app.vault.files import DATABASE
from vaccinator_app.vault.vault import Vault

__all__ = ["central", "desk", "enrolment", "made_central", "passphrase", "quick_slots"]

ROOT = Path(__file__).parents[2]

RECORDING = """
import sys
from pathlib import Path
from tests.domain.given import dose_given
from tests.vault.given import KEY, save
from vaccinator_app.vault.errors import VaultBusy
from vaccinator_app.vault.vault import Vault

home, mine, times = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
for part in range(2):
    vault = Vault.open(home, KEY)
    vault.note_file()
    for number in range(part * times, part * times + times):
        try:
            print(save(vault, dose_given(f"{mine:06d}{number:06d}"))[-1], flush=True)
        except VaultBusy:
            pass
    vault.close()
"""


def started(*command: str) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
    return subprocess.Popen(
        [sys.executable, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=ROOT,
    )


def test_several_programs_record_into_one_ledger(home: Path) -> None:
    """Each opens, records, closes and opens again while the others do the same."""
    born(home).close()
    times = many(12, 400)
    programs = [started("-c", RECORDING, str(home), str(number), str(times)) for number in range(3)]
    for program in programs:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
    for program in programs:
        assert program.stdin is not None
        program.stdin.write("go\n")
        program.stdin.flush()
    ended = [program.communicate(timeout=600) for program in programs]
    assert [(program.returncode, err) for program, (_, err) in zip(programs, ended, strict=True)] == [(0, "")] * 3
    saved = sorted(int(line) for out, _ in ended for line in out.split())
    count("records of programs at once", len(saved))
    assert len(saved) > 3 * times, "the others hardly let anybody in"
    vault = Vault.open(home, KEY)
    assert vault.ledger.check(vault.certificates.find).seq == len(saved)
    assert saved == list(range(1, len(saved) + 1)), "each was told its own number"
    assert vault.exchange.prove() is None
    vault.close()


def test_sync_backup_and_status_at_once(desk: str, passphrase: str, tmp_path: Path) -> None:
    opening = ["--home", desk, "--passphrase-file", passphrase]
    at_once = [["sync"], ["sync"], ["backup", "--out", str(tmp_path / "desk.backup")], ["status"]]
    programs = [started("-m", "vaccinator_app.cli", *command, *opening) for command in at_once]
    ended = [program.communicate(timeout=600) for program in programs]
    for command, program, (_, err) in zip(at_once, programs, ended, strict=True):
        assert (program.returncode, err) == (0, ""), command
    assert main(["sync", *opening]) == 0
    assert main(["restore", str(tmp_path / "desk.backup"), "--home", str(tmp_path / "new"), "--yes"]) == 0


def test_of_two_who_put_a_backup_back_into_one_folder_one_does(desk: str, passphrase: str, tmp_path: Path) -> None:
    file, new = str(tmp_path / "desk.backup"), tmp_path / "new"
    assert main(["backup", "--home", desk, "--passphrase-file", passphrase, "--out", file]) == 0
    programs = [started("-m", "vaccinator_app.cli", "restore", file, "--home", str(new), "--yes") for _ in range(2)]
    ended = [program.communicate(timeout=600) for program in programs]
    codes = sorted(program.returncode for program in programs)
    assert codes == [Exit.OK, Exit.VAULT], ended
    (said,) = [err for program, (_, err) in zip(programs, ended, strict=True) if program.returncode]
    assert said.count("\n") == 1
    assert (new / DATABASE).stat().st_size > 0


OPEN = """
import sys
from pathlib import Path
from vaccinator_app.cli.home import load_formulary
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.unlock import lock

door = Unlock(Path(sys.argv[1]), load_formulary())
place = door.open(door.people()[0].staff, "monsoon over Rampur").place
print("open", flush=True)
sys.stdin.readline()
lock(place)
"""


def test_an_open_desk_keeps_nobody_from_a_backup_but_from_uninstalling(
    desk: str, passphrase: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opening = ["--home", desk, "--passphrase-file", passphrase]
    holds = started("-c", OPEN, desk)
    assert holds.stdout is not None
    assert holds.stdout.readline() == "open\n"
    assert main(["backup", *opening, "--out", str(tmp_path / "desk.backup")]) == 0
    assert main(["sync", *opening]) == 0
    capsys.readouterr()
    assert main(["uninstall", *opening, "--export", str(tmp_path / "last.records")]) == Exit.NOT_DONE
    assert "open in another window" in capsys.readouterr().err
    assert (Path(desk) / DATABASE).exists()
    _, err = holds.communicate("go\n")
    assert (holds.returncode, err) == (0, "")
    assert main(["sync", *opening]) == 0
