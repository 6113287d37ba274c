"""``vaccinator``: the commands (DESIGN 11)."""

from __future__ import annotations

import sys
from argparse import SUPPRESS, ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

from vaccinator_app import __version__

Run = Callable[[Namespace], int]
Commands: TypeAlias = "_SubParsersAction[ArgumentParser]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the return value is the documented exit code. Without ``arguments`` it is this process's own."""
    if arguments is None:
        from vaccinator_app.cli.hygiene import harden

        harden()
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0].endswith(".enrolment"):
        # as a file manager starts the program that opens such a file
        given.insert(0, "--enrolment")
    parsed = _parser().parse_args(given)
    try:
        return _load(parsed.run)(parsed)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  (nobody at a desk can read a traceback)
        from vaccinator_app.cli.guard import told

        return told(error)


def _load(place: str) -> Run:
    """``module:function`` of this room, imported only when its command runs: the window must start fast."""
    module, function = place.split(":")
    run: Run = getattr(import_module(f"vaccinator_app.cli.{module}"), function)
    return run


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="vaccinator", description="The vaccinator's desk: works all day with no network.")
    parser.add_argument("--version", action="version", version=f"vaccinator {__version__}")
    parser.add_argument("--home", type=Path, metavar="DIR", help="where this desk keeps its vault")
    parser.add_argument(
        "--enrolment", type=Path, metavar="FILE", help="make this machine a desk with central's enrolment file"
    )
    parser.set_defaults(run="window:run_window")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _demo(commands)
    _desk(commands)
    _staff(commands)
    _ledger(commands)
    _recovery(commands)
    _backup(commands)
    _uninstall(commands)
    _certificate(commands)
    _central(commands)
    licences = _command(commands, "licences", "what this program is made of, and its licences", "licences:run_licences")
    licences.add_argument("name", nargs="?", metavar="NAME", help="a part's whole text")
    return parser


def _command(commands: Commands, name: str, text: str, run: str) -> ArgumentParser:
    parser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(run=run)
    return parser


def _home(parser: ArgumentParser) -> None:
    # SUPPRESS: `vaccinator --home DIR sync` and `vaccinator sync --home DIR` both work.
    parser.add_argument("--home", type=Path, metavar="DIR", default=SUPPRESS, help="where this desk keeps its vault")


def _person(parser: ArgumentParser) -> None:
    _home(parser)
    parser.add_argument("--as", dest="staff", metavar="NAME", help="who you are, when there are several staff")
    parser.add_argument("--passphrase-file", type=Path, metavar="FILE", help="read your passphrase from a file")


def _demo(commands: Commands) -> None:
    demo = _command(commands, "demo", "a whole day against a real central server on this machine", "demo.run:run_demo")
    demo.add_argument("--headless", action="store_true", help="no display: the window is real but drawn off screen")
    demo.add_argument("--out", type=Path, metavar="DIR", help="where pictures, ledger and summary.json go")
    demo.add_argument("--bookings", type=Path, metavar="CSV", help="book these people instead of the example's")
    demo.add_argument("--keep", action="store_true", help="keep the desk's home and central's below DIR")


def _desk(commands: Commands) -> None:
    enrol = _command(
        commands, "enrol", "make this machine a desk, with central's enrolment file", "desk_commands:run_enrol"
    )
    _home(enrol)
    enrol.add_argument("file", type=Path, metavar="FILE")
    enrol.add_argument("--in-charge", required=True, metavar="NAME", help="who will be in charge of this desk")
    enrol.add_argument("--device-name", metavar="NAME", help="what this machine is called, such as Desk 2")
    enrol.add_argument(
        "--passphrase-file", type=Path, metavar="FILE", help="read the in-charge's passphrase from a file"
    )

    trust = _command(
        commands,
        "trust",
        "central's present keys and address, from an enrolment file (in-charge only)",
        "desk_commands:run_trust",
    )
    _person(trust)
    trust.add_argument("file", type=Path, metavar="FILE")
    sync = _command(commands, "sync", "push and pull once", "desk_commands:run_sync")
    _person(sync)
    sync.add_argument(
        "--recover",
        action="store_true",
        help="first take this desk's own records back from central, after an old copy was put back (in-charge only)",
    )
    _person(_command(commands, "status", "what central has confirmed", "desk_commands:run_status"))
    report = _command(commands, "report", "the day as PDF, CSV or FHIR (in-charge only)", "day_report:run_report")
    _person(report)
    report.add_argument("--day", metavar="D", help="such as 2026-11-21; today when left out")
    report.add_argument("--format", choices=("pdf", "csv", "fhir"), default="pdf", help="which form; pdf by itself")
    report.add_argument("--language", choices=("en", "hi"), default="en", help="the language of its words")
    report.add_argument("--out", type=Path, required=True, metavar="FILE")
    _audit(commands)
    _home(_command(commands, "self-test", "check that this installation works", "self_test:run_self_test"))


def _audit(commands: Commands) -> None:
    audit = _command(commands, "audit", "who saw or did what at this machine (in-charge only)", "audit:run_audit")
    _person(audit)
    audit.add_argument("--from", dest="first", metavar="D", help="the first day, such as 2026-11-21; a week by itself")
    audit.add_argument("--to", metavar="D", help="the last day; today when left out")
    audit.add_argument("--staff", dest="staff_name", metavar="NAME", help="only of this person of staff")
    audit.add_argument(
        "--kind", choices=("saw", "did", "corrected", "stock", "staff", "machine"), help="only records of this kind"
    )
    audit.add_argument("--appointment", metavar="A", help="only about the person of this appointment")
    audit.add_argument("--format", choices=("text", "csv"), default="text", help="lines to read, or a table")
    audit.add_argument("--out", type=Path, metavar="FILE", help="into a new file that only you may read")


def _staff(commands: Commands) -> None:
    staff = commands.add_parser("staff", help="the people of this desk")
    which = staff.add_subparsers(required=True, metavar="WHAT")
    _person(
        _command(which, "list", "who has or had a key at this centre (in-charge only)", "staff_commands:run_staff_list")
    )
    add = _command(
        which, "add", "certify a colleague and let them unlock (in-charge only)", "staff_commands:run_staff_add"
    )
    add.add_argument(
        "--role", choices=("vaccinator", "verifier"), default="vaccinator", help="what they do; vaccinator by itself"
    )
    disable = _command(
        which, "disable", "somebody's keys count no more (in-charge only)", "staff_commands:run_staff_disable"
    )
    disable.add_argument(
        "--reason", choices=("left", "lent"), required=True, help="they left, or somebody else used their log-in"
    )
    reset = _command(which, "reset", "a new passphrase for somebody (in-charge only)", "staff_commands:run_staff_reset")
    renew = _command(
        which, "renew", "certify somebody for another year (in-charge only)", "staff_commands:run_staff_renew"
    )
    for command in (add, disable, reset, renew):
        _person(command)
        command.add_argument("name", metavar="NAME", help="a name, or an id as `staff list` shows it")
    for command in (add, reset):
        command.add_argument(
            "--new-passphrase-file", type=Path, metavar="FILE", help="read the colleague's passphrase from a file"
        )


def _ledger(commands: Commands) -> None:
    ledger = commands.add_parser("ledger", help="this desk's records as signed envelopes")
    which = ledger.add_subparsers(required=True, metavar="WHAT")
    export = _command(which, "export", "write every record, an envelope a line", "ledger:run_export")
    _person(export)
    export.add_argument("--out", type=Path, required=True, metavar="FILE")
    export.add_argument(
        "--sealed", action="store_true", help="only what central has not confirmed, sealed to central, to be delivered"
    )
    export.add_argument(
        "--from", dest="first", type=int, metavar="N", help="with --sealed: everything from record N on"
    )
    deliver = _command(which, "deliver", "bring central another machine's sealed records", "ledger:run_deliver")
    _person(deliver)
    deliver.add_argument("file", type=Path, metavar="FILE")
    receipts = _command(which, "receipts", "keep central's receipts that another machine got", "ledger:run_receipts")
    _person(receipts)
    receipts.add_argument("file", type=Path, metavar="FILE")
    verify = _command(which, "verify", "check an exported ledger; needs no passphrase", "ledger:run_verify")
    verify.add_argument("file", type=Path, metavar="FILE")
    verify.add_argument(
        "--enrolment",
        type=Path,
        action="append",
        metavar="FILE",
        help="an enrolment file, to know central's keys by; one of before they were changed too, when they were",
    )


def _recovery(commands: Commands) -> None:
    recover = commands.add_parser("recover", help="nobody remembers a passphrase of this desk")
    which = recover.add_subparsers(required=True, metavar="WHAT")
    request = _command(which, "request", "ask central for another way in", "recovery:run_request")
    _home(request)
    request.add_argument("--in-charge", dest="name", metavar="NAME", help="who will be in charge of this desk")
    request.add_argument("--passphrase-file", type=Path, metavar="FILE", help="read the new passphrase from a file")
    request.add_argument("--device", metavar="ID", help="what the machine is called, where its slots.json is lost")
    request.add_argument("--anew", action="store_true", help="drop the request that is under way")
    request.add_argument("--out", type=Path, required=True, metavar="FILE", help="where the request goes, a new file")
    answer = _command(which, "answer", "open the desk with central's answer", "recovery:run_answer")
    _home(answer)
    answer.add_argument("file", type=Path, metavar="FILE")
    answer.add_argument("--passphrase-file", type=Path, metavar="FILE", help="read the new passphrase from a file")


def _backup(commands: Commands) -> None:
    backup = _command(
        commands, "backup", "copy this desk into one file, also while it is open (in-charge only)", "backup:run_backup"
    )
    _person(backup)
    backup.add_argument(
        "--out", type=Path, required=True, metavar="FILE_OR_DIR", help="a new file, or a folder for one; never the home"
    )
    restore = _command(commands, "restore", "make this machine the desk that is in a backup", "backup:run_restore")
    _home(restore)
    restore.add_argument("file", type=Path, metavar="FILE")
    restore.add_argument("--yes", action="store_true", help="do not ask whether what it says is understood")


def _uninstall(commands: Commands) -> None:
    uninstall = _command(commands, "uninstall", "take this desk's vault and keys away (in-charge)", "uninstall:run")
    _person(uninstall)
    uninstall.add_argument(
        "--export", type=Path, metavar="FILE", help="first write what central has not confirmed into this file, sealed"
    )


def _certificate(commands: Commands) -> None:
    certificate = commands.add_parser("certificate", help="vaccination certificates")
    which = certificate.add_subparsers(required=True, metavar="WHAT")
    verify = _command(which, "verify", "check a certificate; needs no network and no home", "certificate:run_verify")
    verify.add_argument(
        "card", metavar="FILE_OR_TEXT", help="a card's file, a picture of its QR, or its text itself (shc:/...)"
    )
    verify.add_argument(
        "--keys",
        action="append",
        required=True,
        metavar="FILE",
        help="an issuer's key set (jwks.json); may be repeated",
    )
    verify.add_argument(
        "--revoked",
        action="append",
        default=[],
        metavar="FILE",
        help="a list of revoked certificates (crl/KEY.json); may be repeated",
    )


def _central(commands: Commands) -> None:
    """Central's own words stand in its module: the built desk leaves that room out."""
    # A prefix nobody can type: what looks like an option, --help too, is for central's own parser.
    central = commands.add_parser("central", help="the central server", add_help=False, prefix_chars="\0")
    central.add_argument("rest", nargs="...", metavar="...")
    central.set_defaults(run="central_commands:run_central")
