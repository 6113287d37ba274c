"""The day in counts, whatever order its events are read in and however many desks they come from."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.given import (
    INDIA,
    MORNING,
    NINE,
    TODAY,
    appointments_of_the_day,
    at,
    bodies,
    days,
    deferred,
    dose_given,
    granted,
    observed,
    opened,
    received,
    refused,
    voided,
    walk_in,
)
from vaccinator_app.domain.counts import Counts, DayTally, Deferral, Hour, Line
from vaccinator_app.domain.day import Booked, Happened, standing_doses, voided_records
from vaccinator_app.domain.events import (
    PRESENT,
    Arrived,
    Body,
    CodeRefused,
    DeferReason,
    DoseGiven,
    Proof,
    ProofKind,
    SignedIn,
    Voided,
    VoidReason,
    WalkInRegistered,
    appointment_of,
)
from vaccinator_app.domain.tally import tally
from vaccinator_app.domain.visits import Visit, apply

EXAMPLES = settings(max_examples=40, deadline=None)
TOMORROW = timedelta(days=1)
A, B, C, D = (
    Booked(name, NINE + timedelta(hours=hour), "two", 1) for name, hour in (("a", 0), ("b", 0), ("c", 4), ("d", 4))
)
LIST = (A, B, C, D)
RECORDS = ("codes_refused", "voided", "twice")
GIVEN = ("given", "twice", "by_code", "by_slip", "by_override", "by_none")


def happened(*history: Body, device: str = "d1", first: int = 1, staff: str = "s1") -> list[Happened]:
    """One record a minute at one desk."""
    return [
        Happened(device, seq, NINE + timedelta(minutes=seq), staff, body) for seq, body in enumerate(history, first)
    ]


def count(history: Sequence[Happened], booked: Sequence[Booked] = LIST) -> DayTally:
    return tally(TODAY, history, booked)


def summed(lines: Sequence[Line]) -> Counts:
    return sum((line.counts for line in lines), Counts())


def of(lines: Sequence[Line]) -> dict[str, Counts]:
    return {line.key: line.counts for line in lines}


def some(counts: Counts, names: Sequence[str]) -> dict[str, int]:
    return {name: getattr(counts, name) for name in names}


def test_a_day() -> None:
    counted = count(
        happened(
            SignedIn(),
            Arrived(appointment="a"),
            Arrived(appointment="a"),
            dose_given("a"),  # 4
            observed("a"),
            refused("b"),
            refused("b"),
            dose_given("b"),  # 8
            voided(8, "b"),
            walk_in("W1"),
            replace(dose_given("W1"), proof=Proof(how=ProofKind.OVERRIDE)),
            deferred("c"),  # 12
            voided(12, "c"),
            deferred("c"),
            voided(1, "a"),  # nobody can void a sign-in
        )
    )
    assert counted.total == Counts(
        booked=4, walk_ins=1, arrived=4, given=2, deferred=1, no_show=1, by_none=1, by_override=1,
        codes_refused=2, voided=2,
    )  # fmt: skip
    assert of(counted.sessions)["1"] == Counts(
        booked=2, walk_ins=1, arrived=3, given=2, by_none=1, by_override=1, codes_refused=2, voided=1
    )
    assert of(counted.sessions)["2"] == Counts(booked=2, arrived=1, no_show=1, deferred=1, voided=1)
    assert of(counted.bookings)["walk_in"] == Counts(walk_ins=1, arrived=1, given=1, by_override=1)
    assert counted.batches == (Line("two/4121Z025", Counts(given=2, by_none=1, by_override=1, voided=1)),)
    assert counted.deferrals == (Deferral("unwell", 1),)
    assert counted.hours == (Hour(9, 4, 2),)


def test_a_day_without_events() -> None:
    assert count([], ()) == DayTally(day=TODAY, total=Counts())
    assert count([]).total == Counts(booked=4, no_show=4)


def test_whoever_was_booked_for_one_vaccine_and_given_another_counts_under_both() -> None:
    wrong = replace(dose_given("a"), vaccine="three", batch="T1")
    counted = count(happened(Arrived(appointment="a"), refused("a"), wrong, wrong, voided(4, "a")), [A])
    assert of(counted.vaccines) == {
        "two": Counts(booked=1, arrived=1, codes_refused=1),
        "three": Counts(given=1, by_none=1, voided=1),
    }


def test_each_further_record_of_a_dose_counts_under_its_own_batch_and_staff() -> None:
    first = happened(dose_given("a"), staff="s1")
    second = happened(replace(dose_given("a"), batch="B2"), device="d2", first=2, staff="s2")
    counted = count([*second, *first], [A])
    assert of(counted.batches) == {"two/4121Z025": Counts(given=1, by_none=1), "two/B2": Counts(twice=1)}
    assert of(counted.staff) == {"s1": Counts(given=1, by_none=1), "s2": Counts(twice=1)}
    assert (counted.total.given, counted.total.twice) == (1, 1)


@pytest.mark.parametrize("second", ["d1", "d2"])
def test_a_dose_recorded_twice_is_given_once(second: str) -> None:
    counted = count(happened(dose_given("a")) + happened(dose_given("a"), device=second, first=2))
    assert (counted.total.given, counted.total.twice, counted.total.by_none) == (1, 1, 1)


def test_a_void_counts_for_who_made_it_and_a_refusal_for_who_typed_it() -> None:
    typed = happened(refused("a"), dose_given("a"), staff="s1")
    counted = count(typed + happened(voided(2, "a"), first=3, staff="s2"))
    assert of(counted.staff) == {"s1": Counts(codes_refused=1), "s2": Counts(voided=1)}


def test_a_correction_keeps_what_was_given_and_when() -> None:
    """Also when somebody corrects it the day after."""
    before = happened(Arrived(appointment="a"), dose_given("a"))
    right = replace(dose_given("a"), batch="B2", corrects=2, given_at=before[1].at)
    for later in (timedelta(hours=3), TOMORROW):
        after = [replace(one, at=one.at + later) for one in happened(voided(2, "a"), right, first=3)]
        mine, theirs = count([*before, *after]), count(before)
        assert mine.total == replace(theirs.total, voided=1)
        assert mine.hours == theirs.hours
        assert of(mine.batches) == {"two/4121Z025": Counts(voided=1), "two/B2": Counts(given=1, by_none=1)}
        assert tally(TODAY + TOMORROW, [*before, *after], ()).total == Counts()


def test_never_came_takes_back_the_arrival() -> None:
    marked: list[Body] = [refused("a"), Arrived(appointment="a"), dose_given("a")]
    never = voided(4, "a", VoidReason.NEVER_CAME)
    counted = count(happened(SignedIn(), *marked, never), [A])
    assert counted.total == Counts(booked=1, no_show=1, codes_refused=1, voided=1)
    came = count(happened(SignedIn(), *marked, never, Arrived(appointment="a")), [A])
    assert (came.total.arrived, came.total.no_show) == (1, 0)
    assert count(happened(SignedIn(), *marked, voided(4, "a")), [A]).total.arrived == 1


def test_never_came_is_not_true_while_another_dose_stands() -> None:
    """As the queue has it: who takes back the second record for being one too many does not send the person home."""
    history: list[Body] = [dose_given("a"), dose_given("a"), voided(1, "a", VoidReason.NEVER_CAME), voided(2, "a")]
    assert count(happened(*history), [A]).total.arrived == 1
    assert count(happened(*history[:2], *history[:1:-1]), [A]).total.arrived == 0


def test_the_first_registration_and_the_last_deferral_count() -> None:
    other = replace(walk_in("W1"), vaccine="three")
    later = replace(deferred("W1"), reason=DeferReason.REFUSED)
    records = happened(walk_in("W1"), other, deferred("W1"), later)
    for order in (records, records[::-1]):
        assert [line.key for line in count(order, ()).vaccines] == ["two"]
        assert count(order, ()).deferrals == (Deferral("refused", 1),)


def test_never_came_takes_back_what_the_other_desk_thought_it_saw() -> None:
    """The verifier's machine said "arrived" an hour before; what it says afterwards, or its own dose, stands."""
    never = happened(dose_given("a"), voided(1, "a", VoidReason.NEVER_CAME))
    seen = [Happened("d2", 1, NINE, "s2", Arrived(appointment="a"))]
    assert count([*never, *seen], [A]).total.arrived == 0
    assert count([*never, replace(seen[0], at=NINE + timedelta(hours=1))], [A]).total.arrived == 1
    assert count([*never, replace(seen[0], body=dose_given("a"))], [A]).total.arrived == 1


def test_a_walk_in_who_never_came_is_none() -> None:
    counted = count(happened(walk_in("W1"), dose_given("W1"), voided(2, "W1", VoidReason.NEVER_CAME)), ())
    assert counted.total == Counts(voided=1)
    assert count(happened(walk_in("W1"), dose_given("W1"), voided(2, "W1")), ()).total.walk_ins == 1


def test_a_void_holds_only_for_its_own_person_desk_and_past() -> None:
    dose = happened(SignedIn(), dose_given("a"))
    for void in (
        happened(voided(2, "b"), first=3),
        happened(voided(2, "a"), first=3, device="d2"),
        happened(voided(9, "a"), first=3),
        happened(voided(4, "a"), voided(3, "a"), first=3),
    ):
        assert (count([*dose, *void]).total.given, count([*dose, *void]).total.voided) == (1, 0), void
    before = happened(voided(2, "a"), dose_given("a"))
    assert (count(before).total.given, count(before).total.voided) == (1, 0)
    again = happened(voided(2, "a"), first=4, staff="s2")
    twice = count([*dose, *again, *happened(voided(2, "a"), first=3)])
    assert (twice.total.given, twice.total.voided) == (0, 1)
    assert of(twice.staff) == {"s1": Counts(voided=1)}


def test_a_cancelled_appointment_is_expected_only_of_whoever_comes() -> None:
    gone = replace(A, cancelled=True)
    assert count([], [gone]).total == Counts()
    assert count(happened(Arrived(appointment="a")), [gone]).total == Counts(booked=1, arrived=1)


def test_the_day_is_the_day_at_the_centre() -> None:
    late = MORNING.replace(hour=18, minute=45).astimezone(INDIA)  # 00:15 of the next day in India
    assert count([Happened("d1", 1, late, "s1", dose_given("a"))], ()).total == Counts()


@EXAMPLES
@given(days(), appointments_of_the_day(), st.randoms(use_true_random=False))
def test_order_does_not_matter(day: list[Happened], booked: tuple[Booked, ...], chance: random.Random) -> None:
    shuffled = list(day)
    chance.shuffle(shuffled)
    assert count(shuffled, booked) == count(day, booked)


@EXAMPLES
@given(days(), appointments_of_the_day())
def test_people_of_whom_nothing_is_recorded_may_be_told_as_so_many_alike(
    day: list[Happened], booked: tuple[Booked, ...]
) -> None:
    more = [replace(one, appointment=f"{n}") for n, one in enumerate((*LIST, *LIST, *booked, *booked))]
    told = {appointment_of(one.body) for one in day}
    named = [one for one in booked if one.appointment in told]
    alike = Counter(replace(one, appointment="") for one in (*booked, *more) if one.appointment not in told)
    folded = (*named, *(replace(one, people=people) for one, people in alike.items()))
    assert count(day, folded) == count(day, (*booked, *more))


@EXAMPLES
@given(days(), appointments_of_the_day())
def test_the_total_is_the_sum_of_its_parts(day: list[Happened], booked: tuple[Booked, ...]) -> None:
    counted = count(day, booked)
    assert summed(counted.sessions) == summed(counted.bookings) == counted.total
    for lines in (counted.vaccines, counted.batches, counted.staff):
        assert some(summed(lines), GIVEN) == some(counted.total, GIVEN)
    assert summed(counted.staff).deferred == counted.total.deferred == sum(one.people for one in counted.deferrals)
    assert sum(hour.arrived for hour in counted.hours) == counted.total.arrived
    assert sum(hour.given for hour in counted.hours) == counted.total.given
    assert some(summed(counted.staff), RECORDS) == some(counted.total, RECORDS)
    ways = counted.total
    assert ways.by_code + ways.by_slip + ways.by_override + ways.by_none == ways.given
    assert all(line.counts != Counts() for line in (*counted.vaccines, *counted.batches, *counted.staff))


@EXAMPLES
@given(days(), appointments_of_the_day())
def test_whoever_was_expected_came_or_did_not(day: list[Happened], booked: tuple[Booked, ...]) -> None:
    """``arrived + no_show`` is ``booked + walk_ins`` and those with neither a booking of the day nor a registration."""
    total = count(day, booked).total
    voids = voided_records(day)
    here = [one for one in day if isinstance(one.body, PRESENT) and one.when.date() == TODAY]
    listed = {one.appointment for one in booked}
    registered = {
        one.body.appointment for one in here if isinstance(one.body, WalkInRegistered) and one.name not in voids
    }
    strangers = {appointment_of(one.body) for one in here} - listed - registered
    came = sum(
        count(day, booked).total.arrived - count(_without(day, name), booked).total.arrived for name in strangers
    )
    assert total.arrived + total.no_show == total.booked + total.walk_ins + came
    assert total.given <= total.arrived


def _without(day: list[Happened], appointment: str | None) -> list[Happened]:
    return [one for one in day if appointment_of(one.body) != appointment]


@EXAMPLES
@given(days(who=("a", "b")), days(who=("c", "W1"), devices=("e1", "e2")), appointments_of_the_day())
def test_two_desks_add_up(mine: list[Happened], theirs: list[Happened], booked: tuple[Booked, ...]) -> None:
    here = [one for one in booked if one.appointment in ("a", "b")]
    there = [one for one in booked if one.appointment == "c"]
    assert count(mine, here).total + count(theirs, there).total == count([*theirs, *mine], [*here, *there]).total


@EXAMPLES
@given(days(), appointments_of_the_day())
def test_every_dose_counts_once_as_given_twice_or_voided(day: list[Happened], booked: tuple[Booked, ...]) -> None:
    counted = count(day, booked)
    standing = [one for one in standing_doses(day) if one.when.date() == TODAY]
    assert counted.total.given == len({appointment_of(one.body) for one in standing})
    assert counted.total.given + counted.total.twice == len(standing)
    assert sum(stock.given for stock in counted.stock) == len(standing)
    for stock in counted.stock:
        line = of(counted.batches).get(f"{stock.vaccine}/{stock.batch}", Counts())
        assert stock.given == line.given + line.twice


@EXAMPLES
@given(days(), appointments_of_the_day())
def test_what_was_voided_counts_nowhere_else(day: list[Happened], booked: tuple[Booked, ...]) -> None:
    """But that its person was seen."""
    voids = voided_records(day)
    gone = {one.name for one in day if isinstance(one.body, DoseGiven) and one.name in voids}
    gone |= {voids[name].name for name in gone}
    without = count([one for one in day if one.name not in gone], booked).total
    assert some(without, GIVEN) == some(count(day, booked).total, GIVEN)


@EXAMPLES
@given(days(), appointments_of_the_day(), bodies(st.sampled_from(["a", "b", "c", "W1"])))
def test_nothing_but_never_came_makes_arrivals_fewer(
    day: list[Happened], booked: tuple[Booked, ...], last: Body
) -> None:
    seq = max((one.seq for one in day if one.device == "d1"), default=0) + 1
    more = [*day, Happened("d1", seq, NINE + timedelta(hours=1), "s1", last)]
    never = any(isinstance(one.body, Voided) and one.body.reason is VoidReason.NEVER_CAME for one in more)
    before, after = count(day, booked).total, count(more, booked).total
    assert after.arrived >= before.arrived or (isinstance(last, Voided) and never)


@EXAMPLES
@given(days(), days(devices=("e1", "e2")), appointments_of_the_day())
def test_what_happens_on_other_days_changes_nothing_but_what_there_was(
    day: list[Happened], others: list[Happened], booked: tuple[Booked, ...]
) -> None:
    elsewhere = [one for one in others if one.when.date() != TODAY and not getattr(one.body, "given_at", None)]
    mine, theirs = count(day, booked), count([*day, *elsewhere], booked)
    assert replace(mine, stock=()) == replace(theirs, stock=())
    known = {(one.vaccine, one.batch): one for one in theirs.stock}
    for stock in mine.stock:
        same = known.get((stock.vaccine, stock.batch))
        if same is not None:
            assert replace(same, at_start=stock.at_start, doses_per_vial=stock.doses_per_vial) == stock


@EXAMPLES
@given(st.lists(bodies(st.sampled_from(["a", "b", "c"]), most=15), max_size=15))
def test_the_tally_agrees_with_the_visits(day: list[Body]) -> None:
    """Counted from events and from what the queue of one desk shows: the same people, the same tries."""
    visits = {name: Visit(appointment=name) for name in "abc"}
    for seq, body in enumerate(day, 1):
        name = appointment_of(body)
        if name is not None:
            visits[name] = apply(visits[name], seq, at(seq), body)
    counted = count(happened(*day), ())
    assert counted.total.arrived == sum(visit.arrived_at is not None for visit in visits.values())
    assert counted.total.given == sum(visit.dose_seq is not None for visit in visits.values())
    assert counted.total.twice == sum(len(visit.further) for visit in visits.values())
    assert counted.total.codes_refused == sum(visit.tries for visit in visits.values())
    assert counted.total.codes_refused == sum(isinstance(body, CodeRefused) for body in day)


def test_a_grant_shows_nobody() -> None:
    assert count(happened(granted("a")), ()).total == Counts()


def test_a_well_kept_day_has_no_variance() -> None:
    doses = [replace(dose_given(f"{number:012}"), vial=1) for number in range(10)]
    counted = count(happened(received(2), opened(1), *doses), ())
    assert [(stock.variance, stock.unopened, stock.left) for stock in counted.stock] == [(0, 1, 0)]
