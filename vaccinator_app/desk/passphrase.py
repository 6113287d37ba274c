"""How soon a passphrase would be guessed, in words, before it is taken (DESIGN 5.1).

The rules decide (`vault.slots.check_passphrase`); the hint advises. It knows English words, names, keyboards, dates and
what everybody chooses; of other scripts it knows only the words named here, and is too kind to the rest.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from vaccinator_app.domain.message import Message
from vaccinator_app.vault.errors import PassphraseCommon, PassphraseTooShort
from vaccinator_app.vault.slots import LEAST_CHARACTERS, check_passphrase

LONGEST = 128
"""Characters of a passphrase; more is something pasted or a key that stuck."""

_LOOKED_AT = 32
"""Characters that are judged. What comes after can only make it better, and takes seconds to judge."""

_GUESSES_A_SECOND = 1e3
"""What a good graphics card makes of Argon2id at 64 MiB, rounded up: a thief who has the machine has one of those."""

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
_SPANS: Sequence[tuple[float, str]] = (
    (_MINUTE, "passphrase.seconds"),
    (_HOUR, "passphrase.minutes"),
    (_DAY, "passphrase.hours"),
    (30 * _DAY, "passphrase.days"),
    (365 * _DAY, "passphrase.months"),
    (70 * 365 * _DAY, "passphrase.years"),
)
_LIFETIME = "passphrase.lifetime"
_SCORES = (_HOUR, _DAY, 30 * _DAY, 10 * 365 * _DAY)
"""How long guessing has to take for a score of 1, 2, 3, 4."""

_ADVICE: Mapping[str, str] = {
    "passwords": "passphrase.like_common",
    "user_inputs": "passphrase.belongs_here",
    "surnames": "passphrase.names",
    "male_names": "passphrase.names",
    "female_names": "passphrase.names",
    "spatial": "passphrase.keys",
    "repeat": "passphrase.repeats",
    "sequence": "passphrase.sequence",
    "date": "passphrase.dates",
    "regex": "passphrase.dates",
    "": "passphrase.add_word",
}
"""By the list a word stands in, or by the pattern that was found."""

_EVERYWHERE = (  # noqa: SIM905  (a list of strings would be a page)
    "vaccin vaccine vaccinator vaccination verifier cowin covid corona covishield covaxin corbevax health centre "
    "center phc chc hospital sister nurse doctor asha anm india bharat "
    "पासवर्ड पासफ़्रेज़ टीका टीकाकरण कोविड कोरोना स्वास्थ्य केंद्र अस्पताल भारत नमस्ते जयहिन्द राम कृष्ण गणेश"
).split()
"""Tried first by whoever stands before this machine."""

_USING = Lock()
"""The library keeps the words of its caller in a place of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """``score`` from 0 (guessed at once) to 4; ``enough`` when the rules take it, whatever the score."""

    score: int
    words: Message
    enough: bool


def problem(passphrase: str) -> Message | None:
    """Why the rules do not take it; None when they do. Quick."""
    text = unicodedata.normalize("NFKC", passphrase)
    try:
        check_passphrase(text)
    except PassphraseTooShort:
        return Message.of("passphrase.short", n=LEAST_CHARACTERS - len(text)) if text else Message("passphrase.missing")
    except PassphraseCommon as error:
        return Message(error.message_key)
    return None


def same(first: str, second: str) -> bool:
    """Whether both give the same keys: what looks alike is alike (NFKC)."""
    return unicodedata.normalize("NFKC", first) == unicodedata.normalize("NFKC", second)


def hint(passphrase: str, about: Sequence[str] = ()) -> Hint:
    """What is to be said of ``passphrase``. ``about``: names that belong to the person and the place.

    Takes some milliseconds, rarely a second, and more the first time: not for the window's thread.
    """
    refused = problem(passphrase)
    if refused is not None:
        return Hint(score=0, words=refused, enough=False)
    text = unicodedata.normalize("NFKC", passphrase)
    guesses, why = _judge(text[:_LOOKED_AT], about)
    seconds = guesses / _GUESSES_A_SECOND
    score = sum(seconds >= limit for limit in _SCORES)
    when = Message(next((key for limit, key in _SPANS if seconds < limit), _LIFETIME))
    if score < 3:
        return Hint(score=score, words=Message.of("passphrase.weak", when=when, advice=Message(why)), enough=True)
    key = "passphrase.good" if score == 3 else "passphrase.strong"
    return Hint(score=score, words=Message.of(key, when=when), enough=True)


def _judge(text: str, about: Sequence[str]) -> tuple[float, str]:
    """How many guesses, and the key of what makes it weak. Spaces between words are no secret: judged with and
    without, the worse counts."""
    known = [word for name in (*about, *_EVERYWHERE) for word in {name, *name.split()} if len(word) > 2]
    found = [_estimate(one, known) for one in {text, "".join(text.split())}]
    return min(found, key=lambda one: one[0])


def _estimate(text: str, known: Sequence[str]) -> tuple[float, str]:
    # half a megabyte of words: only where a passphrase is chosen
    from zxcvbn import zxcvbn

    with _USING:
        result = zxcvbn(text, user_inputs=list(known))
        # nobody's name stays behind in the library
        zxcvbn("-", user_inputs=[])
    longest: Mapping[str, Any] = max(result["sequence"], key=lambda match: len(match["token"]), default={})
    name = str(longest.get("dictionary_name") or longest.get("pattern") or "")
    return float(result["guesses"]), _ADVICE.get(name, _ADVICE[""])
