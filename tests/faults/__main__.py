"""``python -m tests.faults --table``: write the table of network faults in ``docs/reliability.md`` from the list."""

from __future__ import annotations

import argparse

from tests.faults.table import PLACE, table

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--table", action="store_true", required=True)
    parser.parse_args()
    PLACE.write(table())
