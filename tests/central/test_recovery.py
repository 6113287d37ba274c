"""Forgotten passphrases, at central: who is answered, with which keys, and what stays written down (P.19)."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from tests.central.machine import Desk, said
from tests.central.support import World, count
from vaccinator_app.central.desks.recovery import RECOVERY, Recovered, recover
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.keyring import key_change, key_files
from vaccinator_app.central.operations import admin
from vaccinator_app.central.operations.lost_device import revoke_device
from vaccinator_app.central.schema import alarms, certificates, devices, recoveries, recovery
from vaccinator_app.domain.events import SignedIn
from vaccinator_app.domain.people import Role
from vaccinator_app.protocol.messages import Status
from vaccinator_app.protocol.recovery import (
    RecoveryRequest,
    SealedKey,
    check_answer,
    fingerprint,
    peek_answer,
    read_request,
    write_request,
)
from vaccinator_app.trust import seal
from vaccinator_app.trust.certificates import Subject, verify_chain
from vaccinator_app.trust.dsse import Envelope
from vaccinator_app.trust.errors import BadSignature
from vaccinator_app.trust.keys import HybridKey, SealingKey, SigningKey

ON_ONE = pytest.mark.parametrize("made_home", ["sqlite"], indirect=True, scope="session")
"""Of the two databases: for what differs in no statement."""


@dataclass(slots=True)
class Asker:
    """Who stands before a desk that nobody can open, and wants to be its in-charge."""

    desk: Desk
    key: SigningKey = field(default_factory=SigningKey.generate)
    sealing: SealingKey = field(default_factory=SealingKey.generate)

    def request(self, **changes: Any) -> bytes:
        fields: dict[str, Any] = {
            "device": self.desk.device,
            "name": "A. Verma",
            "signing_key": self.key.public,
            "sealing_key": self.sealing.public,
            "made_at": self.desk.world.clock(),
        }
        return write_request(RecoveryRequest(**{**fields, **changes}), self.key).to_json().encode()

    def ask(self, request: bytes, **changes: Any) -> Recovered:
        if "fingerprint" not in changes:
            changes["fingerprint"] = fingerprint(read_request(request)[1])
        fields = {"device": self.desk.device, "by": "R. Nair", **changes}
        world = self.desk.world
        return recover(world.home, fields["device"], request, fields["fingerprint"], fields["by"], world.clock())

    def opened(self, found: Recovered) -> dict[int, bytes]:
        """The database keys in an answer, by epoch."""
        answer, _ = peek_answer(found.answer)
        return {
            one.epoch: seal.open_seal(
                one.sealed, self.sealing, seal.recovered_key_binding(self.desk.device, answer.request, one.epoch)
            )
            for one in answer.keys
        }


def keep(desk: Desk, epoch: int, plain: bytes, people: bytes | None = None) -> None:
    """Central has the database key of an epoch."""
    people = people or desk.file.central.people
    row = {
        "centre": desk.centre,
        "device": desk.device,
        "stored_at": desk.world.clock() + timedelta(seconds=epoch),
        "sealed": seal.seal_for_decades(plain, people, seal.recovery_binding(desk.device)),
        "epoch": epoch,
    }
    with desk.world.home.database.write() as connection:
        connection.execute(insert(recovery).values(**row))


def test_every_epochs_key_and_a_certificate_come_back_to_who_asked(world: World, desk: Desk) -> None:
    keys = {epoch: os.urandom(32) for epoch in (2, 3)}
    for epoch, plain in keys.items():
        keep(desk, epoch, plain)
    asker = Asker(desk)
    found = asker.ask(asker.request())
    assert asker.opened(found) == keys
    answer, envelope = peek_answer(found.answer)
    assert [one.epoch for one in answer.keys] == [3, 2]
    signing = desk.file.central.signing
    check_answer(envelope, [SigningKey.generate().public, signing])
    with pytest.raises(BadSignature):
        check_answer(envelope, [SigningKey.generate().public])
    chain = [Envelope.from_json(answer.certificate)]
    held = verify_chain(chain, signing, subject=Subject.STAFF, centre=desk.centre, at=world.clock())
    assert (held.id, held.role, held.name, held.signing_key) == (
        answer.staff,
        Role.IN_CHARGE,
        "A. Verma",
        asker.key.public,
    )
    # and what they sign from now on counts
    desk.record(SignedIn(), asker.key, staff=answer.staff)
    assert said(desk.push())[1] == (Status.ACCEPTED, ())


def test_the_same_request_is_told_the_same_and_another_is_another_act(world: World, desk: Desk) -> None:
    keep(desk, 1, os.urandom(32))
    asker = Asker(desk)
    request = asker.request()
    first, again = asker.ask(request), asker.ask(request)
    assert (again.answer, first.again, again.again) == (first.answer, False, True)
    world.clock.move(seconds=1)
    other = Asker(desk)
    assert other.ask(other.request()).answer != first.answer
    assert count(world, recoveries, recoveries.c.by == "R. Nair") == 2
    assert count(world, alarms, alarms.c.kind == RECOVERY, alarms.c.subject == desk.device) == 2


@ON_ONE
def test_a_copy_that_the_machine_kept_opens_what_central_was_not_told_of(world: World, desk: Desk) -> None:
    told, newer, others = os.urandom(32), os.urandom(32), os.urandom(32)
    keep(desk, 1, told)
    people = desk.file.central.people
    copies = [
        SealedKey(2, seal.seal_for_decades(newer, people, seal.recovery_binding(desk.device))),
        SealedKey(3, seal.seal_for_decades(others, people, seal.recovery_binding("d0123456789ab"))),
        SealedKey(4, b"nothing that opens"),
        SealedKey(1, seal.seal_for_decades(told, people, seal.recovery_binding(desk.device))),
    ]
    asker = Asker(desk)
    assert asker.opened(asker.ask(asker.request(copies=copies))) == {2: newer, 1: told}


@ON_ONE
def test_seals_to_earlier_keys_open_and_stay_openable(world: World, desk: Desk) -> None:
    plain = os.urandom(32)
    keep(desk, 1, plain)
    old = world.home.keys.people_ring[0].name
    key_files.rotate(world.folder, "people", world.clock())
    changed = admin.open_home(world.folder)
    key_change.retire(world.folder, changed, "people", old, world.clock(), force=True)
    changed.database.close()
    asker, after = Asker(desk), admin.open_home(world.folder)
    try:
        request = asker.request()
        digits = fingerprint(read_request(request)[1])
        found = recover(after, desk.device, request, digits, "R. Nair", world.clock())
        assert asker.opened(found) == {1: plain}
    finally:
        after.database.close()


@ON_ONE
def test_who_is_not_answered(world: World, desk: Desk) -> None:
    asker = Asker(desk)
    request = asker.request()
    keep(desk, 1, os.urandom(32), HybridKey.generate().public)  # to no key of ours
    changed = bytearray(request)
    changed[40] ^= 1
    enrolled = Asker(desk, key=desk.staff_key)
    refused = [
        (request, {}),
        (bytes(changed), {"fingerprint": fingerprint(bytes(32))}),
        (b"{" * 5000, {"fingerprint": fingerprint(bytes(32))}),
        (b" " * 2_000_000, {"fingerprint": fingerprint(bytes(32))}),
        (request, {"fingerprint": fingerprint(bytes(32))}),
        (request, {"device": "d0123456789ab"}),
        (asker.request(device="d0123456789ab"), {"device": "d0123456789ab"}),
        (asker.request(name="\x1b[2J"), {}),
        (asker.request(name=" "), {}),
        (request, {"by": " "}),
    ]
    for data, changes in refused:
        with pytest.raises(CentralError):
            asker.ask(data, **changes)
    keep(desk, 2, os.urandom(32))
    # with a key that opens, nothing but the fingerprint stands between a stranger's file and the desk
    with pytest.raises(CentralError, match="fingerprint is not"):
        asker.ask(request, fingerprint=fingerprint(bytes(32)))
    with pytest.raises(CentralError, match="somebody's already"):
        enrolled.ask(enrolled.request())
    revoke_device(world.home, desk.device, world.clock())
    with pytest.raises(CentralError, match="out of use"):
        asker.ask(request)
    assert count(world, recoveries) == 0
    assert count(world, alarms) == 0
    assert count(world, certificates, certificates.c.centre == desk.centre) == 2


@ON_ONE
def test_a_machine_that_knows_none_of_centrals_keys_is_not_answered_in_vain(world: World, desk: Desk) -> None:
    keep(desk, 1, os.urandom(32))
    asker = Asker(desk)
    key_files.rotate(world.folder, "signing", world.clock())
    key_files.use(world.folder, "signing", world.clock())
    key_files.retire(world.folder, "signing", world.home.keys.signing_ring[0].name)
    changed = admin.open_home(world.folder)
    try:
        with changed.database.write() as connection:
            connection.execute(update(devices).values(central_keys=1))
        request = asker.request()
        with pytest.raises(CentralError, match="no signing key"):
            recover(changed, desk.device, request, fingerprint(read_request(request)[1]), "R. Nair", world.clock())
    finally:
        changed.database.close()
