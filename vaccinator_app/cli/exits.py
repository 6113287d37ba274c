"""What a command's exit code means, and how any failure becomes one sentence (DESIGN 11)."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from enum import IntEnum

from vaccinator_app.cli.speech import speak
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.domain.message import Message
from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.sync.errors import SyncError, Unreachable
from vaccinator_app.trust.errors import TrustError
from vaccinator_app.vault.errors import VaultError

_LOG = logging.getLogger(__name__)


class Exit(IntEnum):
    """The documented exit codes; the README lists them."""

    OK = 0
    FAULT = 1
    USAGE = 2
    VAULT = 3
    NOT_DONE = 4
    UNREACHABLE = 5
    REFUSED = 6
    BAD_INPUT = 7
    CHECK_FAILED = 8


class Failed(Exception):
    """A command that ends early with a sentence and an exit code."""

    def __init__(self, code: Exit, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


def guarded(command: Callable[[], int]) -> int:
    """Run ``command``; whatever goes wrong, print one sentence and give the code. Never a traceback."""
    try:
        return command()
    except Failed as error:
        return _end(error.code, error.sentence)
    except VaultError as error:
        return _end(Exit.VAULT, speak(Message.of(error.message_key)))
    except CannotDo as error:
        return _end(Exit.NOT_DONE, speak(error.message))
    except Unreachable as error:
        return _end(Exit.UNREACHABLE, speak(error.message))
    except SyncError as error:
        return _end(Exit.REFUSED, speak(error.message))
    except (ProtocolError, TrustError) as error:
        return _end(Exit.BAD_INPUT, f"{error}.")
    except KeyboardInterrupt:
        return _end(Exit.FAULT, "Stopped.")
    except Exception as error:  # noqa: BLE001  (nobody at a desk can read a traceback)
        # The log gets the place, never the values: an exception's text may hold what somebody typed.
        _LOG.error("command ended in %s", type(error).__name__, exc_info=_LOG.isEnabledFor(logging.DEBUG))
        return _end(Exit.FAULT, f"Something went wrong that this program did not foresee ({type(error).__name__}).")


def _end(code: Exit, sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return int(code)
