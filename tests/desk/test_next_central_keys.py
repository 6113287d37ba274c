"""Central's keys change while desks are offline: nothing is lost, old and new verify, a forged set is not believed."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from tests.central.support import BATCH, RAMPUR, World, make_home
from tests.support.central import PASSPHRASE, Simulator
from tests.support.desk import ToldClock, vaccines
from tests.whole.script import Counter
from vaccinator_app.central.citizens.booking import Booked
from vaccinator_app.central.desks.desk_api import DeskApi
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.errors import Refused as CentralRefused
from vaccinator_app.central.keyring import key_change, key_files
from vaccinator_app.central.keyring.keys import RINGS
from vaccinator_app.central.operations import admin
from vaccinator_app.central.schema import certificates, device_heads, devices, records, recovery
from vaccinator_app.desk.enrol import NewDesk, enrol, trust
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.staff import Staff
from vaccinator_app.desk.status import sync_words
from vaccinator_app.desk.stock import ReceiveForm, Stock
from vaccinator_app.desk.walk_in import WalkInForm, register
from vaccinator_app.domain.people import Gender, PhotoId, Role
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.central_keys import announce
from vaccinator_app.protocol.enrolment import CentralKeys, EnrolmentFile, read_file
from vaccinator_app.protocol.messages import CHANGES_TYPE, PULL_TYPE, Changes, PullRequest
from vaccinator_app.sync.driver import DriverStatus
from vaccinator_app.sync.errors import Refused
from vaccinator_app.trust import seal
from vaccinator_app.trust.keys import SigningKey, key_id
from vaccinator_app.trust.keyslot import FLOOR
from vaccinator_app.vault.export import read_export, write_export


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Booked]]:
    folder = tmp_path_factory.mktemp("keys") / "central"
    make_home(folder)
    world = World(folder, admin.open_home(folder))
    people = [world.book(slot="10:00") for _ in range(4)]
    world.home.database.close()
    return folder, people


@pytest.fixture
def people(made: tuple[Path, list[Booked]]) -> list[Booked]:
    return made[1]


@pytest.fixture
def world(made: tuple[Path, list[Booked]], tmp_path: Path) -> Iterator[World]:
    shutil.copytree(made[0], tmp_path / "central")
    opened = World(tmp_path / "central", admin.open_home(tmp_path / "central"))
    yield opened
    opened.home.database.close()


class Place:
    """Central and one desk, whose answers come from whatever keys central was last opened with."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.simulator = Simulator(world.api)
        self.counter = self.enrolled(folder, self.file())

    def file(self) -> EnrolmentFile:
        return read_file(admin.create_enrolment_file(self.world.home, self.world.clock, RAMPUR, "https://127.0.0.1:1"))

    def enrolled(self, folder: Path, file: EnrolmentFile) -> Counter:
        clock = ToldClock()
        desk = NewDesk(device_name=folder.name, in_charge_name="R. Sharma", passphrase=PASSPHRASE, kdf=FLOOR)
        enrol(folder, file, desk, lambda _: self.simulator, clock.now())
        unlock = Unlock(folder, vaccines(), lambda _: clock)
        opened = unlock.open(unlock.people()[0].staff, PASSPHRASE)
        counter = Counter(folder.name, folder, clock, self.simulator, unlock, opened.place)
        counter.sync()
        Stock(counter.place).receive(ReceiveForm(vaccine="covishield", batch=BATCH, expiry=None, vials="5"))
        return counter

    def colleague(self, counter: Counter) -> None:
        """A vaccinator joins the desk that was enrolled last."""
        Staff(counter.place).add("S. Devi", Role.VACCINATOR, PASSPHRASE, FLOOR)

    def reopen(self) -> None:
        """Central is started again, with the keys that its file has now."""
        self.world.home.database.close()
        self.world.home = admin.open_home(self.world.folder)
        self.simulator.api = DeskApi(self.world.home.database, self.world.home.keys, self.world.clock)

    def rotate(self, *rings: str) -> None:
        for ring in rings or RINGS:
            key_files.rotate(self.world.folder, ring, self.world.clock())
        self.reopen()

    def use(self, *rings: str, force: bool = False) -> None:
        for ring in rings:
            key_change.use(self.world.folder, self.world.home, ring, self.world.clock(), force=force)
            self.reopen()

    def retire(self, ring: str, *, force: bool = False) -> None:
        name = key_files.ring_of(self.world.home.keys, ring)[-1].name
        now = self.world.clock()
        key_change.retire(self.world.folder, self.world.home, ring, name, now, force=force)
        self.reopen()

    def said(self) -> list[tuple[str, str]]:
        """Every record that central has, with its kind and what became of it."""
        with self.world.home.database.read() as connection:
            rows = connection.execute(select(records.c.kind, records.c.status, records.c.reasons))
            return [(row.kind, row.status) for row in rows if row.status != "accepted"]


@pytest.fixture
def place(world: World, tmp_path: Path) -> Iterator[Place]:
    made = Place(world, tmp_path / "Desk 1")
    yield made
    made.counter.place.vault.close()


def walk_in(counter: Counter) -> str:
    form = WalkInForm(
        name="Mohd. Irfan",
        year_of_birth="1990",
        gender=Gender.MAN,
        photo_id=PhotoId.VOTER_ID,
        photo_id_last4="7788",
        mobile="9812345678",
        vaccine="covishield",
        dose=1,
    )
    return register(form, counter.place)


def unconfirmed(counter: Counter) -> int:
    return counter.place.vault.exchange.pending().count


def sealed_to(counter: Counter) -> str:
    """The key that the newest dose's code was sealed to."""
    payloads = [json.loads(record.payload) for record in counter.place.vault.ledger.records(most=1000)]
    return str([one for one in payloads if one["kind"] == "dose_given"][-1]["body"]["proof"]["key"])


def test_what_was_sealed_and_signed_before_is_confirmed_after_and_new_work_goes_to_the_new_keys(
    place: Place, people: list[Booked]
) -> None:
    counter, vault = place.counter, place.counter.place.vault
    before = place.world.home.keys
    counter.dose(people[0].reference, people[0].code)
    walk_in(counter)
    place.rotate()
    place.use("signing", force=True)
    after = place.world.home.keys
    assert {after.signing, after.codes, after.people}.isdisjoint({before.signing, before.codes, before.people})

    counter.sync()
    assert unconfirmed(counter) == 0
    assert place.said() == []
    assert vault.identity.central == after.public
    counter.dose(people[1].reference, people[1].code)
    assert sealed_to(counter) == key_id(after.codes.public)
    walk_in(counter)
    counter.sync()
    assert unconfirmed(counter) == 0
    assert place.said() == []

    lines = list(write_export(vault))
    assert read_export(lines, before.signing.public).records == vault.ledger.head().seq


def test_a_desk_that_locks_knows_the_new_keys_when_it_is_opened_again(place: Place, people: list[Booked]) -> None:
    place.rotate("signing", "codes")
    place.counter.sync()
    place.counter.switch(0)
    assert place.counter.place.vault.identity.central == place.world.home.keys.public
    place.use("signing")
    place.counter.dose(people[0].reference, people[0].code)
    place.counter.sync()
    assert unconfirmed(place.counter) == 0
    assert sealed_to(place.counter) == key_id(place.world.home.keys.codes.public)


def test_a_desk_enrolled_under_the_next_key_and_one_from_before_believe_each_other(
    place: Place, tmp_path: Path, people: list[Booked]
) -> None:
    old_file = place.file()
    place.rotate("signing")
    place.counter.sync()
    place.use("signing")
    third = place.enrolled(tmp_path / "Desk 3", old_file)
    second = place.enrolled(tmp_path / "Desk 2", place.file())
    place.colleague(second)
    second.dose(people[0].reference, people[0].code)
    third.dose(people[1].reference, people[1].code)
    desks = [place.counter, second, third]
    for _ in range(2):
        for counter in desks:
            counter.sync()
    for counter in desks:
        assert unconfirmed(counter) == 0
        assert counter.place.vault.peers.rejected() == 0
    roots = place.world.home.keys.signers
    for counter in desks:
        assert read_export(list(write_export(counter.place.vault)), *roots).records > 0
    second.place.vault.close()
    third.place.vault.close()


def test_an_enrolment_file_from_before_the_key_ended_is_refused_and_its_token_stays(
    place: Place, tmp_path: Path
) -> None:
    file = place.file()
    place.rotate("signing")
    place.counter.sync()
    place.counter.sync()
    place.use("signing")
    place.retire("signing")
    with pytest.raises(Refused):
        place.enrolled(tmp_path / "Desk 2", file)
    assert not (tmp_path / "Desk 2" / "vault.db").exists()


def test_a_set_that_another_key_vouches_for_is_ignored_and_told(place: Place, people: list[Booked]) -> None:
    vault, stranger = place.counter.place.vault, SigningKey.generate()
    before = vault.identity.central
    forged = CentralKeys(
        signing=stranger.public,
        codes=before.codes,
        people=before.people,
        number=before.number + 7,
        others=[before.signing],
    )

    def spoil(answer: bytes) -> bytes:
        signed = packing.unpack(answer)
        if signed.payload_type != CHANGES_TYPE:
            return answer
        changes = msgspec.msgpack.decode(signed.payload, type=Changes)
        spoiled = msgspec.structs.replace(changes, keys=[announce(forged, stranger)])
        return packing.pack(spoiled, CHANGES_TYPE, place.world.home.keys.signing)

    place.simulator.spoil = spoil
    place.counter.sync()
    assert vault.identity.central == before
    assert "status.keys_unproved" in [part.key for part in sync_words(place.counter.place, DriverStatus()).parts]

    place.simulator.spoil = lambda answer: answer
    place.counter.sync()
    assert "status.keys_unproved" not in [part.key for part in sync_words(place.counter.place, DriverStatus()).parts]
    assert vault.identity.central == before


def test_an_old_set_played_again_takes_nothing_back(place: Place) -> None:
    vault = place.counter.place.vault
    place.rotate("signing")
    place.counter.sync()
    old = place.world.home.keys.announcements()
    place.use("signing", force=True)
    place.counter.sync()
    newest = vault.identity.central
    vault.trusted.hear(old)
    assert vault.identity.central == newest == place.world.home.keys.public


def test_a_key_does_not_end_while_a_machine_has_not_heard_or_has_records_to_come(
    place: Place, people: list[Booked]
) -> None:
    place.rotate("codes", "signing")
    with pytest.raises(CentralError, match="1 machine has not heard"):
        place.use("signing")
    with pytest.raises(CentralError, match="1 machine has not heard"):
        place.retire("codes")
    place.counter.sync()
    place.use("signing")
    place.counter.dose(people[0].reference, people[0].code)
    with place.world.home.database.write() as connection:
        connection.execute(device_heads.update().values(claimed_seq=device_heads.c.seq + 1))
    with pytest.raises(CentralError, match="1 machine has"):
        place.retire("codes")
    place.counter.sync()
    place.retire("codes")
    with pytest.raises(CentralError, match="is in use"):
        place.retire("codes")
    assert (place.world.folder / key_files.RETIRED_FILE).stat().st_mode & 0o777 == 0o600
    assert (place.world.folder / "central.key").stat().st_mode & 0o777 == 0o600


def test_after_a_key_ended_everything_hangs_from_the_next(place: Place, tmp_path: Path, people: list[Booked]) -> None:
    place.counter.dose(people[0].reference, people[0].code)
    old = place.world.home.keys.signing
    sealed = seal.seal_for_decades(b"k" * 32, place.world.home.keys.people.public, seal.recovery_binding("d1"))
    with place.world.home.database.write() as connection:
        row = connection.execute(select(recovery)).one()
        connection.execute(recovery.insert().values(**{**row._mapping, "device": "d1", "sealed": sealed}))
    place.rotate("signing", "people")
    place.counter.sync()
    place.use("signing")
    place.counter.sync()
    place.counter.sync()
    place.retire("signing")
    place.retire("people")
    keys = place.world.home.keys
    with place.world.home.database.read() as connection:
        issuers = set(connection.scalars(select(certificates.c.issuer)))
        kept = connection.execute(select(recovery.c.sealed).where(recovery.c.device == "d1")).scalar_one()
    assert issuers == {key_id(keys.signing.public)}
    assert seal.open_for_decades(kept, keys.people, seal.recovery_binding("d1")) == b"k" * 32

    place.counter.dose(people[1].reference, people[1].code)
    place.counter.sync()
    place.counter.sync()
    assert unconfirmed(place.counter) == 0
    assert place.said() == []
    vault = place.counter.place.vault
    assert vault.identity.central.others == []
    # The machine's own certificate is still of its enrolment: the ledger proves itself with both keys.
    lines = list(write_export(vault))
    assert read_export(lines, old.public, keys.signing.public).records == read_export(lines).records > 0
    second = place.enrolled(tmp_path / "Desk 2", place.file())
    assert second.place.vault.peers.rejected() == 0
    second.place.vault.close()


def test_a_machine_that_missed_the_end_of_a_key_loses_nothing_and_is_told_what_to_do(
    place: Place, tmp_path: Path, people: list[Booked]
) -> None:
    counter, vault = place.counter, place.counter.place.vault
    counter.dose(people[0].reference, people[0].code)
    waiting = unconfirmed(counter)
    place.rotate("signing")
    place.use("signing", force=True)
    place.retire("signing", force=True)
    with pytest.raises(Refused):
        counter.sync()
    me = vault.identity
    ask = PullRequest(centre=me.centre, device=me.device, nonce=bytes(16), cursor=0, keys=1)
    with pytest.raises(CentralRefused, match="keys_unknown"):
        place.simulator.api.pull(packing.pack(ask, PULL_TYPE, me.device_key))
    assert unconfirmed(counter) == waiting

    file = place.file()
    for other in (
        msgspec.structs.replace(file, centre="999999"),
        msgspec.structs.replace(file, authority="another"),
        msgspec.structs.replace(file, central=msgspec.structs.replace(file.central, number=0)),
    ):
        with pytest.raises(CannotDo):
            trust(counter.place, other)
    trust(counter.place, file)
    counter.sync()
    assert unconfirmed(counter) == 0
    assert place.said() == []


def test_nobody_but_the_in_charge_gives_a_desk_other_keys(place: Place) -> None:
    place.colleague(place.counter)
    staff = dataclasses.replace(place.counter.place, staff=place.counter.unlock.people()[1])
    with pytest.raises(CannotDo):
        trust(staff, place.file())


def test_central_knows_which_set_each_machine_goes_by(place: Place) -> None:
    def known() -> int:
        with place.world.home.database.read() as connection:
            return int(connection.execute(select(devices.c.central_keys)).scalar_one())

    assert known() == 1
    place.rotate("codes")
    assert known() == 1
    place.counter.sync()
    assert known() == 2


def test_a_card_key_is_published_for_a_day_before_it_signs(place: Place) -> None:
    before = place.world.home.keys
    place.rotate("cards")
    assert place.world.home.keys.cards == before.cards
    assert [key.public for key in place.world.home.keys.all_cards][1] == before.cards.public
    with pytest.raises(CentralError, match="less than a day"):
        place.use("cards")
    place.world.clock.move(days=1)
    place.use("cards")
    keys = place.world.home.keys
    assert keys.cards != before.cards
    assert len(keys.all_cards) == 2
    assert keys.number == before.number
