"""A chain proves who holds a key, up to central, for this centre, now; anything else is refused (P.7)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.trust import fixed
from vaccinator_app.domain.people import Role
from vaccinator_app.trust.certificates import CERTIFICATE_TYPE, Certificate, Subject, issue, read, verify_chain
from vaccinator_app.trust.dsse import Envelope
from vaccinator_app.trust.errors import BadCertificate
from vaccinator_app.trust.keys import key_id

CENTRAL = fixed.CENTRAL
IN_CHARGE = issue(fixed.IN_CHARGE_CERTIFICATE, CENTRAL)
VACCINATOR = issue(fixed.VACCINATOR_CERTIFICATE, fixed.IN_CHARGE)
DEVICE = issue(fixed.DEVICE_CERTIFICATE, CENTRAL)
SECOND = timedelta(seconds=1)


def verify(
    *chain: Envelope,
    root: bytes = CENTRAL.public,
    subject: Subject = Subject.STAFF,
    centre: str = fixed.CENTRE,
    at: datetime = fixed.NOON,
) -> Certificate:
    return verify_chain(chain, root, subject=subject, centre=centre, at=at)


def refuse(*chain: Envelope, why: str, **how: object) -> None:
    with pytest.raises(BadCertificate, match=why):
        verify(*chain, **how)  # type: ignore[arg-type]


def test_good_chains_hold() -> None:
    assert verify(VACCINATOR, IN_CHARGE) == fixed.VACCINATOR_CERTIFICATE
    assert verify(IN_CHARGE) == fixed.IN_CHARGE_CERTIFICATE
    assert verify(DEVICE, subject=Subject.DEVICE) == fixed.DEVICE_CERTIFICATE


def test_a_certificate_names_its_key() -> None:
    assert fixed.VACCINATOR_CERTIFICATE.keyid == key_id(fixed.VACCINATOR.public)


def test_central_may_certify_a_vaccinator_itself() -> None:
    assert verify(issue(fixed.VACCINATOR_CERTIFICATE, CENTRAL)).role is Role.VACCINATOR


def test_wrong_issuer() -> None:
    refuse(issue(fixed.VACCINATOR_CERTIFICATE, fixed.STRANGER), IN_CHARGE, why="not signed by its issuer")
    refuse(VACCINATOR, DEVICE, why="the issuer is not an in-charge")


def test_unknown_root() -> None:
    refuse(VACCINATOR, IN_CHARGE, why="not signed by its issuer", root=fixed.STRANGER.public)
    refuse(VACCINATOR, why="not signed by its issuer")
    refuse(IN_CHARGE, why="not signed by its issuer", root=fixed.IN_CHARGE.public)


def test_a_vaccinator_certifies_nobody() -> None:
    by_central = issue(fixed.VACCINATOR_CERTIFICATE, CENTRAL)
    friend = issue(replace(fixed.VACCINATOR_CERTIFICATE, id="s9"), fixed.VACCINATOR)
    refuse(friend, by_central, why="the issuer is not an in-charge")


def test_a_device_certifies_nobody() -> None:
    refuse(issue(fixed.VACCINATOR_CERTIFICATE, fixed.DEVICE), DEVICE, why="the issuer is not an in-charge")


def test_an_in_charge_certifies_vaccinators_only() -> None:
    refuse(issue(fixed.DEVICE_CERTIFICATE, fixed.IN_CHARGE), IN_CHARGE, why="only central", subject=Subject.DEVICE)
    deputy = issue(replace(fixed.IN_CHARGE_CERTIFICATE, id="s9", signing_key=fixed.STRANGER.public), fixed.IN_CHARGE)
    refuse(deputy, IN_CHARGE, why="only central")


def test_no_chain_is_longer_than_two_or_empty() -> None:
    refuse(VACCINATOR, IN_CHARGE, IN_CHARGE, why="one or two links")
    refuse(why="one or two links")


def test_a_loop_leads_nowhere() -> None:
    mutual = issue(replace(fixed.IN_CHARGE_CERTIFICATE, signing_key=fixed.STRANGER.public), fixed.IN_CHARGE)
    back = issue(fixed.IN_CHARGE_CERTIFICATE, fixed.STRANGER)
    refuse(mutual, back, why="not signed by its issuer")
    refuse(issue(fixed.IN_CHARGE_CERTIFICATE, fixed.IN_CHARGE), why="not signed by its issuer")


def test_the_order_of_a_chain_is_its_own_first() -> None:
    refuse(IN_CHARGE, VACCINATOR, why="not signed by its issuer")


@pytest.mark.parametrize("link", [0, 1])
def test_another_centre(link: int) -> None:
    staff, boss = fixed.VACCINATOR_CERTIFICATE, fixed.IN_CHARGE_CERTIFICATE
    if link == 0:
        staff = replace(staff, centre="091002")
    else:
        boss = replace(boss, centre="091002")
    refuse(issue(staff, fixed.IN_CHARGE), issue(boss, CENTRAL), why="for another centre")


def test_asking_for_another_centre() -> None:
    refuse(VACCINATOR, IN_CHARGE, why="for another centre", centre="091002")


def test_dates_of_the_first_link() -> None:
    first, last = fixed.VACCINATOR_CERTIFICATE.not_before, fixed.VACCINATOR_CERTIFICATE.not_after
    assert verify(VACCINATOR, IN_CHARGE, at=first) == fixed.VACCINATOR_CERTIFICATE
    assert verify(VACCINATOR, IN_CHARGE, at=last) == fixed.VACCINATOR_CERTIFICATE
    refuse(VACCINATOR, IN_CHARGE, why="not valid at this time", at=first - SECOND)
    refuse(VACCINATOR, IN_CHARGE, why="not valid at this time", at=last + SECOND)


def test_dates_of_the_issuer() -> None:
    ended = issue(replace(fixed.IN_CHARGE_CERTIFICATE, not_after=fixed.NOON - SECOND), CENTRAL)
    refuse(VACCINATOR, ended, why="not valid at this time")


def test_a_certificate_is_for_one_kind_of_subject() -> None:
    refuse(DEVICE, why="for something else")
    refuse(IN_CHARGE, why="for something else", subject=Subject.DEVICE)


def edited(envelope: Envelope, **fields: object) -> bytes:
    return json.dumps({**json.loads(envelope.payload), **fields}).encode()


def test_edited() -> None:
    payload = edited(VACCINATOR, role="in_charge")
    forged = Envelope(
        payload_type=CERTIFICATE_TYPE, payload=payload, keyid=VACCINATOR.keyid, signature=VACCINATOR.signature
    )
    refuse(forged, IN_CHARGE, why="not signed by its issuer")


def test_another_kind_of_document_is_no_certificate() -> None:
    other = Envelope.seal("application/vnd.vaccinator.event+json", IN_CHARGE.payload, CENTRAL)
    refuse(other, why="not signed by its issuer")


@pytest.mark.parametrize(
    "fields",
    [
        {"v": 2},
        {"v": None},
        {"subject": "centre"},
        {"role": "doctor"},
        {"role": None},
        {"subject": "device"},
        {"subject": "device", "role": None},
        {"id": None},
        {"id": ""},
        {"id": 7},
        {"name": ["a"]},
        {"name": "\ud800"},
        {"signing_key": ""},
        {"signing_key": "AAAA"},
        {"signing_key": "not base64"},
        {"sealing_key": ""},
        {"not_before": "2026-01-01T00:00:00"},
        {"not_after": "2027-01-01"},
        {"not_after": "never"},
        {"not_after": 1893456000},
    ],
)
def test_a_signed_statement_that_does_not_hold_together_is_refused(fields: dict[str, object]) -> None:
    """Even central or an in-charge cannot make a program on the other side stumble over it later."""
    refuse(Envelope.seal(CERTIFICATE_TYPE, edited(IN_CHARGE, **fields), CENTRAL), why="certificate")


@pytest.mark.parametrize("payload", [b"", b"[]", b"null", b"7", b"{}", b"\xff", b"[" * 100_000])
def test_what_is_no_certificate_is_refused(payload: bytes) -> None:
    with pytest.raises(BadCertificate):
        read(Envelope.seal(CERTIFICATE_TYPE, payload, CENTRAL), CENTRAL.public)


def test_names_of_any_script_come_through() -> None:
    assert read(VACCINATOR, fixed.IN_CHARGE.public).name == "रमेश कुमार"
