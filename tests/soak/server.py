"""Central over TLS in a process of its own whose clock is told: ``python -m tests.soak.server HOME [URL]``."""

from __future__ import annotations

import json
import sys
import time
from datetime import datetime
from pathlib import Path

from tests.soak.child import Told, memory, say, serve, sizes
from vaccinator_app.central.database import connect, default_url
from vaccinator_app.central.log import to_stream
from vaccinator_app.central.operations.housekeeping import forget
from vaccinator_app.central.running.server import Running, running
from vaccinator_app.central.running.settings import Settings
from vaccinator_app.cli.resources import resources_folder


class Server:
    """What central is told from outside: the time; and asked: what it holds."""

    def __init__(self, home: Path, url: str | None, now: datetime) -> None:
        self._home = home
        self._url = url or default_url(home)
        self.now = now
        self.running: Running | None = None

    def clock(self) -> datetime:
        return self.now

    def act(self, do: str, told: Told) -> Told:
        self.now = max(self.now, datetime.fromisoformat(told["now"]))
        assert self.running is not None
        match do:
            case "tell":
                return {}
            case "night":
                return self._night()
            case "measure":
                return {**memory(), "files": sizes(self._home), "cpu": time.process_time()}
        raise ValueError(do)

    def _night(self) -> Told:
        """Messages go out, and what is over is forgotten: what the hours do by themselves."""
        assert self.running is not None
        self.running.drain.run()
        database = connect(self._url)
        try:
            began = time.process_time()
            forgotten = forget(database, self.now)
            return {"forgotten": forgotten, "cpu": time.process_time() - began}
        finally:
            database.close()


def main() -> None:
    home, now = Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2])
    url = sys.argv[3] if len(sys.argv) > 3 else None
    to_stream(sys.stderr)
    server = Server(home, url, now)
    texts = json.loads((resources_folder() / "sms.json").read_text("utf-8"))
    with running(Settings(home=home, texts=texts, port=0, url=url, clock=server.clock)) as found:
        server.running = found
        say(done={"address": found.address})
        serve(server.act)


if __name__ == "__main__":
    main()
