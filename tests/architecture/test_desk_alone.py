"""A desk has none of the server's packages: it starts, and prints its day, where none of them can be imported.

The built app leaves them out (build.spec), and so does an installation without the extra ``central``.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("domain", "trust", "protocol", "vault", "sync", "desk", "gui")
LOADED = ["vaccinator_app.cli.main", "vaccinator_app.cli.resources"]

WITHOUT = """
import importlib, sys
from importlib.abc import MetaPathFinder

class Missing(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in missing or name.partition(".")[0] in missing:
            raise ModuleNotFoundError(name, name=name)

missing, modules = set(sys.argv[1].split()), sys.argv[2].split()
sys.meta_path.insert(0, Missing())
for module in modules:
    importlib.import_module(module)
print(len(modules))
"""


def assigned(name: str) -> list[str]:
    """A list of build.spec, its comprehensions included; nothing of it is run but that."""
    tree = ast.parse((ROOT / "build.spec").read_text("utf-8"))
    (value,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [name]
    )
    found: list[str] = eval(compile(ast.Expression(value), "build.spec", "eval"), {})  # noqa: S307  (our own file)
    return found


def of_a_desk() -> list[str]:
    """Every module that a desk may load, those it loads by name included."""
    paths = sorted(path for room in ROOMS for path in (ROOT / "vaccinator_app" / room).rglob("*.py"))
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in paths]
    return [*names, *LOADED, *assigned("COMMANDS"), *assigned("REPORTS")]


def without(missing: list[str], modules: list[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT, " ".join(missing), " ".join(modules)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False, text=True)


def test_a_desk_loads_without_any_package_of_the_server() -> None:
    server = assigned("SERVER")
    assert {"captcha", "jinja2", "psycopg", "segno", "zxingcpp", "vaccinator_app.central"} <= set(server)
    modules = of_a_desk()
    done = without(server, modules)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(modules) > 150


@pytest.mark.parametrize("module", ["qr", "slip", "certificate"])
def test_what_central_prints_would_not(module: str) -> None:
    """The test above would see it."""
    done = without(["segno"], [f"vaccinator_app.reports.{module}"])
    assert "ModuleNotFoundError: segno" in done.stderr
