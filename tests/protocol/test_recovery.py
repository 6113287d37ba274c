"""The files of recovery and delivery, as bytes (P.19)."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest

from tests.trust import fixed
from vaccinator_app.protocol.delivery import (
    Changed,
    CutShort,
    DeliveryTitle,
    part_hash,
    read_parts,
    read_title,
    write_part,
    write_title,
)
from vaccinator_app.protocol.errors import ProtocolError, UnknownVersion
from vaccinator_app.protocol.recovery import (
    MAX_COPIES,
    RecoveryRequest,
    SealedKey,
    fingerprint,
    read_request,
    same_fingerprint,
    write_request,
)

REQUEST = RecoveryRequest(
    device="d0123456789ab",
    name="S. Devi",
    signing_key=fixed.STRANGER.public,
    sealing_key=bytes(32),
    made_at=datetime(2026, 11, 21, 10, tzinfo=UTC),
)


def test_digits_are_read_out_as_people_do() -> None:
    digits = fingerprint(bytes.fromhex("ff" * 32))
    assert digits == "5758 4007 9131 2963 9935"
    assert fingerprint(bytes(32)) == "0000 0000 0000 0000 0000"
    for typed in (digits, digits.replace(" ", ""), digits.replace(" ", "-"), f"  {digits}\n"):
        assert same_fingerprint(bytes.fromhex("ff" * 32), typed)
    hindi = digits.translate({ord(str(n)): 0x0966 + n for n in range(10)})
    assert same_fingerprint(bytes.fromhex("ff" * 32), hindi)
    for typed in ("", digits[:-1], digits + "0", digits[1:], "x" * 24):
        assert not same_fingerprint(bytes.fromhex("ff" * 32), typed)


def test_a_request_is_what_its_own_key_signed() -> None:
    text = write_request(REQUEST, fixed.STRANGER).to_json().encode()
    assert read_request(text)[0] == REQUEST
    with pytest.raises(ProtocolError):
        read_request(write_request(REQUEST, fixed.CENTRAL).to_json().encode())
    many = RecoveryRequest(
        device="d1",
        name="x",
        signing_key=fixed.STRANGER.public,
        sealing_key=bytes(32),
        made_at=REQUEST.made_at,
        copies=[SealedKey(1, b"x")] * (MAX_COPIES + 1),
    )
    newer = RecoveryRequest(
        v=2, device="d1", name="x", signing_key=fixed.STRANGER.public, sealing_key=bytes(32), made_at=REQUEST.made_at
    )
    with pytest.raises(ProtocolError):
        read_request(write_request(many, fixed.STRANGER).to_json().encode())
    with pytest.raises(UnknownVersion):
        read_request(write_request(newer, fixed.STRANGER).to_json().encode())


def test_a_delivery_holds_as_many_parts_as_its_title_says_in_their_order() -> None:
    parts = [b"one", b"two"]
    title = DeliveryTitle(
        centre="100001",
        device="d1",
        certificate="{}",
        key="0" * 16,
        first=1,
        records=2,
        parts=[part_hash(part) for part in parts],
    )
    lines = [f"{line}\n".encode() for line in (write_title(title, fixed.CENTRAL), *map(write_part, parts))]

    def read(*order: int, end: bytes = b"") -> list[bytes]:
        file = io.BytesIO(b"".join(lines[n] for n in order) + end)
        return list(read_parts(file, read_title(file)[0]))

    assert read(0, 1, 2) == parts
    with pytest.raises(CutShort):
        read(0, 1)
    for order in ((0, 2, 1), (0, 1, 1), (0, 1, 2, 2)):
        with pytest.raises(Changed):
            read(*order)
    with pytest.raises(Changed):
        read(0, 1, 2, end=b"\n")
