"""The words of people are indexed behind, once nothing else comes; then what that took goes back (DESIGN 6.4, 10)."""

from __future__ import annotations

import msgspec
import pytest

from tests.vault.given import changes, person
from tests.vault.test_search import found, put, rows_of_the_index
from vaccinator_app.vault import words
from vaccinator_app.vault.vault import Vault


def test_after_a_large_page_its_memory_goes_back_and_after_a_small_one_nothing_is_to_be_done(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    back: list[bool] = []
    give_back = vault._database.give_back
    monkeypatch.setattr(vault._database, "give_back", lambda: back.append(give_back() is None))

    def put_and_wait(*numbers: int) -> None:
        put(vault, *(person(n) for n in numbers))
        while vault._database.read("SELECT 1 FROM unworded LIMIT 1"):
            vault._database._behind.submit(int).result()
        vault._database._behind.submit(int).result()

    put_and_wait(*range(1, 20))
    assert back == []
    put_and_wait(*range(20, 1502))
    vault._database._behind.submit(int).result()
    assert back == [True]
    assert [kept.cache_info().currsize for kept in (words._meetings_of_two, words._meetings_of_three)] == [0, 0]
    assert len(found(vault, "sunita", limit=5000)) == 1501


def test_while_pages_come_their_words_wait(vault: Vault) -> None:
    """Indexing them beside made a first download take twice as long; the people of the day are found meanwhile."""
    page = changes(*(person(n) for n in range(1, 1502)), cursor=vault.exchange.cursor())
    vault.exchange.apply(msgspec.structs.replace(page, more=True))
    vault._database._behind.submit(int).result()
    assert (rows_of_the_index(vault), len(found(vault, "sunita", limit=5000))) == (0, 1501)
    vault.exchange.rest()
    while vault._database.read("SELECT 1 FROM unworded LIMIT 1"):
        vault._database._behind.submit(int).result()
    assert rows_of_the_index(vault) == 1501
