"""What is said of a passphrase before it is taken."""

from __future__ import annotations

import subprocess
import sys

import pytest

from vaccinator_app.desk.passphrase import Hint, hint, problem, same
from vaccinator_app.domain.message import Message

ABOUT = ("Sunita Devi", "PHC Rampur")


def said(found: Hint) -> set[str]:
    """Keys of the sentence and what fills its blanks."""
    return {found.words.key, *(part.key for part in found.words.params.values() if isinstance(part, Message))}


@pytest.mark.parametrize(
    ("typed", "score", "keys"),
    [
        ("", 0, {"passphrase.missing"}),
        ("goats", 0, {"passphrase.short"}),
        ("password1", 0, {"vault.passphrase_common"}),
        ("rampur phc 2021", 2, {"passphrase.belongs_here"}),
        ("devi sunita", 0, {"passphrase.belongs_here"}),
        ("12/04/1987", 0, {"passphrase.dates", "passphrase.weak"}),
        ("sharma kamala", 1, {"passphrase.names"}),
        ("zxcvfdsaqwer", 2, {"passphrase.keys"}),
        ("hopla hopla hopla", 0, {"passphrase.repeats"}),
        ("टीका टीकाकरण", 0, {"passphrase.belongs_here"}),
        ("three brown goats", 2, {"passphrase.weak", "passphrase.add_word", "passphrase.days"}),
        ("monsoon over goats", 3, {"passphrase.good", "passphrase.months"}),
        ("lamp river seven mango", 4, {"passphrase.strong"}),
    ],
)
def test_what_is_said(typed: str, score: int, keys: set[str]) -> None:
    found = hint(typed, ABOUT)

    assert keys <= said(found)
    assert found.score == score
    assert found.enough == (problem(typed) is None)


def test_the_rules_decide_and_the_hint_advises() -> None:
    weak = hint("devi sunita", ABOUT)

    assert weak.enough
    assert weak.score < 2
    assert hint("devi sunita").score > weak.score


def test_what_looks_alike_is_the_same_passphrase() -> None:
    assert same("goats ﬁnd ½ way", "goats find 1⁄2 way")
    assert not same("three brown goats", "Three brown goats")


def test_long_texts_are_judged_by_their_beginning() -> None:
    found = hint("lamp river seven mango " * 6, ABOUT)

    assert found.score == 4


def test_the_lists_of_words_are_loaded_where_a_passphrase_is_chosen_and_keep_no_name() -> None:
    code = (
        "import sys; from vaccinator_app.desk.passphrase import hint; assert 'zxcvbn' not in sys.modules;"
        "hint('three brown goats', ['Sunita']); from zxcvbn import matching;"
        "assert matching.RANKED_DICTIONARIES['user_inputs'] == {}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
