"""A home folder before there is a vault in it. Light: asked before anything is on the screen (DESIGN 5.4, 10)."""

from __future__ import annotations

import os
from pathlib import Path

from vaccinator_app.vault.errors import VaultExists, from_os
from vaccinator_app.vault.files import DATABASE, RESTORED
from vaccinator_app.vault.slotfile import SLOTS

PENDING = "enrolling.json"
"""What this machine asked of central while the answer is not here (``desk.enrolling``)."""

_UNBORN = DATABASE + ".new"
_NAMED_AFTER = "vault."


def refuse_existing(home: Path) -> None:
    """Raise ``VaultExists`` when ``home`` holds a vault or anything that may be one or part of one.

    What an enrolment or a restoring that was cut short left half made stands beside its ``PENDING`` or ``RESTORED``,
    and is none. Raises another ``VaultError`` when the folder cannot be looked into.
    """
    there = _names(home)
    half_made = {SLOTS} if PENDING in there or (RESTORED in there and DATABASE not in there) else set()
    if any(_may_be_vault(name) and name not in half_made for name in there):
        raise VaultExists


def not_enrolled(home: Path) -> bool:
    """Whether this machine still has to be enrolled, or its enrolment to be brought to its end."""
    try:
        refuse_existing(home)
    except Exception:  # noqa: BLE001  (whatever is there, the unlock screen has the words for it)
        return False
    return True


def tidy(home: Path) -> None:
    """Drop what an enrolment kept while it waited, once there is a vault that opens without it."""
    if (home / DATABASE).exists() and (home / SLOTS).exists():
        try:
            (home / PENDING).unlink(missing_ok=True)
        except OSError:
            return


def _names(home: Path) -> set[str]:
    try:
        return set(os.listdir(home))
    except FileNotFoundError:
        return set()
    except OSError as error:
        raise from_os(error) from None


def _may_be_vault(name: str) -> bool:
    # whatever stands beside a database is named after it, and may outlive it
    return name == SLOTS or (name.startswith(_NAMED_AFTER) and not name.startswith(_UNBORN))
