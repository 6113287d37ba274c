"""A sentence for people, before it has a language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Message:
    """A key of the translation catalogue and what fills its blanks.

    Rooms below the window speak in messages; only the window (or the command line) turns one into
    Hindi or English. ``params`` may hold further messages, which are translated first.
    """

    key: str
    params: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def of(cls, key: str, **params: object) -> Message:
        """The message ``key`` with ``params`` in its blanks."""
        return cls(key, params)
