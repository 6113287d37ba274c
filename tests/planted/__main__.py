"""``python -m tests.planted [--only TEXT]``: plant each bug in a copy and see every harness catch it.

Ends with 1 when a test passes although the bug is there, or fails although it is not.
"""

from __future__ import annotations

import argparse
import sys

from tests.planted.bugs import Bug, bugs
from tests.support.breaking import FAILED, PASSED, Copy, copied


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.planted", description=__doc__)
    parser.add_argument("--only", default="")
    chosen = [one for one in bugs() if parser.parse_args().only in one.bug]
    with copied() as copy:
        well = copy.run(*sorted({test for one in chosen for test in one.tests})) == PASSED
        if not well:
            print("A test fails with no bug planted.")
        uncaught = [escaped for one in chosen for escaped in _escapes(copy, one)]
    print(f"{len(chosen)} bugs planted, {sum(len(one.tests) for one in chosen)} tests to catch them: "
          f"{len(uncaught)} did not.")  # fmt: skip
    return 0 if well and not uncaught else 1


def _escapes(copy: Copy, one: Bug) -> list[str]:
    """The tests that pass although the bug is there."""
    escaped = []
    with copy.changed(one.file, one.take_out, one.put):
        for test in one.tests:
            caught = copy.run(test) == FAILED
            print(f"{'caught' if caught else 'NOT CAUGHT'}: {one.bug}: {test}", flush=True)
            escaped += [] if caught else [test]
    return escaped


if __name__ == "__main__":
    sys.exit(main())
