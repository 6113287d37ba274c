"""People's certificates: the card to show, the keys it is verified by, and the list of those that stand no more
(DESIGN 8.3; C.1-C.5 of ``docs/certificates.md``).

A card is signed when it is fetched, from what stands then. When a dose gets or loses its certificate: ``certifying``.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, func, select

from vaccinator_app.central.certificates.certifying import Why as Why
from vaccinator_app.central.certificates.certifying import certify as certify
from vaccinator_app.central.certificates.certifying import certify_older as certify_older
from vaccinator_app.central.certificates.certifying import revoke as revoke
from vaccinator_app.central.citizens.login import Login
from vaccinator_app.central.clock import Clock
from vaccinator_app.central.database import Database
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.keyring.keys import Keys
from vaccinator_app.central.programme import find_formulary
from vaccinator_app.central.schema import centres, doses, mobiles, people, revoked_certificates
from vaccinator_app.reports.card_bundle import CardDose, Codes, card_bundle, is_covid19
from vaccinator_app.reports.certificate import Certificate
from vaccinator_app.trust.card_keys import (
    KeySet,
    StatusList,
    read_key_set,
    thumbprint,
    write_key_set,
    write_status_list,
)
from vaccinator_app.trust.health_card import COVID19, IMMUNIZATION, ONE_QR, sign
from vaccinator_app.trust.keys import CardKey

_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class _Found:
    """A certificate as it stands, before its card."""

    row: Any
    vaccine_name: str
    doses: int | None


class Certificates:
    """Fetches certificates for their owners, and publishes what verifiers need.

    ``issuer`` is central's public address, https and without a slash at its end: cards name it, and verifiers find keys
    and list below it. ``codes`` are the published codes of vaccines.
    """

    def __init__(
        self, database: Database, keys: Keys, clock: Clock, login: Login, issuer: str, codes: Codes | None = None
    ) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._login = login
        self._codes = codes or {}
        self._listed: tuple[int, tuple[str, ...]] = (0, ())
        self.issuer = issuer.rstrip("/")

    def of_citizen(self, token: str, certificate: str) -> Certificate:
        """One's own certificate with its card, ready to print.

        Raises ``Refused``: 401 without a session; 404 for one that is not, no more, or not of this mobile's people.
        """
        found = self._find(token, certificate)
        row = found.row
        return Certificate(
            certificate=certificate,
            name=row.name,
            year_of_birth=row.year_of_birth,
            gender=row.gender,
            photo_id=row.photo_id,
            photo_id_last4=row.photo_id_last4,
            vaccine_name=found.vaccine_name,
            dose=row.dose,
            doses=found.doses or row.dose,
            given_on=row.given_on,
            batch=row.batch,
            centre_name=row.centre_name,
            district=row.district,
            issued_at=row.certified_at.astimezone(ZoneInfo(row.time_zone)),
            issuer=self.issuer,
            card=self._sign(certificate, found),
        )

    def card(self, token: str, certificate: str) -> str:
        """One's own card alone, a compact JWS. Raises as ``of_citizen``."""
        return self._sign(certificate, self._find(token, certificate))

    def key_set(self) -> bytes:
        """The public keys of all cards that verify, as a JWK set (C.4.1)."""
        with self._database.read() as connection:
            revoked = self._revoked(connection)
        return write_key_set([key.public for key in self._card_keys()], self.issuer, 1 + len(revoked))

    def status_list(self, kid: str) -> bytes:
        """The revoked cards of one key (C.4.3). Raises ``Refused`` (404) for a key that is not in ``key_set``.

        Which key signed a card is not kept, so every list names all: a ``rid`` is of one card whatever the key.
        """
        if kid not in [thumbprint(key.public) for key in self._card_keys()]:
            raise Refused("key_unknown", 404, "There is no such key of certificates here.")
        with self._database.read() as connection:
            revoked = self._revoked(connection)
        return write_status_list(kid, revoked, 1 + len(revoked))

    def trusted(self) -> tuple[KeySet, list[StatusList]]:
        """The same as ``key_set`` and every ``status_list``, for a verifier in this very process."""
        with self._database.read() as connection:
            revoked = self._revoked(connection)
        version = 1 + len(revoked)
        keys = read_key_set(write_key_set([key.public for key in self._card_keys()], self.issuer, version))
        gone = dict.fromkeys(revoked)
        return keys, [StatusList(kid, version, gone) for kid in keys.keys]

    def _card_keys(self) -> tuple[CardKey, ...]:
        return self._keys.all_cards

    def _revoked(self, connection: Connection) -> tuple[str, ...]:
        """Every ``rid`` that was revoked. None is ever taken off, so their number tells whether there are new ones."""
        counting = select(func.count()).select_from(revoked_certificates)
        count = connection.execute(counting).scalar_one()
        known = self._listed
        if known[0] != count:
            names = connection.scalars(select(revoked_certificates.c.certificate)).all()
            known = self._listed = len(names), tuple(sorted(map(rid_of, names)))
        return known[1]

    def _find(self, token: str, certificate: str) -> _Found:
        with self._database.read() as connection:
            citizen = self._login.citizen(connection, token)
            row = _certified(connection, citizen.mobile_hash, certificate)
            if row is None:
                raise Refused("certificate_unknown", 404, "There is no such certificate under this mobile number.")
            product = find_formulary(connection).get(row.vaccine)
        if product is None:
            return _Found(row, row.vaccine, None)
        return _Found(row, product.name, product.doses)

    def _sign(self, certificate: str, found: _Found) -> str:
        row = found.row
        dose = CardDose(
            name=row.name,
            year_of_birth=row.year_of_birth,
            vaccine=row.vaccine,
            dose=row.dose,
            doses=found.doses,
            given_on=row.given_on,
            batch=row.batch,
            centre=row.centre,
            centre_name=row.centre_name,
        )
        card = self._card(dose, certificate, row.certified_at, short=False)
        # A long name of a centre gives way before the card outgrows one QR; the person's own never does.
        return card if len(card) <= ONE_QR else self._card(dose, certificate, row.certified_at, short=True)

    def _card(self, dose: CardDose, certificate: str, issued_at: datetime, *, short: bool) -> str:
        return sign(
            self._keys.cards,
            issuer=self.issuer,
            issued_at=issued_at,
            rid=rid_of(certificate),
            types=(IMMUNIZATION, COVID19) if is_covid19(dose.vaccine, self._codes) else (IMMUNIZATION,),
            bundle=card_bundle(dose, self._codes, short=short),
        )


def rid_of(certificate: str) -> str:
    """What a card and the list of revoked ones call a certificate: its 16 bytes in base64url, 22 characters (C.2.4)."""
    return base64.urlsafe_b64encode(bytes.fromhex(certificate)).rstrip(b"=").decode()


def _certified(connection: Connection, mobile_hash: bytes, certificate: str) -> Any:
    """A dose that stands with this certificate, of somebody under this mobile; None else."""
    if _ID.fullmatch(certificate) is None:
        return None
    theirs = and_(mobiles.c.beneficiary == doses.c.beneficiary, mobiles.c.mobile_hash == mobile_hash)
    return connection.execute(
        select(
            *(people.c.name, people.c.year_of_birth, people.c.gender, people.c.photo_id, people.c.photo_id_last4),
            *(doses.c.vaccine, doses.c.dose, doses.c.given_on, doses.c.batch, doses.c.centre, doses.c.certified_at),
            *(centres.c.name.label("centre_name"), centres.c.district, centres.c.time_zone),
        )
        .join_from(doses, people, people.c.beneficiary == doses.c.beneficiary)
        .join(mobiles, theirs)
        .join(centres, centres.c.centre == doses.c.centre)
        .where(doses.c.certificate == certificate, doses.c.voided_at.is_(None))
    ).one_or_none()
