"""``python -m tests.controls [ROOM...]``: take each control out of a copy and see its test fail.

``--only TEXT`` takes those whose claim or test has the text; ``--table`` writes the table of ``docs/threat-model.md``
instead. Ends with 1 when a test passes although its control is gone, or fails although it is there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable

from tests.controls.entries import Control, controls
from tests.controls.table import PLACE, table
from tests.support.breaking import FAILED, PASSED, Copy, copied


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.controls", description=__doc__)
    parser.add_argument("rooms", nargs="*")
    parser.add_argument("--only", default="")
    parser.add_argument("--table", action="store_true")
    arguments = parser.parse_args()
    if arguments.table:
        PLACE.write(table())
        return 0
    chosen = [one for one in controls(*arguments.rooms) if arguments.only in one.claim or arguments.only in one.test]
    with copied() as copy:
        wrong = _all_there(copy, chosen) + [one.claim for one in chosen if not _missed(copy, one)]
    print(f"{len(chosen)} controls, {len(wrong)} of them not as claimed.")
    for claim in wrong:
        print(f"- {claim}")
    return 1 if wrong else 0


def _all_there(copy: Copy, chosen: Iterable[Control]) -> list[str]:
    """With every control in its place every test passes."""
    tests = sorted({one.test for one in chosen})
    return [] if copy.run(*tests) == PASSED else ["with all controls in place a test fails"]


def _missed(copy: Copy, one: Control) -> bool:
    with copy.changed(one.file, one.take_out, one.put):
        missed = copy.run(one.test) == FAILED
    print(f"{'missed' if missed else 'NOT MISSED'}: {one.claim}", flush=True)
    return missed


if __name__ == "__main__":
    sys.exit(main())
