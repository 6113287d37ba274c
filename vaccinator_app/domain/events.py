"""The kinds of event a desk records, and what each one carries (DESIGN 3.5).

A body says what happened; when, where and by whom is in the payload around it (DESIGN 3.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, get_args

from vaccinator_app.domain.aefi import AefiReported
from vaccinator_app.domain.closing_events import DayClosed, ExceptionSettled
from vaccinator_app.domain.people import PhotoId
from vaccinator_app.domain.staff_events import (
    AuditExported,
    DetailsPurged,
    Noticed,
    StaffAdded,
    StaffRemoved,
    VaultRekeyed,
)
from vaccinator_app.domain.stock_events import StockReceived, StockTransferred, VialDiscarded, VialOpened


class IdentityMethod(StrEnum):
    """How the vaccinator made sure who is in front of them."""

    PHOTO_ID = "photo_id"
    SLIP_AND_PHOTO_ID = "slip_and_photo_id"


class ProofKind(StrEnum):
    """What showed that the person themselves came (DESIGN 4.2, 4.5, 4.6)."""

    CODE = "code"
    SLIP = "slip"
    OVERRIDE = "override"
    """The in-charge let the visit go on without a code (DESIGN 4.4)."""
    NONE = "none"


class Site(StrEnum):
    """Where the dose went in."""

    LEFT_ARM = "left_arm"
    RIGHT_ARM = "right_arm"
    LEFT_THIGH = "left_thigh"
    RIGHT_THIGH = "right_thigh"


class DeferReason(StrEnum):
    """Why a dose was not given to somebody who came."""

    UNWELL = "unwell"
    CONTRAINDICATION = "contraindication"
    REFUSED = "refused"
    TOO_EARLY = "too_early"
    NO_STOCK = "no_stock"
    NOT_ELIGIBLE = "not_eligible"
    CODE_NOT_SHOWN = "code_not_shown"


class VoidReason(StrEnum):
    """Why a record does not stand. ``never_came`` takes back the arrival with the dose: the person is a no-show."""

    NEVER_CAME = "never_came"
    WRONG_PERSON = "wrong_person"
    WRONG_VACCINE = "wrong_vaccine"
    WRONG_BATCH = "wrong_batch"
    WRONG_DOSE = "wrong_dose"
    NOT_GIVEN = "not_given"
    RECORDED_TWICE = "recorded_twice"


class ObservationOutcome(StrEnum):
    """How the 30 minutes after the dose ended."""

    WELL = "well"
    LEFT_EARLY = "left_early"
    REFERRED = "referred"
    """Taken to a hospital or doctor; an AEFI report goes with it."""


class EarlyReason(StrEnum):
    """Why somebody left before the 30 minutes were over; ``none`` for whoever stayed."""

    NONE = "none"
    WORK = "work"
    TRANSPORT = "transport"
    CHILD_CARE = "child_care"
    LEFT_UNSEEN = "left_unseen"
    OTHER = "other"


class OverrideReason(StrEnum):
    """Why an in-charge lets a visit go on without the code (DESIGN 4.4)."""

    SMS_NOT_RECEIVED = "sms_not_received"
    SLIP_LOST = "slip_lost"
    CANNOT_READ = "cannot_read"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was typed or scanned, sealed to central (DESIGN 4.2).

    ``seq`` is the number bound into the seal, ``key`` the id of central's sealing key, ``sealed`` the HPKE
    output. All empty when ``how`` is ``none``; for ``override`` only ``seq`` is set, to the ``override_granted``.
    """

    how: ProofKind
    seq: int = 0
    key: str = ""
    sealed: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class EligibilityShown:
    """Why the person was eligible: the rule that let them pass and what it stood on."""

    rule: str
    previous_dose_on: date | None = None
    from_certificate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """The person is at the centre."""

    KIND: ClassVar[str] = "arrived"
    appointment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRefused:
    """A code or slip that did not fit, sealed; ``attempt`` counts from 1 for each appointment (DESIGN 4.4)."""

    KIND: ClassVar[str] = "code_refused"
    appointment: str
    attempt: int
    proof: Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseGiven:
    """A visit that ended in a dose: one record (DESIGN 3.5).

    ``corrects`` is the ``seq`` of the voided record that this one takes the place of, 0 for a visit of its own. Only
    such a record may carry a proof that travelled before, and says in ``given_at`` (with an offset) when the dose went
    in, since it is recorded later.
    """

    KIND: ClassVar[str] = "dose_given"
    appointment: str
    identity: IdentityMethod
    eligibility: EligibilityShown
    proof: Proof
    vaccine: str
    dose: int
    batch: str
    expiry: date
    vial: int
    site: Site
    corrects: int = 0
    given_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseDeferred:
    """The person came and was not vaccinated."""

    KIND: ClassVar[str] = "dose_deferred"
    appointment: str
    reason: DeferReason


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkInRegistered:
    """Somebody without a booking; ``sealed`` holds their details for central alone (DESIGN 4.6)."""

    KIND: ClassVar[str] = "walk_in_registered"
    appointment: str
    token: int
    vaccine: str
    dose: int
    session_date: date
    photo_id: PhotoId
    photo_id_last4: str
    key: str
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationEnded:
    """The watch after the dose is over."""

    KIND: ClassVar[str] = "observation_ended"
    appointment: str
    outcome: ObservationOutcome
    reason: EarlyReason = EarlyReason.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideGranted:
    """An in-charge let one visit go on without the code; the certificate waits for the person's OTP (DESIGN 4.4)."""

    KIND: ClassVar[str] = "override_granted"
    appointment: str
    reason: OverrideReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Voided:
    """The record ``seq`` of this same device does not stand (DESIGN 3.1)."""

    KIND: ClassVar[str] = "voided"
    appointment: str
    seq: int
    reason: VoidReason


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """The staff member of this payload unlocked the desk."""

    KIND: ClassVar[str] = "signed_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOut:
    """The staff member of this payload locked the desk; ``idle`` when the desk did it by itself."""

    KIND: ClassVar[str] = "signed_out"
    idle: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordViewed:
    """A person's details were opened and no visit record followed (DESIGN 3.5, 5.5)."""

    KIND: ClassVar[str] = "record_viewed"
    appointment: str


Body = (
    Arrived
    | CodeRefused
    | DoseGiven
    | DoseDeferred
    | WalkInRegistered
    | ObservationEnded
    | AefiReported
    | OverrideGranted
    | Voided
    | StockReceived
    | StockTransferred
    | VialOpened
    | VialDiscarded
    | StaffAdded
    | StaffRemoved
    | VaultRekeyed
    | Noticed
    | DetailsPurged
    | AuditExported
    | SignedIn
    | SignedOut
    | RecordViewed
    | ExceptionSettled
    | DayClosed
)

BODIES: dict[str, type[Body]] = {kind.KIND: kind for kind in get_args(Body)}
"""Each kind's body by its name on the wire."""


PRESENT = (Arrived, CodeRefused, DoseGiven, DoseDeferred, WalkInRegistered)
"""Kinds that show their person was at the centre: whoever stands at the desk has arrived."""

VOIDABLE = (Arrived, DoseGiven, DoseDeferred, WalkInRegistered, ObservationEnded)
"""Kinds that a void may take back. Vials are put right by counting, tries never (DESIGN 4.4), a void by nothing."""

UNTOLD = (SignedIn, SignedOut, RecordViewed, VaultRekeyed, DetailsPurged, AuditExported)
"""Kinds that other desks are not told, and day books do without (DESIGN 5.5)."""


def appointment_of(body: Body) -> str | None:
    """The appointment an event is about; None for events about the desk, stock or staff."""
    return getattr(body, "appointment", None)
