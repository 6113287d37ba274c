"""The processes of a server that stays: lost ones are replaced, files renewed, nobody left behind; counted for all."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.central.support import vaccines
from tests.support.postgres import copy_home
from vaccinator_app.central.clock import system_clock
from vaccinator_app.central.operations import admin

SERVE = """
import json, sys
from pathlib import Path
from vaccinator_app.central.log import to_stream
from vaccinator_app.central.running.serving import serve
from vaccinator_app.central.running.settings import Settings
from vaccinator_app.cli.central_serve import _log_here
from vaccinator_app.cli.resources import resources_folder

to_stream(sys.stderr)
texts = json.loads((resources_folder() / "sms.json").read_text("utf-8"))
settings = Settings(
    home=Path(sys.argv[1]), texts=texts, port=0, workers=2, helpers=1, metrics=("127.0.0.1", 0)
)
serve(settings, lambda address: print(address, flush=True), _log_here)
"""
PATIENCE = 60.0


@dataclass
class Served:
    """A server of two workers, in processes of their own."""

    process: subprocess.Popen[str]
    address: str
    home: Path
    log: Path

    @property
    def workers(self) -> set[int]:
        """Who answers."""
        return {pid for pid, parent, line in processes() if parent == self.process.pid and "spawn_main" in line}

    def below(self) -> set[int]:
        """Everything that it started."""
        found = {self.process.pid}
        listed = processes()
        for _ in range(4):
            found |= {pid for pid, parent, _ in listed if parent in found}
        return found - {self.process.pid}

    def get(self, path: str) -> requests.Response:
        return requests.get(self.address + path, verify=str(self.home / "tls" / "authority.pem"), timeout=20)

    def events(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines() if line.startswith("{")]

    def until(self, true: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < end, self.log.read_text("utf-8")[-2000:]
            time.sleep(0.05)


def processes() -> list[tuple[int, int, str]]:
    """Each process, its parent and its command; what only waits to be collected is no process any more."""
    listed = subprocess.run(["ps", "-wweo", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True)
    rows = [line.split(None, 3) for line in listed.stdout.splitlines()]
    return [(int(row[0]), int(row[1]), row[3]) for row in rows if not row[2].startswith("Z")]


def gone(those: set[int]) -> bool:
    return those.isdisjoint(pid for pid, _, _ in processes())


# Starting, ending and counting are the processes' affair, whichever database they stand on: each is looked at on one.


@pytest.fixture
def served(made_home: Path, tmp_path: Path) -> Iterator[Served]:
    home = tmp_path / "home"
    copy_home(made_home, home)
    log = tmp_path / "log"
    with log.open("w") as lines:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(home)],
            stdout=subprocess.PIPE,
            stderr=lines,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
    assert process.stdout is not None
    try:
        address = process.stdout.readline().strip()
        assert address.startswith("https://"), log.read_text("utf-8")
        yield Served(process, address, home, log)
    finally:
        process.terminate()
        process.wait(PATIENCE)
        process.stdout.close()


def serial(served: Served) -> str:
    host, _, port = served.address.removeprefix("https://").partition(":")
    return ssl.get_server_certificate((host, int(port)), ca_certs=str(served.home / "tls" / "authority.pem"))


@pytest.mark.slow
@pytest.mark.parametrize("made_home", ["postgresql"], indirect=True)
def test_a_lost_worker_is_replaced_and_renewed_files_are_taken_up_without_a_pause(served: Served) -> None:
    before = served.workers
    assert len(before) == 2
    lost = min(before)
    os.kill(lost, signal.SIGKILL)
    served.until(lambda: len(served.workers - {lost}) == 2)
    served.until(lambda: "worker_lost" in [line["event"] for line in served.events()])
    assert served.get("/v1/health").status_code == 200

    old, workers = serial(served), served.workers
    admin.init(served.home, system_clock, vaccines(), names=["central.example"])
    served.until(lambda: serial(served) != old)
    served.until(lambda: served.workers.isdisjoint(workers))
    assert served.get("/v1/health").status_code == 200

    workers = served.workers
    served.process.send_signal(signal.SIGHUP)
    served.until(lambda: len(served.workers) == 2 and served.workers.isdisjoint(workers))
    assert {line.get("worker") for line in served.events()} >= {0, 1}

    # Asked to end: everything that was begun ends, and everybody.
    below = served.below()
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(PATIENCE) == 0
    served.until(lambda: gone(below))


@pytest.mark.slow
@pytest.mark.parametrize("made_home", ["sqlite"], indirect=True)
def test_nobody_stays_behind_a_server_that_was_killed(served: Served) -> None:
    below = served.below()
    assert len(below) >= 4
    served.process.kill()
    served.until(lambda: gone(below))


@pytest.mark.slow
@pytest.mark.parametrize("made_home", ["postgresql"], indirect=True)
def test_what_all_workers_count_is_told_on_a_listener_of_its_own(served: Served) -> None:
    port = next(line["port"] for line in served.events() if line["event"] == "metrics_served")
    for _ in range(30):
        assert served.get("/v1/ready").json()["checks"] == dict.fromkeys(
            ("keys", "disk", "database", "tables", "outbox"), True
        )
    assert served.get("/metrics").status_code == 404
    told = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=20).text
    assert 'central_requests_total{method="GET",route="/v1/ready",status="200"} 30.0' in told
    assert "central_database_up 1.0" in told
    assert "central_held_records 0.0" in told
    by = {line["worker"] for line in served.events() if line["event"] == "request"}
    assert by <= {0, 1}
