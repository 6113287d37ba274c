"""Two of the staff with their keys and passphrases, and a clock, for the tests of slots."""

from __future__ import annotations

from tests.vault.given import IDENTITY
from vaccinator_app.domain.people import Role, StaffMember
from vaccinator_app.trust.keys import SealingKey, SigningKey

DEVICE = IDENTITY.device
SUSHILA = StaffMember(staff="s1", name="Sushila Devi", role=Role.IN_CHARGE)
RAMESH = StaffMember(staff="s2", name="रमेश कुमार", role=Role.VACCINATOR)
KEYS = {member.staff: (SigningKey.generate(), SealingKey.generate()) for member in (SUSHILA, RAMESH)}
NEXT = bytes(range(200, 232))
ASHA = StaffMember(staff="s3", name="Asha", role=Role.VACCINATOR)
WORDS = {"s1": "neem leaf tea", "s2": "गरम चाय पीना"}


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now
