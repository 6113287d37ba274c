"""The portal's stylesheet, font and icons: files that never change under one name, so that browsers keep them.

Colours are the tokens that the desk's window has too (``resources/styles/tokens.json``): here they become custom
properties of the stylesheet, one set for light and one for dark.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from vaccinator_app.central.errors import CentralError
from vaccinator_app.reports.materials import Materials

STATIC = "/static/"
_DEVANAGARI = "U+0900-097F, U+1CD0-1CFF, U+200C-200D, U+20A8, U+20B9, U+25CC, U+A830-A839, U+A8E0-A8FF"


@dataclass(frozen=True, slots=True)
class Static:
    """One file as it goes out."""

    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Look:
    """``files`` by their name, which says what is in them; ``icons`` by theirs, to stand in a page."""

    stylesheet: str
    files: Mapping[str, Static]
    icons: Mapping[str, Markup]


def read_look(materials: Materials) -> Look:
    """Make stylesheet and font ready. Raises ``CentralError`` when a file is missing."""
    try:
        # Every phone has letters for Latin, and 2 MB of others for nothing would be long in coming.
        fonts = {_named("font", path.read_bytes(), "ttf"): path.read_bytes() for path in materials.fonts[1:]}
        tokens = json.loads((materials.folder / "styles" / "tokens.json").read_text("utf-8"))
        rules = (materials.folder / "portal" / "portal.css").read_text("utf-8")
        icons = {path.stem: _icon(path) for path in (materials.folder / "icons").glob("*.svg")}
    except (OSError, ValueError) as error:
        raise CentralError("A file of the portal is missing. Install the program again.") from error
    sheet = (_faces(tuple(fonts)) + _colours(tokens) + rules).encode()
    name = _named("portal", sheet, "css")
    files = {name: Static(sheet, "text/css; charset=utf-8")}
    files |= {font: Static(content, "font/ttf") for font, content in fonts.items()}
    return Look(STATIC + name, files, icons)


def _named(stem: str, content: bytes, suffix: str) -> str:
    return f"{stem}.{hashlib.sha256(content).hexdigest()[:16]}.{suffix}"


def _icon(path: Path) -> Markup:
    # Our own files; beside each stands its word, so a screen reader passes over them.
    drawing = path.read_text("utf-8").replace("<svg ", '<svg class="icon" aria-hidden="true" focusable="false" ', 1)
    return Markup(drawing)  # noqa: S704


def _faces(fonts: tuple[str, ...]) -> str:
    """Letters for Hindi: fetched once, and only by a page that has some."""
    return "".join(
        f'@font-face {{ font-family: "Portal Devanagari"; src: url("{STATIC}{font}"); font-weight: 100 900;'
        f" font-display: swap; unicode-range: {_DEVANAGARI}; }}\n"
        for font in fonts
    )


def _colours(tokens: Mapping[str, Any]) -> str:
    light, dark = (_properties(tokens[mode], tokens["mixes"]) for mode in ("light", "dark"))
    return f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"


def _properties(given: Mapping[str, str], mixes: Mapping[str, Any]) -> str:
    colours = dict(given)
    for name, (over, under, part) in mixes.items():
        colours[name] = _mix(colours[over], colours[under], part)
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())


def _mix(over: str, under: str, part: int) -> str:
    """``part`` percent of one colour on another."""
    pairs = zip(bytes.fromhex(over[1:]), bytes.fromhex(under[1:]), strict=True)
    return "#" + bytes(round((one * part + other * (100 - part)) / 100) for one, other in pairs).hex().upper()
