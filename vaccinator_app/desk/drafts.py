"""A visit under way, kept so that a lock, a crash or a power cut loses no step of it (DESIGN 3.5).

Never the code: once checked, it is kept only as it is sealed to central (DESIGN 4.2).
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime

from vaccinator_app.domain.events import IdentityMethod, Proof, ProofKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The steps passed so far. ``acted`` tells that a step of this visit was done, so that it is kept.

    ``looking_since``: the sheet was opened then, and nothing was recorded about its person since. Whatever becomes of
    it, a record that it was looked at is still to be written (DESIGN 5.5).
    """

    identity: IdentityMethod | None = None
    previous_on: date | None = None
    proof: Proof | None = None
    acted: bool = False
    looking_since: datetime | None = None


def write_draft(draft: Draft) -> bytes:
    """For the vault, which encrypts it like everything else."""
    proof = draft.proof
    found = {
        "identity": draft.identity,
        "previous_on": draft.previous_on.isoformat() if draft.previous_on else None,
        "proof": None if proof is None else [proof.how, proof.seq, proof.key, base64.b64encode(proof.sealed).decode()],
        "acted": draft.acted,
        "looking_since": draft.looking_since.isoformat() if draft.looking_since else None,
    }
    return json.dumps(found).encode()


def read_draft(data: bytes) -> Draft:
    """What ``write_draft`` wrote; of a draft whose person's details have left, that somebody looked (DESIGN 5.5)."""
    if not data:
        return Draft(looking_since=datetime.fromtimestamp(0, UTC))
    found = json.loads(data)
    proof = found["proof"]
    return Draft(
        identity=None if found["identity"] is None else IdentityMethod(found["identity"]),
        previous_on=None if found["previous_on"] is None else date.fromisoformat(found["previous_on"]),
        proof=None
        if proof is None
        else Proof(how=ProofKind(proof[0]), seq=proof[1], key=proof[2], sealed=base64.b64decode(proof[3])),
        acted=found["acted"],
        looking_since=_looking_since(found),
    )


def _looking_since(found: dict[str, object]) -> datetime | None:
    """A draft of an earlier release says no time: where nothing was done, somebody looked."""
    if "looking_since" not in found:
        return None if found["acted"] else datetime.fromtimestamp(0, UTC)
    since = found["looking_since"]
    return datetime.fromisoformat(str(since)) if since else None
