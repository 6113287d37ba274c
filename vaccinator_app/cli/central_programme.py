"""``vaccinator central init|migrate|status``, and what a programme consists of: centres, sessions, batches, desks."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import time
from pathlib import Path
from urllib.parse import urlsplit

from vaccinator_app.central.clock import system_clock
from vaccinator_app.central.keyring.tls import answers_to
from vaccinator_app.central.operations import admin
from vaccinator_app.cli.central_groups import Groups, day, home_of, opened, time_of_day, write_private
from vaccinator_app.cli.exits import Exit, Failed
from vaccinator_app.cli.home import load_formulary
from vaccinator_app.domain.stock import Batch


def add(groups: Groups) -> None:
    """Add these commands."""
    init = groups.command("init", "make a central server: keys, TLS, tables", _init)
    init.add_argument(
        "--name", action="append", default=[], metavar="HOST", help="a name or address it is reached by; may repeat"
    )
    groups.command("migrate", "bring the tables to this program's shape", _init).set_defaults(name=[])
    groups.group("centre", "centres")
    centre = groups.command("add", "add a centre", _centre, under="centre")
    centre.add_argument("centre", metavar="NUMBER", help="six digits")
    centre.add_argument("name", metavar="NAME")
    centre.add_argument("--district", required=True)
    centre.add_argument("--time-zone", default=admin.DEFAULT_ZONE)
    groups.group("session", "sessions")
    _add_session(groups.command("add", "open slots for booking", _session, under="session"))
    groups.group("batch", "vaccine batches")
    _add_batches(groups)
    enrolment = groups.command("enrolment", "an enrolment file for one machine, good once", _enrolment)
    enrolment.add_argument("centre", metavar="NUMBER")
    enrolment.add_argument("--address", required=True, help="how the machine reaches central: https://...")
    enrolment.add_argument("--out", type=Path, required=True, metavar="FILE")
    groups.command("status", "how much there is of everything", _status)


def _add_session(session: ArgumentParser) -> None:
    session.add_argument("centre", metavar="NUMBER")
    session.add_argument("--day", type=day, required=True, metavar="YYYY-MM-DD")
    session.add_argument("--vaccine", required=True)
    session.add_argument("--from", dest="starts", type=time_of_day, default=time(9), metavar="HH:MM")
    session.add_argument("--slots", type=int, default=32)
    session.add_argument("--minutes", type=int, default=15)
    session.add_argument("--capacity", type=int, default=10, help="people to a slot")


def _add_batches(groups: Groups) -> None:
    batch = groups.command("add", "allot a batch to a centre", _batch, under="batch")
    batch.add_argument("centre", metavar="NUMBER")
    batch.add_argument("vaccine")
    batch.add_argument("batch")
    batch.add_argument("--expiry", type=day, required=True, metavar="YYYY-MM-DD")
    withdraw = groups.command(
        "withdraw", "take a batch out of use; desks hear of it with their next sync", _withdraw, under="batch"
    )
    where = withdraw.add_mutually_exclusive_group(required=True)
    where.add_argument("--centre", metavar="NUMBER", help="at one centre")
    where.add_argument("--everywhere", action="store_true", help="at every centre that it was allotted to")
    withdraw.add_argument("vaccine")
    withdraw.add_argument("batch")


def _init(arguments: Namespace) -> int:
    home = home_of(arguments)
    admin.init(home, system_clock, load_formulary(), names=arguments.name, url=arguments.database)
    print(f"Central's keys and tables are in {home}. Back central.key up apart from the database.")
    return Exit.OK


def _centre(arguments: Namespace) -> int:
    with opened(arguments) as home:
        admin.add_centre(home, arguments.centre, arguments.name, arguments.district, arguments.time_zone)
    return Exit.OK


def _session(arguments: Namespace) -> int:
    with opened(arguments) as home:
        admin.add_session(
            home,
            arguments.centre,
            arguments.day,
            arguments.vaccine,
            starts=arguments.starts,
            count=arguments.slots,
            minutes=arguments.minutes,
            capacity=arguments.capacity,
        )
    return Exit.OK


def _batch(arguments: Namespace) -> int:
    formulary = load_formulary()
    vaccine = formulary.get(arguments.vaccine)
    if vaccine is None:
        raise Failed(Exit.NOT_DONE, f"The vaccine is one of: {', '.join(formulary)}.")
    batch = Batch(
        vaccine=vaccine.id, batch=arguments.batch, expiry=arguments.expiry, doses_per_vial=vaccine.doses_per_vial
    )
    with opened(arguments) as home:
        admin.allot_batch(home, arguments.centre, batch)
    return Exit.OK


def _withdraw(arguments: Namespace) -> int:
    with opened(arguments) as home:
        found = admin.withdraw_batch(home, arguments.centre, arguments.vaccine, arguments.batch)
    print(f"The batch is out of use at {found} centre{'' if found == 1 else 's'}.")
    return Exit.OK


def _enrolment(arguments: Namespace) -> int:
    host = urlsplit(arguments.address).hostname
    with opened(arguments) as home:
        if host is not None and not answers_to(home_of(arguments), host):
            raise Failed(
                Exit.NOT_DONE,
                f"Central's certificate does not name {host}: run `vaccinator central init --name {host}`. "
                "A server that runs takes the new one up by itself.",
            )
        file = admin.create_enrolment_file(home, system_clock, arguments.centre, arguments.address)
    write_private(arguments.out, file)
    print(f"{arguments.out.name} enrols one machine, once. Whoever holds it can: hand it over, do not mail it.")
    return Exit.OK


def _status(arguments: Namespace) -> int:
    with opened(arguments) as home:
        found = admin.counts(home)
    for name in ("centres", "devices", "appointments", "records", "held", "refused"):
        print(f"{name:<13}{getattr(found, name):>9}")
    return Exit.OK
