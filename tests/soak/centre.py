"""The centre before the doors open: central's home, its sessions and batches, and the people who book."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tests.central.support import BOUNDLESS, Clock
from tests.soak import plan
from tests.soak.machine import FIRST, SECOND
from tests.support.central import PASSPHRASE
from tests.support.desk import vaccines
from vaccinator_app.central.citizens.booking import Booked, BookingForm, Bookings
from vaccinator_app.central.citizens.login import Login, mobile_hash
from vaccinator_app.central.operations import admin
from vaccinator_app.central.operations.admin import Home
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.domain.stock import Batch
from vaccinator_app.vault.slots import Slots
from vaccinator_app.vault.vault import Vault

CENTRE = "100001"
A_MOBILE = 4


def made(folder: Path, clock: Clock, days: Sequence[date], people: int, url: str | None) -> Home:
    """A central with one centre, a session of all slots on each of ``days``, and two batches."""
    admin.init(folder, clock, vaccines(), url=url)
    home = admin.open_home(folder, url=url)
    admin.add_centre(home, CENTRE, "PHC Rampur", "Rampur")
    for day in days:
        admin.add_session(home, CENTRE, day, "covishield", starts=plan.OPENS, count=plan.SLOTS, capacity=people)
    for name, years in ((FIRST, 1), (SECOND, 2)):
        expiry = date(days[0].year + years, 12, 31)
        admin.allot_batch(home, CENTRE, Batch(vaccine="covishield", batch=name, expiry=expiry, doses_per_vial=10))
    return home


@dataclass(slots=True)
class Public:
    """People nobody has seen before, who book through central's own booking."""

    home: Home
    clock: Clock
    people: int = 0

    def book(self, day: date, people: int) -> list[Booked]:
        """Four to a mobile, in the order of their slots. Whose mobile it is was proven before."""
        login = Login(self.home.database, self.home.keys, self.clock, BOUNDLESS)
        bookings = Bookings(self.home.database, self.home.keys, self.clock, login)
        found, token = [], ""
        for number in range(people):
            if number % A_MOBILE == 0:
                token = self._signed_in(login)
            form = BookingForm(
                name=f"Sunita Kumari {self.people}", year_of_birth=1960 + self.people % 40, gender="woman",
                photo_id_type="aadhaar", photo_id_number=f"4444{self.people:08d}", vaccine="covishield", dose=1,
                centre=CENTRE, date=day.isoformat(), slot=f"{plan.slot_of(number, people):%H:%M}",
            )  # fmt: skip
            found.append(bookings.book(token, form))
            self.people += 1
        return found

    def _signed_in(self, login: Login) -> str:
        mobile = f"98{self.people:08d}"
        with self.home.database.write() as connection:
            whose = mobile_hash(self.home.keys.cupboard, mobile)
            return login._open(connection, mobile, whose, None, self.clock.now).token


@contextmanager
def vault_of(unlock: Unlock) -> Iterator[Vault]:
    """A desk's vault as it lies there. Nobody signs in, which would be one more record."""
    unlocked = Slots.read(unlock._home).unlock(unlock.people()[0].staff, PASSPHRASE)
    vault = Vault.open(unlock._home, unlocked.database_key)
    try:
        yield vault
    finally:
        vault.close()
