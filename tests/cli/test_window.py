"""The window as a command: put together for real, shown, closed."""

from __future__ import annotations

import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from tests.support.central import PASSPHRASE
from tests.support.desk import IN_CHARGE, CentralSide, identity
from vaccinator_app.cli import window
from vaccinator_app.cli.exits import Exit, Failed
from vaccinator_app.cli.main import main
from vaccinator_app.cli.window import run_window
from vaccinator_app.trust.keys import SealingKey, SigningKey
from vaccinator_app.trust.keyslot import FLOOR
from vaccinator_app.vault.slots import Slots
from vaccinator_app.vault.vault import Vault

# waits for the window from another thread and closes it on its own
SHOW_AND_CLOSE = """
import sys, threading, time
from vaccinator_app.cli.main import main

def close():
    from PySide6.QtCore import QMetaObject, Qt
    from PySide6.QtWidgets import QApplication
    shown = []
    while not shown:
        time.sleep(0.01)
        app = QApplication.instance()
        shown = [w for w in app.topLevelWidgets() if w.isVisible()] if app is not None else []
    print(shown[0].windowTitle())
    QMetaObject.invokeMethod(shown[0], "close", Qt.ConnectionType.QueuedConnection)

threading.Thread(target=close, daemon=True).start()
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.qt
def test_the_command_shows_the_window_and_ends_when_it_is_closed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = subprocess.run(
        [sys.executable, "-c", SHOW_AND_CLOSE, "--home", str(home)],
        check=False,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.returncode, done.stdout.strip()) == (Exit.OK, "Vaccinator's desk")
    assert "Traceback" not in done.stderr
    assert not home.exists(), "a home is made by enrolment alone"


def test_without_a_display_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)

    with pytest.raises(Failed, match="no display here") as failed:
        run_window(Namespace(home=tmp_path, enrolment=None))

    assert failed.value.code == Exit.NOT_DONE


def test_without_a_library_it_names_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    monkeypatch.setattr(window, "missing_packages", lambda _: ["libxcb-cursor0"])

    with pytest.raises(Failed, match="sudo apt install libxcb-cursor0"):
        run_window(Namespace(home=tmp_path, enrolment=None))


def test_a_desk_takes_no_other_enrolment_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "vault.db").write_bytes(b"somebody's records")

    # as a file manager names it
    assert main([str(tmp_path / "rampur.enrolment"), "--home", str(home)]) == Exit.VAULT

    assert "This machine is a desk already" in capsys.readouterr().err
    assert [path.name for path in home.iterdir()] == ["vault.db"]


STYLE_OF_THE_APPLICATION = """
import sys
from vaccinator_app.gui.app import make_application
print(make_application("vaccinator").style().name(), sys.getswitchinterval() <= 0.001)
"""


@pytest.mark.qt
def test_what_works_beside_the_window_gives_way_and_the_style_is_ours_whatever_the_session_prefers() -> None:
    environment = {**os.environ, "QT_STYLE_OVERRIDE": "Windows"}
    run = subprocess.run(
        [sys.executable, "-c", STYLE_OF_THE_APPLICATION], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["fusion", "True"]


# what a start would wait for and the first screen has no use for
UNLOCK_SCREEN = """
import enum, os, sys
from pathlib import Path
from vaccinator_app.cli.window import desk_window

made = []
create = enum.EnumType._create_

def watched(kind, name, *more, **named):
    made.append(name)
    return create(kind, name, *more, **named)

enum.EnumType._create_ = watched
app, window = desk_window(Path(sys.argv[1]))
window.show()
window.grab()
behind = ["msgspec", "requests", "sqlcipher3", "cryptography", "zstandard", "platformdirs", "importlib.resources"]
print(bool(made), {"Key", "PixelMetric"} & set(made), [name for name in behind if name in sys.modules], flush=True)
os._exit(0)
"""


@pytest.mark.qt
def test_the_unlock_screen_waits_for_nothing_that_lies_behind_it(tmp_path: Path) -> None:
    key = os.urandom(32)
    Vault.create(tmp_path / "home", key, identity(CentralSide(), SigningKey.generate())).close()
    slots = Slots.create(tmp_path / "home", "d000000000001")
    slots.add(IN_CHARGE, SigningKey.generate(), SealingKey.generate(), PASSPHRASE, key, FLOOR)

    run = subprocess.run(
        [sys.executable, "-c", UNLOCK_SCREEN, str(tmp_path / "home")], capture_output=True, text=True, check=True
    )

    assert run.stdout.split() == ["True", "set()", "[]"]
