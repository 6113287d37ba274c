"""``vaccinator central keys ...``: central's keys are followed by next ones while desks go on (P.17)."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from vaccinator_app.central.clock import system_clock
from vaccinator_app.central.keyring import key_change, key_files
from vaccinator_app.central.keyring.keys import RINGS
from vaccinator_app.cli.central_groups import Groups, home_of, opened
from vaccinator_app.cli.exits import Exit

_FORCE = "although somebody has not heard of it yet"


def add(groups: Groups) -> None:
    """Add these commands."""
    groups.group("keys", "central's own keys")
    groups.command("status", "which keys there are, and which machines have not heard of them", _status, under="keys")
    _ring(groups.command("rotate", "make the next key and announce it", _rotate, under="keys"))
    use = groups.command("use", "go over to the next key", _use, under="keys")
    _ring(use)
    use.add_argument("--force", action="store_true", help=_FORCE)
    retire = groups.command("retire", "end the honour of an earlier key", _retire, under="keys")
    _ring(retire)
    retire.add_argument("name", metavar="NAME", help="as `keys status` calls it")
    retire.add_argument("--force", action="store_true", help=_FORCE)


def _ring(parser: ArgumentParser) -> None:
    parser.add_argument("ring", choices=RINGS, help="what the key is for")


def _rotate(arguments: Namespace) -> int:
    made = key_files.rotate(home_of(arguments), arguments.ring, system_clock())
    if made.used_at is None:
        after = "Desks hear of it with their next pull" if arguments.ring == "signing" else "It is published"
        print(f"{made.name} is made. {after}; go over to it with `vaccinator central keys use {arguments.ring}`.")
    else:
        print(f"{made.name} is made. Each desk goes over to it as it hears of it, with its next pull.")
    print("A server that runs takes it up by itself. Back central.key up now.")
    return Exit.OK


def _use(arguments: Namespace) -> int:
    with opened(arguments) as home:
        used = key_change.use(home_of(arguments), home, arguments.ring, system_clock(), force=arguments.force)
    print(f"{used.name} is in use. Earlier keys still count until they are retired.")
    return Exit.OK


def _retire(arguments: Namespace) -> int:
    with opened(arguments) as home:
        ended = key_change.retire(
            home_of(arguments), home, arguments.ring, arguments.name, system_clock(), force=arguments.force
        )
    print(f"{ended.name} counts no more. Its secret is in {key_files.RETIRED_FILE}: take that file off this machine.")
    return Exit.OK


def _status(arguments: Namespace) -> int:
    with opened(arguments) as home:
        for ring in RINGS:
            kept = key_files.ring_of(home.keys, ring)
            for one in kept:
                used = next(other for other in kept if other.used_at is not None)
                state = "next" if one.used_at is None else "in use" if one is used else "earlier"
                print(f"{ring:<8} {one.name}  {state:<8} since {(one.used_at or one.made_at):%Y-%m-%d}")
        missing = key_change.behind(home, home.keys.number)
    print(f"{len(missing)} of the machines in use have not heard of the newest keys, or have records to come.")
    for machine in missing:
        heard = "never" if machine.pulled_at is None else f"{machine.pulled_at:%Y-%m-%d %H:%M} UTC"
        print(f"  {machine.centre} {machine.device}  last heard {heard}, {machine.records_to_come} records to come")
    return Exit.OK
