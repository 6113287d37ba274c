"""What every tracked file keeps to: a size one can read, and no word about the machine it was written on."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_LINES = 400

# DESIGN 2.4: a guide, not a gate. A longer module is listed here with the reason why it is better whole.
LONGER_FOR_A_REASON: dict[str, str] = {}

# Split so that this file does not match itself.
REGISTRIES = (
    *("py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com", "deb." + "debian.org"),
    *("crates" + ".io", "proxy." + "golang.org", "repo.maven" + ".apache.org"),
)
FOLDERS = (
    *("wo" + "rk", "far" + "m", "tmp/" + "w", "ro" + "ot", "home/" + r"\w+", "Us" + "ers"),
    *("opt/wh" + "eels", "opt/py" + "pi"),
)
# a folder of the project, as in "docs/x/", is no folder of the machine
_FOLDER = r"(?<![\w.}>)*\]-])/(?:" + "|".join(FOLDERS) + ")/"
UNWANTED = re.compile("|".join([*map(re.escape, REGISTRIES), _FOLDER]).encode())


def tracked() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    # a file deleted but not yet committed is still listed
    return [path for name in listed.decode().split("\0") if name and (path := ROOT / name).is_file()]


def test_no_module_is_too_long_to_read() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_bytes().splitlines()) for path in tracked() if path.suffix == ".py"
    }
    long = {name: lines for name, lines in lengths.items() if lines > MOST_LINES}
    assert {name: lines for name, lines in long.items() if name not in LONGER_FOR_A_REASON} == {}
    assert set(LONGER_FOR_A_REASON) <= set(long), "no longer too long: take it off the list"


def test_no_file_names_a_registry_or_a_folder_of_somebodys_machine() -> None:
    found = {
        str(path.relative_to(ROOT)): sorted({match.group().decode() for match in UNWANTED.finditer(path.read_bytes())})
        for path in tracked()
    }
    assert {name: words for name, words in found.items() if words} == {}


@pytest.mark.parametrize("host", REGISTRIES)
def test_a_registry_is_noticed(host: str) -> None:
    assert UNWANTED.search(f"--index-url https://{host}/simple".encode())


@pytest.mark.parametrize("line", ["-f /op" + "t/wheels/", "# via /wo" + "rk/main/x.in", "'/ro" + "ot/.cache'"])
def test_a_folder_of_this_machine_is_noticed(line: str) -> None:
    assert UNWANTED.search(line.encode())


@pytest.mark.parametrize("line", ["docs/wo" + "rk/notes", "/net" + "work/", "{base}/ro" + "ot/"])
def test_a_folder_of_the_project_is_not(line: str) -> None:
    assert not UNWANTED.search(line.encode())


@pytest.mark.parametrize("name", ["base", "central", "dev", "build", "lock"])
def test_every_requirement_is_pinned_and_hashed(name: str) -> None:
    """`pip install --require-hashes` accepts it, and nothing in it says where to fetch from."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    entries = [line for line in text.splitlines() if line and not line[0].isspace() and not line.startswith("#")]
    assert entries
    for entry in entries:
        assert re.fullmatch(r"[a-z0-9.-]+==\S+( ; [^\\]+)? \\", entry), entry
    blocks = re.split(r"\n(?=\S)", text)
    unhashed = [block for block in blocks if "==" in block.split("\n")[0] and "--hash=sha256:" not in block]
    assert unhashed == []


def test_the_smaller_requirement_files_pin_what_the_whole_one_pins() -> None:
    """The desk that ships is the desk that was tested."""

    def pins(name: str) -> set[str]:
        return set(re.findall(r"^[a-z0-9.-]+==[^\s;]+", (ROOT / "requirements" / f"{name}.txt").read_text(), re.M))

    for name in ("base", "central", "build"):
        assert pins(name) <= pins("dev")
