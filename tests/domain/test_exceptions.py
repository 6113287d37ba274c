"""Everything that needs somebody is found, named for ever, and says what may be done (DESIGN 7.3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.domain.books import DAY, GOOD, NOON, book, booked, day, desk, found, keys
from tests.domain.given import (
    NINE,
    TODAY,
    aefi,
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
from vaccinator_app.domain.aefi import Seriousness
from vaccinator_app.domain.day import Happened
from vaccinator_app.domain.daybook import Said
from vaccinator_app.domain.events import Arrived, DoseGiven, Proof, ProofKind, VoidReason
from vaccinator_app.domain.exceptions import Act, ExceptionKind
from vaccinator_app.domain.find_exceptions import find
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.stock import Batch

OVERRIDE = Proof(how=ProofKind.OVERRIDE, seq=6)


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


def test_a_dose_that_counts_while_another_record_of_it_is_held() -> None:
    twice = {("d1", 3): Said("accepted", ("given_twice",))}
    one = found(day(dose_given("a")), outcomes=twice)["given_twice:d1:3"]
    assert (one.kind, one.appointment, one.staff) == (ExceptionKind.DUPLICATE, "a", "s1")
    assert one.words == Message.of("exception.given_twice")
    assert [step.words.key for step in one.history] == ["history.dose_given", "history.given_twice"]
    assert one.acts == (Act.OPEN, Act.VOID, Act.EXPLAIN, Act.ESCALATE)
    assert keys(day(dose_given("a"), voided(3, "a")), outcomes=twice) == {"voided:d1:4"}
    # Where the book has both records they are one exception.
    other = desk(*GOOD, dose_given("a"), device="d2", at=NOON)
    assert keys([*day(dose_given("a")), *other], outcomes=twice) == {"duplicate:d2:3"}
    later = {("d2", 3): Said("accepted", ("given_twice",)), ("d1", 3): Said("held", ("already_dosed",))}
    assert keys([*day(dose_given("a")), *other], outcomes=later) == {"duplicate:d2:3", "held:d1:3"}
    assert keys(day(dose_given("a")), outcomes={("d1", 3): Said("accepted", ("awaits_otp",))}) == set()


def test_nobody_is_asked_for_an_otp_about_a_dose_that_they_dispute() -> None:
    said = Said("held", ("disputed", "code_mismatch"))
    one = found(day(dose_given("a")), outcomes={("d1", 3): said})["held:d1:3"]
    assert one.words == Message.of("exception.held", reason=Message.of("reason.disputed"))
    assert one.acts == (Act.OPEN, Act.CORRECT, Act.VOID, Act.EXPLAIN, Act.ESCALATE)


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
