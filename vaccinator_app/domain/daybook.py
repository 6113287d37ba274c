"""All that one desk knows of a day: its own records, its neighbours', what central said of them (DESIGN 7.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from vaccinator_app.domain.day import Booked, Happened
from vaccinator_app.domain.day import Name as Name
from vaccinator_app.domain.stock import Batch
from vaccinator_app.domain.vaccines import Formulary


@dataclass(frozen=True, slots=True)
class Said:
    """Central's answer for one record: ``status`` (accepted, held, refused) and reasons, by their names on the wire."""

    status: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A desk of the centre as this one knows it.

    ``upto`` is the last of its records known here, ``head`` that record's hash (hex). ``missing`` is how many further
    records it is known to have: for this desk none, for another those that central waits for. ``unconfirmed`` counts
    records that central has not signed for, since ``oldest_at``. ``heard_at`` is when central last heard of it, None
    for never.
    """

    device: str
    name: str
    own: bool
    upto: int
    head: str
    missing: int = 0
    unconfirmed: int = 0
    oldest_at: datetime | None = None
    heard_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """Central counted ``there`` where the close says ``here``; ``what`` names the count, such as ``total.given``."""

    what: str
    here: int
    there: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayBook:
    """``now`` is a time at the centre. ``happened`` holds every stock event and all of the day, of every desk, and what
    was recorded about the day since: voids, corrections, ends of observations, settlements, closes.

    ``booked`` names each person of whom anything in ``happened`` tells; all others may be told as so many alike.

    ``outcomes`` has what central said of records, accepted ones without a reason left out; ``cleared`` are doses given
    on an override that it accepted for good, once the person had confirmed; ``differences`` is what it counted
    otherwise than a ``day_closed``. ``identities`` are marks by which two appointments of the day may be seen to
    be one person. ``names`` are people's by staff id, ``batches`` those allotted or received.
    """

    day: date
    now: datetime
    own_device: str
    happened: tuple[Happened, ...]
    booked: tuple[Booked, ...]
    outcomes: Mapping[Name, Said]
    machines: tuple[Machine, ...]
    batches: tuple[Batch, ...]
    formulary: Formulary
    names: Mapping[str, str]
    cleared: frozenset[Name] = frozenset()
    identities: Mapping[str, str] = field(default_factory=dict)
    differences: Mapping[Name, tuple[Difference, ...]] = field(default_factory=dict)
