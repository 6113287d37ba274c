"""``vaccinator central device ...`` and ``lost-device``: the machines that are enrolled."""

from __future__ import annotations

import getpass
import sys
from argparse import Namespace
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from vaccinator_app.central.clock import system_clock
from vaccinator_app.central.log import to_stream
from vaccinator_app.central.operations.lost_device import LostDevice, lost_device, machines, revoke_device
from vaccinator_app.cli.central_groups import Groups, opened, write_private
from vaccinator_app.cli.exits import Exit, Failed


def add(groups: Groups) -> None:
    """Add these commands."""
    groups.group("device", "machines that are enrolled")
    listing = groups.command("list", "the machines, and how far central has their records", _list, under="device")
    listing.add_argument("--centre", metavar="NUMBER", help="of one centre")
    revoke = groups.command("revoke", "take a machine out of use", _revoke, under="device")
    revoke.add_argument("device", metavar="ID")
    lost = groups.command("lost-device", "take a lost machine out of use and list whose details were on it", _lost)
    lost.add_argument("device", metavar="ID")
    lost.add_argument("--notify", action="store_true", help="tell each of them by SMS, once")
    lost.add_argument("--out", type=Path, metavar="FILE", help="write the list into this new file, not to the terminal")
    lost.add_argument("--by", metavar="NAME", help="who asks for the list; the log keeps it")


def _list(arguments: Namespace) -> int:
    with opened(arguments) as home:
        found = machines(home, arguments.centre)
    for one in found:
        state = "out of use" if one.revoked_at is not None else "in use"
        print(
            f"{one.centre} {one.device}  {state:<10} enrolled {one.enrolled_at:%Y-%m-%d}, "
            f"last told {_when(one.told_at)}, {one.records} records, {one.records_to_come} to come"
        )
    return Exit.OK


def _revoke(arguments: Namespace) -> int:
    with opened(arguments) as home:
        revoke_device(home, arguments.device, system_clock())
    print("The machine is out of use. What it recorded and did not push is still on it: export its ledger there.")
    return Exit.OK


def _lost(arguments: Namespace) -> int:
    if arguments.out is None and not sys.stdout.isatty():
        raise Failed(Exit.USAGE, "The list is about people: it goes to a terminal, or into a file with --out FILE.")
    to_stream(sys.stderr)
    by = " ".join((arguments.by or getpass.getuser()).split())[:64]
    with opened(arguments) as home:
        found = lost_device(home, arguments.device, system_clock(), by=by, notify=arguments.notify)
    text = "".join(f"{line}\n" for line in _lines(found))
    if arguments.out is None:
        print(text, end="")
    else:
        write_private(arguments.out, text.encode())
        persons = len({one.beneficiary for one in found.people})
        print(f"The machine is out of use. {persons} people are listed in {arguments.out.name}; delete it after use.")
    if arguments.notify:
        print(f"{found.notified} messages are on their way; {found.silent} people have no mobile number on record.")
    return Exit.OK


def _lines(found: LostDevice) -> Iterator[str]:
    yield f"Machine {found.device} of centre {found.centre}, enrolled {found.enrolled_at:%Y-%m-%d}"
    yield f"Last told of people: {_when(found.told_at)}"
    yield from found.unknown
    yield ""
    yield "person\tname\tmobile ends\tappointment\tday\twhy"
    for one in found.people:
        name = " ".join(one.name.split())
        yield f"{one.beneficiary}\t{name}\t{one.mobile_last4}\t{one.appointment}\t{one.day}\t{one.why.value}"


def _when(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"
