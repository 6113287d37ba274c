"""What messages say: every kind in both languages, in few short messages (DESIGN 8.4)."""

from __future__ import annotations

import pytest

from tests.central.machine import Desk
from tests.central.messaging import PHONE, dosed
from tests.central.support import PORTAL, World, texts
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.messages.outbox import Kind
from vaccinator_app.central.messages.sms import check_texts
from vaccinator_app.domain.events import Proof, ProofKind, Voided, VoidReason


def test_each_kind_of_message_has_its_text_in_each_language() -> None:
    check_texts(texts(), ("en", "hi"))
    with pytest.raises(CentralError, match=r"sms\.json"):
        check_texts({}, ("en",))


def test_a_dose_with_its_code_names_the_certificate(world: World, desk: Desk) -> None:
    dosed(world, desk)
    assert f"certificate is at {PORTAL}" in world.inbox(PHONE)[-1]


def test_a_dose_that_waits_for_the_persons_word_says_so(world: World, desk: Desk) -> None:
    desk.record(desk.walk_in("W0123456789abcdef", PHONE))
    dose = desk.dose(world.book(), appointment="W0123456789abcdef", proof=Proof(how=ProofKind.NONE))
    desk.record(dose)
    desk.push()
    text = world.inbox(PHONE)[-1]
    assert f"waits until you confirm the dose at {PORTAL}" in text
    desk.record(Voided(appointment="W0123456789abcdef", seq=2, reason=VoidReason.NOT_GIVEN))
    desk.push(desk.ledger[2:])
    assert "was taken back" in world.inbox(PHONE)[-1]


LONGEST = {
    "en": {"name": "Venkata Subramanian Lakshminarayanan", "centre": "Community Health Centre Sri Ganganagar"},
    "hi": {"name": "सत्यनारायण विश्वनाथ उपाध्याय", "centre": "सामुदायिक स्वास्थ्य केंद्र रामपुर"},
}
VALUES = {
    "dose": 2,
    "vaccine": "Covishield",
    "day": "21-11-2026",
    "time": "10:15",
    "token": 1234,
    "appointment": "123456789012",
    "code": "1234",
    "otp": "123456",
    "minutes": 3,
    "portal": "https://vaccinator.example.gov.in",
}
GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)


def segments(text: str) -> int:
    """How many short messages a text takes: 160 characters of the GSM alphabet or 70 of UCS-2 (3GPP TS 23.040)."""
    plain = set(text) <= GSM
    length = len(text) if plain else len(text.encode("utf-16-be")) // 2
    whole, part = (160, 153) if plain else (70, 67)
    return 1 if length <= whole else -(-length // part)


@pytest.mark.parametrize("language", ["en", "hi"])
@pytest.mark.parametrize("kind", list(Kind))
def test_no_message_takes_more_than_three_short_ones(kind: Kind, language: str) -> None:
    text = texts()[kind][language].format_map({**VALUES, **LONGEST[language]})
    assert segments(text) <= 3, (segments(text), len(text), text)


def test_segments_are_counted_as_telephones_do() -> None:
    assert [segments("a" * length) for length in (1, 160, 161, 306, 307)] == [1, 1, 2, 2, 3]
    assert [segments("क" * length) for length in (1, 70, 71, 134, 135)] == [1, 1, 2, 2, 3]
