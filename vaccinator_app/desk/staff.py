"""The in-charge adds a colleague, also offline: their key certifies the new one (DESIGN 5.3)."""

from __future__ import annotations

import secrets
from datetime import timedelta

from vaccinator_app.desk import keys
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.walk_in import LONGEST_NAME, clean_name
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import Role, StaffMember
from vaccinator_app.domain.staff_events import StaffAdded
from vaccinator_app.trust.certificates import Certificate, Subject, issue
from vaccinator_app.trust.keys import SealingKey, SigningKey
from vaccinator_app.trust.keyslot import KdfParameters
from vaccinator_app.vault.slots import Slots, check_passphrase

VALID = timedelta(days=366)
"""How long a colleague's certificate lasts before the in-charge renews it."""


def add_vaccinator(place: Workplace, name: str, passphrase: str, kdf: KdfParameters) -> StaffMember:
    """Certify a new vaccinator and give them a slot on this machine. Only central certifies an in-charge (P.7.2).

    Certificate and event come first, so that a slot never opens for somebody whose records central would refuse.
    Raises ``CannotDo`` for anybody but an in-charge, and for a name that is none or that a colleague has: people choose
    themselves by name.
    """
    if place.staff.role is not Role.IN_CHARGE:
        raise CannotDo(Message.of("staff.only_in_charge"))
    cleaned = clean_name(name)
    if not cleaned:
        raise CannotDo(Message.of("walk_in.name_missing"))
    if len(cleaned) > LONGEST_NAME:
        raise CannotDo(Message.of("walk_in.name_long", most=LONGEST_NAME))
    if cleaned.casefold() in (other.name.casefold() for other in Slots.read(place.home).people()):
        raise CannotDo(Message.of("staff.name_taken", name=cleaned))
    check_passphrase(passphrase)
    member = StaffMember(staff=f"s{secrets.token_hex(6)}", name=cleaned, role=Role.VACCINATOR)
    signing_key, sealing_key = SigningKey.generate(), SealingKey.generate()
    now = place.now()
    certificate = Certificate(
        subject=Subject.STAFF,
        id=member.staff,
        centre=place.vault.identity.centre,
        name=cleaned,
        role=Role.VACCINATOR,
        signing_key=signing_key.public,
        sealing_key=sealing_key.public,
        # A little before now: a second machine's clock may be behind this one's.
        not_before=now - timedelta(hours=1),
        not_after=now + VALID,
    )
    envelope = issue(certificate, place.signing_key).to_json()
    own = place.vault.certificates.chain_of(place.staff.staff)
    place.vault.certificates.add([envelope, *own])
    place.record(StaffAdded(staff=member.staff, certificate=envelope))
    keys.give_slot(place, member, signing_key, sealing_key, passphrase, kdf)
    return member
