"""Everything that needs somebody is found, named for ever, and says what may be done (DESIGN 7.3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.domain.books import NOON, OWN, book, booked, desk, found
from tests.domain.given import (
    NINE,
    TODAY,
    aefi,
    closed,
    deferred,
    dose_given,
    granted,
    observed,
    opened,
    received,
    refused,
    settled,
    thrown,
    voided,
    walk_in,
)
from vaccinator_app.domain.aefi import Seriousness
from vaccinator_app.domain.closing_events import (
    CountedBatch,
    Settlement,
    SettleReason,
    VarianceReason,
)
from vaccinator_app.domain.day import Happened
from vaccinator_app.domain.daybook import Difference, Machine, Said
from vaccinator_app.domain.events import Arrived, Body, DoseGiven, Proof, ProofKind, RecordViewed, SignedIn, VoidReason
from vaccinator_app.domain.exceptions import Act, ExceptionKind
from vaccinator_app.domain.find_exceptions import find, open_ones
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.stock import Batch
from vaccinator_app.domain.stock_events import DiscardReason

GOOD: list[Body] = [received(5), opened(3)]
"""What a dose of the tests is drawn from; the next record has ``seq`` 3."""
OVERRIDE = Proof(how=ProofKind.OVERRIDE, seq=6)
DAY = timedelta(days=1)


def day(*history: Body) -> list[Happened]:
    return desk(*GOOD, *history)


def keys(happened: list[Happened], **more: object) -> set[str]:
    return set(found(happened, **more))


def test_a_good_day_needs_nobody() -> None:
    assert keys(day(Arrived(appointment="a"), dose_given("a"), refused("b"), deferred("b")), now=NOON) == {
        "observation:a"
    }
    assert keys(day(dose_given("a"), observed("a"))) == set()


# Central's answers


@pytest.mark.parametrize(("status", "kind"), [("held", ExceptionKind.HELD), ("refused", ExceptionKind.REFUSED)])
def test_what_central_holds_or_refuses(status: str, kind: ExceptionKind) -> None:
    one = found(day(dose_given("a")), outcomes={("d1", 3): Said(status, ("too_early", "code_mismatch"))})[
        f"{status}:d1:3"
    ]
    assert (one.kind, one.device, one.seq, one.appointment, one.staff) == (kind, "d1", 3, "a", "s1")
    assert one.words == Message.of(f"exception.{status}", reason=Message.of("reason.too_early"))
    assert [step.words.params["reason"] for step in one.history] == [Message.of("reason.code_mismatch")]
    assert (Act.CONFIRM_OTP in one.acts) == (status == "held")


def test_a_record_that_is_taken_back_or_of_another_day_is_not_listed_as_held() -> None:
    held = {("d1", 3): Said("held", ("too_early",)), ("d9", 1): Said("held", ("too_early",))}
    assert keys(day(dose_given("a"), voided(3, "a")), outcomes=held) == {"voided:d1:4"}
    yesterday = [replace(one, at=one.at - DAY) for one in day(dose_given("a"))]
    assert keys(yesterday, outcomes=held) == set()


def test_a_held_void_is_of_the_day_of_what_it_voids() -> None:
    later = [*day(dose_given("a")), *desk(voided(3, "a"), first=4, at=NINE + DAY)]
    assert keys(later, outcomes={("d1", 4): Said("refused", ("not_allowed",))}) == {"refused:d1:4", "voided:d1:4"}


def test_a_reason_of_a_newer_central_still_has_words() -> None:
    one = found(day(dose_given("a")), outcomes={("d1", 3): Said("held", ("of_tomorrow",))})["held:d1:3"]
    assert one.words.params["reason"] == Message.of("reason.unknown")


def test_one_cause_is_one_exception() -> None:
    """What central holds a dose for and this desk saw itself stands once; anything else it says stands beside."""
    twice = day(dose_given("a"), dose_given("a"))
    known = found(twice, outcomes={("d1", 4): Said("held", ("already_dosed",))})
    assert set(known) == {"duplicate:d1:4"}
    assert known["duplicate:d1:4"].history[-1].words.key == "history.held"
    assert keys(twice, outcomes={("d1", 4): Said("held", ("already_dosed", "too_early"))}) == {
        "duplicate:d1:4", "held:d1:4",
    }  # fmt: skip
    assert keys(twice, outcomes={("d1", 4): Said("refused", ("already_dosed",))}) == {"duplicate:d1:4", "refused:d1:4"}
    assert keys(day(dose_given("a")), outcomes={("d1", 3): Said("held", ("already_dosed",))}) == {"held:d1:3"}


def test_acts_are_those_that_this_desk_can_do() -> None:
    other = [*desk(*GOOD, dose_given("a"), device="d2")]
    mine = found(day(dose_given("a")), outcomes={("d1", 3): Said("held", ("no_proof",))})["held:d1:3"]
    theirs = found(other, outcomes={("d2", 3): Said("held", ("no_proof",))})["held:d2:3"]
    assert mine.acts == (Act.CONFIRM_OTP, Act.OPEN, Act.CORRECT, Act.VOID, Act.EXPLAIN, Act.ESCALATE)
    assert theirs.acts == (Act.CONFIRM_OTP, Act.OPEN, Act.EXPLAIN, Act.ESCALATE)
    stock = found(day(), outcomes={("d1", 1): Said("refused", ("not_allowed",))})["refused:d1:1"]
    assert stock.acts == (Act.EXPLAIN, Act.ESCALATE)


# Codes


def test_codes_that_ran_out() -> None:
    tried = day(refused("a"), refused("a"), refused("a"))
    assert keys(tried[:-1]) == set()
    one = found(tried)["code_exhausted:a"]
    assert (one.appointment, one.at, len(one.history)) == ("a", tried[-1].at, 3)
    assert one.words == Message.of("exception.code_exhausted", n=3)


def test_codes_that_ran_out_stay_listed_whatever_follows_but_an_override() -> None:
    tried = day(refused("a"), refused("a"), refused("a"))
    for later in (deferred("a"), Arrived(appointment="a")):
        assert "code_exhausted:a" in keys([*tried, *desk(later, first=6)])
    proved = desk(*GOOD, dose_given("a"), device="d2")
    assert "code_exhausted:a" in keys([*tried, *proved])


def test_an_override_stands_in_the_place_of_codes_that_ran_out() -> None:
    tried = day(refused("a"), refused("a"), refused("a"), granted("a"))
    one = found(tried)["override:a"]
    assert (set(found(tried)), one.words.key) == ({"override:a"}, "exception.override_unused")
    assert [step.words.key for step in one.history] == ["history.code_refused"] * 3 + ["history.override_granted"]
    assert Act.CONFIRM_OTP not in one.acts
    dosed = [*tried, *desk(replace(dose_given("a"), proof=OVERRIDE), first=7, at=NINE + timedelta(minutes=6))]
    one = found(dosed)["override:a"]
    assert (set(found(dosed)), one.words.key, one.seq) == ({"override:a"}, "exception.override", 7)
    assert (one.acts[0], len(one.history)) == (Act.CONFIRM_OTP, 5)


def test_an_override_is_open_until_the_person_confirmed() -> None:
    dosed = day(granted("a"), replace(dose_given("a"), proof=OVERRIDE))
    assert keys(dosed) == {"override:a"}
    assert keys(dosed, outcomes={("d1", 4): Said("accepted", ("awaits_otp",))}) == {"override:a"}
    assert keys(dosed, cleared=frozenset({("d1", 4)})) == set()
    again = [*dosed, *desk(voided(4, "a"), replace(dose_given("a"), proof=OVERRIDE, corrects=4), first=5)]
    assert keys(again, cleared=frozenset({("d1", 4)})) == {"override:a", "corrected:d1:5"}


# Doses


def test_a_dose_recorded_twice_at_one_desk_or_two() -> None:
    assert keys(day(dose_given("a"), dose_given("a"), dose_given("a"))) == {"duplicate:d1:4", "duplicate:d1:5"}
    other = desk(*GOOD, dose_given("a"), device="d2", at=NOON)
    both = found([*other, *day(dose_given("a"))])
    assert set(both) == {"duplicate:d2:3"}
    assert both["duplicate:d2:3"].words == Message.of("exception.duplicate", first=NINE + timedelta(minutes=3))
    assert both["duplicate:d2:3"].acts == (Act.OPEN, Act.EXPLAIN, Act.ESCALATE)
    assert keys(day(dose_given("a"), dose_given("a"), voided(3, "a"))) == {"voided:d1:5"}


def test_two_appointments_of_one_person() -> None:
    doses = day(dose_given("a"), dose_given("b"), dose_given("c"))
    marks = {"a": "m", "b": "m", "c": "other"}
    assert keys(doses) == set()
    assert keys(doses, identities=marks) == {"duplicate_person:b"}
    assert keys(doses[:3], identities=marks) == set()
    thrice = day(dose_given("a"), dose_given("b"), dose_given("b"))
    assert keys(thrice, identities=marks) == {"duplicate_person:b", "duplicate:d1:5"}


WITHDRAWN = Batch(vaccine="two", batch="4121Z025", expiry=TODAY, doses_per_vial=10, withdrawn=True)
GONE = replace(WITHDRAWN, withdrawn=False, expiry=TODAY - DAY)


@pytest.mark.parametrize(
    ("dose", "more", "rule"),
    [
        (dose_given("a"), {}, None),
        (replace(dose_given("a"), expiry=TODAY - DAY), {}, "rule.batch_expired"),
        (dose_given("a"), {"batches": (GONE,)}, "rule.batch_expired"),
        (dose_given("a"), {"batches": (WITHDRAWN,)}, "rule.batch_withdrawn"),
        (replace(dose_given("a"), vial=4), {}, "rule.vial_not_opened"),
        (replace(dose_given("a"), batch="B2"), {}, "rule.vial_not_opened"),
        (replace(dose_given("a"), dose=2), {}, "rule.other_dose"),
        (dose_given("a"), {"booked": ()}, "rule.not_on_list"),
        (dose_given("W1"), {}, "rule.not_on_list"),
        (dose_given("a"), {"booked": (replace(booked("a")[0], cancelled=True),)}, "rule.cancelled"),
        (dose_given("a"), {"booked": (replace(booked("a")[0], vaccine="three"),)}, "rule.other_vaccine"),
    ],
)
def test_a_dose_against_the_rule(dose: DoseGiven, more: dict[str, object], rule: str | None) -> None:
    against = [one.words.key for one in find(book(day(dose), **more)) if one.kind is ExceptionKind.AGAINST_RULE]  # type: ignore[arg-type]
    assert against == ([] if rule is None else [rule])


def test_a_walk_in_is_booked_as_registered() -> None:
    assert keys(day(walk_in("W1"), dose_given("W1"))) == set()
    (one,) = find(book(day(walk_in("W1"), replace(dose_given("W1"), dose=2))))
    assert one.words == Message.of("rule.other_dose", given=2, booked=1)


@pytest.mark.parametrize(
    ("minutes", "rule"), [(239, None), (240, "rule.vial_too_old"), (24 * 60, "rule.vial_of_earlier_day")]
)
def test_a_vial_beyond_its_hours(minutes: int, rule: str | None) -> None:
    since = NINE - timedelta(minutes=minutes)
    vial = [replace(one, at=since) for one in desk(*GOOD)]
    dose = Happened("d1", 3, NINE, "s1", dose_given("a"))
    against = [one.words.key for one in find(book([*vial, dose], now=NINE)) if one.kind is ExceptionKind.AGAINST_RULE]
    assert against == ([] if rule is None else [rule])


def test_a_vial_told_again_was_open_all_the_same() -> None:
    assert keys(day(dose_given("a"), opened(3))) == set()


def test_a_vial_opened_after_its_dose_was_not_open() -> None:
    assert "against_rule:d1:2" in keys(desk(received(5), dose_given("a"), opened(3)))


def test_one_dose_is_one_exception_with_all_that_is_wrong() -> None:
    wrong = replace(dose_given("a"), expiry=TODAY - DAY, dose=2)
    one = found(day(wrong), outcomes={("d1", 3): Said("held", ("batch_expired", "other_vaccine"))})["against_rule:d1:3"]
    assert one.words.key == "rule.batch_expired"
    assert [step.words.key for step in one.history] == ["rule.other_dose", "history.held", "history.held"]
    assert one.acts == (Act.OPEN, Act.CORRECT, Act.VOID, Act.EXPLAIN, Act.ESCALATE)


def test_nobody_ended_the_watch() -> None:
    dosed = day(dose_given("a"))
    over = dosed[-1].at + timedelta(minutes=60)
    assert keys(dosed, now=over) == set()
    one = found(dosed, now=over + timedelta(seconds=1))["observation:a"]
    assert (one.acts[0], one.words.params["over"]) == (Act.END_OBSERVATION, dosed[-1].at + timedelta(minutes=30))
    for end in (observed("a"), aefi("a")):
        assert "observation:a" not in keys([*dosed, *desk(end, first=4, device="d2", at=NOON)], now=NOON)
    assert "observation:a" in keys([*dosed, *desk(aefi("a", Seriousness.NOT_SERIOUS), first=4, at=NOON)], now=NOON)
    before = [*desk(observed("a"), device="d2"), *dosed]
    assert "observation:a" in keys(before, now=NOON)


def test_a_serious_reaction_stands_first() -> None:
    both = find(book(day(dose_given("a"), dose_given("a"), aefi("a"), aefi("b", Seriousness.NOT_SERIOUS))))
    assert [one.key for one in both] == ["aefi:d1:5", "duplicate:d1:4"]


# Take-backs


def test_every_take_back_is_looked_at() -> None:
    one = found(day(dose_given("a"), voided(3, "a", VoidReason.NEVER_CAME)))["voided:d1:4"]
    assert one.words == Message.of("exception.voided", reason=Message.of("void.never_came"))
    assert one.acts == (Act.EXPLAIN, Act.OPEN, Act.ESCALATE)
    other = found(day(deferred("a"), voided(3, "a")))["voided:d1:4"]
    assert other.words.key == "exception.voided_other"
    assert keys(day(dose_given("a"), voided(3, "b"))) == set()
    later = [*day(dose_given("a")), *desk(voided(3, "a"), first=4, at=NINE + DAY)]
    assert "voided:d1:4" in keys(later)
    assert "voided:d1:4" not in keys(later, day=TODAY + DAY)


def test_a_correction_is_one_and_not_a_take_back() -> None:
    right = replace(dose_given("a"), dose=1, corrects=3, given_at=NINE + timedelta(minutes=3))
    changed = found(day(dose_given("a"), voided(3, "a", VoidReason.WRONG_BATCH), right))
    assert set(changed) == {"corrected:d1:4"}
    assert changed["corrected:d1:4"].words == Message.of("exception.corrected", reason=Message.of("void.wrong_batch"))
    assert [step.words.key for step in changed["corrected:d1:4"].history] == [
        "history.dose_given", "history.voided", "history.dose_given",
    ]  # fmt: skip


# Vials

VARIANCE = f"variance:{TODAY}:two/4121Z025"


@pytest.mark.parametrize(
    ("history", "said"),
    [
        ([received(1), opened(3, doses=1), dose_given("a")], []),
        ([received(1), opened(3, doses=1), dose_given("a"), dose_given("b")], ["exception.doses_over"]),
        (
            [received(1), opened(3), thrown(DiscardReason.OPEN_VIAL_TIME_OVER, doses=9, vial=3)],
            ["exception.doses_missing"],
        ),
        ([received(1), opened(1, doses=0), opened(2, doses=0)], ["exception.below_zero"]),
        ([opened(1, doses=0)], ["exception.never_received"]),
        ([opened(3, doses=0), dose_given("a")], ["exception.never_received", "exception.doses_over"]),
    ],
)
def test_vials_and_doses_that_do_not_agree(history: list[Body], said: list[str]) -> None:
    one = found(desk(*history)).get(VARIANCE)
    assert ([] if one is None else [one.words.key, *(step.words.key for step in one.history)]) == said


def test_an_explanation_covers_what_it_explained() -> None:
    """One dose too many was explained; the second needs somebody again."""
    over = day(
        opened(1, doses=1), replace(dose_given("a"), vial=1), replace(dose_given("b"), vial=1), settled(VARIANCE)
    )
    assert found(over)[VARIANCE].settled is not None
    more = [*over, *desk(replace(dose_given("c"), vial=1), first=7, at=NINE + timedelta(minutes=9))]
    assert found(more)[VARIANCE].settled is None
    assert found(more)[VARIANCE].history[-1].words.key == "settled.explained"
    again = [*more, *desk(settled(VARIANCE), first=8, at=NINE + timedelta(minutes=12))]
    assert found(again)[VARIANCE].settled is not None


def test_what_is_left_in_a_vial_whose_time_is_over() -> None:
    left = day(dose_given("a"), observed("a"))
    over = left[1].at + timedelta(hours=4)
    key = "vial_left:d1:two/4121Z025:3"
    assert key not in keys(left, now=over - timedelta(seconds=1))
    one = found(left, now=over)[key]
    assert one.words == Message.of("exception.discard_left", machine="Desk 1", batch="4121Z025", vial=3, n=9)
    gone = thrown(DiscardReason.OPEN_VIAL_TIME_OVER, doses=9, vial=3)
    assert key not in keys([*left, *desk(gone, first=5, at=over + DAY)], now=over + 2 * DAY)
    empty = desk(received(1), opened(3, doses=1), dose_given("a"))
    assert key not in keys(empty, now=over)
    assert key in keys([*empty, *desk(voided(3, "a"), first=4)], now=over)


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        (thrown(DiscardReason.BROKEN, vials=2), "exception.vials_lost"),
        (thrown(DiscardReason.VVM, vials=1), "exception.vials_lost"),
        (thrown(DiscardReason.BROKEN, doses=10, vial=3), "exception.vial_lost"),
        (thrown(DiscardReason.BROKEN, vial=3), None),
        (thrown(DiscardReason.OPEN_VIAL_TIME_OVER, doses=10, vial=3), None),
    ],
)
def test_vials_lost(lost: Body, said: str | None) -> None:
    one = found(day(lost)).get("vial_lost:d1:3")
    assert (None if one is None else one.words.key) == said


# Machines


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(120, None), (121, "exception.clock_ahead"), (-120, None), (-121, "exception.clock_back")],
)
def test_a_clock_that_jumped(seconds: int, said: str | None) -> None:
    jump = timedelta(seconds=seconds)
    ledger = desk(Arrived(appointment="a"), Arrived(appointment="b"), Arrived(appointment="c"))
    moved = [ledger[0], *(replace(one, at=one.at + jump) for one in ledger[1:])]
    exceptions = found(moved)
    assert set(exceptions) == (set() if said is None else {"clock:d1:2"})
    if said is not None:
        assert exceptions["clock:d1:2"].words == Message.of(said, machine="Desk 1", span=abs(jump))
    booted = [moved[0], *(replace(one, boot="later") for one in moved[1:])]
    assert keys(booted) == set()
    unseen = [replace(one, boot="") for one in moved]
    assert keys(unseen) == set()


def test_a_jump_is_at_the_same_record_at_every_desk() -> None:
    """What stays on its own machine is not there elsewhere to find the jump by."""
    ledger = desk(Arrived(appointment="a"), SignedIn(), RecordViewed(appointment="a"), Arrived(appointment="b"))
    moved = [ledger[0], *(replace(one, at=one.at + DAY / 24) for one in ledger[1:])]
    assert keys(moved) == keys([moved[0], moved[3]]) == {"clock:d1:4"}


def test_a_clock_that_jumped_over_midnight_is_of_both_days() -> None:
    ledger = desk(received(1), received(1))
    moved = [ledger[0], replace(ledger[1], at=ledger[1].at + 3 * DAY)]
    assert "clock:d1:2" in keys(moved)
    assert "clock:d1:2" in keys(moved, day=TODAY + 3 * DAY)
    assert "clock:d1:2" not in keys(moved, day=TODAY + DAY)


OTHER = Machine(device="d2", name="Desk 2", own=False, upto=9, head="aa", heard_at=NINE)


@pytest.mark.parametrize(
    ("machine", "now", "said"),
    [
        (replace(OWN, unconfirmed=3, oldest_at=NINE), NINE + timedelta(hours=4), None),
        (replace(OWN, unconfirmed=3, oldest_at=NINE), NINE + timedelta(hours=5), "exception.unconfirmed"),
        (OTHER, NINE + timedelta(hours=4), None),
        (OTHER, NINE + timedelta(hours=5), "exception.machine_silent"),
        (replace(OTHER, missing=1), NINE, "exception.machine_missing"),
        (replace(OTHER, heard_at=None), NINE, "exception.machine_never"),
        (OTHER, NINE + DAY, "exception.machine_silent"),
        (replace(OTHER, heard_at=NINE + timedelta(minutes=1)), NINE + DAY, None),
    ],
)
def test_a_machine_that_was_not_heard(machine: Machine, now: datetime, said: str | None) -> None:
    last = desk(Arrived(appointment="a"))
    one = found(last, machines=(machine,), now=now).get(f"unsynced:{TODAY}:{machine.device}")
    assert (None if one is None else one.words.key) == said


# After the close


def close(seq: int, upto: int, *counted: CountedBatch, amendment: int = 0) -> Happened:
    (one,) = desk(closed({"d1": upto}, amendment, counted), first=seq, at=NINE + timedelta(hours=1), staff="boss")
    return one


def test_what_was_recorded_after_the_close() -> None:
    dosed = day(dose_given("a"))
    late = [*dosed, close(4, 3), *desk(Arrived(appointment="b"), observed("a"), voided(3, "a"), first=5, at=NOON)]
    assert keys(late, now=NINE) == {"late:b", "late:a", "voided:d1:7"}
    assert found(late)["late:b"].acts == (Act.AMEND, Act.OPEN)
    assert keys([*late, close(8, 7, amendment=1)], now=NINE) == {"voided:d1:7"}
    other = desk(Arrived(appointment="b"), device="d2")
    assert keys([*dosed, close(4, 3), *other], now=NINE) == {"late:b"}
    tomorrow = desk(Arrived(appointment="c"), first=5, at=NINE + DAY)
    assert keys([*dosed, close(4, 3), *tomorrow], now=NINE) == set()


def test_a_close_that_central_counts_otherwise() -> None:
    closed = [*day(dose_given("a"), observed("a")), close(5, 4)]
    said = {("d1", 5): Said("held", ("tally_differs",))}
    differ = {("d1", 5): (Difference("total.given", 1, 2), Difference("stock.two/A1.left", 3, 4))}
    one = found(closed, outcomes=said, differences=differ)["tally_differs:d1:5"]
    assert set(found(closed, outcomes=said, differences=differ)) == {"tally_differs:d1:5"}
    assert [step.words.key for step in one.history] == ["history.closed", "history.differs", "history.differs"]
    assert one.history[1].words.params == {"what": Message.of("history.given"), "here": 1, "there": 2}
    assert one.history[2].words.params["what"] == Message.of("history.count_of", count="left", group="two/A1")
    assert keys([*closed, close(6, 5, amendment=1)], outcomes=said, differences=differ) == set()


@pytest.mark.parametrize(
    ("counted", "reason", "open_"),
    [
        (4, VarianceReason.NONE, None),
        (3, VarianceReason.UNEXPLAINED, True),
        (3, VarianceReason.BROKEN_UNRECORDED, False),
    ],
)
def test_a_count_by_hand_that_is_other_than_the_records(
    counted: int, reason: VarianceReason, open_: bool | None
) -> None:
    by_hand = CountedBatch(vaccine="two", batch="4121Z025", counted=counted, computed=4, reason=reason)
    one = found([*day(), close(3, 2, by_hand)]).get(f"counted:{TODAY}:two/4121Z025")
    assert (None if one is None else one.settled is None) is open_
    if one is not None:
        assert bool(one.acts) is open_


# Settling


def test_a_settled_exception_stays_and_asks_for_nothing() -> None:
    lost = thrown(DiscardReason.BROKEN, vials=1)
    one = found(day(lost, settled("vial_lost:d1:3"), settled("vial_lost:d1:3", Settlement.ESCALATED)))["vial_lost:d1:3"]
    assert one.settled is not None
    assert (one.settled.how, one.settled.reason, one.settled.staff) == (
        Settlement.ESCALATED, SettleReason.COUNTED_AGAIN, "s1",
    )  # fmt: skip
    assert one.acts == ()
    assert [step.words.key for step in one.history] == ["settled.explained", "settled.escalated"]
    assert open_ones(find(book(day(lost, settled("vial_lost:d1:3"))))) == ()
    assert len(open_ones(find(book(day(lost, settled("vial_lost:d1:4")))))) == 1
