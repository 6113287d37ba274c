"""Who works at this centre, and what the in-charge does about it: add, disable, give a new passphrase, renew.

All of it works offline: the in-charge's key certifies, and central verifies the chain when the records come (DESIGN
5.3; P.7, P.18). What central certified itself, the in-charges, central alone takes back.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from vaccinator_app.desk import keys
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.walk_in import LONGEST_NAME, clean_name
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import Role, StaffMember
from vaccinator_app.domain.powers import Power
from vaccinator_app.domain.staff_events import RemovalReason, StaffAdded, StaffRemoved
from vaccinator_app.trust.certificates import CERTIFIED_BY_IN_CHARGE, Certificate, Subject, issue
from vaccinator_app.trust.keys import SealingKey, SigningKey, key_id
from vaccinator_app.trust.keyslot import KdfParameters
from vaccinator_app.vault.slots import Slots, check_passphrase

VALID = timedelta(days=366)
"""How long a colleague's certificate lasts before the in-charge renews it."""
ENDS_SOON = timedelta(days=30)
"""From when on the desk says that a certificate ends."""
BACKDATED = timedelta(hours=1)
"""A second machine's clock may be behind this one's."""
_KDF = KdfParameters()


class StaffAct(StrEnum):
    """What an in-charge may do about a colleague."""

    DISABLE = "disable"
    RESET = "reset"
    RENEW = "renew"


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """One person of the centre's staff, as this desk knows them.

    ``here``: they have a passphrase on this machine. ``removed_at`` and ``reason`` are set once none of their keys
    counts; ``certified_until`` is when the last that counts ends. ``by_central``: central certified them, and so alone
    takes that back. ``last_here`` is when they last signed in at this machine.
    """

    staff: str
    name: str
    role: Role
    here: bool
    me: bool
    by_central: bool
    certified_until: datetime
    removed_at: datetime | None = None
    reason: RemovalReason | None = None
    last_here: datetime | None = None


class Staff:
    """Each act is the in-charge's, durable when it returns; raises ``CannotDo`` before anything was written."""

    def __init__(self, place: Workplace) -> None:
        self._place = place

    def people(self) -> list[Colleague]:
        """Everybody who is or was certified at this centre: who counts first, in-charges before the others."""
        place = self._place
        removed, reasons = place.vault.certificates.removed(), self._reasons()
        here = {member.staff for member in Slots.read(place.home).people()}
        last = place.vault.ledger.last_of("signed_in")
        found = []
        for staff, chains in self._certified().items():
            counting = [chain for chain in chains if chain.certificate.keyid not in removed]
            newest = max(counting or chains, key=lambda chain: chain.certificate.not_after)
            gone = None if counting else max(removed[chain.certificate.keyid] for chain in chains)
            found.append(
                Colleague(
                    staff=staff,
                    name=newest.certificate.name,
                    role=newest.certificate.role or Role.VERIFIER,
                    here=staff in here,
                    me=staff == place.staff.staff,
                    by_central=newest.by_central,
                    certified_until=newest.certificate.not_after,
                    removed_at=gone,
                    reason=None if gone is None else reasons.get(staff, RemovalReason.CENTRAL),
                    last_here=last.get(staff),
                )
            )
        return sorted(found, key=_order)

    def ending(self) -> list[Colleague]:
        """Those whose certificate is over or ends within a month, the first to end first."""
        until = self._place.now() + ENDS_SOON
        found = [one for one in self.people() if one.removed_at is None and one.certified_until <= until]
        return sorted(found, key=lambda one: one.certified_until)

    def why_not(self, staff: str, act: StaffAct) -> Message | None:
        """Why this cannot be done about ``staff`` now; None when it can."""
        if not self._place.may(Power.MANAGE_STAFF):
            return Message.of("staff.only_in_charge")
        everybody = {one.staff: one for one in self.people()}
        one = everybody.get(staff)
        if one is None:
            return Message.of("staff.unknown")
        if act is StaffAct.DISABLE:
            return _why_not_disable(one, everybody.values())
        if one.by_central or one.role not in CERTIFIED_BY_IN_CHARGE:
            key = "staff.reset_by_central" if act is StaffAct.RESET else "staff.central_certifies"
            return Message(key, {"name": one.name})
        if act is StaffAct.RENEW and one.removed_at is not None:
            return Message.of("staff.removed_already", name=one.name)
        return None

    def warns(self, staff: str, act: StaffAct) -> Message | None:
        """What somebody ought to know before they do this; None when there is nothing."""
        one = next((one for one in self.people() if one.staff == staff), None)
        if one is None or not one.by_central or act is not StaffAct.DISABLE:
            return None
        return Message.of("staff.district_decides", name=one.name)

    def add(self, name: str, role: Role, passphrase: str, kdf: KdfParameters = _KDF) -> StaffMember:
        """Certify somebody new and give them a slot on this machine.

        Certificate and record come first, so that a slot never opens for somebody whose records central would refuse.
        Refused for a name that is none or that a colleague has: people choose themselves by name. Raises ``VaultError``
        for a passphrase that will not do.
        """
        self._place.require(Power.MANAGE_STAFF)
        self._clock_will_do()
        if role not in CERTIFIED_BY_IN_CHARGE:
            raise CannotDo(Message.of("staff.only_central_adds"))
        member = StaffMember(staff=f"s{secrets.token_hex(6)}", name=self._free(name), role=role)
        check_passphrase(passphrase)
        self._let_in(member, passphrase, kdf)
        return member

    def disable(self, staff: str, reason: RemovalReason) -> None:
        """Their keys count no more and open nothing here; what they recorded stands (DESIGN 5.3).

        Of somebody whom central certified the slot here goes, and the district decides about the rest.
        """
        self._allowed(staff, StaffAct.DISABLE)
        if reason not in (RemovalReason.LEFT, RemovalReason.LENT):
            raise CannotDo(Message.of("staff.why"))
        keys.take_back(self._place, staff, self._counting(staff), reason)

    def reset(self, staff: str, passphrase: str, kdf: KdfParameters = _KDF) -> StaffMember:
        """New keys under a new passphrase for the same person; those that they had on this machine count no more.

        For somebody who works at another machine of the centre it is their first passphrase here, and for somebody
        who was disabled the way back.
        """
        one = self._allowed(staff, StaffAct.RESET)
        self._clock_will_do()
        check_passphrase(passphrase)
        here = {holder.keyid for holder in Slots.read(self._place.home).holders() if holder.staff == staff}
        # a slot of an earlier version does not say whose key it holds: then none of theirs counts any more
        old = [keyid for keyid in self._counting(staff) if here & {keyid, ""}]
        if old:
            keys.take_back(self._place, staff, old, RemovalReason.RESET)
        member = StaffMember(staff=staff, name=one.name, role=one.role)
        self._let_in(member, passphrase, kdf)
        return member

    def renew(self, staff: str) -> None:
        """A certificate for the same keys, for another year; whoever it is need not be there."""
        one = self._allowed(staff, StaffAct.RENEW)
        self._clock_will_do()
        member = StaffMember(staff=staff, name=one.name, role=one.role)
        for certificate in self._place.vault.certificates.counting():
            if certificate.id == staff:
                self._certify(member, certificate.signing_key, certificate.sealing_key)

    # Within

    def _allowed(self, staff: str, act: StaffAct) -> Colleague:
        self._place.require(Power.MANAGE_STAFF)
        refused = self.why_not(staff, act)
        if refused is not None:
            raise CannotDo(refused)
        return next(one for one in self.people() if one.staff == staff)

    def _clock_will_do(self) -> None:
        """By a clock of long ago a certificate would be over before that of whoever signs it begins."""
        mine = self._place.vault.certificates.find(key_id(self._place.signing_key.public))
        if mine is not None and mine.not_before > self._place.now():
            raise CannotDo(Message.of("staff.clock"))

    def _free(self, name: str) -> str:
        cleaned = clean_name(name)
        if not cleaned:
            raise CannotDo(Message.of("walk_in.name_missing"))
        if len(cleaned) > LONGEST_NAME:
            raise CannotDo(Message.of("walk_in.name_long", most=LONGEST_NAME))
        for other in self.people():
            if other.removed_at is None and other.name.casefold() == cleaned.casefold():
                # an in-charge of another machine has no key here by anybody's word but central's
                elsewhere = "staff.name_in_charge" if other.by_central else "staff.name_elsewhere"
                raise CannotDo(Message("staff.name_taken" if other.here else elsewhere, {"name": other.name}))
        return cleaned

    def _let_in(self, member: StaffMember, passphrase: str, kdf: KdfParameters) -> None:
        signing_key, sealing_key = SigningKey.generate(), SealingKey.generate()
        self._certify(member, signing_key.public, sealing_key.public)
        keys.give_slot(self._place, member, signing_key, sealing_key, passphrase, kdf)

    def _certify(self, member: StaffMember, signing_key: bytes, sealing_key: bytes) -> None:
        place = self._place
        now = place.now()
        certificate = Certificate(
            subject=Subject.STAFF,
            id=member.staff,
            centre=place.vault.identity.centre,
            name=member.name,
            role=member.role,
            signing_key=signing_key,
            sealing_key=sealing_key,
            not_before=now - BACKDATED,
            not_after=now + VALID,
        )
        envelope = issue(certificate, place.signing_key).to_json()
        own = place.vault.certificates.chain(key_id(place.signing_key.public))
        place.vault.certificates.add([envelope, *own])
        place.record(StaffAdded(staff=member.staff, certificate=envelope))

    def _certified(self) -> dict[str, list[_Chain]]:
        certificates = self._place.vault.certificates
        found: dict[str, list[_Chain]] = {}
        for chain in certificates.sound():
            certificate = certificates.read(chain)
            found.setdefault(certificate.id, []).append(_Chain(certificate, by_central=len(chain) == 1))
        return found

    def _counting(self, staff: str) -> list[str]:
        return [one.keyid for one in self._place.vault.certificates.counting() if one.id == staff]

    def _reasons(self) -> dict[str, RemovalReason]:
        found = {}
        for _, _, _, body in self._place.vault.ledger.of_kind(StaffRemoved.KIND):
            if isinstance(body, StaffRemoved):
                found[body.staff] = body.reason
        return found


@dataclass(frozen=True, slots=True)
class _Chain:
    certificate: Certificate
    by_central: bool


_RANKS = (Role.IN_CHARGE, Role.VACCINATOR, Role.VERIFIER)


def _order(one: Colleague) -> tuple[bool, int, str, str]:
    return one.removed_at is not None, _RANKS.index(one.role), one.name.casefold(), one.staff


def _why_not_disable(one: Colleague, everybody: Iterable[Colleague]) -> Message | None:
    if one.removed_at is not None:
        return Message.of("staff.removed_already", name=one.name)
    others = [
        other
        for other in everybody
        if other.here and other.role is Role.IN_CHARGE and other.removed_at is None and other.staff != one.staff
    ]
    if one.role is Role.IN_CHARGE and not others:
        return Message.of("staff.last_in_charge")
    return Message.of("staff.not_yourself", name=others[0].name) if one.me else None
