"""What central says no with."""

from __future__ import annotations


class CentralError(Exception):
    """Central cannot start or cannot do what its operator asked. The text is a sentence for people."""


class Refused(Exception):
    """A request that central does not do: a code for machines, an HTTP status and one sentence for people.

    The sentence says what to do next and repeats nothing that the request said. ``retry_after``, in whole seconds, is
    when asking again may help.
    """

    def __init__(self, code: str, http_status: int, sentence: str, *, retry_after: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.http_status = http_status
        self.sentence = sentence
        self.retry_after = retry_after


class DatabaseAway(Refused, CentralError):
    """The database cannot be reached, or somebody else holds it for too long. It goes by itself."""

    def __init__(self, *, busy: bool) -> None:
        if busy:
            sentence = "Central has too much to do at the moment. Try again in a while."
            super().__init__("busy", 503, sentence, retry_after=5)
        else:
            sentence = "Central cannot reach its database at the moment. Try again later."
            super().__init__("database_away", 503, sentence, retry_after=30)

    def __str__(self) -> str:
        return self.sentence
