"""Finding people by what is typed (DESIGN 6.4, 5.5)."""

from __future__ import annotations

import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vault.given import DAY, KEY, born, changes, person
from vaccinator_app.domain.appointment import Appointment
from vaccinator_app.vault import appointments
from vaccinator_app.vault.vault import Vault
from vaccinator_app.vault.words import fold, indexed, question, spoken

TOMORROW, YESTERDAY = DAY + timedelta(days=1), DAY - timedelta(days=1)


def put(vault: Vault, *people: Appointment) -> None:
    vault.exchange.apply(changes(*people, cursor=vault.exchange.cursor()))


def found(vault: Vault, text: str, day: date = DAY, limit: int = 50) -> list[int]:
    """The numbers of who was found, in order."""
    return [int(row.appointment) for row in vault.queue.search(text, day, limit)]


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    vault = born(tmp_path_factory.mktemp("crowd") / "home")
    put(
        vault,
        person(1, "Sunita Kumari", last4="4821"),
        person(2, "सुनीता कुमारी", last4="1111"),
        person(3, "José Fernandes", last4="2222"),
        person(4, "D'Souza, Mary-Anne", last4="234F"),
        person(5, "محمد عرفان", last4="3333"),
        person(6, "Ram Ram", last4="4444"),
        person(7, "லட்சுமி ஐயர்", last4="5555"),
        person(8, "ख़ान श्रीवास्तव", last4="6666"),
        person(9, "ŁUKASZ Ødegård", last4="7777"),
    )
    yield vault
    vault.close()


@pytest.mark.parametrize(
    ("typed", "who"),
    [
        ("sun", [1]),
        ("SUNITA", [1]),
        ("kum", [1]),
        ("kum sun", [1]),
        ("sunita kumari", [1]),
        ("s k", [1]),
        ("unita", []),
        ("sunita ram", []),
        ("sunitax", []),
        ("सुनी", [2]),
        ("सु कु", [2]),
        ("सुनीता कुमारी", [2]),
        ("नीता", []),
        ("ता", []),
        ("jose", [3]),
        ("JOSÉ", [3]),
        (unicodedata.normalize("NFD", "josé"), [3]),
        ("souza", [4]),
        ("dsou", [4]),
        ("d'souza", [4]),
        ("d\u2019souza", [4]),
        ("maryanne", [4]),
        ("anne mary", [4]),
        ("محم", [5]),
        ("عرفان محمد", [5]),
        ("ram", [6]),
        ("ram r", [6]),
        ("ram ram", [6]),
        ("லட்", [7]),
        ("ஐயர்", [7]),
        (unicodedata.normalize("NFC", "ख़ान"), [8]),
        (unicodedata.normalize("NFD", "ख़ान"), [8]),
        ("\u0959\u093e\u0928", [8]),
        ("श्री", [8]),
        ("श्\u200dरी", [8]),
        ("odeg", []),
        ("øde", [9]),
        ("ła", []),
        ("łuk", [9]),
        ("", []),
        ("   ", []),
        ('"', []),
        ("*", []),
        ("sunita OR ram", []),
        ("NOT ram", []),
        ('sunita" OR "ram', []),
        ("words:sunita", []),
        ("^sunita", [1]),
        ("-- ; DROP TABLE roster", []),
        ("\ue000", []),
        ("\U000f0001", []),
    ],
)
def test_words_are_found_by_how_they_begin_in_any_order_and_script(crowd: Vault, typed: str, who: list[int]) -> None:
    assert found(crowd, typed) == who


def test_devanagari_words_are_not_torn_at_their_marks() -> None:
    """A database that took marks for gaps would find everybody called Kumari under the letter of each syllable."""
    assert indexed("सुनीता कुमारी", 0, "").split()[:2] == ["सुनीता", "कुमारी"]
    assert fold("सुनीता") == "सुनीता"


@pytest.mark.parametrize(
    ("typed", "who"),
    [
        ("14", [14]),
        ("१४", [14]),
        ("１４", [14]),
        ("014", [14]),
        ("1", []),
        ("140", []),
        ("4821", [14, 20]),
        ("४८२१", [14, 20]),
        ("1400", [1400]),
        ("234f", [30]),
        ("234F", [30]),
        ("234", []),
        ("ram 14", [14]),
        ("14 ram", [14]),
        ("sita 14", []),
        ("sita 4821", [20]),
        ("ram 4821", [14]),
    ],
)
def test_numbers_are_a_token_or_the_last_four_of_the_photo_id(vault: Vault, typed: str, who: list[int]) -> None:
    put(
        vault,
        person(14, "Ram Prasad", last4="4821"),
        person(20, "Sita Devi", last4="4821"),
        person(30, "Geeta", last4="234F"),
        person(1400, "Mohan", last4="0001"),
    )
    assert found(vault, typed) == who


def test_a_token_means_something_on_its_own_day_alone(vault: Vault) -> None:
    put(vault, person(1, token=14), person(2, token=14, day=TOMORROW), person(3, token=15, last4="0014", day=YESTERDAY))
    assert found(vault, "14") == [1]
    assert found(vault, "14", TOMORROW) == [2]
    assert found(vault, "0014") == [1, 3], "four digits are a token of today, and the last four on any day"


def test_nobody_is_found_by_a_mobile_number(vault: Vault) -> None:
    put(vault, person(1, mobile="7319", last4="1111"), person(2, mobile="7320", last4="7319"))
    assert found(vault, "7319") == [2]
    assert found(vault, "7320") == []
    words = indexed("Sunita", 1, "4821")
    assert indexed("Sunita", 1, "4821") == words
    assert "7319" not in words


def test_a_reference_is_found_by_its_beginning_from_five_digits_on(vault: Vault) -> None:
    first, second = 202611210014, 202611219999
    put(vault, person(first, day=TOMORROW, token=1), person(second, token=2), person(303030303030, token=3))
    assert found(vault, "2026") == []
    assert found(vault, "20261") == [second, first], "today's first"
    assert found(vault, "२०२६११२१००") == [first]
    assert found(vault, str(first)) == [first]
    assert found(vault, f"{first}0") == []


def test_todays_people_come_first_then_later_days_then_earlier(vault: Vault) -> None:
    days = [-2, 3, 0, -1, 1, 0]
    put(vault, *(person(n, day=DAY + timedelta(days=d), minute=600 - n) for n, d in enumerate(days, 1)))
    assert found(vault, "sunita") == [6, 3, 5, 2, 1, 4]
    assert found(vault, "sunita", limit=3) == [6, 3, 5]
    assert found(vault, "sunita", limit=1) == [6]


def test_todays_people_are_in_the_order_of_their_slots(vault: Vault) -> None:
    put(vault, *(person(n, minute=minute) for n, minute in enumerate((640, 600, 620, 610), 1)))
    assert found(vault, "sunita") == [2, 4, 3, 1]


def test_a_changed_name_day_or_id_leaves_no_old_way_to_find_the_person(vault: Vault) -> None:
    put(vault, person(1, "Sunita Kumari", token=14, last4="4821"))
    put(vault, person(1, "Sunita Devi", token=15, last4="4821"))
    assert (found(vault, "kumari"), found(vault, "14")) == ([], [])
    assert (found(vault, "devi"), found(vault, "15")) == ([1], [1])
    put(vault, person(1, "Sunita Devi", token=15, last4="9999", day=TOMORROW))
    assert (found(vault, "4821"), found(vault, "15")) == ([], [])
    assert (found(vault, "devi"), found(vault, "15", TOMORROW)) == ([1], [1])
    assert rows_of_the_index(vault) == 1


def test_the_same_page_twice_indexes_nobody_twice(vault: Vault) -> None:
    people = [person(n) for n in range(1, 40)]
    put(vault, *people)
    put(vault, *people)
    assert rows_of_the_index(vault) == 39
    assert len(found(vault, "sunita")) == 39


def test_a_cancelled_person_is_found_and_said_to_be_cancelled(vault: Vault) -> None:
    put(vault, person(1))
    put(vault, person(1, cancelled=True))
    (row,) = vault.queue.search("sunita", DAY)
    assert row.cancelled


def test_long_and_odd_names_are_found_and_cost_a_bounded_amount(vault: Vault) -> None:
    put(
        vault,
        person(1, " ".join(f"w{n}" for n in range(5000))),
        person(2, "x" * 3000),
        person(3, "🙂 Asha 🙂"),
        person(4, "\u202eReversed\u202c Rao"),
        person(5, "A B" + "\u0301" * 50),
    )
    assert found(vault, "w5") == [1]
    assert found(vault, "x" * 300) == [2]
    assert found(vault, "ash") == [3]
    assert found(vault, "reversed rao") == [4]
    assert len(indexed(" ".join(f"w{n}" for n in range(5000)), 1, "1")) < 20_000


# What the index says is what looking at everybody would say.

NAMES = st.lists(
    st.sampled_from(["ra", "ram", "raman", "devi", "de", "सु", "सुनीता", "कु", "D'Souza", "X"]), min_size=1, max_size=4
)
TYPED = st.lists(
    st.one_of(st.sampled_from(["r", "ra", "ram", "d", "dev", "सु", "क", "so", "x", "1", "2", "9001", "9002"])),
    min_size=1,
    max_size=4,
)


def brute(people: Sequence[Appointment], typed: Sequence[str], day: date) -> set[str]:
    def fits(one: Appointment) -> bool:
        today = one.session_date == day
        words = [w for w in indexed(one.beneficiary.name, 0, "").split() if not ord(w[0]) >= 0xE000]
        for text in typed:
            if text.isdigit():
                token = today and int(text) == one.token
                four = len(text) == 4 and one.beneficiary.photo_id_last4 == text
                if not (token or four):
                    return False
            elif not any(word.startswith(text) for word in words):
                return False
        return True

    return {one.appointment for one in people if fits(one)}


@settings(max_examples=60, deadline=None)
@given(
    names=st.lists(NAMES, min_size=1, max_size=12), typed=st.lists(TYPED, min_size=1, max_size=6), at_once=st.booleans()
)
def test_the_index_finds_whom_a_look_at_everybody_finds(
    names: list[list[str]], typed: list[list[str]], at_once: bool
) -> None:
    people = [
        person(n, " ".join(words), day=(DAY, TOMORROW)[n % 2], token=n % 3 + 1, last4=f"900{n % 4}")
        for n, words in enumerate(names, 1)
    ]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        vault = born(Path(folder) / "home")
        try:
            if at_once:
                put(vault, *people)
            else:
                # As for a page so large that its words follow, before any has: only the day itself is looked through.
                patch.setattr(appointments, "AT_ONCE", 0)
                patch.setattr(vault.indexing, "go_on", lambda gather: None)
                put(vault, *people)
                people = [one for one in people if one.session_date == DAY]
            for words in typed:
                rows = vault.queue.search(" ".join(words), DAY)
                assert {row.appointment for row in rows} == brute(people, words, DAY)
                assert len(rows) == len({row.appointment for row in rows})
        finally:
            vault.close()


def test_the_words_of_a_large_page_follow_it_also_after_a_lock(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = born(home)
    monkeypatch.setattr(vault.indexing, "go_on", lambda gather: None)
    many = [person(n, "Sunita Kumari", day=TOMORROW) for n in range(1, 2502)]
    put(vault, *many, person(9999, "Balwinder Kaur"))
    assert rows_of_the_index(vault) == 0
    assert found(vault, "balw") == [9999], "people of the day are found meanwhile"
    put(vault, replace(many[0], cancelled=True), person(2, "Sita Devi", day=TOMORROW))
    put(vault, person(2501, "Sunita Kumari", day=DAY))
    vault.close()
    monkeypatch.undo()
    vault = Vault.open(home, KEY)
    vault.indexing.settle()
    assert rows_of_the_index(vault) == 2502
    assert (found(vault, "sita"), found(vault, "balw kau"), len(found(vault, "sunita", limit=5000))) == (
        [2],
        [9999],
        2500,
    )
    assert vault._database.read("SELECT count(*) FROM unworded") == [(0,)]
    vault.close()


def test_after_the_last_page_the_index_is_made_one(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    def parts() -> int:
        count: int = vault._database.read("SELECT count(DISTINCT segid) FROM roster_words_idx")[0][0]
        return count

    with monkeypatch.context() as patch:
        patch.setattr(vault.indexing, "go_on", lambda gather: None)
        for number in range(1, 12):
            put(vault, *(person(number * 1000 + n, "Sunita Kumari", day=TOMORROW) for n in range(40)))
    assert parts() > 3
    put(vault)
    vault.indexing.settle()
    assert parts() == 1
    assert len(found(vault, "sunita kum", limit=999)) == 440
    assert found(vault, "sunita devi") == []


def test_the_words_of_a_large_page_follow_it_by_themselves(vault: Vault) -> None:
    put(vault, *(person(n, day=TOMORROW) for n in range(1, 1502)))
    vault._database._behind.submit(int).result()
    while vault._database.read("SELECT 1 FROM unworded LIMIT 1"):
        vault._database._behind.submit(int).result()
    assert rows_of_the_index(vault) == 1501


@pytest.mark.parametrize("typed", ["s", "sunita kumari", "sunita 4821", "सु कु", "14", "20261"])
def test_no_search_sorts_or_walks_the_roster(vault: Vault, typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What keeps a keystroke as quick among a million people as among a thousand."""
    put(vault, *(person(n) for n in range(1, 30)))
    asked: list[tuple[str, Sequence[object]]] = []
    read = vault._database.read

    def noted(sql: str, parameters: Sequence[object] = ()) -> list[tuple[object, ...]]:
        asked.append((sql, parameters))
        return read(sql, parameters)

    monkeypatch.setattr(vault._database, "read", noted)
    vault.queue.search(typed, DAY)
    plans = [str(row[3]) for sql, p in asked for row in read(f"EXPLAIN QUERY PLAN {sql}", p)]
    assert plans
    assert [p for p in plans if "TEMP B-TREE" in p and "LIST" not in p] == []
    assert [
        p
        for p in plans
        if p.startswith("SCAN")
        and not p.startswith(("SCAN roster_words VIRTUAL", "SCAN found", "SCAN c", "SCAN (subquery"))
    ] == []


def rows_of_the_index(vault: Vault) -> int:
    count: int = vault._database.read("SELECT count(*) FROM roster_words_docsize")[0][0]
    return count


def test_a_question_of_nothing_matches_nobody() -> None:
    nothing = question("  ")
    assert (bool(nothing.today), bool(nothing.any_day), nothing.reference) == (False, False, "")
    assert not nothing.today.fit(spoken("Sunita", 1, "4821"))
