"""The in-charge's list of who saw or did what, at this machine and as other machines told (DESIGN 5.5).

Who merely looked at another machine, came or went there, is known there alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from vaccinator_app.desk.drafts import read_draft
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.audit import Entry, Looked, Sort, Whom, entry_of, kinds_of, looked, sort_of
from vaccinator_app.domain.audit_words import Names
from vaccinator_app.domain.day import Happened
from vaccinator_app.domain.events import RecordViewed
from vaccinator_app.domain.people import masked_name
from vaccinator_app.domain.powers import Power
from vaccinator_app.domain.staff_events import AuditExported
from vaccinator_app.vault.audit import Asked, AuditTrail
from vaccinator_app.vault.ledger import Saved

Report = Callable[[int, int], None]
"""How far: records passed, of how many."""

_NO_TIME = 1970


def _ignore(_: int, __: int) -> None:
    """For callers who do not watch."""


def _never() -> bool:
    return False


class Audit:
    """Safe to ask from another thread than the window's. Each raises ``CannotDo`` for whoever may not see it."""

    def __init__(self, place: Workplace) -> None:
        self._place = place

    def entries(
        self,
        first: date,
        last: date,
        *,
        staff: str | None = None,
        kind: Sort | None = None,
        appointment: str | None = None,
        report: Report = _ignore,
        cancelled: Callable[[], bool] = _never,
    ) -> list[Entry]:
        """Everything from ``first`` to ``last``, days at the centre, both included: the newest first.

        Only of one person of ``staff``, of one ``kind``, or about one ``appointment`` (a whole reference), where these
        are given. What was read so far when ``cancelled()``.
        """
        self._place.require(Power.AUDIT)
        trail, identity = self._place.vault.audit, self._place.vault.identity
        kinds = None if kind is None else kinds_of(kind)
        asked = Asked(first=first, last=last, staff=staff, kinds=kinds, appointment=appointment)
        aside = trail.set_aside(asked)
        found = [*trail.own(asked, report, cancelled), *trail.told(asked, cancelled), *aside]
        gone = set(map(id, aside))
        if kind is not None:
            found = [one for one in found if sort_of(one.body) is kind]
        open_now = self._open(asked) if kind in (None, Sort.SAW) else []
        about = {one.body.appointment for one in open_now if isinstance(one.body, RecordViewed)}
        about |= {name for one in found if (name := getattr(one.body, "appointment", None)) is not None}
        whom = _whom(trail, about)
        names = Names(self._place.vault.daybooks.names(), self._place.formulary)
        machines = {**trail.machines(), identity.device: identity.device_name}
        lines = [
            entry_of(
                one,
                names,
                whom,
                own=one.device == identity.device,
                machine=machines.get(one.device, one.device),
                aside=id(one) in gone,
            )
            for one in [*found, *open_now]
        ]
        return sorted(lines, key=lambda one: (one.at, one.device, one.seq), reverse=True)

    def looked(self, entries: Iterable[Entry]) -> tuple[Looked, ...]:
        """Who of ``entries`` opened how many people an hour without a visit, the unusual ones first."""
        self._place.require(Power.AUDIT)
        looks = [one for one in entries if one.kind == RecordViewed.KIND]
        days = {one.at.date() for one in looks}
        return looked(looks, {day: self._place.vault.audit.hours(day) for day in days})

    def staff(self) -> dict[str, str]:
        """Whoever of the staff may be in the list, by id."""
        self._place.require(Power.AUDIT)
        return self._place.vault.daybooks.names()

    def record_export(self, first: date, last: date, entries: int) -> Saved:
        """Put on record that so many lines leave the desk as a file. Before there is one: a file that nobody knows of
        is worse than a record of a file that could not be written."""
        self._place.require(Power.AUDIT)
        return self._place.record(AuditExported(first=first, last=last, entries=entries))[-1]

    def _open(self, asked: Asked) -> list[Happened]:
        """Sheets that are open, or were when the power went, by whoever has not come back since: their record follows
        with that person's next sign-in, and is shown here meanwhile."""
        place, found = self._place, []
        for sheet in place.vault.audit.sheets():
            since = read_draft(sheet.data).looking_since
            # of a draft that says no time it is shown on every day
            at = place.now() if since is None or since.year <= _NO_TIME else since.astimezone(place.now().tzinfo)
            if (
                since is not None
                and asked.staff in (None, sheet.staff)
                and asked.appointment in (None, sheet.appointment)
                and (since.year <= _NO_TIME or asked.first <= at.date() <= asked.last)
            ):
                body = RecordViewed(appointment=sheet.appointment)
                found.append(Happened(place.vault.identity.device, 0, at, sheet.staff, body))
        return found


def _whom(trail: AuditTrail, appointments: set[str]) -> dict[str, Whom]:
    found = trail.people(sorted(appointments))
    return {
        appointment: Whom(token=person.token, name=masked_name(person.name), session=person.day)
        for appointment, person in found.items()
    }
