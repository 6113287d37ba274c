"""What keeps central going: its keys, its tables, its operator's commands, its messages, what it forgets."""

from __future__ import annotations

import logging
import ssl
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError, StatementError

from tests.central.machine import Desk, other_code
from tests.central.support import BATCH, BHOJPUR, EXPIRY, HOME, RAMPUR, TODAY, World, count, vaccines
from vaccinator_app.central import database, log, schema
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.operations import admin
from vaccinator_app.central.operations.housekeeping import forget
from vaccinator_app.domain.events import SignedIn, Voided, VoidReason
from vaccinator_app.domain.stock import Batch
from vaccinator_app.domain.stock_events import StockReceived
from vaccinator_app.protocol.records import Record, read_event
from vaccinator_app.trust.errors import BadSeal

# Keys


def test_every_secret_file_is_for_this_account_alone(world: World) -> None:
    secrets = [world.folder / "central.key", *(world.folder / "tls").glob("*.key")]
    if world.home.database.engine.dialect.name == "sqlite":
        secrets.append(world.folder / "central.db")
    assert len(secrets) >= 3
    assert {path.stat().st_mode & 0o777 for path in secrets} == {0o600}


def test_making_a_home_again_changes_nothing(world: World) -> None:
    files = [*world.folder.glob("tls/*"), world.folder / "central.key"]
    before = [path.read_bytes() for path in files]
    admin.init(world.folder, world.clock, vaccines(), names=["localhost"])
    assert [path.read_bytes() for path in files] == before


def test_a_new_name_or_an_old_certificate_makes_a_new_one_under_the_same_authority(world: World) -> None:
    served, authority = (world.folder / "tls" / name for name in ("server.pem", "authority.pem"))
    for days in (0, 380):
        world.clock.move(days=days)
        before, root = served.read_bytes(), authority.read_bytes()
        admin.init(world.folder, world.clock, vaccines(), names=["central.example"])
        assert served.read_bytes() != before
        assert authority.read_bytes() == root
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(served, world.folder / "tls" / "server.key")


def test_lost_keys_are_never_made_anew(world: World) -> None:
    (world.folder / "central.key").rename(world.folder / "elsewhere")
    for ask in (lambda: admin.init(world.folder, world.clock, vaccines()), lambda: admin.open_home(world.folder)):
        with pytest.raises(CentralError):
            ask()
    assert not (world.folder / "central.key").exists()


def test_half_an_authority_is_not_made_whole(world: World) -> None:
    (world.folder / "tls" / "authority.key").unlink()
    with pytest.raises(CentralError, match="tls/authority"):
        admin.init(world.folder, world.clock, vaccines())


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"signing": "!", "codes": "", "people": "", "data": ""}'])
def test_a_damaged_key_file_is_one_sentence(world: World, content: bytes) -> None:
    (world.folder / "central.key").write_bytes(content)
    with pytest.raises(CentralError, match="backup"):
        admin.open_home(world.folder)


def test_a_key_file_that_others_may_read_is_refused(world: World) -> None:
    (world.folder / "central.key").chmod(0o640)
    with pytest.raises(CentralError, match="chmod 600"):
        admin.open_home(world.folder)


def test_a_folder_without_central_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CentralError, match="central init"):
        admin.open_home(tmp_path)


def test_a_field_opens_only_in_its_own_row(world: World) -> None:
    cupboard = world.home.keys.cupboard
    sealed = cupboard.lock(b"1234", "code", RAMPUR, "1")
    assert cupboard.unlock(sealed, "code", RAMPUR, "1") == b"1234"
    for place in (("code", RAMPUR, "2"), ("retired_code", RAMPUR, "1"), ("code", RAMPUR)):
        with pytest.raises(BadSeal):
            cupboard.unlock(sealed, *place)


def test_keys_do_not_show_in_their_names(world: World) -> None:
    keys = world.home.keys
    assert str(keys.cupboard.key) not in repr(keys)
    assert str(keys.signing.private) not in repr(keys)


# Tables


def test_records_from_before_desks_heard_of_each_other_are_told_as_well(world: World, desk: Desk) -> None:
    other, booked = Desk(world), world.book()
    desk.ledger.append(Record(b"poison", "?", b""))
    world.clock.move(hours=14.5)  # past midnight in Rampur
    for body in (SignedIn(), Voided(appointment=booked.reference, seq=7, reason=VoidReason.NOT_GIVEN)):
        desk.record(body)
    unread = desk.record(SignedIn())
    desk.ledger[-1] = Record(unread.payload.replace(b"signed_in", b"later_kind"), unread.keyid, unread.signature)
    desk.record(StockReceived(vaccine="covishield", batch=BATCH, expiry=EXPIRY, vials=1, doses_per_vial=10))
    desk.push()
    days = select(schema.records.c.seq, schema.records.c.day).order_by(schema.records.c.seq)
    with world.home.database.read() as connection:
        before = connection.execute(days).all()
    cursor = other.pull().cursor
    for step in ("downgrade", "upgrade"):
        with world.home.database.write() as connection:
            config = database._alembic()
            config.attributes["connection"] = connection
            getattr(command, step)(config, {"downgrade": "0001", "upgrade": "head"}[step])
    with world.home.database.read() as connection:
        assert connection.execute(days).all() == before
    assert {row.day for row in before} == {None, TODAY + timedelta(days=1)}
    assert [read_event(one.record.payload).seq for one in other.pull(cursor).peers] == [3, 5]


def test_every_table_is_keyed_by_what_it_is_distributed_by() -> None:
    first = {table.name: next(iter(table.primary_key)).name for table in schema.metadata.sorted_tables}
    assert {name for name, key in first.items() if key == "beneficiary"} == {"people", "bookings", "doses"}
    assert set(first.values()) == {
        *("centre", "beneficiary", "mobile_hash", "photo_id_hash", "token_hash", "recipient", "vaccine"),
        *("captcha", "certificate", "partner", "subject_hash", "switch"),
    }


def test_writes_are_durable_and_readers_are_not_stopped(world: World) -> None:
    opened = admin.open_home(world.folder).database
    with opened.write() as writing, opened.read() as reading:
        if opened.engine.dialect.name == "sqlite":
            asked, promised = ("PRAGMA journal_mode", "PRAGMA synchronous"), ["wal", 2]
        else:
            asked, promised = ("SHOW transaction_isolation", "SHOW synchronous_commit"), ["read committed", "on"]
        answers = [writing.exec_driver_sql(question).scalar_one() for question in asked]
        writing.execute(update(schema.centres).values(name="Changed"))
        assert "Changed" not in reading.execute(select(schema.centres.c.name)).scalars().all()
    assert answers == promised
    opened.close()


def test_a_newer_database_is_refused_and_not_touched(world: World) -> None:
    with world.home.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    for ask in (lambda: database.migrate(world.home.database), lambda: admin.open_home(world.folder)):
        with pytest.raises(CentralError, match="newer version"):
            ask()


def test_an_older_database_asks_to_be_migrated(tmp_path: Path, world: World) -> None:
    with world.home.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM alembic_version")
    with pytest.raises(CentralError, match="central migrate"):
        admin.open_home(world.folder)


def test_errors_of_the_database_quote_no_values(world: World) -> None:
    statement = schema.photo_ids.insert().values(photo_id_hash=b"Lakshmi", beneficiary="Iyer", mobile_hash=b"")
    with world.home.database.write() as connection:
        connection.execute(statement)
        with pytest.raises(IntegrityError, match=r"(?i)unique") as failed:
            connection.execute(statement)
    assert "Lakshmi" not in str(failed.value)
    assert "Iyer" not in str(failed.value)


def test_a_time_without_an_offset_is_not_stored(world: World) -> None:
    with pytest.raises(StatementError, match="without an offset"), world.home.database.write() as connection:
        connection.execute(update(schema.devices).values(enrolled_at=datetime(2026, 1, 1)))  # noqa: DTZ001


# The operator


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda home: admin.add_centre(home, "12345", "X", "Y"), "six digits"),
        (lambda home: admin.add_centre(home, "१२३४५६", "X", "Y"), "six digits"),
        (lambda home: admin.add_centre(home, RAMPUR, "X", "Y"), "already"),
        (lambda home: admin.add_centre(home, "300001", " ", "Y"), "name and a district"),
        (lambda home: admin.add_centre(home, "300001", "X", "Y", "Mars/Base"), "time zone"),
        (lambda home: admin.add_session(home, "999999", TODAY, "covishield"), "no vaccination centre"),
        (lambda home: admin.add_session(home, RAMPUR, TODAY, "x"), "covishield, covaxin, corbevax"),
        (lambda home: admin.add_session(home, RAMPUR, TODAY, "covishield", capacity=0), "at least"),
        (lambda home: admin.add_session(home, RAMPUR, TODAY, "covishield", count=60, minutes=60), "midnight"),
        (lambda home: allot(home, "covishield", BATCH), "already"),
        (lambda home: allot(home, "covishield", "a b"), "batch number"),
        (lambda home: allot(home, "x", "new"), "covishield, covaxin, corbevax"),
        (lambda home: allot(home, "covishield", "new", "999999"), "no vaccination centre"),
        (lambda home: admin.withdraw_batch(home, "999999", "covishield", BATCH), "never allotted"),
        (lambda home: admin.withdraw_batch(home, RAMPUR, "covaxin", BATCH), "never allotted"),
        (lambda home: admin.withdraw_batch(home, RAMPUR, "covishield", "other"), "never allotted"),
    ],
)
def test_an_operators_slip_is_one_sentence(world: World, act: object, says: str) -> None:
    with pytest.raises(CentralError, match=says):
        act(world.home)  # type: ignore[operator]


def allot(home: admin.Home, vaccine: str, batch: str, centre: str = RAMPUR) -> None:
    admin.allot_batch(home, centre, Batch(vaccine=vaccine, batch=batch, expiry=EXPIRY, doses_per_vial=10))


def test_a_batch_is_withdrawn_once_and_keeps_its_time(world: World) -> None:
    home, batch = world.home, ("covishield", BATCH)
    assert admin.withdraw_batch(home, RAMPUR, *batch, clock=world.clock) == 1
    world.clock.move(hours=1)
    with pytest.raises(CentralError, match="already"):
        admin.withdraw_batch(home, RAMPUR, *batch, clock=world.clock)
    assert admin.withdraw_batch(home, None, *batch, clock=world.clock) == 1
    with world.home.database.read() as connection:
        times = connection.execute(select(schema.batches.c.centre, schema.batches.c.withdrawn_at)).all()
    assert {row.centre: row.withdrawn_at for row in times} == {
        RAMPUR: world.clock.now - timedelta(hours=1),
        BHOJPUR: world.clock.now,
    }


def test_more_slots_may_be_opened_and_open_ones_keep_their_places(world: World) -> None:
    world.book(vaccine="covaxin", slot="10:00")
    admin.add_session(world.home, RAMPUR, TODAY, "covaxin", count=14, capacity=50)
    left = [slot.left for slot in world.bookings.open_slots(RAMPUR, TODAY.isoformat()) if slot.vaccine == "covaxin"]
    assert left == [1, *[2] * 11, 50, 50]


def test_counts(world: World, desk: Desk) -> None:
    desk.record(desk.dose(world.book(), "0000"))
    desk.record(SignedIn(), staff="nobody")
    desk.push()
    found = admin.counts(world.home)
    assert (found.centres, found.devices, found.appointments, found.records) == (3, 1, 1, 2)
    assert (found.held, found.refused) == (1, 1)


# The log


def test_the_log_takes_no_field_that_is_not_on_its_list() -> None:
    with pytest.raises(ValueError, match="not a field"):
        log.event("x", name="Sunita")


def test_a_failure_is_logged_by_kind_and_place_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise KeyError("Sunita Kumari")
    except KeyError as error:
        log.failure("failed", error)
    (record,) = caplog.records
    assert record.__dict__["fields"].keys() == {"error", "file", "line"}
    assert "Sunita" not in str(record.__dict__)


def test_sqlalchemy_logs_no_rows_even_when_everything_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    world.book("9876543210", name="Lakshmi Iyer")
    assert "Lakshmi" not in caplog.text


# What is forgotten


def kept(world: World) -> int:
    return count(world, schema.roster, schema.roster.c.code.is_not(None))


def test_codes_go_once_used_when_the_time_to_correct_is_over(world: World, desk: Desk) -> None:
    used = world.book()
    world.book()
    desk.record(desk.dose(used))
    desk.push()
    forget(world.home.database, world.clock() + timedelta(days=3))
    assert kept(world) == 2
    assert forget(world.home.database, world.clock() + timedelta(days=3, seconds=1)) == 1
    assert kept(world) == 1


def test_codes_of_a_voided_dose_stay(world: World, desk: Desk) -> None:
    booked = world.book()
    desk.record(desk.dose(booked))
    desk.record(Voided(appointment=booked.reference, seq=1, reason=VoidReason.NOT_GIVEN))
    desk.push()
    assert forget(world.home.database, world.clock() + timedelta(days=4)) == 0


def test_codes_go_once_expired_and_a_dose_after_that_is_held(world: World, desk: Desk) -> None:
    booked = world.book()
    desk.record(desk.dose(booked))
    world.clock.move(days=30)
    assert forget(world.home.database, world.clock()) == 0
    world.clock.move(days=1)
    assert forget(world.home.database, world.clock()) == 1
    (outcome,) = desk.push().outcomes
    assert outcome.reasons == ("no_proof",)


def test_retired_codes_sessions_passwords_and_old_messages_go_too(world: World, desk: Desk) -> None:
    booked = world.book()
    desk.record(desk.dose(booked, other_code(booked.code, same_bucket=True)))
    desk.push()
    world.drain.run()
    world.login.ask("9876543210", "en", address=HOME)
    forget(world.home.database, world.clock() + timedelta(days=31))
    assert count(world, schema.roster, schema.roster.c.retired_code.is_not(None)) == 0
    assert count(world, schema.logins) == count(world, schema.otps) == 0
    assert count(world, schema.sms_outbox) == 1
