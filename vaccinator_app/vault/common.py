"""Passphrases that are tried first by whoever finds the machine (DESIGN 5.1)."""

from __future__ import annotations

_LEAST_KINDS = 5
"""Different characters; fewer are ``aaaaaaaa`` and ``12121212``."""

_RUNS = ("0123456789012345", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn")

_WORDS = frozenset(  # a list of strings would be a page
    """
    password passphrase passcode passwort qwerty welcome letmein iloveyou sunshine princess football baseball cricket
    superman batman trustno monkey dragon master shadow computer internet samsung iphone google facebook changeme
    secret default administrator admin root user guest login test testing hello helloworld india bharat hindustan
    jaihind jaishriram krishna ganesh mahadev vandemataram namaste vaccine vaccinator vaccination covid coronavirus
    covishield covaxin corbevax cowin hospital health healthcentre nurse doctor centre incharge
    """.split()  # noqa: SIM905
)

_AS_LETTERS = str.maketrans("013457@$!", "oieastasi")


def is_common(passphrase: str) -> bool:
    """Whether it is a word that many choose, whatever digits and signs it wears, a run of keys, or repetition."""
    text = "".join(passphrase.casefold().split())
    if len(set(text)) < _LEAST_KINDS:
        return True
    if any(text in run or text in run[::-1] for run in _RUNS):
        return True
    bare = {_bare(text), _bare(text.translate(_AS_LETTERS)), _bare(text).translate(_AS_LETTERS)}
    halves = {word[: len(word) // 2] for word in bare if word[: len(word) // 2] * 2 == word}
    return not _WORDS.isdisjoint(bare | halves)


def _bare(text: str) -> str:
    """Without what stands before the first letter and after the last."""
    letters = [place for place, character in enumerate(text) if character.isalpha()]
    return text[letters[0] : letters[-1] + 1] if letters else ""
