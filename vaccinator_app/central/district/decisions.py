"""Another answer for a record; one told already is told anew, to its desk and the others (DESIGN 7.5; P.11.4).

Whatever is decided after the first answer is an event too (DESIGN 3.1): signed by central, numbered within its record,
never changed. Who decided stands in it as what they are to the record, never as a person's detail.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec
from sqlalchemy import Connection, case, func, insert, or_, select, update

from vaccinator_app.central import feed
from vaccinator_app.central.rows import write_reasons
from vaccinator_app.central.schema import decisions, records
from vaccinator_app.domain.closing_events import DayClosed
from vaccinator_app.domain.events import DoseGiven
from vaccinator_app.protocol.messages import Reason, Status
from vaccinator_app.protocol.shapes import Moment
from vaccinator_app.protocol.version import VERSION
from vaccinator_app.trust.dsse import Envelope
from vaccinator_app.trust.errors import BadSignature
from vaccinator_app.trust.keys import SigningKey

DECISION_TYPE = "application/vnd.vaccinator.decision+json"

PERSON = "person"
"""Whom the record is about, by a one-time password to their mobile."""
CENTRAL = "central"
"""Nobody: it follows from records that came later."""
DISTRICT = "district/"
"""Before the id of an officer of the district."""

UNDECIDED_YET = (
    records.c.changed.is_(None),
    or_(records.c.status != Status.ACCEPTED.value, records.c.kind.in_((DoseGiven.KIND, DayClosed.KIND))),
)
"""Records with their first answer, of such as may be given another one. When this database came back from a backup, a
desk may have heard of one that is not known here."""


class DecisionKind(StrEnum):
    """What gave the reason for another answer."""

    CONFIRMED = "confirmed"
    """The person said that they got the dose."""
    DISPUTED = "disputed"
    """The person said that they did not."""
    GIVEN_TWICE = "given_twice"
    """Another record of the same dose came, and is held."""
    GIVEN_ONCE = "given_once"
    """That other record is none any more."""
    DOSE_CAME = "dose_came"
    """The dose that a report is about came after it."""
    COUNTED = "counted"
    """The closed day was counted again."""
    DISTRICT_ACCEPTED = "district_accepted"
    DISTRICT_REJECTED = "district_rejected"


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One decision: about which record (``record`` is its hash in hex), by whom, and the answer from then on.

    ``number`` counts the decisions on the record from 1. ``why`` is one of a fixed list, for those who must say.
    """

    v: int = VERSION
    centre: str
    device: str
    seq: int
    record: str
    number: int
    kind: DecisionKind
    by: str
    why: str = ""
    status: Status
    reasons: tuple[Reason, ...]
    at: Moment


_DECODER = msgspec.json.Decoder(Decision)


def amend(
    connection: Connection, centre: str, device: str, seq: int, status: Status, reasons: Sequence[Reason] = ()
) -> None:
    """Give a record of the batch under way another answer: of the first nobody was told."""
    connection.execute(
        update(records)
        .where(records.c.centre == centre, records.c.device == device, records.c.seq == seq)
        .values(status=status.value, reasons=write_reasons(reasons))
    )


def decide(
    connection: Connection,
    signer: SigningKey,
    centre: str,
    device: str,
    seq: int,
    status: Status,
    reasons: Sequence[Reason] = (),
    *,
    kind: DecisionKind,
    now: datetime,
    by: str = CENTRAL,
    why: str = "",
) -> None:
    """Give record ``seq`` of ``device`` another answer and put the decision down, in the caller's transaction.

    ``signer`` is central's own key. From here on every push and pull of the centre goes behind this transaction.
    """
    (place,) = feed.take(connection, centre, 1)
    changed = (
        update(records)
        .where(records.c.centre == centre, records.c.device == device, records.c.seq == seq)
        .values(
            status=status.value,
            reasons=write_reasons(reasons),
            changed=place,
            # What was told to nobody else is not told now.
            told=case((records.c.told.is_not(None), place)),
        )
    )
    digest: bytes = connection.execute(changed.returning(records.c.hash)).scalar_one()
    about = (decisions.c.centre == centre, decisions.c.device == device, decisions.c.seq == seq)
    before: int = connection.execute(select(func.coalesce(func.max(decisions.c.number), 0)).where(*about)).scalar_one()
    decision = Decision(
        centre=centre,
        device=device,
        seq=seq,
        record=digest.hex(),
        number=before + 1,
        kind=kind,
        by=by,
        why=why,
        status=status,
        reasons=tuple(reasons),
        at=now,
    )
    connection.execute(
        insert(decisions).values(
            centre=centre,
            device=device,
            seq=seq,
            number=decision.number,
            kind=kind.value,
            decided_at=now,
            envelope=Envelope.seal(DECISION_TYPE, msgspec.json.encode(decision), signer).to_json(),
        )
    )


def read_decision(envelope: str, public: bytes) -> Decision:
    """The decision in a stored envelope, once ``public`` (central's signing key) signed it; else ``BadSignature``."""
    payload = Envelope.from_json(envelope).verified(DECISION_TYPE, public)
    try:
        return _DECODER.decode(payload)
    except msgspec.DecodeError as error:
        raise BadSignature("this is not a decision") from error


def was_decided(connection: Connection, centre: str, device: str, seq: int, kind: DecisionKind) -> bool:
    """Whether there is a decision of this kind on the record."""
    about = (decisions.c.centre == centre, decisions.c.device == device, decisions.c.seq == seq)
    found = select(decisions.c.number).where(*about, decisions.c.kind == kind.value).limit(1)
    return connection.execute(found).first() is not None
