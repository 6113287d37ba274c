"""``vaccinator central held ...``, ``alarms ...``: what waits for the district. Records and ids, nobody's details."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import datetime, timedelta

from vaccinator_app.central.clock import system_clock
from vaccinator_app.central.district.alarms import list_alarms
from vaccinator_app.central.district.held import OfficerReason, accept, list_held, reject
from vaccinator_app.cli.central_groups import Groups, opened
from vaccinator_app.cli.exits import Exit


def add(groups: Groups) -> None:
    """Add these commands."""
    groups.group("held", "records that wait for the district's decision")
    listed = groups.command("list", "what waits, the longest first", _list, under="held")
    listed.add_argument("--district", required=True, metavar="NAME")
    _add_decision(groups.command("accept", "the record counts; a dose goes on record", _accept, under="held"))
    _add_decision(groups.command("reject", "the record does not count", _reject, under="held"))
    groups.group("alarms", "what the district is warned of")
    alarms = groups.command("list", "the alarms that were raised, the newest first", _alarms, under="alarms")
    alarms.add_argument("--district", metavar="NAME", help="of one district alone")
    alarms.add_argument("--days", type=int, default=30, metavar="N", help="how far back (30)")


def _add_decision(command: ArgumentParser) -> None:
    command.add_argument("centre", metavar="CENTRE")
    command.add_argument("device", metavar="DEVICE")
    command.add_argument("seq", type=int, metavar="SEQ")
    command.add_argument("--by", required=True, metavar="OFFICER", help="who decides: the id of an officer")
    command.add_argument("--reason", required=True, choices=[one.value for one in OfficerReason])


def _list(arguments: Namespace) -> int:
    now = system_clock()
    with opened(arguments) as home:
        found = list_held(home, arguments.district)
    for one in found:
        beside = f"  beside {one.beside}" if one.beside else ""
        age = _age(now, one.received_at)
        print(f"{one.centre} {one.device} {one.seq}  {one.kind}  {', '.join(one.reasons)}  {age}{beside}")
    if not found:
        print("Nothing waits.")
    return Exit.OK


def _accept(arguments: Namespace) -> int:
    return _decide(arguments, accepted=True)


def _reject(arguments: Namespace) -> int:
    return _decide(arguments, accepted=False)


def _decide(arguments: Namespace, *, accepted: bool) -> int:
    why = OfficerReason(arguments.reason)
    with opened(arguments) as home:
        act = accept if accepted else reject
        outcome = act(home, arguments.centre, arguments.device, arguments.seq, by=arguments.by, why=why)
    print(f"The record is {outcome.status.value}; its desk hears of it.")
    return Exit.OK


def _alarms(arguments: Namespace) -> int:
    now = system_clock()
    with opened(arguments) as home, home.database.read() as connection:
        found = list_alarms(connection, arguments.district, now - timedelta(days=arguments.days))
    for one in found:
        print(f"{one.at:%Y-%m-%d %H:%M} UTC  {one.centre}  {one.kind}  {one.subject}  {one.count}")
    if not found:
        print("No alarm was raised.")
    return Exit.OK


def _age(now: datetime, since: datetime) -> str:
    days, hours = divmod(int((now - since).total_seconds() // 3600), 24)
    return f"{days} d {hours} h" if days else f"{hours} h"
