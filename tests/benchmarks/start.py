"""From the start of the process to the drawn unlock screen."""

from __future__ import annotations

import os
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

ROUNDS = 15

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

    def run(script: str) -> float:
        command = [sys.executable, "-c", script, str(home)]
        return seconds(lambda: subprocess.run(command, check=True, env=environment))

    run(_OURS)
    run(_BARE_WINDOW)
    pairs = [(run(_OURS), run(_BARE_WINDOW)) for _ in range(ROUNDS)]
    ours, bare = (statistics.median(times) * 1e3 for times in zip(*pairs, strict=True))
    return [Row(row="start to unlock screen", unit="ms", ours=ours, reference=bare, budget=1.5)]
