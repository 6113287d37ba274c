"""What this version writes with fixed keys is byte for byte what stands in ``tests/golden/trust``, and all that any
version wrote still verifies, opens and unwraps.

The files are written again with ``python -m tests.trust.golden``; see there for when.
"""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import replace
from typing import Any

import pytest

from tests.trust import fixed, golden
from vaccinator_app.trust import code, health_card, keyslot, seal, slip
from vaccinator_app.trust.card_keys import read_key_set, read_status_list
from vaccinator_app.trust.certificates import Subject, verify_chain
from vaccinator_app.trust.dsse import Envelope
from vaccinator_app.trust.errors import BadPassphrase, BadSeal


def stored(name: str) -> Any:
    return json.loads((golden.FOLDER / name).read_text("utf-8"))


@pytest.mark.parametrize("name", sorted(golden.deterministic()))
def test_what_is_written_today_is_what_was_written(name: str) -> None:
    assert golden.deterministic()[name] == (golden.FOLDER / name).read_text("utf-8")


def test_stored_envelopes_verify() -> None:
    for one in stored("dsse.json")["envelopes"]:
        envelope = Envelope.from_json(one["envelope"])
        envelope.verified(envelope.payload_type, fixed.VACCINATOR.public)


def test_stored_certificates_say_what_they_said() -> None:
    in_charge, vaccinator, device = map(Envelope.from_json, stored("dsse.json")["certificates"])
    root, centre, at = fixed.CENTRAL.public, fixed.CENTRE, fixed.NOON
    staff = verify_chain([vaccinator, in_charge], root, subject=Subject.STAFF, centre=centre, at=at)
    assert staff == fixed.VACCINATOR_CERTIFICATE
    machine = verify_chain([device], root, subject=Subject.DEVICE, centre=centre, at=at)
    assert machine == fixed.DEVICE_CERTIFICATE


def test_stored_tags_match_their_codes() -> None:
    for text, tag in stored("check.json")["tags"].items():
        assert code.matches(fixed.ROSTER_KEY, golden.APPOINTMENT, bytes.fromhex(tag), text)


def test_stored_slips_read_as_they_were() -> None:
    assert [slip.decode(digits) for digits in stored("check.json")["slips"]] == golden.SLIPS


@pytest.mark.parametrize("purpose", ["code", "database-key"])
def test_stored_seals_open(purpose: str) -> None:
    key = fixed.CODES if purpose == "code" else fixed.STAFF_SEALING
    sealed, info = bytes.fromhex(stored("sealed.json")[purpose]), golden.infos()[purpose]
    assert seal.open_seal(sealed, key, info) == golden.SECRETS[purpose]
    with pytest.raises(BadSeal):
        seal.open_seal(sealed, key, info + b"\n")


@pytest.mark.parametrize("purpose", ["person", "recovery"])
def test_stored_seals_for_decades_open(purpose: str) -> None:
    sealed, info = bytes.fromhex(stored("sealed.json")[purpose]), golden.infos()[purpose]
    assert seal.open_for_decades(sealed, fixed.PEOPLE, info) == golden.SECRETS[purpose]
    with pytest.raises(BadSeal):
        seal.open_for_decades(sealed, fixed.PEOPLE, info + b"\n")


@pytest.mark.parametrize("number", range(2))
def test_stored_slots_unwrap(number: int) -> None:
    found = stored("slots.json")[number]
    wrapped = keyslot.Wrapped(
        kdf=keyslot.KdfParameters(memory_kib=found["memory_kib"], passes=found["passes"], lanes=found["lanes"]),
        salt=bytes.fromhex(found["salt"]),
        nonce=bytes.fromhex(found["nonce"]),
        secret=bytes.fromhex(found["secret"]),
    )
    assert keyslot.unwrap(wrapped, golden.PASSPHRASE, golden.ASSOCIATED) == fixed.VACCINATOR.private
    if wrapped.kdf == keyslot.FLOOR:
        with pytest.raises(BadPassphrase):
            keyslot.unwrap(replace(wrapped, salt=bytes(16)), golden.PASSPHRASE, golden.ASSOCIATED)


def test_the_stored_card_verifies_and_says_what_it_said() -> None:
    found = stored("card.json")
    keys = read_key_set(json.dumps(found["keys"]).encode())
    revoked = read_status_list(json.dumps(found["revoked"]).encode())
    said = health_card.verify(found["card"], [keys], [revoked], fixed.NOON)
    assert (said.issuer, said.issued_at, said.rid) == (golden.ISSUER, fixed.NOON, golden.RID)
    assert (said.bundle, said.status_checked) == (golden.BUNDLE, True)


def test_what_is_signed_today_is_what_was_signed() -> None:
    """All of it but for how zlib packs it, which no two builds need do alike."""
    now, then = golden.card().split("."), stored("card.json")["card"].split(".")
    assert now[0] == then[0]
    assert unpacked(now[1]) == unpacked(then[1])


def unpacked(part: str) -> bytes:
    return zlib.decompress(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)), wbits=-15)


def test_the_files_hold_the_two_kinds_of_slot_there_are() -> None:
    works = [(one["memory_kib"], one["passes"], one["lanes"]) for one in stored("slots.json")]
    assert works == [(65536, 3, 4), (19456, 2, 1)]
