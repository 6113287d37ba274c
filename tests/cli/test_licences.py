"""Whatever ships is named with its licence, as its makers ask."""

from __future__ import annotations

import json
import re
from importlib.metadata import distribution
from pathlib import Path

import pytest

from vaccinator_app.cli.exits import Exit
from vaccinator_app.cli.main import main
from vaccinator_app.cli.resources import resources_folder
from vaccinator_app.desk.licences import licences

ROOT = Path(__file__).parents[2]
PINNED = re.findall(r"^([A-Za-z0-9_.-]+)==", (ROOT / "requirements" / "base.txt").read_text("utf-8"), re.MULTILINE)


def test_every_package_of_the_desk_is_there_with_its_version_and_a_text() -> None:
    index = json.loads((resources_folder() / "licences" / "index.json").read_text("utf-8"))
    assert sorted(name.casefold() for name in index["packages"]) == sorted(name.casefold() for name in PINNED)
    found = {one.name.casefold(): one for one in licences(resources_folder())}
    for name in PINNED:
        one = found[name.casefold()]
        assert one.version == distribution(name).version
        assert one.licence, name
        assert re.search("copyright|licen[cs]e", one.text, re.IGNORECASE), name
        assert len(one.text) > 500, name


def test_what_is_inside_them_is_named_and_every_kept_text_is_used() -> None:
    folder = resources_folder() / "licences"
    index = json.loads((folder / "index.json").read_text("utf-8"))
    used = {text for one in index["within"] for text in one["texts"]}
    used |= {text for texts in index["beside"].values() for text in texts}
    assert used == {path.name for path in folder.glob("*.txt")}
    found = {one.name: one for one in licences(resources_folder())}
    assert "ZETETIC" in found["SQLCipher"].text
    assert "Argon2id" in found["OpenSSL"].text
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in found["Qt"].text
    assert "public domain" in found["SQLite"].text
    assert "SIL OPEN FONT LICENSE" in found["fontpkg-noto-sans"].text.upper()


def test_the_table_of_what_we_stand_on_says_the_same() -> None:
    table = (ROOT / "docs" / "dependencies.md").read_text("utf-8").partition("Argon2id comes")[0]
    said = dict(re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|", table, re.MULTILINE))
    found = {one.name.casefold(): one.licence for one in licences(resources_folder())}
    for names, licence in list(said.items())[2:]:
        for name in names.split(", "):
            first = re.split(r"[ -]|\bor\b", found[name.casefold()])[0]
            assert first.casefold() in licence.casefold(), (name, found[name.casefold()], licence)


def test_the_command_lists_them_and_prints_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["licences"]) == Exit.OK
    listed = capsys.readouterr().out
    assert re.search(r"^sqlcipher3\s+[\d.]+\s+Zlib$", listed, re.MULTILINE)
    assert main(["licences", "sqlcipher"]) == Exit.OK
    assert "ZETETIC" in capsys.readouterr().out
    assert main(["licences", "no such part"]) == Exit.NOT_DONE
