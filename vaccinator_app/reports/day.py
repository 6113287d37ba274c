"""What every report of a day is made from (DESIGN 11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from vaccinator_app.domain.closing_events import CountedBatch, LedgerHead
from vaccinator_app.domain.counts import DayTally
from vaccinator_app.domain.events import ProofKind, Site


class LineStatus(StrEnum):
    """What became of one record of a visit."""

    STANDING = "standing"
    """A dose that was given."""
    VOIDED = "voided"
    """Recorded, and taken back by a later record."""
    DEFERRED = "deferred"
    """The person came and no dose was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseLine:
    """One ``dose_given`` or ``dose_deferred``, named by ``device`` and ``seq``.

    ``at`` is when it happened, ``recorded_at`` when it was recorded (None: then); both with an offset. ``vaccine`` and
    ``staff`` are ids. ``dose`` counts from 1, 0 where it is not known. A deferral has no ``batch``, ``expiry``,
    ``site`` and ``proof``. ``reason`` is the name on the wire of why it was voided or deferred, empty for a dose that
    stands. ``corrects`` is the ``seq`` of the voided record that this one takes the place of, 0 for none.
    """

    device: str
    seq: int
    at: datetime
    status: LineStatus
    appointment: str
    vaccine: str
    dose: int
    staff: str
    batch: str = ""
    expiry: date | None = None
    site: Site | None = None
    proof: ProofKind | None = None
    reason: str = ""
    recorded_at: datetime | None = None
    corrects: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionLine:
    """Something that needed a human, in words of the report's language. ``settled`` says how; empty when nobody did.

    The words name no person and no appointment. ``device`` and ``seq`` name the record it is about, 0 for none.
    """

    kind: str
    words: str
    settled: str
    at: datetime | None = None
    device: str = ""
    seq: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """The in-charge's signature under the day: ``by`` is their name.

    ``amendment`` counts from 0. ``agreed``: central counted the same; None while it has not answered.
    """

    amendment: int
    closed_at: datetime
    by: str
    heads: tuple[LedgerHead, ...]
    counted: tuple[CountedBatch, ...] = ()
    agreed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayReport:
    """One day of one centre.

    ``time_zone`` is an IANA name; every time is printed in it. ``language`` is ``en`` or ``hi``. ``names`` are staff
    members' by id, ``vaccines`` products' by id, ``desks`` machines' by device; an id without a name is printed itself.
    ``closed`` is None until the day is closed. ``session_starts`` are the starts of the sessions 1, 2, ... of the
    tally. ``booked_by_hour`` is how many were booked into the slots of each hour (0 to 23) at the centre; where it is
    empty, the chart of doses against bookings shows all bookings as a level line.
    """

    centre: str
    centre_name: str
    time_zone: str
    printed_at: datetime
    language: str
    tally: DayTally
    names: Mapping[str, str]
    vaccines: Mapping[str, str]
    desks: Mapping[str, str] = field(default_factory=dict)
    closed: Closing | None = None
    exceptions: tuple[ExceptionLine, ...] = ()
    doses: tuple[DoseLine, ...] = ()
    session_starts: tuple[datetime, ...] = ()
    booked_by_hour: Mapping[int, int] = field(default_factory=dict)

    @property
    def day(self) -> date:
        """The day it is about."""
        return self.tally.day

    def lines(self) -> list[DoseLine]:
        """The doses and deferrals in the order of time; the same for whatever order they came in."""
        return sorted(self.doses, key=lambda line: (line.at, line.device, line.seq))
