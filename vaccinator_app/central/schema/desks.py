"""What a desk sends and pulls, and what was decided about it: all by centre."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import BigInteger, Column, Date, Index, Integer, LargeBinary, String, Table, Text

from vaccinator_app.central.instant import Instant
from vaccinator_app.central.schema.columns import ID, NAME, WORD, key, metadata, where
from vaccinator_app.domain.aefi import AefiReported
from vaccinator_app.domain.events import Voided
from vaccinator_app.domain.stock_events import STOCK


def _names(kinds: Iterable[str]) -> str:
    return ", ".join(f"'{kind}'" for kind in kinds)


STOCK_KINDS = tuple(sorted(kind.KIND for kind in STOCK))
"""Kinds of record that other desks and every later tally need, however old they are."""

FOR_EVER = f"kind IN ({_names((*STOCK_KINDS, Voided.KIND))})"
"""In these very words, so that a query finds the index over those records."""

HELD_REPORTS = f"kind = '{AefiReported.KIND}' AND status = 'held'"
"""In these very words, as above. A dose that comes later may settle one."""

HELD = "status = 'held'"
"""In these very words, as above. All that waits for the district."""

devices = Table(
    "devices",
    metadata,
    key("centre", String(6)),
    key("device", ID),
    Column("name", NAME, nullable=False),
    Column("signing_key", LargeBinary, nullable=False),
    Column("enrolled_at", Instant(), nullable=False),
    Column("revoked_at", Instant()),
    # Up to where and when it was last told of people: what was on it if it is lost.
    Column("pulled_cursor", BigInteger),
    Column("pulled_at", Instant()),
    # The set of central's keys that it last said it goes by (P.17); none before it first said so.
    Column("central_keys", BigInteger),
)


device_heads = Table(
    "device_heads",
    metadata,
    key("centre", String(6)),
    key("device", ID),
    Column("seq", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    # What the device last said of its own ledger: shorter than before means an old vault was put back.
    Column("claimed_seq", BigInteger, nullable=False),
    Column("claimed_hash", LargeBinary, nullable=False),
    Column("seen_at", Instant()),
)


enrolments = Table(
    "enrolments",
    metadata,
    key("centre", String(6)),
    key("token_hash", LargeBinary()),
    Column("created_at", Instant(), nullable=False),
    Column("expires_at", Instant(), nullable=False),
    Column("used_at", Instant()),
    # The same machine asking again after a lost answer is told the same again.
    Column("request_hash", LargeBinary),
    Column("reply", LargeBinary),
)


certificates = Table(
    "certificates",
    metadata,
    key("centre", String(6)),
    key("keyid", String(16)),
    Column("subject", WORD, nullable=False),
    Column("id", ID, nullable=False),
    Column("envelope", Text, nullable=False),
    Column("issuer", String(16), nullable=False),
    Column("added_at", Instant(), nullable=False),
    Column("revoked_at", Instant()),
    # Who took it back: the staff id of an in-charge; none when central did.
    Column("revoked_by", ID),
    # The machine whose ledger took it back: there its place says what came after, whatever date that carries.
    Column("revoked_on", ID),
)


recovery = Table(
    "recovery",
    metadata,
    key("centre", String(6)),
    key("device", ID),
    key("stored_at", Instant()),
    Column("sealed", LargeBinary, nullable=False),  # to central's hybrid key; opened only to rescue a vault
    Column("epoch", BigInteger, nullable=False, server_default="1"),
)


# Answers to a centre that forgot its passphrases (P.19): who asked for whom, and who at central let them.
recoveries = Table(
    "recoveries",
    metadata,
    key("centre", String(6)),
    key("device", ID),
    key("request", LargeBinary()),  # the request's SHA-256
    Column("staff", ID, nullable=False),
    Column("by", NAME, nullable=False),
    Column("at", Instant(), nullable=False),
    # The same request again is told the same again. It opens for whoever asked and for nobody else.
    Column("answer", LargeBinary, nullable=False),
)


records = Table(
    "records",
    metadata,
    key("centre", String(6)),
    key("device", ID),
    key("seq", BigInteger()),
    Column("payload", LargeBinary, nullable=False),
    Column("keyid", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("kind", WORD, nullable=False),
    Column("appointment", ID),
    Column("status", WORD, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("received_at", Instant(), nullable=False),
    # The place in the centre's feed of a later decision on this record; none while its first answer stands.
    Column("changed", BigInteger),
    Column("voided_by", BigInteger),
    # The name of the proof that this record used up: a proof counts once (DESIGN 4.2). A correction that carries the
    # proof of the dose it corrects takes this over from it, so that at any time one record alone holds a proof.
    Column("proof", LargeBinary),
    # The day at the centre on which it says it happened; none when it cannot be read.
    Column("day", Date),
    # The place in the centre's feed at which other desks are told of it; none for what no other desk is told.
    Column("told", BigInteger),
    # What became of the certificate of an accepted dose and of the message about it; none for anything else.
    Column("certificate", WORD),
    Column("message", WORD),
    Index("records_feed", "centre", "device", "changed", **where("changed IS NOT NULL")),
    Index("records_by_proof", "centre", "device", "proof", unique=True, **where("proof IS NOT NULL")),
    Index("records_told", "centre", "told", **where("told IS NOT NULL")),
    Index("records_by_day", "centre", "day"),
    # A tally needs these of all days: stock goes on from day to day, and a void may come later than what it voids.
    Index("records_for_ever", "centre", "device", "seq", **where(FOR_EVER)),
    Index("records_held_reports", "centre", "appointment", **where(HELD_REPORTS)),
    Index("records_held", "centre", "kind", "appointment", **where(HELD)),
)


closes = Table(
    "closes",
    metadata,
    key("centre", String(6)),
    key("device", ID),
    key("seq", BigInteger()),
    Column("day", Date, nullable=False),
    Column("amendment", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    # Waiting for records that it covers, counted, or broken: it does not continue the closes of its day.
    Column("state", WORD, nullable=False),
    Column("differences", LargeBinary, nullable=False),  # as CloseAnswer tells them, in msgpack
    Column("received_at", Instant(), nullable=False),
    Column("counted_at", Instant()),
)


confirmations = Table(
    "confirmations",
    metadata,
    key("centre", String(6)),
    key("device", ID),
    key("seq", BigInteger()),
    key("id", ID),
    Column("asked_by", ID, nullable=False),  # the device that had it sent
    Column("asked_at", Instant(), nullable=False),
    Column("otp_hash", LargeBinary, nullable=False),
    Column("expires_at", Instant(), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("used_at", Instant()),
    Index("confirmations_by_asker", "centre", "asked_by", "asked_at"),
)


forks = Table(
    "forks",
    metadata,
    key("centre", String(6)),
    key("device", ID),
    key("seq", BigInteger()),
    key("hash", LargeBinary()),
    Column("payload", LargeBinary, nullable=False),
    Column("keyid", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("received_at", Instant(), nullable=False),
)


mismatches = Table(
    "mismatches",
    metadata,
    key("centre", String(6)),
    key("device", ID),
    key("seq", BigInteger()),
    Column("staff", ID, nullable=False),
    Column("appointment", ID, nullable=False),
    Column("at", Instant(), nullable=False),
)


alarms = Table(
    "alarms",
    metadata,
    key("centre", String(6)),
    key("kind", WORD),
    key("subject", ID),
    key("at", Instant()),
    Column("count", Integer, nullable=False),
)


# Every decision on a record after its first answer, as an event signed by central; never changed.
decisions = Table(
    "decisions",
    metadata,
    key("centre", String(6)),
    key("device", ID),
    key("seq", BigInteger()),
    key("number", Integer()),
    Column("kind", WORD, nullable=False),
    Column("decided_at", Instant(), nullable=False),
    Column("envelope", Text, nullable=False),  # DSSE JSON
)
