"""Exceptions that central's answers bring, and codes that ran out or were done without (DESIGN 4.4, 7.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from vaccinator_app.domain.closing_events import DayClosed
from vaccinator_app.domain.day import Happened
from vaccinator_app.domain.daybook import Said
from vaccinator_app.domain.events import CodeRefused, DoseGiven, OverrideGranted, ProofKind, appointment_of
from vaccinator_app.domain.evidence import Evidence, about_record, said_steps
from vaccinator_app.domain.exception_words import reason_words
from vaccinator_app.domain.exceptions import Act, DayException, ExceptionKind, Step
from vaccinator_app.domain.find_doses import in_pairs, said_here
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.staff_events import StaffRemoved
from vaccinator_app.domain.visits import TRIES

TALLY_DIFFERS = "tally_differs"
"""Central's reason to hold a close whose day it counts otherwise."""

GIVEN_TWICE = "given_twice"
"""What central says of a dose that counts when a second record of it came."""

_DISPUTED = "disputed"
_NOT_ALLOWED = "not_allowed"
_PROOF_REASONS = frozenset({"code_mismatch", "no_proof", "seal_unreadable"})
"""Reasons that the person's own OTP answers."""


def held_and_refused(seen: Evidence) -> Iterator[DayException]:
    """Every record of the day that central holds or refused, until it is voided or central says otherwise.

    Left to others, so that one cause is one exception: a close that central counts otherwise, and a dose held for
    nothing but what was found here as well (a duplicate, a dose against the rule). Central's words stand in the history
    of those.
    """
    here: dict[tuple[str, int], frozenset[str]] | None = None
    for name, said in seen.book.outcomes.items():
        one = seen.by_name.get(name)
        if one is None or said.status not in ("held", "refused") or not seen.stands(one) or not seen.of_day(one):
            continue
        if isinstance(one.body, DayClosed) and TALLY_DIFFERS in said.reasons:
            continue
        if said.status == "held" and isinstance(one.body, DoseGiven):
            here = said_here(seen) if here is None else here
            if said.reasons and here.get(name, frozenset()).issuperset(said.reasons):
                continue
        yield _answered(seen, one, said)


def _answered(seen: Evidence, one: Happened, said: Said) -> DayException:
    reason = reason_words(said.reasons[0] if said.reasons else "")
    refused = said.status == "refused"
    key = "exception.refused" if refused else "exception.held"
    proof = not refused and isinstance(one.body, DoseGiven) and not _PROOF_REASONS.isdisjoint(said.reasons)
    # Who says that they got no dose is not asked for an OTP by the staff who recorded it.
    acts = (Act.CONFIRM_OTP,) if proof and _DISPUTED not in said.reasons else ()
    return about_record(
        seen,
        one,
        ExceptionKind.REFUSED if refused else ExceptionKind.HELD,
        _contested(seen, one, said) or Message.of(key, reason=reason),
        acts=(*acts, Act.OPEN, Act.CORRECT, Act.VOID, Act.EXPLAIN, Act.ESCALATE),
        history=said_steps(seen, one)[1:],
    )


def _contested(seen: Evidence, one: Happened, said: Said) -> Message | None:
    """Of a removal that waits: what it is about, and that nobody is put out by it meanwhile (P.18.10)."""
    if not isinstance(one.body, StaffRemoved) or said.status != "held" or _NOT_ALLOWED not in said.reasons:
        return None
    return Message.of("exception.removal", name=seen.book.names.get(one.body.staff, one.body.staff))


def given_twice(seen: Evidence) -> Iterator[DayException]:
    """Every dose that counts while central holds another record of the same dose, of a desk this book knows not of.

    Where both are in the book they are one exception already (``find_doses.duplicates``).
    """
    known = None
    for name, said in seen.book.outcomes.items():
        one = seen.by_name.get(name)
        if said.status != "accepted" or GIVEN_TWICE not in said.reasons or one is None:
            continue
        known = in_pairs(seen) if known is None else known
        if not seen.stands(one) or not seen.of_day(one) or name in known:
            continue
        words = Message.of("exception.given_twice")
        history = (
            Step(one.when, one.staff, seen.dose_words(one)),
            Step(one.when, "", Message.of("history.given_twice")),
        )
        acts = (Act.OPEN, Act.VOID, Act.EXPLAIN, Act.ESCALATE)
        found = about_record(seen, one, ExceptionKind.DUPLICATE, words, acts, history)
        yield replace(found, key=f"given_twice:{one.device}:{one.seq}")


def code_exhausted(seen: Evidence) -> Iterator[DayException]:
    """Every appointment with ``TRIES`` refused codes on the day, until an in-charge let it go on without one.

    From then on the `override` of the same appointment stands in its place, with the refused codes in its history.
    Nothing else takes it off the list: a deferral leaves open who typed the codes, and so does a dose that was proved
    after all, at another desk or before.
    """
    for appointment, refused in _refused(seen).items():
        if len(refused) < TRIES or _let_go_on(seen, appointment):
            continue
        last = refused[TRIES - 1]
        yield DayException(
            key=f"code_exhausted:{appointment}",
            kind=ExceptionKind.CODE_EXHAUSTED,
            words=Message.of("exception.code_exhausted", n=len(refused)),
            device=last.device,
            seq=last.seq,
            appointment=appointment,
            at=last.when,
            staff=last.staff,
            acts=(Act.OPEN, Act.EXPLAIN, Act.ESCALATE),
            history=_refusals(refused),
        )


def _refused(seen: Evidence) -> dict[str, list[Happened]]:
    found: dict[str, list[Happened]] = {}
    for one in seen.records:
        if isinstance(one.body, CodeRefused):
            found.setdefault(one.body.appointment, []).append(one)
    return found


def _refusals(refused: list[Happened]) -> tuple[Step, ...]:
    return tuple(Step(one.when, one.staff, Message.of("history.code_refused")) for one in refused)


def _let_go_on(seen: Evidence, appointment: str) -> bool:
    records = seen.about.get(appointment, ())
    return any(
        seen.of_day(one) and (isinstance(one.body, OverrideGranted) or _on_override(seen, one)) for one in records
    )


def _on_override(seen: Evidence, one: Happened) -> bool:
    return isinstance(one.body, DoseGiven) and one.body.proof.how is ProofKind.OVERRIDE and seen.stands(one)


def override(seen: Evidence) -> Iterator[DayException]:
    """Every appointment that went on without a code, from the in-charge's word until the person confirmed by OTP.

    One for each appointment, whether the dose is recorded yet or was corrected since. Gone only when every such dose
    that stands is among ``book.cleared``.
    """
    refused = _refused(seen)
    found: dict[str, list[Happened]] = {}
    for one in seen.records:
        if isinstance(one.body, OverrideGranted) or _on_override(seen, one):
            appointment = appointment_of(one.body)
            assert appointment is not None
            found.setdefault(appointment, []).append(one)
    for appointment, records in found.items():
        doses = [one for one in records if isinstance(one.body, DoseGiven)]
        waiting = [one for one in doses if one.name not in seen.book.cleared]
        if doses and not waiting:
            continue
        one = (waiting or records)[-1]
        steps = [
            Step(each.when, each.staff, seen.dose_words(each))
            if isinstance(each.body, DoseGiven)
            else Step(each.when, each.staff, Message.of("history.override_granted"))
            for each in records
        ]
        confirm = (Act.CONFIRM_OTP,) if waiting else ()
        yield DayException(
            key=f"override:{appointment}",
            kind=ExceptionKind.OVERRIDE,
            words=Message.of("exception.override" if waiting else "exception.override_unused"),
            device=one.device,
            seq=one.seq,
            appointment=appointment,
            at=one.when,
            staff=one.staff,
            acts=(*confirm, Act.OPEN, Act.EXPLAIN, Act.ESCALATE),
            history=(*_refusals(refused.get(appointment, [])), *sorted(steps, key=lambda step: step.at)),
        )
