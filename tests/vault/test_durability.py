"""What was called saved is there after a kill or a power cut, and nothing by halves (DESIGN 3.6, 6.3)."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.domain.given import WHO, dose_given, walk_in
from tests.vault.given import CHAIN, IDENTITY, KEY, born, save, vial, walk_in_person
from vaccinator_app.domain.visits import VisitState
from vaccinator_app.protocol.ledger import Link
from vaccinator_app.vault import connection
from vaccinator_app.vault.file_seal import FileState
from vaccinator_app.vault.files import DATABASE
from vaccinator_app.vault.vault import Vault

GUEST = walk_in_person(90)

# One process that imports once and forks a child for each case; every child is killed where its case says.
FORKS = """
import json, os, signal, sys
from pathlib import Path
from tests.domain.given import WHO, walk_in
from tests.vault.given import CHAIN, IDENTITY, IN_CHARGE, KEY, moment, vial, walk_in_person
from vaccinator_app.vault import vault as room
from vaccinator_app.vault.vault import Vault

class Killing:
    def __init__(self, connection, step, when):
        self.connection, self.step, self.when = connection, step, when
    def __getattr__(self, name):
        called = getattr(self.connection, name)
        def step(sql, *rest):
            hit = sql.startswith(self.step)
            if hit and self.when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            found = called(sql, *rest)
            if hit:
                os.kill(os.getpid(), signal.SIGKILL)
            return found
        return step if name in ("execute", "executemany") else called

def act(home, step, when):
    vault = Vault.open(Path(home), KEY)
    guest = walk_in_person(90)
    vault._database._writer = Killing(vault._database._writer, step, when)
    vault.ledger.append(moment(), IN_CHARGE, [walk_in(guest.appointment), vial(4)], drop_draft=WHO, person=guest)

def create(home, step, when):
    place = {"link": os}.get(step, room)
    called = getattr(place, step)
    def killed(*rest):
        called(*rest)
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(place, step, killed)
    Vault.create(Path(home), KEY, IDENTITY, [CHAIN])

for home, step, when in json.loads(sys.argv[1]):
    child = os.fork()
    if child == 0:
        (create if when == "creating" else act)(home, step, when)
        os._exit(1)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL, (step, when)
"""


def kill_each(cases: list[tuple[Path, str, str]]) -> None:
    told = json.dumps([(str(home), step, when) for home, step, when in cases])
    ended = subprocess.run([sys.executable, "-c", FORKS, told], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


STEPS = [
    "BEGIN IMMEDIATE",
    "INSERT INTO roster VALUES",
    "INSERT INTO roster_words",
    "INSERT OR REPLACE INTO days",
    "SELECT seq, hash FROM ledger",
    "INSERT INTO ledger",
    "INSERT OR REPLACE INTO visits",
    "INSERT OR REPLACE INTO vials",
    "DELETE FROM drafts",
    "COMMIT",
]


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("before") / "home"
    vault = born(home)
    save(vault, vial(3), dose_given())
    vault.drafts.save(WHO, "s0000000000a1", b"half done")
    vault.close()
    return home


def whole(vault: Vault) -> bool:
    """Whether the act is there: all of it, or False when nothing of it is. Anything between fails."""
    seq = vault.ledger.check(vault.certificates.find).seq
    assert seq in (2, 4)
    signs = {
        "ledger": seq == 4,
        "roster": vault.roster.appointment(GUEST.appointment) == GUEST,
        "words": len(vault.queue.search("abdul", GUEST.session_date)) == 1,
        "visit": vault.roster.visit(GUEST.appointment).state is VisitState.ARRIVED,
        "vial": (found := vault.roster.vial("4121Z025")) is not None and found.vial == 4,
        "token": vault.roster.next_token(GUEST.session_date) == 91,
        "draft": vault.drafts.of("s0000000000a1") == [],
    }
    assert len(set(signs.values())) == 1, signs
    return seq == 4


def check(home: Path) -> bool:
    vault = Vault.open(home, KEY)
    try:
        found = whole(vault)
        views = vault._database.read("SELECT * FROM visits ORDER BY 1, 2")
        vault.views.rebuild()
        assert vault._database.read("SELECT * FROM visits ORDER BY 1, 2") == views
        assert vault._database.read("PRAGMA integrity_check") == [("ok",)]
        assert save(vault, dose_given("000000000009"))[0] == (5 if found else 3)
        return found
    finally:
        vault.close()


CASES = [*((step, "before") for step in STEPS), ("INSERT INTO ledger", "after"), ("COMMIT", "after")]


def test_a_kill_at_any_step_leaves_all_of_an_act_or_nothing(before: Path, tmp_path: Path) -> None:
    homes = [Path(shutil.copytree(before, tmp_path / str(number))) for number in range(len(CASES))]
    kill_each([(home, step, when) for home, (step, when) in zip(homes, CASES, strict=True)])
    for home, (step, when) in zip(homes, CASES, strict=True):
        assert check(home) is ((step, when) == ("COMMIT", "after")), f"{when} {step}"


def test_a_write_ahead_log_cut_anywhere_gives_a_ledger_that_walks(before: Path, home: Path) -> None:
    """A power cut in the middle of a commit: whatever part of the log reached the disk."""
    shutil.copytree(before, home)
    vault = Vault.open(home, KEY)
    save(vault, walk_in("W1"), vial(5))
    lengths = [(home / f"{DATABASE}-wal").stat().st_size]
    for number in range(3):
        save(vault, dose_given(f"{number:012d}"))
        lengths.append((home / f"{DATABASE}-wal").stat().st_size)
    files = {name: (home / name).read_bytes() for name in (DATABASE, f"{DATABASE}-wal")}
    heads = {seq: Link(seq, vault.exchange.hash_at(seq) or b"") for seq in range(2, 8)}
    vault.close()
    log = files[f"{DATABASE}-wal"]
    seen = set()
    for length in sorted({*range(0, len(log) + 1, 4096 * 2 + 11), *lengths, *(n - 1 for n in lengths)}):
        (home / DATABASE).write_bytes(files[DATABASE])
        (home / f"{DATABASE}-wal").write_bytes(log[:length])
        vault = Vault.open(home, KEY)
        reached = vault.ledger.check(vault.certificates.find)
        assert reached == heads[reached.seq]
        done = sum(length >= at for at in lengths)
        assert reached.seq == (2 if done == 0 else 3 + done), f"{length} of {lengths}"
        seen.add(reached.seq)
        vault.close()
    assert seen == {2, 4, 5, 6, 7}


def test_what_is_saved_is_in_the_file_before_the_call_returns(before: Path, home: Path, tmp_path: Path) -> None:
    shutil.copytree(before, home)
    vault = Vault.open(home, KEY)
    save(vault, dose_given("000000000009"))
    snapshot = tmp_path / "snapshot"
    snapshot.mkdir()
    for name in (DATABASE, f"{DATABASE}-wal"):
        shutil.copy(home / name, snapshot / name)
    vault.close()
    vault = Vault.open(snapshot, KEY)
    assert vault.ledger.check(vault.certificates.find).seq == 3
    vault.close()


def test_a_kill_while_it_is_made_leaves_a_whole_vault_or_none(tmp_path: Path) -> None:
    steps = ["make_private_folder", "connect_to_write", "migrate", "put_chain", "link", "sync_folder"]
    kill_each([(tmp_path / step, step, "creating") for step in steps])
    for step in steps:
        home = tmp_path / step
        assert (home / DATABASE).exists() is (step in ("link", "sync_folder"))
        if not (home / DATABASE).exists():
            Vault.refuse_existing(home)
            Vault.create(home, KEY, IDENTITY, [CHAIN]).close()
        vault = Vault.open(home, KEY)
        assert vault.certificates.chains() == [CHAIN]
        vault.close()


def test_a_page_torn_on_its_way_back_into_the_file_is_no_damage(before: Path, home: Path, tmp_path: Path) -> None:
    """The power goes while the log is folded back: the log has the page whole, and the desk goes on."""
    shutil.copytree(before, home)
    vault = Vault.open(home, KEY)
    save(vault, walk_in("W1"), vial(5), dose_given("000000000009"))
    cut = tmp_path / "cut"
    shutil.copytree(home, cut)
    vault.close()
    log = (cut / f"{DATABASE}-wal").read_bytes()
    pages = {int.from_bytes(log[at : at + 4], "big") for at in range(32, len(log), 24 + 4096)}
    whole = bytearray((cut / DATABASE).read_bytes())
    torn = max(page for page in pages if 1 < page <= len(whole) // 4096)
    whole[(torn - 1) * 4096 + 2048 : torn * 4096] = bytes(2048)
    (cut / DATABASE).write_bytes(whole)
    vault = Vault.open(cut, KEY)
    assert vault.note_file() is not None
    assert vault.exchange.prove() is None
    assert vault.standing.stopped() is None
    assert vault.ledger.check(vault.certificates.find).seq == 5
    vault.close()


def test_a_lock_while_the_file_is_looked_through_is_no_reason_for_an_alarm(
    before: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks holds the file as it was; closing last, they must not fold a log into it that was sealed before."""
    monkeypatch.setattr(connection, "BUSY_MS", 100)  # it is held for good
    shutil.copytree(before, home)
    vault = Vault.open(home, KEY)
    vault.note_file()
    assert vault.exchange.prove() is None
    vault.close()
    vault = Vault.open(home, KEY)
    assert vault.note_file() is None
    looking = vault._database.beside()
    looking.execute("BEGIN")
    looking.execute("SELECT count(*) FROM ledger").fetchone()
    save(vault, dose_given("000000000009"))
    vault.close()
    looking.close()
    vault = Vault.open(home, KEY)
    found = vault.note_file()
    assert found is None or found.state is FileState.ENDED
    assert vault.ledger.check(vault.certificates.find).seq == 3
    vault.close()


def test_a_kill_when_the_log_was_just_folded_back_is_no_reason_for_an_alarm(before: Path, home: Path) -> None:
    """The log is empty then; a purge folds it, and so does whoever looks a file through."""
    shutil.copytree(before, home)
    vault = Vault.open(home, KEY)
    vault.note_file()
    assert vault.exchange.prove() is None
    vault.close()
    vault = Vault.open(home, KEY)
    save(vault, dose_given("000000000009"))
    assert vault._database.fold()
    killed = home.with_name("killed")
    shutil.copytree(home, killed)
    vault.close()
    assert (killed / f"{DATABASE}-wal").stat().st_size == 0
    vault = Vault.open(killed, KEY)
    found = vault.note_file()
    assert found is not None
    assert found.state is FileState.DOUBTFUL
    assert vault.exchange.prove() is None
    vault.close()
