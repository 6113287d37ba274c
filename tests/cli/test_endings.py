"""Ctrl+C, SIGTERM and refusals in the middle: what was begun is put away, and no traceback is shown (DESIGN 11)."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path

import pytest

from vaccinator_app.cli.demo.bookings import read_rows
from vaccinator_app.cli.demo.run import run_demo
from vaccinator_app.cli.exits import Exit, Failed
from vaccinator_app.cli.main import main

BOOKED = "name,year_of_birth,gender,mobile,photo_id_type,photo_id_number,vaccine,dose,slot"

# What the kernel says of a process that has ended and was not yet waited for is not "alive".
_PATIENCE = 60.0


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "QT_QPA_PLATFORM": "offscreen", "TMPDIR": str(home), "PYTHONPATH": os.pathsep.join(sys.path)}


def children(process: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True, text=True, check=False)
    return [int(number) for number in found.stdout.split()]


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.qt
@pytest.mark.parametrize(
    ("asked", "when"), [(signal.SIGTERM, "the people are booked"), (signal.SIGINT, "the window is open")]
)
def test_a_demo_asked_to_end_takes_its_central_along(tmp_path: Path, asked: signal.Signals, when: str) -> None:
    command = [sys.executable, "-u", "-m", "vaccinator_app.cli", "demo", "--headless", "--out", str(tmp_path / "day")]
    demo = subprocess.Popen(
        command, env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert demo.stdout is not None
        demo.stdout.readline()
        pictures = tmp_path / "day" / "screens"
        until = time.monotonic() + _PATIENCE
        while when == "the window is open" and not list(pictures.glob("*.png")):
            assert time.monotonic() < until
            time.sleep(0.05)
        (central,) = (pid for pid in children(demo.pid))
        demo.send_signal(asked)
        _, said = demo.communicate(timeout=_PATIENCE)
    finally:
        demo.kill()
    assert (demo.returncode, said) == (Exit.FAULT, "Stopped.\n")
    assert not alive(central)
    assert [path.name for path in tmp_path.iterdir()] == ["day"], "nothing of the day lies about"


CENTRAL_OF_A_DEMO = """
import sys
from pathlib import Path
from vaccinator_app.cli.demo.server import Central

central = Central(Path(sys.argv[1]), Path(sys.argv[2]))
print("serving", flush=True)
sys.stdin.read()
central.stop()
"""


@pytest.mark.parametrize("killed", [True, False])
def test_a_demo_that_is_killed_takes_its_central_along(tmp_path: Path, *, killed: bool) -> None:
    home = tmp_path / "central"
    assert main(["central", "init", "--home", str(home)]) == 0
    demo = subprocess.Popen(
        [sys.executable, "-c", CENTRAL_OF_A_DEMO, str(home), str(tmp_path / "log")],
        env=environment(tmp_path), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert demo.stdout is not None
        assert demo.stdout.readline() == "serving\n"
        (central,) = children(demo.pid)
        if killed:
            demo.kill()
        demo.communicate(timeout=_PATIENCE)
    finally:
        demo.kill()
    until = time.monotonic() + _PATIENCE
    while alive(central):
        assert time.monotonic() < until, "its central stayed behind"
        time.sleep(0.02)
    assert not (home / "central.db-wal").exists(), "the database was not closed"


ASK_TO_END = """
import os, signal, sys, threading, time
from vaccinator_app.cli.main import main

def ask():
    from PySide6.QtWidgets import QApplication
    while True:
        app = QApplication.instance()
        if app is not None and any(w.isVisible() for w in app.topLevelWidgets()):
            break
        time.sleep(0.01)
    os.kill(os.getpid(), getattr(signal, sys.argv[1]))

threading.Thread(target=ask, daemon=True).start()
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.qt
@pytest.mark.parametrize("asked", ["SIGINT", "SIGTERM"])
def test_a_window_asked_to_end_closes(tmp_path: Path, asked: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK_TO_END, asked, "--home", str(tmp_path / "home")],
        env=environment(tmp_path), capture_output=True, text=True, timeout=_PATIENCE, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (Exit.OK, "")


def test_a_kept_day_is_not_spoiled_by_the_next(tmp_path: Path) -> None:
    kept = tmp_path / "day"
    (kept / "home").mkdir(parents=True)
    (kept / "screens").mkdir()
    for name in ("summary.json", "ledger.jsonl", "screens/01.png"):
        (kept / name).write_text("kept")
    with pytest.raises(Failed, match="another folder"):
        run_demo(Namespace(headless=True, out=kept, bookings=None, keep=True))
    assert all((kept / name).read_text() == "kept" for name in ("summary.json", "ledger.jsonl", "screens/01.png"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (BOOKED.replace(",", ";").encode(), "must name its columns"),
        (b"", "must name its columns"),
        (BOOKED.encode() + "\nJosé,1968".encode("latin-1"), "UTF-8"),
        (BOOKED.encode() + b'\n"' + b"x" * 200_000 + b'",1968', "from line 2 on"),
    ],
)
def test_a_bookings_file_that_is_no_table(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(content)
    with pytest.raises(Failed, match=re.escape(said)) as problem:
        list(read_rows(path))
    assert problem.value.code is Exit.BAD_INPUT


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(b"\xef\xbb\xbf" + BOOKED.encode() + b"\r\n" + b"Asha,1968,woman,98,pan,9,covishield,1,10:00\r\n")
    ((line, row),) = read_rows(path)
    assert (line, row and row["name"]) == (2, "Asha")


def test_a_folder_is_no_bookings_file(tmp_path: Path) -> None:
    with pytest.raises(Failed) as problem:
        run_demo(Namespace(headless=True, out=tmp_path / "day", bookings=tmp_path, keep=False))
    assert problem.value.code is Exit.BAD_INPUT
    assert not (tmp_path / "day").exists(), "nothing was begun"


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes")
@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGKILL])
def test_nothing_of_central_stays_when_it_ends(tmp_path: Path, asked: signal.Signals) -> None:
    home = str(tmp_path / "central")
    assert main(["central", "init", "--home", home]) == 0
    command = [sys.executable, "-u", "-m", "vaccinator_app.cli", "central", "serve", "--home", home]
    serving = subprocess.Popen(
        [*command, "--port", "0", "--helpers", "2"], env=environment(tmp_path), stdout=subprocess.PIPE, text=True,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert serving.stdout is not None
        assert serving.stdout.readline().startswith("Central answers")
        helpers = children(serving.pid)
        assert len(helpers) >= 2
        serving.send_signal(asked)
        ended = serving.wait(timeout=_PATIENCE)
    finally:
        serving.kill()
        serving.wait()
        if serving.stdout is not None:
            serving.stdout.close()
    until = time.monotonic() + _PATIENCE
    while any(map(alive, helpers)):
        assert time.monotonic() < until, "a helper stayed behind, with central's keys"
        time.sleep(0.02)
    if asked is not signal.SIGKILL:
        assert ended == Exit.OK
        assert not (tmp_path / "central" / "central.db-wal").exists(), "the database was not closed"
