"""From a bare machine to today's list, with a central that is served over TLS; and everything that comes between."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec
import pytest

from tests.support.first_run import (
    BOOKED,
    PASSPHRASE,
    Losing,
    Machine,
    Served,
    at_enrolling,
    files_of_at_most,
    go_on,
    served,
)
from vaccinator_app.desk.before_vault import PENDING, not_enrolled
from vaccinator_app.desk.enrol import NewDesk, begin, enrol
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.first_run import Step
from vaccinator_app.desk.unlock import lock
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.sentences import sentence
from vaccinator_app.protocol.enrolment import read_file, write_file
from vaccinator_app.sync.checking import Checked
from vaccinator_app.sync.errors import Refused, SyncError, Unreachable
from vaccinator_app.sync.http import HttpCentral
from vaccinator_app.trust.keyslot import FLOOR
from vaccinator_app.vault.errors import VaultError, VaultExists, VaultFull, WrongPassphrase
from vaccinator_app.vault.slots import Slots


@pytest.fixture(scope="module")
def central() -> Iterator[Served]:
    with served() as found:
        yield found


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def refused(act: Callable[[], object]) -> str:
    """The key of the sentence that ``act`` ends in."""
    with pytest.raises((CannotDo, VaultError, SyncError)) as caught:
        act()
    return sentence(caught.value).key


def test_from_a_file_on_a_stick_to_the_people_of_today(central: Served, machine: Machine) -> None:
    central.file(machine.stick / "rampur.enrolment")
    run = machine.start()
    assert not_enrolled(machine.home)
    assert not machine.home.exists()
    (found,) = run.look()
    assert (found.file.centre_name, found.folder) == ("PHC Rampur", "STICK")
    run.take(found.path)
    assert run.next() is Step.CONNECTION
    run.heard(run.check(go_on))
    assert run.checked == Checked()
    run.next()
    run.name("Desk 2", "R. Sharma")
    run.choose(PASSPHRASE)
    run.next()
    run.acknowledged = True
    run.next()
    assert not machine.home.exists(), "nothing is written before central is asked"
    run.enrol(go_on)
    assert not (machine.home / PENDING).exists()
    assert not not_enrolled(machine.home)
    assert run.next() is Step.ROSTER
    steps: list[tuple[int, int]] = []
    expected = run.fetch(lambda done, of: steps.append((done, of)), go_on)
    assert (expected.today, expected.received) == (BOOKED, BOOKED)
    assert steps[-1] == (BOOKED, BOOKED)
    opened = run.open()
    assert (opened.place.staff.name, opened.place.vault.identity.device_name) == ("R. Sharma", "Desk 2")
    lock(opened.place)
    with pytest.raises(VaultExists):
        machine.start()


def test_each_step_says_why_it_is_not_passed_and_back_keeps_all_but_the_passphrase(
    central: Served, machine: Machine
) -> None:
    run = machine.start()
    assert refused(run.next) == "first_run.no_file"
    run.take(central.file(machine.stick / "rampur.enrolment"))
    run.next()
    assert refused(run.next) == "first_run.not_checked"
    run.heard(Checked(Message.of("check.no_network")))
    assert refused(run.next) == "check.no_network"
    run.heard(Checked())
    run.next()
    assert refused(run.next) == "first_run.no_passphrase"
    wrong = run.name(" ", "x" * 101)
    assert {what: found.key for what, found in wrong.items()} == {
        "machine": "enrol.machine_missing", "in_charge": "walk_in.name_long"
    }  # fmt: skip
    run.name("Desk 2", "R. Sharma")
    assert refused(lambda: run.choose("1234567")) == "vault.passphrase_short"
    run.choose(PASSPHRASE)
    run.next()
    assert refused(run.next) == "first_run.not_acknowledged"
    run.acknowledged = True
    assert [run.back(), run.back(), run.back()] == [Step.PEOPLE, Step.CONNECTION, Step.FILE]
    assert not run.may_go_back
    run.next()
    run.next()
    assert (run.device_name, run.in_charge_name, run.acknowledged) == ("Desk 2", "R. Sharma", True)
    assert refused(run.next) == "first_run.no_passphrase"
    # another file is another central: it is asked anew
    run.take(central.file(machine.stick / "other.enrolment"))
    assert run.checked is None


def test_what_is_wrong_with_a_file_is_said(central: Served, machine: Machine) -> None:
    good = central.file(machine.stick / "good.enrolment")
    data = good.read_bytes()
    old = central.file(machine.stick / "old.enrolment", now=lambda: datetime.now(UTC) - timedelta(days=8))
    file = read_file(data)
    spoiled = {
        "letter.pdf": b"%PDF-1.7 nothing of the kind",
        "empty.enrolment": b"",
        "huge.enrolment": b" " * 300_000,
        "half.enrolment": data[: len(data) // 2],
        "zone.enrolment": write_file(msgspec.structs.replace(file, time_zone="Asia/Nowhere")),
        "authority.enrolment": write_file(msgspec.structs.replace(file, authority="-----BEGIN CERTIFICATE-----")),
        "newer.enrolment": json.dumps({**json.loads(data), "v": 2}).encode(),
    }
    for name, content in spoiled.items():
        (machine.stick / name).write_bytes(content)
    run = machine.start()
    said = {name: refused(partial(run.take, machine.stick / name)) for name in (*spoiled, "gone.enrolment")}
    assert said == {
        "letter.pdf": "first_run.file_other",
        "empty.enrolment": "first_run.file_other",
        "huge.enrolment": "first_run.file_other",
        "half.enrolment": "first_run.file_damaged",
        "zone.enrolment": "first_run.file_damaged",
        "authority.enrolment": "first_run.file_damaged",
        "newer.enrolment": "first_run.file_newer",
        "gone.enrolment": "first_run.file_unreadable",
    }
    assert refused(lambda: run.take(old)) == "first_run.file_old"
    assert run.file is None
    assert [found.path for found in run.look()] == [good]


def test_a_used_file_leads_back_to_the_first_step(central: Served, tmp_path: Path) -> None:
    one, other = Machine(tmp_path / "one"), Machine(tmp_path / "two")
    file = central.file(one.stick / "rampur.enrolment")
    at_enrolling(one, file).enrol(go_on)
    run = at_enrolling(other, file)
    assert refused(lambda: run.enrol(go_on)) == "enrol.token_used"
    assert (run.step, run.file) == (Step.FILE, None)
    assert not (other.home / PENDING).exists()
    # the names are still there, and a good file brings it to its end
    assert run.in_charge_name == "R. Sharma"
    again = at_enrolling(other, central.file(other.stick / "new.enrolment"))
    assert again.enrol(go_on).name == "R. Sharma"


def test_a_file_that_expires_while_somebody_types(central: Served, machine: Machine) -> None:
    file = central.file(machine.stick / "r.enrolment", now=lambda: datetime.now(UTC) - timedelta(days=8))
    data = read_file(file.read_bytes())
    # good by this machine's clock, which central does not go by
    file.write_bytes(write_file(msgspec.structs.replace(data, expires_at=datetime.now(UTC) + timedelta(hours=1))))
    run = at_enrolling(machine, file)
    assert refused(lambda: run.enrol(go_on)) == "enrol.token_expired"
    assert run.step is Step.FILE


def test_an_answer_that_was_lost_comes_again(central: Served, machine: Machine) -> None:
    run = at_enrolling(machine, central.file(machine.stick / "r.enrolment"))
    before = central.devices()
    machine.connect = Losing
    with pytest.raises(Unreachable):
        run.enrol(go_on)
    assert central.devices() == before + 1
    assert (machine.home / PENDING).stat().st_mode & 0o077 == 0
    assert not run.may_go_back
    machine.connect = HttpCentral
    assert run.enrol(go_on).name == "R. Sharma"
    assert central.devices() == before + 1


KILLED = """
import os, sys
from pathlib import Path
from tests.support.first_run import Machine, at_enrolling, go_on
from vaccinator_app.sync.http import HttpCentral

class Killed(HttpCentral):
    def enrol(self, packed):
        super().enrol(packed)
        os._exit(9)

machine = Machine(Path(sys.argv[1]), connect=Killed)
at_enrolling(machine, Path(sys.argv[2])).enrol(go_on)
"""


def test_killed_before_the_answer_it_goes_on_where_it_was_at_the_next_start(central: Served, machine: Machine) -> None:
    file = central.file(machine.stick / "r.enrolment")
    before = central.devices()
    command = [sys.executable, "-c", KILLED, str(machine.folder), str(file)]
    assert subprocess.run(command, check=False, timeout=60).returncode == 9
    assert central.devices() == before + 1
    # the stick is gone, too
    file.unlink()
    assert not_enrolled(machine.home)
    run = machine.start()
    assert (run.step, run.asks_passphrase, run.may_go_back) == (Step.ENROLLING, True, False)
    assert run.begun is not None
    assert (run.begun.file.centre_name, run.in_charge_name) == ("PHC Rampur", "R. Sharma")
    with pytest.raises(WrongPassphrase):
        run.go_on_with(PASSPHRASE + "!")
    run.go_on_with(PASSPHRASE)
    assert run.enrol(go_on).name == "R. Sharma"
    assert central.devices() == before + 1
    run.next()
    assert run.fetch(lambda *_: None, go_on).today == BOOKED
    run.close()


def test_the_command_goes_on_with_what_was_begun(central: Served, machine: Machine) -> None:
    file = read_file(central.file(machine.stick / "r.enrolment").read_bytes())
    desk = NewDesk(device_name="Desk 2", in_charge_name="R. Sharma", passphrase=PASSPHRASE, kdf=FLOOR)
    now = datetime.now(UTC)
    with pytest.raises(Unreachable):
        enrol(machine.home, file, desk, lambda one: Losing(one.address, one.authority), now)
    # by then the token is too old for anybody else
    later = file.expires_at + timedelta(days=1)
    with pytest.raises(WrongPassphrase):
        begin(machine.home, file, replace(desk, passphrase=PASSPHRASE + "!"), later)
    member = enrol(machine.home, file, desk, lambda one: HttpCentral(one.address, one.authority), now)
    assert member.name == "R. Sharma"


def test_cut_between_slots_and_vault_it_is_no_vault_yet(central: Served, machine: Machine) -> None:
    run = at_enrolling(machine, central.file(machine.stick / "r.enrolment"))
    machine.connect = Losing
    with pytest.raises(Unreachable):
        run.enrol(go_on)
    machine.connect = HttpCentral
    Slots.create(machine.home, "d000000000001")
    (machine.home / "vault.db.new").write_bytes(b"half a vault")
    again = machine.start()
    again.go_on_with(PASSPHRASE)
    assert again.enrol(go_on).name == "R. Sharma"
    assert not not_enrolled(machine.home)


@pytest.mark.parametrize("name", ["vault.db", "vault.db-wal", "vault.db.next", "vault.seal", "slots.json"])
def test_what_may_be_a_vault_is_never_written_over(machine: Machine, name: str) -> None:
    machine.home.mkdir()
    (machine.home / name).write_bytes(b"somebody's records")
    with pytest.raises(VaultExists):
        machine.start()
    assert not not_enrolled(machine.home)
    assert (machine.home / name).read_bytes() == b"somebody's records"


def test_what_was_kept_opens_for_its_passphrase_alone_and_only_unchanged(central: Served, machine: Machine) -> None:
    run = at_enrolling(machine, central.file(machine.stick / "r.enrolment"))
    machine.connect = Losing
    with pytest.raises(Unreachable):
        run.enrol(go_on)
    kept = machine.home / PENDING
    found = json.loads(kept.read_text())
    other = json.loads(json.dumps(found))
    stranger = read_file(central.file(machine.stick / "other.enrolment").read_bytes())
    other["file"] = msgspec.json.decode(msgspec.json.encode(write_file(stranger)))
    weak = {**found, "kdf": {**found["kdf"], "memory_kib": 8}}
    for spoiled, key in ((other, "vault.wrong_passphrase"), (weak, "enrol.begun_damaged")):
        kept.write_text(json.dumps(spoiled))
        again = machine.start()
        assert refused(partial(again.go_on_with, PASSPHRASE)) == key
    endless = {**found, "kdf": {**found["kdf"], "passes": float("inf")}}
    for text in (json.dumps(endless), '{"v": 1'):
        kept.write_text(text)
        again = machine.start()
        assert again.step is Step.FILE
        assert again.notice == Message.of("enrol.begun_damaged")
    # it makes room for the next, and is not thrown away
    machine.connect = HttpCentral
    at_enrolling(machine, central.file(machine.stick / "next.enrolment")).enrol(go_on)
    assert (machine.home / f"{PENDING}.1").exists()


def test_somebody_may_leave_what_was_begun_and_take_another_file(central: Served, machine: Machine) -> None:
    run = at_enrolling(machine, central.file(machine.stick / "r.enrolment"))
    machine.connect = Losing
    with pytest.raises(Unreachable):
        run.enrol(go_on)
    machine.connect = HttpCentral
    again = machine.start()
    again.begin_anew()
    assert (again.step, again.file, again.may_go_back) == (Step.FILE, None, False)
    assert at_enrolling(machine, central.file(machine.stick / "n.enrolment")).enrol(go_on).name == "R. Sharma"


def test_a_disk_that_takes_nothing_is_said_before_central_is_asked(central: Served, machine: Machine) -> None:
    run = at_enrolling(machine, central.file(machine.stick / "r.enrolment"))
    before = central.devices()
    machine.home.write_text("a file where the folder should be")
    with pytest.raises(VaultError):
        run.enrol(go_on)
    machine.home.unlink()
    with files_of_at_most(100), pytest.raises(VaultFull):
        run.enrol(go_on)
    assert not (machine.home / PENDING).exists()
    assert central.devices() == before
    assert run.may_go_back
    assert run.enrol(go_on).name == "R. Sharma"


def test_nobody_waits_for_a_network_that_hangs(central: Served, machine: Machine) -> None:
    class Stop(Exception):
        pass

    leave = threading.Event()

    class Hanging(HttpCentral):
        def enrol(self, packed: bytes) -> bytes:
            answer = super().enrol(packed)
            leave.wait(20)
            return answer

    run = at_enrolling(machine, central.file(machine.stick / "r.enrolment"))
    machine.connect = Hanging
    asked = 0

    def stop() -> None:
        nonlocal asked
        asked += 1
        if asked > 3:
            raise Stop

    began = time.monotonic()
    with pytest.raises(Stop):
        run.enrol(stop)
    assert time.monotonic() - began < 10
    leave.set()
    assert not (machine.home / "vault.db").exists()
    machine.connect = HttpCentral
    assert run.enrol(go_on).name == "R. Sharma"


def test_a_failure_of_the_network_is_told_with_what_to_do(central: Served, machine: Machine) -> None:
    class Away(HttpCentral):
        def enrol(self, packed: bytes) -> bytes:
            raise Unreachable(Message.of("sync.could_not_reach"))

    run = at_enrolling(machine, central.file(machine.stick / "r.enrolment", "https://127.0.0.1:1"))
    machine.connect = Away
    with pytest.raises(Unreachable) as caught:
        run.enrol(go_on)
    assert caught.value.message.key == "check.refused"


def test_an_answer_that_central_did_not_sign_makes_no_vault(central: Served, machine: Machine) -> None:
    class Spoiled(HttpCentral):
        def enrol(self, packed: bytes) -> bytes:
            return super().enrol(packed)[:-3] + b"abc"

    run = at_enrolling(machine, central.file(machine.stick / "r.enrolment"))
    machine.connect = Spoiled
    assert refused(lambda: run.enrol(go_on)) == "sync.not_central"
    assert not (machine.home / "vault.db").exists()
    machine.connect = HttpCentral
    assert run.enrol(go_on).name == "R. Sharma"


def test_central_s_no_for_another_reason_is_asked_again(central: Served, machine: Machine) -> None:
    class Failing(HttpCentral):
        def enrol(self, packed: bytes) -> bytes:
            raise Refused(Message.of("sync.refused", status=500))

    run = at_enrolling(machine, central.file(machine.stick / "r.enrolment"))
    machine.connect = Failing
    assert refused(lambda: run.enrol(go_on)) == "sync.refused"
    assert run.step is Step.ENROLLING
    machine.connect = HttpCentral
    assert run.enrol(go_on).name == "R. Sharma"
