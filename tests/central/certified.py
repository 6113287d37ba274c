"""Certificates around the simulated central: fetched as their owner, verified as a stranger does."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from tests.central.machine import Desk
from tests.central.support import World
from vaccinator_app.central import schema
from vaccinator_app.central.certificates.certificates import Certificates
from vaccinator_app.central.certificates.verifying import Verifying
from vaccinator_app.cli.resources import resources_folder
from vaccinator_app.domain.events import DoseGiven, OverrideGranted, OverrideReason, Proof, ProofKind
from vaccinator_app.protocol.messages import CertificateState, Receipt
from vaccinator_app.reports.materials import Materials
from vaccinator_app.trust.card_keys import read_key_set, read_status_list
from vaccinator_app.trust.health_card import Verified, verify

ISSUER = "https://central.example"
PHONE = "9876543210"
W1 = "W0123456789abcdef"
CODES = Materials(resources_folder()).vaccine_codes()


def certificates(world: World, issuer: str = ISSUER) -> Certificates:
    home = world.home
    return Certificates(home.database, home.keys, world.clock, world.login, issuer, CODES)


def verifying(world: World) -> Verifying:
    return Verifying(world.home.database, certificates(world), world.clock, CODES)


def states(receipt: Receipt) -> dict[int, CertificateState]:
    return {outcome.seq: outcome.certificate for outcome in receipt.outcomes}


def ids(world: World) -> dict[int, str]:
    """The certificate of every dose that has one, by ``seq``."""
    found = select(schema.doses.c.seq, schema.doses.c.certificate).where(schema.doses.c.certificate.is_not(None))
    with world.home.database.read() as connection:
        return {row.seq: row.certificate for row in connection.execute(found)}


def revoked(world: World) -> dict[str, str]:
    """Why each certificate stands no more."""
    with world.home.database.read() as connection:
        rows = connection.execute(select(schema.revoked_certificates))
        return {row.certificate: row.why for row in rows}


def checked(world: World, card: str, now: datetime | None = None) -> Verified:
    """What a stranger makes of a card with nothing but what central publishes."""
    source = certificates(world)
    keys = read_key_set(source.key_set())
    lists = [read_status_list(source.status_list(kid)) for kid in keys.keys]
    return verify(card, [keys], lists, now or world.clock())


def given(world: World, desk: Desk, phone: str = PHONE, **changes: Any) -> DoseGiven:
    """A dose with the right code, as the last record of the ledger."""
    dose = desk.dose(world.book(phone, **changes))
    desk.record(dose)
    desk.push(desk.ledger[-1:])
    # Delivered now: messages of one moment have no order among them, and this clock stands still.
    world.drain.run()
    return dose


def overridden(world: World, desk: Desk, phone: str = PHONE) -> DoseGiven:
    """A dose on an in-charge's word, as the last record of the ledger; not pushed yet."""
    booked = world.book(phone)
    desk.record(OverrideGranted(appointment=booked.reference, reason=OverrideReason.SLIP_LOST))
    dose = desk.dose(booked, proof=Proof(how=ProofKind.OVERRIDE, seq=desk.seq - 1))
    desk.record(dose)
    return dose


def decide(world: World, act: Any, *about: Any) -> Any:
    with world.home.database.write() as connection:
        return act(connection, *about)


def one_of(world: World, phone: str = PHONE) -> tuple[Certificates, str, str]:
    """Where to fetch from, a session of the phone's, and the only certificate there is."""
    (certificate,) = ids(world).values()
    return certificates(world), world.sign_in(phone), certificate
