"""A walk-in's details on their way to central, never stored on the desk as a whole (DESIGN 4.6, 5.5)."""

from __future__ import annotations

import msgspec

from vaccinator_app.domain.people import Gender, PhotoId
from vaccinator_app.protocol.errors import UNREADABLE, ProtocolError


class WalkInDetails(msgspec.Struct, frozen=True, kw_only=True):
    """What central needs to send the certificate. ``mobile`` is whole here and nowhere else; empty for none."""

    name: str
    year_of_birth: int
    gender: Gender
    photo_id: PhotoId
    photo_id_last4: str
    mobile: str


def write_details(details: WalkInDetails) -> bytes:
    """The bytes to seal."""
    return msgspec.json.encode(details)


def read_details(data: bytes) -> WalkInDetails:
    """What was sealed; ``ProtocolError`` when it does not fit."""
    try:
        return msgspec.json.decode(data, type=WalkInDetails)
    except UNREADABLE as error:
        raise ProtocolError("a walk-in's details do not fit") from error
