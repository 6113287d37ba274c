"""The steps at which a desk and its central are killed by name, each in a scene that reaches it.

Within a transaction a kill before one statement and after the last are the same to the disk: so statements are named
once, before; what is durable from then on (a COMMIT, a rename, an answer) before and after.
"""

from __future__ import annotations


def _both(*names: str) -> tuple[str, ...]:
    return tuple(f"{when} {name}" for name in names for when in ("before", "after"))


def _before(*names: str) -> tuple[str, ...]:
    return tuple(f"before {name}" for name in names)


RECORD = (
    *_both("record: COMMIT", "record: INSERT ledger"),
    *_before(
        *("record: BEGIN", "record: INSERT roster", "record: INSERT roster_words", "record: INSERT days"),
        *("record: INSERT day_starts", "record: INSERT visits", "record: INSERT vials", "record: INSERT stock"),
        *("record: INSERT voids", "record: INSERT serious", "record: INSERT overridden", "record: UPDATE vials"),
        *("record: DELETE drafts", "draft: INSERT drafts"),
    ),
    *_both("draft: COMMIT"),
)
"""An act is saved, or kept as a draft."""

RUN = (
    *_both("push: answered", "receipt: verified", "receipt: COMMIT", "pull: answered", "page: verified"),
    *_both("page: COMMIT", "index: COMMIT"),
    *("after push: packed", "after receipt: kept", "after page: applied"),
    *_before("receipt: INSERT receipts", "receipt: INSERT confirmation", "receipt: INSERT meta"),
    *_before("page: INSERT roster", "page: INSERT roster_words", "page: INSERT days", "page: INSERT batches"),
    *_before("page: INSERT confirmation", "page: INSERT peer_desks", "page: INSERT meta"),
)
"""A run with central: a batch goes, its receipt is kept, a page comes and is applied, its names are indexed."""

CLOSING = (
    *_both("close: checkpoint", "close: seal", "file: replace vault.seal", "file: replace attempts.json"),
    "before file: sync vault.seal.new",
)
"""The passphrase's try is counted before the desk opens; what the file is is sealed when it closes."""

STAFF = (
    *_both("certificate: COMMIT", "slots: next key", "rekey: copied", "rekey: copy durable", "file: replace vault.db"),
    *_both("slots: changed", "file: replace slots.json"),
    *_before("record: INSERT removed_keys", "file: sync vault.db.next", "file: sync slots.json.new"),
)
"""Somebody comes and goes: slots, and a new key for the file."""

ENROLMENT = (
    *_both("enrol: request kept", "enrol: answered", "file: replace enrolling.json", "file: replace slots.json"),
    *_both("birth: COMMIT", "file: link vault.db", "enrol: tidied"),
    *_before("birth: INSERT certificates", "file: sync enrolling.json.new", "file: unlink enrolling.json"),
)
"""A machine becomes a desk."""

DESK = {**dict.fromkeys((*RECORD, *RUN, *CLOSING), "tour"), **dict.fromkeys(STAFF, "staff")}
"""Step and scene, at a desk that is there."""

CENTRAL = (
    *_both("push: COMMIT", "push: answered", "pull: COMMIT", "pull: answered"),
    *_before("push: BEGIN", "push: UPDATE device_heads", "push: INSERT records", "push: INSERT doses"),
    *_before("push: INSERT people", "push: INSERT bookings", "push: INSERT roster", "push: INSERT sms_outbox"),
    *_before("push: UPDATE centres", "push: UPDATE roster"),
    *("after push: UPDATE device_heads", "after push: INSERT records", "after push: INSERT doses"),
)
"""What a desk asks of central, from the first statement to the answer."""
