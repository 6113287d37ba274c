"""The ledger taken back from a real central after an old copy of a real vault was put in its place (DESIGN 7.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from tests.desk.copies import Machine, crash, noticed, rolled_back, spoil
from vaccinator_app.desk import noticing
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.history import to_record_again
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.domain.events import SignedOut
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import Role
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.history import HISTORY_TYPE, History, PastRecord
from vaccinator_app.protocol.ledger import Link
from vaccinator_app.protocol.messages import Status
from vaccinator_app.protocol.records import encode_body, read_event, sign_event
from vaccinator_app.sync.errors import LedgerDisagrees, Unreachable
from vaccinator_app.trust.keys import SigningKey
from vaccinator_app.vault.errors import HistoryBroken, HistoryContradicts


def test_the_ledger_comes_back_from_central_and_recording_goes_on(machine: Machine) -> None:
    rolled_back(machine)
    with pytest.raises(LedgerDisagrees):
        machine.sync()
    before = machine.place.vault.ledger.head().seq

    done = machine.take_back()

    vault = machine.place.vault
    assert done.aside == 1  # the signing in on the old copy
    assert vault.ledger.head().seq > before
    assert vault.ledger.check(vault.certificates.find) == vault.ledger.head()
    assert machine.kinds().count("dose_given") == 5
    assert vault.roster.visit(machine.people[4].reference).dose_seq is not None
    assert noticed(machine)[-1][0] == "rolled_back"
    assert not machine.stopped
    machine.dose(5)
    machine.sync()
    assert vault.exchange.pending().count == 0
    assert to_record_again(machine.place) == ()


def test_doses_recorded_on_an_old_copy_are_set_aside_and_told(machine: Machine) -> None:
    rolled_back(machine)
    machine.dose(6)
    machine.dose(7)
    draft = VisitDesk(machine.place, machine.people[5].reference)
    draft.confirm_identity()
    with pytest.raises(LedgerDisagrees):
        machine.sync()

    machine.take_back()

    assert machine.kinds().count("dose_given") == 5
    strays = [stray.kind for stray in machine.place.vault.standing.strays()]
    assert strays.count("dose_given") == 2
    assert [str(one.params["name"]).partition(" ")[0] for one in to_record_again(machine.place)] == ["7", "8"]
    # the same visits with their arrivals and the vial that was opened for them
    assert [what for what, _ in noticed(machine)] == ["rolled_back", "forked"]
    machine.dose(6)
    assert len(to_record_again(machine.place)) == 1
    assert [appointment for appointment, _ in machine.place.vault.drafts.of(machine.place.staff.staff)] == [
        machine.people[5].reference
    ]
    machine.sync()
    assert machine.place.vault.exchange.pending().count == 0


def test_taking_back_may_be_interrupted_between_any_two_steps(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    rolled_back(machine)
    machine.dose(6)
    monkeypatch.setattr("vaccinator_app.central.desks.history.MAX_PAST", 2)
    with pytest.raises(LedgerDisagrees):
        machine.sync()
    calls = 0

    def cut() -> None:
        nonlocal calls
        calls += 1
        # a push, a page, and the network goes
        if calls % 3 == 0:
            raise Unreachable(Message.of("sync.timed_out"))

    machine.counter.simulator.before = cut
    for _ in range(20):
        try:
            machine.take_back()
            break
        except Unreachable:
            assert machine.place.vault.standing.stopped() is not None
            # the power goes: whoever unlocks again finds the taking half done
            machine.place.vault.close()
            machine.open()
            assert machine.stopped
    machine.counter.simulator.before = lambda: None
    assert machine.kinds().count("dose_given") == 5
    assert [stray.kind for stray in machine.place.vault.standing.strays()].count("dose_given") == 1
    machine.sync()
    assert machine.place.vault.exchange.pending().count == 0


def test_a_hole_in_the_ledger_stops_the_desk_and_is_filled_from_central(machine: Machine) -> None:
    """Records of the middle are missing, as when an old page lies among new ones; the last is not confirmed yet."""
    machine.dose(2)
    head = machine.place.vault.ledger.head()
    guards = ("ledger_is_never_shortened", "ledger_has_no_gap")
    asked = "SELECT sql FROM sqlite_schema WHERE name = ?"
    kept = [machine.place.vault._database.read(asked, (guard,))[0][0] for guard in guards]
    spoil(
        machine,
        *(f"DROP TRIGGER {guard}" for guard in guards),
        "DELETE FROM confirmation WHERE seq IN (4, 5)",
        "DELETE FROM ledger WHERE seq IN (4, 5)",
        *kept,
    )
    crash(machine)
    machine.open()
    with pytest.raises(LedgerDisagrees) as problem:
        machine.sync()
    assert problem.value.message.key == "file.damaged"
    noticing.stand(machine.place)
    assert machine.stopped
    done = machine.take_back()
    vault = machine.place.vault
    assert vault.ledger.hash_at(head.seq) == head.hash
    assert vault.ledger.check(vault.certificates.find).seq >= head.seq
    assert (done.aside, machine.stopped) == (0, "")
    machine.sync()
    assert vault.exchange.pending().count == 0


def test_only_an_in_charge_takes_the_ledger_back(machine: Machine) -> None:
    rolled_back(machine)
    machine.place.staff = replace(machine.place.staff, role=Role.VACCINATOR)
    with pytest.raises(CannotDo):
        machine.take_back()
    assert machine.kinds().count("dose_given") == 2


def told(machine: Machine, change: Callable[[History], History]) -> None:
    """Central's history, changed by whoever has central's own key."""
    key = machine.world.home.keys.signing

    def spoilt(answer: bytes) -> bytes:
        signed = packing.unpack(answer)
        if signed.payload_type != HISTORY_TYPE:
            return answer
        return packing.pack(change(packing.peek(signed, History)), HISTORY_TYPE, key)

    machine.counter.simulator.spoil = spoilt


def test_records_that_nobody_known_signed_do_not_come_back(machine: Machine) -> None:
    rolled_back(machine)
    head = machine.place.vault.ledger.head()
    stranger = SigningKey.generate()

    def forged(page: History) -> History:
        event = msgspec.structs.replace(read_event(page.records[0].record.payload), kind="signed_out")
        record = sign_event(event, stranger)
        past = msgspec.structs.replace(page.records[0], record=record)
        return msgspec.structs.replace(page, records=[past], upto=event.seq, head=record.hash)

    told(machine, forged)
    with pytest.raises(HistoryBroken):
        machine.take_back()
    assert machine.place.vault.ledger.head() == head


def test_what_central_signed_for_is_not_set_aside(machine: Machine) -> None:
    """Central says that the place both agree on is an earlier one, and tells other records from there."""
    vault, place = machine.place.vault, machine.place
    machine.sync()
    head = vault.ledger.head()
    event = msgspec.structs.replace(read_event(next(iter(vault.ledger.records(1, 1))).payload), kind="signed_out")
    other = sign_event(msgspec.structs.replace(event, body=encode_body(SignedOut())), place.signing_key)
    first = next(iter(vault.ledger.records(0, 1)))
    page = History(
        centre=vault.identity.centre,
        device=vault.identity.device,
        nonce=bytes(16),
        after=1,
        fits=True,
        upto=2,
        head=other.hash,
        at=machine.world.clock(),
        records=[PastRecord(other, Status.ACCEPTED)],
    )
    with pytest.raises(HistoryContradicts):
        vault.past.take(Link(1, first.hash), page)
    assert vault.ledger.head() == head
