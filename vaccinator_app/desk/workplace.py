"""The desk while one named person is signed in: what every act stands on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from vaccinator_app.desk.clock import Clock
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.domain.appointment import Appointment
from vaccinator_app.domain.events import Body
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import Role, StaffMember
from vaccinator_app.domain.powers import Power, may, may_record
from vaccinator_app.domain.vaccines import Formulary
from vaccinator_app.domain.visits import Visit
from vaccinator_app.trust.keys import SigningKey, key_id
from vaccinator_app.vault.ledger import Author, Moment, Saved
from vaccinator_app.vault.standing import Anchor
from vaccinator_app.vault.vault import Vault

_WHO_MAY: Mapping[Power, Message] = {
    Power.VACCINATE: Message.of("may.vaccinate"),
    Power.HANDLE_STOCK: Message.of("may.handle_stock"),
    Power.TRANSFER_STOCK: Message.of("stock.only_in_charge"),
    Power.OVERRIDE: Message.of("override.only_in_charge"),
    Power.ASK_PERSON: Message.of("may.ask_person"),
    Power.SETTLE: Message.of("reconcile.only_in_charge"),
    Power.CLOSE_DAY: Message.of("reconcile.only_in_charge"),
    Power.MANAGE_STAFF: Message.of("staff.only_in_charge"),
    Power.AUDIT: Message.of("may.audit"),
    Power.MANAGE_MACHINE: Message.of("may.manage_machine"),
}
"""Who does what this person may not; what is not here, everybody may, or only somebody else's records stand against."""


@dataclass(frozen=True, slots=True)
class Times:
    """What is known of the time beside the wall clock (DESIGN 3.3). ``floor`` has come for sure. The clock is measured
    by ``base``: it should say just that when ``exact``, at least that otherwise."""

    floor: Anchor
    base: Anchor
    exact: bool


def since(anchor: Anchor, clock: Clock) -> datetime:
    """The moment now, going by ``anchor`` and by how long the machine has run since; ``anchor`` 's own after a boot."""
    if anchor.boot != clock.boot():
        return anchor.at
    return anchor.at + timedelta(milliseconds=clock.uptime_ms() - anchor.uptime_ms)


@dataclass(slots=True, kw_only=True)
class Workplace:
    """The folder of the vault, the opened vault, who is signed in with their own key, the vaccines and a clock.

    ``disagreement`` is set once central holds another history than this desk; from then on nothing is recorded
    (DESIGN 7.4).
    """

    home: Path
    vault: Vault
    staff: StaffMember
    signing_key: SigningKey
    formulary: Formulary
    clock: Clock
    disagreement: Message | None = None
    clock_words: Message | None = None
    """That the machine's clock is off, and what to do; None while nothing speaks against it."""
    file_words: Message | None = None
    """That the vault's file was not the one that was closed, until the desk locks."""
    times: Times | None = None
    next_key: bytes | None = field(default=None, repr=False)
    """The database key that the vault is changing to, while it is (``desk.keys``)."""
    rekey_waits: Message | None = None
    """That the database key is yet to be changed, and why; None when it is not."""
    certified_until: datetime | None = None
    """How long the certificate of whoever is signed in lasts, once it was read: that it holds, nothing takes back."""
    on_table: dict[str, str] = field(default_factory=dict)
    """The batch each vaccine is drawn from until somebody chooses another."""

    def now(self) -> datetime:
        """The wall clock in the centre's zone."""
        return self.clock.now()

    def today(self) -> date:
        """The session day at the centre."""
        return self.clock.now().date()

    def latest(self) -> datetime:
        """The latest moment that is known to have come, whatever the wall clock says: leases go by it (DESIGN 5.6)."""
        now = self.clock.now()
        return now if self.times is None else max(now, since(self.times.floor, self.clock).astimezone(now.tzinfo))

    def may(self, power: Power) -> bool:
        """Whether whoever is signed in may do this (``domain.powers``)."""
        return may(self.staff.role, power)

    def require(self, power: Power) -> None:
        """Raise ``CannotDo``, with one sentence that says who may, when whoever is signed in may not, or no more."""
        if not self.may(power):
            raise CannotDo(_WHO_MAY.get(power, Message.of("staff.only_in_charge")))
        over = self.certificate_over()
        if over is not None and power is not Power.USE_DESK:
            raise CannotDo(over)

    def certificate_over(self) -> Message | None:
        """That the certificate of whoever is signed in has ended, and who renews it; None while it holds. Central
        refuses what is recorded under it from then on (P.3.5)."""
        if self.certified_until is not None and self.now() <= self.certified_until:
            return None
        found = self.vault.certificates.find(key_id(self.signing_key.public))
        if found is None:
            return None
        self.certified_until = found.not_after
        if self.now() <= found.not_after:
            return None
        ended = found.not_after.astimezone(self.now().tzinfo).date()
        if found.role is Role.IN_CHARGE:
            return Message.of("staff.certificate_over_central", day=ended)
        return Message.of("staff.certificate_over", day=ended)

    def record(
        self,
        *bodies: Body,
        drop_draft: str | None = None,
        keep_draft: tuple[str, bytes] | None = None,
        person: Appointment | None = None,
        expect: Visit | None = None,
    ) -> list[Saved]:
        """Append events in one transaction, signed by this person; returns once they are durable (DESIGN 3.6).

        ``drop_draft``, ``keep_draft``, ``person`` and ``expect`` as for ``vault.ledger.append``.

        Raises ``CannotDo`` when recording has stopped, ``VaultError`` when the disk does not take them.
        """
        if self.disagreement is not None:
            raise CannotDo(self.disagreement)
        for body in bodies:
            # Each room has asked before; that none forgets is seen to here, where every record goes by.
            if not may_record(self.staff.role, body):
                raise CannotDo(Message.of("may.not_yours"))
        moment = Moment(at=self.clock.now(), boot=self.clock.boot(), uptime_ms=self.clock.uptime_ms())
        author = Author(staff=self.staff.staff, key=self.signing_key)
        return self.vault.ledger.append(
            moment, author, bodies, drop_draft=drop_draft, keep_draft=keep_draft, person=person, expect=expect
        )
