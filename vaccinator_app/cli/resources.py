"""Finds the files that come with the app: the same way in a checkout, an installed wheel and the built app.

Only the composition root looks for files; it hands the paths to the rooms that draw or print (DESIGN 2.1).
"""

from importlib.util import find_spec
from pathlib import Path

import vaccinator_app

_FONT_PACKAGES = ("fontpkg_noto_sans", "fontpkg_noto_sans_devanagari")


class ResourcesMissing(Exception):
    """The app's own files are not with it. The text is a sentence for people, with no personal detail."""


def resources_folder(package: Path | None = None) -> Path:
    """The folder `resources/` (icons, styles, translations, vaccines, report templates).

    The wheel and the built app hold it inside the package as `_resources`; a checkout holds it beside the
    package, at the top. `package` is the folder of `vaccinator_app`; only tests give another.
    Raises `ResourcesMissing` when neither is there.
    """
    if package is None:
        package = Path(vaccinator_app.__file__).resolve().parent
    installed = package / "_resources"
    if installed.is_dir():
        return installed
    checkout = package.parent
    # site-packages may hold somebody else's `resources`: only a checkout has pyproject.toml beside it
    if (checkout / "pyproject.toml").is_file() and (checkout / "resources").is_dir():
        return checkout / "resources"
    raise ResourcesMissing(
        f"The app's own files are missing from {package}. Install the app again; records stay as they are."
    )


def font_files() -> tuple[Path, ...]:
    """The upright fonts to load before a window or a page is drawn: Latin first, then Devanagari.

    They come from packages, since the machine may have no Devanagari font (DESIGN 9.3).
    Raises `ResourcesMissing` when a font package is absent or holds no upright face.
    """
    return tuple(_upright(name) for name in _FONT_PACKAGES)


def _upright(package: str) -> Path:
    # not importlib.resources, whose own imports the first window would wait for
    found = find_spec(package)
    if found is None or found.origin is None:
        raise ResourcesMissing(f"The font package {package} is missing. Install the app again.")
    folder = Path(found.origin).parent / "files"
    faces = sorted(path for path in folder.glob("*.ttf") if "Italic" not in path.name)
    if not faces:
        raise ResourcesMissing(f"The font package {package} holds no font. Install the app again.")
    return faces[0]
