"""An adverse event following immunisation, as much of it as leaves the desk in the clear (WHO minimum data set).

WHO's 25 core variables: who and where are the appointment's and the centre's; vaccine, batch, dose and time are those
of the dose record named by ``dose_seq``; who reports and when is in the payload around the event. The words in which it
happened, the person's history and how to reach them are sealed to central (DESIGN 4.6, 5.5).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar


class AefiSign(StrEnum):
    """What was seen: the check list of WHO's standard reporting form."""

    SEVERE_LOCAL_REACTION = "severe_local_reaction"
    FEVER = "fever"
    FAINTING = "fainting"
    ANAPHYLAXIS = "anaphylaxis"
    SEIZURES = "seizures"
    ABSCESS = "abscess"
    SEPSIS = "sepsis"
    ENCEPHALOPATHY = "encephalopathy"
    TOXIC_SHOCK = "toxic_shock"
    THROMBOCYTOPENIA = "thrombocytopenia"
    OTHER = "other"


class Seriousness(StrEnum):
    """Why it is serious (WHO); ``not_serious`` when it is not."""

    NOT_SERIOUS = "not_serious"
    DEATH = "death"
    LIFE_THREATENING = "life_threatening"
    HOSPITALISATION = "hospitalisation"
    DISABILITY = "disability"
    CONGENITAL_ANOMALY = "congenital_anomaly"
    OTHER_IMPORTANT = "other_important"


class AefiOutcome(StrEnum):
    """How the person is, as far as the desk knows."""

    RECOVERED = "recovered"
    RECOVERING = "recovering"
    NOT_RECOVERED = "not_recovered"
    RECOVERED_WITH_SEQUELAE = "recovered_with_sequelae"
    DIED = "died"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class AefiReported:
    """``onset`` carries an offset; ``sealed`` holds the words, for central alone (its key is ``key``), or is empty."""

    KIND: ClassVar[str] = "aefi_reported"
    appointment: str
    dose_seq: int
    onset: datetime
    signs: tuple[AefiSign, ...]
    seriousness: Seriousness
    outcome: AefiOutcome
    key: str
    sealed: bytes

    @property
    def serious(self) -> bool:
        """To be told to central before anything else."""
        return self.seriousness is not Seriousness.NOT_SERIOUS
