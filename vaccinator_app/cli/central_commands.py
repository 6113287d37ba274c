"""``vaccinator central ...``: what the people who run a server do (DESIGN 8, 11)."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from datetime import date, time
from pathlib import Path
from urllib.parse import urlsplit

from vaccinator_app.central import admin
from vaccinator_app.central.clock import system_clock
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.keys import answers_to
from vaccinator_app.central.log import to_stream
from vaccinator_app.central.server import Running, Settings, default_helpers, serve
from vaccinator_app.cli.exits import Exit, Failed
from vaccinator_app.cli.home import load_formulary
from vaccinator_app.cli.resources import resources_folder
from vaccinator_app.domain.stock import Batch


def run_central(arguments: Namespace) -> int:
    """Parse what follows ``central`` and do it."""
    parsed = _parser().parse_args(arguments.rest)
    try:
        done: int = parsed.do(parsed)
    except CentralError as error:
        raise Failed(Exit.NOT_DONE, str(error)) from error
    return done


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="vaccinator central", description="The central server.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, text: str, do: Callable[[Namespace], int], *, under: str = "") -> ArgumentParser:
        group = commands if not under else groups[under]
        added: ArgumentParser = group.add_parser(name, help=text, description=text)
        added.set_defaults(do=do)
        added.add_argument("--home", type=Path, metavar="DIR", help="central's folder, or VACCINATOR_CENTRAL_HOME")
        added.add_argument("--database", metavar="URL", help="a database elsewhere; SQLite in the home when not given")
        return added

    groups = {
        name: commands.add_parser(name, help=text).add_subparsers(required=True, metavar="WHAT")
        for name, text in (("centre", "centres"), ("session", "sessions"), ("batch", "vaccine batches"))
    }
    init = command("init", "make a central server: keys, TLS, tables", _init)
    init.add_argument(
        "--name", action="append", default=[], metavar="HOST", help="a name or address it is reached by; may repeat"
    )
    command("migrate", "bring the tables to this program's shape", _init).set_defaults(name=[])
    centre = command("add", "add a centre", _centre, under="centre")
    centre.add_argument("centre", metavar="NUMBER", help="six digits")
    centre.add_argument("name", metavar="NAME")
    centre.add_argument("--district", required=True)
    centre.add_argument("--time-zone", default=admin.DEFAULT_ZONE)
    session = command("add", "open slots for booking", _session, under="session")
    session.add_argument("centre", metavar="NUMBER")
    session.add_argument("--day", type=_day, required=True, metavar="YYYY-MM-DD")
    session.add_argument("--vaccine", required=True)
    session.add_argument("--from", dest="starts", type=_time, default=time(9), metavar="HH:MM")
    session.add_argument("--slots", type=int, default=32)
    session.add_argument("--minutes", type=int, default=15)
    session.add_argument("--capacity", type=int, default=10, help="people to a slot")
    batch = command("add", "allot a batch to a centre", _batch, under="batch")
    batch.add_argument("centre", metavar="NUMBER")
    batch.add_argument("vaccine")
    batch.add_argument("batch")
    batch.add_argument("--expiry", type=_day, required=True, metavar="YYYY-MM-DD")
    withdraw = command(
        "withdraw", "take a batch out of use; desks hear of it with their next sync", _withdraw, under="batch"
    )
    where = withdraw.add_mutually_exclusive_group(required=True)
    where.add_argument("--centre", metavar="NUMBER", help="at one centre")
    where.add_argument("--everywhere", action="store_true", help="at every centre that it was allotted to")
    withdraw.add_argument("vaccine")
    withdraw.add_argument("batch")
    enrolment = command("enrolment", "an enrolment file for one machine, good once", _enrolment)
    enrolment.add_argument("centre", metavar="NUMBER")
    enrolment.add_argument("--address", required=True, help="how the machine reaches central: https://...")
    enrolment.add_argument("--out", type=Path, required=True, metavar="FILE")
    server = command("serve", "serve until told to stop", _serve)
    server.add_argument("--host", default="127.0.0.1", help="0.0.0.0 answers other machines too; else only this one")
    server.add_argument("--port", type=int, default=8443, help="0 takes a free one")
    server.add_argument(
        "--helpers", type=int, default=default_helpers(), help="processes for intake beside the server's"
    )
    command("status", "how much there is of everything", _status)
    return parser


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError("a day is written year, month, day, such as 2026-11-23") from None


def _time(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError("a time is written in 24 hours, such as 09:30") from None


def _home(arguments: Namespace) -> Path:
    named = arguments.home or os.environ.get("VACCINATOR_CENTRAL_HOME")
    if not named:
        raise Failed(Exit.USAGE, "Say where central keeps its data: --home DIR.")
    return Path(named)


def _opened(arguments: Namespace) -> admin.Home:
    return admin.open_home(_home(arguments), url=arguments.database)


def _init(arguments: Namespace) -> int:
    home = _home(arguments)
    admin.init(home, system_clock, load_formulary(), names=arguments.name, url=arguments.database)
    print(f"Central's keys and tables are in {home}. Back central.key up apart from the database.")
    return Exit.OK


def _centre(arguments: Namespace) -> int:
    home = _opened(arguments)
    admin.add_centre(home, arguments.centre, arguments.name, arguments.district, arguments.time_zone)
    home.database.close()
    return Exit.OK


def _session(arguments: Namespace) -> int:
    home = _opened(arguments)
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
    home.database.close()
    return Exit.OK


def _batch(arguments: Namespace) -> int:
    formulary = load_formulary()
    vaccine = formulary.get(arguments.vaccine)
    if vaccine is None:
        raise Failed(Exit.NOT_DONE, f"The vaccine is one of: {', '.join(formulary)}.")
    home = _opened(arguments)
    batch = Batch(
        vaccine=vaccine.id, batch=arguments.batch, expiry=arguments.expiry, doses_per_vial=vaccine.doses_per_vial
    )
    admin.allot_batch(home, arguments.centre, batch)
    home.database.close()
    return Exit.OK


def _withdraw(arguments: Namespace) -> int:
    home = _opened(arguments)
    try:
        found = admin.withdraw_batch(home, arguments.centre, arguments.vaccine, arguments.batch)
    finally:
        home.database.close()
    print(f"The batch is out of use at {found} centre{'' if found == 1 else 's'}.")
    return Exit.OK


def _enrolment(arguments: Namespace) -> int:
    home = _opened(arguments)
    host = urlsplit(arguments.address).hostname
    if host is not None and not answers_to(_home(arguments), host):
        raise Failed(
            Exit.NOT_DONE,
            f"Central's certificate does not name {host}: run `vaccinator central init --name {host}`, "
            "then start central again.",
        )
    file = admin.create_enrolment_file(home, system_clock, arguments.centre, arguments.address)
    home.database.close()
    try:
        handle = os.open(arguments.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Failed(Exit.BAD_INPUT, f"{arguments.out.name} is there already; name another file.") from error
    except OSError as error:
        raise Failed(Exit.BAD_INPUT, f"{arguments.out.name} cannot be written.") from error
    with os.fdopen(handle, "wb") as out:
        out.write(file)
    print(f"{arguments.out.name} enrols one machine, once. Whoever holds it can: hand it over, do not mail it.")
    return Exit.OK


def _serve(arguments: Namespace) -> int:
    to_stream(sys.stderr)
    texts = json.loads((resources_folder() / "sms.json").read_text(encoding="utf-8"))
    serve(
        Settings(
            home=_home(arguments),
            texts=texts,
            host=arguments.host,
            port=arguments.port,
            url=arguments.database,
            helpers=arguments.helpers,
        ),
        _announce,
    )
    return Exit.OK


def _announce(running: Running) -> None:
    print(f"Central answers at {running.address}", flush=True)


def _status(arguments: Namespace) -> int:
    home = _opened(arguments)
    found = admin.counts(home)
    home.database.close()
    for name in ("centres", "devices", "appointments", "records", "held", "refused"):
        print(f"{name:<13}{getattr(found, name):>9}")
    return Exit.OK
