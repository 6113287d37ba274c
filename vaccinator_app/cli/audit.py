"""``vaccinator audit``: who saw or did what at this machine, for the in-charge (DESIGN 5.5)."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from vaccinator_app.cli.exits import Exit, Failed
from vaccinator_app.cli.home import open_desk
from vaccinator_app.cli.speech import speak, words
from vaccinator_app.desk.audit import Audit
from vaccinator_app.desk.unlock import lock
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.audit import Entry, Looked, Sort

DAYS = timedelta(days=6)
"""Without ``--from``: the last week, today included."""


def run_audit(arguments: Namespace) -> int:
    """``vaccinator audit``: a line a record, the newest first, names of the people it is about masked.

    Whatever is printed has left the desk, into a file or down a pipe: that it did is on record before it does.
    """
    opened = open_desk(arguments)
    place = opened.place
    words().zone = place.now().tzinfo
    try:
        audit = Audit(place)
        first, last = _days(arguments, place)
        entries = audit.entries(
            first,
            last,
            staff=_staff(arguments.staff_name, audit),
            kind=None if arguments.kind is None else Sort(arguments.kind),
            appointment=arguments.appointment,
        )
        looked = audit.looked(entries)
        data = _csv(entries, place) if arguments.format == "csv" else "".join(f"{_text(e)}\n" for e in entries).encode()
        if arguments.out is not None and arguments.out.exists():
            raise Failed(Exit.BAD_INPUT, f"{arguments.out.name} is there already; name another file.")
        audit.record_export(first, last, len(entries))
    finally:
        lock(place)
    if arguments.out is not None:
        _write(arguments.out, data)
        print(f"{len(entries)} lines are in {arguments.out.name}. That they were written is on record.")
    else:
        sys.stdout.write(data.decode("utf-8-sig"))
    _warn(looked)
    return Exit.OK


def _days(arguments: Namespace, place: Workplace) -> tuple[date, date]:
    last = _day(arguments.to) or place.today()
    first = _day(arguments.first) or last - DAYS
    if first > last:
        raise Failed(Exit.USAGE, "The first day is after the last.")
    return first, last


def _day(typed: str | None) -> date | None:
    if typed is None:
        return None
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise Failed(Exit.USAGE, "Give a day as year-month-day, such as 2026-11-21.") from error


def _staff(asked: str | None, audit: Audit) -> str | None:
    people = audit.staff()
    if asked is None:
        return None
    found = [staff for staff, name in people.items() if asked.casefold() in (staff.casefold(), name.casefold())]
    if len(found) == 1:
        return found[0]
    if len(found) > 1:
        # of two people of one name each has an id of their own
        which = ", ".join(sorted(found))
        raise Failed(Exit.USAGE, f"There are several of that name: {which}. Give --staff one of these.")
    raise Failed(
        Exit.USAGE, f"Nobody of this centre's staff is called that. There are: {', '.join(sorted(people.values()))}."
    )


def _text(one: Entry) -> str:
    at = one.at
    whom = "" if one.appointment is None else (f"{one.token} {one.whom}".strip() if one.token else one.appointment)
    where = "" if one.own else f"({one.machine})"
    parts = (f"{at:%Y-%m-%d %H:%M:%S}", f"{one.seq or '-':>6}", one.name, speak(one.words), whom, where)
    return "  ".join(_plain(part) for part in parts if part)


def _plain(text: str) -> str:
    """Of a name that somebody typed, only what a terminal shows."""
    return "".join(c if c.isprintable() else " " for c in text)


def _csv(entries: Sequence[Entry], place: Workplace) -> bytes:
    from vaccinator_app.reports.audit import render

    return render(entries, place.vault.identity.time_zone, speak)


def _warn(looked: Sequence[Looked]) -> None:
    """Beside the list, where a pipe does not take it."""
    for hour in looked:
        if hour.why:
            why = words().join([speak(reason) for reason in hour.why])
            print(f"{hour.hour:%Y-%m-%d %H:%M}  {_plain(hour.name)}: {why}.", file=sys.stderr)


def _write(path: Path, data: bytes) -> None:
    try:
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(made, "wb") as out:
            out.write(data)
    except FileExistsError as error:
        raise Failed(Exit.BAD_INPUT, f"{path.name} is there already; name another file.") from error
    except OSError as error:
        raise Failed(Exit.BAD_INPUT, f"{path.name} cannot be written.") from error
