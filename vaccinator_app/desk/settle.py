"""Dealing with one exception: every act is a record, and an exception that nobody settled stays (DESIGN 7.3)."""

from __future__ import annotations

import re

from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.closing_events import ExceptionSettled, Settlement, SettleReason
from vaccinator_app.domain.digits import ascii_digits
from vaccinator_app.domain.exceptions import Act, DayException
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.powers import Power
from vaccinator_app.vault.ledger import Saved

LONGEST_NOTE = 200
_NAME = 3
"""Letters of a name from which on it tells who somebody is."""
_HOW = {Act.EXPLAIN: Settlement.EXPLAINED, Act.ESCALATE: Settlement.ESCALATED, Act.CONFIRM_OTP: Settlement.CONFIRMED}
_NUMBER = re.compile(r"\d{4}|\d(?:[\s./()\-]*\d){6}")
"""Four digits in a row, or seven with whatever is written between them; a time or a day of the month is neither."""


def settle(place: Workplace, exception: DayException, act: Act, reason: SettleReason, note: str = "") -> Saved:
    """Let it stand with a reason, or hand it on. Raises ``CannotDo`` before anything was written.

    A note is a signed record that leaves the machine in the clear: the name of the person it is about is refused, and
    so are numbers such as a mobile or an ID, but for the names of batches this desk knows.
    """
    place.require(Power.SETTLE)
    if exception.settled is not None:
        raise CannotDo(Message.of("settle.settled_already"))
    if act not in exception.acts or act not in _HOW:
        raise CannotDo(Message.of("settle.does_not_fit"))
    words = " ".join("".join(c if c.isprintable() else " " for c in note).split())
    if len(words) > LONGEST_NOTE:
        raise CannotDo(Message.of("settle.note_long", most=LONGEST_NOTE))
    if reason is SettleReason.OTHER and not words:
        raise CannotDo(Message.of("settle.note_missing"))
    if _NUMBER.search(_without_batches(place, "".join(ascii_digits(c) or c for c in words))):
        raise CannotDo(Message.of("settle.note_number"))
    if exception.appointment and not _words(words).isdisjoint(_named(place, exception.appointment)):
        raise CannotDo(Message.of("settle.note_name"))
    return place.record(ExceptionSettled(exception=exception.key, how=_HOW[act], reason=reason, note=words))[-1]


def _named(place: Workplace, appointment: str) -> set[str]:
    """The words of the person's name that say who it is: a name they share with somebody of the staff does not."""
    found = place.vault.roster.appointment(appointment)
    staff = {word for name in place.vault.daybooks.names().values() for word in _words(name)}
    return set() if found is None else {w for w in _words(found.beneficiary.name) if len(w) >= _NAME} - staff


def _words(text: str) -> set[str]:
    return {"".join(c for c in word if c.isalpha() or not c.isascii()).casefold() for word in text.split()}


def _without_batches(place: Workplace, words: str) -> str:
    names = sorted({batch.batch for batch in place.vault.roster.batches()}, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, names)), " batch ", words, flags=re.IGNORECASE) if names else words
