"""A machine joins its centre once (DESIGN 5.2, 5.3, 5.4)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.central.machine import Desk
from tests.central.support import RAMPUR, Clock, World
from vaccinator_app.central import schema
from vaccinator_app.central.errors import CentralError, Refused
from vaccinator_app.central.operations import admin
from vaccinator_app.domain.people import Role
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.enrolment import ENROLMENT_REQUEST_TYPE, EnrolmentRequest, device_id, read_file
from vaccinator_app.trust.certificates import Subject, verify_chain
from vaccinator_app.trust.dsse import Envelope
from vaccinator_app.trust.keys import SigningKey


def test_the_file_tells_all_that_a_machine_needs(world: World) -> None:
    data = admin.create_enrolment_file(world.home, world.clock, RAMPUR, "https://central.example:8443")
    file = read_file(data)
    assert (file.centre, file.centre_name, file.time_zone) == (RAMPUR, "PHC Rampur", "Asia/Kolkata")
    assert file.address == "https://central.example:8443"
    assert file.authority.startswith("-----BEGIN CERTIFICATE-----")
    assert file.central == world.home.keys.public
    assert file.expires_at == world.clock() + timedelta(days=7)
    assert file.token not in str(world.home.database.engine.url)


def test_device_and_in_charge_are_certified_by_central(world: World, desk: Desk) -> None:
    root, now = desk.file.central.signing, world.clock()
    assert desk.device == device_id(desk.device_key.public)
    device = verify_chain(
        [Envelope.from_json(desk.reply.device_certificate)], root, subject=Subject.DEVICE, centre=RAMPUR, at=now
    )
    person = verify_chain(
        [Envelope.from_json(desk.reply.in_charge_certificate)], root, subject=Subject.STAFF, centre=RAMPUR, at=now
    )
    assert (device.id, device.signing_key) == (desk.device, desk.device_key.public)
    assert (person.id, person.role, person.name) == (desk.reply.in_charge, Role.IN_CHARGE, "S. Devi")
    assert person.sealing_key == desk.sealing_key.public


def test_the_database_key_sealed_to_central_is_kept(world: World, desk: Desk) -> None:
    with world.home.database.read() as connection:
        row = connection.execute(select(schema.recovery)).one()
    assert (row.centre, row.device, row.sealed) == (RAMPUR, desk.device, b"sealed database key")


def test_the_same_machine_asking_again_is_told_the_same(world: World, desk: Desk) -> None:
    first = world.api.enrol(desk.request())
    world.clock.move(days=30)
    assert world.api.enrol(desk.request()) == first


def test_a_file_used_twice_is_refused(world: World, desk: Desk) -> None:
    desk.device_key = SigningKey.generate()
    with pytest.raises(Refused) as refused:
        world.api.enrol(desk.request())
    assert (refused.value.code, refused.value.http_status) == ("token_used", 409)
    assert "used already" in refused.value.sentence


def test_a_machine_enrols_once(world: World, desk: Desk) -> None:
    desk.file = read_file(admin.create_enrolment_file(world.home, world.clock, RAMPUR, "https://127.0.0.1:1"))
    with pytest.raises(Refused) as refused:
        world.api.enrol(desk.request())
    assert refused.value.code == "device_known"


def request_of(world: World, **changes: object) -> EnrolmentRequest:
    file = read_file(admin.create_enrolment_file(world.home, world.clock, RAMPUR, "https://127.0.0.1:1"))
    fields: dict[str, object] = {
        "token": file.token,
        "device_key": SigningKey.generate().public,
        "device_name": "Desk 9",
        "in_charge_name": "S. Devi",
        "in_charge_signing_key": SigningKey.generate().public,
        "in_charge_sealing_key": SigningKey.generate().public,
        "recovery": b"r",
    }
    return EnrolmentRequest(**{**fields, **changes})  # type: ignore[arg-type]


def refusal(world: World, request: EnrolmentRequest, key: SigningKey) -> str:
    with pytest.raises(Refused) as refused:
        world.api.enrol(packing.pack(request, ENROLMENT_REQUEST_TYPE, key))
    return refused.value.code


def test_the_device_key_must_be_in_the_machines_hands(world: World) -> None:
    assert refusal(world, request_of(world), SigningKey.generate()) == "unreadable_request"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"token": f"{RAMPUR}.made-up"}, "token_unknown"),
        ({"token": ""}, "token_unknown"),
        ({"token": "100001\0.x"}, "token_unknown"),
        ({"device_name": "  "}, "bad_name"),
        ({"in_charge_name": "x" * 101}, "bad_name"),
        ({"in_charge_name": "a\0b"}, "bad_name"),
        ({"recovery": b""}, "unreadable_request"),
        ({"recovery": b"x" * 5000}, "unreadable_request"),
    ],
)
def test_what_is_not_in_order_is_refused_and_the_token_stays_good(
    world: World, changes: dict[str, object], code: str
) -> None:
    key = SigningKey.generate()
    good = request_of(world, device_key=key.public)
    bad = EnrolmentRequest(**{**{f: getattr(good, f) for f in good.__struct_fields__}, **changes})
    assert refusal(world, bad, key) == code
    assert world.api.enrol(packing.pack(good, ENROLMENT_REQUEST_TYPE, key))


def test_one_key_may_not_serve_two_purposes(world: World) -> None:
    key = SigningKey.generate()
    request = request_of(world, device_key=key.public, in_charge_signing_key=key.public)
    assert refusal(world, request, key) == "unreadable_request"


def test_an_old_file_is_refused(world: World) -> None:
    key = SigningKey.generate()
    request = request_of(world, device_key=key.public)
    world.clock.move(days=7)
    assert refusal(world, request, key) == "token_expired"


@pytest.mark.parametrize(("centre", "address"), [("999999", "https://x"), (RAMPUR, "http://x"), (RAMPUR, "x")])
def test_a_file_for_no_centre_or_no_tls_is_not_made(world: World, centre: str, address: str) -> None:
    with pytest.raises(CentralError):
        admin.create_enrolment_file(world.home, Clock(), centre, address)
