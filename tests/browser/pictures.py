"""The portal for docs/: ``python -m tests.browser.pictures docs/pictures``.

Four pages as a phone shows them in Hindi, and the slip as it is printed.
"""

from __future__ import annotations

import io
import sys
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from tests.browser.citizen import PHONE_SIZE, Citizen, chromium, citizen
from tests.central.support import RAMPUR, TODAY, Clock, World, vaccines
from tests.portal.support import PHONE, Portal, served
from vaccinator_app.central.citizens.account import Account
from vaccinator_app.central.operations import admin
from vaccinator_app.cli.resources import font_files, resources_folder
from vaccinator_app.reports.materials import Materials
from vaccinator_app.reports.slip import slip_picture

SCALE, GAP, PPI = 2, 24, 110
NAMES = ("सुनीता कुमारी", "राम प्रसाद")


def main(folder: Path) -> None:
    with TemporaryDirectory() as home:
        make(Path(home) / "home")
        world = World(Path(home) / "home", admin.open_home(Path(home) / "home"))
        with (
            served(world, Path(home)) as server,
            # as on a phone, which has letters for Latin and gets those for Hindi from central
            chromium(world.folder, fonts=font_files()[0].parent) as browser,
            citizen(browser, server.address, "hi", PHONE_SIZE, scale=SCALE) as person,
        ):
            shots, reference = walk(person, server)
            token = next(one["value"] for one in person.page.context.cookies() if one["name"] == "__Host-session")
            account = Account(world.home.database, world.home.keys, world.clock, world.login)
            slip = account.slip(token, reference)
        world.home.database.close()
    side_by_side(shots).save(folder / "portal-phone-hi.png", optimize=True)
    materials = Materials(resources_folder(), font_files())
    (folder / "portal-slip.png").write_bytes(slip_picture(slip, materials, "hi", PPI))


def make(home: Path) -> None:
    """A central with one centre and a few sessions of a common size."""
    admin.init(home, Clock(), vaccines())
    opened = admin.open_home(home)
    admin.add_centre(opened, RAMPUR, "PHC Rampur", "Rampur")
    for days in (0, 1, 3):
        admin.add_session(opened, RAMPUR, TODAY + timedelta(days=days), "covishield", capacity=8 + days)
    opened.database.close()


def walk(person: Citizen, server: Portal) -> tuple[list[bytes], str]:
    """Two people booked; what the screen showed on the way, and the first one's appointment."""
    person.go("/sign-in")
    shots = [shot(person)]
    person.ask_for_otp(PHONE)
    person.type_otp(server.phones.otp(PHONE))
    references = []
    for number, name in enumerate(NAMES):
        person.follow("people.register")
        person.register(name, 1968 + number, ("woman", "man")[number], f"4444 5555 48{number}1")
        person.choose("Rampur", "PHC Rampur", person.say.near(TODAY), f"11:{30 + 15 * number}")
        if number == 0:
            shots.append(shot(person))
        person.press("days.book")
        references.append(person.held().reference)
        if number == 0:
            shots.append(shot(person))
        person.follow("people.title")
    shots.append(shot(person))
    return shots, references[0]


def shot(person: Citizen) -> bytes:
    return person.page.screenshot(full_page=True)


def side_by_side(shots: list[bytes]) -> Image.Image:
    """Pages next to each other, each as long as it is, on the ground that they share."""
    images = [Image.open(io.BytesIO(one)).convert("RGB") for one in shots]
    height = max(image.height for image in images)
    ground = images[0].getpixel((2, images[0].height - 2))
    sheet = Image.new("RGB", (sum(image.width + GAP for image in images) - GAP, height), ground)
    left = 0
    for image in images:
        sheet.paste(image, (left, 0))
        left += image.width + GAP
    return sheet.resize((sheet.width // 2, sheet.height // 2), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
