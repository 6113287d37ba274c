"""The commands of the desk that need no window: enrol, sync, status, trust."""

from __future__ import annotations

import platform
import sys
from argparse import Namespace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from vaccinator_app.cli.exits import Exit, Failed
from vaccinator_app.cli.home import desk_home, open_desk, passphrase
from vaccinator_app.cli.speech import speak, words
from vaccinator_app.desk import noticing, purging
from vaccinator_app.desk.after_sync import after_pull
from vaccinator_app.desk.enrol import NewDesk, enrol, trust
from vaccinator_app.desk.history import take_back, to_record_again
from vaccinator_app.desk.status import sync_words
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.desk.unlock import lock
from vaccinator_app.protocol.enrolment import EnrolmentFile, read_file
from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.sync.driver import DriverStatus
from vaccinator_app.sync.engine import Engine, Progress
from vaccinator_app.sync.http import HttpCentral
from vaccinator_app.trust.keyslot import KdfParameters
from vaccinator_app.vault.vault import Vault


def central_of(vault: Vault) -> HttpCentral:
    """The HTTPS client for the central server this desk is enrolled with."""
    return HttpCentral(vault.identity.address, vault.identity.authority)


def run_enrol(arguments: Namespace) -> int:
    """``vaccinator enrol FILE``."""
    home = desk_home(arguments)
    try:
        file = read_file(arguments.file.read_bytes())
    except OSError as error:
        raise Failed(Exit.BAD_INPUT, f"The file {arguments.file.name} cannot be read.") from error
    desk = NewDesk(
        device_name=arguments.device_name or platform.node() or "Desk",
        in_charge_name=arguments.in_charge,
        passphrase=passphrase(arguments, f"A passphrase for {arguments.in_charge} (at least 8 characters): "),
        kdf=KdfParameters(),
    )
    in_charge = enrol(home, file, desk, _connect, datetime.now(UTC))
    print(f"This machine is now a desk of {file.centre_name}. {in_charge.name} is its in-charge.")
    return Exit.OK


def _connect(file: EnrolmentFile) -> HttpCentral:
    return HttpCentral(file.address, file.authority)


def run_sync(arguments: Namespace) -> int:
    """``vaccinator sync [--recover]``: one run, with counts; first, if asked, the ledger is taken back from central."""
    opened = open_desk(arguments)
    vault = opened.place.vault
    central = central_of(vault)
    try:
        if arguments.recover:
            print(speak(take_back(opened.place, central_of).words))
            for again in to_record_again(opened.place):
                print(speak(again))
        progress = Engine(desk_of(vault), vault.exchange, central).run(_print_progress)
        noticing.heard(opened.place)
        locked_out = after_pull(opened.place)
        purged = locked_out is None and purging.after_run(opened.place)
        if locked_out is not None:
            print(speak(locked_out))
        elif purged or vault.exchange.pending().count:
            # what was recorded because of what central said: slots that went, people who left
            Engine(desk_of(vault), vault.exchange, central).run()
        for said in purging.out_of_use_words(opened.place):
            print(speak(said))
    finally:
        # of a desk that was stopped just now nobody signs out: that too would be one record more on an old copy
        noticing.stand(opened.place)
        central.close()
        lock(opened.place)
    print(f"Confirmed by central: {progress.confirmed}. Appointments received: {progress.pulled}.")
    return Exit.OK


def _print_progress(progress: Progress) -> None:
    if sys.stderr.isatty():
        print(
            f"\rconfirmed {progress.confirmed} of {progress.to_confirm}, "
            f"received {progress.pulled} of {progress.to_pull}",
            end="\n" if progress.to_pull and progress.pulled >= progress.to_pull else "",
            file=sys.stderr,
        )


def run_status(arguments: Namespace) -> int:
    """``vaccinator status``: the status bar's words and the ledger's head."""
    opened = open_desk(arguments)
    try:
        words().zone = opened.place.now().tzinfo
        for part in sync_words(opened.place, DriverStatus()).parts:
            print(speak(part))
        head = opened.place.vault.ledger.head()
        print(f"Records in the ledger: {head.seq}. Head: {head.hash.hex()}")
    finally:
        lock(opened.place)
    return Exit.OK


def run_trust(arguments: Namespace) -> int:
    """``vaccinator trust FILE``: central's present keys and address, if this desk missed a change (P.17.6, P.9.8)."""
    try:
        file = read_file(arguments.file.read_bytes())
    except (OSError, ProtocolError) as error:
        raise Failed(Exit.BAD_INPUT, f"{arguments.file.name} is no enrolment file.") from error
    opened = open_desk(arguments)
    try:
        trust(opened.place, file)
    finally:
        lock(opened.place)
    where = urlsplit(file.address).netloc
    print(f"This machine knows central's present keys, and reaches it at {where}. Its records go on to it.")
    return Exit.OK
