"""The demo day as a new user starts it, and that its own checks can fail (DESIGN 11)."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.support.central import TestCentral, open_as_in_charge
from vaccinator_app.cli.demo.afterwards import Certified
from vaccinator_app.cli.demo.bookings import Booked, read_rows
from vaccinator_app.cli.demo.line import Line
from vaccinator_app.cli.demo.proof import details_lying_about, open_to_others, sum_up
from vaccinator_app.cli.exits import Failed
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.domain.events import RecordViewed
from vaccinator_app.sync.engine import Engine

CSV = '''name,year_of_birth,gender,mobile,photo_id_type,photo_id_number,vaccine,dose,slot
Asha Rani,1968,woman,9810000001,aadhaar,900000000001,covishield,1,10:00
Balram Yadav,1955,man,9810000002,voter_id,UPX1230002,covishield,1,10:00
चंद्रकांता,1949,woman,9810000003,aadhaar,900000000003,covaxin,1,10:15
Dinesh Rao,1981,man,9810000004,pan,ABCPR1234K,covishield,1,10:15
"Ekka, ""Joe""",1990,man,9810000005,aadhaar,900000000005,covishield,2,10:30
Firoza 🌸 Bano,1944,woman,9810000006,aadhaar,900000000006,covishield,1,10:30
مريم خان,1977,woman,9810000007,aadhaar,900000000007,covishield,1,10:45
Gita Devi,1966,woman,9810000008,aadhaar,900000000008,covishield,1,10:45
Hari Om,1973,man,9810000009,aadhaar,900000000009,covishield,1,11:00
Asha Rani,1968,woman,9810000001,aadhaar,900000000001,covishield,1,10:00
Born Wholly,12-03-1960,man,9810000010,aadhaar,900000000010,covishield,1,10:00
Too Few,1960
No Such,1960,man,9810000011,aadhaar,900000000011,moonshot,1,10:00
'''


@pytest.mark.slow
@pytest.mark.qt
def test_a_whole_day_without_a_display(tmp_path: Path) -> None:
    bookings = tmp_path / "people.csv"
    bookings.write_text(CSV, encoding="utf-8")
    out = tmp_path / "day"
    environment = {**os.environ, "HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    environment.pop("DISPLAY", None)
    command = [sys.executable, "-m", "vaccinator_app.cli", "demo", "--headless", "--keep"]
    done = subprocess.run(
        [*command, "--bookings", str(bookings), "--out", str(out)],
        env=environment, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    for line in (11, 12, 13, 14):
        assert f"Not booked, line {line}:" in done.stdout
    summary = json.loads((out / "summary.json").read_text())
    assert summary["broken"] == []
    assert summary["lost"] == summary["duplicated"] == summary["held"] == summary["refused"] == 0
    assert summary["confirmed"] == summary["recorded"] > 20
    # nine booked, two stay away; the fourth has no code left, the sixth is unwell; a walk-in comes besides
    counted = {k: summary[k] for k in ("booked", "arrived", "doses_given", "codes_refused", "walk_ins", "deferred")}
    assert counted == {
        "booked": 9, "arrived": 8, "doses_given": 6, "codes_refused": 4, "walk_ins": 1, "deferred": 1
    }  # fmt: skip
    assert (summary["voided"], summary["closed"]) == (1, True)
    # the walk-in's waits for their word; the others verified under the keys that central publishes
    assert summary["certificates"] == 5
    # the person without a code left, and the corrected batch
    assert summary["exceptions_open"] == 2
    assert (out / "day.pdf").read_bytes().startswith(b"%PDF-")
    assert (out / "day.csv").read_text("utf-8-sig").count("\n") == 1 + 6 + 1 + 1
    pictures = [path.stem[3:] for path in sorted((out / "screens").glob("*.png"))]
    # the machine was enrolled at the window, and the vaccinator added there
    assert pictures[:7] == [
        *("first-run-file", "first-run-connection", "first-run-in-charge", "first-run-recovery", "first-run-done"),
        *("colleague-new", "staff"),
    ]
    assert len(pictures) > 17
    command = [sys.executable, "-m", "vaccinator_app.cli"]
    verify = [*command, "ledger", "verify", str(out / "ledger.jsonl")]
    assert subprocess.run(verify, env=environment, capture_output=True, timeout=60, check=False).returncode == 0
    for name in ("slip.pdf", "certificate.pdf"):
        assert (out / name).read_bytes().startswith(b"%PDF-")
    given = [str(out / "certificate.txt"), "--keys", str(out / "keys.json"), "--revoked", str(out / "revoked.json")]
    read = [*command, "certificate", "verify", *given]
    said = subprocess.run(read, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode == 0, said.stderr
    assert "Genuine" in said.stdout
    assert (out / "home" / "vault.db").exists()


NONE = Certified(0)
SOMEBODY = Booked(
    name="Asha Rani",
    dose=1,
    reference="100000000001",
    token=1,
    mobile="9810000001",
    photo_id="900000000001",
    code="1234",
    slip="7" * 67,
)


@pytest.mark.parametrize("text", ["Asha Rani", "9810000001", "900000000001", "7" * 39])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_a_detail_that_lies_about_is_found(tmp_path: Path, text: str, encoding: str) -> None:
    (tmp_path / "clean.log").write_text("nothing of anybody")
    assert details_lying_about([SOMEBODY], [tmp_path], ["three brown goats"]) == []
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "desk.log").write_bytes(b"\x00\x01" + text.encode(encoding) + b"\xff")
    (found,) = details_lying_about([SOMEBODY], [tmp_path])
    assert "desk.log" in found
    assert text not in found


def test_a_passphrase_that_lies_about_and_a_file_that_others_may_read_are_found(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    file = home / "slots.json"
    file.write_text("three brown goats")
    file.chmod(0o640)
    assert len(details_lying_about([], [home], ["three brown goats"])) == 1
    assert open_to_others(home) == ["others may use slots.json"]
    file.chmod(0o600)
    assert open_to_others(home) == []


def test_a_record_that_is_not_at_central_is_lost_and_said_so(tmp_path: Path) -> None:
    central = TestCentral(tmp_path / "central")
    opened = open_as_in_charge(central.enrol(tmp_path / "desk"))
    vault = opened.place.vault
    Engine(desk_of(vault), vault.exchange, central.simulator()).run()
    assert sum_up(opened.place, central.home, [], NONE, 1.0, closed=False).broken == ()
    opened.place.record(RecordViewed(appointment="100000000001"))
    summary = sum_up(opened.place, central.home, [], NONE, 1.0, closed=False)
    assert (summary.recorded, summary.confirmed, summary.lost) == (2, 1, 1)
    assert len(summary.broken) == 2
    assert len(sum_up(opened.place, central.home, [], NONE, 1.0, closed=True).broken) == 3
    vault.close()
    central.close()


def test_bookings_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    with pytest.raises(Failed):
        list(read_rows(path))
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Failed):
        list(read_rows(path))
    path.write_text("name,mobile\nAsha,98\n")
    with pytest.raises(Failed) as problem:
        list(read_rows(path))
    assert "year_of_birth" in problem.value.sentence


def test_rows_are_known_by_the_line_they_begin_on(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    header = CSV.splitlines()[0]
    row = "Gita,1966,woman,98,aadhaar,9,covishield,1,10:00"
    path.write_text(f'{header}\n{row}\n"two\nlines",1966,woman,98,aadhaar,9,covishield,1,10:00\nshort\n\n{row}\n')
    found = list(read_rows(path))
    assert [(line, None if fields is None else fields["name"]) for line, fields in found] == [
        (2, "Gita"), (3, "two\nlines"), (5, None), (7, "Gita")
    ]  # fmt: skip


def test_a_cut_line_carries_nothing_and_a_mended_one_does() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        line = Line(server.getsockname()[1])
        first = socket.create_connection(("127.0.0.1", line.port))
        far, _ = server.accept()
        first.sendall(b"one")
        assert far.recv(3) == b"one"
        line.cut()
        assert first.recv(1) == b""
        assert far.recv(1) == b""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", line.port))
        line.mend()
        with socket.create_connection(("127.0.0.1", line.port)) as second:
            again, _ = server.accept()
            again.sendall(b"two")
            assert second.recv(3) == b"two"
            again.close()
        line.cut()
        first.close()
        far.close()
    for thread in [t for t in threading.enumerate() if t.name == "line"]:
        thread.join(timeout=20)
        assert not thread.is_alive()
