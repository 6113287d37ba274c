"""What is done with one person's visit: each act in line, off the window's thread, told back in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from PySide6.QtCore import QObject, Signal

from vaccinator_app.desk.correct import Correction
from vaccinator_app.desk.queue import Scan
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.domain.events import DeferReason, IdentityMethod, OverrideReason, ProofKind, Site, VoidReason
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.session import Session


@dataclass(frozen=True, slots=True)
class Ended:
    """A visit that was left. ``saved`` says what was recorded as ``seq``, if anything was.

    ``search``: who comes next is not whoever waits, but somebody to look for.
    """

    desk: VisitDesk
    saved: Message | None
    seq: int | None
    search: bool = False


class VisitActs(QObject):
    """Acts on the visit that is open. Of a visit let go in the meantime nothing is told."""

    moved = Signal()
    """A step was done, and is durable."""
    code_checked = Signal(bool)
    """Whether the code that was typed fits; comes after `moved`."""
    date_refused = Signal(object)
    """The `Message` why the date of the dose before cannot be taken."""
    refused = Signal(object)
    """The `Message` why an act was not done."""
    ended = Signal(object)
    """`Ended`: the sheet is done with, and its last act is durable."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self.desk: VisitDesk | None = None

    def forget(self) -> VisitDesk | None:
        """Let go of the visit without closing it."""
        desk, self.desk = self.desk, None
        return desk

    def see_identity(self) -> None:
        """The photo ID was seen; with the slip, if that was scanned."""
        if self.desk is not None:
            proof = self.desk.draft.proof
            slip = proof is not None and proof.how is ProofKind.SLIP
            method = IdentityMethod.SLIP_AND_PHOTO_ID if slip else IdentityMethod.PHOTO_ID
            self._do(lambda desk: desk.confirm_identity(method))

    def check_code(self, typed: str) -> None:
        """Four digits."""
        self._do(lambda desk: desk.type_code(typed), self.code_checked.emit)

    def use_slip(self, scan: Scan) -> None:
        """A slip that was scanned while its person's sheet was open."""
        slip = scan.slip
        if slip is not None:
            self._do(lambda desk: desk.use_slip(slip), self._slip_checked)

    def show_previous(self, given_on: date) -> None:
        """The date on the certificate of the dose before."""
        self._do(lambda desk: desk.show_previous_dose(given_on), refused=self.date_refused.emit)

    def choose_batch(self, batch: str) -> None:
        """Draw from another batch."""
        self._do(lambda desk: desk.choose_batch(batch))

    def choose_site(self, site: Site) -> None:
        """Another place for the needle; part of the record to come."""
        if self.desk is not None:
            self.desk.site = site
            self.moved.emit()

    def record_dose(self) -> None:
        """The dose was given."""
        self._record("visit.saved", lambda desk: desk.record_dose())

    def defer(self, reason: DeferReason) -> None:
        """No dose today."""
        self._record("visit.deferred", lambda desk: desk.defer(reason))

    def void(self, reason: VoidReason) -> None:
        """The dose on record does not stand."""
        self._record("visit.voided", lambda desk: desk.void(reason))

    def void_wrong_person(self) -> None:
        """Somebody else got the dose: who that is must be opened next."""
        self._record("visit.voided_other", lambda desk: desk.void(VoidReason.WRONG_PERSON), search=True)

    def correct(self, what: Correction) -> None:
        """Another record in the place of the one that stands."""
        self._record("visit.corrected", lambda desk: desk.correct(what))

    def grant_override(self, reason: OverrideReason) -> None:
        """The in-charge lets the visit go on without the code."""
        self._do(lambda desk: desk.grant_override(reason))

    def close(self) -> None:
        """Leave the sheet; nothing is lost."""
        self._end(lambda desk: desk.close(), None)

    def not_this_person(self) -> None:
        """The wrong sheet was opened."""
        self._end(lambda desk: desk.not_this_person(), None)

    def _slip_checked(self, fits: bool) -> None:
        if not fits:
            self.refused.emit(Message.of("scan.does_not_fit"))

    def _do(
        self,
        work: Callable[[VisitDesk], Any],
        done: Callable[[Any], None] | None = None,
        refused: Callable[[Message], None] | None = None,
    ) -> None:
        desk = self.desk
        if desk is None:
            return

        def told(result: Any) -> None:
            if self.desk is desk:
                self.moved.emit()
                if done is not None:
                    done(result)

        self._session.record(lambda: work(desk), told, self._for(desk, refused or self.refused.emit))

    def _record(self, key: str, work: Callable[[VisitDesk], Any], *, search: bool = False) -> None:
        self._end(lambda desk: work(desk).seq, Message(key), search=search)

    def _end(self, work: Callable[[VisitDesk], int | None], saved: Message | None, *, search: bool = False) -> None:
        desk = self.desk
        if desk is None:
            return

        def told(seq: int | None) -> None:
            if self.desk is desk:
                self.desk = None
                self.ended.emit(Ended(desk, saved, seq, search))

        self._session.record(lambda: work(desk), told, self._for(desk, self.refused.emit))

    def _for(self, desk: VisitDesk, say: Callable[[Message], None]) -> Callable[[Message], None]:
        """Say it in the sheet it is about, or else where the session's failures are said."""
        return lambda what: say(what) if self.desk is desk else self._session.failed.emit(what)
