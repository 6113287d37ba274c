"""Enrolment, unlocking, colleagues, and the ledger others can check (DESIGN 5, 11)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from securesystemslib.dsse import Envelope as TheirEnvelope
from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]

from tests.support.central import PASSPHRASE, TestCentral, open_as_in_charge
from tests.support.desk import CentralSide
from vaccinator_app.central.operations import admin
from vaccinator_app.desk.enrol import NewDesk, enrol
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.staff import Staff
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.desk.unlock import Opened, lock
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.domain.events import Arrived, RecordViewed, SignedIn, SignedOut
from vaccinator_app.domain.people import Role, StaffMember
from vaccinator_app.protocol.enrolment import read_file
from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.protocol.ledger import LedgerBroken
from vaccinator_app.sync.engine import Engine
from vaccinator_app.sync.errors import Refused
from vaccinator_app.trust.certificates import CERTIFICATE_TYPE, read_unverified
from vaccinator_app.trust.dsse import Envelope
from vaccinator_app.trust.errors import TrustError
from vaccinator_app.trust.keys import SigningKey
from vaccinator_app.trust.keyslot import FLOOR
from vaccinator_app.vault.errors import VaultError, VaultExists
from vaccinator_app.vault.export import EXPORT_TYPE, read_export, write_export

NEW = NewDesk(device_name="Desk 2", in_charge_name="R. Sharma", passphrase=PASSPHRASE, kdf=FLOOR)


@pytest.fixture
def central(tmp_path: Path) -> Iterator[TestCentral]:
    made = TestCentral(tmp_path / "central")
    yield made
    made.close()


@pytest.fixture
def unlock(central: TestCentral, tmp_path: Path) -> Unlock:
    return central.enrol(tmp_path / "desk")


def with_colleague(opened: Opened) -> StaffMember:
    return Staff(opened.place).add("S. Devi", Role.VACCINATOR, "three brown goats", FLOOR)


def test_an_enrolled_machine_knows_its_in_charge(unlock: Unlock) -> None:
    (member,) = unlock.people()
    assert (member.name, member.role) == ("R. Sharma", Role.IN_CHARGE)
    opened = open_as_in_charge(unlock)
    assert opened.place.vault.identity.centre_name == "PHC Rampur"
    lock(opened.place)


def test_an_enrolment_file_used_twice(central: TestCentral, tmp_path: Path) -> None:
    file = read_file(central.enrolment_file())
    simulator = central.simulator()
    enrol(tmp_path / "one", file, NEW, lambda _: simulator, central.now())
    with pytest.raises(Refused):
        enrol(tmp_path / "two", file, NEW, lambda _: simulator, central.now())
    assert not (tmp_path / "two" / "vault.db").exists()


def test_a_late_enrolment_file(central: TestCentral, tmp_path: Path) -> None:
    file = read_file(central.enrolment_file())
    with pytest.raises(CannotDo) as problem:
        enrol(tmp_path / "desk", file, NEW, lambda _: central.simulator(), file.expires_at)
    assert problem.value.message.key == "enrol.token_expired"


def test_a_machine_that_is_a_desk_already_is_not_made_one_again(
    unlock: Unlock, central: TestCentral, tmp_path: Path
) -> None:
    simulator = central.simulator()
    before = (tmp_path / "desk" / "vault.db").read_bytes()
    with pytest.raises(VaultExists):
        enrol(tmp_path / "desk", read_file(central.enrolment_file()), NEW, lambda _: simulator, central.now())
    assert (tmp_path / "desk" / "vault.db").read_bytes() == before
    assert admin.counts(central.home).devices == 1


def test_an_answer_of_another_central_is_not_believed(central: TestCentral, tmp_path: Path) -> None:
    file = read_file(central.enrolment_file())
    other = TestCentral(tmp_path / "other", alike=1)
    stranger = read_file(other.enrolment_file())

    class Stranger:
        def enrol(self, packed: bytes) -> bytes:
            return other.simulator().enrol(packed)

    mixed = msgspec.structs.replace(file, token=stranger.token)
    with pytest.raises((CannotDo, Refused)):
        enrol(tmp_path / "desk", mixed, NEW, lambda _: Stranger(), central.now())
    assert not (tmp_path / "desk" / "vault.db").exists()
    other.close()


def test_an_answer_meant_for_another_machine_is_not_believed(central: TestCentral, tmp_path: Path) -> None:
    first = central.simulator()
    kept: list[bytes] = []

    class Keeping:
        def enrol(self, packed: bytes) -> bytes:
            kept.append(first.enrol(packed))
            return kept[-1]

    class Replaying:
        def enrol(self, packed: bytes) -> bytes:
            return kept[0]

    file = read_file(central.enrolment_file())
    enrol(tmp_path / "one", file, NEW, lambda _: Keeping(), central.now())
    with pytest.raises(CannotDo) as problem:
        enrol(tmp_path / "two", file, NEW, lambda _: Replaying(), central.now())
    assert problem.value.message.key == "enrol.not_for_this_machine"
    assert not (tmp_path / "two" / "vault.db").exists()


def test_a_wrong_passphrase_opens_nothing(unlock: Unlock) -> None:
    with pytest.raises(VaultError) as problem:
        unlock.open(unlock.people()[0].staff, PASSPHRASE + "!")
    assert problem.value.message_key == "vault.wrong_passphrase"


def test_a_short_passphrase_is_refused_before_anything_is_asked(central: TestCentral, tmp_path: Path) -> None:
    short = NewDesk(device_name="Desk", in_charge_name="R. Sharma", passphrase="1234567", kdf=FLOOR)
    file = read_file(central.enrolment_file())
    with pytest.raises((CannotDo, VaultError)):
        enrol(tmp_path / "desk", file, short, lambda _: central.simulator(), central.now())
    assert admin.counts(central.home).devices == 0


def test_each_record_is_signed_by_who_acted(unlock: Unlock, central: TestCentral, tmp_path: Path) -> None:
    opened = open_as_in_charge(unlock)
    colleague = with_colleague(opened)
    lock(opened.place)
    opened = unlock.open(colleague.staff, "three brown goats")
    assert opened.place.staff.name == "S. Devi"
    lock(opened.place)
    opened = open_as_in_charge(unlock)
    signed = [(staff, type(body)) for _, _, staff, body in opened.place.vault.ledger.events()]
    assert signed[3:5] == [(colleague.staff, SignedIn), (colleague.staff, SignedOut)]
    opened.place.vault.ledger.check(opened.place.vault.certificates.find)
    lock(opened.place)


def test_only_an_in_charge_adds_colleagues(unlock: Unlock, tmp_path: Path) -> None:
    opened = open_as_in_charge(unlock)
    colleague = with_colleague(opened)
    lock(opened.place)
    opened = unlock.open(colleague.staff, "three brown goats")
    with pytest.raises(CannotDo) as problem:
        with_colleague(opened)
    assert problem.value.message.key == "staff.only_in_charge"
    lock(opened.place)


def test_central_accepts_what_an_offline_colleague_signed(unlock: Unlock, central: TestCentral, tmp_path: Path) -> None:
    opened = open_as_in_charge(unlock)
    colleague = with_colleague(opened)
    lock(opened.place)
    opened = unlock.open(colleague.staff, "three brown goats")
    vault = opened.place.vault
    Engine(desk_of(vault), vault.exchange, central.simulator()).run()
    found = admin.counts(central.home)
    assert (found.records, found.held, found.refused) == (4, 0, 0)
    lock(opened.place)


def with_person(central: TestCentral, opened: Opened) -> str:
    """Put one person on the roster as central's own answer would."""
    vault = opened.place.vault
    side = CentralSide(signing=central.home.keys.signing)
    person = side.appointment(1)
    vault.exchange.apply(side.changes(vault.identity.device, [person], from_cursor=vault.exchange.cursor()))
    return person.appointment


def test_a_half_done_visit_waits_for_the_same_person(unlock: Unlock, central: TestCentral, tmp_path: Path) -> None:
    opened = open_as_in_charge(unlock)
    person = with_person(central, opened)
    colleague = with_colleague(opened)
    VisitDesk(opened.place, person).confirm_identity()
    lock(opened.place)
    other = unlock.open(colleague.staff, "three brown goats")
    assert other.resume is None
    assert VisitDesk(other.place, person).draft.identity is None
    lock(other.place)
    again = open_as_in_charge(unlock)
    assert again.resume == person
    lock(again.place)


def test_a_draft_of_another_day_is_let_go(unlock: Unlock, central: TestCentral) -> None:
    opened = open_as_in_charge(unlock)
    person = with_person(central, opened)
    VisitDesk(opened.place, person).confirm_identity()
    lock(opened.place)
    central.clock.pass_time(timedelta(days=1))
    again = open_as_in_charge(unlock)
    assert again.resume is None
    lock(again.place)


def test_a_sheet_that_was_open_when_the_power_went_is_recorded_as_viewed(unlock: Unlock, central: TestCentral) -> None:
    opened = open_as_in_charge(unlock)
    person = with_person(central, opened)
    VisitDesk(opened.place, person)
    opened.place.vault.close()  # no lock, no close of the sheet: the power went
    again = open_as_in_charge(unlock)
    assert again.resume is None
    kinds = [type(body) for *_, body in again.place.vault.ledger.events()]
    assert kinds == [SignedIn, SignedIn, RecordViewed]
    assert Arrived not in kinds
    lock(again.place)


def exported(opened: Opened) -> list[str]:
    return list(write_export(opened.place.vault))


def test_an_export_is_verified_by_software_not_written_here(unlock: Unlock, tmp_path: Path) -> None:
    opened = open_as_in_charge(unlock)
    with_colleague(opened)
    keys: dict[str, SSlibKey] = {}
    records = 0
    for line in exported(opened):
        ours = Envelope.from_json(line)
        if ours.payload_type == EXPORT_TYPE:
            continue
        if ours.payload_type == CERTIFICATE_TYPE:
            found = read_unverified(ours)
            keys[found.keyid] = SSlibKey(found.keyid, "ed25519", "ed25519", {"public": found.signing_key.hex()})
            continue
        theirs = TheirEnvelope.from_dict(json.loads(line))
        theirs.verify([keys[ours.keyid]], 1)
        records += 1
    assert records == 2
    lock(opened.place)


def test_an_export_is_checked_against_centrals_key(unlock: Unlock, central: TestCentral, tmp_path: Path) -> None:
    opened = open_as_in_charge(unlock)
    colleague = with_colleague(opened)
    lock(opened.place)
    opened = unlock.open(colleague.staff, "three brown goats")
    lines = exported(opened)
    root = central.home.keys.signing.public
    checked = read_export(lines, root)
    assert (checked.records, checked.signers) == (4, 2)
    assert checked.head == opened.place.vault.ledger.head().hash
    assert read_export(lines).records == 4
    with pytest.raises((LedgerBroken, TrustError)):
        read_export(lines, SigningKey.generate().public)
    lock(opened.place)


def test_a_spoiled_export_does_not_pass(unlock: Unlock, central: TestCentral) -> None:
    opened = open_as_in_charge(unlock)
    opened.place.record(RecordViewed(appointment="000000000001"), RecordViewed(appointment="000000000002"))
    lines = exported(opened)
    root = central.home.keys.signing.public
    assert read_export(lines, root).records == 3
    swapped = [*lines[:-2], lines[-1], lines[-2]]
    shorter = lines[:-1]
    edited = [*lines[:-1], lines[-1].replace(json.loads(lines[-1])["payload"][-12:-4], "AAAAAAAA")]
    uncertified = [line for line in lines if Envelope.from_json(line).payload_type != CERTIFICATE_TYPE]
    for spoiled in (swapped, shorter, edited, uncertified):
        with pytest.raises((LedgerBroken, TrustError)):
            read_export(spoiled, root)
    with pytest.raises((ProtocolError, TrustError)):
        read_export(["nothing"], root)
    with pytest.raises(ProtocolError):
        read_export([], root)
    lock(opened.place)
