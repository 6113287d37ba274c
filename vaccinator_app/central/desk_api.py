"""Central's side of the protocol with desks: packed bytes in, packed signed bytes out (DESIGN 7; P.9-P.11, P.13).

The same object answers over HTTP (``app``) and, in tests, stands directly behind the engine's ``Central`` port.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec
from sqlalchemy import select

from vaccinator_app.central import log
from vaccinator_app.central.clock import Clock
from vaccinator_app.central.confirm import Confirmations
from vaccinator_app.central.crew import Crew
from vaccinator_app.central.database import Database
from vaccinator_app.central.enrolment import Enrolment
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.intake import Intake
from vaccinator_app.central.keys import Keys
from vaccinator_app.central.roster import Roster
from vaccinator_app.central.rows import may_be_id
from vaccinator_app.central.schema import devices
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.errors import ProtocolError, UnknownVersion
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

Request = TypeVar("Request", PushRequest, PullRequest, ConfirmRequest)


class _Claimed(msgspec.Struct):
    """Who a request says it is from: enough to look up the key it must be signed with."""

    centre: str
    device: str


class DeskApi:
    """Everything a desk asks of central. Each call raises ``Refused`` and then has changed nothing."""

    def __init__(self, database: Database, keys: Keys, clock: Clock, crew: Crew | None = None) -> None:
        self._database = database
        self._keys = keys
        self._enrolment = Enrolment(database, keys, clock)
        self._intake = Intake(database, keys, clock, crew or Crew(keys))
        self._roster = Roster(database, keys, clock)
        self._confirmations = Confirmations(database, keys, clock)

    def enrol(self, packed: bytes) -> bytes:
        """An ``EnrolmentRequest``, answered by an ``EnrolmentReply``."""
        return self._enrolment.enrol(packed)

    def push(self, packed: bytes) -> bytes:
        """A ``PushRequest``, answered by a ``Receipt``."""
        request = self._authentic(packed, PUSH_TYPE, PushRequest)
        size = sum(len(record.payload) for record in request.records)
        # One record over the limit still passes alone: a desk could not send it otherwise.
        if len(request.records) > MAX_BATCH_RECORDS or (size > MAX_BATCH_BYTES and len(request.records) > 1):
            raise Refused("batch_too_large", 413, "The batch is larger than central takes at once.")
        return packing.pack(self._intake.push(request), RECEIPT_TYPE, self._keys.signing)

    def pull(self, packed: bytes) -> bytes:
        """A ``PullRequest``, answered by a page of ``Changes``."""
        request = self._authentic(packed, PULL_TYPE, PullRequest)
        changes = self._roster.changes(request)
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
        return packing.pack(changes, CHANGES_TYPE, self._keys.signing)

    def confirm(self, packed: bytes) -> bytes:
        """A ``ConfirmRequest``, answered by a ``ConfirmReply``."""
        request = self._authentic(packed, CONFIRM_TYPE, ConfirmRequest)
        return packing.pack(self._confirmations.confirm(request), CONFIRMED_TYPE, self._keys.signing)

    def _authentic(self, packed: bytes, payload_type: str, kind: type[Request]) -> Request:
        """The request, once the enrolled device of that centre, which it claims to be from, signed it."""
        try:
            signed = packing.unpack(packed)
            claimed = packing.peek(signed, _Claimed)
            key = self._device_key(claimed.centre, claimed.device)
            request = packing.verified(signed, payload_type, key, kind)
        except UnknownVersion as error:
            raise Refused("unknown_version", 400, "Central does not know this version. Update this machine.") from error
        except ProtocolError as error:
            raise Refused("unreadable_request", 400, "The request cannot be read.") from error
        except TrustError as error:
            raise Refused("bad_signature", 403, "The request was not signed by this machine.") from error
        return request

    def _device_key(self, centre: str, device: str) -> bytes:
        found = None
        if may_be_id(centre) and may_be_id(device):
            with self._database.read() as connection:
                found = connection.execute(
                    select(devices.c.signing_key, devices.c.revoked_at).where(
                        devices.c.centre == centre, devices.c.device == device
                    )
                ).one_or_none()
        if found is None:
            raise Refused("device_unknown", 403, "This machine is not enrolled at this centre.")
        if found.revoked_at is not None:
            raise Refused("device_revoked", 403, "This machine was taken out of use. Ask the district office.")
        return bytes(found.signing_key)
