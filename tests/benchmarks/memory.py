"""Memory of the real window over a roster of 100,000, beside a bare Qt window with an empty table."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from tests.benchmarks.centre import enrol_desk, make_central, serving
from tests.benchmarks.rows import Row
from tests.benchmarks.seated import at, sitting
from vaccinator_app.trust.keyslot import KdfParameters

PEOPLE, QUICK_PEOPLE = 100_000, 20_000
ALLOWED_MIB = 120.0
ROUNDS = 2


def memory(folder: Path, quick: bool) -> list[Row]:
    """Resident memory, of whole processes: after the first pull, and of the desk opened again with what it pulled.

    The passphrase costs what it costs at a centre (64 MiB, given back), so that the most it ever was is real too.
    """
    number = QUICK_PEOPLE if quick else PEOPLE
    make_central(folder / "central", number)
    first, again, bare = [], [], []
    with serving(folder / "central") as server:
        for turn in range(1 if quick else ROUNDS):
            home = folder / f"desk{turn}"
            enrol_desk(server, home, kdf=KdfParameters())
            bare.append(sitting("bare"))
            first.append(sitting("day", home, *at(server)))
            again.append(sitting("day", home, *at(server)))
            assert first[-1]["people"] == again[-1]["people"] == number
    window = median(found["resident"] for found in bare)
    note = f"bare window {window:.0f} MiB; "

    def row(name: str, found: list[dict[str, float]], what: str = "resident") -> Row:
        pairs = [(one[what], base["resident"] + ALLOWED_MIB) for one, base in zip(found, bare, strict=True)]
        over = median(one[what] - base["resident"] for one, base in zip(found, bare, strict=True))
        return Row.paired(name, "MiB", pairs, 1.0, note=f"{note}{over:.0f} MiB above it")

    return [
        row(f"memory with {number:,} people, after the first pull", first),
        row(f"memory with {number:,} people, opened again", again),
        row(f"the most it was, first pull of {number:,}", first, "peak"),
        row(f"the most it was, opened again with {number:,}", again, "peak"),
    ]
