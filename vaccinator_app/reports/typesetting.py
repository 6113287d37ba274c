"""Pages from a template and its values: what every printed form shares.

Typst sets them, from the templates in ``resources/reports`` and the fonts that come with the app. What people typed
reaches it as values, never as markup. It fetches nothing: the templates name no package. Calls from several threads at
once are safe, and run side by side.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import typst

from vaccinator_app.reports.materials import Materials, ReportFailed

_COLOURS = ("text", "quiet", "line", "accent")


def pdf(template: str, data: Mapping[str, Any], materials: Materials, made_at: datetime) -> bytes:
    """The PDF, tagged for screen readers; the same values give the same bytes. Raises ``ReportFailed``."""
    return _typeset(template, data, materials, made_at, "pdf", None)[0]


def pictures(
    template: str, data: Mapping[str, Any], materials: Materials, made_at: datetime, ppi: float
) -> list[bytes]:
    """Each page as a PNG, ``ppi`` pixels to the inch: what ``pdf`` prints. Raises ``ReportFailed``."""
    return _typeset(template, data, materials, made_at, "png", ppi)


def _typeset(
    template: str,
    data: Mapping[str, Any],
    materials: Materials,
    made_at: datetime,
    form: Literal["pdf", "png"],
    ppi: float | None,
) -> list[bytes]:
    missing = [font for font in materials.fonts if not font.is_file()]
    if missing or not materials.fonts:
        raise ReportFailed("The fonts that reports are printed in are missing. Install the app again.")
    text = json.dumps({**data, "colours": _colours(materials)}, ensure_ascii=False)
    folders = tuple(sorted({str(font.parent) for font in materials.fonts}))
    try:
        made = typst.Compiler(
            materials.templates / template,
            root=materials.templates,
            font_paths=_fonts(folders, not _has_bundled_letters_only(text)),
            # some kilobytes; a name never meets the parser
            sys_inputs={"report": text},
            # were a template ever to name a package, there is none to be had
            package_path=materials.templates,
            package_cache_path=materials.templates,
        ).compile(format=form, ppi=ppi, timestamp=int(made_at.timestamp()))
    except RuntimeError:
        # what typst says may quote the values
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
