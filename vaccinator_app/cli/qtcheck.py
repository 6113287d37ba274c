"""Says which system libraries Qt would miss, before Qt is loaded and ends the program with its own message.

PySide6 brings Qt itself but not the libraries of the desktop below it. The names were read from the `NEEDED`
entries of the Qt 6.12 libraries and platform plugins; the packages are Debian's, and Ubuntu's are the same.
"""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

# what QtCore, QtGui, QtWidgets and QtDBus ask for on every platform, the offscreen one included
_ALWAYS = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libzstd.so.1": "libzstd1",
    "libz.so.1": "zlib1g",
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11.so.6": "libx11-6",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfreetype.so.6": "libfreetype6",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
}
_FOR_PLATFORM = {
    "xcb": {
        "libX11-xcb.so.1": "libx11-xcb1",
        "libxcb.so.1": "libxcb1",
        "libxcb-cursor.so.0": "libxcb-cursor0",
        "libxcb-icccm.so.4": "libxcb-icccm4",
        "libxcb-image.so.0": "libxcb-image0",
        "libxcb-keysyms.so.1": "libxcb-keysyms1",
        "libxcb-randr.so.0": "libxcb-randr0",
        "libxcb-render.so.0": "libxcb-render0",
        "libxcb-render-util.so.0": "libxcb-render-util0",
        "libxcb-shape.so.0": "libxcb-shape0",
        "libxcb-shm.so.0": "libxcb-shm0",
        "libxcb-sync.so.1": "libxcb-sync1",
        "libxcb-util.so.1": "libxcb-util1",
        "libxcb-xfixes.so.0": "libxcb-xfixes0",
        "libxcb-xkb.so.1": "libxcb-xkb1",
        "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    },
    "wayland": {
        "libwayland-client.so.0": "libwayland-client0",
        "libwayland-cursor.so.0": "libwayland-cursor0",
        "libwayland-egl.so.1": "libwayland-egl1",
    },
}


def qt_platform(environ: Mapping[str, str] = os.environ, system: str = sys.platform) -> str:
    """The Qt platform plugin the app will run on: `xcb`, `wayland`, `offscreen`, `windows` or `cocoa`.

    `QT_QPA_PLATFORM` decides when it is set. Otherwise a Linux session without a display is `offscreen`, so
    that a demo on a server runs headless by itself. Hand the answer to Qt in `QT_QPA_PLATFORM`: both agree.
    """
    # Qt takes a list ("wayland;xcb") and options after a colon ("offscreen:enable_fonts"); the first counts
    asked = environ.get("QT_QPA_PLATFORM", "").split(";")[0].split(":")[0].strip()
    if asked:
        return asked
    if system == "win32":
        return "windows"
    if system == "darwin":
        return "cocoa"
    if environ.get("WAYLAND_DISPLAY"):
        return "wayland"
    return "xcb" if environ.get("DISPLAY") else "offscreen"


def missing_packages(
    platform: str, load: Callable[[str], object] | None = None, system: str = sys.platform
) -> list[str]:
    """Debian packages to install before Qt can start on `platform`, sorted; empty when nothing is missing.

    `load` gets a library's soname and raises `OSError` when it cannot be loaded. Systems other than Linux
    bring everything Qt needs, so the answer there is always empty.
    """
    if not system.startswith("linux"):
        return []
    load = load or _load
    wanted = _ALWAYS | _FOR_PLATFORM.get(platform, {})
    return sorted({package for soname, package in wanted.items() if not _loads(soname, load)})


def missing_sentence(packages: list[str]) -> str:
    """For the person, with the command that helps. `packages` as from `missing_packages`, not empty."""
    what = "a system library" if len(packages) == 1 else "some system libraries"
    command = f"sudo apt install {' '.join(packages)}"
    return f"The window needs {what} that this machine lacks. Install with: {command}"


def _load(soname: str) -> object:
    import ctypes

    bundled = Path(getattr(sys, "_MEIPASS", "")) / soname
    # the built app carries most of them in its own folder
    return ctypes.CDLL(str(bundled) if hasattr(sys, "_MEIPASS") and bundled.exists() else soname)


def _loads(soname: str, load: Callable[[str], object]) -> bool:
    try:
        load(soname)
    except OSError:
        return False
    return True
