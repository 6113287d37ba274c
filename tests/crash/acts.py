"""What people do at the desk, each act as its screen does it; what the screen says once it returned goes to ``say``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from vaccinator_app.desk.aefi import AefiForm, report
from vaccinator_app.desk.correct import Correction
from vaccinator_app.desk.observe import Observation
from vaccinator_app.desk.staff import Staff
from vaccinator_app.desk.stock import ReceiveForm, Stock
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.walk_in import WalkInForm, register
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.aefi import AefiSign, Seriousness
from vaccinator_app.domain.events import DeferReason, EarlyReason, OverrideReason, VoidReason
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import Role
from vaccinator_app.domain.staff_events import RemovalReason
from vaccinator_app.domain.stock_events import DiscardReason
from vaccinator_app.domain.visits import VisitState
from vaccinator_app.trust import slip
from vaccinator_app.trust.keyslot import FLOOR

BATCHES = ("4121Z025", "4121Z026")
VACCINE = "covishield"
_WAITING = (VisitState.EXPECTED, VisitState.ARRIVED)


_LATER = Message("keys.rekey_waits", {"why": Message("vault.busy")})
"""Whoever looks the file through after a kill has it open: the key is changed at the next unlocking then."""


class Nobody(Exception):
    """There is nobody for such an act."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a booking, and what is on their slip."""

    reference: str
    code: str
    slip: str


class Acts:
    """Of whoever is signed in at ``place``."""

    def __init__(self, place: Workplace, people: Sequence[Person], rng: Random, say: Callable[..., None]) -> None:
        self._place = place
        self._people = people
        self._rng = rng
        self._say = say

    def saved(self) -> None:
        """What the screen says now: everything up to here is saved on this desk."""
        head = self._place.vault.ledger.head()
        self._say("saved", head.seq, head.hash.hex())

    def dose(self) -> None:
        """A booked visit from the scan to the dose; one that was begun goes on."""
        self._dose_of(self._someone(*_WAITING))

    def wrong_code(self) -> None:
        """The first code is wrong."""
        person = self._someone(VisitState.EXPECTED)
        desk = VisitDesk(self._place, person.reference)
        desk.confirm_identity()
        self.saved()
        if not desk.proven and desk.visit.tries_left > 1:
            desk.type_code("0000" if person.code != "0000" else "1111")
            self.saved()
        self._dose_of(person)

    def walk_in(self) -> None:
        """Somebody without a booking."""
        last4 = f"{self._rng.randrange(10_000):04d}"
        form = WalkInForm(name=f"Abdul {last4}", year_of_birth="1970", photo_id_last4=last4, vaccine=VACCINE)
        reference = register(form, self._place)
        self.saved()
        self._dose_of(Person(reference, "", ""))

    def override(self) -> None:
        """The in-charge lets somebody go on without a code."""
        desk = VisitDesk(self._place, self._someone(VisitState.EXPECTED).reference)
        desk.confirm_identity()
        if not desk.proven:
            desk.grant_override(OverrideReason.SLIP_LOST)
            self.saved()
        self._record(desk)

    def deferred(self) -> None:
        """Somebody goes without the dose; of a visit that was opened before its sheet is closed and opened again."""
        person = self._someone(VisitState.EXPECTED)
        VisitDesk(self._place, person.reference).close()
        self.saved()
        VisitDesk(self._place, person.reference).defer(DeferReason.UNWELL)
        self.saved()

    def adverse(self) -> None:
        """An adverse event, a serious one: it goes ahead of its turn."""
        person = self._someone(VisitState.OBSERVING)
        form = AefiForm(onset=self._place.now(), signs=(AefiSign.FEVER,), seriousness=Seriousness.HOSPITALISATION)
        report(form, self._place, person.reference)
        self.saved()

    def observed(self) -> None:
        """Somebody leaves before the half hour is over."""
        Observation(self._place).end(self._someone(VisitState.OBSERVING).reference, EarlyReason.WORK)
        self.saved()

    def void(self) -> None:
        """A dose is taken back."""
        person = self._someone(VisitState.OBSERVING, VisitState.DONE)
        VisitDesk(self._place, person.reference).void(VoidReason.NOT_GIVEN)
        self.saved()

    def correct(self) -> None:
        """A dose was of the other batch."""
        person = self._someone(VisitState.OBSERVING, VisitState.DONE)
        desk = VisitDesk(self._place, person.reference)
        given = desk.given
        if given is None:
            raise Nobody
        desk.correct(Correction(batch=next(batch for batch in BATCHES if batch != given.batch)))
        self.saved()

    def stock(self) -> None:
        """Vials come, one breaks, and the next is opened."""
        stock = Stock(self._place)
        stock.receive(ReceiveForm(vaccine=VACCINE, batch=BATCHES[0], expiry=None, vials="5"))
        self.saved()
        stock.discard_unopened(VACCINE, BATCHES[0], "1", DiscardReason.BROKEN)
        self.saved()
        for line in stock.lines():
            for opened in line.vials:
                stock.discard_open(VACCINE, line.batch.batch, opened.vial.vial, DiscardReason.BROKEN)
                self.saved()
        stock.open_vial(VACCINE, BATCHES[0])
        self.saved()

    def staff(self) -> None:
        """Somebody comes and goes again: with them goes the key of the database."""
        staff = Staff(self._place)
        name = f"S. Devi {self._rng.randrange(10**9)}"
        member = staff.add(name, Role.VACCINATOR, "cool water of the well", FLOOR)
        self.saved()
        staff.disable(member.staff, RemovalReason.LEFT)
        self.saved()
        waits = self._place.rekey_waits
        if waits is not None and waits != _LATER:
            raise AssertionError(f"the key was not changed: {waits}")

    # Within

    def _someone(self, *states: VisitState) -> Person:
        roster = self._place.vault.roster
        for person in self._rng.sample(self._people, len(self._people)):
            if roster.visit(person.reference).state in states and roster.appointment(person.reference) is not None:
                return person
        raise Nobody

    def _dose_of(self, person: Person) -> None:
        desk = VisitDesk(self._place, person.reference)
        if desk.draft.identity is None:
            desk.confirm_identity()
            self.saved()
        if not desk.proven:
            if self._rng.random() < 0.3:
                desk.use_slip(slip.decode(person.slip))
            else:
                desk.type_code(person.code)
        self._say("passed", person.reference)
        self._record(desk)

    def _record(self, desk: VisitDesk) -> None:
        saved = desk.record_dose()
        digest = self._place.vault.ledger.hash_at(saved.seq)
        assert digest is not None
        self._say("saved", saved.seq, digest.hex(), "dose_given", desk.appointment.appointment)
