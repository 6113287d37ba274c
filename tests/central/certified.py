"""Certificates around the simulated central: fetched as their owner, verified as a stranger does."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from tests.central.support import World
from vaccinator_app.central import schema
from vaccinator_app.central.certificates import Certificates
from vaccinator_app.central.verifying import Verifying
from vaccinator_app.cli.resources import resources_folder
from vaccinator_app.protocol.messages import CertificateState, Receipt
from vaccinator_app.reports.materials import Materials
from vaccinator_app.trust.card_keys import read_key_set, read_status_list
from vaccinator_app.trust.health_card import Verified, verify

ISSUER = "https://central.example"
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
