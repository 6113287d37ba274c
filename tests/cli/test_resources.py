"""The app's own files are found in each of the three places it can run from (DESIGN 2.1)."""

from pathlib import Path

import pytest

import vaccinator_app
from vaccinator_app.cli import resources
from vaccinator_app.cli.resources import ResourcesMissing, font_files, resources_folder


def make(*parts: str | Path) -> Path:
    folder = Path(*parts)
    folder.mkdir(parents=True)
    return folder


def test_a_checkout_has_them_beside_the_package(tmp_path: Path) -> None:
    package = make(tmp_path, "vaccinator_app")
    (tmp_path / "pyproject.toml").touch()
    beside = make(tmp_path, "resources")
    assert resources_folder(package) == beside


def test_a_wheel_and_the_built_app_have_them_inside_the_package(tmp_path: Path) -> None:
    package = make(tmp_path, "vaccinator_app")
    inside = make(package, "_resources")
    assert resources_folder(package) == inside


def test_somebody_elses_folder_beside_an_installed_package_is_not_taken(tmp_path: Path) -> None:
    package = make(tmp_path, "vaccinator_app")
    make(tmp_path, "resources")
    with pytest.raises(ResourcesMissing, match="Install the app again"):
        resources_folder(package)


def test_none_at_all_is_one_sentence(tmp_path: Path) -> None:
    package = make(tmp_path, "vaccinator_app")
    (tmp_path / "pyproject.toml").touch()
    with pytest.raises(ResourcesMissing) as told:
        resources_folder(package)
    assert str(package) in str(told.value)


def test_this_checkout() -> None:
    found = resources_folder()
    assert found.is_dir()
    assert found == Path(vaccinator_app.__file__).resolve().parent.parent / "resources"


def test_both_fonts_are_there_and_upright() -> None:
    latin, devanagari = font_files()
    assert latin.name.startswith("NotoSans[")
    assert devanagari.name.startswith("NotoSansDevanagari[")
    for face in (latin, devanagari):
        assert face.read_bytes()[:4] == b"\x00\x01\x00\x00", "a TrueType font starts with its version"


def test_a_missing_font_package_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "_FONT_PACKAGES", ("fontpkg_not_there",))
    with pytest.raises(ResourcesMissing, match="fontpkg_not_there"):
        font_files()
