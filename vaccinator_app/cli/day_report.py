"""``vaccinator report``: a day as PDF, CSV or FHIR (DESIGN 11)."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from datetime import date
from pathlib import Path

from vaccinator_app.cli.exits import Exit, Failed
from vaccinator_app.cli.home import open_desk
from vaccinator_app.cli.resources import font_files, resources_folder
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.reconcile import Reconcile
from vaccinator_app.desk.unlock import lock
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.day import is_empty
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.words import Words
from vaccinator_app.reports.day import DayReport
from vaccinator_app.reports.from_daybook import Centre, report_of
from vaccinator_app.reports.materials import Materials, ReportFailed


def run_report(arguments: Namespace) -> int:
    """``vaccinator report --day D --format pdf|csv|fhir --out FILE``; the in-charge's to ask for."""
    opened = open_desk(arguments)
    try:
        day = _day(arguments.day, opened.place)
        report = report_of_day(opened.place, day, arguments.language)
    finally:
        lock(opened.place)
    _write(arguments.out, rendered(report, arguments.format))
    print(f"The report of {day:%d-%m-%Y} is in {arguments.out.name}.")
    return Exit.OK


def report_of_day(place: Workplace, day: date, language: str) -> DayReport:
    """The day as this desk knows it. Raises ``CannotDo`` for anybody but an in-charge, and for a day without events."""
    overview = Reconcile(place).overview(day)
    if overview is None or is_empty(day, overview.book.happened):
        raise CannotDo(Message.of("report.empty_day", day=day))
    identity = place.vault.identity
    words = Words(resources_folder(), language)
    words.zone = place.now().tzinfo
    return report_of(
        overview.book,
        overview.tally,
        overview.exceptions,
        close=overview.close,
        agreed=overview.agreed,
        centre=Centre(id=identity.centre, name=identity.centre_name, time_zone=identity.time_zone),
        language=language,
        say=words.say,
    )


def rendered(report: DayReport, form: str) -> bytes:
    """The report's bytes in one of the three forms. Raises ``Failed``."""
    materials = Materials(resources_folder(), font_files())
    try:
        return _RENDER[form](report, materials)
    except ReportFailed as error:
        raise Failed(Exit.NOT_DONE, str(error)) from error


def _day(typed: str | None, place: Workplace) -> date:
    if typed is None:
        return place.today()
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise Failed(Exit.USAGE, "Give the day as year-month-day, such as 2026-11-21.") from error


def _write(path: Path, data: bytes) -> None:
    try:
        with path.open("xb") as out:
            path.chmod(0o600)
            out.write(data)
    except FileExistsError as error:
        raise Failed(Exit.BAD_INPUT, f"{path.name} is there already; name another file.") from error
    except OSError as error:
        raise Failed(Exit.BAD_INPUT, f"{path.name} cannot be written.") from error


def _pdf(report: DayReport, materials: Materials) -> bytes:
    from vaccinator_app.reports import pdf

    return pdf.render(report, materials)


def _csv(report: DayReport, _: Materials) -> bytes:
    from vaccinator_app.reports import csv

    return csv.render(report)


def _fhir(report: DayReport, materials: Materials) -> bytes:
    from vaccinator_app.reports import fhir

    return fhir.render(report, materials)


_RENDER: dict[str, Callable[[DayReport, Materials], bytes]] = {"pdf": _pdf, "csv": _csv, "fhir": _fhir}
