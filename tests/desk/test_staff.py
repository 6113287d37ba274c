"""What the in-charge does about colleagues, offline and with a real central behind it (DESIGN 5.3; P.18)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from tests.support.central import PASSPHRASE, TestCentral, open_as_in_charge
from tests.support.desk import CENTRE, vaccines
from vaccinator_app.central.desks.desk_api import DeskApi
from vaccinator_app.central.desks.staff import promote_staff, revoke_staff
from vaccinator_app.central.operations import admin
from vaccinator_app.desk.after_sync import after_pull
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.staff import Colleague, Staff, StaffAct
from vaccinator_app.desk.stock import Stock
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.desk.unlock import lock
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.visit_view import Step, StepState, view
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.events import Body, DeferReason, OverrideReason, Voided, VoidReason
from vaccinator_app.domain.people import Role, StaffMember
from vaccinator_app.domain.powers import Power
from vaccinator_app.domain.staff_events import AuditExported, RemovalReason
from vaccinator_app.domain.stock_events import DiscardReason
from vaccinator_app.protocol.messages import Status
from vaccinator_app.sync.engine import Engine
from vaccinator_app.sync.ports import Central
from vaccinator_app.trust.keyslot import FLOOR
from vaccinator_app.vault.errors import PassphraseCommon, StaffGone, UnknownStaff, VaultError

SHARMA, DEVI, KHAN = "R. Sharma", "S. Devi", "M. Khan"
PASSPHRASES = {SHARMA: PASSPHRASE, DEVI: "three brown goats", KHAN: "a kite over the river"}
LEFT = RemovalReason.LEFT


@dataclass(slots=True)
class Centre:
    """One machine of a centre, locked, with its central."""

    central: TestCentral
    home: Path

    @property
    def unlock(self) -> Unlock:
        return Unlock(self.home, vaccines(), lambda _: self.central.clock)

    def id_of(self, name: str) -> str:
        return next(member.staff for member in self.unlock.people() if member.name == name)

    @contextmanager
    def signed_in(self, name: str = SHARMA, passphrase: str = "") -> Iterator[Workplace]:
        place = self.unlock.open(self.id_of(name), passphrase or PASSPHRASES[name]).place
        try:
            yield place
        finally:
            lock(place)

    @contextmanager
    def unlock_as(self, staff: str) -> Iterator[Workplace]:
        place = self.unlock.open(staff, PASSPHRASE).place
        try:
            yield place
        finally:
            lock(place)

    def sync(self, place: Workplace) -> None:
        Engine(desk_of(place.vault), place.vault.exchange, self.central.simulator()).run()

    def sync_as(self, name: str = SHARMA) -> None:
        with self.signed_in(name) as place:
            self.sync(place)

    @property
    def statuses(self) -> list[Status]:
        with self.signed_in() as place:
            device = place.vault.identity.device
        return [kept.status for kept in admin.kept_of(self.central.home, device)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk with an in-charge, a vaccinator and a verifier that central has heard of."""
    folder = tmp_path_factory.mktemp("staff")
    central = TestCentral(folder / "central")
    opened = open_as_in_charge(central.enrol(folder / "home"))
    staff = Staff(opened.place)
    staff.add(DEVI, Role.VACCINATOR, PASSPHRASES[DEVI], FLOOR)
    staff.add(KHAN, Role.VERIFIER, PASSPHRASES[KHAN], FLOOR)
    Engine(desk_of(opened.place.vault), opened.place.vault.exchange, central.simulator()).run()
    lock(opened.place)
    central.close()
    return folder


@dataclass(slots=True)
class CopiedCentral(TestCentral):
    """One that goes on from another's folder."""

    source: Path = Path()

    def __post_init__(self) -> None:
        shutil.copytree(self.source, self.folder)
        self.home = admin.open_home(self.folder)
        self.api = DeskApi(self.home.database, self.home.keys, self.now)


@pytest.fixture
def centre(made: Path, tmp_path: Path) -> Iterator[Centre]:
    central = CopiedCentral(tmp_path / "central", source=made / "central")
    shutil.copytree(made / "home", tmp_path / "home")
    yield Centre(central, tmp_path / "home")
    central.close()


def refused(act: object, *arguments: object) -> str:
    with pytest.raises(CannotDo) as problem:
        act(*arguments)  # type: ignore[operator]
    return problem.value.message.key


def by_name(place: Workplace) -> dict[str, Colleague]:
    return {one.name: one for one in Staff(place).people()}


def _an_in_charges(place: Workplace) -> list[Body]:
    return [AuditExported(first=place.today(), last=place.today(), entries=0)]


# Who is there


def test_everybody_who_is_there_as_the_in_charge_sees_them(centre: Centre) -> None:
    with centre.signed_in(DEVI):
        pass
    with centre.signed_in() as place:
        people = Staff(place).people()
        assert [(one.name, one.role, one.here, one.me, one.by_central) for one in people] == [
            (SHARMA, Role.IN_CHARGE, True, True, True),
            (DEVI, Role.VACCINATOR, True, False, False),
            (KHAN, Role.VERIFIER, True, False, False),
        ]
        assert [one.last_here is None for one in people] == [False, False, True]
        assert people[1].certified_until - place.now() == timedelta(days=366)
        assert Staff(place).ending() == []
        Staff(place).disable(people[1].staff, LEFT)
        last = Staff(place).people()[-1]
        assert (last.name, last.here, last.removed_at, last.reason) == (DEVI, False, place.now(), LEFT)


def test_what_each_role_may_is_asked_before_every_act(centre: Centre) -> None:
    with centre.signed_in(KHAN) as place:
        assert place.may(Power.RECEIVE)
        stock, staff = Stock(place), Staff(place)
        acts = [
            (staff.add, "A", Role.VERIFIER, "a fourth passphrase", FLOOR),
            (staff.disable, centre.id_of(DEVI), LEFT),
            (staff.reset, centre.id_of(DEVI), "a fourth passphrase", FLOOR),
            (staff.renew, centre.id_of(DEVI)),
        ]
        assert {refused(*act) for act in acts} == {"staff.only_in_charge"}
        assert refused(stock.open_vial, "covishield", "4121Z025") == "may.handle_stock"
        assert refused(stock.discard_open, "covishield", "4121Z025", 1, DiscardReason.BROKEN) == "may.handle_stock"
        assert refused(stock.transfer, "covishield", "4121Z025", "1", "x") == "stock.only_in_charge"


def test_a_record_that_is_not_ones_own_to_make_is_not_signed(place: Workplace) -> None:
    """Also where a room forgot to ask: every record goes by one place."""
    place.staff = StaffMember(staff=place.staff.staff, name="M. Khan", role=Role.VERIFIER)
    head = place.vault.ledger.head()
    desk = VisitDesk(place, "000000000001")
    desk.confirm_identity()
    assert refused(desk.type_code, "4821") == refused(desk.record_dose) == "may.vaccinate"
    assert refused(desk.grant_override, OverrideReason.SLIP_LOST) == "override.only_in_charge"
    steps = {line.step: line.state for line in view(desk, place).steps}
    assert (steps[Step.ELIGIBLE], steps[Step.CODE], steps[Step.DOSE]) == (
        StepState.PASSED,
        StepState.LATER,
        StepState.LATER,
    )
    desk.defer(DeferReason.UNWELL)
    place.record(Voided(appointment="000000000001", seq=head.seq + 2, reason=VoidReason.NEVER_CAME))
    place.staff = StaffMember(staff=place.staff.staff, name="M. Khan", role=Role.VACCINATOR)
    with pytest.raises(CannotDo) as problem:
        place.record(*_an_in_charges(place))
    assert problem.value.message.key == "may.not_yours"


# Added, disabled, with a new passphrase


def test_who_cannot_be_added(centre: Centre) -> None:
    with centre.signed_in() as place:
        head, staff = place.vault.ledger.head(), Staff(place)
        for name, role, key in [
            ("S. Devi", Role.VACCINATOR, "staff.name_taken"),
            (" s.  devi ", Role.VERIFIER, "staff.name_taken"),
            ("r. sharma", Role.VACCINATOR, "staff.name_taken"),
            ("\u202e", Role.VACCINATOR, "walk_in.name_missing"),
            ("x" * 101, Role.VACCINATOR, "walk_in.name_long"),
            ("A. Verma", Role.IN_CHARGE, "staff.only_central_adds"),
        ]:
            assert refused(staff.add, name, role, "a fourth passphrase", FLOOR) == key
        with pytest.raises(PassphraseCommon):
            staff.add("A. Verma", Role.VERIFIER, "password", FLOOR)
        centre.central.clock.moment -= timedelta(days=9000)
        devi = centre.id_of(DEVI)
        for act in ((staff.add, "A. Verma", Role.VERIFIER), (staff.reset, devi)):
            assert refused(*act, "a fourth passphrase", FLOOR) == "staff.clock"
        assert refused(staff.renew, devi) == "staff.clock"
        centre.central.clock.moment += timedelta(days=9000)
        assert place.vault.ledger.head() == head


def test_disabled_offline_and_central_agrees(centre: Centre) -> None:
    devi = centre.id_of(DEVI)
    with centre.signed_in() as place:
        Staff(place).disable(devi, LEFT)
        assert refused(Staff(place).disable, devi, LEFT) == "staff.removed_already"
        assert refused(Staff(place).renew, devi) == "staff.removed_already"
        again = Staff(place).add(DEVI, Role.VACCINATOR, "another passphrase", FLOOR)
        assert again.staff != devi, "somebody else may be called so"
    with pytest.raises(UnknownStaff):
        centre.unlock.open(devi, PASSPHRASES[DEVI])
    with centre.signed_in(DEVI, "another passphrase"):
        pass
    centre.sync_as()
    assert set(centre.statuses) == {Status.ACCEPTED}


def test_a_new_passphrase_is_the_same_person_with_new_keys(centre: Centre) -> None:
    devi = centre.id_of(DEVI)
    with centre.signed_in() as place:
        Staff(place).reset(devi, "another passphrase", FLOOR)
    with pytest.raises(VaultError):
        centre.unlock.open(devi, PASSPHRASES[DEVI])
    with centre.signed_in(DEVI, "another passphrase") as place:
        assert place.staff == StaffMember(staff=devi, name=DEVI, role=Role.VACCINATOR)
        centre.sync(place)
    with centre.signed_in() as place:
        Staff(place).disable(devi, RemovalReason.LENT)
        Staff(place).reset(devi, "a third passphrase", FLOOR)
    with centre.signed_in(DEVI, "a third passphrase") as place:
        centre.sync(place)
    assert set(centre.statuses) == {Status.ACCEPTED}


def test_nobody_removes_themselves_nor_the_last_in_charge(centre: Centre) -> None:
    with centre.signed_in() as place:
        staff, me = Staff(place), place.staff.staff
        assert refused(staff.disable, me, LEFT) == "staff.last_in_charge"
        assert refused(staff.reset, me, "a fourth passphrase", FLOOR) == "staff.reset_by_central"
        assert refused(staff.disable, "s-nobody", LEFT) == "staff.unknown"
        assert refused(staff.disable, centre.id_of(DEVI), RemovalReason.CENTRAL) == "staff.why"
        centre.sync(place)
        promote_staff(centre.central.home, CENTRE, centre.id_of(DEVI), clock=centre.central.now)
        centre.sync(place)
        assert refused(staff.disable, me, LEFT) == "staff.not_yourself"


# A certificate's year


def test_a_certificate_that_ends_is_told_and_renewed_without_a_passphrase(centre: Centre) -> None:
    clock = centre.central.clock
    clock.moment += timedelta(days=340)
    with centre.signed_in() as place:
        assert {one.name for one in Staff(place).ending()} == {DEVI, KHAN}
        Staff(place).renew(centre.id_of(DEVI))
        assert {one.name for one in Staff(place).ending()} == {KHAN}
    clock.moment += timedelta(days=30)
    with centre.signed_in(KHAN) as place:
        person = place.certificate_over()
        assert person is not None
        assert person.key == "staff.certificate_over"
        with pytest.raises(CannotDo) as problem:
            place.require(Power.RECEIVE)
        assert problem.value.message == person
    with centre.signed_in(DEVI) as place:
        place.require(Power.VACCINATE)
        centre.sync(place)
    clock.moment += timedelta(days=400)
    with centre.signed_in() as place:
        assert refused(Staff(place).renew, centre.id_of(DEVI)) == "staff.certificate_over_central"
        promote_staff(centre.central.home, CENTRE, place.staff.staff, clock=centre.central.now)
        centre.sync(place)
        Staff(place).renew(centre.id_of(DEVI))


def test_what_central_said_before_it_heard_of_a_renewal_takes_nothing_back(centre: Centre) -> None:
    centre.central.clock.moment += timedelta(days=340)
    with centre.signed_in() as place:
        central = centre.central.simulator()

        def pulled(packed: bytes) -> bytes:
            answer = central.pull(packed)
            Staff(place).renew(centre.id_of(DEVI))
            return answer

        line = cast(Central, SimpleNamespace(push=central.push, pull=pulled))
        Engine(desk_of(place.vault), place.vault.exchange, line).run()
        assert {one.name for one in Staff(place).ending()} == {KHAN}


# A second machine


def test_at_a_second_machine_the_same_person_has_a_key_of_that_machine(centre: Centre, tmp_path: Path) -> None:
    devi = centre.id_of(DEVI)
    centre.central.enrol(tmp_path / "second", "K. Rao")
    second = Centre(centre.central, tmp_path / "second")
    rao = second.id_of("K. Rao")
    with second.unlock_as(rao) as place:
        second.sync(place)
        assert {name: one.here for name, one in by_name(place).items()} == {
            "K. Rao": True,
            SHARMA: False,
            DEVI: False,
            KHAN: False,
        }
        assert refused(Staff(place).add, DEVI, Role.VACCINATOR, "x" * 9, FLOOR) == "staff.name_elsewhere"
        assert refused(Staff(place).add, SHARMA, Role.VACCINATOR, "x" * 9, FLOOR) == "staff.name_in_charge"
        Staff(place).reset(devi, "at the second one", FLOOR)
        second.sync(place)
    with centre.signed_in(DEVI) as place:
        centre.sync(place)
        assert after_pull(place) is None
    with second.signed_in(DEVI, "at the second one") as place:
        assert place.staff.staff == devi
        second.sync(place)
    # removed at one, out at both
    with centre.signed_in() as place:
        Staff(place).disable(devi, LEFT)
        centre.sync(place)
    with second.signed_in(DEVI, "at the second one") as place:
        second.sync(place)
        head = place.vault.ledger.head()
        assert after_pull(place) is not None
        assert refused(place.record, *_an_in_charges(place)) == "vault.staff_gone"
        assert place.vault.ledger.head() == head
    with pytest.raises(VaultError):
        second.unlock.open(devi, "at the second one")


# Central's word


def test_a_colleague_becomes_in_charge_and_removes_the_old_one(centre: Centre, tmp_path: Path) -> None:
    """Made in-charge at central while the desk is offline; the district decides about the one who led it before."""
    devi, sharma = centre.id_of(DEVI), centre.id_of(SHARMA)
    promote_staff(centre.central.home, CENTRE, devi, clock=centre.central.now)
    with centre.signed_in(DEVI) as place:
        assert refused(Staff(place).disable, sharma, LEFT) == "staff.only_in_charge"
        centre.sync(place)
    with centre.signed_in(DEVI) as place:
        assert place.staff.role is Role.IN_CHARGE
        assert {member.name: member.role for member in centre.unlock.people()}[DEVI] is Role.IN_CHARGE
        warned = Staff(place).warns(sharma, StaffAct.DISABLE)
        assert warned is not None
        assert warned.key == "staff.district_decides"
        Staff(place).disable(sharma, LEFT)
        centre.sync(place)
        assert refused(Staff(place).reset, sharma, "a fourth passphrase", FLOOR) == "staff.reset_by_central"
        Staff(place).add("A. Verma", Role.VERIFIER, "a fourth passphrase", FLOOR)
        centre.sync(place)
        device = place.vault.identity.device
    with pytest.raises(UnknownStaff):
        centre.unlock.open(sharma, PASSPHRASE)
    statuses = [kept.status for kept in admin.kept_of(centre.central.home, device)]
    assert statuses.count(Status.HELD) == 1
    assert statuses.count(Status.REFUSED) == 0


def test_whose_key_central_took_back_is_shown_out_and_the_others_go_on(centre: Centre) -> None:
    devi = centre.id_of(DEVI)
    revoke_staff(centre.central.home, CENTRE, devi, clock=centre.central.now)
    with centre.signed_in(DEVI) as place:
        centre.sync(place)
        gone = after_pull(place)
        assert gone is not None
        assert gone.key == "vault.staff_gone"
    with pytest.raises((UnknownStaff, StaffGone)):
        centre.unlock.open(devi, PASSPHRASES[DEVI])
    with centre.signed_in(KHAN) as place:
        centre.sync(place)
    with centre.signed_in() as place:
        found = by_name(place)[DEVI]
        assert (found.here, found.reason) == (False, RemovalReason.CENTRAL)
