"""The wheel holds what the app needs to run away from its checkout (DESIGN 2.1)."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names in a wheel built from this checkout, as `pip install .` would build it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_every_resource_is_inside_the_package(held: set[str]) -> None:
    listed = subprocess.run(["git", "ls-files", "-z", "resources"], cwd=ROOT, capture_output=True, check=True).stdout
    tracked = {name for name in listed.decode().split("\0") if name}
    assert tracked
    assert {name.replace("resources", "vaccinator_app/_resources", 1) for name in tracked} <= held


def test_every_data_file_of_a_room_is_there(held: set[str]) -> None:
    """Migrations and their like: what lies in the package without being Python."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "vaccinator_app"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    assert {name for name in listed.decode().split("\0") if name} <= held


def test_nothing_else_is(held: set[str]) -> None:
    """No tests, no development files, nothing that happens to lie about in the checkout."""
    assert {name.split("/")[0].split("-")[0] for name in held} == {"vaccinator_app"}
