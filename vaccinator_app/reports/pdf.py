"""The day on A4: PDF for paper and pictures of the same pages for the print preview (DESIGN 11).

Typst sets the pages, from the template in ``resources/reports`` and the fonts that come with the app. What people typed
reaches it as values, never as markup. It fetches nothing: the template names no package.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Literal

import typst

from vaccinator_app.reports.day import DayReport
from vaccinator_app.reports.figures import page_data
from vaccinator_app.reports.materials import Materials, ReportFailed

_TEMPLATE = "day.typ"
_COLOURS = ("text", "quiet", "line", "accent")


def render(report: DayReport, materials: Materials) -> bytes:
    """The PDF, tagged for screen readers; the same report gives the same bytes. Raises ``ReportFailed``."""
    made = _typeset(report, materials, "pdf", None)
    return made[0]


def pages(report: DayReport, materials: Materials, ppi: float = 96) -> list[bytes]:
    """Each page as a PNG, ``ppi`` pixels to the inch: what ``render`` prints. Raises ``ReportFailed``."""
    return _typeset(report, materials, "png", ppi)


def _typeset(report: DayReport, materials: Materials, form: Literal["pdf", "png"], ppi: float | None) -> list[bytes]:
    missing = [font for font in materials.fonts if not font.is_file()]
    if missing or not materials.fonts:
        raise ReportFailed("The fonts that reports are printed in are missing. Install the app again.")
    data = {**page_data(report, materials.labels(report.language)), "colours": _colours(materials)}
    text = json.dumps(data, ensure_ascii=False)
    folders = tuple(sorted({str(font.parent) for font in materials.fonts}))
    try:
        made = typst.Compiler(
            materials.templates / _TEMPLATE,
            root=materials.templates,
            font_paths=_fonts(folders, not _has_bundled_letters_only(text)),
            # a day is some kilobytes; a name never meets the parser
            sys_inputs={"report": text},
            # were a template ever to name a package, there is none to be had
            package_path=materials.templates,
            package_cache_path=materials.templates,
        ).compile(format=form, ppi=ppi, timestamp=int(report.printed_at.timestamp()))
    except RuntimeError:
        # what typst says may quote the report
        raise ReportFailed("The pages could not be set.") from None
    assert made is not None, "compiled to memory"
    return made if isinstance(made, list) else [made]


@lru_cache(maxsize=2)
def _fonts(folders: tuple[str, ...], of_the_machine: bool) -> typst.Fonts:
    return typst.Fonts(include_system_fonts=of_the_machine, font_paths=[Path(folder) for folder in folders])


def _has_bundled_letters_only(text: str) -> bool:
    """Whether the fonts that come along have every letter; if not, the machine's own are asked for the rest.

    They are asked only then, so that a page of Latin and Devanagari is the same on every machine.
    """
    return all(c < "\u0530" or "\u0900" <= c <= "\u097f" or "\u1e00" <= c <= "\u20cf" or c == "\u2212" for c in text)


def _colours(materials: Materials) -> dict[str, str]:
    colours = materials.colours()
    return {name: colours[name] for name in _COLOURS}
