"""The vials of this desk (DESIGN 3.1), and that keeping them costs a dose nothing."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from pathlib import Path

from tests.domain.given import dose_given, voided
from tests.vault.given import (
    DAY,
    IN_CHARGE,
    TEN,
    aefi,
    changes,
    discarded,
    overridden,
    person,
    received,
    save,
    transferred,
    vial,
)
from vaccinator_app.domain.aefi import Seriousness
from vaccinator_app.domain.stock import Batch, Shelf
from vaccinator_app.domain.stock_events import VialOpened
from vaccinator_app.protocol.messages import AllottedBatch
from vaccinator_app.vault.files import DATABASE
from vaccinator_app.vault.ledger import Moment
from vaccinator_app.vault.vault import Vault

BATCH = "4121Z025"
TOMORROW = DAY + timedelta(days=1)
FRAME_HEADER, FRAME, PAGE = 32, 24, 4096


def test_a_shelf_is_what_came_and_what_went(vault: Vault) -> None:
    assert vault.stock.shelf("two", BATCH) == Shelf()
    assert vault.stock.shelves() == {}
    save(vault, received(5), received(2), transferred(1), vial(1), vial(2), discarded(0, vials=2, doses=20))
    save(vault, discarded(1, doses=3), received(9, "other"))
    assert vault.stock.shelf("two", BATCH) == Shelf(received=7, opened=2, discarded=2, transferred=1)
    assert vault.stock.shelf("two", BATCH).unopened == 2
    assert vault.stock.shelf("three", BATCH) == Shelf()
    assert vault.stock.shelves() == {
        ("two", BATCH): vault.stock.shelf("two", BATCH),
        ("two", "other"): Shelf(received=9),
    }


def test_open_vials_are_those_of_the_day_that_nobody_threw_away(vault: Vault) -> None:
    names = [f"{n:012d}" for n in range(1, 5)]
    save(vault, vial(1))
    save(vault, vial(3, doses=2), vial(4), minutes=24 * 60)
    save(vault, VialOpened(vaccine="three", batch="B7", vial=1, doses=5), minutes=24 * 60 - 5)
    save(vault, dose_given(names[0]), dose_given(names[1]), dose_given(names[2]), voided(6, names[1]))
    assert [(v.vaccine, v.batch, v.vial, v.left) for v in vault.stock.open_vials(TOMORROW)] == [
        ("three", "B7", 1, 5),
        ("two", BATCH, 3, 0),
        ("two", BATCH, 4, 10),
    ]
    assert [v.vial for v in vault.stock.open_vials(DAY)] == [1]
    assert vault.stock.open_vials(DAY - timedelta(days=1)) == []
    save(vault, discarded(4))
    assert [v.vial for v in vault.stock.open_vials(TOMORROW)] == [1, 3]
    newest = vault.roster.vial(BATCH)
    assert newest is not None
    assert (newest.vial, newest.left) == (4, 0), "the number goes on, though nothing can be drawn from it"


def test_a_vial_is_of_the_day_at_the_centre(vault: Vault) -> None:
    late = TEN.replace(hour=1).astimezone(UTC)
    assert late.date() == DAY - timedelta(days=1)
    vault.ledger.append(Moment(at=late, boot="b", uptime_ms=0), IN_CHARGE, [vial(1)])
    assert [v.vial for v in vault.stock.open_vials(DAY)] == [1]
    assert vault.stock.open_vials(DAY - timedelta(days=1)) == []


def test_batches_are_those_allotted_and_those_received(vault: Vault) -> None:
    save(vault, received(1, "A1", expiry=DAY, doses=5), received(1, "B1", expiry=date(2027, 5, 1), doses=10))
    save(vault, received(1, "B1", expiry=date(2027, 1, 1), doses=5))
    told = [
        AllottedBatch("two", "A1", date(2027, 1, 31), 10),
        AllottedBatch("two", "A2", date(2027, 2, 28), 10, withdrawn=True),
    ]
    vault.exchange.apply(changes(batches=told))
    assert vault.roster.batches() == [
        Batch(vaccine="two", batch="A1", expiry=date(2027, 1, 31), doses_per_vial=10),
        Batch(vaccine="two", batch="A2", expiry=date(2027, 2, 28), doses_per_vial=10, withdrawn=True),
        Batch(vaccine="two", batch="B1", expiry=date(2027, 1, 1), doses_per_vial=5),
    ], "central's word holds; without one, the earliest expiry that was read"


def test_a_dose_writes_no_page_of_what_is_rare(vault: Vault, home: Path) -> None:
    vault.exchange.apply(changes(*(person(n) for n in range(1, 5))))
    rare = {
        page
        for (page,) in vault._database.read(
            "SELECT rootpage FROM sqlite_schema WHERE rootpage > 0 AND tbl_name IN "
            "('stock', 'vials', 'day_starts', 'serious', 'overridden', 'peer_records', 'peer_rejects')"
        )
    }
    first = _written(home, lambda: save(vault, dose_given(person(1).appointment)))
    assert len(first & rare) == 1, "the first record of a day says where it begins"
    assert not _written(home, lambda: save(vault, dose_given(person(2).appointment))) & rare
    mild = aefi(1, person(2).appointment, Seriousness.NOT_SERIOUS)
    assert not _written(home, lambda: save(vault, mild)) & rare
    assert _written(home, lambda: save(vault, aefi(1, person(2).appointment))) & rare
    assert _written(home, lambda: save(vault, overridden(person(3).appointment))) & rare
    assert len(_written(home, lambda: save(vault, vial())) & rare) > 2


def _written(home: Path, act: object) -> set[int]:
    """The numbers of the pages that ``act`` writes: they stand in the clear before each frame of the log."""
    log = home / f"{DATABASE}-wal"
    before = log.stat().st_size
    assert callable(act)
    act()
    frames = log.read_bytes()[max(before, FRAME_HEADER) :]
    assert len(frames) % (FRAME + PAGE) == 0
    return {int.from_bytes(frames[at : at + 4], "big") for at in range(0, len(frames), FRAME + PAGE)}
