"""Central's side of the protocol with desks: packed bytes in, packed signed bytes out (DESIGN 7; P.9-P.11, P.13).

The same object answers over HTTP (``app``) and, in tests, stands directly behind the engine's ``Central`` port.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec
from sqlalchemy import select, update

from vaccinator_app.central import log
from vaccinator_app.central.clock import Clock
from vaccinator_app.central.database import Database
from vaccinator_app.central.desks.confirm import Confirmations
from vaccinator_app.central.desks.delivery import open_part
from vaccinator_app.central.desks.enrolment import Enrolment
from vaccinator_app.central.desks.history import Histories
from vaccinator_app.central.desks.roster import Roster
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.intake.crew import Crew
from vaccinator_app.central.intake.intake import Intake
from vaccinator_app.central.keyring.keys import Keys
from vaccinator_app.central.rows import may_be_id
from vaccinator_app.central.schema import devices
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.delivery import DELIVER_TYPE, DELIVERED_TYPE, DeliverReply, DeliverRequest
from vaccinator_app.protocol.errors import ProtocolError, UnknownVersion
from vaccinator_app.protocol.history import HISTORY_REQUEST_TYPE, HISTORY_TYPE, HistoryRequest
from vaccinator_app.protocol.messages import (
    CHANGES_TYPE,
    CONFIRM_TYPE,
    CONFIRMED_TYPE,
    MAX_BATCH_BYTES,
    MAX_BATCH_RECORDS,
    PULL_TYPE,
    PUSH_TYPE,
    RECEIPT_TYPE,
    ConfirmRequest,
    PullRequest,
    PushRequest,
)
from vaccinator_app.trust.errors import TrustError
from vaccinator_app.trust.keys import SigningKey

_FRESH = timedelta(minutes=1)
"""A desk that asks every few seconds and hears nothing new costs no write."""

Request = TypeVar("Request", PushRequest, PullRequest, ConfirmRequest, DeliverRequest, HistoryRequest)


@dataclass(frozen=True, slots=True)
class _Known:
    """A device as central has it: its key, the set of central's keys it last said it goes by, and its last pull."""

    key: bytes
    keys: int
    cursor: int | None
    pulled_at: datetime | None
    revoked_at: datetime | None = None
    """Since when it is out of use: its records are taken, and it is told of nobody (P.21)."""


class _Claimed(msgspec.Struct):
    """Who a request says it is from: enough to look up the key it must be signed with."""

    centre: str
    device: str


class DeskApi:
    """Everything a desk asks of central. Each call raises ``Refused`` and then has changed nothing."""

    def __init__(
        self,
        database: Database,
        keys: Keys,
        clock: Clock,
        crew: Crew | None = None,
        pushing: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        """Each push is taken in within a block of ``pushing``."""
        self._pushing = pushing
        self._database = database
        self._keys = keys
        self._clock = clock
        self._enrolment = Enrolment(database, keys, clock)
        self._intake = Intake(database, keys, clock, crew or Crew(keys))
        self._roster = Roster(database, keys, clock)
        self._confirmations = Confirmations(database, keys, clock)
        self._histories = Histories(database, clock)

    @property
    def oldest_keys(self) -> int:
        """The number of the first set of central's keys that an enrolment file may still bring."""
        return self._keys.oldest

    def enrol(self, packed: bytes) -> bytes:
        """An ``EnrolmentRequest``, answered by an ``EnrolmentReply``."""
        return self._enrolment.enrol(packed)

    def push(self, packed: bytes) -> bytes:
        """A ``PushRequest``, answered by a ``Receipt``."""
        return self._push(packed)[0]

    def _push(self, packed: bytes, *, brought: bool = False) -> tuple[bytes, int]:
        """The packed receipt, and up to where central stands; ``brought`` by another machine than the one it is of."""
        request, known = self._authentic(packed, PUSH_TYPE, PushRequest)
        size = sum(len(record.payload) for record in request.records)
        # One record over the limit still passes alone: a desk could not send it otherwise.
        if len(request.records) > MAX_BATCH_RECORDS or (size > MAX_BATCH_BYTES and len(request.records) > 1):
            raise Refused("batch_too_large", 413, "The batch is larger than central takes at once.")
        signer = self._signer(request.keys or known.keys)
        with self._pushing():
            receipt = self._intake.push(request, brought=brought, revoked_at=known.revoked_at)
        return packing.pack(receipt, RECEIPT_TYPE, signer), receipt.upto

    def deliver(self, packed: bytes) -> bytes:
        """A ``DeliverRequest``, answered by a ``DeliverReply``: another machine's push goes the way of any push."""
        request, known = self._in_use(packed, DELIVER_TYPE, DeliverRequest)
        signer = self._signer(request.keys or known.keys)
        receipt, upto = self._push(open_part(self._keys, request), brought=True)
        log.event("delivered", centre=request.centre, device=request.device, subject=request.origin, upto=upto)
        reply = DeliverReply(
            centre=request.centre,
            device=request.device,
            nonce=request.nonce,
            origin=request.origin,
            part=request.part,
            upto=upto,
            receipt=receipt,
        )
        return packing.pack(reply, DELIVERED_TYPE, signer)

    def pull(self, packed: bytes) -> bytes:
        """A ``PullRequest``, answered by a page of ``Changes``."""
        request, known = self._authentic(packed, PULL_TYPE, PullRequest)
        signer = self._signer(request.keys)
        if known.revoked_at is not None:
            log.event("pull_revoked", centre=request.centre, device=request.device)
            return packing.pack(self._roster.nothing(request, known.revoked_at), CHANGES_TYPE, signer)
        changes = self._roster.changes(request)
        self._remember(request, changes.cursor, known)
        log.event(
            "pull",
            centre=request.centre,
            device=request.device,
            appointments=len(changes.appointments),
            outcomes=len(changes.outcomes),
            cursor=changes.cursor,
            peers=len(changes.peers),
            more=changes.more,
        )
        return packing.pack(changes, CHANGES_TYPE, signer)

    def history(self, packed: bytes) -> bytes:
        """A ``HistoryRequest``, answered by a page of ``History``: a device's own records, to that device alone."""
        request, known = self._in_use(packed, HISTORY_REQUEST_TYPE, HistoryRequest)
        signer = self._signer(request.keys or known.keys)
        return packing.pack(self._histories.history(request), HISTORY_TYPE, signer)

    def confirm(self, packed: bytes) -> bytes:
        """A ``ConfirmRequest``, answered by a ``ConfirmReply``."""
        request, known = self._in_use(packed, CONFIRM_TYPE, ConfirmRequest)
        signer = self._signer(request.keys or known.keys)
        return packing.pack(self._confirmations.confirm(request), CONFIRMED_TYPE, signer)

    def _remember(self, request: PullRequest, cursor: int, known: _Known) -> None:
        """Up to where the device was told of people, if it is ever lost, and which of central's keys it knows."""
        now = self._clock()
        fresh = known.pulled_at is not None and known.pulled_at > now - _FRESH
        if fresh and (known.cursor, known.keys) == (cursor, request.keys):
            return
        this = (devices.c.centre == request.centre, devices.c.device == request.device)
        told = {"pulled_cursor": cursor, "pulled_at": now, "central_keys": request.keys}
        with self._database.write() as connection:
            connection.execute(update(devices).where(*this).values(told))

    def _authentic(self, packed: bytes, payload_type: str, kind: type[Request]) -> tuple[Request, _Known]:
        """The request, once the enrolled device of that centre, which it claims to be from, signed it."""
        try:
            signed = packing.unpack(packed)
            claimed = packing.peek(signed, _Claimed)
            known = self._device(claimed.centre, claimed.device)
            request = packing.verified(signed, payload_type, known.key, kind)
        except UnknownVersion as error:
            raise Refused("unknown_version", 400, "Central does not know this version. Update this machine.") from error
        except ProtocolError as error:
            raise Refused("unreadable_request", 400, "The request cannot be read.") from error
        except TrustError as error:
            raise Refused("bad_signature", 403, "The request was not signed by this machine.") from error
        return request, known

    def _in_use(self, packed: bytes, payload_type: str, kind: type[Request]) -> tuple[Request, _Known]:
        """The same of a machine that is in use: what else is asked, one that is out of use does not need (P.21)."""
        request, known = self._authentic(packed, payload_type, kind)
        if known.revoked_at is not None:
            raise Refused("device_revoked", 403, "This machine was taken out of use. Ask the district office.")
        return request, known

    def _signer(self, number: int) -> SigningKey:
        """The key by which a device that goes by this set knows central (P.17.4)."""
        signer = self._keys.signer_for(number)
        if signer is None:
            raise Refused(
                "keys_unknown",
                403,
                "Central's keys were changed while this machine was away. Its records are safe: take an enrolment file"
                " to it and run `vaccinator trust`.",
            )
        return signer

    def _device(self, centre: str, device: str) -> _Known:
        found = None
        if may_be_id(centre) and may_be_id(device):
            with self._database.read() as connection:
                found = connection.execute(
                    select(devices).where(devices.c.centre == centre, devices.c.device == device)
                ).one_or_none()
        if found is None:
            raise Refused("device_unknown", 403, "This machine is not enrolled at this centre.")
        told = (found.pulled_cursor, found.pulled_at)
        return _Known(bytes(found.signing_key), found.central_keys or 0, *told, found.revoked_at)
