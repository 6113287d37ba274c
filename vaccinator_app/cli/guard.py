"""How any failure of a command becomes one sentence and an exit code. Imported when there is one: not before."""

from __future__ import annotations

import logging
import sys

from vaccinator_app.cli.exits import Exit, Failed
from vaccinator_app.cli.speech import speak
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.domain.message import Message
from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.sync.errors import SyncError, Unreachable
from vaccinator_app.trust.errors import TrustError
from vaccinator_app.vault.errors import VaultError

_LOG = logging.getLogger(__name__)


def told(error: BaseException) -> int:
    """Say ``error`` in one sentence on standard error and give its exit code. Never a traceback."""
    match error:
        case Failed():
            return _end(error.code, error.sentence)
        case VaultError():
            return _end(Exit.VAULT, speak(Message.of(error.message_key)))
        case CannotDo():
            return _end(Exit.NOT_DONE, speak(error.message))
        case Unreachable():
            return _end(Exit.UNREACHABLE, speak(error.message))
        case SyncError():
            return _end(Exit.REFUSED, speak(error.message))
        case ProtocolError() | TrustError():
            return _end(Exit.BAD_INPUT, f"{error}.")
        case ModuleNotFoundError() if getattr(sys, "frozen", False):
            return _end(
                Exit.NOT_DONE, "This app is the desk alone; the central server and the demo come with the package."
            )
        case MemoryError():
            return _end(Exit.FAULT, speak(Message.of("fault.no_memory")))
        case KeyboardInterrupt():
            return _end(Exit.FAULT, "Stopped.")
    # The log gets the kind, never the values: an exception's text may hold what somebody typed.
    _LOG.error("command ended in %s", type(error).__name__)
    return _end(Exit.FAULT, f"Something went wrong that this program did not foresee ({type(error).__name__}).")


def _end(code: Exit, sentence: str) -> int:
    print(sentence[:1].upper() + sentence[1:], file=sys.stderr)
    return int(code)
