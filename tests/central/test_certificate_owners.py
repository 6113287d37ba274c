"""Whose a certificate is, and what it says (DESIGN 8.3; C.1, C.2, C.4 of docs/certificates.md)."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from sqlalchemy import update

from tests.central.certified import (
    ISSUER,
    PHONE,
    certificates,
    checked,
    decide,
    given,
    ids,
    one_of,
)
from tests.central.machine import Desk
from tests.central.support import MORNING, RAMPUR, TODAY, World
from vaccinator_app.central import schema
from vaccinator_app.central.certificates.certificates import Certificates, revoke, rid_of
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.keyring.keys import Kept
from vaccinator_app.reports.certificate import Certificate
from vaccinator_app.trust.card_keys import read_key_set, read_status_list, thumbprint
from vaccinator_app.trust.errors import BadCard, CardFault
from vaccinator_app.trust.health_card import COVID19, HEALTH_CARD, IMMUNIZATION, ONE_QR, verify
from vaccinator_app.trust.keys import CardKey


def test_it_says_what_was_recorded(world: World, desk: Desk) -> None:
    given(world, desk, name="सुनीता कुमारी")
    source, session, certificate = one_of(world)
    found = source.of_citizen(session, certificate)
    card = found.card
    assert found == Certificate(
        certificate=certificate,
        name="सुनीता कुमारी",
        year_of_birth=1968,
        gender="woman",
        photo_id="aadhaar",
        photo_id_last4=found.photo_id_last4,
        vaccine_name="Covishield",
        dose=1,
        doses=2,
        given_on=TODAY,
        batch="4121Z025",
        centre_name="PHC Rampur",
        district="Rampur",
        issued_at=MORNING,
        issuer=ISSUER,
        card=card,
    )
    assert found.issued_at.utcoffset() is not None
    assert f"{found.issued_at:%H:%M}" == "10:00"
    assert source.card(session, certificate) == card
    assert len(card) <= ONE_QR
    seen = checked(world, card)
    assert (seen.issuer, seen.issued_at, seen.rid) == (ISSUER, MORNING, rid_of(certificate))
    assert seen.types == (HEALTH_CARD, IMMUNIZATION, COVID19)
    assert seen.status_checked


def test_the_bundle_is_sound_fhir_and_small(world: World, desk: Desk) -> None:
    """fhir.resources reads it as R4; and it holds what the specification of cards lets into a QR, nothing more."""
    given(world, desk)
    source, session, certificate = one_of(world)
    bundle = checked(world, source.card(session, certificate)).bundle
    entries: Any = Bundle.model_validate(bundle).entry
    patient, dose = (entry.resource for entry in entries)
    assert (patient.get_resource_type(), dose.get_resource_type()) == ("Patient", "Immunization")
    assert str(patient.birthDate) == "1968"
    assert patient.name[0].text == "Sunita Kumari 1"
    assert (dose.status, str(dose.occurrenceDateTime), dose.lotNumber) == ("completed", "2026-11-21", "4121Z025")
    assert [(one.system, one.code) for one in dose.vaccineCode.coding] == [("http://hl7.org/fhir/sid/cvx", "210")]
    assert dose.patient.reference == "resource:0"
    assert dose.performer[0].actor.display == "PHC Rampur"
    applied = dose.protocolApplied[0]
    assert (applied.doseNumberPositiveInt, applied.seriesDosesPositiveInt) == (1, 2)
    assert [entry["fullUrl"] for entry in bundle["entry"]] == ["resource:0", "resource:1"]
    assert {"id", "meta", "text", "display", "identifier", "gender", "telecom"}.isdisjoint(
        {*bundle, *bundle["entry"][0]["resource"], *bundle["entry"][1]["resource"]}
    )


def test_nobody_fetches_anybody_elses(world: World, desk: Desk) -> None:
    given(world, desk)
    source, session, certificate = one_of(world)
    stranger = world.sign_in("9876599999")
    for token, name, status in (
        ("", certificate, 401),
        ("made up", certificate, 401),
        (stranger, certificate, 404),
        (session, "0" * 32, 404),
        (session, certificate.upper() + "x", 404),
        (session, "", 404),
        (session, "\0", 404),
        (session, "%" * 32, 404),
    ):
        for fetch in (source.of_citizen, source.card):
            with pytest.raises(Refused) as refused:
                fetch(token, name)
            assert refused.value.http_status == status


def test_a_dose_that_does_not_stand_is_not_fetched_whatever_else_its_row_says(world: World, desk: Desk) -> None:
    given(world, desk)
    source, session, certificate = one_of(world)
    with world.home.database.write() as connection:
        connection.execute(update(schema.doses).values(voided_at=MORNING))
    with pytest.raises(Refused):
        source.card(session, certificate)


def test_the_list_grows_with_every_card_on_it(world: World, desk: Desk) -> None:
    source = certificates(world)
    (kid,) = read_key_set(source.key_set()).keys
    seen = []
    for seq in (1, 2, 3):
        given(world, desk, f"98765000{seq:02d}")
        decide(world, revoke, RAMPUR, desk.device, seq, "disputed", MORNING)
        found = read_status_list(source.status_list(kid))
        seen.append((found.version, len(found.revoked), read_key_set(source.key_set()).keys[kid].crl_version))
    assert seen == [(2, 1, 2), (3, 2, 3), (4, 3, 4)]


def test_a_family_on_one_phone_has_each_its_own(world: World, desk: Desk) -> None:
    given(world, desk)
    given(world, desk)
    source, session = certificates(world), world.sign_in(PHONE)
    names = {source.of_citizen(session, one).name for one in ids(world).values()}
    assert names == {"Sunita Kumari 1", "Sunita Kumari 2"}


def test_a_long_name_of_a_centre_gives_way_and_the_persons_does_not(world: World, desk: Desk) -> None:
    name = "श्रीमती अन्नपूर्णा विश्वनाथ चतुर्वेदी-त्रिपाठी " * 2
    centre = "".join(Random(7).choices("कखगघचछजझटठडढतथदधनपफबभमयरलवशषसह", k=200))
    given(world, desk, name=name)
    with world.home.database.write() as connection:
        connection.execute(update(schema.centres).where(schema.centres.c.centre == RAMPUR).values(name=centre))
    source, session, certificate = one_of(world)
    card = source.card(session, certificate)
    assert len(card) <= ONE_QR
    patient, dose = (entry["resource"] for entry in checked(world, card).bundle["entry"])
    assert patient["name"][0]["text"] == " ".join(name.split())
    assert dose["performer"] == [{"actor": {"display": RAMPUR}}]


def test_a_vaccine_without_a_published_code_goes_by_ours(world: World, desk: Desk) -> None:
    given(world, desk)
    home = world.home
    bare = Certificates(home.database, home.keys, world.clock, world.login, f"{ISSUER}/")
    _, session, certificate = one_of(world)
    seen = checked(world, bare.card(session, certificate))
    assert seen.issuer == ISSUER
    assert seen.types == (HEALTH_CARD, IMMUNIZATION)
    (coding,) = seen.bundle["entry"][1]["resource"]["vaccineCode"]["coding"]
    assert coding["code"] == "covishield"
    Bundle.model_validate(seen.bundle)


def test_nothing_that_is_kept_or_shown_in_an_error_is_the_card(world: World, desk: Desk) -> None:
    given(world, desk)
    source, session, certificate = one_of(world)
    assert "Sunita" not in repr(source.of_citizen(session, certificate))


def test_after_a_change_of_keys_earlier_cards_verify_until_theirs_is_taken_out(world: World, desk: Desk) -> None:
    given(world, desk)
    source, session, certificate = one_of(world)
    card = source.card(session, certificate)
    home, first = world.home, world.home.keys.card_ring[0]
    second = Kept(CardKey.generate(), first.number + 1, MORNING, MORNING)

    def under(*ring: Kept[CardKey]) -> Certificates:
        keys = replace(home.keys, card_ring=ring)
        return Certificates(home.database, keys, world.clock, world.login, ISSUER)

    both, only = under(second, first), under(second)
    fetched = both.card(session, certificate)
    assert verify(fetched, [read_key_set(only.key_set())], [], MORNING).kid == thumbprint(second.key.public)
    assert verify(card, [read_key_set(both.key_set())], [], MORNING).rid == rid_of(certificate)
    assert json.loads(both.status_list(thumbprint(first.key.public)))["rids"] == []
    with pytest.raises(BadCard) as refused:
        verify(card, [read_key_set(only.key_set())], [], MORNING)
    assert refused.value.fault is CardFault.UNKNOWN_KEY
    with pytest.raises(Refused):
        only.status_list(thumbprint(first.key.public))
