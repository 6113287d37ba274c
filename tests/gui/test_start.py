"""The unlock screen stands before what lies behind it is imported (DESIGN 10)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_SCRIPT = """
import sys
from pathlib import Path
from vaccinator_app.cli.window import desk_window
app, window = desk_window(Path(sys.argv[1]))
window.show()
window.grab()
print(*sorted({name.partition(".")[0] for name in sys.modules} | set(sys.modules)))
window.close()
"""
BEHIND = ("cryptography", "sqlcipher3", "msgspec", "zstandard", "requests", "vaccinator_app.gui.screens.desk")


BARE = '{"v": 1, "slots": []}'
"""A file of slots without anybody in it: the machine is a desk, as far as the first screen is concerned."""


def test_nothing_behind_the_door_is_imported_for_the_unlock_screen(tmp_path: Path) -> None:
    (tmp_path / "slots.json").write_text(BARE)
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(tmp_path)],
        env=environment, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    loaded = set(done.stdout.split())
    assert "vaccinator_app.gui.screens.unlock" in loaded
    assert [name for name in BEHIND if name in loaded] == []
