"""A log that was left behind: what of it is lost, and what is in the file already (DESIGN 6.5)."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
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


PAGE = 4096
FRAME = 24 + PAGE
AT_THE_EDGE = 41
"""The first frame of which a sector of 512 bytes begins with the head's salts."""


def at(frame: int) -> int:
    return 32 + frame * FRAME


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Three tables of a page each; its log has every frame before the one at the edge."""
    connection = sqlite3.connect(tmp_path / "plain.db", isolation_level=None)
    connection.executescript(
        f"PRAGMA page_size = {PAGE}; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; "
        "CREATE TABLE a (x); CREATE TABLE b (x); CREATE TABLE c (x); "
        "INSERT INTO a VALUES (0); INSERT INTO b VALUES (0); INSERT INTO c VALUES (0); "
    )
    while len(logged(tmp_path)) < at(AT_THE_EDGE):
        connection.execute("UPDATE a SET x = x + 1")
    assert len(logged(tmp_path)) == at(AT_THE_EDGE)
    yield connection
    connection.close()


def logged(folder: Path) -> bytearray:
    return bytearray((folder / "plain.db-wal").read_bytes())


def cut(folder: Path, log: bytearray) -> bool:
    left = folder / "left-wal"
    left.write_bytes(log)
    return was_cut(left, folder / "plain.db")


@pytest.mark.parametrize("end_arrived", [False, True])
def test_a_torn_head_of_two_logs_ends_no_transaction(
    plain: sqlite3.Connection, tmp_path: Path, *, end_arrived: bool
) -> None:
    """A transaction was under way whose first head arrived by its second sector alone: its first is still of the log
    before this one, where a transaction ended there. What was behind it did not all arrive either."""
    plain.executescript("BEGIN; UPDATE a SET x = -1; UPDATE b SET x = -1; UPDATE c SET x = -1; COMMIT")
    log = logged(tmp_path)
    assert len(log) == at(AT_THE_EDGE + 3)
    log[at(AT_THE_EDGE) : at(AT_THE_EDGE) + 8] = log[at(0) : at(0) + 4] + bytes((0, 0, 0, 9))
    if end_arrived:
        log[at(AT_THE_EDGE + 1) + 1000] ^= 1
    else:
        del log[at(AT_THE_EDGE + 2) :]

    assert not cut(tmp_path, log)


@pytest.mark.parametrize("behind", [1, 2])
def test_a_spoiled_frame_at_the_edge_of_a_sector_is_noticed(
    plain: sqlite3.Connection, tmp_path: Path, behind: int
) -> None:
    """It was durable, since others were begun behind it, and they would be dropped with it."""
    for _ in range(1 + behind):
        plain.execute("UPDATE a SET x = x + 1")
    log = logged(tmp_path)
    assert len(log) == at(AT_THE_EDGE + 1 + behind)
    log[at(AT_THE_EDGE) + 1000] ^= 1

    assert cut(tmp_path, log)
