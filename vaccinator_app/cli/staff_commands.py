"""``vaccinator staff``: what the Staff screen does, from the command line; all of it works without the network."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager

from vaccinator_app.cli.exits import Exit, Failed
from vaccinator_app.cli.home import open_desk, passphrase
from vaccinator_app.cli.speech import speak, words
from vaccinator_app.desk.passphrase import hint, same
from vaccinator_app.desk.staff import Colleague, Staff, StaffAct
from vaccinator_app.desk.unlock import lock
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import Role
from vaccinator_app.domain.powers import Power
from vaccinator_app.domain.staff_events import RemovalReason

_GOOD = 3
"""A passphrase of this score needs no advice."""

_ROLES: dict[Role, str] = {
    Role.VERIFIER: "role.verifier",
    Role.VACCINATOR: "role.vaccinator",
    Role.IN_CHARGE: "role.in_charge",
}
_GONE: dict[RemovalReason, str] = {
    RemovalReason.LEFT: "staff.gone_left",
    RemovalReason.LENT: "staff.gone_lent",
    RemovalReason.RESET: "staff.gone_reset",
    RemovalReason.CENTRAL: "staff.gone_central",
}


def run_staff_list(arguments: Namespace) -> int:
    """``vaccinator staff list``: a line for everybody who has or had a key at this centre."""
    with _desk(arguments) as place:
        for one in Staff(place).people():
            print(" · ".join([f"{one.name}, {speak(Message(_ROLES[one.role]))}", *map(speak, _facts(one)), one.staff]))
    return Exit.OK


def run_staff_add(arguments: Namespace) -> int:
    """``vaccinator staff add NAME``."""
    with _desk(arguments) as place:
        chosen = _new_passphrase(arguments, arguments.name)
        member = Staff(place).add(arguments.name, Role(arguments.role), chosen)
        print(speak(Message.of("staff.saved_added", name=member.name)))
    return Exit.OK


def run_staff_disable(arguments: Namespace) -> int:
    """``vaccinator staff disable NAME --reason left|lent``."""
    with _desk(arguments) as place:
        staff = Staff(place)
        one = _who(staff, arguments.name)
        warning = staff.warns(one.staff, StaffAct.DISABLE)
        staff.disable(one.staff, RemovalReason(arguments.reason))
        print(speak(Message.of("staff.saved_disabled", name=one.name)))
        for what in (warning, place.rekey_waits):
            if what is not None:
                print(speak(what))
    return Exit.OK


def run_staff_reset(arguments: Namespace) -> int:
    """``vaccinator staff reset NAME``: a new passphrase for somebody who is there, or was."""
    with _desk(arguments) as place:
        staff = Staff(place)
        one = _who(staff, arguments.name)
        staff.reset(one.staff, _new_passphrase(arguments, one.name))
        print(speak(Message.of("staff.saved_reset", name=one.name)))
    return Exit.OK


def run_staff_renew(arguments: Namespace) -> int:
    """``vaccinator staff renew NAME``: another year for the same keys."""
    with _desk(arguments) as place:
        staff = Staff(place)
        one = _who(staff, arguments.name)
        staff.renew(one.staff)
        print(speak(Message.of("staff.saved_renewed", name=one.name)))
    return Exit.OK


@contextmanager
def _desk(arguments: Namespace) -> Iterator[Workplace]:
    """The desk, opened by an in-charge, and locked afterwards."""
    opened = open_desk(arguments)
    try:
        # before anybody types a passphrase for nothing
        opened.place.require(Power.MANAGE_STAFF)
        words().zone = opened.place.now().tzinfo
        yield opened.place
    finally:
        lock(opened.place)


def _facts(one: Colleague) -> list[Message]:
    """Where their passphrase opens, how long they are certified, when they were here last."""
    last = Message.of("staff.last_here", at=one.last_here) if one.last_here else Message("staff.never_here")
    if one.removed_at is not None and one.reason is not None:
        return [Message.of(_GONE[one.reason], at=one.removed_at), last]
    until = Message.of("staff.until_central" if one.by_central else "staff.until", on=one.certified_until)
    return [Message("staff.here" if one.here else "staff.elsewhere"), until, last]


def _who(staff: Staff, asked: str) -> Colleague:
    """Whom a name or an id means, who still counts before who was removed."""
    people = staff.people()
    found = [one for one in people if asked.casefold() in (one.name.casefold(), one.staff.casefold())]
    found = [one for one in found if one.removed_at is None] or found
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(one.staff for one in found)
        raise Failed(Exit.USAGE, f"Several people are called {asked}. Give the id instead of the name: {ids}.")
    names = ", ".join(one.name for one in people)
    raise Failed(Exit.USAGE, f"Nobody of this centre is called {asked}. There are: {names}.")


def _new_passphrase(arguments: Namespace, name: str) -> str:
    """From ``--new-passphrase-file``, else typed unseen, twice, with advice where it is weak."""
    file = Namespace(passphrase_file=arguments.new_passphrase_file)
    chosen = passphrase(file, f"A passphrase for {name} (at least 8 characters): ")
    if file.passphrase_file is None:
        if not same(chosen, passphrase(file, "The same again: ")):
            raise Failed(Exit.BAD_INPUT, "The two passphrases are not the same; nothing was changed.")
        found = hint(chosen, [name])
        if found.enough and found.score < _GOOD:
            print(speak(found.words), file=sys.stderr)
    return chosen
