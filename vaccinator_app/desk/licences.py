"""What this program is made of that others wrote, and the licence of each, as its makers ask to be shown.

A package brings its own texts, which are read where it is installed; what packages leave out, and what is compiled into
them, stands in ``resources/licences``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

_TEXT = re.compile(r"(^|/)(licen[cs]e|copying|notice|authors|ofl)[^/]*$", re.IGNORECASE)
_NO_TEXT = (".py", ".pyc", ".pyi")
_RULE = "\n\n" + "-" * 72 + "\n\n"


@dataclass(frozen=True, slots=True)
class Licence:
    """One part: its name, the version that is installed (empty for what is inside another part), its licence by its
    short name, and the whole text."""

    name: str
    version: str
    licence: str
    text: str


def licences(resources: Path) -> list[Licence]:
    """Of every part, by name. ``resources`` is the program's folder of resources. A part that is not installed here
    (what a test leaves out) is not named."""
    folder = resources / "licences"
    index = json.loads((folder / "index.json").read_text("utf-8"))

    def kept(files: list[str]) -> list[str]:
        return [(folder / name).read_text("utf-8") for name in files]

    found = [Licence(one["name"], "", one["licence"], _RULE.join(kept(one["texts"]))) for one in index["within"]]
    for name in index["packages"]:
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue
        texts = [*kept(index["beside"].get(name, [])), *_own(package)]
        found.append(Licence(name, package.version, _stated(package, index["stated"].get(name)), _RULE.join(texts)))
    return sorted(found, key=lambda one: one.name.casefold())


def _own(package: Distribution) -> list[str]:
    """The texts that a package carries, each once however often it lies there."""
    texts = {}
    for file in sorted(package.files or [], key=str):
        if _TEXT.search(str(file)) and not str(file).endswith(_NO_TEXT):
            text = file.read_text("utf-8").strip()
            texts[text] = text
    return list(texts)


def _stated(package: Distribution, otherwise: str | None) -> str:
    said = [package.metadata[name] for name in ("License-Expression", "License") if name in package.metadata]
    return otherwise or (said[0] if said else "").partition("\n")[0]
