"""``python -m tests.soak [--days N] [--desks N] [--doses N] [--down 0.7] [--minutes N] [--database ...] [--out FILE]``

Plays the week, checks that nothing is lost, and prints what grew, day by day; with ``--out`` every figure goes there.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from tests.soak.figures import growth, table
from tests.soak.plan import Size, just_past
from tests.soak.test_week import check
from tests.soak.week import Outcome, Week
from tests.support import postgres


def main() -> None:
    standard = Size()
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("days", "desks", "doses", "kills", "seed", "at_once"):
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=getattr(standard, name))
    for name in ("down", "minutes"):
        parser.add_argument(f"--{name}", type=float, default=getattr(standard, name))
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--keep", type=Path, help="play it in this folder, and leave it there")
    given = vars(parser.parse_args())
    out, keep, database = given.pop("out"), given.pop("keep"), given.pop("database")
    with ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        folder.mkdir(exist_ok=True)
        if database == "postgresql":
            given["url"] = postgres.fresh(stack.enter_context(postgres.Server(durable=True)).url)
        size = Size(**given)
        week = Week(folder, size, just_past(size), lambda said: print(said, flush=True))
        stack.callback(week.close)
        outcome = week.run()
    report(outcome, out)
    check(outcome)
    sys.exit(0 if all(one.holds for one in growth(outcome)) else 1)


def report(outcome: Outcome, out: Path | None) -> None:
    """To the screen, and all of it to ``out``."""
    for line in table(outcome):
        print(line)
    counts = ", ".join(f"{number:,} {kind}" for kind, number in outcome.counts.items())
    print(f"\n{counts}; {outcome.certificates:,} certificates; {outcome.seconds / 60:.0f} minutes")
    if out is not None:
        found = asdict(outcome) | {"first_day": outcome.first_day.isoformat()}
        found["growth"] = [asdict(one) | {"ratio": one.ratio, "holds": one.holds} for one in growth(outcome)]
        out.write_text(json.dumps(found, indent=1), "utf-8")


if __name__ == "__main__":
    main()
