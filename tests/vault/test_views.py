"""What screens show follows from events, and can be computed again (DESIGN 3.1, 6.3)."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.given import WHO, bodies, deferred, dose_given, observed, refused, voided
from tests.vault.given import (
    KEY,
    aefi,
    born,
    changes,
    discarded,
    moment,
    never_came,
    overridden,
    override,
    person,
    received,
    save,
    transferred,
    vial,
)
from vaccinator_app.domain.aefi import Seriousness
from vaccinator_app.domain.events import Arrived, Body, RecordViewed, appointment_of
from vaccinator_app.domain.stock import Shelf
from vaccinator_app.domain.stock_events import STOCK, StockReceived, StockTransferred, VialDiscarded, VialOpened
from vaccinator_app.domain.visits import Visit, VisitState, apply
from vaccinator_app.vault.vault import Vault
from vaccinator_app.vault.views import VIEWS

OTHER = "000000000002"
SOMEBODY = st.sampled_from([WHO, OTHER])
ANY = st.one_of(
    bodies(SOMEBODY),
    st.builds(never_came, st.integers(1, 12), SOMEBODY),
    SOMEBODY.map(override),
    SOMEBODY.map(overridden),
    st.builds(aefi, st.integers(1, 12), SOMEBODY, st.sampled_from(Seriousness)),
    st.builds(received, st.integers(0, 5), st.sampled_from(["4121Z025", "4121Z026"]), doses=st.sampled_from([5, 10])),
    st.builds(transferred, st.integers(0, 5)),
    st.builds(discarded, st.integers(0, 3), st.integers(0, 3), st.integers(0, 5)),
    st.builds(vial, st.integers(1, 4), st.integers(1, 10)),
)


def views(vault: Vault) -> dict[str, list[Any]]:
    return {view: sorted(vault._database.read(f"SELECT * FROM {view}")) for view in VIEWS}


def shelves(vault: Vault) -> dict[tuple[str, str], Shelf]:
    """What the events of the ledger say, counted another way."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for *_, body in vault.ledger.events():
        if not isinstance(body, STOCK):
            continue
        shelf = found.setdefault((body.vaccine, body.batch), dict.fromkeys(Shelf.__slots__, 0))
        match body:
            case StockReceived():
                shelf["received"] += body.vials
            case StockTransferred():
                shelf["transferred"] += body.vials
            case VialOpened():
                shelf["opened"] += 1
            case VialDiscarded():
                shelf["discarded"] += body.vials
    return {name: Shelf(**shelf) for name, shelf in found.items()}


def left(vault: Vault) -> dict[int, int]:
    """Doses left in each vial that is open, by its number; the doses are all of vial 3."""
    found: dict[int, int] = {}
    for *_, body in vault.ledger.events():
        if isinstance(body, VialOpened):
            found[body.vial] = body.doses
        if isinstance(body, VialDiscarded):
            found.pop(body.vial, None)
    drawn = sum(vault.roster.visit(name).dose_seq is not None for name in (WHO, OTHER))
    return {vial: max(0, doses - (drawn if vial == 3 else 0)) for vial, doses in found.items()}


@settings(max_examples=40, deadline=None)
@given(
    acts=st.lists(
        st.one_of(
            st.lists(ANY, min_size=1, max_size=4),
            st.sampled_from(["restart", "moved"]),
        ),
        max_size=10,
    )
)
def test_views_rebuilt_are_views_kept_and_both_are_what_the_events_say(acts: list[list[Body] | str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        vault = born(home)
        try:
            vault.exchange.apply(changes(person(2)))
            for number, act in enumerate(acts):
                if act == "restart":
                    vault.close()
                    vault = Vault.open(home, KEY)
                elif act == "moved":
                    day = person(2).session_date.replace(day=number + 20)
                    vault.exchange.apply(changes(person(2, day=day), cursor=vault.exchange.cursor()))
                else:
                    assert not isinstance(act, str)
                    save(vault, *act, minutes=number)
            kept = views(vault)
            expected = {WHO: Visit(appointment=WHO), OTHER: Visit(appointment=OTHER)}
            for seq, at, _, body in vault.ledger.events():
                if (name := appointment_of(body)) in expected:
                    expected[name] = apply(expected[name], seq, at, body)
            assert {name: vault.roster.visit(name) for name in expected} == expected
            assert vault.stock.shelves() == shelves(vault)
            assert {vial.vial: vial.left for vial in vault.stock.open_vials(moment().at.date())} == left(vault)
            vault.views.rebuild()
            assert views(vault) == kept
        finally:
            vault.close()


def test_a_rebuild_mends_what_was_spoilt_over_more_than_a_page(vault: Vault) -> None:
    vault.exchange.apply(changes(person(2)))
    save(vault, vial(), *[Arrived(appointment=f"{n:012d}") for n in range(1200)], dose_given(OTHER))
    kept = views(vault)
    vault._database.write(lambda connection: connection.execute("DELETE FROM visits"))
    vault._database.write(lambda connection: connection.execute("UPDATE vials SET doses = 7"))
    assert views(vault) != kept
    vault.views.rebuild()
    assert views(vault) == kept


def test_a_visit_survives_the_close(home: Path) -> None:
    vault = born(home)
    save(vault, refused(), dose_given(), minutes=3)
    vault.close()
    vault = Vault.open(home, KEY)
    visit = vault.roster.visit(WHO)
    assert (visit.state, visit.tries, visit.dose_seq) == (VisitState.OBSERVING, 1, 2)
    assert visit.arrived_at == visit.dose_at == moment(3).at
    vault.close()


def test_tries_are_counted_through_restarts_and_across_a_void(home: Path) -> None:
    vault = born(home)
    for tries in range(1, 4):
        save(vault, refused(attempt=tries))
        vault.close()
        vault = Vault.open(home, KEY)
        assert vault.roster.visit(WHO).tries == tries
    assert vault.roster.visit(WHO).state is VisitState.ATTENTION
    vault.close()


def test_looking_at_somebody_begins_no_visit(vault: Vault) -> None:
    save(vault, RecordViewed(appointment=WHO), observed())
    assert views(vault)["visits"] == []
    assert vault.roster.visit(WHO) == Visit(appointment=WHO)


def test_a_vial_loses_a_dose_for_each_record_that_stands(vault: Vault) -> None:
    assert vault.roster.vial("4121Z025") is None
    save(vault, vial(3, doses=2), minutes=1)
    save(vault, dose_given(WHO), dose_given(OTHER))
    left = vault.roster.vial("4121Z025")
    assert left is not None
    assert (left.vial, left.left, left.opened_at, left.vaccine) == (3, 0, moment(1).at, "two")
    save(vault, voided(3, OTHER))
    assert _left(vault) == 1
    save(vault, voided(3, OTHER), voided(3, WHO), voided(1, OTHER), voided(99, OTHER))
    assert _left(vault) == 1, "a record is voided once, and only by an event about the same appointment"


def test_a_dose_beyond_the_last_is_counted_and_not_shown_below_zero(vault: Vault) -> None:
    save(vault, vial(3, doses=1), dose_given(WHO), dose_given(OTHER))
    assert _left(vault) == 0
    save(vault, voided(3, OTHER))
    assert _left(vault) == 0


def test_the_newest_vial_of_a_batch_is_the_one_that_is_open(vault: Vault) -> None:
    save(vault, vial(1), vial(2, doses=5), deferred())
    newest = vault.roster.vial("4121Z025")
    assert newest is not None
    assert (newest.vial, newest.left) == (2, 5)


def _left(vault: Vault) -> int:
    found = vault.roster.vial("4121Z025")
    assert found is not None
    return found.left
