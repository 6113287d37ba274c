"""What each kind of record says in the list of who did or saw what: one phrase, nothing personal (DESIGN 5.5, 9.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vaccinator_app.domain.aefi import AefiReported
from vaccinator_app.domain.closing_events import DayClosed, ExceptionSettled
from vaccinator_app.domain.events import (
    Arrived,
    Body,
    CodeRefused,
    DeferReason,
    DoseDeferred,
    DoseGiven,
    ObservationEnded,
    ObservationOutcome,
    OverrideGranted,
    OverrideReason,
    RecordViewed,
    SignedIn,
    SignedOut,
    Voided,
    WalkInRegistered,
)
from vaccinator_app.domain.exception_words import DISCARDED, VOIDED, settled_words
from vaccinator_app.domain.find_notices import notice_words
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.staff_events import (
    AuditExported,
    DetailsPurged,
    Noticed,
    PurgeReason,
    RemovalReason,
    StaffAdded,
    StaffRemoved,
    VaultRekeyed,
)
from vaccinator_app.domain.stock_events import StockReceived, StockTransferred, VialDiscarded, VialOpened
from vaccinator_app.domain.vaccines import Formulary

_DEFERRED: dict[DeferReason, str] = {
    DeferReason.UNWELL: "defer.unwell",
    DeferReason.CONTRAINDICATION: "defer.contraindication",
    DeferReason.REFUSED: "defer.refused",
    DeferReason.TOO_EARLY: "defer.too_early",
    DeferReason.NO_STOCK: "defer.no_stock",
    DeferReason.NOT_ELIGIBLE: "defer.not_eligible",
    DeferReason.CODE_NOT_SHOWN: "defer.code_not_shown",
}
_LET_GO_ON: dict[OverrideReason, str] = {
    OverrideReason.SMS_NOT_RECEIVED: "override.sms_not_received",
    OverrideReason.SLIP_LOST: "override.slip_lost",
    OverrideReason.CANNOT_READ: "override.cannot_read",
    OverrideReason.OTHER: "override.other",
}
_WATCHED: dict[ObservationOutcome, str] = {
    ObservationOutcome.WELL: "audit.observed",
    ObservationOutcome.LEFT_EARLY: "audit.observed_early",
    ObservationOutcome.REFERRED: "audit.observed_referred",
}
_REMOVED: dict[RemovalReason, str] = {
    RemovalReason.LEFT: "audit.removed_left",
    RemovalReason.LENT: "audit.removed_lent",
    RemovalReason.RESET: "audit.removed_reset",
    RemovalReason.CENTRAL: "audit.removed_central",
}
_PURGED: dict[PurgeReason, str] = {
    PurgeReason.CLOSED: "audit.purged_closed",
    PurgeReason.OLD: "audit.purged_old",
    PurgeReason.REVOKED: "audit.purged_revoked",
}


@dataclass(frozen=True, slots=True)
class Names:
    """What staff and vaccines are called, by id; whoever is not among them is named by that."""

    staff: Mapping[str, str]
    formulary: Formulary

    def person(self, staff: str) -> str:
        """Somebody of the staff."""
        return self.staff.get(staff, staff)

    def vaccine(self, vaccine: str) -> str:
        """A vaccine."""
        product = self.formulary.get(vaccine)
        return vaccine if product is None else product.name


def words_of(body: Body, names: Names, machine: str) -> Message:
    """What was done or seen. Of whom stands beside it, and ``machine`` is what people call the desk it was at."""
    match body:
        case Voided():
            return Message.of("audit.voided", record=body.seq, reason=Message(VOIDED[body.reason]))
        case ExceptionSettled():
            return Message.of("audit.settled", how=settled_words(body.how, body.reason))
        case DayClosed():
            key = "audit.closed_again" if body.amendment else "audit.closed"
            return Message.of(key, day=body.day)
        case RecordViewed():
            return Message.of("audit.viewed")
        case StockReceived() | StockTransferred() | VialOpened() | VialDiscarded():
            return _of_stock(body)
        case StaffAdded() | StaffRemoved() | SignedIn() | SignedOut():
            return _of_staff(body, names)
        case VaultRekeyed() | Noticed() | DetailsPurged() | AuditExported():
            return _of_machine(body, names, machine)
    return _of_visit(body, names)


def _of_visit(
    body: Arrived
    | CodeRefused
    | DoseGiven
    | DoseDeferred
    | WalkInRegistered
    | ObservationEnded
    | AefiReported
    | OverrideGranted,
    names: Names,
) -> Message:
    match body:
        case Arrived():
            return Message.of("audit.arrived")
        case CodeRefused():
            return Message.of("audit.code_refused", attempt=body.attempt)
        case DoseGiven():
            vaccine, dose = names.vaccine(body.vaccine), body.dose
            if body.corrects:
                return Message.of("audit.dose_again", dose=dose, vaccine=vaccine, record=body.corrects)
            return Message.of("audit.dose_given", dose=dose, vaccine=vaccine, batch=body.batch, vial=body.vial)
        case DoseDeferred():
            return Message.of("audit.deferred", reason=Message(_DEFERRED[body.reason]))
        case WalkInRegistered():
            return Message.of("audit.walk_in", dose=body.dose, vaccine=names.vaccine(body.vaccine))
        case ObservationEnded():
            return Message(_WATCHED[body.outcome])
        case AefiReported():
            return Message("audit.aefi_serious" if body.serious else "audit.aefi")
        case OverrideGranted():
            return Message.of("audit.override", reason=Message(_LET_GO_ON[body.reason]))


def _of_stock(body: StockReceived | StockTransferred | VialOpened | VialDiscarded) -> Message:
    match body:
        case StockReceived():
            return Message.of("audit.stock_received", n=body.vials, batch=body.batch)
        case StockTransferred():
            return Message.of("audit.stock_transferred", n=body.vials, batch=body.batch, to=body.to)
        case VialOpened():
            return Message.of("audit.vial_opened", vial=body.vial, batch=body.batch)
        case VialDiscarded():
            reason = Message(DISCARDED[body.reason])
            if body.vials:
                return Message.of("audit.vials_discarded", n=body.vials, batch=body.batch, reason=reason)
            return Message.of("audit.vial_discarded", vial=body.vial, batch=body.batch, reason=reason)


def _of_staff(body: StaffAdded | StaffRemoved | SignedIn | SignedOut, names: Names) -> Message:
    match body:
        case StaffAdded():
            return Message.of("audit.staff_added", name=names.person(body.staff))
        case StaffRemoved():
            return Message.of(
                "audit.staff_removed", name=names.person(body.staff), reason=Message(_REMOVED[body.reason])
            )
        case SignedIn():
            return Message.of("audit.signed_in")
        case SignedOut():
            return Message("audit.signed_out_idle" if body.idle else "audit.signed_out")


def _of_machine(body: VaultRekeyed | Noticed | DetailsPurged | AuditExported, names: Names, machine: str) -> Message:
    match body:
        case VaultRekeyed():
            return Message.of("audit.rekeyed", epoch=body.epoch)
        case Noticed():
            return notice_words(body, machine, names.person(body.of))
        case DetailsPurged():
            return Message.of("audit.purged", n=body.people, day=body.day, reason=Message(_PURGED[body.reason]))
        case AuditExported():
            return Message.of("audit.exported", n=body.entries, first=body.first, last=body.last)
