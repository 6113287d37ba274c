"""An act that cannot be done now, with the words that say what to do instead."""

from __future__ import annotations

from vaccinator_app.domain.message import Message


class CannotDo(Exception):
    """Refused before anything was written; ``message`` is for the person at the desk."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.key)
        self.message = message
