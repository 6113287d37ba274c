"""Somebody sits at the real window, in a process of its own: ``python -m tests.benchmarks.sitting WHAT ...``.

Imports nothing but what the desk itself does, since its memory is measured. Prints one line of JSON.

``bare``                         a Qt window with an empty table; its memory
``day HOME ADDRESS AUTHORITY``   unlock, sync until central has nothing new, look people up; the memory of it
``sync HOME ADDRESS AUTHORITY``  unlock, wait, sync; the gaps of the window's loop before and meanwhile
``open HOME``                    unlock, look people up; the memory of it, with no central
``idle``                         the gaps of a bare window's loop until standard input ends
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from vaccinator_app.gui.session import Session
    from vaccinator_app.gui.window import Window
    from vaccinator_app.vault.vault import Vault

PASSPHRASE = "monsoon over Rampur"
_TYPED = ("sunita", "ram kumar", "mohammed das")


def memory() -> dict[str, float]:
    """MiB of this process: resident, the most it ever was, and what of it is its own alone."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    rollup = Path("/proc/self/smaps_rollup").read_text().splitlines()
    own = sum(int(line.split()[1]) for line in rollup if line.startswith("Private_"))
    return {
        "resident": int(status["VmRSS"].split()[0]) / 1024,
        "peak": int(status["VmHWM"].split()[0]) / 1024,
        "own": own / 1024,
    }


def _bare_window() -> QWidget:
    from PySide6.QtWidgets import QApplication, QTableView

    QApplication([])
    window = QTableView()
    window.resize(1366, 768)
    window.show()
    window.grab()
    return window


def bare() -> dict[str, Any]:
    """The least that a window with a table takes."""
    window = _bare_window()
    found = memory()
    window.hide()
    return found


def idle() -> dict[str, Any]:
    """The gaps of a window that nothing happens in, while others work the machine."""
    from tests.benchmarks.beats import Beats, until

    window = _bare_window()
    over = threading.Event()

    def listen() -> None:
        sys.stdin.read()
        over.set()

    threading.Thread(target=listen, daemon=True).start()
    beats = Beats(window)
    print("ready", flush=True)
    until(over.is_set)
    return {"gaps": beats.stop()}


class _Gate:
    """A desk's client, and a door before it: what is asked waits until somebody opens.

    The client is made, and what it stands on imported, when the desk is unlocked, as in the program.
    """

    def __init__(self, make: Callable[[], Any] | None = None) -> None:
        self._make = make
        self._central: Any = None
        self.open = threading.Event()

    def connect(self, _: Vault) -> Any:
        """The way to central of whoever unlocked."""
        if self._make is not None:
            self._central = self._make()
        return self

    def __getattr__(self, name: str) -> Any:
        def asked(packed: bytes) -> bytes:
            self.open.wait()
            answer: bytes = getattr(self._central, name)(packed)
            return answer

        return asked

    def close(self) -> None:
        """Nobody comes through any more."""
        if self._central is not None:
            self._central.close()


def _client(address: str, authority: Path) -> Any:
    from vaccinator_app.sync.http import HttpCentral

    return HttpCentral(address, authority.read_text("utf-8"))


def _sit(home: Path, gate: _Gate) -> tuple[Window, Session]:
    """The window as ``vaccinator`` shows it, unlocked, with nothing heard of central yet."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication, QLineEdit

    from tests.benchmarks.beats import until
    from vaccinator_app.cli.home import load_formulary
    from vaccinator_app.cli.resources import font_files, resources_folder
    from vaccinator_app.desk.front_door import Unlock
    from vaccinator_app.gui.app import make_application, make_window
    from vaccinator_app.gui.settings import SettingsFile

    make_application("bench")
    settings = SettingsFile(home / "settings.json")
    window = make_window(resources_folder(), font_files(), Unlock(home, load_formulary()), gate.connect, settings)
    window.show()
    window.activateWindow()
    until(lambda: isinstance(QApplication.focusWidget(), QLineEdit))
    field = QApplication.focusWidget()
    assert isinstance(field, QLineEdit)
    field.setText(PASSPHRASE)
    QTest.keyClick(field, Qt.Key.Key_Return)
    until(lambda: window._session is not None and not window.busy)
    assert window._session is not None
    return window, window._session


def _still(session: Session) -> bool:
    """Whether a run went through and left nothing. The vault is asked only when one did: questions cost time too."""
    from vaccinator_app.sync.driver import Phase

    status = session._syncing._driver.status
    through = status.phase is Phase.WAITING and status.next_in is not None and status.failure is None
    return through and session.place.vault.exchange.pending().count == 0


def day(home: Path, address: str, authority: Path) -> dict[str, Any]:
    """What a desk takes that pulled its roster, or opened again with it, and looked people up."""
    from tests.benchmarks.beats import until

    gate = _Gate(lambda: _client(address, authority))
    gate.open.set()
    window, session = _sit(home, gate)
    until(lambda: _still(session))
    vault = session.place.vault
    until(lambda: vault._database.read("SELECT count(*) FROM unworded") == [(0,)])
    until(lambda: not vault.indexing._under_way)
    return _looked_up(window, session)


def opened(home: Path) -> dict[str, Any]:
    """What a desk takes that opened with what it has."""
    return _looked_up(*_sit(home, _Gate()))


def _looked_up(window: Window, session: Session) -> dict[str, Any]:
    """Memory once a few people were looked up as they are typed. The window is put away."""
    from PySide6.QtWidgets import QLineEdit

    from tests.benchmarks.beats import rest

    search = window.findChild(QLineEdit, "search")
    assert isinstance(search, QLineEdit)
    for text in _TYPED:
        for end in range(len(text)):
            search.setText(text[: end + 1])
            rest(0.02)
    rest(0.5)
    found = memory()
    people = session.place.vault._database.read("SELECT count(*) FROM roster")[0][0]
    _put_away(window)
    return {**found, "people": people}


def sync(home: Path, address: str, authority: Path) -> dict[str, Any]:
    """The gaps of the window's loop while it waits for central, and while it syncs all it has."""
    from tests.benchmarks.beats import Beats, rest, until

    gate = _Gate(lambda: _client(address, authority))
    window, session = _sit(home, gate)
    rest(2.0)
    waiting = session.place.vault.exchange.pending().count
    before = Beats(window)
    rest(3.0)
    idle = before.stop()
    meanwhile = Beats(window)
    gate.open.set()
    end = threading.Event()
    threading.Thread(target=_watch, args=(session, end), daemon=True).start()
    until(end.is_set)
    gaps = meanwhile.stop()
    _put_away(window)
    return {"idle": idle, "gaps": gaps, "records": waiting}


def _watch(session: Session, end: threading.Event) -> None:
    pause = threading.Event()
    while not _still(session):
        pause.wait(0.25)
    end.set()


def _put_away(window: Window) -> None:
    from tests.benchmarks.beats import until

    closed: list[bool] = []
    window.closed.connect(lambda: closed.append(True))
    window.close()
    until(lambda: bool(closed))


def main() -> None:
    """One of the above."""
    what, *given = sys.argv[1:]
    if what in ("bare", "idle"):
        found = bare() if what == "bare" else idle()
    elif what == "open":
        found = opened(Path(given[0]))
    else:
        home, address, authority = given
        found = {"day": day, "sync": sync}[what](Path(home), address, Path(authority))
    print(json.dumps(found), flush=True)
    # Qt's own way out takes long and tells nothing
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
