"""``vaccinator central staff ...``: who may sign at a centre, who leads it, and taking that back."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from vaccinator_app.central.desks.staff import Certified, list_staff, promote_staff, revoke_staff
from vaccinator_app.cli.central_groups import Groups, opened
from vaccinator_app.cli.exits import Exit


def add(groups: Groups) -> None:
    """Add these commands."""
    groups.group("staff", "who may sign at a centre")
    listed = groups.command("list", "everybody who was certified there", _list, under="staff")
    listed.add_argument("centre", metavar="CENTRE")
    _add_one(groups.command("promote", "make a colleague in-charge, or renew an in-charge", _promote, under="staff"))
    _add_one(groups.command("revoke", "what this person signs from now on counts no more", _revoke, under="staff"))


def _add_one(command: ArgumentParser) -> None:
    command.add_argument("centre", metavar="CENTRE")
    command.add_argument("staff", metavar="STAFF", help="their id, as `staff list` and `alarms list` show it")


def _list(arguments: Namespace) -> int:
    with opened(arguments) as home:
        found = list_staff(home, arguments.centre)
    for one in found:
        print(_line(one))
    return Exit.OK


def _line(one: Certified) -> str:
    until = f"revoked {one.revoked_at:%Y-%m-%d}" if one.revoked_at else f"until {one.until:%Y-%m-%d}"
    by = one.revoked_by if one.revoked_at else one.by
    return f"{one.staff}  {one.role.value}  {one.name}  {until} by {by or 'central'}"


def _promote(arguments: Namespace) -> int:
    with opened(arguments) as home:
        promote_staff(home, arguments.centre, arguments.staff)
    print("They are in-charge of the centre. Their desk hears of it with its next contact; they sign in anew.")
    return Exit.OK


def _revoke(arguments: Namespace) -> int:
    with opened(arguments) as home:
        revoke_staff(home, arguments.centre, arguments.staff)
    print("Their signature counts no more. Records of theirs that are still to come are held or refused.")
    return Exit.OK
