"""``python -m tests.crash [--kills N] [--seed S]``: kill desks and centrals, and lay the books side by side.

The last line is a JSON object of what was done; ends with 1 when something was lost or a named step was not reached.
A fault names its world, ``seed.number``; the same seed plays the same people and kills again, as far as the machine's
own timing lets it.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from tests.crash.campaign import run

SEED = "VACCINATOR_CRASH_SEED"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", default=os.environ.get(SEED) or str(time.time_ns()))
    parser.add_argument("--go-on", action="store_true", help="in another world, when something was lost in one")
    chosen = parser.parse_args()
    print(f"{SEED}={chosen.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="crash-") as folder:
        done = run(Path(folder), chosen.kills, chosen.seed, lambda line: print(line, flush=True), goes_on=chosen.go_on)
    for step in done.unreached:
        print(f"NOT REACHED: {step}")
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    said = {"kills": done.kills, "desk": done.desk_kills, "central": done.central_kills, "steps": len(done.steps),
            "lives": done.lives, "worlds": done.worlds, "records": done.records, "faults": len(done.lost),
            "cpu_seconds": round(sum(one.ru_utime + one.ru_stime for one in spent))}  # fmt: skip
    print(json.dumps(said))
    return 1 if done.lost or done.unreached else 0


if __name__ == "__main__":
    sys.exit(main())
