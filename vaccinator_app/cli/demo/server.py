"""The demo's central: a process of its own, started with the same command a district office uses."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, time, timedelta
from pathlib import Path
from typing import IO

from vaccinator_app.central.citizens.partners import Partners, Scope
from vaccinator_app.central.clock import system_clock
from vaccinator_app.central.operations import admin
from vaccinator_app.cli.exits import Exit, Failed
from vaccinator_app.domain.stock import Batch
from vaccinator_app.domain.vaccines import Formulary

CENTRE = "091042"
OTHER_CENTRE = "091043"
_STARTS = "Central answers at "
_CALLS = 1_000_000


def prepare(home: Path, formulary: Formulary, today: date, people: int) -> None:
    """Make a central with two centres, a session today for every vaccine, and batches of each."""
    admin.init(home, system_clock, formulary)
    opened = admin.open_home(home)
    try:
        admin.add_centre(opened, CENTRE, "PHC Rampur", "Rampur")
        admin.add_centre(opened, OTHER_CENTRE, "CHC Bhojpur", "Rampur")
        for vaccine in formulary.values():
            for centre in (CENTRE, OTHER_CENTRE):
                admin.add_session(
                    opened, centre, today, vaccine.id, starts=time(0), count=96, minutes=15, capacity=max(50, people)
                )
            for number, days in ((25, 9), (26, 190)):
                batch = Batch(
                    vaccine=vaccine.id,
                    batch=f"41{len(vaccine.id):02d}Z0{number}",
                    expiry=today + timedelta(days=days),
                    doses_per_vial=vaccine.doses_per_vial,
                )
                admin.allot_batch(opened, CENTRE, batch)
    finally:
        opened.database.close()


def enrolment_file(home: Path, address: str, centre: str = CENTRE) -> bytes:
    """A one-time enrolment file that names ``address``, which need not be where central listens."""
    opened = admin.open_home(home)
    try:
        return admin.create_enrolment_file(opened, system_clock, centre, address)
    finally:
        opened.database.close()


def partner_key(home: Path) -> str:
    """A fresh key for the app that the demo's people book with."""
    opened = admin.open_home(home)
    try:
        return Partners(opened.database, opened.keys, system_clock).add("Demo's app", list(Scope), _CALLS)[1]
    finally:
        opened.database.close()


class Central:
    """``central serve`` in its own process; its log goes to ``log``. Stop it when done; killed, it is taken along."""

    def __init__(self, home: Path, log: Path) -> None:
        self.home = home
        self._log: IO[bytes] = log.open("ab")
        serve = ["serve", "--home", str(home), "--port", "0", "--while-stdin"]
        self._process = subprocess.Popen(  # noqa: S603  (our own command)
            [sys.executable, "-m", "vaccinator_app.cli", "central", *serve],
            # It ends with us, and so does central, also when we are killed.
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            # Ctrl+C goes to everything in the terminal; the desk must be put away before its central is.
            start_new_session=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line.startswith(_STARTS):
            self.stop()
            raise Failed(Exit.FAULT, f"Central did not start; {log} says why.")
        self.address = line.removeprefix(_STARTS)
        self.port = int(self.address.rpartition(":")[2])

    @property
    def authority(self) -> Path:
        """The PEM that its TLS hangs from."""
        return self.home / "tls" / "authority.pem"

    @property
    def inbox(self) -> Path:
        """Where its messages go."""
        return self.home / "sms"

    def stop(self) -> None:
        """Ask it to finish what it began and wait; does nothing the second time."""
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait(timeout=60)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._log.close()
