"""A dose confirmed by the person's own OTP: only central's signed answer to this very question counts (DESIGN 4.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
import pytest

from vaccinator_app.domain.message import Message
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.enrolment import CentralKeys
from vaccinator_app.protocol.messages import (
    CHANGES_TYPE,
    CONFIRM_TYPE,
    CONFIRMED_TYPE,
    ConfirmReply,
    ConfirmRequest,
    ConfirmState,
)
from vaccinator_app.sync.confirm import ask
from vaccinator_app.sync.errors import Unreachable, Untrusted
from vaccinator_app.sync.ports import Desk
from vaccinator_app.trust.keys import SigningKey

OTHER = "d00000000000b"


@dataclass(slots=True)
class Answering:
    """Somebody at the other end, with a key, who can be told how to answer."""

    desk_key: bytes
    key: SigningKey = field(default_factory=SigningKey.generate)
    asked: list[ConfirmRequest] = field(default_factory=list)
    state: ConfirmState = ConfirmState.SENT
    payload_type: str = CONFIRMED_TYPE
    bend: Callable[[ConfirmReply], ConfirmReply] = lambda reply: reply
    known: bytes = b""

    def confirm(self, packed: bytes) -> bytes:
        request = packing.verified(packing.unpack(packed), CONFIRM_TYPE, self.desk_key, ConfirmRequest)
        self.asked.append(request)
        reply = ConfirmReply(centre=request.centre, device=request.device, nonce=request.nonce, state=self.state)
        return packing.pack(self.bend(reply), self.payload_type, self.key)

    def __post_init__(self) -> None:
        self.known = self.key.public

    def keys(self) -> CentralKeys:
        return CentralKeys(signing=self.known, codes=b"", people=b"")

    def push(self, packed: bytes) -> bytes:
        raise Unreachable(Message.of("sync.timed_out"))

    pull = history = push
    deliver = push


@pytest.fixture
def device_key() -> SigningKey:
    return SigningKey.generate()


@pytest.fixture
def central(device_key: SigningKey) -> Answering:
    return Answering(device_key.public)


@pytest.fixture
def desk(device_key: SigningKey, central: Answering) -> Desk:
    return Desk(centre="091042", device="d00000000000a", device_key=device_key, central=central.keys)


@pytest.mark.parametrize("state", ConfirmState)
def test_what_central_says_is_told(desk: Desk, central: Answering, state: ConfirmState) -> None:
    central.state = state
    assert ask(desk, central, OTHER, 17) is state


def test_the_question_names_the_dose_and_is_another_each_time(desk: Desk, central: Answering) -> None:
    ask(desk, central, OTHER, 17)
    ask(desk, central, OTHER, 17, "123456")
    first, second = central.asked
    assert (first.centre, first.device, first.of_device, first.seq, first.otp) == (
        desk.centre,
        desk.device,
        OTHER,
        17,
        "",
    )
    assert second.otp == "123456"
    assert first.nonce != second.nonce


def test_an_answer_of_another_key_is_not_believed(desk: Desk, central: Answering) -> None:
    central.key = SigningKey.generate()
    with pytest.raises(Untrusted) as problem:
        ask(desk, central, OTHER, 17)
    assert problem.value.message.key == "sync.not_central"


def test_another_kind_of_message_is_no_answer(desk: Desk, central: Answering) -> None:
    central.payload_type = CHANGES_TYPE
    with pytest.raises(Untrusted):
        ask(desk, central, OTHER, 17)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"nonce": bytes(16)}, "sync.stale_answer"),
        ({"device": OTHER}, "sync.not_for_this_desk"),
        ({"centre": "091043"}, "sync.not_for_this_desk"),
    ],
)
def test_an_answer_to_somebody_else_or_to_an_older_question_is_not_believed(
    desk: Desk, central: Answering, change: dict[str, object], key: str
) -> None:
    central.bend = lambda reply: msgspec.structs.replace(reply, **change)
    with pytest.raises(Untrusted) as problem:
        ask(desk, central, OTHER, 17)
    assert problem.value.message.key == key
