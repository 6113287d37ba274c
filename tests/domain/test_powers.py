"""Who may do what: one table, whole, and as people are told it (DESIGN 5)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from vaccinator_app.domain.events import BODIES, SignedIn
from vaccinator_app.domain.people import Role
from vaccinator_app.domain.powers import NEEDED, POWERS, Power, may, may_record
from vaccinator_app.domain.staff_events import AuditExported, RemovalReason, StaffRemoved

DOCUMENT = Path(__file__).parents[2] / "docs" / "staff.md"


def test_every_kind_of_record_needs_something() -> None:
    assert set(NEEDED) == set(BODIES.values())


def test_every_role_has_its_row() -> None:
    assert set(POWERS) == set(Role)
    assert POWERS[Role.VERIFIER] < POWERS[Role.VACCINATOR] < POWERS[Role.IN_CHARGE] == set(Power)


def test_who_stands_at_the_door_has_neither_code_nor_dose_nor_vial() -> None:
    theirs = {kind.KIND for kind, power in NEEDED.items() if may(Role.VERIFIER, power)}
    others = {kind.KIND for kind in BODIES.values()} - theirs
    assert {"arrived", "dose_deferred", "walk_in_registered", "observation_ended", "aefi_reported", "voided"} < theirs
    assert {"code_refused", "dose_given", "vial_opened", "stock_received", "vial_discarded"} < others


def test_only_the_in_charge_removes_but_anybody_notes_what_central_did() -> None:
    left = StaffRemoved(staff="s", keys=("0" * 16,), reason=RemovalReason.LEFT)
    told = StaffRemoved(staff="s", keys=("0" * 16,), reason=RemovalReason.CENTRAL)
    assert [may_record(role, left) for role in (Role.VERIFIER, Role.VACCINATOR, Role.IN_CHARGE)] == [False, False, True]
    assert all(may_record(role, told) for role in Role)
    assert not may_record(Role.VACCINATOR, AuditExported(first=date.min, last=date.max, entries=0))
    assert may_record(Role.VERIFIER, SignedIn())


def test_people_are_told_the_same() -> None:
    told: dict[str, dict[str, bool]] = {}
    columns: list[str] = []
    for line in DOCUMENT.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if "power" in cells:
            columns = [cell.replace("-", "_") for cell in cells[2:]]
        elif columns and len(cells) == 5 and cells[1].startswith("`"):
            told[cells[1].strip("`")] = dict(zip(columns, [cell == "yes" for cell in cells[2:]], strict=True))
    assert columns == [Role.VERIFIER, Role.VACCINATOR, Role.IN_CHARGE]
    assert told == {power: {role: may(role, power) for role in Role} for power in Power}
