"""``vaccinator self-test``: does this installation work on this machine? Touches no desk that is here.

Each check does the real thing once, in a folder of its own: a vault is made, written, closed and opened again; a code
is sealed and opened; an enrolment file is read and its central asked for; the window's first step is drawn.
"""

from __future__ import annotations

import os
import tempfile
from argparse import Namespace
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from vaccinator_app.cli.exits import Exit
from vaccinator_app.cli.home import load_formulary
from vaccinator_app.cli.qtcheck import missing_packages, missing_sentence, qt_platform
from vaccinator_app.cli.resources import font_files, resources_folder
from vaccinator_app.desk.first_run import FirstRun, Outside
from vaccinator_app.domain.events import SignedIn
from vaccinator_app.domain.people import Role, StaffMember
from vaccinator_app.protocol.enrolment import CentralKeys, EnrolmentFile, write_file
from vaccinator_app.sync.http import HttpCentral
from vaccinator_app.trust import seal
from vaccinator_app.trust.authority import make_authority
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
        "the first run": _first_run,
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
    from PySide6.QtWidgets import QWidget

    from vaccinator_app.cli.window import desk_window

    with tempfile.TemporaryDirectory() as folder:
        # a machine that is no desk: the window begins with the first run
        _, window = desk_window(Path(folder) / "home")
        picture = window.grab()
        first = window.findChild(QWidget, "first-run-title")
        window.close()
        if picture.isNull() or first is None:
            raise NotWell("nothing was drawn.")


def _first_run() -> None:
    """A file that is none is refused, a good one taken, and a central that is not there is said to be away."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        outside = Outside(formulary=load_formulary(), connect=HttpCentral, places=lambda: [place])
        run = FirstRun(place / "home", outside)
        (place / "letter.enrolment").write_bytes(b"nothing of the kind")
        file = place / "good.enrolment"
        file.write_bytes(write_file(_enrolment()))
        if [found.path for found in run.look()] != [file]:
            raise NotWell("an enrolment file was not told from another.")
        run.take(file)
        run.next()
        if run.check(lambda: None).reached:
            raise NotWell("a central was found where there is none.")


def _enrolment() -> EnrolmentFile:
    now = datetime.now(UTC)
    identity = _identity()
    return EnrolmentFile(
        centre=identity.centre,
        centre_name=identity.centre_name,
        time_zone=identity.time_zone,
        # nobody listens there, and nothing leaves this machine
        address="https://127.0.0.1:1",
        authority=make_authority("self-test", now).certificate.decode(),
        central=identity.central,
        token="self-test",  # noqa: S106  (of no central)
        expires_at=now + timedelta(days=1),
    )
