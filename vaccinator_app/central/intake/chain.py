"""Where each record of a batch belongs in its device's ledger (DESIGN 3.3, 7.1; P.3, P.10). Pure.

A record does not say its ``seq`` outside its signed payload. One that cannot be read or whose signature does not hold
is placed by its neighbours, so that it can be stored and answered like the others and blocks none of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from vaccinator_app.central.intake.examine import Incoming
from vaccinator_app.protocol.ledger import Link
from vaccinator_app.protocol.messages import Outcome, Reason, Status


@dataclass(frozen=True, slots=True)
class Stored:
    """A record central has: its hash and the answer it got."""

    hash: bytes
    outcome: Outcome


class New(msgspec.Struct, frozen=True):
    """A record to adjudicate and store under ``seq``. ``chained``: it names the hash of the one before."""

    seq: int
    incoming: Incoming
    chained: bool


@dataclass(slots=True)
class Plan:
    """What becomes of a batch.

    ``answered`` are outcomes that stand already, by place in the batch; ``new`` is in order; ``forks`` are to keep
    beside the ledger; ``link`` is where the ledger stands after ``new``. Records beyond a gap are in none of them.
    """

    link: Link
    answered: list[Outcome] = field(default_factory=list)
    new: list[New] = field(default_factory=list)
    forks: list[tuple[int, Incoming]] = field(default_factory=list)


def place(batch: Sequence[Incoming], link: Link, claimed: Link, seen: Mapping[bytes, int]) -> list[int]:
    """The ``seq`` of each record: its own word when its signature holds, its neighbours' otherwise.

    ``seen`` has the places of bytes that central knows already. With no neighbour to ask: the ledger's end as the
    device claims it, else the next free place.
    """
    anchors = {i: one.event.seq for i, one in enumerate(batch) if one.signed and one.event is not None}
    anchors |= {i: seen[one.hash] for i, one in enumerate(batch) if one.hash in seen}
    if not anchors and batch:
        at_end = batch[-1].hash == claimed.hash
        anchors = {len(batch) - 1: claimed.seq} if at_end else {0: link.seq + 1}
    seqs: list[int] = []
    offset = 0
    for index in range(len(batch)):
        if index in anchors:
            offset = anchors[index] - index
        elif not seqs:
            first = min(anchors)
            offset = anchors[first] - first
        seqs.append(index + offset)
    return seqs


def plan(
    batch: Sequence[Incoming],
    seqs: Sequence[int],
    link: Link,
    stored: Mapping[int, Stored],
    fork_hashes: frozenset[bytes],
) -> Plan:
    """Sort a batch into answered, new and forks.

    The same record again is answered as before. Another record under a known ``seq``, and whatever follows on one, is
    a fork: kept, reported, and the ledger does not move. At a gap it ends: nothing beyond is stored.
    """
    found = Plan(link)
    known = {seq: one.hash for seq, one in stored.items()}
    branches = set(fork_hashes)
    for seq, one in zip(seqs, batch, strict=True):
        if seq < 1:
            continue  # before the first record there is no place
        follows_fork = one.event is not None and one.event.prev in branches and one.event.prev != found.link.hash
        if known.get(seq) == one.hash:
            if seq in stored:
                found.answered.append(stored[seq].outcome)
        elif seq <= found.link.seq or follows_fork:
            branches.add(one.hash)
            found.forks.append((seq, one))
            found.answered.append(Outcome(seq, Status.REFUSED, (Reason.SEQ_FORKED,)))
        elif seq > found.link.seq + 1:
            break
        else:
            # What cannot be read names nothing; its flaw is said already.
            chained = one.event is None or one.event.prev == found.link.hash
            found.new.append(New(seq, one, chained))
            found.link = Link(seq, one.hash)
            known[seq] = one.hash
    return found
