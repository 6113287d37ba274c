"""``vaccinator central staff ...``: taking back what lets somebody sign."""

from __future__ import annotations

from argparse import Namespace

from vaccinator_app.central.desks.staff import revoke_staff
from vaccinator_app.cli.central_groups import Groups, opened
from vaccinator_app.cli.exits import Exit


def add(groups: Groups) -> None:
    """Add these commands."""
    groups.group("staff", "who may sign at a centre")
    revoke = groups.command("revoke", "what this person signs from now on counts no more", _revoke, under="staff")
    revoke.add_argument("centre", metavar="CENTRE")
    revoke.add_argument("staff", metavar="STAFF", help="their id, as `alarms list` shows it")


def _revoke(arguments: Namespace) -> int:
    with opened(arguments) as home:
        revoke_staff(home, arguments.centre, arguments.staff)
    print("Their signature counts no more. Records of theirs that are still to come are held or refused.")
    return Exit.OK
