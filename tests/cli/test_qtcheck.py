"""Missing system libraries are named as Debian packages before Qt is loaded."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from vaccinator_app.cli.qtcheck import missing_packages, missing_sentence, qt_platform


class Machine:
    """A loader for a machine that lacks the named libraries."""

    def __init__(self, *lacks: str) -> None:
        self.lacks = lacks
        self.asked: list[str] = []

    def __call__(self, soname: str) -> object:
        self.asked.append(soname)
        if soname in self.lacks:
            raise OSError(f"{soname}: cannot open shared object file")
        return object()


def test_nothing_missing() -> None:
    assert missing_packages("xcb", Machine(), "linux") == []


def test_each_missing_library_is_named_by_its_package_once() -> None:
    machine = Machine("libEGL.so.1", "libglib-2.0.so.0", "libgthread-2.0.so.0")
    assert missing_packages("offscreen", machine, "linux") == ["libegl1", "libglib2.0-0"]


def test_xcb_libraries_matter_only_on_xcb() -> None:
    lacks = ("libxcb-cursor.so.0", "libxcb-icccm.so.4")
    assert missing_packages("xcb", Machine(*lacks), "linux") == ["libxcb-cursor0", "libxcb-icccm4"]
    for platform in ("offscreen", "wayland"):
        machine = Machine(*lacks)
        assert missing_packages(platform, machine, "linux") == []
        assert not any(soname.startswith("libxcb") for soname in machine.asked)


def test_wayland_libraries_matter_only_on_wayland() -> None:
    assert missing_packages("wayland", Machine("libwayland-cursor.so.0"), "linux") == ["libwayland-cursor0"]
    assert missing_packages("xcb", Machine("libwayland-cursor.so.0"), "linux") == []


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_other_systems_are_not_searched(system: str) -> None:
    machine = Machine("libEGL.so.1")
    assert missing_packages("windows", machine, system) == []
    assert machine.asked == []


@pytest.mark.parametrize(
    ("environ", "system", "platform"),
    [
        ({}, "linux", "offscreen"),
        ({"DISPLAY": ""}, "linux", "offscreen"),
        ({"DISPLAY": ":0"}, "linux", "xcb"),
        ({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, "linux", "wayland"),
        ({"DISPLAY": ":0", "QT_QPA_PLATFORM": "offscreen"}, "linux", "offscreen"),
        ({"QT_QPA_PLATFORM": "offscreen:enable_fonts"}, "linux", "offscreen"),
        ({"QT_QPA_PLATFORM": "xcb;wayland"}, "linux", "xcb"),
        ({}, "win32", "windows"),
        ({}, "darwin", "cocoa"),
    ],
)
def test_the_platform_qt_will_run_on(environ: dict[str, str], system: str, platform: str) -> None:
    assert qt_platform(environ, system) == platform


def test_the_sentence_holds_the_command() -> None:
    assert missing_sentence(["libegl1", "libgl1"]).endswith("sudo apt install libegl1 libgl1")
    assert "a system library that" in missing_sentence(["libegl1"])


def test_the_check_itself_loads_no_qt() -> None:
    code = (
        "import sys; from vaccinator_app.cli.qtcheck import missing_packages, qt_platform; "
        "missing_packages(qt_platform()); print(any('PySide6' in name for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the Linux libraries of Qt")
@pytest.mark.parametrize(
    ("platform", "binaries"),
    [
        (
            "offscreen",
            [
                *(f"lib/libQt6{name}.so.6" for name in ("Core", "DBus", "Gui", "Widgets", "Svg")),
                "plugins/platforms/libqoffscreen.so",
            ],
        ),
        ("xcb", ["lib/libQt6XcbQpa.so.6", "plugins/platforms/libqxcb.so"]),
        (
            "wayland",
            [
                "lib/libQt6WaylandClient.so.6",
                "plugins/platforms/libqwayland.so",
                "plugins/wayland-graphics-integration-client/libqt-plugin-wayland-egl.so",
            ],
        ),
    ],
)
def test_every_library_that_this_qt_names_is_known(platform: str, binaries: list[str]) -> None:
    """A newer Qt that needs another system library fails here, not on somebody's machine."""
    spec = find_spec("PySide6")
    assert spec is not None
    assert spec.origin is not None
    qt = Path(spec.origin).parent / "Qt"
    machine = Machine()
    missing_packages(platform, machine, "linux")
    shipped = {path.name for path in (qt / "lib").iterdir()}
    of_every_system = {"libc.so.6", "libm.so.6", "libgcc_s.so.1", "libstdc++.so.6"}
    for binary in binaries:
        needed = needed_by(qt / binary)
        assert needed, f"{binary} names no library: is it an ELF file?"
        libraries = {name for name in needed if not name.startswith("ld-linux")}
        assert libraries - shipped - of_every_system <= set(machine.asked), binary


def needed_by(path: Path) -> set[str]:
    """The sonames in the dynamic section of a 64-bit little-endian ELF file (System V ABI, figure 5-10)."""
    data = path.read_bytes()
    assert data[:6] == b"\x7fELF\x02\x01", f"{path.name} is not a 64-bit little-endian ELF file"

    def number(at: int, size: int) -> int:
        return int.from_bytes(data[at : at + size], "little")

    table, size, count = number(0x28, 8), number(0x3A, 2), number(0x3C, 2)
    sections = [table + index * size for index in range(count)]
    dynamic = next(at for at in sections if number(at + 4, 4) == 6)
    strings = number(sections[number(dynamic + 0x28, 4)] + 0x18, 8)
    start, length = number(dynamic + 0x18, 8), number(dynamic + 0x20, 8)
    names = set()
    for at in range(start, start + length, 16):
        if number(at, 8) == 1:
            begin = strings + number(at + 8, 8)
            names.add(data[begin : data.index(b"\0", begin)].decode())
    return names
