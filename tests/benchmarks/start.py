"""From the start of the process to the drawn unlock screen."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.rows import Row, seconds
from tests.support.central import PASSPHRASE
from tests.support.desk import IN_CHARGE, CentralSide, identity
from vaccinator_app.trust.keys import SealingKey, SigningKey
from vaccinator_app.trust.keyslot import FLOOR
from vaccinator_app.vault.slots import Slots
from vaccinator_app.vault.vault import Vault

ROUNDS, QUICK_ROUNDS = 21, 7

_BARE_WINDOW = """
import os
from PySide6.QtWidgets import QApplication, QTableView
app = QApplication([])
window = QTableView()
window.resize(1366, 768)
window.show()
window.grab()
os._exit(0)
"""

_OURS = """
import os
import sys
from pathlib import Path
from vaccinator_app.cli.window import desk_window
app, window = desk_window(Path(sys.argv[1]))
window.show()
window.grab()
os._exit(0)
"""


def start(folder: Path, quick: bool) -> list[Row]:
    """Whole processes, each drawn once, beside a bare Qt window with an empty table."""
    home = folder / "home"
    key = os.urandom(32)
    Vault.create(home, key, identity(CentralSide(), SigningKey.generate())).close()
    slots = Slots.create(home, "d000000000001")
    slots.add(IN_CHARGE, SigningKey.generate(), SealingKey.generate(), PASSPHRASE, key, FLOOR)

    # as installed: modules are read compiled, whatever the environment says of writing them
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")

    def run(script: str) -> tuple[float, float]:
        """Seconds of the clock, and of the process's own work."""
        command = [sys.executable, "-c", script, str(home)]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        took = seconds(lambda: subprocess.run(command, check=True, env=environment))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    run(_OURS)
    run(_BARE_WINDOW)
    found = [(run(_OURS), run(_BARE_WINDOW)) for _ in range(QUICK_ROUNDS if quick else ROUNDS)]
    ours, bare = (statistics.median(one[side][1] for one in found) for side in (0, 1))
    pairs = [(mine[0] * 1e3, other[0] * 1e3) for mine, other in found]
    note = f"whole processes, modules compiled; of processor time alone {ours / bare:.2f}"
    return [Row.paired("start to unlock screen, to a bare Qt window", "ms", pairs, 1.5, note=note)]
