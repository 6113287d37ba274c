"""``vaccinator ledger ...``: this desk's records as signed envelopes, and on their way by another machine."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from vaccinator_app.cli.desk_commands import central_of
from vaccinator_app.cli.exits import Exit, Failed
from vaccinator_app.cli.home import open_desk
from vaccinator_app.cli.speech import speak
from vaccinator_app.desk import delivery
from vaccinator_app.desk.new_file import new_file
from vaccinator_app.desk.unlock import lock
from vaccinator_app.domain.message import Message
from vaccinator_app.protocol.enrolment import read_file
from vaccinator_app.protocol.ledger import LedgerBroken
from vaccinator_app.vault.export import read_export, write_export


def run_export(arguments: Namespace) -> int:
    """``vaccinator ledger export --out FILE``: certificates first, then every record, a DSSE envelope a line."""
    if arguments.sealed:
        return _export_sealed(arguments)
    if arguments.first is not None:
        raise Failed(Exit.USAGE, "--from goes with --sealed; without it every record is written.")
    opened = open_desk(arguments)
    try:
        count = write_lines(arguments.out, write_export(opened.place.vault))
    finally:
        lock(opened.place)
    print(f"{count} envelopes are in {arguments.out.name}.")
    return Exit.OK


def _export_sealed(arguments: Namespace) -> int:
    """What central has not confirmed, sealed to it, for another machine of the centre to deliver."""
    opened = open_desk(arguments)
    try:
        written = delivery.export(opened.place, central_of, arguments.out, arguments.first)
    finally:
        lock(opened.place)
    print(speak(Message.of("delivery.exported", n=written.records, name=arguments.out.name)))
    return Exit.OK


def run_deliver(arguments: Namespace) -> int:
    """``vaccinator ledger deliver FILE``: another machine's records, part by part."""
    opened = open_desk(arguments)
    try:
        done = delivery.deliver(opened.place, central_of, arguments.file)
    finally:
        lock(opened.place)
    print(speak(delivery.words(done)))
    return Exit.OK if done.missing is None and done.forked is None else Exit.NOT_DONE


def run_receipts(arguments: Namespace) -> int:
    """``vaccinator ledger receipts FILE``: what another machine brought back from central."""
    opened = open_desk(arguments)
    try:
        upto = delivery.take_receipts(opened.place, central_of, arguments.file)
    finally:
        lock(opened.place)
    print(speak(Message.of("delivery.taken", upto=upto)))
    return Exit.OK


def write_lines(path: Path, lines: Iterator[str]) -> int:
    """Write a new file, whole or not at all; how many lines. Raises ``CannotDo``."""
    count = 0
    with new_file(path) as out:
        for count, line in enumerate(lines, 1):  # noqa: B007  (the last count is the answer)
            out.write(f"{line}\n".encode())
    return count


def run_verify(arguments: Namespace) -> int:
    """``vaccinator ledger verify FILE``: no passphrase; every signature, the chain, every certificate."""
    roots: tuple[bytes, ...] = ()
    try:
        for file in arguments.enrolment or ():
            roots += read_file(file.read_bytes()).central.signers
        with arguments.file.open(encoding="utf-8") as lines:
            found = read_export(lines, *roots)
    except (OSError, UnicodeDecodeError) as error:
        raise Failed(Exit.BAD_INPUT, f"{arguments.file.name} cannot be read.") from error
    except LedgerBroken as error:
        raise Failed(Exit.CHECK_FAILED, f"This ledger does not hold: {error}.") from error
    print(f"{found.records} records hold together, signed by {found.signers} of the staff. Head: {found.head.hex()}")
    if not roots:
        print(f"Their certificates name central's key {found.root_id}; --enrolment FILE checks that it signed them.")
    return Exit.OK
