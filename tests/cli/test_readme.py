"""The README's commands are ones this program has."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from vaccinator_app.cli import central_commands, main

README = Path(__file__).parents[2] / "README.md"
COMMANDS = [line for line in README.read_text("utf-8").splitlines() if line.startswith("vaccinator ")]


def test_the_readme_has_commands() -> None:
    assert len(COMMANDS) >= 8


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_readme_is_understood(line: str) -> None:
    parsed = main._parser().parse_args(shlex.split(line)[1:])
    if parsed.run == "central_commands:run_central":
        central_commands._parser().parse_args(parsed.rest)
