"""Words for what stands in a record or an answer by its short name: one table each, whole keys (DESIGN 9.3)."""

from __future__ import annotations

from vaccinator_app.domain.closing_events import Settlement, SettleReason, VarianceReason
from vaccinator_app.domain.events import VoidReason
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.stock_events import DiscardReason

REASONS: dict[str, str] = {
    "code_mismatch": "reason.code_mismatch",
    "seal_unreadable": "reason.seal_unreadable",
    "no_proof": "reason.no_proof",
    "unknown_appointment": "reason.unknown_appointment",
    "other_centre": "reason.other_centre",
    "appointment_cancelled": "reason.appointment_cancelled",
    "already_dosed": "reason.already_dosed",
    "too_early": "reason.too_early",
    "other_vaccine": "reason.other_vaccine",
    "batch_expired": "reason.batch_expired",
    "chain_broken": "reason.chain_broken",
    "seq_forked": "reason.seq_forked",
    "bad_signature": "reason.bad_signature",
    "unknown_staff": "reason.unknown_staff",
    "not_allowed": "reason.not_allowed",
    "unreadable": "reason.unreadable",
    "nothing_to_void": "reason.nothing_to_void",
    "batch_withdrawn": "reason.batch_withdrawn",
    "not_vaccinated": "reason.not_vaccinated",
    "tally_differs": "reason.tally_differs",
    "time_moved": "reason.time_moved",
    "awaits_otp": "reason.awaits_otp",
    "appointment_moved": "reason.appointment_moved",
    "clock_ahead": "reason.clock_ahead",
    "disputed": "reason.disputed",
    "given_twice": "reason.given_twice",
    "rejected": "reason.rejected",
    "device_revoked": "reason.device_revoked",
}
"""Central's reasons by their names on the wire; a central newer than this desk may give others."""

VOIDED: dict[VoidReason, str] = {
    VoidReason.NEVER_CAME: "void.never_came",
    VoidReason.WRONG_PERSON: "void.wrong_person",
    VoidReason.WRONG_VACCINE: "void.wrong_vaccine",
    VoidReason.WRONG_BATCH: "void.wrong_batch",
    VoidReason.WRONG_DOSE: "void.wrong_dose",
    VoidReason.NOT_GIVEN: "void.not_given",
    VoidReason.RECORDED_TWICE: "void.recorded_twice",
}

DISCARDED: dict[DiscardReason, str] = {
    DiscardReason.EXPIRED: "discard.expired",
    DiscardReason.VVM: "discard.vvm",
    DiscardReason.BROKEN: "discard.broken",
    DiscardReason.CONTAMINATED: "discard.contaminated",
    DiscardReason.OPEN_VIAL_TIME_OVER: "discard.open_vial_time_over",
    DiscardReason.OTHER: "discard.other",
}

COUNTED: dict[VarianceReason, str] = {
    VarianceReason.NONE: "variance.none",
    VarianceReason.EXTRA_DOSE_DRAWN: "variance.extra_dose_drawn",
    VarianceReason.DOSE_SPILT: "variance.dose_spilt",
    VarianceReason.BROKEN_UNRECORDED: "variance.broken_unrecorded",
    VarianceReason.RECEIVED_UNRECORDED: "variance.received_unrecorded",
    VarianceReason.MISCOUNTED_BEFORE: "variance.miscounted_before",
    VarianceReason.UNEXPLAINED: "variance.unexplained",
}

SETTLED: dict[Settlement, str] = {
    Settlement.EXPLAINED: "settled.explained",
    Settlement.CORRECTED: "settled.corrected",
    Settlement.CONFIRMED: "settled.confirmed",
    Settlement.ESCALATED: "settled.escalated",
}
"""Each takes ``reason``, one of `SETTLE_REASONS`."""

SETTLE_REASONS: dict[SettleReason, str] = {
    SettleReason.CHECKED_WITH_PERSON: "settle_reason.checked_with_person",
    SettleReason.PAPER_REGISTER_AGREES: "settle_reason.paper_register_agrees",
    SettleReason.COUNTED_AGAIN: "settle_reason.counted_again",
    SettleReason.STAFF_MISTAKE: "settle_reason.staff_mistake",
    SettleReason.MACHINE_FAULT: "settle_reason.machine_fault",
    SettleReason.NETWORK_DOWN: "settle_reason.network_down",
    SettleReason.DISTRICT_INFORMED: "settle_reason.district_informed",
    SettleReason.OTHER: "settle_reason.other",
}


def reason_words(name: str) -> Message:
    """Why central holds or refuses a record, in a sentence."""
    return Message.of(REASONS.get(name, "reason.unknown"))


def settled_words(how: Settlement, reason: SettleReason) -> Message:
    """What an in-charge did about an exception."""
    return Message.of(SETTLED[how], reason=Message.of(SETTLE_REASONS[reason]))
