"""Nobody remembers a passphrase: from the locked machine to central and back, with every record where it was (5.4)."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.central import PASSPHRASE, TestCentral, open_as_in_charge
from tests.support.desk import ToldClock, vaccines
from vaccinator_app.central.desks.recovery import recover
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.recovery import Asked, Recovery
from vaccinator_app.desk.staff import Staff
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.desk.unlock import lock
from vaccinator_app.domain.events import SignedIn
from vaccinator_app.domain.people import Role
from vaccinator_app.domain.staff_events import RemovalReason
from vaccinator_app.protocol.messages import Status
from vaccinator_app.protocol.recovery import RecoveryAnswer, SealedKey, peek_answer, write_answer
from vaccinator_app.sync.engine import Engine
from vaccinator_app.trust.keys import SigningKey
from vaccinator_app.trust.keyslot import FLOOR
from vaccinator_app.vault.errors import RecoveryDamaged, SlotsDamaged, TooSoon, VaultError, WrongPassphrase

NEW = "mangoes after the rain"


@pytest.fixture
def central(tmp_path: Path) -> Iterator[TestCentral]:
    made = TestCentral(tmp_path / "central")
    yield made
    made.close()


@pytest.fixture
def home(central: TestCentral, tmp_path: Path) -> Path:
    """A desk with three records that central has not seen; it is locked, and nobody knows a passphrase."""
    opened = open_as_in_charge(central.enrol(tmp_path / "desk"))
    opened.place.record(SignedIn())
    lock(opened.place)
    return tmp_path / "desk"


def recovery(home: Path, clock: Callable[[], float] = lambda: 0.0) -> Recovery:
    return Recovery(home, vaccines(), lambda _: ToldClock(), clock)


def answered(central: TestCentral, asked: Asked) -> bytes:
    return recover(central.home, asked.device, asked.request, asked.fingerprint, "R. Nair", central.now()).answer


def files(home: Path) -> dict[str, bytes]:
    """What must not change: the vault and the slots."""
    return {path.name: path.read_bytes() for path in home.iterdir() if path.name in ("vault.db", "slots.json")}


def test_a_new_in_charge_finds_every_record_and_the_staff_goes_on(central: TestCentral, home: Path) -> None:
    asked = recovery(home).begin("  S.  Devi ", NEW, FLOOR)
    assert (asked.name, recovery(home).asked()) == ("S. Devi", asked)
    assert os.stat(home / "recovering.json").st_mode & 0o777 == 0o600
    opened = recovery(home).answer(answered(central, asked), NEW, FLOOR)
    place = opened.place
    assert (place.staff.name, place.staff.role) == ("S. Devi", Role.IN_CHARGE)
    assert place.vault.ledger.head().seq == 4
    assert place.vault.exchange.pending().count == 4
    assert not (home / "recovering.json").exists()
    # the others' slots are there still, and can be given new passphrases
    assert [member.name for member in Unlock(home, vaccines()).people()] == ["R. Sharma", "S. Devi"]
    Staff(place).add("M. Khan", Role.VACCINATOR, PASSPHRASE, FLOOR)
    Engine(desk_of(place.vault), place.vault.exchange, central.simulator()).run()
    head = place.vault.ledger.head().seq
    assert place.vault.exchange.confirmed_upto() == head
    assert {place.vault.exchange.status_of(seq) for seq in range(1, head + 1)} == {Status.ACCEPTED}
    lock(place)
    again = Unlock(home, vaccines(), lambda _: ToldClock())
    lock(again.open(again.people()[1].staff, NEW).place)


def test_a_key_that_central_was_not_told_of_is_not_lost(central: TestCentral, home: Path) -> None:
    unlock = Unlock(home, vaccines(), lambda _: ToldClock())
    place = unlock.open(unlock.people()[0].staff, PASSPHRASE).place
    gone = Staff(place).add("M. Khan", Role.VACCINATOR, PASSPHRASE, FLOOR)
    Staff(place).disable(gone.staff, RemovalReason.LENT)
    lock(place)
    asked = recovery(home).begin("S. Devi", NEW, FLOOR)
    opened = recovery(home).answer(answered(central, asked), NEW, FLOOR)
    assert opened.place.staff.name == "S. Devi"
    lock(opened.place)


def test_what_is_no_answer_for_this_machine_and_request_changes_nothing(
    central: TestCentral, home: Path, tmp_path: Path
) -> None:
    first = recovery(home).begin("S. Devi", NEW, FLOOR)
    with pytest.raises(CannotDo, match="begun_already"):
        recovery(home).begin("S. Devi", NEW, FLOOR)
    old = answered(central, first)
    recovery(home).drop()
    asked = recovery(home).begin("S. Devi", NEW, FLOOR)
    other = TestCentral(tmp_path / "other", alike=1)
    lock(open_as_in_charge(central.enrol(tmp_path / "desk2")).place)
    elsewhere = recovery(tmp_path / "desk2").begin("S. Devi", NEW, FLOOR)
    good = answered(central, asked)
    forged, envelope = peek_answer(good)
    changed = json.loads(good)
    changed["payload"] = changed["payload"][:-8] + "AAAA" + changed["payload"][-4:]
    before = files(home)
    wrong = {
        "recovery.other_request": old,
        "recovery.other_machine": answered(central, elsewhere),
        "recovery.not_central": write_answer(forged, SigningKey.generate()),
        "recovery.no_key_fits": _with(forged, central, keys=[SealedKey(1, b"x" * 80)]),
        "recovery.no_answer": good[:-200],
    }
    for key, data in wrong.items():
        with pytest.raises(CannotDo) as refused:
            recovery(home).answer(data, NEW, FLOOR)
        assert refused.value.message.key == key
    for data in (json.dumps(changed).encode(), b"", b"\xff" * 100, b"[" * 100_000, b" " * 2_000_000):
        with pytest.raises(CannotDo, match=r"recovery\.no_answer"):
            recovery(home).answer(data, NEW, FLOOR)
    # signed by central, but not what it says: another's certificate, another machine's centre
    mine = peek_answer(answered(central, elsewhere))[0]
    for data in (_with(forged, central, certificate=mine.certificate), _with(forged, central, centre="100009")):
        with pytest.raises(CannotDo, match=r"recovery\.other"):
            recovery(home).answer(data, NEW, FLOOR)
    assert files(home) == before
    assert recovery(home).asked() == asked
    assert envelope.payload_type.endswith("recovery-answer+json")
    lock(recovery(home).answer(good, NEW, FLOOR).place)
    with pytest.raises(CannotDo, match="none_begun"):
        recovery(home).answer(good, NEW, FLOOR)
    other.close()


def _with(answer: RecoveryAnswer, central: TestCentral, **changes: Any) -> bytes:
    """Signed by central itself, with something else in it."""
    return write_answer(msgspec.structs.replace(answer, **changes), central.home.keys.signing)


def test_the_new_passphrase_is_needed_and_wrong_ones_wait(central: TestCentral, home: Path) -> None:
    now = [0.0]
    one = recovery(home, lambda: now[0])
    data = answered(central, one.begin("S. Devi", NEW, FLOOR))
    for _ in range(3):
        with pytest.raises(WrongPassphrase):
            one.answer(data, "not this one", FLOOR)
    with pytest.raises(TooSoon):
        one.answer(data, NEW, FLOOR)
    now[0] = 1000.0
    lock(one.answer(data, NEW, FLOOR).place)


def test_what_cannot_be_begun(home: Path, tmp_path: Path) -> None:
    for name, passphrase in (("", NEW), ("x" * 101, NEW), ("r. sharma", NEW), ("S. Devi", "short")):
        with pytest.raises((CannotDo, VaultError)):
            recovery(home).begin(name, passphrase, FLOOR)
    assert recovery(home).asked() is None
    with pytest.raises(VaultError):
        recovery(tmp_path / "nothing").begin("S. Devi", NEW, FLOOR)


def test_a_request_that_was_edited_or_taken_to_another_machine_opens_nothing(
    central: TestCentral, home: Path, tmp_path: Path
) -> None:
    asked = recovery(home).begin("S. Devi", NEW, FLOOR)
    data = answered(central, asked)
    path = home / "recovering.json"
    kept = path.read_text()
    spoiled = json.loads(kept)
    weak = {**spoiled, "kdf": {"memory_kib": 8, "passes": 1, "lanes": 1}}
    endless = {**spoiled, "kdf": {**weak["kdf"], "passes": float("inf")}}
    others = [json.dumps(one) for one in ({**spoiled, "v": 2}, {**spoiled, "request": "{}"})]
    for text in ("", "[]", kept[:-40], *others):
        path.write_text(text)
        with pytest.raises(RecoveryDamaged):
            recovery(home).asked()
    another = {**spoiled, "key": "0" * 16}
    for edited, error in ((weak, RecoveryDamaged), (endless, RecoveryDamaged), (another, VaultError)):
        path.write_text(json.dumps(edited))
        with pytest.raises(error):
            recovery(home).answer(data, NEW, FLOOR)
    lock(open_as_in_charge(central.enrol(tmp_path / "desk2")).place)
    path.write_text(kept)
    shutil.copy(path, tmp_path / "desk2" / "recovering.json")
    # to another machine's vault no key of this one fits
    with pytest.raises(CannotDo, match="no_key_fits"):
        recovery(tmp_path / "desk2").answer(data, NEW, FLOOR)
    lock(recovery(home).answer(data, NEW, FLOOR).place)


def test_a_machine_whose_slots_are_lost_is_opened_by_its_name(central: TestCentral, home: Path) -> None:
    device = json.loads((home / "slots.json").read_text())["device"]
    (home / "slots.json").unlink()
    for named in ("", "x", device[:-1]):
        with pytest.raises(SlotsDamaged):
            recovery(home).begin("S. Devi", NEW, FLOOR, device=named)
    asked = recovery(home).begin("S. Devi", NEW, FLOOR, device=device)
    opened = recovery(home).answer(answered(central, asked), NEW, FLOOR)
    assert opened.place.vault.exchange.pending().count >= 4
    lock(opened.place)
