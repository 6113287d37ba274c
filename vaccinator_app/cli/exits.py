"""What a command's exit code means (DESIGN 11)."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The documented exit codes; the README lists them."""

    OK = 0
    FAULT = 1
    USAGE = 2
    VAULT = 3
    NOT_DONE = 4
    UNREACHABLE = 5
    REFUSED = 6
    BAD_INPUT = 7
    CHECK_FAILED = 8


class Failed(Exception):
    """A command that ends early with a sentence and an exit code."""

    def __init__(self, code: Exit, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
