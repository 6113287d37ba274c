"""The files of ``tests/golden/protocol``: a ledger and one of each message, as this version writes them.

After a change of wire form that is meant (and a new version, P.16), write them again with

    python -m tests.protocol.golden

and read the difference before it is committed. Compression is left out: another release of zstd may write other bytes.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path

import msgspec

from tests.protocol.given import (
    CHANGES,
    CONFIRM,
    CONFIRMED,
    DELIVER,
    DELIVERED,
    ENROLMENT_FILE,
    ENROLMENT_REPLY,
    ENROLMENT_REQUEST,
    EXAMPLES,
    PULL,
    PUSH,
    RECEIPT,
    ledger,
)
from tests.trust import fixed
from vaccinator_app.protocol.delivery import DELIVER_TYPE, DELIVERED_TYPE
from vaccinator_app.protocol.enrolment import ENROLMENT_REPLY_TYPE, ENROLMENT_REQUEST_TYPE, write_file
from vaccinator_app.protocol.messages import (
    CHANGES_TYPE,
    CONFIRM_TYPE,
    CONFIRMED_TYPE,
    PULL_TYPE,
    PUSH_TYPE,
    RECEIPT_TYPE,
)
from vaccinator_app.protocol.packing import Signed, pack, unpack

FOLDER = Path(__file__).parents[1] / "golden" / "protocol"

MESSAGES: dict[str, msgspec.Struct] = {
    PUSH_TYPE: PUSH,
    RECEIPT_TYPE: RECEIPT,
    PULL_TYPE: PULL,
    CHANGES_TYPE: CHANGES,
    CONFIRM_TYPE: CONFIRM,
    CONFIRMED_TYPE: CONFIRMED,
    ENROLMENT_REQUEST_TYPE: msgspec.structs.replace(ENROLMENT_REQUEST, recovery=bytes(64)),
    ENROLMENT_REPLY_TYPE: ENROLMENT_REPLY,
    DELIVER_TYPE: DELIVER,
    DELIVERED_TYPE: DELIVERED,
}


def build() -> dict[str, str]:
    """Each file's text by name."""
    records = ledger(EXAMPLES)
    signed = [unpack(pack(message, kind, fixed.CENTRAL)) for kind, message in MESSAGES.items()]
    return {
        "ledger.jsonl": "".join(f"{record.envelope.to_json()}\n" for record in records),
        "hashes.json": _text([record.hash.hex() for record in records]),
        "messages.json": _text([_signed(one) for one in signed]),
        "enrolment-file.json": write_file(ENROLMENT_FILE).decode() + "\n",
    }


def _signed(one: Signed) -> dict[str, str]:
    return {
        "payload_type": one.payload_type,
        "payload": base64.b64encode(one.payload).decode(),
        "keyid": one.keyid,
        "signature": one.signature.hex(),
    }


def _text(made: object) -> str:
    return json.dumps(made, indent=2) + "\n"


def main() -> None:
    """Write the files."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in build().items():
        (FOLDER / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
