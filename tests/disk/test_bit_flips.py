"""A bit that changed on the disk: one clear sentence or no harm, never a wrong record, and no file made anew (6.5)."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.domain.given import WHO, dose_given, walk_in
from tests.support.scale import NIGHTLY, count, many
from tests.vault.given import DAY, KEY, born, changes, person, save
from tests.vault.slots_given import DEVICE, KEYS, RAMESH, SUSHILA, WORDS
from vaccinator_app.domain.events import Arrived
from vaccinator_app.trust.keyslot import FLOOR
from vaccinator_app.vault.errors import SlotsDamaged, VaultDamaged, VaultError, VaultNewer, WrongPassphrase
from vaccinator_app.vault.file_seal import SEAL, FileState
from vaccinator_app.vault.files import DATABASE
from vaccinator_app.vault.slotfile import SLOTS
from vaccinator_app.vault.slots import Slots
from vaccinator_app.vault.vault import Vault

PAGE = 4096
FRAME = 24 + PAGE
ASKS: list[Callable[[Vault], object]] = [
    lambda vault: vault.identity,
    lambda vault: list(vault.ledger.records()),
    lambda vault: vault.certificates.chains(),
    lambda vault: vault.drafts.of("s"),
    lambda vault: vault.roster.appointment(person(1).appointment),
    lambda vault: vault.roster.appointment(person(290).appointment),
    lambda vault: vault.queue.counts(DAY),
    lambda vault: vault.queue.search("sunita", DAY)[:5],
    lambda vault: vault.queue.search("सुनी", DAY),
    lambda vault: vault.roster.visit(WHO),
]


def flipped(data: bytes, at: int, bit: int = 0) -> bytes:
    count("bit flips")
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trees of several levels, long rows beyond their pages, words in several scripts, drafts, and pages set free."""
    home = tmp_path_factory.mktemp("flips") / "home"
    vault = born(home)
    people = [person(number, f"Sunita Kumari {number}") for number in range(1, 300)]
    vault.exchange.apply(changes(*people, person(300, "सुनीता कुमारी")))
    long = random.Random(1).randbytes(12_000)
    save(vault, Arrived(appointment=WHO), replace(walk_in(), sealed=long), dose_given())
    # the last that is read ends in a page of its own, of which SQLCipher makes zeros without a word
    save(vault, replace(walk_in("W2"), sealed=long))
    vault.drafts.save(WHO, "s", b"half done")
    vault.drafts.save(person(2).appointment, "s", bytes(60_000))
    vault.drafts.drop(person(2).appointment)
    assert vault._database.read("PRAGMA freelist_count")[0][0] > 5
    vault.note_file()
    vault.close()
    return home


def read_all(home: Path) -> list[object]:
    """Each thing the vault can be asked, or ``VaultDamaged`` in its place."""
    found: list[object] = []
    try:
        vault = Vault.open(home, KEY)
    except VaultDamaged:
        return [VaultDamaged] * len(ASKS)
    for ask in ASKS:
        try:
            found.append(ask(vault))
        except VaultDamaged:
            found.append(VaultDamaged)
    vault.close()
    return found


def test_no_changed_bit_of_any_page_makes_anything_read_otherwise(made: Path, home: Path) -> None:
    shutil.copytree(made, home)
    right, whole = read_all(made), (made / DATABASE).read_bytes()
    pages = range(0, len(whole), PAGE)
    # in a page's head, among its cells, in what authenticates it
    places = [page + place for page in pages for place in (0, 5, 1000, 4030, 4090)]
    noticed = 0
    for at in places if NIGHTLY else places[:: len(places) // 40]:
        spoiled = flipped(whole, at, at % 8)
        (home / DATABASE).write_bytes(spoiled)
        for now, then in zip(read_all(home), right, strict=True):
            assert now in (then, VaultDamaged), at
            noticed += now is VaultDamaged
        assert (home / DATABASE).read_bytes() == spoiled, "it was written to, or made anew"
    assert noticed > len(ASKS)


def test_a_changed_bit_of_the_log_costs_no_record_before_it_and_is_noticed(made: Path, home: Path) -> None:
    """The power went, and then a bit of what had been saved last changed."""
    shutil.copytree(made, home)
    vault = Vault.open(home, KEY)
    ends = []
    for number in range(6):
        save(vault, dose_given(f"{number:012d}"))
        ends.append((home / f"{DATABASE}-wal").stat().st_size)
    log, file = (home / f"{DATABASE}-wal").read_bytes(), (home / DATABASE).read_bytes()
    right = list(vault.ledger.records())
    vault.close()
    seal = (made / SEAL).read_bytes()
    saved_before = len(right) - len(ends)
    used = min(len(log), max(ends))
    places = [3, 17, 25, *range(32 + 2, used, FRAME), *range(32 + 700, used, FRAME)]
    for at in places if NIGHTLY else places[:3] + places[3 :: len(places) // 20]:
        (home / DATABASE).write_bytes(file)
        (home / SEAL).write_bytes(seal)
        (home / f"{DATABASE}-wal").write_bytes(flipped(log, at))
        vault = Vault.open(home, KEY)
        found = list(vault.ledger.records())
        state = vault.note_file()
        vault.close()
        assert found == right[: len(found)]
        assert len(found) >= saved_before
        if len(right) - len(found) > 1:
            # of the last transaction alone nobody can tell whether it was ever durable
            assert state is not None
            assert state.state is FileState.CHANGED, at


def test_a_changed_bit_of_the_file_of_keys_opens_nothing_wrong(home: Path) -> None:
    slots = Slots.create(home, DEVICE)
    for member in (SUSHILA, RAMESH):
        slots.add(member, *KEYS[member.staff], WORDS[member.staff], KEY, FLOOR)
    whole = (home / SLOTS).read_bytes()
    chance = random.Random(6)
    for at in [chance.randrange(len(whole)) for _ in range(many(60, 3000))]:
        spoiled = flipped(whole, at, chance.randrange(8))
        (home / SLOTS).write_bytes(spoiled)
        (home / "attempts.json").unlink(missing_ok=True)
        try:
            unlocked = Slots.read(home).unlock(SUSHILA.staff, WORDS[SUSHILA.staff])
        except VaultError as error:
            assert isinstance(error, SlotsDamaged | WrongPassphrase | VaultNewer) or "no key" in str(error)  # noqa: PT017
        else:
            assert (unlocked.database_key, unlocked.signing_key) == (KEY, KEYS[SUSHILA.staff][0])
        assert (home / SLOTS).read_bytes() == spoiled


def test_a_changed_bit_of_the_seal_or_of_the_tries_keeps_nobody_out(made: Path, home: Path) -> None:
    shutil.copytree(made, home)
    whole = (made / SEAL).read_bytes()
    for at in range(0, len(whole), many(len(whole) // 12, 1)):
        (home / SEAL).write_bytes(flipped(whole, at))
        vault = Vault.open(home, KEY)
        found = vault.note_file()
        vault._database.close()
        # JSON has more than one way to say the same
        kept = json.loads(whole)
        try:
            same = json.loads((home / SEAL).read_bytes()) == kept
        except ValueError:
            same = False
        assert same or found is not None
        shutil.copy(made / DATABASE, home / DATABASE)
    (home / "attempts.json").write_bytes(b"\xff{")
    vault = Vault.open(home, KEY)
    vault.close()
