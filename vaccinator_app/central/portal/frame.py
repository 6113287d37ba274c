"""Templates, words and looks: what every page is made with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from vaccinator_app.central.keyring.keys import Cupboard
from vaccinator_app.central.portal.look import Look, read_look
from vaccinator_app.central.portal.words import Say, read_words
from vaccinator_app.reports.materials import Materials


@dataclass(frozen=True, slots=True)
class Frame:
    """Made once, when the server starts. Everything that a template shows is escaped."""

    environment: Environment
    words: Mapping[str, Say]
    look: Look
    cupboard: Cupboard
    materials: Materials

    def render(self, template: str, context: Mapping[str, Any]) -> str:
        """The text of a page."""
        return self.environment.get_template(template).render(context)


def make_frame(materials: Materials, cupboard: Cupboard) -> Frame:
    """Read what pages are made of. Raises ``CentralError`` when a file is missing."""
    environment = Environment(
        loader=FileSystemLoader(materials.folder / "portal"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    look = read_look(materials)
    environment.globals["look"] = look
    return Frame(environment, read_words(materials), look, cupboard, materials)
