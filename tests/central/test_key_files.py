"""``central.key``: those of earlier versions are read, each step writes a whole new one, nothing is made twice."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.trust import fixed
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.keyring import key_files
from vaccinator_app.central.keyring.keys import RINGS, Keys, load, parse
from vaccinator_app.central.keyring.tls import create_tls

NOW = datetime(2026, 11, 21, 4, 30, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    create_tls(tmp_path, (), NOW)
    key_files.create_keys(tmp_path, NOW)
    return tmp_path


def first_version(*, cards: bool) -> bytes:
    parts = {
        "signing": fixed.CENTRAL.private,
        "codes": fixed.CODES.private,
        "people": fixed.PEOPLE.private,
        "data": bytes(32),
    }
    if cards:
        parts["cards"] = (1).to_bytes(32, "big")
    return json.dumps({"v": 1, **{name: base64.b64encode(part).decode() for name, part in parts.items()}}).encode()


def test_a_file_of_the_first_version_is_read_and_completed(home: Path) -> None:
    path = home / "central.key"
    path.write_bytes(first_version(cards=False))
    with pytest.raises(CentralError):
        load(home)
    key_files.create_keys(home, NOW)
    keys = load(home)
    assert (keys.signing, keys.codes, keys.people) == (fixed.CENTRAL, fixed.CODES, fixed.PEOPLE)
    assert (keys.number, keys.public.number, keys.public.others) == (1, 1, [])
    again = path.read_bytes()
    key_files.create_keys(home, NOW)
    assert path.read_bytes() == again
    made = key_files.rotate(home, "codes", NOW)
    assert load(home).all_codes == (made.key, fixed.CODES)
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_is_written_is_what_is_read(home: Path) -> None:
    for ring in RINGS:
        key_files.rotate(home, ring, NOW)
    keys = load(home)
    assert parse(key_files.written(keys), keys.authority) == keys
    assert keys.number == 4


@pytest.mark.parametrize("change", [{"v": 3}, {"signing": []}, {"codes": [{}]}, {"people": None}, {"data": "!"}])
def test_a_file_that_does_not_hold_together_is_one_sentence(home: Path, change: dict[str, object]) -> None:
    found = json.loads((home / "central.key").read_bytes())
    (home / "central.key").write_bytes(json.dumps(found | change).encode())
    with pytest.raises(CentralError, match=r"backup|newer version"):
        load(home)


def test_a_ring_in_which_nothing_is_in_use_is_none(home: Path) -> None:
    found = json.loads((home / "central.key").read_bytes())
    found["signing"][0]["used_at"] = None
    (home / "central.key").write_bytes(json.dumps(found).encode())
    with pytest.raises(CentralError, match="backup"):
        load(home)


def test_which_key_speaks_to_whom(home: Path) -> None:
    def keys() -> Keys:
        return load(home)

    first = keys().signing
    assert keys().signer_for(0) == keys().signer_for(1) == first
    second = key_files.rotate(home, "signing", NOW).key
    assert keys().signing == first
    assert keys().signer_for(2) == first
    key_files.use(home, "signing", NOW)
    assert keys().signing == second
    assert keys().signer_for(1) == first
    assert keys().signer_for(2) == keys().signer_for(99) == second
    assert keys().signers == (second.public, first.public)
    key_files.retire(home, "signing", key_files.ring_of(keys(), "signing")[-1].name)
    assert keys().signer_for(1) is None
    assert keys().signer_for(2) == second


def test_a_retired_key_is_kept_and_gone(home: Path) -> None:
    old = load(home).codes
    key_files.rotate(home, "codes", NOW)
    with pytest.raises(CentralError, match="no such key"):
        key_files.retire(home, "codes", "0" * 16)
    key_files.retire(home, "codes", key_files.ring_of(load(home), "codes")[-1].name)
    assert old not in load(home).all_codes
    (kept,) = json.loads((home / key_files.RETIRED_FILE).read_bytes())
    assert base64.b64decode(kept["key"]) == old.private
    assert base64.b64encode(old.private) not in (home / "central.key").read_bytes()


def test_words_that_are_no_ring(home: Path) -> None:
    with pytest.raises(CentralError, match="signing, codes, people, cards"):
        key_files.rotate(home, "data", NOW)
    with pytest.raises(CentralError, match="in use already"):
        key_files.use(home, "codes", NOW)
