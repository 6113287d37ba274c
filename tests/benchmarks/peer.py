"""The peer: PouchDB replicating with express-pouchdb, each a Node process of its own (``pouchdb/``).

What it replicates says the same as our records, as JSON a document, in the clear and signed by nobody: the code that a
dose was proved by stands in it where ours has a seal. Its LevelDB does not wait for the disk. Both are as they ship,
but for the server's log and accounts, which are left out; each replication is one call, in batches of 500 as ours.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from tests.benchmarks.centre import Person
from tests.benchmarks.rows import Missing, Rate
from tests.benchmarks.work import of_session
from vaccinator_app.domain.appointment import Appointment
from vaccinator_app.protocol.records import Record

HOME = Path(__file__).parent / "pouchdb"


def install() -> None:
    """What the peer needs, from its lock file, once. ``Missing`` when there is no Node, or no way to its packages."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            raise Missing(f"the peer PouchDB needs Node: {tool} is not there")
    stamp, lock = HOME / "node_modules" / ".installed", HOME / "package-lock.json"
    if stamp.exists() and stamp.read_bytes() == lock.read_bytes():
        return
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(HOME)]
    done = subprocess.run(command, cwd=HOME, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Missing(f"npm could not install the peer PouchDB: {done.stderr.strip()[-400:]}")
    stamp.write_bytes(lock.read_bytes())


@dataclass(slots=True)
class Peer:
    """A server and a client. Databases are new for each replication and never twice the same."""

    _client: subprocess.Popen[str]
    _url: str
    _sessions: tuple[int, ...]
    _numbers: Iterator[int] = field(default_factory=count)

    def filled(self, documents: Path) -> str:
        """A new database at the client with these documents, a JSON object a line."""
        name = f"desk{next(self._numbers)}"
        self._ask("fill", name, str(documents))
        return name

    def filled_there(self, documents: Path) -> str:
        """The same at the server."""
        name = f"central{next(self._numbers)}"
        self._ask("fill", f"{self._url}/{name}", str(documents))
        return name

    def push(self, name: str) -> Rate:
        """Documents a second from a database here to a new one there."""
        return self._replicated("push", name, f"{self._url}/central{next(self._numbers)}")

    def pull(self, name: str) -> Rate:
        """Documents a second from a database there to a new one here."""
        return self._replicated("pull", f"desk{next(self._numbers)}", f"{self._url}/{name}")

    def _replicated(self, *command: str) -> Rate:
        before = sum(map(of_session, self._sessions))
        found = self._ask(*command)
        worked = sum(map(of_session, self._sessions)) - before
        return Rate(float(found["docs"]) / float(found["seconds"]), float(found["docs"]) / worked)

    def _ask(self, *command: str) -> dict[str, Any]:
        assert self._client.stdin is not None
        assert self._client.stdout is not None
        self._client.stdin.write("\t".join(command) + "\n")
        self._client.stdin.flush()
        found: dict[str, Any] = json.loads(self._client.stdout.readline())
        if "error" in found:
            raise RuntimeError(f"PouchDB: {found['error']}")
        return found


@contextmanager
def peer(folder: Path) -> Iterator[Peer]:
    """Both processes, installed before, with their files in ``folder``; they end with the block."""
    started: list[subprocess.Popen[str]] = []
    try:
        for name in ("server", "client"):
            (folder / name).mkdir(parents=True)
            command = ["node", str(HOME / f"{name}.js"), str(folder / name)]
            pipe = subprocess.PIPE
            # a session of its own, so that its work can be told; it ends with its standard input at the latest
            started.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, start_new_session=True))
        port = started[0].stdout.readline().strip()  # type: ignore[union-attr]
        yield Peer(started[1], f"http://127.0.0.1:{port}", tuple(process.pid for process in started))
    finally:
        for process in started:
            process.terminate()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()


def doses(records: Iterable[Record], people: Sequence[Person], file: Path) -> Path:
    """Dose records as documents: what the signed payload says, with the code in place of its seal."""
    codes = {person.appointment: person.code for person in people}
    with file.open("w", encoding="utf-8") as out:
        for record in records:
            told = json.loads(record.payload)
            body = told["body"]
            body["proof"] = {"how": body["proof"]["how"], "code": codes[body["appointment"]]}
            del told["prev"]
            out.write(json.dumps({"_id": f"{told['device']}:{told['seq']:09d}", **told}, ensure_ascii=False) + "\n")
    return file


def appointments(people: Iterable[Appointment], file: Path) -> Path:
    """A roster as documents, a person each."""
    with file.open("w", encoding="utf-8") as out:
        for person in people:
            told = msgspec.to_builtins(person)
            out.write(json.dumps({"_id": person.appointment, **told}, ensure_ascii=False) + "\n")
    return file
