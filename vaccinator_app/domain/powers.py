"""What each role may do: one table, asked by the desk before an act and by central when the record comes (DESIGN 5).

A verifier stands at the door: who is here, are they who they say, may they come in. They need neither code nor vial,
so they have neither. A vaccinator does the rest of the visit. The in-charge may do all of it, and answers for the day.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from vaccinator_app.domain.aefi import AefiReported
from vaccinator_app.domain.closing_events import DayClosed, ExceptionSettled
from vaccinator_app.domain.events import (
    Arrived,
    Body,
    CodeRefused,
    DoseDeferred,
    DoseGiven,
    ObservationEnded,
    OverrideGranted,
    RecordViewed,
    SignedIn,
    SignedOut,
    Voided,
    WalkInRegistered,
)
from vaccinator_app.domain.people import Role
from vaccinator_app.domain.staff_events import (
    AuditExported,
    DetailsPurged,
    Noticed,
    StaffAdded,
    StaffRemoved,
    VaultRekeyed,
)
from vaccinator_app.domain.stock_events import StockReceived, StockTransferred, VialDiscarded, VialOpened


class Power(StrEnum):
    """One thing that a role may or may not do."""

    USE_DESK = "use_desk"
    """Sign in, see the queue and open people, each look on record; whatever the desk notes by itself."""
    RECEIVE = "receive"
    """Say that somebody came, and that they are who they say; send somebody home."""
    REGISTER_WALK_IN = "register_walk_in"
    OBSERVE = "observe"
    REPORT_AEFI = "report_aefi"
    CORRECT = "correct"
    """Take back one's own record of the same day. Of others and other days: ``CORRECT_ANY``."""
    VACCINATE = "vaccinate"
    """Check codes and give doses."""
    HANDLE_STOCK = "handle_stock"
    """Count vials in, open and throw away."""
    TRANSFER_STOCK = "transfer_stock"
    CORRECT_ANY = "correct_any"
    OVERRIDE = "override"
    ASK_PERSON = "ask_person"
    """Have central ask the person for an OTP about a dose."""
    SETTLE = "settle"
    """See the day as a whole and its exceptions, and answer them."""
    CLOSE_DAY = "close_day"
    MANAGE_STAFF = "manage_staff"
    AUDIT = "audit"
    MANAGE_MACHINE = "manage_machine"
    """Central's keys by hand, recovery, taking the machine out of use."""


_VERIFIER = frozenset(
    {Power.USE_DESK, Power.RECEIVE, Power.REGISTER_WALK_IN, Power.OBSERVE, Power.REPORT_AEFI, Power.CORRECT}
)
_VACCINATOR = _VERIFIER | {Power.VACCINATE, Power.HANDLE_STOCK}

POWERS: Mapping[Role, frozenset[Power]] = {
    Role.VERIFIER: _VERIFIER,
    Role.VACCINATOR: _VACCINATOR,
    Role.IN_CHARGE: frozenset(Power),
}
"""The whole table. ``docs/staff.md`` shows it to people; a test holds the two together."""

NEEDED: Mapping[type[Body], Power] = {
    SignedIn: Power.USE_DESK,
    SignedOut: Power.USE_DESK,
    RecordViewed: Power.USE_DESK,
    Noticed: Power.USE_DESK,
    DetailsPurged: Power.USE_DESK,
    VaultRekeyed: Power.USE_DESK,
    Arrived: Power.RECEIVE,
    DoseDeferred: Power.RECEIVE,
    WalkInRegistered: Power.REGISTER_WALK_IN,
    ObservationEnded: Power.OBSERVE,
    AefiReported: Power.REPORT_AEFI,
    Voided: Power.CORRECT,
    CodeRefused: Power.VACCINATE,
    DoseGiven: Power.VACCINATE,
    StockReceived: Power.HANDLE_STOCK,
    VialOpened: Power.HANDLE_STOCK,
    VialDiscarded: Power.HANDLE_STOCK,
    StockTransferred: Power.TRANSFER_STOCK,
    OverrideGranted: Power.OVERRIDE,
    ExceptionSettled: Power.SETTLE,
    DayClosed: Power.CLOSE_DAY,
    StaffAdded: Power.MANAGE_STAFF,
    StaffRemoved: Power.USE_DESK,
    AuditExported: Power.AUDIT,
}
"""What the author of each kind of record must be allowed. A ``StaffRemoved`` is made by whoever is at the desk when
central's word arrives (reason ``central``); any other needs ``MANAGE_STAFF``, see ``may_record``."""


def may(role: Role, power: Power) -> bool:
    """Whether somebody of ``role`` may do this."""
    return power in POWERS[role]


def may_record(role: Role, body: Body) -> bool:
    """Whether a record of this kind is somebody of ``role`` 's to make."""
    needed = NEEDED[type(body)]
    if isinstance(body, StaffRemoved) and body.reason != "central":
        needed = Power.MANAGE_STAFF
    return may(role, needed)
