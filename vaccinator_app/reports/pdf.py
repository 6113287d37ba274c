"""The day on A4: PDF for paper and pictures of the same pages for the print preview (DESIGN 11)."""

from __future__ import annotations

from vaccinator_app.reports import typesetting
from vaccinator_app.reports.day import DayReport
from vaccinator_app.reports.figures import page_data
from vaccinator_app.reports.materials import Materials

_TEMPLATE = "day.typ"


def render(report: DayReport, materials: Materials) -> bytes:
    """The PDF, tagged for screen readers; the same report gives the same bytes. Raises ``ReportFailed``."""
    data = page_data(report, materials.labels(report.language))
    return typesetting.pdf(_TEMPLATE, data, materials, report.printed_at)


def pages(report: DayReport, materials: Materials, ppi: float = 96) -> list[bytes]:
    """Each page as a PNG, ``ppi`` pixels to the inch: what ``render`` prints. Raises ``ReportFailed``."""
    data = page_data(report, materials.labels(report.language))
    return typesetting.pictures(_TEMPLATE, data, materials, report.printed_at, ppi)
