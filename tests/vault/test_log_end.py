"""A log that was left behind: what of it is lost, and what is in the file already (DESIGN 6.5)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.vault.given import born, save, vial
from vaccinator_app.vault.files import DATABASE
from vaccinator_app.vault.log_end import was_cut

LOG = DATABASE + "-wal"
BEGUN_ANEW = 12
"""Where in the log's header it says how often the log was begun anew; the salts follow."""


@pytest.mark.parametrize("written_back", [True, False])
def test_a_log_begun_anew_in_part_costs_only_what_the_file_has_not(
    home: Path, tmp_path: Path, *, written_back: bool
) -> None:
    vault = born(home)
    for number in range(5):
        save(vault, vial(number))
    if written_back:
        vault._database.read("PRAGMA wal_checkpoint(PASSIVE)")
    left = tmp_path / "left"
    left.mkdir()
    for name in (DATABASE, LOG):
        shutil.copy(home / name, left / name)
    vault.close()

    log = bytearray((left / LOG).read_bytes())
    assert not was_cut(left / LOG, left / DATABASE), "nothing is wrong with it yet"
    # the power went as the header was written: the new count is there, and the salts and checksum are the old ones
    log[BEGUN_ANEW : BEGUN_ANEW + 4] = (int.from_bytes(log[BEGUN_ANEW : BEGUN_ANEW + 4]) + 1).to_bytes(4)
    (left / LOG).write_bytes(log)

    assert was_cut(left / LOG, left / DATABASE) is not written_back
