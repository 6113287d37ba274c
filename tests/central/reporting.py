"""An adverse event report as a desk would record it."""

from __future__ import annotations

from tests.central.support import MORNING
from vaccinator_app.domain.aefi import AefiOutcome, AefiReported, AefiSign, Seriousness


def report(appointment: str, dose_seq: int = 1, how: Seriousness = Seriousness.NOT_SERIOUS) -> AefiReported:
    return AefiReported(
        appointment=appointment,
        dose_seq=dose_seq,
        onset=MORNING,
        signs=(AefiSign.FAINTING,),
        seriousness=how,
        outcome=AefiOutcome.RECOVERED,
        key="",
        sealed=b"",
    )
