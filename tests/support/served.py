"""A real central in processes of its own, over TLS, as ``vaccinator central serve`` runs it; its time stands still.

``ServedCentral(home)`` starts ``python -m tests.support.served``: the same ``serve`` as the command's, with the process
that watches and its worker. ``kill`` ends both as a power cut would, ``start`` begins again, on a port of one's choice.
``dies_at(step)`` has the worker that next comes to this step kill itself there (SIGKILL); the process that watches
starts another on the same port by itself, which is what a district office sees of a crash. Steps of a push, in order:

- ``asked``: the request is here, nothing was done;
- ``head_moved``: the ledger's head has moved, and the records are not written;
- ``written``: everything is written, and not committed;
- ``committed``: everything is durable, and the answer is not made.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import IO, Any, ParamSpec, TypeVar

from tests.central.support import MORNING, texts
from vaccinator_app.central.intake.intake import Intake
from vaccinator_app.central.running.serving import serve
from vaccinator_app.central.running.settings import Settings
from vaccinator_app.cli.central_serve import end_with_stdin
from vaccinator_app.cli.resources import font_files, resources_folder

STEPS = ("asked", "head_moved", "written", "committed")
_STARTS = "Central answers at "
_DIES = "dies-at"
"""A file in central's home with the name of the step."""

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Told:
    """A clock that stands still."""

    moment: datetime = MORNING

    def __call__(self) -> datetime:
        return self.moment


class ServedCentral:
    """Runs on ``home``, which was made before (``tests.central.support.make_home``). ``stop`` it when done."""

    def __init__(self, home: Path, log: Path, moment: datetime = MORNING) -> None:
        self.home = home
        self._log_file = log
        self._moment = moment
        self._process: subprocess.Popen[str] | None = None
        self._log: IO[bytes] | None = None
        self.port = 0
        self.start()

    def start(self, port: int = 0) -> None:
        """Serve, on ``port`` or a free one; returns once it answers."""
        self._log = self._log_file.open("ab")
        command = [sys.executable, "-m", "tests.support.served", str(self.home), str(port), self._moment.isoformat()]
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
        # It serves while our end of its standard input is open: tests that are killed leave no central behind.
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            start_new_session=True,
            env=environment,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        assert line.startswith(_STARTS), f"central did not start: {self._log_file.read_text('utf-8')[-2000:]}"
        self.port = int(line.rpartition(":")[2])

    def dies_at(self, step: str) -> None:
        """Whichever worker next comes to this step is killed there."""
        assert step in STEPS
        (self.home / _DIES).write_text(step)

    @property
    def died(self) -> bool:
        """Whether that has come to pass."""
        return not (self.home / _DIES).exists()

    def kill(self) -> None:
        """The machine goes: nothing is finished."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._ended()

    def stop(self) -> None:
        """Ask it to finish what it began, and wait; does nothing the second time."""
        if self._process is not None:
            self._process.terminate()
            self._ended()

    def _ended(self) -> None:
        assert self._process is not None
        assert self._log is not None
        self._process.wait(timeout=60)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._log.close()
        self._process = None


def _dying(home: Path, step: str, call: Callable[P, R], *, after: bool) -> Callable[P, R]:
    """``call``, before or after which the process is killed when ``step`` is its turn."""

    def die() -> None:
        file = home / _DIES
        if file.exists() and file.read_text() == step:
            file.unlink()
            os.kill(os.getpid(), signal.SIGKILL)

    @wraps(call)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        if not after:
            die()
        found = call(*args, **kwargs)
        if after:
            die()
        return found

    return called


def _set_steps(home: Path) -> None:
    intake: Any = Intake
    intake.push = _dying(home, "asked", _dying(home, "committed", Intake.push, after=True), after=False)
    intake._take = _dying(home, "head_moved", Intake._take, after=False)
    intake._settle = _dying(home, "written", Intake._settle, after=True)


# A worker is begun by importing this module anew, under another name than the tests import it by.
if __name__ in ("__main__", "__mp_main__"):
    _set_steps(Path(sys.argv[1]))

if __name__ == "__main__":
    threading.Thread(target=end_with_stdin, name="end-with-stdin", daemon=True).start()
    _told = Told(datetime.fromisoformat(sys.argv[3]).astimezone(UTC))
    serve(
        Settings(
            home=Path(sys.argv[1]),
            texts=texts(),
            resources=resources_folder(),
            fonts=font_files(),
            port=int(sys.argv[2]),
            clock=_told,
        ),
        lambda address: print(f"{_STARTS}{address}", flush=True),
    )
