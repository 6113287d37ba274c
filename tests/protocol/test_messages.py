"""What each message may hold; signed is not the same as sound (P.8.5, P.10, P.11)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.protocol.given import APPOINTMENT, CHANGES, PULL, PUSH, RECEIPT, values
from vaccinator_app.domain.appointment import Appointment
from vaccinator_app.protocol.messages import Changes, Outcome, PullRequest, PushRequest, Reason, Receipt, Status
from vaccinator_app.protocol.shapes import MAX_NUMBER


def decode(message: msgspec.Struct, **fields: Any) -> msgspec.Struct:
    """``message`` with other ``fields``, as the other side would read it."""
    whole = {name: getattr(message, name) for name in message.__struct_fields__}
    return msgspec.msgpack.decode(msgspec.msgpack.encode({**whole, **fields}), type=type(message))


@pytest.mark.parametrize("message", [PUSH, RECEIPT, PULL, CHANGES])
def test_messages_read_back(message: msgspec.Struct) -> None:
    assert decode(message) == message


@pytest.mark.parametrize("message", [PUSH, RECEIPT, PULL, CHANGES])
def test_every_field_without_a_default_is_needed(message: msgspec.Struct) -> None:
    for field in msgspec.structs.fields(message):
        whole = {name: getattr(message, name) for name in message.__struct_fields__ if name != field.name}
        data = msgspec.msgpack.encode(whole)
        if field.required:
            with pytest.raises(msgspec.ValidationError):
                msgspec.msgpack.decode(data, type=type(message))
        else:
            assert isinstance(msgspec.msgpack.decode(data, type=type(message)), msgspec.Struct)


WRONG: list[tuple[msgspec.Struct, dict[str, object]]] = [
    (PUSH, {"head_seq": -1}),
    (PUSH, {"head_seq": MAX_NUMBER + 1}),
    (PUSH, {"head_seq": "3"}),
    (PUSH, {"head_hash": b""}),
    (PUSH, {"head_hash": bytes(33)}),
    (PUSH, {"records": [[b"", "k"]]}),
    (PUSH, {"records": [["text", "k", b""]]}),
    (RECEIPT, {"upto": -1}),
    (RECEIPT, {"head": bytes(31)}),
    (RECEIPT, {"at": "2026-11-21T10:00:00"}),
    (RECEIPT, {"outcomes": [[1, "lost"]]}),
    (RECEIPT, {"outcomes": [[1, "held", ["bad_mood"]]]}),
    (RECEIPT, {"outcomes": [[-1, "held"]]}),
    (RECEIPT, {"forked": [-1]}),
    (PULL, {"nonce": b""}),
    (PULL, {"nonce": bytes(17)}),
    (PULL, {"cursor": -1}),
    (PULL, {"limit": 0}),
    (PULL, {"limit": 5001}),
    (CHANGES, {"nonce": bytes(15)}),
    (CHANGES, {"cursor": 2**63}),
    (CHANGES, {"at": "2026-11-21T10:00:00"}),
    (CHANGES, {"lease": None}),
    (CHANGES, {"appointments": [{}]}),
    (CHANGES, {"more": 0}),
]


@pytest.mark.parametrize(("message", "fields"), WRONG)
def test_a_field_of_another_shape_is_refused(message: msgspec.Struct, fields: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        decode(message, **fields)


@pytest.mark.parametrize("name", ["issued_at", "warn_at", "expires_at"])
def test_a_lease_without_an_offset_is_refused(name: str) -> None:
    lease = {**msgspec.to_builtins(CHANGES.lease), name: "2026-11-21T10:00:00"}
    with pytest.raises(msgspec.ValidationError):
        decode(CHANGES, lease=lease)


def test_a_record_with_a_short_signature_does_not_stop_a_batch() -> None:
    """One bad record is answered as one; it does not keep back those beside it (DESIGN 7.3)."""
    found = decode(PUSH, records=[[b"", "", b"short"], *PUSH.records])
    assert isinstance(found, PushRequest)
    assert len(found.records) == 3


def test_fields_of_tomorrow_do_not_disturb() -> None:
    assert decode(PULL, mood="calm") == PULL


def test_outcomes_travel_as_short_arrays() -> None:
    assert msgspec.json.encode(Outcome(7, Status.HELD, (Reason.NO_PROOF,))) == b'[7,"held",["no_proof"],"",""]'
    assert msgspec.json.decode(b'[7,"accepted"]', type=Outcome) == Outcome(7, Status.ACCEPTED)


@settings(max_examples=60)
@given(values(Appointment))
def test_every_appointment_arrives(appointment: Appointment) -> None:
    found = decode(CHANGES, appointments=[appointment])
    assert isinstance(found, Changes)
    assert found.appointments == [appointment]


@settings(max_examples=60)
@given(
    st.lists(
        st.builds(
            Outcome,
            st.integers(0, MAX_NUMBER),
            st.sampled_from(Status),
            st.lists(st.sampled_from(Reason), max_size=3).map(tuple),
        ),
        max_size=4,
    )
)
def test_every_outcome_arrives(outcomes: list[Outcome]) -> None:
    found = decode(RECEIPT, outcomes=outcomes)
    assert isinstance(found, Receipt)
    assert found.outcomes == outcomes


def test_what_the_roster_tells_of_a_person() -> None:
    """Year of birth, last four digits; no date, no number, no address (DESIGN 5.5)."""
    told = msgspec.to_builtins(APPOINTMENT)["beneficiary"]
    assert set(told) == {"name", "year_of_birth", "gender", "photo_id", "photo_id_last4", "mobile_last4"}


def test_a_question_without_limit_asks_for_a_page() -> None:
    assert PullRequest(centre="c", device="d", nonce=bytes(16), cursor=0).limit == 5000
