"""Central that is killed as it works, that is gone, that moves; and a desk that is locked while a network hangs."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing

import msgspec
import pytest

from tests.central.support import RAMPUR
from tests.faults.rig import Rig, Site
from tests.support import scale
from tests.support.line import Ask, Asked, FaultyLine, Middle, Near
from tests.support.served import STEPS
from vaccinator_app.central.database import DATABASE_FILE
from vaccinator_app.central.operations import admin
from vaccinator_app.desk import syncing
from vaccinator_app.desk.enrol import trust
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.protocol.enrolment import EnrolmentFile, read_file


@pytest.mark.parametrize("step", STEPS if scale.NIGHTLY else ("head_moved",))
def test_central_is_killed_as_it_takes_a_push(rig: Rig, place: Site, step: str) -> None:
    rig.book()
    rig.save()
    place.served.dies_at(step)
    with rig.at_work():
        failed = rig.until_failed()
        assert place.served.died
        assert failed.failure is not None
        assert failed.failure.key == "sync.cut"
        rig.save()
        # the next one waits until another worker is there
        rig.catch_up()
    rig.all_confirmed()
    scale.count("network faults")


@pytest.mark.skipif(not scale.NIGHTLY, reason="takes half a minute: make nightly")
def test_central_is_killed_whole_and_started_elsewhere(rig: Rig, place: Site) -> None:
    for _ in range(3):
        rig.save()
        place.served.kill()
        with rig.at_work():
            failed = rig.until_failed()
            assert failed.failure is not None
            assert failed.failure.key == "sync.cut"
            rig.save()
            rig.nothing_lost()
            place.served.start()
            place.line.target = place.served.port
            rig.catch_up()
        rig.all_confirmed()
        scale.count("network faults")


@pytest.mark.skipif(not scale.NIGHTLY, reason="central waits a quarter of a minute for its database: make nightly")
def test_the_database_of_central_is_busy_without_end(rig: Rig, place: Site) -> None:
    rig.save()
    with closing(sqlite3.connect(place.world.folder / DATABASE_FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with rig.at_work():
            failed = rig.until_failed()
            assert failed.failure is not None
            assert failed.failure.key == "sync.busy"
        other.execute("ROLLBACK")
    with rig.at_work():
        rig.catch_up()
    rig.all_confirmed()
    scale.count("network faults")


def test_central_moves_and_the_in_charge_brings_its_new_address(fresh: Rig, place: Site) -> None:
    old = fresh.place.vault.identity
    elsewhere = FaultyLine(place.served.port)
    try:
        fresh.save()
        place.line.cut()
        with fresh.at_work():
            assert fresh.until_failed().failure is not None
        file = _file(place, elsewhere.address)
        for other in ({"authority": "another"}, {"address": "http://127.0.0.1:80"}):
            with pytest.raises(CannotDo):
                trust(fresh.place, msgspec.structs.replace(file, **other))
        assert fresh.place.vault.identity == old
        trust(fresh.place, file)
        assert fresh.place.vault.identity.address == elsewhere.address
        with fresh.at_work():
            fresh.catch_up()
        fresh.all_confirmed()
        assert elsewhere.connections > 0
    finally:
        place.line.mend()
        elsewhere.cut()
    scale.count("network faults")


def _file(place: Site, address: str) -> EnrolmentFile:
    return read_file(admin.create_enrolment_file(place.world.home, place.world.clock, RAMPUR, address))


def test_locking_the_desk_hangs_up_on_a_network_that_hangs(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syncing, "PATIENCE", 0.05)
    asked = threading.Event()

    def hangs(near: Near, _: Asked, __: Ask) -> None:
        asked.set()
        near.hold()

    rig.save()
    with rig.line.faulty(Middle(rig.site.authority, hangs)):
        with rig.at_work():
            assert asked.wait(30)
        thread = rig.syncing._driver._thread
        # far below the minute that an answer may take
        thread.join(20)
        assert not thread.is_alive()
    with rig.at_work():
        rig.catch_up()
    rig.all_confirmed()
    scale.count("network faults")
