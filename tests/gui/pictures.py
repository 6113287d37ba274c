"""Every screen as a picture, in both languages and looks: ``python -m tests.gui.pictures OUT``.

They are of the real window on a real vault with a real central behind the port, worked by keys.
"""

from __future__ import annotations

import csv
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

from tests.central.machine import Desk
from tests.central.support import RAMPUR, TODAY, World, make_home
from tests.gui import staff_tour, stock_tour, visit_tour
from tests.gui.evening import evening_day, evening_tour
from tests.gui.first_run_tour import first_run_tour
from tests.gui.network import Network, drain_to
from tests.gui.recovery_tour import recovery_tour
from tests.support.central import PASSPHRASE
from tests.support.first_run import served
from tests.support.window import Day, Hands, enrol_desk, put_away, show_window
from vaccinator_app.central.citizens.booking import Booked
from vaccinator_app.central.operations import admin
from vaccinator_app.cli.resources import resources_folder
from vaccinator_app.gui.app import make_application
from vaccinator_app.gui.settings import Settings
from vaccinator_app.gui.theme import Mode
from vaccinator_app.trust.code import MODULUS

Stop = Callable[[str], None]
LONG_AGO = timedelta(days=92)
LOOKS = (
    ("en-light", Settings()),
    ("hi-light", Settings(language="hi")),
    ("en-dark", Settings(mode=Mode.DARK)),
    ("hi-dark", Settings(language="hi", mode=Mode.DARK)),
    ("en-contrast", Settings(mode=Mode.CONTRAST)),
    ("en-large", Settings(large=True)),
    ("hi-large", Settings(language="hi", large=True)),
)


def full_day(folder: Path) -> Day:
    """A centre with two dozen people booked, one of whom had her first dose 92 days ago."""
    make_home(folder / "central")
    world = World(folder / "central", admin.open_home(folder / "central"))
    now, earlier = world.clock.now, TODAY - LONG_AGO
    world.clock.now = now - LONG_AGO
    admin.add_session(world.home, RAMPUR, earlier, "covishield", capacity=10)
    first = world.book("9800000105", name="Lakshmi Iyer", photo_id_number="M7712345", photo_id_type="passport",
                       year_of_birth=1962, date=earlier.isoformat())  # fmt: skip
    other = Desk(world)
    other.push([other.record(other.dose(first))])
    world.clock.now = now
    enrol_desk(world, folder / "desk")
    day = Day(world, folder / "desk")
    with (resources_folder() / "demo" / "bookings.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            mobile = row.pop("mobile")
            name, slot = row.pop("name"), row.pop("slot")
            day.booked[name] = world.book(mobile, name=name, slot=slot, **row)
    day.pull()
    return day


def other_code(booked: Booked) -> str:
    """A wrong code that falls into the bucket of the right one, as one in forty does."""
    right = int(booked.code)
    return f"{right + MODULUS if right + MODULUS < 10_000 else right - MODULUS:04d}"


def wrong_code(booked: Booked) -> str:
    """A code that this desk refuses."""
    return f"{(int(booked.code) + 1) % 10_000:04d}"


@dataclass(slots=True)
class Album:
    """Takes the pictures of one desk in every look."""

    hands: Hands
    out: Path
    number: int = 0

    def take(self, name: str) -> None:
        self.number += 1
        window = self.hands.window
        for look, settings in LOOKS:
            window.apply(settings)
            self.hands.settle()
            for _ in range(3):
                QApplication.processEvents()
            folder = self.out / look
            folder.mkdir(parents=True, exist_ok=True)
            window.grab().save(str(folder / f"{self.number:02d}-{name}.png"))
        window.apply(Settings())


def open_person(hands: Hands, typed: str) -> None:
    """Find somebody and open the sheet."""
    hands.write(typed)
    hands.settle()
    hands.enter()
    hands.settle()
    hands.until(lambda: hands.shown("visit"))


def give(day: Day, hands: Hands, name: str, *, code: str = "") -> None:
    """The whole visit."""
    open_person(hands, str(day.booked[name].token))
    hands.enter()
    hands.settle()
    hands.write(code or day.booked[name].code)
    hands.enter()
    hands.settle()
    hands.enter()
    hands.settle()


def morning(day: Day, hands: Hands) -> None:
    """Some are done, some wait, some are watched; one code was guessed, one person's codes ran out."""
    for name in ("Sunita Kumari", "Ram Prasad", "राम प्रसाद"):
        give(day, hands, name)
        day.pass_time(timedelta(minutes=4))
    give(day, hands, "Dinesh Yadav", code=other_code(day.booked["Dinesh Yadav"]))
    day.pass_time(timedelta(minutes=24))
    for name in ("Mohd. Irfan", "लक्ष्मी देवी"):
        give(day, hands, name)
        day.pass_time(timedelta(minutes=5))
    open_person(hands, str(day.booked["Savitri Bai"].token))
    hands.enter()
    hands.settle()
    for _ in range(3):
        hands.write(wrong_code(day.booked["Savitri Bai"]))
        hands.enter()
        hands.settle()
    hands.escape()
    hands.settle()
    for name in ("Fatima Begum", "श्रीकांत क्षीरसागर"):
        open_person(hands, str(day.booked[name].token))
        hands.enter()
        hands.settle()
        hands.escape()
        hands.settle()
    hands.press(Qt.Key.Key_F4)
    hands.enter()
    hands.settle()
    hands.press(Qt.Key.Key_F3)
    hands.press(Qt.Key.Key_F5)
    hands.until(lambda: "confirmed" in words(hands, "status"))


def words(hands: Hands, name: str) -> str:
    """What a screen reader would say of a widget."""
    return hands.find(QWidget, name).accessibleName()


def tour(day: Day, hands: Hands, stop: Stop) -> None:
    """Past every screen in every state worth a look; ``stop`` is told the name of each."""
    stop("unlock")
    hands.write("not the passphrase")
    hands.enter()
    hands.settle()
    stop("unlock-wrong")
    hands.unlock(PASSPHRASE)
    stop("queue-morning")
    morning(day, hands)
    stop("queue")
    day.cut()
    day.pass_time(timedelta(minutes=3))
    give(day, hands, "Fatima Begum")
    day.pass_time(timedelta(minutes=2))
    hands.press(Qt.Key.Key_F5)
    hands.until(lambda: "Could not reach central" in words(hands, "status"))
    stop("after-a-dose")
    visit(day, hands, stop)
    others(hands, stop)
    stock_tour.watch(day, hands, stop)
    stock_tour.stock(day, hands, stop)
    visit_tour.right(day, hands, stop)
    staff_tour.staff(day, hands, stop)
    staff_tour.verifier(day, hands, stop)


def visit(day: Day, hands: Hands, stop: Stop) -> None:
    """The sheet, step by step, with everything that may stop it."""
    hands.write("iye")
    hands.settle()
    stop("search")
    hands.enter()
    hands.settle()
    stop("visit-identity")
    hands.enter()
    hands.settle()
    stop("visit-code")
    hands.write(wrong_code(day.booked["Lakshmi Iyer"]))
    hands.enter()
    hands.settle()
    stop("visit-wrong-code")
    hands.write(day.booked["Lakshmi Iyer"].code)
    hands.enter()
    hands.settle()
    stop("visit-dose")
    hands.escape()
    hands.settle()
    open_person(hands, "thang")
    hands.enter()
    hands.settle()
    stop("visit-previous-dose")
    hands.write("21 10 2026")
    hands.enter()
    hands.settle()
    stop("visit-too-early")
    hands.enter()
    hands.until(lambda: hands.shown("choice-1"))
    stop("defer")
    hands.escape()
    hands.escape()
    hands.settle()
    open_person(hands, "savi")
    stop("visit-code-closed")
    hands.escape()
    hands.settle()
    told(day, hands, stop)
    open_person(hands, "dine")
    stop("visit-held")
    hands.press(Qt.Key.Key_Tab)
    hands.press(Qt.Key.Key_Tab)
    hands.enter()
    hands.until(lambda: hands.shown("choice-1"))
    stop("void")
    hands.escape()
    hands.escape()
    hands.settle()


def told(day: Day, hands: Hands, stop: Stop) -> None:
    """What became of certificates and messages: one that the network took, one that reached nobody."""
    day.mend()
    for name, takes in (("Ravi Kumar", True), ("Pooja Kumari", False)):
        give(day, hands, name)
        hands.press(Qt.Key.Key_F5)
        hands.until(lambda: "SMS waits at central" in hands.seen())
        drain_to(day, Network(takes=takes))
        hands.press(Qt.Key.Key_F5)
        hands.until(lambda: "SMS waits at central" not in hands.seen())
        stop(f"after-a-dose-{'taken' if takes else 'not-reached'}")
        open_person(hands, str(day.booked[name].token))
        stop(f"visit-{'taken' if takes else 'not-reached'}")
        hands.escape()
        hands.settle()
    day.cut()


def others(hands: Hands, stop: Stop) -> None:
    """Walk-in, observation, sync, help."""
    hands.press(Qt.Key.Key_F2)
    stop("walk-in")
    hands.write("Kumar")
    for _ in range(12):
        if hands.focused() == "walk-in-register":
            break
        hands.enter()
    hands.enter()
    hands.settle()
    stop("walk-in-problems")
    hands.escape()
    hands.press(Qt.Key.Key_F4)
    stop("observation")
    hands.press(Qt.Key.Key_End)
    hands.enter()
    stop("observation-early")
    hands.escape()
    hands.press(Qt.Key.Key_F6)
    stop("sync")
    hands.press(Qt.Key.Key_F3)
    hands.press(Qt.Key.Key_F1)
    stop("help")
    hands.escape()


def pictures(out: Path, folder: Path) -> None:
    """The tour, with a picture in every look at every stop."""
    day = full_day(folder)
    hands = show_window(day, idle_seconds=3600)
    tour(day, hands, Album(hands, out).take)
    put_away(hands)
    day.world.home.database.close()


def evening_pictures(out: Path, folder: Path) -> None:
    """The in-charge's evening at one of two machines, in the same looks."""
    evening = evening_day(folder)
    # the looks of one stop take longer than a person sits idle
    hands = show_window(evening.day, idle_seconds=3600)
    evening_tour(evening, hands, Album(hands, out, number=70).take)
    put_away(hands)
    evening.close()


def first_run_pictures(out: Path, folder: Path) -> None:
    """A bare machine, step by step, in the same looks."""
    numbers = count(100, 20)
    with served() as central:
        first_run_tour(central, folder, lambda hands: Album(hands, out, number=next(numbers)).take)


def recovery_pictures(out: Path, folder: Path) -> None:
    """A desk that nobody can open, and records that are carried by hand, in the same looks."""
    day = full_day(folder)
    hands = show_window(day, idle_seconds=3600)
    recovery_tour(day, hands, folder, Album(hands, out, number=180).take)
    put_away(hands)
    day.world.home.database.close()


def main() -> None:
    """The command."""
    out = Path(sys.argv[1])
    app = make_application(sys.argv[0])
    for tour_of in (pictures, first_run_pictures, evening_pictures, recovery_pictures):
        with tempfile.TemporaryDirectory() as folder:
            tour_of(out, Path(folder))
    app.quit()


if __name__ == "__main__":
    main()
