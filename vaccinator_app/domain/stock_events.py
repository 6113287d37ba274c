"""The kinds of event about vials and doses in them (DESIGN 3.5). Each desk keeps its own carrier: what it received.

Vials of a batch are numbered from 1 on each desk as they are opened; unopened ones have no number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar


class VvmStage(StrEnum):
    """What the vaccine vial monitor shows (WHO): the inner square against the ring. Stages 1 and 2 may be used."""

    NONE = "none"
    """The product has no monitor."""
    STAGE_1 = "1"
    STAGE_2 = "2"
    STAGE_3 = "3"
    STAGE_4 = "4"


USABLE_VVM = frozenset({VvmStage.NONE, VvmStage.STAGE_1, VvmStage.STAGE_2})
"""Stages at which a vial may be given (WHO multi-dose vial policy)."""


class DiscardReason(StrEnum):
    """Why doses were thrown away (WHO's reasons for wastage)."""

    EXPIRED = "expired"
    VVM = "vvm"
    BROKEN = "broken"
    CONTAMINATED = "contaminated"
    OPEN_VIAL_TIME_OVER = "open_vial_time_over"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class StockReceived:
    """``vials`` unopened vials of one batch came to this desk. Good through the whole of ``expiry``."""

    KIND: ClassVar[str] = "stock_received"
    vaccine: str
    batch: str
    expiry: date
    vials: int
    doses_per_vial: int
    vvm: VvmStage = VvmStage.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class StockTransferred:
    """``vials`` unopened vials left this desk: to another desk, another centre or back to the store, named ``to``."""

    KIND: ClassVar[str] = "stock_transferred"
    vaccine: str
    batch: str
    vials: int
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VialOpened:
    """A vial of ``doses`` doses is open; vials of a batch are numbered from 1 on each desk."""

    KIND: ClassVar[str] = "vial_opened"
    vaccine: str
    batch: str
    vial: int
    doses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VialDiscarded:
    """Thrown away: the ``doses`` left in open vial ``vial``, or with ``vial`` 0 that many unopened ``vials``.

    ``doses`` is what was thrown away in all; ``vials`` is 0 for an open vial.
    """

    KIND: ClassVar[str] = "vial_discarded"
    vaccine: str
    batch: str
    reason: DiscardReason
    doses: int
    vial: int = 0
    vials: int = 0


STOCK = (StockReceived, StockTransferred, VialOpened, VialDiscarded)
"""Kinds that a desk's stock is computed from, beside the doses given."""
