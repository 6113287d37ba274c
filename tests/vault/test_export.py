"""The ledger as a file that proves itself (DESIGN 5.4, 11)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from securesystemslib.dsse import Envelope as OtherEnvelope
from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]

from tests.domain.given import WHO, dose_given
from tests.trust import fixed
from tests.vault.given import CHAIN, COLLEAGUE, IDENTITY, IN_CHARGE, KEY, save
from vaccinator_app.domain.events import Arrived, SignedIn
from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.protocol.ledger import LedgerBroken
from vaccinator_app.protocol.records import EVENT_TYPE
from vaccinator_app.trust.dsse import Envelope
from vaccinator_app.trust.errors import TrustError
from vaccinator_app.trust.keys import SigningKey, key_id
from vaccinator_app.vault.export import Export, read_export, write_export
from vaccinator_app.vault.vault import Vault

ROOT = fixed.CENTRAL.public


@pytest.fixture
def lines(vault: Vault) -> list[str]:
    save(vault, SignedIn(), Arrived(appointment=WHO), author=IN_CHARGE)
    save(vault, dose_given(), SignedIn(), author=COLLEAGUE)
    return list(write_export(vault))


def test_an_export_holds_what_the_ledger_holds(vault: Vault, lines: list[str]) -> None:
    expected = Export(
        device=vault.identity.device, records=4, signers=2, head=vault.ledger.head().hash, root_id=key_id(ROOT)
    )
    assert read_export(lines, ROOT) == expected
    assert read_export(lines) == expected
    assert read_export([line + "\n" for line in lines] + ["\n"]) == expected


def test_an_empty_ledger_is_one_too(vault: Vault) -> None:
    assert read_export(write_export(vault), ROOT).records == 0


def test_records_saved_meanwhile_are_left_for_the_next(vault: Vault) -> None:
    save(vault, SignedIn())
    lines = write_export(vault)
    first = next(lines)
    save(vault, SignedIn())
    assert read_export([first, *lines], ROOT).records == 1


def test_another_implementation_verifies_every_record(lines: list[str]) -> None:
    keys = {
        key_id(key.public): SSlibKey(key_id(key.public), "ed25519", "ed25519", {"public": key.public.hex()})
        for key in (fixed.IN_CHARGE, fixed.VACCINATOR)
    }
    checked = 0
    for line in lines:
        found = json.loads(line)
        if found["payloadType"] == EVENT_TYPE:
            other = OtherEnvelope.from_dict(json.loads(line))
            assert list(other.verify([keys[found["signatures"][0]["keyid"]]], 1))
            checked += 1
    assert checked == 4


def _edit(lines: list[str], number: int, change: Callable[[bytes], bytes]) -> list[str]:
    found = json.loads(lines[number])
    payload = base64.b64decode(found["payload"])
    assert change(payload) != payload
    found["payload"] = base64.b64encode(change(payload)).decode()
    return [*lines[:number], json.dumps(found), *lines[number + 1 :]]


FIRST_RECORD = 4


def test_where_the_records_begin(lines: list[str]) -> None:
    kinds = [json.loads(line)["payloadType"] for line in lines]
    assert kinds.index(EVENT_TYPE) == FIRST_RECORD
    assert kinds.count(EVENT_TYPE) == 4


@pytest.mark.parametrize(
    ("spoil", "seq"),
    [
        (lambda lines: lines[:-1], 4),
        (lambda lines: lines[:FIRST_RECORD], 1),
        (lambda lines: [*lines[:5], *lines[6:]], 2),
        (lambda lines: [*lines[:5], lines[6], lines[5], *lines[7:]], 2),
        (lambda lines: [*lines, lines[-1]], 5),
        (lambda lines: _edit(lines, 6, lambda p: p.replace(b"left_arm", b"right_arm")), 3),
        (lambda lines: _edit(lines, 6, lambda p: p.replace(b'"dose":1', b'"dose":2')), 3),
        (lambda lines: _edit(lines, 5, lambda p: p.replace(b'"centre":"091001"', b'"centre":"091002"')), 2),
        (lambda lines: _edit(lines, 5, lambda p: p[:-1]), 2),
        (lambda lines: [*lines[:6], lines[1], *lines[6:]], 3),
    ],
)
def test_an_edited_shortened_or_shuffled_export_is_noticed_at_its_record(
    lines: list[str], spoil: Callable[[list[str]], list[str]], seq: int
) -> None:
    with pytest.raises(LedgerBroken) as found:
        read_export(spoil(lines), ROOT)
    assert found.value.seq == seq


def test_an_export_of_another_central_server_is_noticed(lines: list[str]) -> None:
    with pytest.raises(LedgerBroken):
        read_export(lines, fixed.STRANGER.public)


def _retitled(lines: list[str], key: SigningKey, **fields: object) -> list[str]:
    title = json.loads(base64.b64decode(json.loads(lines[0])["payload"])) | fields
    envelope = Envelope.seal("application/vnd.vaccinator.export+json", json.dumps(title).encode(), key)
    return [envelope.to_json(), *lines[1:]]


def test_a_title_made_to_fit_a_shortened_export_wants_the_devices_key(vault: Vault, lines: list[str]) -> None:
    head = vault.exchange.hash_at(3)
    assert head is not None
    with pytest.raises(TrustError):
        read_export(_retitled(lines, fixed.STRANGER, records=3, head=head.hex())[:-1], ROOT)
    assert read_export(_retitled(lines, fixed.DEVICE, records=3, head=head.hex())[:-1], ROOT).records == 3


def test_records_of_another_device_under_this_ones_title_are_noticed(home: Path) -> None:
    other = Vault.create(home, KEY, replace(IDENTITY, device="d000000000000"), [CHAIN])
    save(other, SignedIn())
    lines = _retitled(list(write_export(other)), fixed.DEVICE, device=IDENTITY.device)
    other.close()
    with pytest.raises(LedgerBroken) as found:
        read_export(lines, ROOT)
    assert "another device" in found.value.why


@pytest.mark.parametrize(
    "spoil",
    [
        lambda lines: _edit(lines, 0, lambda p: p.replace(b'"records": 4', b'"records": 3'))[:-1],
        lambda lines: _retitled(lines, fixed.STRANGER, records=3)[:-1],
        lambda lines: _retitled(lines, fixed.DEVICE, device="d000000000000"),
        lambda lines: _retitled(lines, fixed.DEVICE, central_key=base64.b64encode(fixed.STRANGER.public).decode()),
        lambda lines: _edit(lines, 2, lambda p: p.replace(b"in_charge", b"vaccinator")),
        lambda lines: [lines[0], *lines[2:]],
        lambda lines: [*lines[:2], *lines[4:]],
        lambda lines: [lines[0], lines[1], lines[2], *lines[4:]],
        lambda lines: [lines[0], lines[1], lines[3], *lines[4:]],
    ],
)
def test_a_title_or_certificate_that_does_not_hold_is_noticed(
    lines: list[str], spoil: Callable[[list[str]], list[str]]
) -> None:
    with pytest.raises((LedgerBroken, TrustError)):
        read_export(spoil(lines))


@pytest.mark.parametrize(
    "text",
    ["", "\n\n", "hello", "{}", '{"payload": "e30=", "payloadType": "x", "signatures": [{"keyid": "", "sig": ""}]}'],
)
def test_another_file_is_no_export(text: str) -> None:
    with pytest.raises((ProtocolError, TrustError)):
        read_export(text.splitlines())


def test_a_title_that_names_an_endless_number_is_no_export(lines: list[str]) -> None:
    endless = _edit(lines, 0, lambda p: re.sub(rb'"records": ?[0-9]+', b'"records":1e999', p))
    with pytest.raises((ProtocolError, TrustError)):
        read_export(endless)


def test_a_record_first_is_no_export(lines: list[str]) -> None:
    with pytest.raises(ProtocolError):
        read_export(lines[FIRST_RECORD:])
