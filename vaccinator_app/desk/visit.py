"""One visit at the desk: identity, eligibility, code, dose, observation (DESIGN 3.5, 4, 9.2).

A machine without a window: acts move it, ``view`` says where it stands. Each act that matters is durable before it
returns; a half-done visit is a draft in the vault and never in the ledger.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from vaccinator_app.desk import lookups
from vaccinator_app.desk.correct import Alternatives, Correction, alternatives, corrected, why_not_mine
from vaccinator_app.desk.dose import Draw, next_draw
from vaccinator_app.desk.drafts import Draft, read_draft, write_draft
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.lease import LeaseState, lease_message, lease_state
from vaccinator_app.desk.purging import gone_words
from vaccinator_app.desk.sight import Sight, look
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.appointment import Appointment, Booking, PreviousDose
from vaccinator_app.domain.digits import security_code
from vaccinator_app.domain.eligibility import Eligibility, check
from vaccinator_app.domain.events import (
    Arrived,
    Body,
    CodeRefused,
    DeferReason,
    DoseDeferred,
    DoseGiven,
    EligibilityShown,
    IdentityMethod,
    OverrideGranted,
    OverrideReason,
    Proof,
    ProofKind,
    Site,
    Voided,
    VoidReason,
)
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.powers import Power
from vaccinator_app.domain.stock import Batch
from vaccinator_app.domain.stock_events import VialOpened
from vaccinator_app.domain.visits import Visit, VisitState
from vaccinator_app.trust import code, seal, slip
from vaccinator_app.trust.keys import key_id
from vaccinator_app.vault.ledger import Saved


class VisitDesk:
    """The person whose sheet is open. Raises ``CannotDo`` for an act that the steps before it do not allow yet."""

    def __init__(self, place: Workplace, appointment: str, scanned: slip.Slip | None = None) -> None:
        """``scanned`` is the slip by which the sheet is opened, if it is by one."""
        found = place.vault.roster.appointment(appointment)
        if found is None:
            raise CannotDo(gone_words(place, appointment) or Message.of("visit.not_on_roster"))
        self._place = place
        self.appointment: Appointment = found
        drafts = dict(place.vault.drafts.of(place.staff.staff))
        kept = drafts.get(appointment)
        self.draft = Draft() if kept is None else read_draft(kept)
        if not self.draft.acted:
            self._may_look(scanned)
        self.lookups = lookups.words(place)
        """That this person looked many people up within the hour, for the top of the sheet."""
        self.site = Site.LEFT_ARM
        self._seen: Sight | None = None
        self._judged: tuple[Appointment, date, date | None, Eligibility] | None = None
        self.elsewhere = place.vault.peers.dose_of(appointment)
        """A dose that another desk of the centre recorded, known when the sheet was opened."""
        # Written before anything is shown, so that even a crash leaves a trace of who looked (DESIGN 5.5).
        self._keep(replace(self.draft, looking_since=place.now()))

    # What is so

    def look(self) -> None:
        """Forget what was seen, so that the next question asks the vault: before the sheet is drawn anew."""
        self._seen = None

    @property
    def _sight(self) -> Sight:
        seen = self._seen  # an act may let go of it meanwhile, on its own thread
        if seen is None:
            seen = self._seen = look(self._place, self.appointment)
        return seen

    @property
    def visit(self) -> Visit:
        """The appointment as its events left it when last looked at."""
        return self._sight.visit

    @property
    def eligibility(self) -> Eligibility:
        """The schedule's answer for today, with what a certificate showed; Enter does not wait for it again."""
        own, today, on = self._without_voided(), self._place.today(), self.draft.previous_on
        judged = self._judged
        if judged is None or judged[0] is not own or judged[1:3] != (today, on):
            shown = None if on is None else PreviousDose(dose=own.dose - 1, vaccine=own.vaccine, given_on=on)
            judged = self._judged = own, today, on, check(own, self._place.formulary, today, shown)
        return judged[3]

    @property
    def draw(self) -> Draw | None:
        """Where the dose would be drawn from; None when no batch here is good."""
        drawn = self._sight.drawn
        return None if drawn is None else next_draw(self._place.formulary, drawn, self._place.now())

    @property
    def batches(self) -> tuple[Batch, ...]:
        """Batches that may be drawn from, the one with an open vial first, then the first to expire."""
        return tuple(choice.batch for choice in self._sight.choices if choice.why_not is None)

    @property
    def opened_batches(self) -> frozenset[str]:
        """Those of ``batches`` of which a good vial is open."""
        return frozenset(choice.batch.batch for choice in self._sight.choices if choice.opened)

    @property
    def closed_batches(self) -> tuple[Message, ...]:
        """Why other batches that may be at hand may not be drawn from, said before the needle."""
        now = self._place.now()
        return tuple(c.why_not for c in self._sight.choices if c.why_not is not None and c.worth_saying(now))

    @property
    def given(self) -> DoseGiven | None:
        """The dose that stands, as it was recorded."""
        return self._sight.given

    @property
    def alternatives(self) -> Alternatives:
        """What the dose on record may have been instead."""
        if self.given is None:
            raise CannotDo(Message.of("visit.nothing_to_void"))
        return alternatives(self._place, self.given)

    @property
    def stopped(self) -> Message | None:
        """Why nothing may be recorded for this person at all; None when it may."""
        if self._place.disagreement is not None:
            return self._place.disagreement
        lease = self._sight.lease
        if self.appointment.booking is Booking.ONLINE and lease_state(lease, self._place.latest()) is LeaseState.OVER:
            return lease_message(lease, self._place.latest())
        return None

    @property
    def finished(self) -> bool:
        """A dose stands; nothing is left but observation."""
        return self.visit.dose_seq is not None

    # Acts

    def confirm_identity(self, method: IdentityMethod = IdentityMethod.PHOTO_ID) -> None:
        """The photo ID was seen. Whoever stands at the desk has arrived: that is recorded too."""
        self._place.require(Power.RECEIVE)
        self._may_act()
        draft = replace(self.draft, identity=method, acted=True)
        if self.visit.state is VisitState.EXPECTED:
            self._record(Arrived(appointment=self.appointment.appointment), draft)
        else:
            self._keep(draft)

    def show_previous_dose(self, given_on: date) -> None:
        """The date of the dose before, read off the certificate that was shown."""
        self._may_act()
        if not self.eligibility.needs_previous_date and self.draft.previous_on is None:
            raise CannotDo(Message.of("visit.previous_not_asked"))
        if given_on > self._place.today():
            raise CannotDo(Message.of("visit.date_in_future"))
        self._keep(replace(self.draft, previous_on=given_on))

    def type_code(self, typed: str) -> bool:
        """Check the four digits. True when they fit; a wrong code is recorded before False is returned (DESIGN 4.4).

        Raises ``CannotDo`` for text that is no code at all, which costs no try, and when no try is left.
        """
        self._may_check()
        digits = security_code(typed)
        if digits is None:
            raise CannotDo(Message.of("code.not_four_digits"))
        roster_key = self._place.vault.roster.key()
        if roster_key is None:
            raise CannotDo(Message.of("lease.never"))
        proof = self._seal(ProofKind.CODE, digits.encode())
        fits = code.matches(roster_key.key, self.appointment.appointment, self.appointment.code_tag, digits)
        return self._checked(fits, proof)

    def use_slip(self, scanned: slip.Slip) -> bool:
        """Check a scanned slip of this appointment in place of the code (DESIGN 4.5). True when it fits."""
        self._may_check()
        proof = self._seal(ProofKind.SLIP, scanned.secret)
        return self._checked(slip.matches(self.appointment.slip_hash, scanned.secret), proof)

    def choose_batch(self, batch: str) -> None:
        """Draw from ``batch`` from now on, for everybody after this one too."""
        self._place.require(Power.VACCINATE)
        if batch not in (b.batch for b in self.batches):
            raise CannotDo(Message.of("dose.batch_not_good", batch=batch))
        self._place.on_table[self.appointment.vaccine] = batch
        self.look()

    def record_dose(self) -> Saved:
        """The one record of this visit; durable when this returns (DESIGN 3.5, 3.6)."""
        self._place.require(Power.VACCINATE)
        self._may_act()
        eligibility, draw, identity = self.eligibility, self.draw, self.draft.identity
        if identity is None:
            raise CannotDo(Message.of("visit.identity_first"))
        if not eligibility.eligible:
            raise CannotDo(eligibility.reason)
        if not self.proven:
            raise CannotDo(Message.of("visit.code_first"))
        seen = self._sight.draw
        if seen is not None and seen != draw:
            # the vial's time went by while the sheet lay open: nobody saw from which other one the dose would be
            self.look()
            raise CannotDo(Message.of("dose.vial_over", batch=seen.batch.batch, vial=seen.vial))
        if draw is None:
            raise CannotDo(Message.of("dose.no_good_batch"))
        bodies: list[Body] = []
        if draw.opens:
            batch = draw.batch
            bodies.append(
                VialOpened(vaccine=batch.vaccine, batch=batch.batch, vial=draw.vial, doses=batch.doses_per_vial)
            )
        bodies.append(self._dose(identity, eligibility, draw))
        return self._end(*bodies)

    def defer(self, reason: DeferReason) -> Saved:
        """The person came and goes without the dose."""
        self._place.require(Power.RECEIVE)
        if self._place.disagreement is not None:
            raise CannotDo(self._place.disagreement)
        if self.finished:
            raise CannotDo(Message.of("visit.dose_stands"))
        bodies: list[Body] = []
        if self.visit.state is VisitState.EXPECTED:
            bodies.append(Arrived(appointment=self.appointment.appointment))
        bodies.append(DoseDeferred(appointment=self.appointment.appointment, reason=reason))
        return self._end(*bodies)

    def grant_override(self, reason: OverrideReason) -> None:
        """The in-charge lets this visit go on without the code; who goes on may be somebody else (DESIGN 4.4)."""
        self._may_act()
        self._place.require(Power.OVERRIDE)
        if self.appointment.booking is Booking.WALK_IN:
            raise CannotDo(Message.of("code.walk_in"))
        if self.proven:
            raise CannotDo(Message.of("code.passed_already"))
        self._record(OverrideGranted(appointment=self.appointment.appointment, reason=reason), self.draft)

    @property
    def why_not_undo(self) -> Message | None:
        """Why this person may not take back or correct the dose on record; None when they may."""
        seq = self.visit.dose_seq
        return Message.of("visit.nothing_to_void") if seq is None else why_not_mine(self._place, seq)

    def void(self, reason: VoidReason) -> Saved:
        """Take back the dose on record, with a reason; the person is waiting again (DESIGN 3.1)."""
        body = Voided(appointment=self.appointment.appointment, seq=self._mine_to_undo(), reason=reason)
        return self._end(body)

    def correct(self, what: Correction) -> Saved:
        """Put what should have been recorded in the place of the dose on record; both stay in the ledger."""
        self._place.require(Power.VACCINATE)
        seq = self._mine_to_undo()
        return self._end(*corrected(self._place, seq, what))

    def not_this_person(self) -> None:
        """The wrong sheet was opened: forget its steps; that it was opened is recorded."""
        self._looked()

    def close(self) -> None:
        """Leave the sheet. Steps passed are kept for whoever of the staff passed them; a mere look is recorded, also
        one into a visit that was begun before."""
        ended = not self.draft.acted or self.draft.identity is None
        if self.draft.looking_since is None:
            if ended:
                self._drop()
        elif ended:
            self._looked()
        elif self._place.disagreement is None:
            lookups.viewed(self._place, self.appointment.appointment, drop_draft=False)
            self._keep(replace(self.draft, looking_since=None))

    # Within

    @property
    def proven(self) -> bool:
        """The code or slip fitted, the in-charge let it pass, or a walk-in has none to show (DESIGN 4.4, 4.6)."""
        walk_in = self.appointment.booking is Booking.WALK_IN
        return self.draft.proof is not None or walk_in or self.visit.override_seq is not None

    def _without_voided(self) -> Appointment:
        """Central tells of doses on record, and may not have heard yet that this desk took back the one of today."""
        if not self.visit.voided or self.finished:
            return self.appointment
        own = (self.appointment.dose, self.appointment.session_date)
        others = tuple(p for p in self.appointment.previous if (p.dose, p.given_on) != own)
        return replace(self.appointment, previous=others)

    def _dose(self, identity: IdentityMethod, eligibility: Eligibility, draw: Draw) -> DoseGiven:
        shown = self.draft.previous_on
        known = next((p.given_on for p in self.appointment.previous if p.dose == self.appointment.dose - 1), None)
        return DoseGiven(
            appointment=self.appointment.appointment,
            identity=identity,
            eligibility=EligibilityShown(
                rule=eligibility.reason.key, previous_dose_on=shown or known, from_certificate=shown is not None
            ),
            proof=self.draft.proof or self._no_proof(),
            vaccine=self.appointment.vaccine,
            dose=self.appointment.dose,
            batch=draw.batch.batch,
            expiry=draw.batch.expiry,
            vial=draw.vial,
            site=self.site,
        )

    def _no_proof(self) -> Proof:
        granted = self.visit.override_seq
        return Proof(how=ProofKind.NONE) if granted is None else Proof(how=ProofKind.OVERRIDE, seq=granted)

    def _mine_to_undo(self) -> int:
        seq, refused = self.visit.dose_seq, self.why_not_undo
        if seq is None or refused is not None:
            raise CannotDo(refused or Message.of("visit.nothing_to_void"))
        return seq

    def _seal(self, how: ProofKind, plain: bytes) -> Proof:
        vault = self._place.vault
        identity = vault.identity
        # Bound to where the ledger stands now, not to the record it will travel in, which has no number yet (P.4.3).
        seq = vault.ledger.next_seq()
        info = seal.code_binding(self.appointment.appointment, identity.device, seq)
        sealed = seal.seal(plain, identity.central.codes, info)
        return Proof(how=how, seq=seq, key=key_id(identity.central.codes), sealed=sealed)

    def _checked(self, fits: bool, proof: Proof) -> bool:
        if fits:
            self._keep(replace(self.draft, proof=proof))
            return True
        attempt = self.visit.tries + 1
        self._record(CodeRefused(appointment=self.appointment.appointment, attempt=attempt, proof=proof), self.draft)
        return False

    def _record(self, body: Body, draft: Draft) -> None:
        """All of it or nothing: a try that was recorded and yet called failed would be typed once more."""
        kept = replace(draft, acted=True, looking_since=None)
        appointment = self.appointment.appointment
        self._place.record(body, expect=self.visit, keep_draft=(appointment, write_draft(kept)))
        self.draft = kept
        self.look()

    def _end(self, *bodies: Body) -> Saved:
        """Record what this visit came to, and let its draft go."""
        saved = self._place.record(*bodies, drop_draft=self.appointment.appointment, expect=self.visit)
        self.look()
        self.draft = Draft(acted=True)
        return saved[-1]

    def _may_act(self) -> None:
        stopped = self.stopped
        if stopped is not None:
            raise CannotDo(stopped)
        if self.finished:
            raise CannotDo(Message.of("visit.dose_stands"))

    def _may_check(self) -> None:
        # before anything is sealed: who gives no doses learns nothing of a code (DESIGN 4)
        self._place.require(Power.VACCINATE)
        self._may_act()
        if self.appointment.booking is Booking.WALK_IN:
            raise CannotDo(Message.of("code.walk_in"))
        if self.proven:
            raise CannotDo(Message.of("code.passed_already"))
        if self.visit.tries_left == 0:
            raise CannotDo(Message.of("code.closed"))

    def _keep(self, draft: Draft) -> None:
        self._place.vault.drafts.save(self.appointment.appointment, self._place.staff.staff, write_draft(draft))
        self.draft = draft

    def _may_look(self, scanned: slip.Slip | None) -> None:
        refused = lookups.why_not(self._place, self.appointment, scanned)
        if refused is not None:
            raise CannotDo(refused)

    def _looked(self) -> None:
        """Somebody looked, and lets go. While nothing may be recorded the draft stays, and tells of it later."""
        if self._place.disagreement is None:
            lookups.viewed(self._place, self.appointment.appointment, drop_draft=True)
        self.draft = Draft(acted=True)

    def _drop(self) -> None:
        self._place.vault.drafts.drop(self.appointment.appointment, self._place.staff.staff)
        self.draft = Draft(acted=True)
