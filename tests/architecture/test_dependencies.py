"""docs/dependencies.md says what is true of the packages we name."""

import re
import tomllib
from importlib.metadata import files, metadata
from pathlib import Path

import pytest
import sqlcipher3

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "dependencies.md").read_text("utf-8")

# what packages call the licences that the page names by their SPDX identifiers
SPDX = {
    "BSD-2-Clause": r"BSD[- ]2-Clause",
    "BSD-3-Clause": r"BSD-3-Clause|BSD License",
    "GPL-2.0-or-later": r"GPLv2-or-later",
    "zlib": r"This software is provided 'as-is'",
}


def named() -> set[str]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    lines = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    return {re.split(r"[<>=~!\[ ]", line)[0] for line in lines}


def rows() -> dict[str, str]:
    """Package to the licence that the page states; a row may name two packages."""
    found = {}
    for names, licence in re.findall(r"^\| ([\w., -]+?) (?:\([^|]*\) )?\| ([^|]+) \|", PAGE, re.M):
        found.update(dict.fromkeys(names.split(", "), licence))
    return found


def stated(package: str) -> str:
    """Everything the installed package says about its licence, the licence's own text included."""
    about = metadata(package)
    said = [*(about.get_all("License-Expression") or []), *(about.get_all("License") or [])]
    said += [line for line in about.get_all("Classifier") or [] if line.startswith("License")]
    return "\n".join(said or [path.read_text() for path in files(package) or [] if path.name == "LICENSE"])


def test_each_package_that_we_name_has_its_line() -> None:
    assert named() <= set(rows())


@pytest.mark.parametrize("package", sorted(named()))
def test_the_licence_is_what_the_installed_package_says(package: str) -> None:
    licence = re.split(r" or | \(|,", rows()[package])[0]
    assert re.search(SPDX.get(licence, re.escape(licence)), stated(package))


def test_sql_cannot_load_an_extension() -> None:
    database = sqlcipher3.connect(":memory:")
    with pytest.raises(sqlcipher3.OperationalError, match="not authorized"):
        database.execute("select load_extension('x')")
    database.close()


def test_and_the_app_never_lets_it() -> None:
    word = "enable_" + "load_extension"
    sources = (ROOT / "vaccinator_app").rglob("*.py")
    assert [path.name for path in sources if word in path.read_text("utf-8").lower()] == []
