"""A record says one thing, to every reader, for ever (P.3)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from securesystemslib.dsse import Envelope as TheirEnvelope
from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]

from tests.protocol.given import DOSE, MOMENTS, MORNING, NUMBERS, TEXT, arrivals, bodies, event, ledger
from tests.trust import fixed
from vaccinator_app.domain.events import BODIES, Arrived
from vaccinator_app.protocol.errors import ProtocolError, UnknownVersion
from vaccinator_app.protocol.ledger import Link
from vaccinator_app.protocol.records import EVENT_TYPE, Event, Record, encode_body, read_event, sign_event
from vaccinator_app.protocol.shapes import MAX_NUMBER
from vaccinator_app.trust import dsse

RECORD = ledger(arrivals(1))[0]
PAYLOAD: dict[str, Any] = json.loads(RECORD.payload)


def payload(**fields: object) -> bytes:
    return json.dumps({**PAYLOAD, **fields}).encode()


def refuse(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        read_event(data).read_body()


@pytest.mark.parametrize("kind", BODIES)
@settings(max_examples=20)
@given(data=st.data())
def test_every_kind_reads_back(kind: str, data: st.DataObject) -> None:
    body = data.draw(bodies(kind))
    record = sign_event(event(Link(), body), fixed.VACCINATOR)
    found = read_event(record.payload)
    assert found.kind == kind
    assert found.read_body() == body
    assert type(found.read_body()) is BODIES[kind]


@settings(max_examples=50)
@given(
    st.builds(
        Event,
        centre=TEXT,
        device=TEXT,
        seq=st.integers(1, MAX_NUMBER),
        prev=st.binary(min_size=32, max_size=32),
        kind=st.just("arrived"),
        at=MOMENTS,
        boot=TEXT,
        uptime_ms=NUMBERS,
        staff=TEXT,
        body=TEXT.map(lambda who: encode_body(Arrived(appointment=who))),
    )
)
def test_every_event_reads_back(one: Event) -> None:
    found = read_event(sign_event(one, fixed.VACCINATOR).payload)
    assert found == one
    assert found.at.utcoffset() == one.at.utcoffset()


def test_a_record_is_a_dsse_envelope_that_others_verify() -> None:
    theirs = TheirEnvelope.from_dict(json.loads(RECORD.envelope.to_json()))
    key = SSlibKey(RECORD.keyid, "ed25519", "ed25519", {"public": fixed.VACCINATOR.public.hex()})
    assert theirs.verify([key], 1) == {RECORD.keyid: key}
    assert theirs.payload_type == EVENT_TYPE
    assert json.loads(theirs.payload)["kind"] == "arrived"


def test_a_record_hash_is_over_pae_and_signature() -> None:
    assert RECORD.hash == dsse.record_hash(EVENT_TYPE, RECORD.payload, RECORD.signature)


def test_the_payload_has_the_fields_of_the_design_in_their_order() -> None:
    assert list(PAYLOAD) == ["v", "centre", "device", "seq", "prev", "kind", "at", "boot", "uptime_ms", "staff", "body"]
    assert PAYLOAD["at"] == "2026-11-21T10:01:00.250000+05:30"


# What is refused


@pytest.mark.parametrize("missing", [name for name in PAYLOAD if name != "v"])
def test_every_field_is_needed(missing: str) -> None:
    refuse(json.dumps({name: value for name, value in PAYLOAD.items() if name != missing}).encode())


@pytest.mark.parametrize(
    "fields",
    [
        {"seq": "1"},
        {"seq": 1.0},
        {"seq": True},
        {"seq": None},
        {"seq": 0},
        {"seq": -1},
        {"seq": MAX_NUMBER + 1},
        {"seq": 10**30},
        {"uptime_ms": -1},
        {"uptime_ms": 10**30},
        {"prev": "AAAA"},
        {"prev": "not base64"},
        {"prev": None},
        {"kind": 1},
        {"centre": 91001},
        {"staff": None},
        {"at": 1795000000},
        {"at": "yesterday"},
        {"at": "2026-11-21"},
        {"body": {}},
        {"body": []},
        {"body": None},
        {"body": "arrived"},
        {"body": {"appointment": 1}},
    ],
)
def test_a_field_of_another_shape_is_refused(fields: dict[str, object]) -> None:
    refuse(payload(**fields))


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"null", b"\xff", b"{", RECORD.payload[:-1], RECORD.payload + b"x"]
)
def test_what_is_no_event_is_refused(data: bytes) -> None:
    refuse(data)


def test_a_time_without_an_offset_is_refused() -> None:
    with pytest.raises(ProtocolError, match="no offset"):
        read_event(payload(at="2026-11-21T10:00:00"))
    assert read_event(payload(at="2026-11-21T10:00:00Z")).at == datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+05:30", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59-05:00"])
def test_a_time_that_no_zone_can_show_is_refused(at: str) -> None:
    refuse(payload(at=at))


def test_a_clock_that_forgot_everything_is_still_a_record() -> None:
    """A machine whose battery is empty starts in 1970; its records count all the same (P.3.6)."""
    assert read_event(payload(at="1970-01-01T05:30:00+05:30")).at.astimezone(UTC).year == 1970


def test_another_version_is_refused_whatever_else_it_holds() -> None:
    for version in (0, 2, 99):
        with pytest.raises(UnknownVersion):
            read_event(payload(v=version))
    with pytest.raises(UnknownVersion):
        read_event(b'{"v":2,"who":"knows"}')


def test_a_kind_of_tomorrow_is_read_but_not_its_body() -> None:
    found = read_event(payload(kind="dose_dreamt"))
    assert found.kind == "dose_dreamt"
    with pytest.raises(ProtocolError, match="kind"):
        found.read_body()


def test_a_body_of_another_kind_is_refused() -> None:
    refuse(payload(kind="dose_given"))
    refuse(payload(kind="voided"))


def test_fields_of_tomorrow_do_not_disturb() -> None:
    """An addition that old readers may leave out needs no new version (P.16.2)."""
    found = read_event(payload(mood="calm", body={"appointment": "1", "mood": "calm"}))
    assert found.read_body() == Arrived(appointment="1")


@pytest.mark.parametrize("where", ["mood", "body"])
def test_nesting_without_end_is_refused(where: str) -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    data = payload(**{where: {"appointment": "1", "x": "HERE"}}).replace(b'"HERE"', deep)
    refuse(data)


def test_what_no_database_takes_is_refused() -> None:
    refuse(payload(staff="s\x001"))
    refuse(payload(body={"appointment": "\x00"}))
    assert read_event(payload(staff="s\\u00001")).staff == "s\\u00001"  # the six letters, not the character
    refuse(payload(staff="\ud800"))


@pytest.mark.parametrize(("path", "value"), [("dose", 10**30), ("vial", -1), ("dose", 1.5), ("vial", "3")])
def test_a_number_in_a_body_out_of_range_is_refused(path: str, value: object) -> None:
    body = msgspec.json.decode(encode_body(DOSE))
    refuse(payload(kind="dose_given", body={**body, path: value}))


def test_a_number_inside_a_proof_out_of_range_is_refused() -> None:
    body = msgspec.json.decode(encode_body(DOSE))
    refuse(payload(kind="dose_given", body={**body, "proof": {**body["proof"], "seq": 10**30}}))


@pytest.mark.parametrize(
    "fields",
    [
        {"at": MORNING.replace(tzinfo=None)},
        {"seq": 0},
        {"prev": b""},
        {"staff": "s\x00"},
        {"kind": "dose_given"},
    ],
)
def test_nobody_signs_what_nobody_can_read(fields: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        sign_event(event(Link(), Arrived(appointment="1"), **fields), fixed.VACCINATOR)
    with pytest.raises(ProtocolError):
        sign_event(event(Link(), Arrived(appointment="\x00")), fixed.VACCINATOR)


@settings(max_examples=200)
@given(
    st.binary(max_size=60) | st.integers(0, 600).map(lambda place: RECORD.payload[:place] + RECORD.payload[place + 1 :])
)
def test_any_bytes_are_an_event_or_a_protocol_error(data: bytes) -> None:
    try:
        read_event(data).read_body()
    except ProtocolError:
        return


def test_a_record_travels_as_three_fields() -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(RECORD)) == [RECORD.payload, RECORD.keyid, RECORD.signature]
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(RECORD), type=Record) == RECORD


def test_times_keep_their_offset() -> None:
    one = event(Link(), Arrived(appointment="1"), at=MORNING)
    assert read_event(sign_event(one, fixed.VACCINATOR).payload).at.utcoffset() == timedelta(hours=5, minutes=30)
