"""The engine between a real vault and central's own request handling (DESIGN 7; faults of others from the field)."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import msgspec
import pytest

from tests.support.central import Simulator, TestCentral, open_as_in_charge
from tests.support.desk import MORNING
from vaccinator_app.central.desks.desk_api import DeskApi
from vaccinator_app.central.operations import admin
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.desk.unlock import Opened
from vaccinator_app.domain.aefi import AefiOutcome, AefiReported, AefiSign, Seriousness
from vaccinator_app.domain.events import RecordViewed, SignedIn, SignedOut
from vaccinator_app.domain.message import Message
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.messages import CHANGES_TYPE, RECEIPT_TYPE, Changes, PushRequest, Receipt, RosterKey
from vaccinator_app.protocol.records import Record, read_event
from vaccinator_app.sync.engine import Engine, Progress
from vaccinator_app.sync.errors import LedgerDisagrees, SyncError, Unreachable, Untrusted
from vaccinator_app.trust.keys import SigningKey
from vaccinator_app.vault.errors import VaultFull


def engine(desk: Opened, simulator: Simulator) -> Engine:
    return Engine(desk_of(desk.place.vault), desk.place.vault.exchange, simulator)


def look(desk: Opened, times: int = 1) -> None:
    for _ in range(times):
        desk.place.record(RecordViewed(appointment="000000000001"))


def pending(desk: Opened) -> int:
    return desk.place.vault.exchange.pending().count


def unanswered(desk: Opened) -> list[int]:
    exchange = desk.place.vault.exchange
    return [seq for seq in range(1, exchange.head().seq + 1) if exchange.outcome_of(seq) is None]


def at_central(central: TestCentral) -> int:
    return admin.counts(central.home).records


def test_each_record_is_confirmed_on_a_receipt(desk: Opened, simulator: Simulator, central: TestCentral) -> None:
    look(desk, 7)
    assert pending(desk) == 8
    progress = engine(desk, simulator).run()
    assert pending(desk) == 0
    assert progress.confirmed == progress.to_confirm == 8
    assert at_central(central) == 8
    assert desk.place.vault.exchange.confirmed_at(8) == central.now()


def test_the_roster_lease_and_batches_come_down(desk: Opened, simulator: Simulator) -> None:
    engine(desk, simulator).run()
    roster = desk.place.vault.roster
    assert roster.lease() is not None
    assert roster.key() is not None
    assert {batch.batch for batch in roster.batches()} == {"4121Z025", "4121Z026"}


def test_a_thousand_records_go_in_batches(desk: Opened, simulator: Simulator, central: TestCentral) -> None:
    desk.place.record(*[RecordViewed(appointment="000000000001")] * 1100)
    steps: list[Progress] = []
    engine(desk, simulator).run(steps.append)
    assert simulator.pushes == 3
    assert [step.confirmed for step in steps][:3] == [500, 1000, 1101]
    assert at_central(central) == 1101


def test_the_next_batch_is_made_ready_while_central_works(desk: Opened, simulator: Simulator) -> None:
    desk.place.record(*[RecordViewed(appointment="000000000001")] * 600)
    made = threading.Event()
    exchange = desk.place.vault.exchange

    class Watching:
        def __getattr__(self, name: str) -> object:
            return getattr(exchange, name)

        def records_after(self, seq: int, most: int, most_bytes: int) -> list[Record]:
            if seq == 500:
                made.set()
            return exchange.records_after(seq, most, most_bytes)

    waited: list[bool] = []
    simulator.before = lambda: waited.append(made.wait(10))
    Engine(desk_of(desk.place.vault), Watching(), simulator).run()  # type: ignore[arg-type]
    assert waited == [True, True]
    assert pending(desk) == 0


def test_the_next_batch_is_out_while_a_receipt_is_kept_and_needs_nothing_of_it(
    desk: Opened, simulator: Simulator, central: TestCentral
) -> None:
    desk.place.record(*[RecordViewed(appointment="000000000001")] * 600)
    out = threading.Event()
    simulator.before = lambda: out.set() if simulator.pushes == 2 else None
    waited: list[bool] = []

    class Full:
        def __getattr__(self, name: str) -> object:
            return getattr(desk.place.vault.exchange, name)

        def confirm(self, receipt: Receipt, envelope: bytes) -> None:
            waited.append(out.wait(10))
            raise VaultFull

    with pytest.raises(VaultFull):
        Engine(desk_of(desk.place.vault), Full(), simulator).run()  # type: ignore[arg-type]
    assert waited == [True]
    assert (at_central(central), pending(desk)) == (601, 601)
    engine(desk, central.simulator()).run()
    assert (at_central(central), pending(desk)) == (601, 0)
    assert unanswered(desk) == [], "its first receipt covers all, and answers its own batch alone"


def test_what_central_made_of_a_record_is_asked_again_where_its_answer_was_lost(
    desk: Opened, simulator: Simulator, central: TestCentral
) -> None:
    """The first receipt is kept, but covers the second batch as well: the power goes before the second is."""
    desk.place.record(*[RecordViewed(appointment="000000000001")] * 600)
    with pytest.raises(VaultFull):
        Engine(desk_of(desk.place.vault), _KeepsNone(desk), simulator).run()  # type: ignore[arg-type]
    with pytest.raises(VaultFull):
        Engine(desk_of(desk.place.vault), _KeepsNone(desk, after=1), central.simulator()).run()  # type: ignore[arg-type]
    assert (pending(desk), unanswered(desk)) == (0, [*range(501, 602)])
    steps: list[Progress] = []
    engine(desk, central.simulator()).run(steps.append)
    assert unanswered(desk) == []
    assert desk.place.vault.exchange.answered_upto() == 601
    simulator = central.simulator()
    engine(desk, simulator).run()
    assert simulator.pushes == 1, "and once only"


class _KeepsNone:
    """A store whose disk is full after some receipts."""

    def __init__(self, desk: Opened, after: int = 0) -> None:
        self._exchange = desk.place.vault.exchange
        self._left = after

    def __getattr__(self, name: str) -> object:
        return getattr(self._exchange, name)

    def confirm(self, receipt: Receipt, envelope: bytes) -> None:
        self._left -= 1
        if self._left < 0:
            raise VaultFull
        self._exchange.confirm(receipt, envelope)


def test_an_answer_lost_after_central_committed_loses_and_doubles_nothing(
    desk: Opened, simulator: Simulator, central: TestCentral
) -> None:
    look(desk, 3)

    def lost(answer: bytes) -> bytes:
        raise Unreachable(Message.of("sync.timed_out"))

    simulator.spoil = lost
    with pytest.raises(Unreachable):
        engine(desk, simulator).run()
    assert at_central(central) == 4
    assert pending(desk) == 4
    engine(desk, central.simulator()).run()
    assert at_central(central) == 4
    assert pending(desk) == 0


def test_a_record_saved_while_the_push_is_under_way_is_not_called_confirmed(
    desk: Opened, simulator: Simulator, central: TestCentral
) -> None:
    look(desk)
    simulator.before = lambda: look(desk) if simulator.pushes == 1 else None
    seen: list[int] = []
    confirm = desk.place.vault.exchange.confirm

    class Watching:
        def __getattr__(self, name: str) -> object:
            return getattr(desk.place.vault.exchange, name)

        def confirm(self, receipt: Receipt, envelope: bytes) -> None:
            confirm(receipt, envelope)
            seen.append(pending(desk))

    Engine(desk_of(desk.place.vault), Watching(), simulator).run()  # type: ignore[arg-type]
    assert seen == [1, 0]
    assert at_central(central) == 3


def test_a_record_saved_while_a_push_without_any_is_under_way_is_no_disagreement(
    desk: Opened, simulator: Simulator
) -> None:
    engine(desk, simulator).run()
    assert pending(desk) == 0

    def save_once() -> None:
        simulator.before = lambda: None
        look(desk)

    simulator.before = save_once
    progress = engine(desk, simulator).run()
    assert (progress.confirmed, pending(desk)) == (1, 0)


def test_a_captive_portals_page_changes_nothing(desk: Opened, simulator: Simulator) -> None:
    look(desk)
    simulator.spoil = lambda _: b"<html>Please log in</html>"
    with pytest.raises(Untrusted):
        engine(desk, simulator).run()
    assert pending(desk) == 2
    assert desk.place.vault.roster.lease() is None


def resigned(
    answer: bytes, kind: type[Receipt] | type[Changes], payload_type: str, key: SigningKey, **change: object
) -> bytes:
    message = packing.peek(packing.unpack(answer), kind)
    return packing.pack(msgspec.structs.replace(message, **change), payload_type, key)


def test_a_receipt_signed_by_another_key_is_not_believed(desk: Opened, simulator: Simulator) -> None:
    look(desk)
    simulator.spoil = lambda answer: resigned(answer, Receipt, RECEIPT_TYPE, SigningKey.generate())
    with pytest.raises(Untrusted):
        engine(desk, simulator).run()
    assert pending(desk) == 2


def test_a_receipt_for_another_device_is_not_believed(desk: Opened, simulator: Simulator, central: TestCentral) -> None:
    look(desk)
    own = central.home.keys.signing
    simulator.spoil = lambda answer: resigned(answer, Receipt, RECEIPT_TYPE, own, device="d000000000000")
    with pytest.raises(Untrusted) as problem:
        engine(desk, simulator).run()
    assert problem.value.message.key == "sync.not_for_this_desk"
    assert pending(desk) == 2


def test_a_receipt_that_names_another_hash_stops_the_desk(
    desk: Opened, simulator: Simulator, central: TestCentral
) -> None:
    look(desk)
    own = central.home.keys.signing
    simulator.spoil = lambda answer: resigned(answer, Receipt, RECEIPT_TYPE, own, head=b"\1" * 32)
    with pytest.raises(LedgerDisagrees):
        engine(desk, simulator).run()
    assert pending(desk) == 2


def test_an_edited_answer_is_not_believed(desk: Opened, simulator: Simulator) -> None:
    look(desk)
    simulator.spoil = lambda answer: answer[:-9] + bytes([answer[-9] ^ 1]) + answer[-8:]
    with pytest.raises(SyncError):
        engine(desk, simulator).run()
    assert pending(desk) == 2


def test_a_roster_played_again_is_refused(desk: Opened, simulator: Simulator, central: TestCentral) -> None:
    kept: list[bytes] = []

    def keep(answer: bytes) -> bytes:
        kept.append(answer)
        return answer

    simulator.spoil = keep
    engine(desk, simulator).run()
    old = kept[-1]
    again = central.simulator()
    again.spoil = lambda answer: old if again.pulls else answer
    with pytest.raises(Untrusted) as problem:
        engine(desk, again).run()
    assert problem.value.message.key == "sync.stale_answer"


def test_a_roster_of_another_programme_is_refused(desk: Opened, simulator: Simulator, central: TestCentral) -> None:
    own = central.home.keys.signing
    other = RosterKey(key=bytes(32), modulus=103)
    simulator.spoil = lambda answer: (
        resigned(answer, Changes, CHANGES_TYPE, own, roster_key=other) if simulator.pulls else answer
    )
    with pytest.raises(Untrusted) as problem:
        engine(desk, simulator).run()
    assert problem.value.message.key == "sync.other_programme"


def test_an_old_vault_put_back_is_noticed(
    unlock: Unlock, simulator: Simulator, central: TestCentral, tmp_path: Path
) -> None:
    opened = open_as_in_charge(unlock)
    look(opened, 2)
    engine(opened, simulator).run()
    opened.place.vault.close()
    shutil.copytree(tmp_path / "desk", tmp_path / "backup")
    opened = open_as_in_charge(unlock)
    look(opened, 5)
    engine(opened, simulator).run()
    opened.place.vault.close()
    shutil.rmtree(tmp_path / "desk")
    shutil.copytree(tmp_path / "backup", tmp_path / "desk")
    opened = open_as_in_charge(unlock)
    with pytest.raises(LedgerDisagrees):
        engine(opened, simulator).run()
    opened.place.vault.close()


def test_a_central_restored_from_backup_gets_the_records_again(
    unlock: Unlock, central: TestCentral, tmp_path: Path
) -> None:
    opened = open_as_in_charge(unlock)
    engine(opened, central.simulator()).run()
    central.close()
    shutil.copytree(tmp_path / "central", tmp_path / "old")
    central.home = admin.open_home(central.folder)
    look(opened, 5)
    engine(opened, Simulator(DeskApi(central.home.database, central.home.keys, central.now))).run()
    assert at_central(central) == 6
    restored = admin.open_home(tmp_path / "old")
    # more than one batch: the second is made ready before the receipt tells how little central has
    opened.place.record(*[RecordViewed(appointment="000000000001")] * 600)
    engine(opened, Simulator(DeskApi(restored.database, restored.keys, central.now))).run()
    assert admin.counts(restored).records == 606
    assert pending(opened) == 0
    restored.database.close()
    opened.place.vault.close()


def _aefi(seriousness: Seriousness = Seriousness.DEATH) -> AefiReported:
    return AefiReported(
        appointment="000000000001",
        dose_seq=1,
        onset=MORNING,
        signs=(AefiSign.ANAPHYLAXIS,),
        seriousness=seriousness,
        outcome=AefiOutcome.UNKNOWN,
        key="",
        sealed=b"",
    )


class _Overhearing:
    """The way to central, with every push written down."""

    def __init__(self, central: Simulator) -> None:
        self._central = central
        self.heard: list[PushRequest] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._central, name)

    def push(self, packed: bytes) -> bytes:
        self.heard.append(packing.peek(packing.unpack(packed), PushRequest))
        return self._central.push(packed)

    def seqs(self) -> list[tuple[list[int], list[int]]]:
        return [
            ([read_event(r.payload).seq for r in asked.records], [read_event(r.payload).seq for r in asked.urgent])
            for asked in self.heard
        ]


def test_serious_adverse_events_go_with_the_first_batch(desk: Opened, simulator: Simulator) -> None:
    look(desk, 3)
    desk.place.record(_aefi())
    look(desk, 600)
    desk.place.record(
        _aefi(Seriousness.NOT_SERIOUS), _aefi(), *[RecordViewed(appointment="000000000001")] * 500, _aefi()
    )
    line = _Overhearing(simulator)
    Engine(desk_of(desk.place.vault), desk.place.vault.exchange, line).run()  # type: ignore[arg-type]
    first, second, third = line.seqs()
    assert (first[0][0], first[0][-1]) == (1, 500)
    assert first[1] == [607, 1108], "the serious ones further back, and not the one whose turn it is"
    assert (second[0][-1], second[1], third[1]) == (1000, [], [])
    assert pending(desk) == 0
    desk.place.record(_aefi())
    line.heard.clear()
    Engine(desk_of(desk.place.vault), desk.place.vault.exchange, line).run()  # type: ignore[arg-type]
    assert line.seqs() == [([1109], [])], "whose turn it is anyway goes once"


def test_it_stops_between_steps_when_asked(desk: Opened, simulator: Simulator) -> None:
    for _ in range(300):
        desk.place.record(SignedOut(), SignedIn())
    engine(desk, simulator).run(cancelled=lambda: simulator.pushes == 1)
    assert pending(desk) == 101
    engine(desk, simulator).run()
    assert pending(desk) == 0
