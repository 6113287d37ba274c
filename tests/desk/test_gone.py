"""Weeks after a dose its person is a number here, and a late adverse event or a wrong record can still be told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.desk.test_purging import Old, after, old
from tests.support.desk import CENTRE, TODAY
from vaccinator_app.desk import gone, purging
from vaccinator_app.desk.aefi import AefiForm, onset_of, report
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.queue import Queue
from vaccinator_app.domain.aefi import AefiReported, AefiSign, Seriousness
from vaccinator_app.domain.events import Voided, VoidReason
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import Role
from vaccinator_app.trust import slip

__all__ = ["old"]

YAMUNA, NO_SHOW, TOMORROWS = "000000000002", "000000000001", "000000000004"


@pytest.fixture
def weeks_later(old: Old) -> Old:
    old.close()
    after(old, 5)
    purging.purge(old.place)
    return old


def test_what_is_kept_of_somebody_is_no_name(weeks_later: Old) -> None:
    place = weeks_later.place
    found = gone.kept(place, YAMUNA)
    assert found is not None
    assert found.given is not None
    assert (found.token, found.day, found.vaccine, found.dose) == (2, TODAY, "Covishield", 1)
    assert (found.given.batch, found.by) == ("4121Z025", "R. Sharma")
    assert found.left.key == "purge.gone"
    assert "Yamuna" not in repr(found)
    nothing = gone.kept(place, NO_SHOW)
    assert nothing is not None
    assert (nothing.given, nothing.by) == (None, "")
    assert gone.kept(place, TOMORROWS) is None, "whose details are here has a sheet"
    assert gone.kept(place, "999999999999") is None


def test_an_adverse_event_that_shows_late_is_reported(weeks_later: Old) -> None:
    place = weeks_later.place
    onset = onset_of(place, place.vault.roster.visit(YAMUNA), f"{TODAY + timedelta(days=2):%d %m} 21:15")
    assert onset is not None
    assert (onset.date(), f"{onset:%H:%M}") == (TODAY + timedelta(days=2), "21:15")
    form = AefiForm(onset=onset, signs=(AefiSign.FEVER,), seriousness=Seriousness.HOSPITALISATION)
    saved = report(form, place, YAMUNA)
    (*_, (seq, _, _, body)) = place.vault.ledger.events()
    assert isinstance(body, AefiReported)
    assert (seq, body.appointment, body.onset) == (saved.seq, YAMUNA, onset)
    with pytest.raises(CannotDo, match=r"aefi\.not_vaccinated"):
        report(form, place, NO_SHOW)


def test_the_in_charge_takes_back_what_was_wrong_and_nobody_else_does(weeks_later: Old) -> None:
    place = weeks_later.place
    found = gone.kept(place, YAMUNA)
    assert found is not None
    place.staff = replace(place.staff, staff="s-other", role=Role.VACCINATOR)
    seen = gone.kept(place, YAMUNA)
    assert seen is not None
    assert seen.why_not_void is not None
    with pytest.raises(CannotDo, match=r"void\.not_yours"):
        gone.void(place, seen, VoidReason.NEVER_CAME)
    place.staff = replace(place.staff, staff="s-incharge", role=Role.IN_CHARGE)
    gone.void(place, found, VoidReason.NEVER_CAME)
    (*_, (_, _, _, body)) = place.vault.ledger.events()
    assert body == Voided(appointment=YAMUNA, seq=found.visit.dose_seq or 0, reason=VoidReason.NEVER_CAME)
    again = gone.kept(place, YAMUNA)
    assert again is not None
    assert again.given is None
    with pytest.raises(CannotDo, match=r"visit\.nothing_to_void"):
        gone.void(place, again, VoidReason.NEVER_CAME)


def test_the_slip_of_an_old_day_leads_there(weeks_later: Old) -> None:
    def digits(appointment: str) -> str:
        return slip.encode(slip.Slip(centre=CENTRE, session_date=TODAY, appointment=appointment, secret=bytes(16)))

    scan = Queue(weeks_later.place).scan(digits(YAMUNA))
    assert scan is not None
    assert scan.slip is not None
    assert scan.slip.appointment == YAMUNA
    other = Queue(weeks_later.place).scan(digits("000000000777"))
    assert other is not None
    assert other.problem == Message.of("scan.other_day", day=TODAY)
