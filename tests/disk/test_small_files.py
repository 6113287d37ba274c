"""The small files beside the vault, written by several programs at once: always the one or the other, whole."""

from __future__ import annotations

import os
from pathlib import Path

from tests.support.scale import count, many
from vaccinator_app.vault.files import write_private

SIZE = 20_000


def test_whoever_reads_finds_one_whole_and_nobody_fails(tmp_path: Path) -> None:
    path, times = tmp_path / "slots.json", many(60, 5000)
    write_private(path, bytes(SIZE))
    children = []
    for letter in b"abc":
        child = os.fork()
        if child == 0:
            ended = 1
            try:
                for _ in range(times):
                    write_private(path, bytes([letter]) * SIZE)
                ended = 0
            finally:
                os._exit(ended)
        children.append(child)
    for _ in range(times):
        data = path.read_bytes()
        assert len(data) == SIZE
        assert len(set(data)) == 1
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    assert [one.name for one in tmp_path.iterdir()] == ["slots.json"]
    count("small files written at once", 3 * times)


def test_what_lies_in_the_way_is_nobodys_trap(tmp_path: Path) -> None:
    """A link to somewhere else, or an older file that others could read."""
    path, outside = tmp_path / "slots.json", tmp_path / "outside"
    outside.write_bytes(b"somebody's")
    (tmp_path / "slots.json.new").symlink_to(outside)
    write_private(path, b"one")
    (tmp_path / "slots.json.new").write_bytes(b"longer than what comes now")
    (tmp_path / "slots.json.new").chmod(0o666)
    write_private(path, b"two")
    assert (path.read_bytes(), outside.read_bytes()) == (b"two", b"somebody's")
    assert path.stat().st_mode & 0o777 == 0o600
