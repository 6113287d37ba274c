"""Other questions to central than pushes and pulls: what is no answer to this very question changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from tests.faults.rig import Rig, connecting
from tests.faults.ways import HTML, answer_lost, stalls_after
from tests.support import scale
from tests.support.line import Answer, Ask, Asked, Middle, Near, Tamper
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.protocol.messages import ConfirmState
from vaccinator_app.sync import confirm, history
from vaccinator_app.sync.errors import SyncError, Unreachable, Untrusted
from vaccinator_app.sync.http import HttpCentral
from vaccinator_app.sync.tls import Limits

Question = Callable[[Rig, HttpCentral], object]


def ask_person(rig: Rig, central: HttpCentral) -> object:
    """Nobody's dose is record 1."""
    vault = rig.place.vault
    return confirm.ask(desk_of(vault), central, vault.identity.device, 1)


def ask_history(rig: Rig, central: HttpCentral) -> object:
    """Nothing is missing here."""
    vault = rig.place.vault
    before = vault.ledger.head()
    history.take_back(desk_of(vault), vault.past, central)
    assert vault.ledger.head() == before
    return ConfirmState.NOT_WAITING


QUESTIONS = {"/v1/confirm": ask_person, "/v1/history": ask_history}


def old_answer() -> Tamper:
    """The first answer to whatever is asked, and that again ever after."""
    first: list[Answer] = []

    def tamper(near: Near, asked: Asked, ask: Ask) -> None:
        first.append(ask(asked))
        near.send(first[0].wire())

    return tamper


def page(near: Near, *_: object) -> None:
    """A page of HTML."""
    near.send(Answer(200, HTML).wire())


SPOILT: dict[str, tuple[Callable[[], Tamper], type[SyncError], str]] = {
    "answer lost": (lambda: answer_lost, Unreachable, "sync.cut"),
    "stall": (lambda: stalls_after, Unreachable, "sync.timed_out"),
    "page": (lambda: page, Untrusted, "sync.not_central"),
    "old answer": (old_answer, Untrusted, "sync.stale_answer"),
}


@pytest.fixture
def confirmed(rig: Rig) -> Iterator[Rig]:
    """Everything on record is at central."""
    with rig.at_work():
        rig.catch_up()
    yield rig
    rig.all_confirmed()


@pytest.mark.parametrize("path", QUESTIONS)
@pytest.mark.parametrize("spoilt", SPOILT)
def test_an_answer_that_is_none_changes_nothing(confirmed: Rig, path: str, spoilt: str) -> None:
    make, kind, key = SPOILT[spoilt]
    ask: Question = QUESTIONS[path]
    limits = Limits(connect=0.4, exchange=0.4) if key == "sync.timed_out" else None
    connect = connecting(limits=limits)
    way = Middle(confirmed.site.authority, make(), only=(path,))
    with confirmed.line.faulty(way), closing(connect(confirmed.place.vault)) as central:
        if spoilt == "old answer":
            ask(confirmed, central)
        with pytest.raises(kind) as problem:
            ask(confirmed, central)
        assert problem.value.message.key == key
        confirmed.nothing_lost()
    with closing(connecting()(confirmed.place.vault)) as central:
        assert ask(confirmed, central) is ConfirmState.NOT_WAITING
    scale.count("network faults")
