"""Why a run of the engine ended early. Each carries the words for people; none carries a personal detail."""

from __future__ import annotations

from vaccinator_app.domain.message import Message


class SyncError(Exception):
    """A run that did not finish; ``message`` says so in plain words. Nothing saved is lost by any of them."""

    def __init__(self, message: Message, retry_after: float | None = None) -> None:
        super().__init__(message.key)
        self.message = message
        self.retry_after = retry_after
        """Seconds the other side asked us to wait, if it did."""


class Unreachable(SyncError):
    """No answer came, or one that central cannot have made."""


class Refused(SyncError):
    """Central answered that it will not do this."""


class Untrusted(SyncError):
    """An answer came that central did not sign, or that is not for this desk or this question."""


class LedgerDisagrees(SyncError):
    """Central and this desk hold different histories (DESIGN 7.4): recording must stop until that is settled."""
