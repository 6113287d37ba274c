"""``vaccinator central backup`` and ``restore``."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from vaccinator_app.central.clock import system_clock
from vaccinator_app.central.database import default_url
from vaccinator_app.central.operations.backup import back_up, back_up_keys, unpack_keys
from vaccinator_app.central.operations.restore import Restored, restore
from vaccinator_app.cli.central_groups import Groups, home_of, write_private
from vaccinator_app.cli.exits import Exit

_SHOWN = 20


def add(groups: Groups) -> None:
    """Add these commands."""
    backup = groups.command("backup", "copy the database into one file, also while central serves", _backup)
    backup.add_argument("--out", type=Path, required=True, metavar="FILE")
    backup.add_argument("--with-keys", type=Path, metavar="FILE", help="and central's keys into another file")
    back = groups.command("restore", "make the database what it was in a backup; central must not run", _restore)
    back.add_argument("backup", type=Path, metavar="FILE")
    back.add_argument("--keys", type=Path, metavar="FILE", help="the file of `backup --with-keys`, for an empty home")
    back.add_argument("--lost", type=Path, metavar="FILE", help="write what is lost into this new file")
    back.add_argument("--force", action="store_true", help="although the database holds more than the backup")


def _backup(arguments: Namespace) -> int:
    home = home_of(arguments)
    made = back_up(arguments.database or default_url(home), arguments.out, system_clock())
    print(f"{made.records} records of {len(made.heads)} machines are in {arguments.out.name}. No keys are in it.")
    if arguments.with_keys is not None:
        back_up_keys(home, arguments.with_keys)
        print(f"The keys are in {arguments.with_keys.name}: keep it apart. Whoever holds both files reads everything.")
    return Exit.OK


def _restore(arguments: Namespace) -> int:
    home = home_of(arguments)
    if arguments.keys is not None:
        unpack_keys(arguments.keys, home)
    done = restore(home, arguments.backup, system_clock(), url=arguments.database, force=arguments.force)
    print(f"Central is as it was at {done.made_at:%Y-%m-%d %H:%M} UTC, with {done.records} records.")
    if done.aside is not None:
        print(f"What was there before is kept in {done.aside.name}.")
    if done.records_to_come:
        print(f"{done.records_to_come} records are at desks alone now; their next syncs push them again.")
    _tell_lost(done, arguments.lost)
    return Exit.OK


def _tell_lost(done: Restored, out: Path | None) -> None:
    lines = [f"{one.what} {one.centre} {one.name} {one.day or ''}".rstrip() for one in done.gone]
    if not lines:
        return
    print(f"{len(lines)} bookings, changes of bookings and machines since then are lost:")
    for line in lines[:_SHOWN]:
        print(f"  {line}")
    if out is not None:
        write_private(out, "".join(f"{line}\n" for line in lines).encode())
        print(f"All of them are in {out.name}.")
    elif len(lines) > _SHOWN:
        print("  and more: --lost FILE writes them all down.")
