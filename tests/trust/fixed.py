"""Keys and certificates that never change, for tests that compare bytes. Nobody's real ones, as anybody can see."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from vaccinator_app.domain.people import Role
from vaccinator_app.trust.certificates import Certificate, Subject
from vaccinator_app.trust.keys import CardKey, HybridKey, SealingKey, SigningKey

CENTRE = "091001"

CENTRAL = SigningKey(bytes([1]) * 32)
IN_CHARGE = SigningKey(bytes([2]) * 32)
VACCINATOR = SigningKey(bytes([3]) * 32)
DEVICE = SigningKey(bytes([4]) * 32)
STRANGER = SigningKey(bytes([5]) * 32)

CODES = SealingKey(bytes([6]) * 32)
PEOPLE = HybridKey(bytes([7]) * 96)
STAFF_SEALING = SealingKey(bytes([8]) * 32)

CARDS = CardKey(bytes([9]) * 32)

ROSTER_KEY = bytes(range(32))

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

IN_CHARGE_CERTIFICATE = Certificate(
    subject=Subject.STAFF,
    id="s0000000000a1",
    centre=CENTRE,
    name="Sushila Devi",
    role=Role.IN_CHARGE,
    signing_key=IN_CHARGE.public,
    sealing_key=STAFF_SEALING.public,
    not_before=NOON - timedelta(days=100),
    not_after=NOON + timedelta(days=200),
)
VACCINATOR_CERTIFICATE = replace(
    IN_CHARGE_CERTIFICATE,
    id="s0000000000b2",
    name="रमेश कुमार",
    role=Role.VACCINATOR,
    signing_key=VACCINATOR.public,
    not_before=NOON - timedelta(days=10),
)
DEVICE_CERTIFICATE = replace(
    IN_CHARGE_CERTIFICATE,
    subject=Subject.DEVICE,
    id="dc5b940ed3f65",
    name="Desk 2",
    role=None,
    signing_key=DEVICE.public,
    sealing_key=b"",
)
