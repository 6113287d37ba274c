"""A batch of records from a desk, from bytes to a signed receipt (DESIGN 4.3, 7.1, 7.2; P.10).

Read, verify and open (no database); then in one transaction: place, look up, decide, write. What is answered is what
that transaction stored, so a batch that comes again, after a lost answer or a crash, gets the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, insert, or_, select, update

from vaccinator_app.central import log
from vaccinator_app.central.clock import Clock
from vaccinator_app.central.database import Database
from vaccinator_app.central.desks.aefi import accept_late
from vaccinator_app.central.district.alarms import (
    raise_for_aefi,
    raise_for_mismatches,
    raise_for_removals,
    raise_for_walk_ins,
)
from vaccinator_app.central.district.machine_alarms import raise_for_forks, raise_for_notices, raise_for_shorter
from vaccinator_app.central.intake.adjudicate import adjudicate
from vaccinator_app.central.intake.chain import New, Plan, Stored, place, plan
from vaccinator_app.central.intake.closes import take_closes
from vaccinator_app.central.intake.crew import Crew
from vaccinator_app.central.intake.effects import Effects
from vaccinator_app.central.intake.examine import Authors, Certified, Incoming, jobs, read, settle
from vaccinator_app.central.intake.facts import gather, load
from vaccinator_app.central.intake.staff import LastHeard, read_keyholders, read_last_heard
from vaccinator_app.central.intake.twice import Twice
from vaccinator_app.central.keyring.keys import Keys
from vaccinator_app.central.programme import find_centre
from vaccinator_app.central.rows import read_outcome, storable
from vaccinator_app.central.schema import certificates, device_heads, forks, records
from vaccinator_app.domain.aefi import AefiReported
from vaccinator_app.protocol.ledger import Link
from vaccinator_app.protocol.messages import CertificateState, Outcome, PushRequest, Receipt, Status
from vaccinator_app.trust.certificates import Subject
from vaccinator_app.trust.dsse import Envelope

MOST_URGENT = 50
"""Serious AEFI reports looked at ahead of their turn; further ones come in it."""


class Intake:
    """Takes batches in. Its caller has verified that the request is the device's own."""

    def __init__(self, database: Database, keys: Keys, clock: Clock, crew: Crew) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._crew = crew

    def push(self, request: PushRequest, *, brought: bool = False, revoked_at: datetime | None = None) -> Receipt:
        """Store and answer a batch in one transaction.

        Records beyond a gap are not stored and not answered; the receipt says where central stands. ``brought`` by
        another machine, it may be of long ago: what it says of the ledger's head is then no news (P.19.9). Records of
        a machine that is out of use since ``revoked_at`` are held (P.21).
        """
        with self._crew.engaged():
            return self._push(request, brought=brought, revoked_at=revoked_at)

    def _push(self, request: PushRequest, *, brought: bool, revoked_at: datetime | None) -> Receipt:
        now = self._clock()
        batch = [read(record, request.centre, request.device) for record in request.records]
        with self._database.read() as connection:
            authors = self._authors(connection, request.centre)
            seen = _seen(connection, request, batch)
        self._examine(batch, authors, seen, now)
        urgent = self._urgent(request, authors, now)

        def store(connection: Connection) -> tuple[Plan, list[Outcome]]:
            out_of_use = revoked_at is not None
            found = self._settle(connection, request, batch, seen, now, brought=brought, revoked=out_of_use)
            raise_for_aefi(connection, request.centre, request.device, urgent, now)
            return found

        sorted_out, outcomes = self._database.run(store)
        _log(request, sorted_out, outcomes, brought=brought)
        return Receipt(
            centre=request.centre,
            device=request.device,
            upto=sorted_out.link.seq,
            head=sorted_out.link.hash,
            at=now,
            outcomes=outcomes,
            forked=[seq for seq, _ in sorted_out.forks],
            revoked_at=revoked_at,
        )

    def _authors(self, connection: Connection, centre: str) -> Authors:
        rows = connection.execute(
            select(certificates).where(certificates.c.centre == centre, certificates.c.subject == Subject.STAFF.value)
        ).all()
        known = {row.keyid: Certified(Envelope.from_json(row.envelope), row.issuer) for row in rows}
        return Authors(self._keys.signers, centre, known, read_keyholders(connection, centre))

    def _examine(self, batch: Sequence[Incoming], authors: Authors, seen: Mapping[bytes, int], now: datetime) -> None:
        """Everything that costs, but nothing twice: what central has, it verified when it came."""
        for one in batch:
            authors.attribute(one, now)
        work = jobs([one for one in batch if one.hash not in seen], self._keys)
        for (one, _), found in zip(work, self._crew.run([job for _, job in work]), strict=True):
            settle(one, found)

    def _urgent(self, request: PushRequest, authors: Authors, now: datetime) -> list[int]:
        """Serious AEFI reports told ahead of their turn, those that somebody known signed. Others are ignored."""
        found = [read(record, request.centre, request.device) for record in request.urgent[:MOST_URGENT]]
        serious = [one for one in found if isinstance(one.body, AefiReported) and one.body.serious]
        for one in serious:
            authors.attribute(one, now)
        work = jobs(serious, self._keys)
        for (one, _), result in zip(work, self._crew.run([job for _, job in work]), strict=True):
            settle(one, result)
        return [one.event.seq for one in serious if one.signed and one.event is not None]

    def _settle(
        self,
        connection: Connection,
        request: PushRequest,
        batch: Sequence[Incoming],
        seen: Mapping[bytes, int],
        now: datetime,
        *,
        brought: bool,
        revoked: bool,
    ) -> tuple[Plan, list[Outcome]]:
        link = _link(connection, request, lock=True)
        seqs = place(batch, link, Link(request.head_seq, request.head_hash), seen)
        stored = _stored(connection, request, [seq for seq in seqs if 1 <= seq <= link.seq])
        sorted_out = plan(batch, seqs, link, stored, _fork_hashes(connection, request))
        outcomes = {outcome.seq: outcome for outcome in sorted_out.answered}
        raise_for_forks(
            connection, request.centre, request.device, _keep_forks(connection, request, sorted_out, now), now
        )
        heard = read_last_heard(connection, request.centre, request.device)
        if not brought:
            missing = _claimed(connection, request) - request.head_seq
            raise_for_shorter(connection, request.centre, request.device, missing, now)
        _move_head(connection, request, sorted_out.link, now, brought=brought)
        if sorted_out.new:
            outcomes |= self._take(connection, request, sorted_out.new, now, heard, revoked=revoked)
        return sorted_out, [outcomes[seq] for seq in sorted(outcomes)]

    def _take(
        self,
        connection: Connection,
        request: PushRequest,
        fresh: Sequence[New],
        now: datetime,
        heard: LastHeard,
        *,
        revoked: bool,
    ) -> dict[int, Outcome]:
        """Decide on what is new and write it down with everything that follows from it."""
        cupboard, device = self._keys.cupboard, request.device
        centre = find_centre(connection, cupboard, request.centre)
        known = load(connection, centre, device, fresh, now)
        known.revoked = revoked
        effects, twice = Effects(known, cupboard, now, heard), Twice(known)
        walked_in: set[date] = set()
        for new in fresh:
            facts = gather(new, known, cupboard)
            verdict = adjudicate(facts)
            if not revoked:
                twice.note(new, facts, verdict)
            if facts.dose is not None and facts.dose.walk_in:
                walked_in.add(facts.dose.day)
            effects.note(new, facts, verdict)
        effects.write(connection)
        outcomes = {new.seq: effects.outcome(new.seq) for new in fresh}
        twice.write(connection, self._keys.signing, outcomes, now)
        raise_for_mismatches(connection, request.centre, device, effects.mismatches, now)
        raise_for_aefi(connection, request.centre, device, effects.serious, now)
        raise_for_removals(connection, request.centre, device, effects.staff.contested, now)
        raise_for_walk_ins(connection, request.centre, walked_in, now)
        raise_for_notices(connection, request.centre, device, effects.notices, now)
        answers = take_closes(connection, self._keys.signing, centre, device, effects.closes, now)
        answers |= accept_late(connection, self._keys.signing, request.centre, device, outcomes, effects.dosed, now)
        return outcomes | {seq: Outcome(seq, status, reasons) for seq, (status, reasons) in answers.items()}


def _link(connection: Connection, request: PushRequest, *, lock: bool = False) -> Link:
    """Where the device's ledger stands here; with ``lock`` no second push of the same device comes in between."""
    statement = select(device_heads.c.seq, device_heads.c.hash).where(
        device_heads.c.centre == request.centre, device_heads.c.device == request.device
    )
    row = connection.execute(statement.with_for_update() if lock else statement).one()
    return Link(row.seq, row.hash)


def _seen(connection: Connection, request: PushRequest, batch: Sequence[Incoming]) -> dict[bytes, int]:
    """Which records of the batch central has already, byte for byte, and where.

    One that can be read is looked for where it says it belongs, the others, which are rare, anywhere.
    """
    upto = _link(connection, request).seq
    claimed = [one.event.seq for one in batch if one.event is not None and one.event.seq <= upto]
    unread = [one.hash for one in batch if one.event is None]
    places = [records.c.seq.in_(claimed)] if claimed else []
    places += [records.c.hash.in_(unread)] if unread else []
    if not places:
        return {}
    rows = connection.execute(
        select(records.c.hash, records.c.seq).where(
            records.c.centre == request.centre, records.c.device == request.device, or_(*places)
        )
    )
    hashes = {one.hash for one in batch}
    return {row.hash: row.seq for row in rows if row.hash in hashes}


def _stored(connection: Connection, request: PushRequest, seqs: Sequence[int]) -> dict[int, Stored]:
    """What central has at these places, and what it answered."""
    if not seqs:
        return {}
    rows = connection.execute(
        select(
            *(records.c.hash, records.c.seq, records.c.status, records.c.reasons),
            *(records.c.certificate, records.c.message),
        ).where(records.c.centre == request.centre, records.c.device == request.device, records.c.seq.in_(seqs))
    )
    return {answer[0]: Stored(digest, read_outcome(*answer)) for digest, *answer in rows}


def _fork_hashes(connection: Connection, request: PushRequest) -> frozenset[bytes]:
    statement = select(forks.c.hash).where(forks.c.centre == request.centre, forks.c.device == request.device)
    return frozenset(connection.scalars(statement))


def _claimed(connection: Connection, request: PushRequest) -> int:
    """How long the device last said that its ledger is."""
    this = (device_heads.c.centre == request.centre, device_heads.c.device == request.device)
    return int(connection.execute(select(device_heads.c.claimed_seq).where(*this)).scalar_one())


def _keep_forks(connection: Connection, request: PushRequest, sorted_out: Plan, now: datetime) -> int:
    """How many of them were not here before."""
    fresh = {(seq, one.hash): one for seq, one in sorted_out.forks}
    if not fresh:
        return 0
    have = connection.execute(
        select(forks.c.seq, forks.c.hash).where(forks.c.centre == request.centre, forks.c.device == request.device)
    )
    for row in have:
        fresh.pop((row.seq, row.hash), None)
    if fresh:
        connection.execute(
            insert(forks),
            [
                {
                    "centre": request.centre,
                    "device": request.device,
                    "seq": seq,
                    "hash": digest,
                    "payload": one.record.payload,
                    "keyid": storable(one.record.keyid, 64),
                    "signature": one.record.signature,
                    "received_at": now,
                }
                for (seq, digest), one in fresh.items()
            ],
        )
    return len(fresh)


def _move_head(connection: Connection, request: PushRequest, link: Link, now: datetime, *, brought: bool) -> None:
    this = (device_heads.c.centre == request.centre, device_heads.c.device == request.device)
    claimed = {"claimed_seq": request.head_seq, "claimed_hash": request.head_hash}
    stands = {"seq": link.seq, "hash": link.hash}
    if brought:
        # of long ago, perhaps: it tells of more records that are to come, and never of fewer
        newer = (*this, device_heads.c.claimed_seq < request.head_seq)
        connection.execute(update(device_heads).where(*newer).values(claimed))
        connection.execute(update(device_heads).where(*this).values(stands))
    else:
        connection.execute(update(device_heads).where(*this).values({**stands, **claimed, "seen_at": now}))


def _log(request: PushRequest, sorted_out: Plan, outcomes: Sequence[Outcome], *, brought: bool) -> None:
    # What central had already was counted when it came.
    fresh = {new.seq for new in sorted_out.new}
    by = [outcome.status for outcome in outcomes if outcome.seq in fresh]
    log.event(
        "push",
        centre=request.centre,
        device=request.device,
        records=len(request.records),
        upto=sorted_out.link.seq,
        head_seq=request.head_seq,
        accepted=by.count(Status.ACCEPTED),
        held=by.count(Status.HELD),
        refused=by.count(Status.REFUSED),
        forked=len(sorted_out.forks),
        issued=sum(one.certificate is CertificateState.ISSUED for one in outcomes if one.seq in fresh),
    )
    if request.head_seq < sorted_out.link.seq and not brought:
        log.event("ledger_shorter", centre=request.centre, device=request.device, head_seq=request.head_seq)
