"""The file that brings a machine in, and what the two sides call it (P.9)."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocol.given import ENROLMENT_FILE, ENROLMENT_REQUEST
from tests.trust import fixed
from vaccinator_app.domain.people import Gender, PhotoId
from vaccinator_app.protocol.enrolment import EnrolmentRequest, device_id, read_file, write_file
from vaccinator_app.protocol.errors import ProtocolError, UnknownVersion
from vaccinator_app.protocol.people import WalkInDetails, read_details, write_details
from vaccinator_app.trust.keys import key_id

FILE: dict[str, Any] = json.loads(write_file(ENROLMENT_FILE))
DETAILS = WalkInDetails(
    name="सुनीता कुमारी",
    year_of_birth=1968,
    gender=Gender.WOMAN,
    photo_id=PhotoId.AADHAAR,
    photo_id_last4="4821",
    mobile="9000000000",
)


def file(**fields: object) -> bytes:
    return json.dumps({**FILE, **fields}).encode()


def test_a_file_reads_back() -> None:
    assert read_file(write_file(ENROLMENT_FILE)) == ENROLMENT_FILE


def test_a_person_can_read_it() -> None:
    assert b'\n  "centre_name": "PHC Rampur"' in write_file(ENROLMENT_FILE)


@pytest.mark.parametrize("missing", [name for name in FILE if name != "v"])
def test_every_field_is_needed(missing: str) -> None:
    with pytest.raises(ProtocolError):
        read_file(json.dumps({name: value for name, value in FILE.items() if name != missing}).encode())


@pytest.mark.parametrize(
    "fields",
    [
        {"address": "http://central.example"},
        {"address": "central.example"},
        {"address": "ftp://x https://central.example"},
        {"expires_at": "2026-11-28T10:00:00"},
        {"expires_at": "soon"},
        {"central": {**FILE["central"], "signing": "AAAA"}},
        {"central": {**FILE["central"], "people": FILE["central"]["codes"]}},
        {"token": None},
        {"centre": 91001},
    ],
)
def test_a_field_of_another_shape_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ProtocolError, match="not an enrolment file"):
        read_file(file(**fields))


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"hello", b"\xff\xfe", b"[" * 100_000, write_file(ENROLMENT_FILE)[:-3]]
)
def test_what_is_no_enrolment_file_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError, match="not an enrolment file"):
        read_file(data)


def test_a_file_of_a_newer_program_says_so() -> None:
    with pytest.raises(UnknownVersion):
        read_file(file(v=2))
    with pytest.raises(UnknownVersion):
        read_file(b'{"v": 2}')


def test_a_device_is_called_after_its_key() -> None:
    assert device_id(fixed.DEVICE.public) == "d" + key_id(fixed.DEVICE.public)[:12] == fixed.DEVICE_CERTIFICATE.id


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_two_keys_are_two_devices(one: bytes, other: bytes) -> None:
    assert (device_id(one) == device_id(other)) is (one == other)


@pytest.mark.parametrize("name", ["device_key", "in_charge_signing_key", "in_charge_sealing_key"])
def test_a_request_with_a_key_of_another_length_is_refused(name: str) -> None:
    for key in (b"", bytes(31), bytes(33)):
        whole = {**msgspec.structs.asdict(ENROLMENT_REQUEST), name: key}
        with pytest.raises(msgspec.ValidationError):
            msgspec.msgpack.decode(msgspec.msgpack.encode(whole), type=EnrolmentRequest)


def test_a_walk_ins_details_read_back() -> None:
    assert read_details(write_details(DETAILS)) == DETAILS


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[" * 100_000, write_details(DETAILS).replace(b"1968", b'"1968"'), b'{"name":"\xff"}']
)
def test_details_that_do_not_fit_are_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError, match="do not fit"):
        read_details(data)
