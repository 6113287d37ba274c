"""What people do at a desk, one act each: real acts of the desk's own rooms. One that the desk does not allow just now
raises ``CannotDo``, which is as good an answer as any.
"""

from __future__ import annotations

from tests.whole.custody import overview
from tests.whole.town import BATCH, OTHER, Desk
from vaccinator_app.central.citizens.booking import Booked
from vaccinator_app.desk import aefi, closing, settle
from vaccinator_app.desk.closing import Counted
from vaccinator_app.desk.correct import Correction
from vaccinator_app.desk.observe import Observation
from vaccinator_app.desk.stock import ReceiveForm, Stock
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.walk_in import WalkInForm, register
from vaccinator_app.domain.aefi import AefiSign, Seriousness
from vaccinator_app.domain.closing_events import SettleReason, VarianceReason
from vaccinator_app.domain.events import DeferReason, EarlyReason, OverrideReason, VoidReason
from vaccinator_app.domain.exceptions import Act
from vaccinator_app.domain.people import Gender, PhotoId
from vaccinator_app.domain.stock_events import DiscardReason
from vaccinator_app.trust.code import MODULUS


def arrive(desk: Desk, person: Booked) -> None:
    visit = VisitDesk(desk.place, person.reference)
    visit.confirm_identity()
    visit.close()


def look(desk: Desk, person: Booked) -> None:
    VisitDesk(desk.place, person.reference).close()


def wrong_code(desk: Desk, person: Booked) -> None:
    visit = VisitDesk(desk.place, person.reference)
    visit.confirm_identity()
    assert not visit.type_code(f"{(int(person.code) + 1) % 10_000:04d}")


def dose(desk: Desk, person: Booked) -> None:
    _dose(desk, person, person.code)


def guessed_dose(desk: Desk, person: Booked) -> None:
    """Somebody found out the bucket and types another code of it."""
    code = int(person.code)
    _dose(desk, person, f"{code + MODULUS if code + MODULUS < 10_000 else code - MODULUS:04d}")


def _dose(desk: Desk, person: Booked, code: str) -> None:
    visit = VisitDesk(desk.place, person.reference)
    visit.confirm_identity()
    if not visit.proven:
        visit.type_code(code)
    visit.record_dose()


def walk_in(desk: Desk, number: int) -> None:
    form = WalkInForm(
        name=f"Ramesh Chand {number}",
        year_of_birth=str(1950 + number % 40),
        gender=Gender.MAN,
        photo_id=PhotoId.VOTER_ID,
        photo_id_last4=f"{number % 10_000:04d}",
        mobile="",
        vaccine="covishield",
        dose=1,
    )
    appointment = register(form, desk.place)
    visit = VisitDesk(desk.place, appointment)
    visit.confirm_identity()
    visit.record_dose()


def defer(desk: Desk, person: Booked) -> None:
    VisitDesk(desk.place, person.reference).defer(DeferReason.UNWELL)


def override(desk: Desk, person: Booked) -> None:
    """An in-charge lets it pass; the dose may follow by whoever is there."""
    visit = VisitDesk(desk.place, person.reference)
    visit.confirm_identity()
    visit.grant_override(OverrideReason.SMS_NOT_RECEIVED)
    visit.record_dose()


def void(desk: Desk, person: Booked) -> None:
    VisitDesk(desk.place, person.reference).void(VoidReason.WRONG_PERSON)


def never_came(desk: Desk, person: Booked) -> None:
    VisitDesk(desk.place, person.reference).void(VoidReason.NEVER_CAME)


def correct(desk: Desk, person: Booked) -> None:
    VisitDesk(desk.place, person.reference).correct(Correction(batch=OTHER))


def adverse_event(desk: Desk, person: Booked) -> None:
    form = aefi.AefiForm(
        onset=desk.place.now(),
        signs=(AefiSign.ANAPHYLAXIS,),
        seriousness=Seriousness.LIFE_THREATENING,
        story="Short of breath.",
        referred=True,
    )
    aefi.report(form, desk.place, person.reference)


def goes_home(desk: Desk, person: Booked) -> None:
    Observation(desk.place).end(person.reference, EarlyReason.WORK)


def receive(desk: Desk, person: Booked) -> None:
    Stock(desk.place).receive(ReceiveForm(vaccine="covishield", batch=BATCH, expiry=None, vials="2"))


def open_vial(desk: Desk, person: Booked) -> None:
    Stock(desk.place).open_vial("covishield", BATCH)


def throw_away(desk: Desk, person: Booked) -> None:
    Stock(desk.place).discard_unopened("covishield", BATCH, "1", DiscardReason.BROKEN)


def close_day(desk: Desk, person: Booked) -> None:
    """Whatever lies in the carrier is what the records say."""
    seen = overview(desk, desk.place.today())
    counts = {
        (one.vaccine, one.batch): Counted(str(max(0, one.unopened)), VarianceReason.NONE) for one in seen.tally.stock
    }
    closing.close(desk.place, closing.prepare(desk.place, seen, counts))


def settle_one(desk: Desk, person: Booked) -> None:
    """The in-charge lets the first open exception stand, with a reason."""
    for one in overview(desk, desk.place.today()).open:
        if Act.EXPLAIN in one.acts:
            settle.settle(desk.place, one, Act.EXPLAIN, SettleReason.STAFF_MISTAKE)
            return


ONLINE = {
    act.__name__: act
    for act in (
        *(arrive, look, wrong_code, dose, guessed_dose, defer, override, void, never_came, correct, adverse_event),
        *(goes_home, receive, open_vial, throw_away, close_day, settle_one),
    )
}

AFTER_A_DOSE = frozenset({"void", "never_came", "correct", "adverse_event", "goes_home"})
