"""The in-charge's list of who did or saw what: complete, masked, the newest first (DESIGN 5.5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.desk import CENTRE, IN_CHARGE, MORNING, TODAY, CentralSide, ToldClock
from vaccinator_app.desk.audit import Audit
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.audit import Entry, Sort
from vaccinator_app.domain.events import Arrived, RecordViewed, SignedIn
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import Role
from vaccinator_app.domain.staff_events import AuditExported, Notice, Noticed
from vaccinator_app.protocol.messages import PeerDesk, PeerRecord, Status
from vaccinator_app.protocol.records import Event, encode_body, sign_event
from vaccinator_app.vault import audit as trail

SUNITA, RAM = "000000000001", "000000000002"


def lines(place: Workplace, **asked: Any) -> list[Entry]:
    return Audit(place).entries(asked.pop("first", TODAY), asked.pop("last", TODAY), **asked)


def said(place: Workplace, **asked: Any) -> list[tuple[int, str]]:
    return [(one.seq, one.words.key) for one in lines(place, **asked)]


def hear_of_another(place: Workplace, central: CentralSide) -> None:
    """One record of Desk 7, signed by the same person there."""
    event = Event(
        centre=CENTRE,
        device="d" * 16,
        seq=4,
        prev=bytes(32),
        kind=Arrived.KIND,
        at=MORNING - timedelta(minutes=1),
        boot="boot0007",
        uptime_ms=1,
        staff=IN_CHARGE.staff,
        body=encode_body(Arrived(appointment=RAM)),
    )
    peer = PeerRecord(device=event.device, record=sign_event(event, place.signing_key), status=Status.ACCEPTED)
    desk = PeerDesk(device=event.device, name="Desk 7", seq=4, head=bytes(32), claimed=4, seen_at=MORNING)
    place.vault.exchange.apply(central.changes(place.vault.identity.device, peers=[peer], desks=[desk], from_cursor=1))


def test_who_saw_and_did_what_the_newest_first(place: Workplace, clock: ToldClock) -> None:
    place.record(SignedIn())
    desk = VisitDesk(place, SUNITA)
    desk.confirm_identity()
    clock.pass_time(timedelta(minutes=1))
    VisitDesk(place, RAM).close()
    seen, did, came = lines(place)
    assert (seen.sort, seen.words.key, seen.seq) == (Sort.SAW, "audit.viewed", 3)
    assert (seen.appointment, seen.token, seen.whom, seen.session) == (RAM, 2, "Ram P•", TODAY)
    assert (did.sort, did.words.key, did.whom) == (Sort.DID, "audit.arrived", "Sunita K•")
    assert (came.sort, came.name, came.whom, came.token) == (Sort.STAFF, "R. Sharma", "", 0)
    assert [one.at - MORNING for one in (seen, did, came)] == [timedelta(minutes=1), timedelta(0), timedelta(0)]
    assert {one.machine for one in (seen, did, came)} == {"Desk 2"}


def test_no_whole_name_is_in_it(place: Workplace) -> None:
    VisitDesk(place, SUNITA).close()
    assert "Kumari" not in repr(lines(place))


def test_a_sheet_that_was_open_when_the_power_went_is_there_before_its_record(place: Workplace) -> None:
    """Whoever looked may never come back; their record is theirs to sign, so the list shows the trace itself."""
    place.staff = replace(IN_CHARGE, staff="s-other")
    VisitDesk(place, SUNITA)
    place.staff = IN_CHARGE
    (one,) = lines(place, kind=Sort.SAW)
    assert (one.seq, one.staff, one.words.key, one.whom) == (0, "s-other", "audit.looking", "Sunita K•")
    assert lines(place, staff=IN_CHARGE.staff) == lines(place, appointment=RAM) == lines(place, kind=Sort.DID) == []


def test_by_person_of_staff_kind_day_and_appointment(place: Workplace, clock: ToldClock) -> None:
    place.record(SignedIn(), Arrived(appointment=SUNITA), RecordViewed(appointment=RAM))
    place.staff = replace(IN_CHARGE, staff="s-other")
    place.record(RecordViewed(appointment=SUNITA))
    place.staff = IN_CHARGE
    clock.pass_time(timedelta(days=1))
    place.record(Noticed(what=Notice.MANY_LOOKUPS, count=30, of="s-other"), Noticed(what=Notice.FORKED, count=1))
    assert [seq for seq, _ in said(place)] == [4, 3, 2, 1]
    assert said(place, staff="s-other") == [(4, "audit.viewed")]
    assert said(place, kind=Sort.SAW) == [(4, "audit.viewed"), (3, "audit.viewed")]
    assert said(place, appointment=SUNITA) == [(4, "audit.viewed"), (2, "audit.arrived")]
    assert said(place, kind=Sort.SAW, appointment=SUNITA, staff=IN_CHARGE.staff) == []
    tomorrow = TODAY + timedelta(days=1)
    assert said(place, first=tomorrow, last=tomorrow, kind=Sort.SAW) == [(5, "notice.many_lookups")]
    assert said(place, first=tomorrow, last=tomorrow, kind=Sort.MACHINE) == [(6, "notice.forked")]
    assert [seq for seq, _ in said(place, last=tomorrow)] == [6, 5, 4, 3, 2, 1]
    assert said(place, first=tomorrow + timedelta(days=1), last=tomorrow + timedelta(days=9)) == []


def test_another_machines_records_say_so(place: Workplace, central: CentralSide) -> None:
    hear_of_another(place, central)
    VisitDesk(place, SUNITA).close()
    own, other = lines(place)
    assert (own.own, other.own, other.machine, other.seq, other.whom) == (True, False, "Desk 7", 4, "Ram P•")
    assert lines(place, staff="s-other") == lines(place, kind=Sort.STOCK) == []
    assert [one.machine for one in lines(place, appointment=RAM)] == ["Desk 7"]


def test_a_record_that_was_set_aside_with_an_old_copy_was_made_all_the_same(place: Workplace) -> None:
    place.record(Arrived(appointment=SUNITA))
    columns = "seq, hash, kind, at, staff, appointment, keyid, payload, signature, at"
    place.vault._database.write(lambda c: c.execute(f"INSERT INTO strays SELECT {columns} FROM ledger"))
    assert {one.words.key for one in lines(place)} == {"audit.arrived", "audit.aside"}
    assert len(lines(place, kind=Sort.DID, appointment=SUNITA, staff=IN_CHARGE.staff)) == 2
    assert lines(place, kind=Sort.SAW) == lines(place, first=TODAY + timedelta(days=1), last=TODAY) == []


def test_somebody_the_roster_no_longer_has_is_named_by_the_reference_alone(place: Workplace) -> None:
    place.record(RecordViewed(appointment="000000000099"))
    (one,) = lines(place)
    assert (one.appointment, one.token, one.whom) == ("000000000099", 0, "")


def test_many_records_come_in_steps_that_are_told_and_may_be_left(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail, "_STEP", 10)
    place.record(*[RecordViewed(appointment=SUNITA)] * 35)
    told: list[tuple[int, int]] = []
    assert len(lines(place, report=lambda done, of: told.append((done, of)))) == 35
    assert told == [(0, 35), (10, 35), (20, 35), (30, 35)]
    assert lines(place, cancelled=lambda: True) == []


def test_a_record_that_changed_in_the_file_is_not_passed_over(place: Workplace) -> None:
    place.record(SignedIn())
    place.vault._database.write(lambda connection: connection.execute("DROP TRIGGER ledger_is_never_changed"))
    place.vault._database.write(lambda connection: connection.execute("UPDATE ledger SET hash = zeroblob(32)"))
    from vaccinator_app.vault.errors import VaultDamaged

    with pytest.raises(VaultDamaged):
        lines(place)


def test_how_many_were_looked_up_an_hour(place: Workplace, clock: ToldClock) -> None:
    clock.moment = MORNING.replace(hour=22)
    place.record(*[RecordViewed(appointment=name) for name in (SUNITA, SUNITA, RAM)])
    (one,) = Audit(place).looked(lines(place))
    assert (one.staff, one.people, one.hour, one.outside) == (IN_CHARGE.staff, 2, clock.moment, 3)
    assert [message.key for message in one.why] == ["looked.outside"]


def test_only_an_in_charge_sees_it(place: Workplace) -> None:
    for role in (Role.VERIFIER, Role.VACCINATOR):
        place.staff = replace(IN_CHARGE, role=role)
        for ask in (
            lambda: lines(place),
            lambda: Audit(place).looked([]),
            lambda: Audit(place).staff(),
            lambda: Audit(place).record_export(TODAY, TODAY, 1),
        ):
            with pytest.raises(CannotDo) as refused:
                ask()
            assert refused.value.message.key == "may.audit"
    assert place.vault.ledger.head().seq == 0


def test_a_file_is_on_record(place: Workplace) -> None:
    Audit(place).record_export(TODAY, TODAY, 17)
    assert [one.words for one in lines(place)] == [Message.of("audit.exported", n=17, first=TODAY, last=TODAY)]
    ((_, _, _, body),) = place.vault.ledger.events()
    assert body == AuditExported(first=TODAY, last=TODAY, entries=17)
