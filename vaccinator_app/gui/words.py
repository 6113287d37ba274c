"""Words in Hindi and English, switched while the app runs; dates, times, ages and spans as people say them.

Digits are western in both languages: slips and SMS print them so, and a person compares one with the other.

How keys are written, so that a test can find each of them: a key stands whole in the code, in
``Message.of("visit.saved")``, ``words.t("visit.saved")`` or in a table ``KEYS: dict[State, str]`` with whole keys
as values. A key put together out of parts (``f"step.{step}"``) is forbidden.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal

from vaccinator_app.domain.message import Message

LANGUAGES = {"en": "English", "hi": "हिन्दी"}
"""Code and own name of each language."""

_PLAIN = "en"
_NOTHING = "…"
_ONE: Mapping[str, frozenset[int]] = {"en": frozenset({1}), "hi": frozenset({0, 1})}
"""The numbers each language says in the singular (CLDR plural rules, for whole numbers)."""

_WEEKDAYS = (
    "weekday.mon", "weekday.tue", "weekday.wed", "weekday.thu", "weekday.fri", "weekday.sat", "weekday.sun",
)  # fmt: skip
_MONTHS = (
    "month.jan", "month.feb", "month.mar", "month.apr", "month.may", "month.jun",
    "month.jul", "month.aug", "month.sep", "month.oct", "month.nov", "month.dec",
)  # fmt: skip

Text = str | dict[str, str]
D = TypeVar("D", bound=date)


class UnknownKey(KeyError):
    """A key no catalogue has, or a sentence with a blank nobody fills. Raised only where ``strict`` is set."""


class Words(QObject):
    """The catalogues of ``resources/translations`` and the language in force.

    ``changed`` comes after a switch of language; each screen says its words again. ``strict`` (tests) raises
    `UnknownKey` where the desk would show the English text instead and leave a blank as "…".
    """

    changed = Signal()

    def __init__(
        self, resources: Path, language: str = _PLAIN, *, strict: bool = False, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._folder = resources / "translations"
        self.strict = strict
        self.zone: tzinfo | None = None
        """The centre's zone; times of other zones are shown in it. None shows each in the zone it carries."""
        self._catalogues: dict[str, dict[str, Text]] = {}
        self._language = language if language in LANGUAGES else _PLAIN

    @property
    def language(self) -> str:
        """Code of the language in force: "en" or "hi"."""
        return self._language

    def set_language(self, language: str) -> None:
        """Switch to "en" or "hi"; ValueError for any other."""
        if language not in LANGUAGES:
            raise ValueError("language must be one of " + ", ".join(LANGUAGES))
        if language != self._language:
            self._language = language
            self.changed.emit()

    def t(self, key: str, /, **params: object) -> str:
        """The text of ``key`` with its blanks filled.

        A blank ``{name}`` takes text, a whole number, a further `Message`, a date ("Sat 21 Nov"), a datetime
        ("10:04"), a timedelta ("1 h 40 min") or a list of these ("a, b and c"). The text itself may ask for another
        form: ``{at:time}``, ``:day`` (Sat 21 Nov), ``:date`` (21 Nov), ``:year`` (21 Nov 2026), ``:month``
        (Nov 2026), ``:when`` (Sat 21 Nov 10:04); ``{age:since}`` (just now). ``n`` chooses between one and many.
        """
        return self._filled(key, params)

    def say(self, what: Message | str) -> str:
        """``what`` in words. Text that needs no translation (a person's name) passes as it is."""
        return what if isinstance(what, str) else self._filled(what.key, what.params)

    def time(self, at: datetime) -> str:
        """As "10:04", in the centre's zone. ValueError for a time that carries no zone."""
        here = self._here(at)
        return f"{here.hour:02}:{here.minute:02}"

    def day(self, on: date) -> str:
        """As "Sat 21 Nov", "शनि, 21 नव॰"."""
        on = self._here(on)
        weekday, month = self.t(_WEEKDAYS[on.weekday()]), self.t(_MONTHS[on.month - 1])
        return self.t("date.weekday", weekday=weekday, day=on.day, month=month)

    def short_date(self, on: date, *, year: bool = False) -> str:
        """As "21 Nov", or "21 Nov 2026" with ``year``."""
        on = self._here(on)
        month = self.t(_MONTHS[on.month - 1])
        if year:
            return self.t("date.year", day=on.day, month=month, year=on.year)
        return self.t("date.short", day=on.day, month=month)

    def month(self, on: date) -> str:
        """As "Nov 2026", the way a vial carries its expiry."""
        on = self._here(on)
        return self.t("date.month", month=self.t(_MONTHS[on.month - 1]), year=on.year)

    def when(self, at: datetime) -> str:
        """As "Sat 21 Nov 10:04", for a time on another day."""
        return self.t("date.when", day=self.day(at), time=self.time(at))

    def age(self, born: int, on: date) -> str:
        """As "about 58": only the year of birth is known (DESIGN 5.5). Never below 0."""
        return self.t("age.about", years=max(0, on.year - born))

    def duration(self, span: timedelta) -> str:
        """As "30 s", "5 min", "1 h 40 min", "2 days"; rounded down, never below 0."""
        seconds = max(0, int(span.total_seconds()))
        minutes, hours = seconds // 60, seconds // 3600
        if minutes == 0:
            return self.t("span.seconds", seconds=seconds)
        if hours == 0:
            return self.t("span.minutes", minutes=minutes)
        if hours >= 48:
            return self.t("span.days", n=hours // 24)
        if minutes % 60 == 0:
            return self.t("span.hours", hours=hours)
        return self.t("span.hours_minutes", hours=hours, minutes=minutes % 60)

    def since(self, span: timedelta) -> str:
        """How long ago something happened: "just now" in the first minute, then as `duration`."""
        return self.t("span.now") if span < timedelta(minutes=1) else self.duration(span)

    def join(self, parts: Sequence[str]) -> str:
        """As "a, b and c". Empty for nothing."""
        if len(parts) < 2:
            return "".join(parts)
        return self.t("list.last", before=", ".join(parts[:-1]), last=parts[-1])

    def _filled(self, key: str, params: Mapping[str, object]) -> str:
        text = self._text(key, params.get("n"))
        try:
            return text.format_map(_Blanks(self, params))
        except KeyError as missing:
            raise UnknownKey(f"{key} leaves {missing} unfilled") from None

    def _text(self, key: str, n: object) -> str:
        for language in (self._language, _PLAIN):
            found = self._catalogue(language).get(key)
            if isinstance(found, str):
                return found
            if found is not None:
                return found["one" if n in _ONE[language] else "other"]
            if self.strict:
                break
        if self.strict:
            raise UnknownKey(f"{key} is not in {self._language}.json")
        return key

    def _catalogue(self, language: str) -> dict[str, Text]:
        if language not in self._catalogues:
            path = self._folder / f"{language}.json"
            self._catalogues[language] = json.loads(path.read_text("utf-8"))
        return self._catalogues[language]

    def _value(self, value: object, form: str) -> str:
        if form:
            return _FORMS[form](self, value)
        if value is None and self.strict:
            raise UnknownKey("a blank was filled with None")
        match value:
            case None:
                return _NOTHING
            case str() | Message():
                return self.say(value)
            case datetime():
                return self.time(value)
            case date():
                return self.day(value)
            case timedelta():
                return self.duration(value)
            case list() | tuple():
                return self.join([self._value(part, form) for part in value])
        return str(value)

    def _here(self, at: D) -> D:
        """``at`` in the centre's zone; dates as they are."""
        if not isinstance(at, datetime):
            return at
        if at.tzinfo is None:
            raise ValueError("a time of day needs a zone")
        return at if self.zone is None else at.astimezone(self.zone)


_FORMS: Mapping[str, Callable[[Words, Any], str]] = {
    "time": Words.time,
    "day": Words.day,
    "date": Words.short_date,
    "year": lambda words, on: words.short_date(on, year=True),
    "month": Words.month,
    "when": Words.when,
    "since": Words.since,
}


class _Blank:
    """One value, put into words in the form its text asks for."""

    def __init__(self, words: Words, value: object) -> None:
        self._words = words
        self._value = value

    def __format__(self, form: str) -> str:
        return self._words._value(self._value, form)


class _Unfilled:
    def __format__(self, form: str) -> str:
        return _NOTHING


class _Blanks(dict[str, _Blank | _Unfilled]):
    """The values for the blanks of one text."""

    def __init__(self, words: Words, params: Mapping[str, object]) -> None:
        super().__init__({name: _Blank(words, value) for name, value in params.items()})
        self._strict = words.strict

    def __missing__(self, name: str) -> _Unfilled:
        if self._strict:
            raise KeyError(name)
        return _Unfilled()
