"""What goes over the wire is byte for byte what stands in ``tests/golden/protocol``, and that still reads.

The files are written again with ``python -m tests.protocol.golden``; see there for when.
"""

from __future__ import annotations

import base64
import json

import pytest

from tests.protocol import golden
from tests.protocol.given import ENROLMENT_FILE, EXAMPLES
from tests.trust import fixed
from vaccinator_app.domain.events import BODIES
from vaccinator_app.protocol.enrolment import read_file
from vaccinator_app.protocol.ledger import walk
from vaccinator_app.protocol.packing import Signed, verified
from vaccinator_app.protocol.records import Record
from vaccinator_app.trust.dsse import Envelope

STAFF = {fixed.VACCINATOR_CERTIFICATE.keyid: fixed.VACCINATOR_CERTIFICATE}


def stored(name: str) -> str:
    return (golden.FOLDER / name).read_text("utf-8")


@pytest.mark.parametrize("name", sorted(golden.build()))
def test_what_is_written_today_is_what_was_written(name: str) -> None:
    assert golden.build()[name] == stored(name)


def test_the_stored_ledger_holds_every_kind() -> None:
    envelopes = [Envelope.from_json(line) for line in stored("ledger.jsonl").splitlines()]
    records = [Record(one.payload, one.keyid, one.signature) for one in envelopes]
    assert [record.hash.hex() for record in records] == json.loads(stored("hashes.json"))
    assert tuple(event.read_body() for event in walk(records, STAFF.get)) == EXAMPLES
    assert {body.KIND for body in EXAMPLES} == set(BODIES)


def test_a_ledger_of_before_stock_and_closes_still_reads() -> None:
    """Its records are signed for good: fields that came since have what an older program meant by saying nothing."""
    envelopes = [Envelope.from_json(line) for line in stored("ledger-earlier.jsonl").splitlines()]
    records = [Record(one.payload, one.keyid, one.signature) for one in envelopes]
    assert tuple(event.read_body() for event in walk(records, STAFF.get)) == EXAMPLES[: len(records)]


@pytest.mark.parametrize("number", range(len(golden.MESSAGES)))
def test_stored_messages_read(number: int) -> None:
    found = json.loads(stored("messages.json"))[number]
    signed = Signed(
        found["payload_type"],
        base64.b64decode(found["payload"]),
        found["keyid"],
        bytes.fromhex(found["signature"]),
    )
    message = golden.MESSAGES[signed.payload_type]
    assert verified(signed, signed.payload_type, fixed.CENTRAL.public, type(message)) == message


def test_the_stored_enrolment_file_reads() -> None:
    assert read_file(stored("enrolment-file.json").encode()) == ENROLMENT_FILE
