"""What a process leaves behind of what it held: no core file, no readable memory, no words of an exception, no file
that others may read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECRET = "Sunita 4821"

ABORTS = """
import os, resource, sys
hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
from vaccinator_app.cli.hygiene import harden
harden()
os.abort()
"""

READS_MEMORY = """
import ctypes, os, resource, sys, logging, threading
from vaccinator_app.cli.hygiene import harden
ctypes.CDLL(None).prctl  # so that nothing is left to import
ready, go = os.pipe(), os.pipe()
def anybody():
    if os.getuid() == 0:
        os.setgid(65534); os.setuid(65534)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
child = os.fork()
if child == 0:
    anybody()
    if sys.argv[1] == "hardened":
        harden()
    os.write(ready[1], b"x")
    os.read(go[0], 1)
    os._exit(0)
anybody()
os.read(ready[0], 1)
try:
    open(f"/proc/{child}/mem", "rb").close()
    print("readable")
except PermissionError:
    print("refused")
finally:
    os.write(go[1], b"x")
    os.waitpid(child, 0)
"""

FAILS = f"""
import threading
from vaccinator_app.cli.hygiene import harden
harden()
class Person:
    def __del__(self):
        raise ValueError("{SECRET}")
    def __repr__(self):
        return "{SECRET}"
def fail(who):
    raise ValueError(who)
thread = threading.Thread(target=fail, args=("{SECRET}",))
thread.start(); thread.join()
person = Person()
del person
fail("{SECRET}")
"""


def run(program: str, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_process_that_dies_leaves_no_core_file(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", ABORTS], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    _, status = os.waitpid(process.pid, 0)
    process.returncode = -os.WTERMSIG(status)
    assert os.WIFSIGNALED(status)
    assert not os.WCOREDUMP(status)
    assert list(tmp_path.iterdir()) == []


def test_nobody_of_the_same_account_reads_its_memory() -> None:
    found = {how: run(READS_MEMORY, how).stdout.strip() for how in ("hardened", "as it was")}
    assert found == {"hardened": "refused", "as it was": "readable"}


def test_what_nobody_caught_is_told_by_kind_and_place_alone() -> None:
    done = run(FAILS)
    assert done.returncode == 1
    assert SECRET not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    assert [line.split(":")[1].split()[0] for line in done.stderr.splitlines()] == ["ValueError"] * 3


def test_the_program_hardens_itself_before_it_reads_its_arguments(tmp_path: Path) -> None:
    program = """
import ctypes, os, resource, runpy, sys
sys.argv = ["vaccinator", "status", "--home", sys.argv[1]]
try:
    runpy.run_module("vaccinator_app.cli", run_name="__main__")
except SystemExit:
    pass
mask = os.umask(0)
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE)[0], oct(mask))
"""
    assert run(program, str(tmp_path)).stdout.splitlines()[-1] == "0 0 0o77"
