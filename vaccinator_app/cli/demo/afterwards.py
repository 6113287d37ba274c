"""After the day, at home: everybody vaccinated fetches their certificate, and a verifier with no network reads it
(DESIGN 8.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from vaccinator_app.cli.demo.bookings import Booked
from vaccinator_app.cli.demo.people_at_home import AtHome
from vaccinator_app.reports.card_bundle import read_bundle
from vaccinator_app.trust.card_keys import read_key_set, read_status_list
from vaccinator_app.trust.errors import BadCard
from vaccinator_app.trust.health_card import verify

PAPERS = ("slip.pdf", "certificate.pdf", "certificate.txt", "keys.json", "revoked.json")
"""What a demo leaves of one person's papers, and of what a verifier needs."""


@dataclass(frozen=True, slots=True)
class Certified:
    """How many certificates were fetched and verified, and what was wrong, in words without a name."""

    verified: int
    faults: tuple[str, ...] = ()


def fetch_certificates(at_home: AtHome, people: Sequence[Booked], dosed: frozenset[str], out: Path) -> Certified:
    """Each of ``people`` asks for their doses; those whose appointment is in ``dosed`` must have a certificate that
    verifies and bears their name, the others none. The first one's is kept in ``out`` as PDF and as card, with the
    files that a verifier needs."""
    key_set = at_home.fetch("/.well-known/jwks.json")
    keys = read_key_set(key_set)
    lists = {kid: at_home.fetch(f"/.well-known/crl/{kid}.json") for kid in keys.keys}
    revoked = [read_status_list(data) for data in lists.values()]
    verified, faults = 0, []
    for person in people:
        found = at_home.certificates(person.mobile, person.name)
        if len(found) != (person.reference in dosed):
            faults.append(f"token {person.token} has {len(found)} certificates")
        for certificate in found:
            card = at_home.card(person.mobile, certificate)
            try:
                said = verify(card, [keys], revoked, datetime.now(UTC))
            except BadCard as error:
                faults.append(f"token {person.token}'s certificate does not verify: {error}")
                continue
            if not said.status_checked or read_bundle(said.bundle, {}).name != person.name:
                faults.append(f"token {person.token}'s certificate says something else")
            elif not verified:
                _keep(out, at_home.certificate_pdf(person.mobile, certificate), card, key_set, lists)
            verified += 1
    return Certified(verified, tuple(faults))


def _keep(out: Path, pdf: bytes, card: str, key_set: bytes, lists: dict[str, bytes]) -> None:
    (out / "certificate.pdf").write_bytes(pdf)
    (out / "certificate.txt").write_text(f"{card}\n", encoding="ascii")
    (out / "keys.json").write_bytes(key_set)
    (out / "revoked.json").write_bytes(next(iter(lists.values())))
