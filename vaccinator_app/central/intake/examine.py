"""The part of intake that is arithmetic: read, verify, open (DESIGN 3.2-3.4, 4.2; P.3, P.4).

No database. ``read`` and ``Authors`` are cheap and go in order; ``run`` is what costs (two curve operations a record)
and goes over plain tuples of bytes, so that it can be split over processes.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from vaccinator_app.central.intake.staff import Keyholders, is_after, may_be_added
from vaccinator_app.central.keyring.keys import Keys
from vaccinator_app.central.rows import may_be_id
from vaccinator_app.domain.events import (
    BODIES,
    Body,
    CodeRefused,
    DoseGiven,
    Proof,
    ProofKind,
    WalkInRegistered,
)
from vaccinator_app.domain.people import Role
from vaccinator_app.domain.staff_events import Noticed, StaffAdded, StaffRemoved, VaultRekeyed
from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.protocol.messages import Reason
from vaccinator_app.protocol.records import EVENT_TYPE, Event, Record, read_event
from vaccinator_app.trust import dsse, seal
from vaccinator_app.trust.certificates import Certificate, Subject, verify_chain
from vaccinator_app.trust.certificates import read as read_certificate
from vaccinator_app.trust.dsse import Envelope
from vaccinator_app.trust.errors import BadSeal, BadSignature, TrustError
from vaccinator_app.trust.keys import HybridKey, SealingKey, key_id

_SEAL_LENGTH = 16
_WALK_IN = re.compile("W[0-9a-f]{16}")
_KEY_ID = re.compile("[0-9a-f]{16}")
_MOST_KEYS = 100
"""Of one person, taken back at once: a new one each week for two years."""
_IDS = {
    kind: [field.name for field in fields(kind) if field.name in ("appointment", "batch", "vaccine", "staff")]
    for kind in BODIES.values()
}

Job = tuple[bytes, bytes, bytes, int, int, bytes, bytes]
"""Payload, signature, signer's public key; then what to open (``NOTHING``, ``CODE``, ``PERSON``), which of central's
keys for it does (0 is the newest), its seal and info."""

Found = tuple[bool, bytes | None]
"""Whether the signature holds, and what was in the seal (None: nothing, or it did not open)."""

NOTHING, CODE, PERSON = 0, 1, 2
_SEALED = (ProofKind.CODE, ProofKind.SLIP)


@dataclass(slots=True)
class Incoming:
    """One record of a batch on its way through intake.

    ``flaw`` is the first thing that makes it no record; ``signed`` becomes true once its signature was checked.
    ``seal`` is what a dose's proof is remembered by, so that it counts once (16 bytes of SHA-256, for a dose without a
    code over the number of the in-charge's leave); ``certificate`` is the one a good ``staff_added`` brings;
    ``doubted`` whether its author's certificate was revoked by now, though not yet at the time that it says.
    """

    record: Record
    hash: bytes
    event: Event | None = None
    body: Body | None = None
    flaw: Reason | None = None
    author: Certificate | None = None
    seal: bytes | None = None
    signed: bool = False
    doubted: bool = False
    opened: bytes | None = None
    certificate: Certificate | None = None

    @property
    def role(self) -> Role | None:
        """Of whoever signed it, as far as is known yet."""
        return None if self.author is None else self.author.role


def read(record: Record, centre: str, device: str) -> Incoming:
    """Parse one record of ``device``. Nothing in it is believed yet."""
    incoming = Incoming(record, record.hash)
    try:
        event = read_event(record.payload)
        incoming.event = event
        body = event.read_body()
        if not _storable(body):
            raise ProtocolError("a field is too long")
        incoming.body = body
        if isinstance(body, DoseGiven) and body.proof.how is not ProofKind.NONE:
            incoming.seal = _name_of(body.proof)
    except ProtocolError:
        incoming.flaw = Reason.UNREADABLE
    else:
        if event.centre != centre:
            incoming.flaw = Reason.OTHER_CENTRE
        elif event.device != device:
            incoming.flaw = Reason.CHAIN_BROKEN
    return incoming


def _name_of(proof: Proof) -> bytes:
    leave = proof.how is ProofKind.OVERRIDE
    return hashlib.sha256(b"override %d" % proof.seq if leave else proof.sealed).digest()[:_SEAL_LENGTH]


def _storable(body: Body) -> bool:
    """Ids and key ids that fit their columns and cannot break a binding's lines; no walk-in under a booking's name."""
    for name in _IDS[type(body)]:
        if not may_be_id(getattr(body, name)):
            return False
    if isinstance(body, StaffRemoved):
        return len(body.keys) <= _MOST_KEYS and all(map(_KEY_ID.fullmatch, body.keys))
    if isinstance(body, Noticed):
        return not body.of or may_be_id(body.of)
    return not isinstance(body, WalkInRegistered) or _WALK_IN.fullmatch(body.appointment) is not None


@dataclass(frozen=True, slots=True)
class Certified:
    """A certificate as stored, and the key id of whoever issued it. The envelope's own ``keyid`` is only a hint."""

    envelope: Envelope
    issuer: str


class Authors:
    """The staff of one centre by key id, growing as the ledger adds people (DESIGN 5.3)."""

    def __init__(
        self, roots: Sequence[bytes], centre: str, known: Mapping[str, Certified], holders: Keyholders
    ) -> None:
        """``known`` are the centre's staff certificates by key id, ``holders`` whose each key of it is; ``roots``
        central's own public keys that count."""
        self._roots = {key_id(root): root for root in roots}
        self._centre = centre
        self._stored = dict(known)
        self._holders = holders
        self._read: dict[str, Certificate | None] = {}

    def attribute(self, incoming: Incoming, now: datetime) -> None:
        """Find who signed, or say why nobody that counts did. The signature itself is checked by ``run``.

        A ``staff_added`` is verified here at once, since the next record may be the new person's.
        """
        event = incoming.event
        if incoming.flaw is not None or event is None:
            return
        author = self._known(incoming.record.keyid)
        if author is None or author.id != event.staff:
            incoming.flaw = Reason.UNKNOWN_STAFF
            return
        if not _may_count(incoming, self._holders):
            return
        if not any(author.not_before <= moment <= author.not_after for moment in (event.at, now)):
            incoming.flaw = Reason.NOT_ALLOWED
            return
        incoming.author = author
        if isinstance(incoming.body, StaffAdded):
            self._add(incoming, incoming.body, author, now)

    def _known(self, keyid: str) -> Certificate | None:
        if keyid not in self._read:
            self._read[keyid] = self._verified(keyid)
        return self._read[keyid]

    def _verified(self, keyid: str) -> Certificate | None:
        """A stored certificate under its issuer's key. That the issuer might issue it was checked as it was stored."""
        stored = self._stored.get(keyid)
        if stored is None:
            return None
        public = self._roots.get(stored.issuer)
        if public is None:
            issuer = self._known(stored.issuer)
            if issuer is None:
                return None
            public = issuer.signing_key
        try:
            found = read_certificate(stored.envelope, public)
        except TrustError:
            return None
        return found if found.centre == self._centre else None

    def _add(self, incoming: Incoming, body: StaffAdded, author: Certificate, now: datetime) -> None:
        if not _signature_holds(incoming.record, author.signing_key):
            incoming.flaw = Reason.BAD_SIGNATURE
            return
        try:
            envelope = Envelope.from_json(body.certificate)
            issuer = self._stored[author.keyid]
            chain = [envelope, issuer.envelope]
            # That the author may issue it is the chain's affair. Either clock will do: a desk's may be wrong.
            moments = (now, incoming.event.at if incoming.event else now)
            added = _verify_at(chain, self._roots[issuer.issuer], self._centre, moments)
        except (TrustError, KeyError):
            incoming.flaw = Reason.NOT_ALLOWED
            return
        # whom this very batch gave the key to, no table knows yet
        holder = self._known(added.keyid)
        mine = holder is None or holder.id == added.id
        if added.id != body.staff or not mine or not may_be_added(added, self._holders):
            incoming.flaw = Reason.NOT_ALLOWED
            return
        self._stored[added.keyid] = Certified(envelope, author.keyid)
        self._read[added.keyid] = added
        incoming.certificate = added


def look_again(incoming: Incoming, holders: Keyholders) -> None:
    """Whether author and whom they add still count, as the records before this one left their keys."""
    if incoming.flaw is not None:
        return
    if incoming.author is not None and incoming.author.keyid not in holders:
        # whoever added them was refused
        incoming.flaw = Reason.UNKNOWN_STAFF
    elif _may_count(incoming, holders):
        added = incoming.certificate
        incoming.flaw = None if added is None or may_be_added(added, holders) else Reason.NOT_ALLOWED


def _may_count(incoming: Incoming, holders: Keyholders) -> bool:
    """Whether a record of somebody known may count although their key was taken back: not what came after that, nor
    anybody they added. The rest may be true, and comes late from a desk without a network; but a date is easily
    written, so that it is ``doubted``."""
    holder = holders.get(incoming.record.keyid)
    if holder is None or holder.revoked_at is None or incoming.event is None:
        return True
    incoming.doubted = True
    if is_after(holder, incoming.event) or isinstance(incoming.body, StaffAdded):
        incoming.flaw = Reason.UNKNOWN_STAFF
    return incoming.flaw is None


def _verify_at(chain: Sequence[Envelope], root: bytes, centre: str, moments: Iterable[datetime]) -> Certificate:
    """The certificate, good at one of ``moments`` at least; ``TrustError`` as of the last one."""
    *others, last = moments
    for moment in others:
        with contextlib.suppress(TrustError):
            return verify_chain(chain, root, subject=Subject.STAFF, centre=centre, at=moment)
    return verify_chain(chain, root, subject=Subject.STAFF, centre=centre, at=last)


def jobs(incoming: Sequence[Incoming], keys: Keys) -> list[tuple[Incoming, Job]]:
    """The costly work that is still to do for a batch."""
    codes = {key_id(key.public): which for which, key in enumerate(keys.all_codes)}
    people = {key_id(key.public): which for which, key in enumerate(keys.all_people)}
    found = []
    for one in incoming:
        if one.flaw is None and one.author is not None and one.event is not None:
            record = one.record
            to_open = _to_open(one.event, one.body, codes, people)
            found.append((one, (record.payload, record.signature, one.author.signing_key, *to_open)))
    return found


def _to_open(
    event: Event, body: Body | None, codes: Mapping[str, int], people: Mapping[str, int]
) -> tuple[int, int, bytes, bytes]:
    match body:
        case DoseGiven() | CodeRefused() if body.proof.how in _SEALED:
            proof = body.proof
            if proof.key in codes and 1 <= proof.seq <= event.seq:
                info = seal.code_binding(body.appointment, event.device, proof.seq)
                return CODE, codes[proof.key], proof.sealed, info
        case WalkInRegistered() if body.key in people:
            return PERSON, people[body.key], body.sealed, seal.person_binding(body.appointment, event.device)
        case VaultRekeyed() if body.key in people:
            return PERSON, people[body.key], body.sealed, seal.recovery_binding(event.device)
    return NOTHING, 0, b"", b""


def run(batch: Sequence[Job], codes: Sequence[SealingKey], people: Sequence[HybridKey]) -> list[Found]:
    """Verify each signature and open each seal, with that of the keys which the record names.

    A record whose signature does not hold is not opened.
    """
    found: list[Found] = []
    for payload, signature, public, what, which, sealed, info in batch:
        try:
            dsse.verify(EVENT_TYPE, payload, signature, public)
        except BadSignature:
            found.append((False, None))
            continue
        opened = None
        if what != NOTHING:
            try:
                if what == CODE:
                    opened = seal.open_seal(sealed, codes[which], info)
                else:
                    opened = seal.open_for_decades(sealed, people[which], info)
            except BadSeal:
                opened = None
        found.append((True, opened))
    return found


def settle(one: Incoming, found: Found) -> None:
    """Write a result of ``run`` back."""
    one.signed, one.opened = found
    if not one.signed:
        one.flaw = Reason.BAD_SIGNATURE


def _signature_holds(record: Record, public: bytes) -> bool:
    try:
        dsse.verify(EVENT_TYPE, record.payload, record.signature, public)
    except BadSignature:
        return False
    return True
