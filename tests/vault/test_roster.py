"""What the roster holds, and the lists made from it (DESIGN 6.3, 9.2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from tests.domain.given import deferred, dose_given, observed, previous, refused, voided, walk_in
from tests.vault.given import (
    COLLEAGUE,
    DAY,
    IN_CHARGE,
    TEN,
    changes,
    moment,
    never_came,
    override,
    person,
    receipt,
    save,
    vial,
    walk_in_person,
)
from vaccinator_app.domain.appointment import Appointment, Booking
from vaccinator_app.domain.events import Arrived
from vaccinator_app.domain.people import Gender, PhotoId
from vaccinator_app.domain.staff_events import StaffAdded
from vaccinator_app.domain.stock import Batch
from vaccinator_app.domain.visits import OBSERVATION, Visit, VisitState
from vaccinator_app.protocol.messages import AllottedBatch, Outcome, Reason, Status
from vaccinator_app.vault.vault import Vault

TOMORROW, YESTERDAY = DAY + timedelta(days=1), DAY - timedelta(days=1)


def put(vault: Vault, *people: Appointment, batches: tuple[AllottedBatch, ...] = ()) -> None:
    vault.exchange.apply(changes(*people, cursor=vault.exchange.cursor(), batches=batches))


def numbers(rows: object) -> list[int]:
    assert isinstance(rows, list)
    return [int(row.appointment) for row in rows]


def test_an_appointment_comes_back_as_it_went_in(vault: Vault) -> None:
    plain = person(1)
    odd = replace(
        person(2, "സുനിത കുമാരി"),
        slot=datetime(2026, 11, 21, 23, 59, 59, 123456, tzinfo=timezone(timedelta(hours=-9, minutes=-30))),
        vaccine="three",
        dose=3,
        booking=Booking.WALK_IN,
        cancelled=True,
        previous=(previous(1, date(2026, 1, 2), "three"), previous(2, date(2026, 3, 4), "three")),
        code_tag=b"",
        slip_hash=b"",
        beneficiary=replace(plain.beneficiary, gender=Gender.OTHER, photo_id=PhotoId.PAN, year_of_birth=2008),
    )
    in_utc = replace(person(3), slot=datetime(1969, 1, 1, tzinfo=UTC), session_date=date(9999, 12, 31))
    put(vault, plain, odd, in_utc)
    for one in (plain, odd, in_utc):
        found = vault.roster.appointment(one.appointment)
        assert found == one
        assert found is not None
        assert found.slot.utcoffset() == one.slot.utcoffset()
    assert vault.roster.appointment("999999999999") is None


def test_an_appointment_named_twice_in_a_page_stands_once(vault: Vault) -> None:
    put(vault, person(1, "First"), person(2), person(1, "Last"))
    found = vault.roster.appointment(person(1).appointment)
    assert found is not None
    assert found.beneficiary.name == "Last"
    assert vault.queue.counts(DAY)[VisitState.EXPECTED] == 2


def test_what_central_says_again_replaces_what_it_said(vault: Vault) -> None:
    put(vault, person(1), person(2))
    moved = person(1, "Sunita Devi", day=TOMORROW, minute=660, token=7)
    put(vault, moved)
    assert vault.roster.appointment(moved.appointment) == moved
    assert numbers(vault.queue.rows(DAY, VisitState.EXPECTED, 9, 0)) == [2]
    assert numbers(vault.queue.rows(TOMORROW, VisitState.EXPECTED, 9, 0)) == [1]


def test_a_visit_follows_its_appointment_to_another_day(vault: Vault) -> None:
    save(vault, Arrived(appointment=person(1).appointment))
    assert vault.roster.visit(person(1).appointment).state is VisitState.ARRIVED, "also before the roster knows them"
    for day in (DAY, TOMORROW, YESTERDAY):
        put(vault, person(1, day=day))
        assert numbers(vault.queue.rows(day, VisitState.ARRIVED, 9, 0)) == [1]
        assert vault.roster.visit(person(1).appointment).state is VisitState.ARRIVED
        assert vault.queue.counts(day)[VisitState.ARRIVED] == 1
    assert vault.queue.counts(DAY)[VisitState.ARRIVED] == vault.queue.counts(TOMORROW)[VisitState.ARRIVED] == 0


def test_tokens_go_on_above_every_one_of_the_day(vault: Vault) -> None:
    assert vault.roster.next_token(DAY) == 1
    put(vault, person(1, token=14), person(2, token=3), person(3, token=40, day=TOMORROW))
    assert vault.roster.next_token(DAY) == 15
    put(vault, person(1, token=14, cancelled=True))
    assert vault.roster.next_token(DAY) == 15, "a cancelled person's number is not called for another"
    guest = walk_in_person(15)
    vault.ledger.append(moment(), IN_CHARGE, [walk_in(guest.appointment)], person=guest)
    assert vault.roster.next_token(DAY) == 16


def test_batches_centres_lease_and_key_are_what_central_said_last(vault: Vault) -> None:
    assert (vault.roster.lease(), vault.roster.key()) == (None, None)
    assert (vault.roster.batches(), vault.roster.centre_name("091043")) == ([], None)
    page = changes(batches=(AllottedBatch("two", "A1", date(2027, 1, 31), 10), AllottedBatch("two", "A2", DAY, 5)))
    vault.exchange.apply(page)
    assert vault.roster.lease() == page.lease
    assert vault.roster.key() == page.roster_key
    assert vault.roster.centre_name("091043") == "CHC Bhojpur"
    put(vault, batches=(AllottedBatch("two", "A2", DAY, 6),))
    assert vault.roster.batches() == [Batch(vaccine="two", batch="A2", expiry=DAY, doses_per_vial=6)]


def test_everybody_stands_in_one_list_and_is_counted_there(vault: Vault) -> None:
    people = [person(n, minute=700 - n) for n in range(1, 10)]
    names = [one.appointment for one in people]
    put(vault, *people, person(50, day=TOMORROW), person(51, cancelled=True))
    save(vault, *(Arrived(appointment=name) for name in names[1:6]))
    save(vault, dose_given(names[2]), dose_given(names[3]), observed(names[3]), deferred(names[4]))
    save(vault, *(refused(names[5], n) for n in (1, 2, 3)))
    assert vault.queue.counts(DAY) == {
        VisitState.EXPECTED: 4,
        VisitState.ARRIVED: 1,
        VisitState.OBSERVING: 1,
        VisitState.DONE: 1,
        VisitState.DEFERRED: 1,
        VisitState.ATTENTION: 1,
    }
    listed = {state: numbers(vault.queue.rows(DAY, state, 99, 0)) for state in VisitState}
    assert listed == {
        VisitState.EXPECTED: [9, 8, 7, 1],
        VisitState.ARRIVED: [2],
        VisitState.OBSERVING: [3],
        VisitState.DONE: [4],
        VisitState.DEFERRED: [5],
        VisitState.ATTENTION: [6],
    }
    assert numbers(vault.queue.rows(DAY, VisitState.EXPECTED, 2, 1)) == [8, 7]


def test_a_page_of_who_came_begins_with_the_first_slots(vault: Vault) -> None:
    vault.exchange.apply(changes(*(person(number, minute=700 - number) for number in range(1, 6))))
    save(vault, *(Arrived(appointment=person(number).appointment) for number in range(1, 6)))
    pages = [numbers(vault.queue.rows(DAY, VisitState.ARRIVED, 2, offset)) for offset in (0, 2, 4)]
    assert pages == [[5, 4], [3, 2], [1]]


def test_whoever_came_stays_in_the_list_when_central_moves_the_slot(vault: Vault) -> None:
    vault.exchange.apply(changes(person(1, minute=600), person(2, minute=615)))
    save(vault, *(Arrived(appointment=person(number).appointment) for number in (1, 2)))
    vault.exchange.apply(changes(person(1, minute=720), cursor=1))
    assert numbers(vault.queue.rows(DAY, VisitState.ARRIVED, 9, 0)) == [2, 1]
    save(vault, dose_given(person(1).appointment))
    assert numbers(vault.queue.rows(DAY, VisitState.OBSERVING, 9, 0)) == [1]


def test_a_cancelled_person_who_comes_after_all_is_listed(vault: Vault) -> None:
    put(vault, person(1), person(2, cancelled=True), person(3))
    assert vault.queue.counts(DAY)[VisitState.EXPECTED] == 2
    save(vault, Arrived(appointment=person(2).appointment))
    counts = vault.queue.counts(DAY)
    assert (counts[VisitState.EXPECTED], counts[VisitState.ARRIVED]) == (2, 1)
    (row,) = vault.queue.rows(DAY, VisitState.ARRIVED, 9, 0)
    assert row.cancelled
    put(vault, person(1, cancelled=True))
    assert vault.queue.counts(DAY)[VisitState.EXPECTED] == 1
    put(vault, person(1))
    assert vault.queue.counts(DAY)[VisitState.EXPECTED] == 2


def test_whoever_never_came_is_expected_again_once(vault: Vault) -> None:
    names = [person(n).appointment for n in range(1, 5)]
    put(vault, *(person(n, cancelled=n == 4) for n in range(1, 5)))
    guest = walk_in_person(90)
    vault.ledger.append(moment(), IN_CHARGE, [walk_in(guest.appointment), dose_given(guest.appointment)], person=guest)
    save(vault, *(dose_given(name) for name in names[1:]))
    save(vault, never_came(2, guest.appointment), *(never_came(n, names[n - 2]) for n in (3, 4, 5)))
    save(vault, override(names[0]))
    expected = vault.queue.rows(DAY, VisitState.EXPECTED, 9, 0)
    assert sorted(row.token for row in expected) == [1, 2, 3, 90], "the cancelled one is not waited for"
    assert all(row.state is VisitState.EXPECTED and row.dose_seq is None for row in expected)
    counts = vault.queue.counts(DAY)
    assert counts.pop(VisitState.EXPECTED) == 4
    assert set(counts.values()) == {0}
    visit = vault.roster.visit(names[1])
    assert (visit.state, visit.arrived_at, visit.voided) == (VisitState.EXPECTED, None, 1)
    save(vault, Arrived(appointment=names[1]))
    counts = vault.queue.counts(DAY)
    assert (counts[VisitState.EXPECTED], counts[VisitState.ARRIVED]) == (3, 1)
    assert numbers(vault.queue.rows(DAY, VisitState.ARRIVED, 9, 0)) == [2]


def test_who_has_leave_to_go_on_needs_nobody(vault: Vault) -> None:
    put(vault, person(1), person(2))
    for who in (1, 2):
        save(vault, *(refused(person(who).appointment, n) for n in (1, 2, 3)))
    assert [one.row.token for one in vault.queue.attention(DAY)] == [1, 2]
    (granted,) = save(vault, override(person(1).appointment))
    assert [one.row.token for one in vault.queue.attention(DAY)] == [2]
    visit = vault.roster.visit(person(1).appointment)
    assert (visit.override_seq, visit.state) == (granted, VisitState.ARRIVED)


def test_a_void_settles_only_what_may_be_taken_back(vault: Vault) -> None:
    put(vault, person(1))
    name = person(1).appointment
    save(vault, refused(name), dose_given(name), voided(1, name), voided(3, name))
    held = (Outcome(n, Status.HELD, (Reason.CODE_MISMATCH,)) for n in (1, 2))
    vault.exchange.confirm(receipt(vault, 2, *held), b"signed")
    assert [one.reasons for one in vault.queue.attention(DAY)] == [(Reason.CODE_MISMATCH,)]
    save(vault, voided(2, name))
    assert len(vault.queue.attention(DAY)) == 1, "a wrong code was typed, whatever is said of it afterwards"
    assert vault._database.read("SELECT target FROM voids") == [(2,)]


def test_who_still_waits_for_which_vaccine(vault: Vault) -> None:
    assert vault.queue.waiting(DAY) == {}
    put(vault, *(person(n, cancelled=n == 5) for n in range(1, 6)), replace(person(6), vaccine="three"))
    names = [person(n).appointment for n in range(1, 6)]
    save(vault, Arrived(appointment=names[0]), dose_given(names[1]), deferred(names[2]))
    assert vault.queue.waiting(DAY) == {"two": 2, "three": 1}


def test_a_day_without_anybody_counts_nobody(vault: Vault) -> None:
    assert set(vault.queue.counts(DAY).values()) == {0}
    assert vault.queue.rows(DAY, VisitState.EXPECTED, 9, 0) == []
    assert vault.queue.attention(DAY) == []
    assert vault.queue.observing() == []


def test_a_row_says_what_the_lists_show(vault: Vault) -> None:
    put(vault, person(14, "सुनीता कुमारी", minute=615))
    save(vault, Arrived(appointment=person(14).appointment), dose_given(person(14).appointment), minutes=5)
    (row,) = vault.queue.observing()
    assert (row.appointment, row.token, row.name, row.day) == (person(14).appointment, 14, "सुनीता कुमारी", DAY)
    assert (row.slot, row.vaccine, row.dose) == (TEN + timedelta(minutes=15), "two", 1)
    assert (row.state, row.held, row.booking, row.cancelled) == (VisitState.OBSERVING, False, Booking.ONLINE, False)
    assert row.dose_seq == 2
    assert row.observe_until == moment(5).at + OBSERVATION


def test_the_first_to_be_free_is_watched_first(vault: Vault) -> None:
    put(vault, *(person(n) for n in (1, 2, 3)))
    for number, minutes in ((2, 1), (3, 2), (1, 3)):
        save(vault, dose_given(person(number).appointment), minutes=minutes)
    assert numbers(vault.queue.observing()) == [2, 3, 1]
    save(vault, observed(person(3).appointment))
    assert numbers(vault.queue.observing()) == [2, 1]


def test_of_many_who_are_watched_those_who_are_free_first(vault: Vault) -> None:
    put(vault, *(person(n) for n in (1, 2, 3)))
    for number, minutes in ((2, 1), (3, 2), (1, 3)):
        save(vault, dose_given(person(number).appointment), minutes=minutes)
    save(vault, dose_given("W000000000000009f"), minutes=0)
    assert numbers(vault.queue.observing(2)) == [2, 3]
    until = moment(2).at + OBSERVATION
    assert vault.queue.watched(until.astimezone(UTC)) == (3, 2)
    assert vault.queue.watched(until - timedelta(milliseconds=1)) == (3, 1)


def test_who_is_watched_is_found_whatever_the_other_days_hold(vault: Vault) -> None:
    put(vault, *(person(n, day=DAY + timedelta(days=n - 5)) for n in range(1, 10)))
    for number in range(1, 10):
        save(vault, Arrived(appointment=person(number).appointment))
    save(vault, dose_given(person(5).appointment))
    assert numbers(vault.queue.observing()) == [5]


def test_a_held_or_refused_record_needs_somebody_until_it_is_voided(vault: Vault) -> None:
    first, second, third = (person(n) for n in (1, 2, 3))
    put(vault, first, second, third)
    save(vault, *(dose_given(one.appointment) for one in (first, second, third)))
    vault.exchange.confirm(
        receipt(
            vault,
            3,
            Outcome(1, Status.HELD, (Reason.CODE_MISMATCH, Reason.TOO_EARLY)),
            Outcome(2, Status.REFUSED, (Reason.ALREADY_DOSED,)),
            Outcome(3, Status.ACCEPTED),
        ),
        b"signed",
    )
    found = vault.queue.attention(DAY)
    assert [(int(one.row.appointment), one.reasons) for one in found] == [
        (1, (Reason.CODE_MISMATCH, Reason.TOO_EARLY)),
        (2, (Reason.ALREADY_DOSED,)),
    ]
    assert {row.appointment: row.held for row in vault.queue.observing()} == {
        first.appointment: True,
        second.appointment: True,
        third.appointment: False,
    }
    assert [row.held for row in vault.queue.search("sunita", DAY)] == [True, True, False]
    save(vault, voided(1, first.appointment), voided(2, first.appointment))
    assert numbers([one.row for one in vault.queue.attention(DAY)]) == [2], "voided by an event about somebody else"
    vault.views.rebuild()
    assert numbers([one.row for one in vault.queue.attention(DAY)]) == [2]
    put(vault)
    vault.exchange.apply(
        changes(cursor=vault.exchange.cursor(), outcomes=[Outcome(2, Status.ACCEPTED)], at=TEN + timedelta(hours=1))
    )
    assert vault.queue.attention(DAY) == []


def test_what_nobody_settles_does_not_go_away_at_midnight(vault: Vault) -> None:
    put(vault, person(1, day=YESTERDAY), person(2), person(3, day=TOMORROW))
    save(vault, *(dose_given(person(n).appointment) for n in (1, 2, 3)))
    held = [Outcome(seq, Status.HELD, (Reason.CODE_MISMATCH,)) for seq in (1, 2, 3)]
    vault.exchange.confirm(receipt(vault, 3, *held), b"signed")
    assert numbers([one.row for one in vault.queue.attention(DAY)]) == [1, 2]
    assert numbers([one.row for one in vault.queue.attention(TOMORROW)]) == [1, 2, 3]


def test_codes_that_ran_out_need_somebody_on_their_own_day(vault: Vault) -> None:
    put(vault, person(1), person(2, day=YESTERDAY))
    for number in (1, 2):
        save(vault, *(refused(person(number).appointment, n) for n in (1, 2, 3)), author=COLLEAGUE)
    (one,) = vault.queue.attention(DAY)
    assert (int(one.row.appointment), one.reasons, one.row.held) == (1, (), False)


def test_a_held_record_about_no_person_troubles_no_list(vault: Vault) -> None:
    put(vault, person(1))
    save(vault, StaffAdded(staff="s", certificate="{}"), vial())
    vault.exchange.confirm(receipt(vault, 2, Outcome(1, Status.REFUSED, (Reason.NOT_ALLOWED,))), b"signed")
    assert vault.queue.attention(DAY) == []
    assert [row.held for row in vault.queue.rows(DAY, VisitState.EXPECTED, 9, 0)] == [False]


def test_a_visit_not_begun_is_one(vault: Vault) -> None:
    put(vault, person(1))
    assert vault.roster.visit(person(1).appointment) == Visit(appointment=person(1).appointment)


@pytest.mark.parametrize("state", list(VisitState))
def test_every_state_can_be_listed(vault: Vault, state: VisitState) -> None:
    assert vault.queue.rows(DAY, state, 5, 0) == []


def test_the_sum_of_a_day_is_kept_as_pages_come_and_people_move(vault: Vault) -> None:
    for number in range(1, 30):
        day = (DAY, TOMORROW)[number * 7 % 3 % 2]
        put(vault, *(person(n, day=day, cancelled=n % 3 == number % 3) for n in range(number % 5, number)))
        for asked in (DAY, TOMORROW):
            people = vault._database.read(
                "SELECT appointment, cancelled FROM roster WHERE id >> 35 = ?", (asked.toordinal(),)
            )
            assert vault.queue.counts(asked)[VisitState.EXPECTED] == sum(1 for _, cancelled in people if not cancelled)
