"""``vaccinator audit``: filters, both forms, who may ask, and what is on record of the asking."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cli.test_day_report import desk  # noqa: F401  (the fixture)
from tests.support.central import open_as_in_charge
from tests.support.desk import MORNING, TODAY, ToldClock, vaccines
from vaccinator_app.cli.exits import Exit
from vaccinator_app.cli.main import main
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.unlock import lock
from vaccinator_app.desk.walk_in import WalkInForm, register
from vaccinator_app.domain.events import RecordViewed
from vaccinator_app.domain.staff_events import AuditExported

THAT_DAY = ("--from", str(TODAY), "--to", str(TODAY))


@pytest.fixture
def person(desk: Path) -> str:  # noqa: F811
    """The appointment of somebody whose name a spreadsheet would calculate, looked at three times."""
    clock = ToldClock(moment=MORNING + timedelta(minutes=5), ran=timedelta(hours=1, minutes=5))
    opened = open_as_in_charge(Unlock(desk, vaccines(), lambda _: clock))
    form = WalkInForm(name="=HYPERLINK(1) Kumari", year_of_birth="1968", photo_id_last4="4821", vaccine="covishield")
    appointment = register(form, opened.place)
    opened.place.record(*[RecordViewed(appointment=appointment)] * 3)
    lock(opened.place)
    return appointment


def audit(desk: Path, *more: str, who: str = "R. Sharma", file: str = "sharma") -> int:  # noqa: F811
    asked = ["audit", "--as", who, "--passphrase-file", str(desk.parent / file), "--home", str(desk)]
    return main([*asked, *more])


def test_lines_with_filters_and_the_asking_on_record(
    desk: Path,  # noqa: F811
    person: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert audit(desk, *THAT_DAY) == Exit.OK
    said = capsys.readouterr().out
    assert said.count("Details opened, no visit followed") == 3
    assert "Keys given to S. Devi" in said
    assert "K•" in said
    assert "Kumari" not in said
    for asked, lines in (
        (("--kind", "saw"), 3),
        (("--kind", "stock"), 1),
        (("--appointment", person), 4),
        (("--staff", "s. devi"), 0),
        (("--staff", "R. SHARMA", "--kind", "did"), 1),
        (("--appointment", "000000000000"), 0),
    ):
        assert audit(desk, *THAT_DAY, *asked) == Exit.OK
        assert capsys.readouterr().out.count("\n") == lines, asked
    opened = open_as_in_charge(Unlock(desk, vaccines()))
    exported = [body for _, _, _, body in opened.place.vault.ledger.events() if isinstance(body, AuditExported)]
    lock(opened.place)
    assert len(exported) == 7
    assert exported[1] == AuditExported(first=TODAY, last=TODAY, entries=3)


def test_a_table_is_for_this_user_alone_and_calculates_nothing(
    desk: Path,  # noqa: F811
    person: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = desk.parent / "audit.csv"
    assert audit(desk, *THAT_DAY, "--format", "csv", "--kind", "saw", "--out", str(out)) == Exit.OK
    assert "3 lines are in audit.csv" in capsys.readouterr().out
    assert out.stat().st_mode & 0o077 == 0
    rows = list(csv.DictReader(out.read_text("utf-8-sig").splitlines()))
    assert {(row["person"], row["sort"], row["appointment"]) for row in rows} == {("'=HYPERLINK(1) K•", "saw", person)}
    assert [row["machine"] for row in rows] == ["Desk 2"] * 3
    assert audit(desk, "--out", str(out)) == Exit.BAD_INPUT
    assert capsys.readouterr().err.count("\n") == 1


def test_only_the_in_charge_and_only_what_can_be_asked(
    desk: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert audit(desk, who="S. Devi", file="devi") == Exit.NOT_DONE
    assert "Only the in-charge" in capsys.readouterr().err
    assert audit(desk, "--from", "21.11.2026") == Exit.USAGE
    assert audit(desk, "--from", "2026-11-22", "--to", "2026-11-21") == Exit.USAGE
    assert audit(desk, "--staff", "nobody") == Exit.USAGE
    err = capsys.readouterr().err
    assert err.count("\n") == 3
    assert "R. Sharma, S. Devi" in err
