"""``vaccinator self-test``: does this installation work on this machine? Touches no desk that is here.

Each check does the real thing once, in a folder of its own: a vault is made, written, closed and opened again; a code
is sealed and opened; the window's unlock screen is drawn.
"""

from __future__ import annotations

import os
import tempfile
from argparse import Namespace
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from vaccinator_app.cli.exits import Exit
from vaccinator_app.cli.home import load_formulary
from vaccinator_app.cli.qtcheck import missing_packages, missing_sentence, qt_platform
from vaccinator_app.cli.resources import font_files, resources_folder
from vaccinator_app.domain.events import SignedIn
from vaccinator_app.domain.people import Role, StaffMember
from vaccinator_app.protocol.enrolment import CentralKeys
from vaccinator_app.trust import seal
from vaccinator_app.trust.keys import HybridKey, SealingKey, SigningKey
from vaccinator_app.trust.keyslot import KdfParameters
from vaccinator_app.vault.identity import Identity
from vaccinator_app.vault.ledger import Author, Moment
from vaccinator_app.vault.slots import Slots
from vaccinator_app.vault.vault import Vault

_PASSPHRASE = "a passphrase of the self-test"  # noqa: S105  (opens nothing but the folder made here)


class NotWell(Exception):
    """A check that failed, in one sentence."""


def run_self_test(arguments: Namespace) -> int:
    """Run every check, say each result on a line, and end with 0 only when all are well."""
    checks: dict[str, Callable[[], None]] = {
        "the app's own files": _files,
        "sealing and signing": _trust,
        "the encrypted store": _vault,
        "what the window needs of this machine": _libraries,
        "the window": _window,
    }
    well = True
    for name, check in checks.items():
        try:
            check()
        except NotWell as error:
            print(f"not well  {name}: {error}")
            well = False
        except Exception as error:  # noqa: BLE001  (a check says what it found, whatever that is)
            print(f"not well  {name}: {type(error).__name__}")
            well = False
        else:
            print(f"well      {name}")
    return Exit.OK if well else Exit.CHECK_FAILED


def _files() -> None:
    resources_folder()
    font_files()
    if not load_formulary():
        raise NotWell("the list of vaccines is empty.")


def _trust() -> None:
    key, hybrid = SealingKey.generate(), HybridKey.generate()
    info = seal.code_binding("000000000000", "self-test", 1)
    if seal.open_seal(seal.seal(b"1234", key.public, info), key, info) != b"1234":
        raise NotWell("what was sealed did not open.")
    if seal.open_for_decades(seal.seal_for_decades(b"x", hybrid.public, info), hybrid, info) != b"x":
        raise NotWell("what was sealed for decades did not open.")


def _vault() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        key, author = os.urandom(32), SigningKey.generate()
        vault = Vault.create(home, key, _identity())
        moment = Moment(at=datetime.now(UTC), boot="selftest", uptime_ms=0)
        vault.ledger.append(moment, Author(staff="s-test", key=author), [SignedIn()])
        vault.close()
        member = StaffMember(staff="s-test", name="Self Test", role=Role.IN_CHARGE)
        Slots.create(home, "self-test").add(member, author, SealingKey.generate(), _PASSPHRASE, key, KdfParameters())
        unlocked = Slots.read(home).unlock("s-test", _PASSPHRASE)
        vault = Vault.open(home, unlocked.database_key)
        try:
            if vault.ledger.head().seq != 1:
                raise NotWell("a record that was saved is not there.")
        finally:
            vault.close()


def _identity() -> Identity:
    return Identity(
        centre="000000",
        centre_name="Self-test",
        time_zone="Asia/Kolkata",
        device="self-test",
        device_name="Self-test",
        device_key=SigningKey.generate(),
        device_certificate="{}",
        central=CentralKeys(
            signing=SigningKey.generate().public,
            codes=SealingKey.generate().public,
            people=HybridKey.generate().public,
        ),
        address="https://localhost",
        authority="",
    )


def _libraries() -> None:
    packages = missing_packages(qt_platform())
    if packages:
        raise NotWell(missing_sentence(packages))


def _window() -> None:
    if missing_packages(qt_platform()):
        raise NotWell("not tried, since the machine lacks what it needs.")
    from vaccinator_app.cli.window import desk_window

    with tempfile.TemporaryDirectory() as folder:
        _, window = desk_window(Path(folder))
        picture = window.grab()
        window.close()
        if picture.isNull():
            raise NotWell("nothing was drawn.")
