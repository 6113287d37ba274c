"""Whatever is decided after the first answer is an event, signed by central, and none is missing (DESIGN 3.1, 7.5)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import event, select

from tests.central.closing import close_of, counted
from tests.central.machine import Desk, H
from tests.central.reporting import report
from tests.central.speaking import name_of, sign_in
from tests.central.support import RAMPUR, World
from tests.central.test_confirm import mismatched, otp_of, overridden
from vaccinator_app.central import schema
from vaccinator_app.central.citizens.word import Word
from vaccinator_app.central.district import held
from vaccinator_app.central.district.decisions import DECISION_TYPE, Decision, DecisionKind, decide, read_decision
from vaccinator_app.central.district.held import OfficerReason
from vaccinator_app.domain.events import Arrived
from vaccinator_app.protocol.messages import Reason as R
from vaccinator_app.trust.dsse import Envelope
from vaccinator_app.trust.errors import BadSignature
from vaccinator_app.trust.keys import SigningKey

PHONE = "9876543210"


def decisions(world: World) -> list[Decision]:
    """Every one, verified, in the order of records and numbers."""
    kept = schema.decisions
    with world.home.database.read() as connection:
        rows = connection.execute(select(kept).order_by(kept.c.device, kept.c.seq, kept.c.number)).all()
    found = [read_decision(row.envelope, world.home.keys.signing.public) for row in rows]
    for row, one in zip(rows, found, strict=True):
        assert (row.centre, row.device, row.seq, row.number) == (one.centre, one.device, one.seq, one.number)
        assert (row.kind, row.decided_at) == (one.kind.value, one.at)
    return found


def by_otp(world: World, desk: Desk) -> None:
    overridden(world, desk)
    desk.confirm(2)
    desk.confirm(2, otp_of(world))


def by_word(world: World, desk: Desk) -> None:
    mismatched(world, desk)
    word = Word(world.home.database, world.home.keys, world.clock, world.login)
    word.dispute(sign_in(world), name_of(desk, 1))
    word.confirm(sign_in(world), name_of(desk, 1))


def by_the_district(world: World, desk: Desk) -> None:
    mismatched(world, desk)
    officer = {"by": "officer-7", "why": OfficerReason.STAFF_ASKED, "clock": world.clock}
    held.accept(world.home, RAMPUR, desk.device, 1, **officer)  # type: ignore[arg-type]
    word = Word(world.home.database, world.home.keys, world.clock, world.login)
    word.confirm(sign_in(world), name_of(desk, 1))


def by_a_dose_that_came(world: World, desk: Desk) -> None:
    other, booked = Desk(world), world.book()
    other.record(report(booked.reference, 77))
    other.push()
    desk.record(desk.dose(booked))
    desk.push()


def by_a_count(world: World, desk: Desk) -> None:
    """A close that waits for another desk's records, and then turns out to differ."""
    other = Desk(world)
    other.record(other.dose(world.book()))
    desk.record(close_of(desk, other, tally=counted(desk)))
    desk.push()
    other.push()


def by_a_second_record(world: World, desk: Desk) -> None:
    other, booked = Desk(world), world.book()
    for one in (desk, other):
        one.record(one.dose(booked))
        one.push()


WAYS: list[tuple[Callable[[World, Desk], None], list[DecisionKind], list[str]]] = [
    (by_otp, [DecisionKind.CONFIRMED], ["person"]),
    (by_word, [DecisionKind.DISPUTED, DecisionKind.CONFIRMED], ["person", "person"]),
    (by_the_district, [DecisionKind.DISTRICT_ACCEPTED, DecisionKind.CONFIRMED], ["district/officer-7", "person"]),
    (by_a_dose_that_came, [DecisionKind.DOSE_CAME], ["central"]),
    (by_a_count, [DecisionKind.COUNTED], ["central"]),
    (by_a_second_record, [DecisionKind.GIVEN_TWICE], ["central"]),
]


@pytest.mark.parametrize(("way", "kinds", "by"), WAYS, ids=[way.__name__ for way, _, _ in WAYS])
def test_every_later_answer_has_its_decision(
    world: World, desk: Desk, way: Callable[[World, Desk], None], kinds: list[DecisionKind], by: list[str]
) -> None:
    way(world, desk)
    found = decisions(world)
    assert [one.kind for one in found] == kinds
    assert [one.by for one in found] == by
    assert [one.number for one in found] == list(range(1, len(found) + 1))
    kept = schema.records
    with world.home.database.read() as connection:
        changed = connection.execute(select(kept).where(kept.c.changed.is_not(None))).all()
    last = {(one.device, one.seq): one for one in found}
    for row in changed:
        if row.kind != "dose_given" or (row.device, row.seq) in last:
            one = last[row.device, row.seq]
            assert (one.status.value, " ".join(one.reasons)) == (row.status, row.reasons)
            assert one.record == row.hash.hex()


def test_what_was_decided_stands_or_falls_with_the_change(world: World, desk: Desk) -> None:
    """One transaction: no answer without its decision, no decision without its answer."""
    overridden(world, desk)
    desk.confirm(2)
    otp = otp_of(world)
    kept = schema.records
    for write in range(1, 30):
        left = write

        def watch(_: object, __: object, statement: str, *___: object) -> None:
            nonlocal left
            if statement.startswith(("INSERT", "UPDATE", "DELETE")):
                left -= 1
                if left == 0:
                    raise RuntimeError("the power went off")

        engine = world.home.database.engine
        event.listen(engine, "before_cursor_execute", watch)
        try:
            desk.confirm(2, otp)
        except RuntimeError:
            with world.home.database.read() as connection:
                reasons = connection.execute(select(kept.c.reasons).where(kept.c.seq == 2)).scalar_one()
            assert reasons == "awaits_otp"
            assert decisions(world) == []
        else:
            break
        finally:
            event.remove(engine, "before_cursor_execute", watch)
    assert write > 4
    assert [one.kind for one in decisions(world)] == [DecisionKind.CONFIRMED]


def test_a_decision_that_was_touched_does_not_verify(world: World, desk: Desk) -> None:
    by_otp(world, desk)
    with world.home.database.read() as connection:
        envelope = connection.execute(select(schema.decisions.c.envelope)).scalar_one()
    signed = Envelope.from_json(envelope)
    assert signed.payload_type == DECISION_TYPE == "application/vnd.vaccinator.decision+json"
    for bent in (
        signed.payload.replace(b'"accepted"', b'"refused"'),
        signed.payload.replace(b'"person"', b'"district/x"'),
        signed.payload.replace(desk.device.encode(), b"d" * len(desk.device)),
    ):
        assert bent != signed.payload
        forged = Envelope(
            payload_type=signed.payload_type, payload=bent, keyid=signed.keyid, signature=signed.signature
        )
        with pytest.raises(BadSignature):
            read_decision(forged.to_json(), world.home.keys.signing.public)
    with pytest.raises(BadSignature):
        read_decision(envelope, SigningKey.generate().public)
    other = Envelope.seal(DECISION_TYPE, b'{"v":1}', world.home.keys.signing)
    with pytest.raises(BadSignature):
        read_decision(other.to_json(), world.home.keys.signing.public)


def test_decisions_on_one_record_are_numbered_and_none_is_lost(world: World, desk: Desk) -> None:
    desk.record(Arrived(appointment="1" * 12))
    desk.record(Arrived(appointment="2" * 12))
    desk.push()
    signer = world.home.keys.signing
    for reason in (R.NO_PROOF, R.TOO_EARLY, R.OTHER_VACCINE):
        for seq in (1, 2):
            with world.home.database.write() as connection:
                about = (RAMPUR, desk.device, seq)
                decide(connection, signer, *about, H, (reason,), kind=DecisionKind.COUNTED, now=world.clock())
    found = decisions(world)
    assert [(one.seq, one.number) for one in found] == [(seq, n) for seq in (1, 2) for n in (1, 2, 3)]
    assert [one.reasons for one in found[:3]] == [(R.NO_PROOF,), (R.TOO_EARLY,), (R.OTHER_VACCINE,)]
