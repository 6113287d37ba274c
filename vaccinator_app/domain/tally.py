"""The day in counts, from events alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vaccinator_app.domain.events import (
    PRESENT,
    Body,
    CodeRefused,
    DoseDeferred,
    DoseGiven,
    Voided,
    WalkInRegistered,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts over one device's events. ``doses_given`` leaves out doses that were voided afterwards."""

    arrived: int = 0
    doses_given: int = 0
    codes_refused: int = 0
    deferred: int = 0
    walk_ins: int = 0
    voided: int = 0


def tally(events: Iterable[tuple[int, Body]]) -> Tally:
    """Count ``(seq, body)`` pairs of one device, in any order.

    Arrived is whoever any event shows at the desk, so that no dose stands beside fewer arrivals.
    """
    arrived: set[str] = set()
    walk_ins: set[str] = set()
    doses: set[int] = set()
    deferred: set[int] = set()
    voids: set[int] = set()
    refused = 0
    for seq, body in events:
        if isinstance(body, PRESENT):
            arrived.add(body.appointment)
        match body:
            case WalkInRegistered():
                walk_ins.add(body.appointment)
            case DoseGiven():
                doses.add(seq)
            case DoseDeferred():
                deferred.add(seq)
            case CodeRefused():
                refused += 1
            case Voided():
                voids.add(body.seq)
    return Tally(
        arrived=len(arrived),
        doses_given=len(doses - voids),
        codes_refused=refused,
        deferred=len(deferred - voids),
        walk_ins=len(walk_ins),
        voided=len(voids & (doses | deferred)),
    )
