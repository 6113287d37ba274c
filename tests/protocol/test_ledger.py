"""A ledger holds as a whole or says where it stops (P.3.4, P.3.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.protocol.given import DEVICE, EXAMPLES, STAFF, arrivals, event, ledger
from tests.trust import fixed
from vaccinator_app.domain.events import Arrived
from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.protocol.ledger import LedgerBroken, Link, check_author, follow, walk
from vaccinator_app.protocol.records import FIRST_PREV, Record, read_event, sign_event
from vaccinator_app.trust.certificates import Certificate
from vaccinator_app.trust.keys import SigningKey, key_id

STAFF_KNOWN = {c.keyid: c for c in (fixed.IN_CHARGE_CERTIFICATE, fixed.VACCINATOR_CERTIFICATE)}
GOOD = ledger(EXAMPLES)


def verify(records: Sequence[Record], known: dict[str, Certificate] = STAFF_KNOWN, start: Link | None = None) -> int:
    return sum(1 for _ in walk(records, known.get, start))


def broken(records: Sequence[Record], seq: int, why: str, known: dict[str, Certificate] = STAFF_KNOWN) -> None:
    """The ledger stops at ``seq``, and everything before it was good."""
    walking = walk(records, known.get)
    assert [one.seq for one in islice(walking, seq - 1)] == list(range(1, seq))
    with pytest.raises(LedgerBroken, match=why) as caught:
        next(walking)
    assert caught.value.seq == seq
    assert caught.value.why in str(caught.value)


def signed_by(key: SigningKey, number: int, **fields: object) -> list[Record]:
    """The good ledger cut at ``number``, and there a record as ``key`` would make it."""
    start = GOOD[: number - 1]
    link = Link(number - 1, start[-1].hash if start else FIRST_PREV)
    return [*start, sign_event(event(link, Arrived(appointment="1"), **fields), key)]


def test_a_good_ledger_holds() -> None:
    events = list(walk(GOOD, STAFF_KNOWN.get))
    assert [one.seq for one in events] == list(range(1, len(EXAMPLES) + 1))
    assert tuple(one.read_body() for one in events) == EXAMPLES


def test_an_empty_ledger_holds() -> None:
    assert verify([]) == 0


def test_two_people_may_write_one_ledger() -> None:
    boss = signed_by(fixed.IN_CHARGE, 4, staff=fixed.IN_CHARGE_CERTIFICATE.id)
    assert verify(boss) == 4


def test_a_ledger_goes_on_where_it_was_left() -> None:
    assert verify(GOOD[5:], start=Link(5, GOOD[4].hash)) == len(GOOD) - 5
    with pytest.raises(LedgerBroken):
        verify(GOOD[5:], start=Link(5, GOOD[3].hash))


@settings(max_examples=20)
@given(st.integers(0, 12))
def test_any_good_ledger_holds(count: int) -> None:
    assert verify(ledger(arrivals(count))) == count


def test_a_gap() -> None:
    for gone in range(len(GOOD) - 1):
        broken(GOOD[:gone] + GOOD[gone + 1 :], gone + 1, "missing or stands twice")


def test_a_record_twice() -> None:
    broken([*GOOD[:3], GOOD[2], *GOOD[3:]], 4, "missing or stands twice")


def test_the_end_may_be_missing() -> None:
    """Which only receipts can tell (DESIGN 6.4): the chain itself holds."""
    assert verify(GOOD[:-1]) == len(GOOD) - 1


def test_another_order() -> None:
    broken([GOOD[0], GOOD[2], GOOD[1], *GOOD[3:]], 2, "missing or stands twice")


def test_a_fork() -> None:
    """Another third record, itself signed and in place, does not carry the fourth."""
    other = signed_by(fixed.VACCINATOR, 3)
    assert verify(other) == 3
    broken([*other, *GOOD[3:]], 4, "does not name the record before")


def test_an_edit() -> None:
    """The first bit of every byte of a record in the middle."""
    for place in range(len(GOOD[1].payload)):
        payload = bytearray(GOOD[1].payload)
        payload[place] ^= 1
        edited = Record(bytes(payload), GOOD[1].keyid, GOOD[1].signature)
        broken([GOOD[0], edited, *GOOD[2:]], 2, "record 2")


def test_an_edit_that_still_reads_is_told_by_its_signature() -> None:
    payload = GOOD[1].payload.replace(b"202611210014", b"202611210015")
    broken([GOOD[0], Record(payload, GOOD[1].keyid, GOOD[1].signature)], 2, "changed after it was signed")


def test_a_signature_taken_from_elsewhere() -> None:
    swapped = Record(GOOD[1].payload, GOOD[1].keyid, GOOD[2].signature)
    broken([GOOD[0], swapped, *GOOD[2:]], 2, "signature does not fit")


def test_another_signature_over_the_same_payload_breaks_the_chain() -> None:
    """Central's copy and the desk's cannot differ even in that: the hash covers the signature."""
    cut = Record(GOOD[1].payload, GOOD[1].keyid, bytes(64))
    with pytest.raises(LedgerBroken) as caught:
        follow(follow(Link(1, GOOD[0].hash), cut)[1], GOOD[2])
    assert caught.value.why == "it does not name the record before it"


def test_a_colleagues_name_under_the_own_signature() -> None:
    broken(signed_by(fixed.VACCINATOR, 3, staff=fixed.IN_CHARGE_CERTIFICATE.id), 3, "another person")


def test_an_unknown_key() -> None:
    broken(signed_by(fixed.STRANGER, 3), 3, "nobody certified")


def test_a_key_id_that_lies() -> None:
    lying = signed_by(fixed.STRANGER, 3)
    lying[2] = Record(lying[2].payload, key_id(fixed.VACCINATOR.public), lying[2].signature)
    broken(lying, 3, "signature does not fit")


def test_another_centre() -> None:
    broken(signed_by(fixed.VACCINATOR, 1, centre="091002"), 1, "another person")


def test_a_device_signs_no_record() -> None:
    known = {**STAFF_KNOWN, fixed.DEVICE_CERTIFICATE.keyid: fixed.DEVICE_CERTIFICATE}
    broken(signed_by(fixed.DEVICE, 2, staff=DEVICE), 2, "nobody certified", known)


def test_a_record_of_another_device() -> None:
    broken(signed_by(fixed.VACCINATOR, 3, device="d000000000000"), 3, "another device")


def test_a_record_of_another_centre_by_one_who_works_at_both() -> None:
    other = "091002"
    key = fixed.STRANGER
    known = {
        **STAFF_KNOWN,
        key_id(key.public): replace(fixed.VACCINATOR_CERTIFICATE, centre=other, signing_key=key.public),
    }
    broken(signed_by(key, 3, centre=other), 3, "another device", known)


@pytest.mark.parametrize("payload", [b"", b"{}", b"[" * 100_000, GOOD[1].payload.replace(b'"v":1', b'"v":2')])
def test_a_payload_that_cannot_be_read(payload: bytes) -> None:
    broken([GOOD[0], Record(payload, GOOD[1].keyid, GOOD[1].signature)], 2, "cannot be read")


def test_a_kind_of_tomorrow_still_links() -> None:
    """An old program can check a newer desk's ledger as far as it goes: signature and chain need no body."""
    payload = GOOD[0].payload.replace(b'"signed_in"', b'"dreamt_of"')
    assert read_event(payload).kind == "dreamt_of"
    assert follow(Link(), Record(payload, GOOD[0].keyid, bytes(64)))[1].seq == 1


def test_what_breaks_says_nothing_of_what_it_holds() -> None:
    """An exception may be logged (P.15.2)."""
    payload = GOOD[1].payload.replace(b"202611210014", b"202611210015")
    with pytest.raises(ProtocolError) as caught:
        verify([GOOD[0], Record(payload, GOOD[1].keyid, GOOD[1].signature)])
    assert "2026" not in str(caught.value)
    assert STAFF not in str(caught.value)


def test_the_author_is_the_certificate_that_verified() -> None:
    one, _ = follow(Link(), GOOD[0])
    assert check_author(one, GOOD[0], STAFF_KNOWN.get) == fixed.VACCINATOR_CERTIFICATE
