"""An adverse event is reported after WHO's data set; its words are central's alone (DESIGN 4.6, 5.5)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from tests.support.desk import MORNING, CentralSide, ToldClock
from vaccinator_app.desk.aefi import LONGEST_WORDS, AefiForm, onset_of, report
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.aefi import AefiOutcome, AefiReported, AefiSign, Seriousness
from vaccinator_app.domain.events import Body, ObservationEnded, ObservationOutcome
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.visits import VisitState
from vaccinator_app.trust import seal

SUNITA = "000000000001"
STORY = "Swelling of the face\nand खुजली"


def bodies(place: Workplace) -> list[Body]:
    return [body for _, _, _, body in place.vault.ledger.events()]


@pytest.fixture
def dosed(place: Workplace, clock: ToldClock) -> Workplace:
    """Twelve minutes after Sunita's dose."""
    desk = VisitDesk(place, SUNITA)
    desk.confirm_identity()
    desk.type_code("4821")
    desk.record_dose()
    clock.pass_time(timedelta(minutes=12))
    return place


def form(**changes: object) -> AefiForm:
    told = {
        "onset": MORNING + timedelta(minutes=5),
        "signs": (AefiSign.FEVER, AefiSign.ANAPHYLAXIS),
        "seriousness": Seriousness.LIFE_THREATENING,
        "outcome": AefiOutcome.RECOVERING,
        "story": STORY,
        **changes,
    }
    return AefiForm(**told)  # type: ignore[arg-type]


def test_it_names_the_dose_and_what_was_seen(dosed: Workplace) -> None:
    saved = report(form(), dosed, SUNITA)

    body = bodies(dosed)[-1]
    assert isinstance(body, AefiReported)
    assert saved.seq == 4
    assert (body.dose_seq, body.onset, body.outcome) == (3, MORNING + timedelta(minutes=5), AefiOutcome.RECOVERING)
    assert body.signs == (AefiSign.FEVER, AefiSign.ANAPHYLAXIS)
    assert body.serious
    assert dosed.vault.roster.visit(SUNITA).state is VisitState.OBSERVING


def test_its_words_open_with_centrals_key_alone_and_stand_nowhere_here(dosed: Workplace, central: CentralSide) -> None:
    report(form(history="diabetes", contact="9876543210"), dosed, SUNITA)

    body = bodies(dosed)[-1]
    assert isinstance(body, AefiReported)
    info = seal.person_binding(SUNITA, dosed.vault.identity.device)
    words = json.loads(seal.open_for_decades(body.sealed, central.people, info))
    assert words == {"story": "Swelling of the face and खुजली", "history": "diabetes", "contact": "9876543210"}
    database = dosed.vault._database
    tables = [name for (name,) in database.read("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        for row in database.read(f'SELECT * FROM "{table}"'):
            for value in row:
                found = value if isinstance(value, bytes) else str(value).encode()
                assert not any(word in found for word in (b"Swelling", b"diabetes", b"9876543210"))


def test_who_is_taken_to_hospital_is_watched_here_no_more(dosed: Workplace) -> None:
    saved = report(form(referred=True), dosed, SUNITA)

    assert bodies(dosed)[-1] == ObservationEnded(appointment=SUNITA, outcome=ObservationOutcome.REFERRED)
    assert isinstance(bodies(dosed)[saved.seq - 1], AefiReported)
    report(form(referred=True), dosed, SUNITA)
    assert isinstance(bodies(dosed)[-1], AefiReported)


def test_nobody_vaccinated_nothing_to_report(place: Workplace) -> None:
    for appointment in (SUNITA, "000000000099"):
        with pytest.raises(CannotDo) as problem:
            report(form(), place, appointment)
        assert problem.value.message.key == "aefi.not_vaccinated"
    assert bodies(place) == []


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"signs": ()}, "aefi.no_sign"),
        ({"seriousness": None}, "aefi.serious_or_not"),
        ({"onset": MORNING - timedelta(minutes=2)}, "aefi.onset"),
        ({"onset": MORNING + timedelta(minutes=14)}, "aefi.onset"),
        ({"history": "x" * (LONGEST_WORDS + 1)}, "aefi.words_long"),
    ],
)
def test_what_is_missing_or_cannot_be_is_said_and_nothing_is_written(
    dosed: Workplace, changes: dict[str, object], key: str
) -> None:
    with pytest.raises(CannotDo) as problem:
        report(form(**changes), dosed, SUNITA)
    assert problem.value.message.key == key
    assert len(bodies(dosed)) == 3


@pytest.mark.parametrize("onset", [MORNING - timedelta(minutes=1), MORNING + timedelta(minutes=13)])
def test_a_time_typed_to_the_minute_may_be_a_minute_off(dosed: Workplace, onset: datetime) -> None:
    report(form(onset=onset, story="x" * LONGEST_WORDS), dosed, SUNITA)
    assert len(bodies(dosed)) == 4


@pytest.mark.parametrize(
    ("typed", "hour_minute"),
    [("1430", (14, 30)), ("14:30", (14, 30)), ("9.05", (9, 5)), (" १०-१५ ", (10, 15)), ("0000", (0, 0))],
)
def test_a_time_of_day_in_any_digits(dosed: Workplace, typed: str, hour_minute: tuple[int, int]) -> None:
    found = onset_of(dosed, dosed.vault.roster.visit(SUNITA), typed)
    assert found is not None
    assert found.date() == MORNING.date()
    assert (found.hour, found.minute) == hour_minute
    assert found.utcoffset() == MORNING.utcoffset()


@pytest.mark.parametrize("typed", ["", "14", "2460", "2400", "14300", "half past", "-1"])
def test_what_is_no_time_of_day(dosed: Workplace, typed: str) -> None:
    assert onset_of(dosed, dosed.vault.roster.visit(SUNITA), typed) is None


def test_without_a_dose_there_is_no_day_to_count_from(place: Workplace) -> None:
    assert onset_of(place, place.vault.roster.visit(SUNITA), "1430") is None


def test_the_sentence_of_the_onset_names_the_dose(dosed: Workplace) -> None:
    with pytest.raises(CannotDo) as problem:
        report(form(onset=MORNING - timedelta(hours=1)), dosed, SUNITA)
    assert problem.value.message == Message.of("aefi.onset", at=MORNING)
