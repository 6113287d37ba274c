"""Records that another machine of the centre brings: the same intake, the same receipt, exactly once (P.19)."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from sqlalchemy import select

from tests.central.machine import Desk, H
from tests.central.support import BHOJPUR, World, count
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.operations.lost_device import revoke_device
from vaccinator_app.central.schema import device_heads, records
from vaccinator_app.domain.events import SignedIn
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.delivery import DELIVER_TYPE, DELIVERED_TYPE, DeliverReply, DeliverRequest
from vaccinator_app.protocol.messages import RECEIPT_TYPE, Reason, Receipt
from vaccinator_app.trust import seal
from vaccinator_app.trust.keys import HybridKey, key_id

# these go the way of any push, which is tried on both
pytestmark = pytest.mark.parametrize("made_home", ["sqlite"], indirect=True, scope="session")


def brought(by: Desk, origin: Desk, packed: bytes, part: int = 1, **changes: object) -> bytes:
    """What a desk asks of central with a part that ``origin`` wrote."""
    people = origin.file.central.people
    fields: dict[str, object] = {
        "centre": by.centre,
        "device": by.device,
        "nonce": os.urandom(16),
        "origin": origin.device,
        "part": part,
        "key": key_id(people),
        "sealed": seal.seal_for_decades(packed, people, seal.delivery_binding(origin.device, part)),
    }
    return packing.pack(DeliverRequest(**{**fields, **changes}), DELIVER_TYPE, by.device_key)  # type: ignore[arg-type]


def answer(world: World, by: Desk, asked: bytes) -> tuple[DeliverReply, Receipt]:
    """The reply, and the origin's receipt in it, both as central signed them."""
    signing = by.file.central.signing
    reply = packing.verified(packing.unpack(world.api.deliver(asked)), DELIVERED_TYPE, signing, DeliverReply)
    return reply, packing.verified(packing.unpack(reply.receipt), RECEIPT_TYPE, signing, Receipt)


def test_what_another_machine_brings_is_taken_as_if_pushed_and_once(world: World, desk: Desk) -> None:
    other, booked = Desk(world), world.book()
    desk.record(desk.dose(booked))
    desk.record(SignedIn())
    asked = brought(other, desk, desk.packed(desk.ledger))
    reply, receipt = answer(world, other, asked)
    assert (reply.device, reply.origin, reply.upto, receipt.device) == (other.device, desk.device, 2, desk.device)
    assert (receipt.upto, receipt.head) == (2, desk.head)
    again, same = answer(world, other, asked)
    assert (again.upto, same.outcomes) == (2, receipt.outcomes)
    assert desk.push().outcomes == receipt.outcomes
    assert count(world, records, records.c.device == desk.device) == 2


def test_beyond_a_gap_nothing_is_taken_and_the_receipt_says_where_to_go_on(world: World, desk: Desk) -> None:
    other = Desk(world)
    for _ in range(3):
        desk.record(SignedIn())
    reply, receipt = answer(world, other, brought(other, desk, desk.packed(desk.ledger[2:])))
    assert (reply.upto, receipt.upto, receipt.outcomes) == (0, 0, [])


def test_what_is_brought_late_says_nothing_of_the_ledgers_length(world: World, desk: Desk) -> None:
    other = Desk(world)
    desk.record(SignedIn())
    old = brought(other, desk, desk.packed(desk.ledger))
    desk.record(SignedIn())
    desk.push()
    assert answer(world, other, old)[0].upto == 2
    with world.home.database.read() as connection:
        claimed = connection.execute(
            select(device_heads.c.claimed_seq).where(device_heads.c.device == desk.device)
        ).scalar_one()
    assert claimed == 2


def test_a_fork_is_kept_and_named(world: World, desk: Desk) -> None:
    other = Desk(world)
    desk.record(SignedIn())
    desk.push()
    desk.ledger.clear()
    desk.record(SignedIn(), uptime_ms=2)
    _, receipt = answer(world, other, brought(other, desk, desk.packed(desk.ledger)))
    assert (receipt.upto, receipt.forked) == (1, [1])


def test_what_is_not_whole_is_refused_and_changes_nothing(world: World, desk: Desk) -> None:
    other = Desk(world)
    desk.record(SignedIn())
    people, packed = desk.file.central.people, desk.packed(desk.ledger)
    info = seal.delivery_binding(desk.device, 1)
    asked: dict[str, Callable[[], bytes]] = {
        "key": lambda: brought(other, desk, packed, key=key_id(HybridKey.generate().public)),
        "part": lambda: brought(other, desk, packed, sealed=seal.seal_for_decades(packed, people, info), part=2),
        "bytes": lambda: brought(other, desk, packed, sealed=b"x" * 1200),
        "origin": lambda: brought(other, other, packed),
        "inside": lambda: brought(other, desk, b"\x28\xb5\x2f\xfd" + bytes(8)),
        # signed by the one who brings it, in the origin's name
        "signature": lambda: brought(other, desk, _signed_by(other, desk)),
    }
    found = {}
    for spoil, make in asked.items():
        with pytest.raises(Refused) as refused:
            world.api.deliver(make())
        found[spoil] = refused.value.code
    unreadable = dict.fromkeys(("part", "bytes", "origin", "inside"), "delivery_unreadable")
    assert found == {"key": "delivery_key", "signature": "bad_signature", **unreadable}
    assert count(world, records, records.c.device == desk.device) == 0


def _signed_by(other: Desk, desk: Desk) -> bytes:
    key, desk.device_key = desk.device_key, other.device_key
    try:
        return desk.packed(desk.ledger)
    finally:
        desk.device_key = key


def test_another_centres_machine_brings_nothing(world: World, desk: Desk) -> None:
    far = Desk(world, centre=BHOJPUR)
    desk.record(SignedIn())
    with pytest.raises(Refused) as refused:
        world.api.deliver(brought(far, desk, desk.packed(desk.ledger)))
    assert refused.value.code == "delivery_centre"
    assert count(world, records, records.c.device == desk.device) == 0


def test_of_a_machine_out_of_use_they_are_taken_and_held_and_it_brings_nothing(world: World, desk: Desk) -> None:
    other, booked = Desk(world), world.book()
    desk.record(desk.dose(booked))
    revoke_device(world.home, desk.device, world.clock())
    _, receipt = answer(world, other, brought(other, desk, desk.packed(desk.ledger)))
    (held,) = receipt.outcomes
    assert (held.status, held.reasons[0], receipt.revoked_at) == (H, Reason.DEVICE_REVOKED, world.clock())
    other.record(SignedIn())
    with pytest.raises(Refused) as refused:
        world.api.deliver(brought(desk, other, other.packed(other.ledger)))
    assert refused.value.code == "device_revoked"


def test_a_stranger_brings_nothing(world: World, desk: Desk) -> None:
    desk.record(SignedIn())
    asked = brought(desk, desk, desk.packed(desk.ledger), device="d0123456789ab")
    with pytest.raises(Refused) as refused:
        world.api.deliver(asked)
    assert refused.value.code == "device_unknown"
