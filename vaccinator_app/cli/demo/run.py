"""``vaccinator demo``: a whole day, from booking to receipts, and a summary of whether it held (DESIGN 11)."""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
import time
from argparse import Namespace
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from vaccinator_app.central.operations import admin
from vaccinator_app.cli.day_report import rendered, report_of_day
from vaccinator_app.cli.demo.afterwards import PAPERS, fetch_certificates
from vaccinator_app.cli.demo.bookings import Booked, Outcome, book_all, read_rows
from vaccinator_app.cli.demo.line import Line
from vaccinator_app.cli.demo.people_at_home import AtHome
from vaccinator_app.cli.demo.proof import Summary, details_lying_about, open_to_others, proved, sum_up
from vaccinator_app.cli.demo.server import CENTRE, Central, enrolment_file, partner_key, prepare
from vaccinator_app.cli.exits import Exit, Failed
from vaccinator_app.cli.home import load_formulary
from vaccinator_app.cli.qtcheck import missing_packages, missing_sentence, qt_platform
from vaccinator_app.cli.resources import resources_folder
from vaccinator_app.cli.signals import ending_like_ctrl_c
from vaccinator_app.desk.before_vault import not_enrolled
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.desk.unlock import Opened, lock
from vaccinator_app.sync.engine import Engine
from vaccinator_app.sync.http import HttpCentral
from vaccinator_app.vault.export import write_export

_ZONE = ZoneInfo("Asia/Kolkata")
_IN_CHARGE, _VACCINATOR = "R. Sharma", "S. Devi"
_IN_CHARGE_PASSPHRASE, _PASSPHRASE = "monsoon over Rampur", "three brown goats"
_LEFT_TO_WATCHER = 6
_PACE_MS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where everything of one demo lies."""

    out: Path
    work: Path

    @property
    def home(self) -> Path:
        return self.work / "home"

    @property
    def central(self) -> Path:
        return self.work / "central"

    @property
    def pictures(self) -> Path:
        return self.out / "screens"


def run_demo(arguments: Namespace) -> int:
    """Play the day; 0 only if every invariant held."""
    platform = "offscreen" if arguments.headless else qt_platform()
    if packages := missing_packages(platform):
        raise Failed(Exit.NOT_DONE, missing_sentence(packages))
    os.environ["QT_QPA_PLATFORM"] = platform
    out = arguments.out or Path("demo-day")
    if arguments.bookings is not None:
        # what is no such file is said before anything is begun
        next(read_rows(arguments.bookings), None)
    with ExitStack() as stack:
        stack.enter_context(ending_like_ctrl_c())
        stage = _set_stage(out, stack, keep=arguments.keep)
        began = time.monotonic()
        summary = _play(stage, arguments.bookings, headless=platform == "offscreen", began=began)
    (out / "summary.json").write_text(json.dumps(asdict(summary), indent=2) + "\n", encoding="utf-8")
    _tell(summary, out)
    return Exit.CHECK_FAILED if summary.broken else Exit.OK


def _set_stage(out: Path, stack: ExitStack, *, keep: bool) -> Stage:
    """A clean place for this day's files; the desk's temporary files go where they can be searched afterwards."""
    if keep and any((out / name).exists() for name in ("home", "central")):
        raise Failed(Exit.BAD_INPUT, f"{out} holds a kept day already; name another folder with --out.")
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name in ("summary.json", "ledger.jsonl", "day.pdf", "day.csv", "desk.log", "central.log", *PAPERS):
            (out / name).unlink(missing_ok=True)
        shutil.rmtree(out / "screens", ignore_errors=True)
        (out / "screens").mkdir()
    except OSError as error:
        raise Failed(Exit.BAD_INPUT, f"The folder {out} cannot be written.") from error
    work = out if keep else Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vaccinator-demo-")))
    (work / "tmp").mkdir(exist_ok=True)
    before, tempfile.tempdir = tempfile.tempdir, str(work / "tmp")
    stack.callback(lambda: setattr(tempfile, "tempdir", before))
    log = logging.FileHandler(out / "desk.log", encoding="utf-8")
    logging.getLogger().addHandler(log)
    logging.getLogger().setLevel(logging.INFO)
    stack.callback(log.close)
    stack.callback(lambda: logging.getLogger().removeHandler(log))
    return Stage(out=out, work=work)


def _play(stage: Stage, bookings: Path | None, *, headless: bool, began: float) -> Summary:
    today = datetime.now(_ZONE).date()
    formulary = load_formulary()
    csv = bookings or resources_folder() / "demo" / "bookings.csv"
    prepare(stage.central, formulary, today, len(csv.read_bytes().splitlines()) if csv.is_file() else 0)
    with ExitStack() as stack:
        central = Central(stage.central, stage.out / "central.log")
        stack.callback(central.stop)
        at_home = AtHome(central.address, central.authority, central.inbox, partner_key(stage.central))
        stack.callback(at_home.close)
        booked = _book(csv, stage, at_home, today_is=datetime.now(_ZONE))
        line = Line(central.port)
        stack.callback(line.cut)
        file = stage.work / "rampur.enrolment"
        file.write_bytes(enrolment_file(stage.central, f"https://127.0.0.1:{line.port}"))
        faults = _window(stage, file, line, booked.booked, headless=headless)
        if not_enrolled(stage.home):
            raise Failed(Exit.CHECK_FAILED, f"The machine was not enrolled: {', '.join(faults)}.")
        line.mend()
        closed = not _left_over(booked.booked, headless=headless)
        summary = _settle(stage, booked.booked, at_home, began, closed=closed)
    faults += details_lying_about(
        booked.booked,
        [stage.home, stage.work / "tmp", stage.out / "desk.log", stage.out / "central.log"],
        [_IN_CHARGE_PASSPHRASE, _PASSPHRASE],
    )
    faults += open_to_others(stage.home)
    return replace(summary, broken=(*faults, *summary.broken))


def _book(csv: Path, stage: Stage, at_home: AtHome, today_is: datetime) -> Outcome:
    outcome = book_all(csv, at_home, CENTRE, today_is.date())
    for problem in outcome.problems:
        print(f"Not booked, {problem}")
    if not outcome.booked:
        raise Failed(Exit.BAD_INPUT, f"Nobody in {csv.name} could be booked.")
    print(f"{len(outcome.booked)} people are booked.")
    first = outcome.booked[0]
    (stage.out / "slip.pdf").write_bytes(at_home.slip_pdf(first.mobile, first.reference))
    return outcome


def _open(stage: Stage, name: str, passphrase: str) -> Opened:
    unlock = Unlock(stage.home, load_formulary())
    member = next(person for person in unlock.people() if person.name == name)
    return unlock.open(member.staff, passphrase)


def _window(stage: Stage, file: Path, line: Line, people: list[Booked], *, headless: bool) -> list[str]:
    """The day at the window, from the enrolment ``file`` on; what it did not do as it should, in words."""
    from vaccinator_app.cli.demo.day import Cast, Day
    from vaccinator_app.cli.demo.first_run import Newcomers
    from vaccinator_app.cli.demo.hands import Hands, NothingHappened
    from vaccinator_app.cli.signals import when_asked_to_end
    from vaccinator_app.cli.window import desk_window

    app, window = desk_window(stage.home, file)
    window.show()
    hands = Hands(window, 0 if headless else _PACE_MS)
    leave = _left_over(people, headless=headless)
    cast = Cast(
        newcomers=Newcomers(
            machine="Desk 2",
            in_charge=_IN_CHARGE,
            in_charge_passphrase=_IN_CHARGE_PASSPHRASE,
            vaccinator=_VACCINATOR,
            passphrase=_PASSPHRASE,
        ),
        pictures=stage.pictures,
        today=datetime.now(_ZONE).date(),
        leave=leave,
    )
    faults = []
    with when_asked_to_end(hands.stop, app.exit):
        try:
            Day(hands, line, people, cast).run()
            if not headless:
                _hand_over(people[-leave:] if leave else [])
                app.exec()
        except NothingHappened as error:
            hands.picture(stage.pictures / "stopped-here.png")
            faults.append(str(error))
        except KeyboardInterrupt:
            pass
        stopped, hands.stopped = hands.stopped, False
        if window.isVisible():
            window.close()
            hands.until(lambda: window.locked and not window.busy, "the desk did not lock")
    if stopped:
        raise KeyboardInterrupt
    return faults


def _left_over(people: list[Booked], *, headless: bool) -> int:
    """How many of the booked whoever watches may vaccinate; the day is then theirs to close, too."""
    return 0 if headless or len(people) <= _LEFT_TO_WATCHER * 2 else _LEFT_TO_WATCHER


def _hand_over(people: list[Booked]) -> None:
    print("The day so far is played. The desk is yours; close the window when you are done.")
    for person in people:
        print(f"  token {person.token:>3}  {person.name}: the SMS says {person.code}")
    print(f"  {_VACCINATOR} unlocks with: {_PASSPHRASE}")
    print(f"  {_IN_CHARGE}, who closes the day at Reconcile, unlocks with: {_IN_CHARGE_PASSPHRASE}")


def _settle(stage: Stage, people: list[Booked], at_home: AtHome, began: float, *, closed: bool) -> Summary:
    """The in-charge brings what the lock recorded to central, too; then both sides are laid beside each other, and
    everybody at home fetches what is theirs."""
    opened = _open(stage, _IN_CHARGE, _IN_CHARGE_PASSPHRASE)
    vault = opened.place.vault
    central = admin.open_home(stage.central)
    line = HttpCentral(vault.identity.address, vault.identity.authority)
    try:
        Engine(desk_of(vault), vault.exchange, line).run()
        with (stage.out / "ledger.jsonl").open("w", encoding="utf-8") as out:
            out.writelines(f"{envelope}\n" for envelope in write_export(vault))
        _report(stage, opened)
        at_home.forget_sessions()
        dosed = proved(vault, admin.kept_of(central, vault.identity.device))
        certified = fetch_certificates(at_home, people, dosed, stage.out)
        return sum_up(opened.place, central, people, certified, time.monotonic() - began, closed=closed)
    finally:
        line.close()
        central.database.close()
        lock(opened.place)


def _report(stage: Stage, opened: Opened) -> None:
    """The day on paper; a day that stopped before anybody came has none."""
    with suppress(CannotDo):
        report = report_of_day(opened.place, opened.place.today(), "en")
        for form in ("pdf", "csv"):
            (stage.out / f"day.{form}").write_bytes(rendered(report, form))


def _tell(summary: Summary, out: Path) -> None:
    found = asdict(summary)
    broken = found.pop("broken")
    print("  ".join(f"{name} {value}" for name, value in found.items()))
    for fault in broken:
        print(f"Did not hold: {fault}.")
    print(
        f"Pictures, the day's report, ledger, a slip, a certificate and the summary are in {out}."
        if not broken
        else f"What there is lies in {out}."
    )
