"""Whatever goes wrong becomes one sentence for people; the log gets the kind and the place, never a value."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from types import TracebackType

from vaccinator_app.domain.message import Message

_LOG = logging.getLogger(__name__)


def sentence(error: BaseException) -> Message:
    """The words that ``error`` brings along, or the one sentence for what nobody foresaw, which is logged."""
    message = getattr(error, "message", None)
    if isinstance(message, Message):
        return message
    if isinstance(error, MemoryError):
        return Message.of("fault.no_memory")
    key = getattr(error, "message_key", None)
    if isinstance(key, str):
        return Message.of(key)
    _LOG.error("unforeseen: %s at %s", type(error).__name__, _place(error.__traceback__))
    return Message.of("fault.unforeseen")


def _place(trace: TracebackType | None) -> str:
    if trace is None:
        return "no place"
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"


def catch_unforeseen(say: Callable[[Message], None]) -> None:
    """Let ``say`` have the sentence for every exception that leaves a slot, in place of a traceback."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        say(sentence(error.with_traceback(trace)))

    sys.excepthook = hook
