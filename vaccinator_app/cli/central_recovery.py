"""``vaccinator central recover``: a centre forgot its passphrases (DESIGN 5.4; docs/recovery.md)."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from vaccinator_app.central.clock import system_clock
from vaccinator_app.central.desks.recovery import recover
from vaccinator_app.central.log import to_stream
from vaccinator_app.cli.central_groups import Groups, opened, write_private
from vaccinator_app.cli.exits import Exit, Failed
from vaccinator_app.protocol.recovery import MAX_FILE


def add(groups: Groups) -> None:
    """Add the command."""
    command = groups.command("recover", "let a new in-charge open a machine whose passphrases are forgotten", _recover)
    command.add_argument("device", metavar="ID", help="the machine, as its screen shows it")
    command.add_argument("--request", type=Path, required=True, metavar="FILE", help="what the machine wrote")
    command.add_argument(
        "--fingerprint", required=True, metavar="DIGITS", help="what somebody you know read out on the telephone"
    )
    command.add_argument(
        "--by", required=True, metavar="NAME", help="who lets this be done; kept, and shown in the log"
    )
    command.add_argument("--out", type=Path, required=True, metavar="FILE", help="where the answer goes, a new file")


def _recover(arguments: Namespace) -> int:
    try:
        with arguments.request.open("rb") as file:
            request = file.read(MAX_FILE + 1)
    except OSError as error:
        raise Failed(Exit.BAD_INPUT, f"{arguments.request.name} cannot be read.") from error
    if arguments.out.exists():
        raise Failed(Exit.BAD_INPUT, f"{arguments.out.name} is there already; name another file.")
    to_stream(sys.stderr)
    with opened(arguments) as home:
        found = recover(home, arguments.device, request, arguments.fingerprint, arguments.by, system_clock())
    write_private(arguments.out, found.answer)
    again = " It is the same answer as before." if found.again else ""
    print(f"{found.name} can open machine {found.device} of centre {found.centre} with {arguments.out.name}.{again}")
    return Exit.OK
