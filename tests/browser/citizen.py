"""Somebody at the portal with a real browser, Debian's Chromium without a window, and without JavaScript."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.portal.support import ANSWER
from tests.support.demand import missing
from vaccinator_app.central.portal.words import Say, read_words
from vaccinator_app.cli.resources import font_files, resources_folder
from vaccinator_app.reports.materials import Materials

PHONE_SIZE, DESK_SIZE = (390, 844), (1280, 800)
SCREENS = "VACCINATOR_TESTS_SCREENS"
"""A folder: every page that a test comes to is painted into it."""

_FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium(home: Path, *, fonts: Path | None = None) -> Iterator[Browser]:
    """A browser that believes the certificate of the central in ``home``, and no other unknown one.

    ``fonts`` is a folder with the only fonts of its machine; this machine's own when None.
    """
    program = shutil.which("chromium")
    if program is None:
        missing("chromium", "the browser is not installed (Debian package chromium).")
    flags = [*_FLAGS, f"--ignore-certificate-errors-spki-list={_pin(home / 'tls' / 'server.pem')}"]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")
    with sync_playwright() as playwright:
        env: dict[str, str | float | bool] = dict(os.environ)
        if fonts is not None:
            env["FONTCONFIG_FILE"] = str(_only(fonts, home))
        browser = playwright.chromium.launch(executable_path=program, headless=True, args=flags, env=env)
        try:
            yield browser
        finally:
            browser.close()


def _only(fonts: Path, home: Path) -> Path:
    file = home / "fonts.conf"
    file.write_text(f"<fontconfig><dir>{fonts}</dir><cachedir>{home / 'fontcache'}</cachedir></fontconfig>")
    return file


def _pin(certificate: Path) -> str:
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()


@dataclass(frozen=True, slots=True)
class Held:
    """What a slip on the screen says."""

    name: str
    reference: str
    code: str


@dataclass(slots=True)
class Citizen:
    """Whoever sits before ``page``, and reads ``say``'s language. ``inbox`` are the messages on their phone."""

    page: Page
    address: str
    say: Say
    pictures: Path | None = None
    taken: int = 0

    def snap(self, name: str) -> None:
        """Paint the page as it stands."""
        if self.pictures is not None:
            self.taken += 1
            self.page.screenshot(path=self.pictures / f"{self.taken:02d}-{name}.png", full_page=True)

    def go(self, path: str) -> None:
        self.page.goto(f"{self.address}{path}")

    def press(self, key: str, **blanks: object) -> None:
        """The button with these words."""
        self.page.get_by_role("button", name=self.say(key, **blanks), exact=True).click()

    def follow(self, key: str, **blanks: object) -> None:
        """The link with these words; the first, where several people have one."""
        self.page.get_by_role("link", name=self.say(key, **blanks), exact=True).first.click()

    def heading(self, text: str) -> None:
        """Wait for the page with this heading."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(text)

    def ask_for_otp(self, mobile: str) -> None:
        self.go("/")
        self.snap("start")
        self.follow("start.sign_in")
        self.heading(self.say("sign_in.title"))
        self.page.get_by_label(self.say("sign_in.mobile"), exact=True).fill(mobile)
        self.page.get_by_label(self.say("sign_in.captcha"), exact=True).fill(ANSWER)
        self.snap("sign-in")
        self.press("sign_in.send")
        self.heading(self.say("code.title"))
        self.snap("one-time-password")

    def type_otp(self, otp: str) -> None:
        self.page.get_by_label(self.say("code.otp"), exact=True).fill(otp)
        self.press("code.verify")
        self.heading(self.say("people.title"))

    def register(self, name: str, year: int, gender: str, number: str) -> None:
        """Fill in the form for somebody new and send it."""
        self.page.get_by_label(self.say("new.name"), exact=True).fill(name)
        self.page.get_by_label(self.say("new.year"), exact=True).fill(str(year))
        self.page.get_by_label(self.say.gender(gender), exact=True).check()
        self.page.get_by_label(self.say("new.photo_id"), exact=True).select_option("aadhaar")
        self.page.get_by_label(self.say("new.number"), exact=True).fill(number)
        self.snap("register")
        self.press("new.register")

    def choose(self, district: str, centre: str, day: str, time: str) -> None:
        """From the page of centres to the time; the last button is not pressed yet."""
        self.page.get_by_label(self.say("find.district"), exact=True).select_option(district)
        self.press("find.find")
        self.snap("centres")
        self.page.get_by_role("link", name=re.compile(re.escape(centre))).click()
        self.heading(centre)
        self.page.get_by_role("link", name=re.compile(re.escape(day))).click()
        self.page.get_by_label(time, exact=True).check()
        self.snap("time")

    def held(self) -> Held:
        """Code and number, read off the appointment's page."""
        expect(self.page.locator("#code")).to_have_text(re.compile(r"\d{4}"))
        return Held(
            name=self.page.get_by_role("heading", level=1).inner_text(),
            reference=self.page.locator("dd.number").inner_text().replace(" ", ""),
            code=self.page.locator("#code").inner_text(),
        )

    def download(self, key: str) -> tuple[str, bytes]:
        """The file behind a link: its name, and what is in it."""
        with self.page.expect_download() as found:
            self.follow(key)
        return found.value.suggested_filename, Path(found.value.path()).read_bytes()


@contextmanager
def citizen(
    browser: Browser,
    address: str,
    language: str,
    size: tuple[int, int],
    *,
    scale: int = 1,
    pictures: Path | None = None,
) -> Iterator[Citizen]:
    """A fresh browser profile without JavaScript, in a language and a size of screen."""
    context = browser.new_context(
        java_script_enabled=False,
        locale="hi-IN" if language == "hi" else "en-IN",
        viewport={"width": size[0], "height": size[1]},
        device_scale_factor=scale,
        is_mobile=size == PHONE_SIZE,
        has_touch=size == PHONE_SIZE,
    )
    # A page of this server has a second or so of work in it at most; a laden machine may take longer.
    context.set_default_timeout(20_000)
    words = read_words(Materials(resources_folder(), font_files()))
    try:
        yield Citizen(context.new_page(), address, words[language], pictures)
    finally:
        context.close()


def screens(name: str) -> Path | None:
    """Where pictures of a test go, if anybody asked for them."""
    asked = os.environ.get(SCREENS)
    if not asked:
        return None
    folder = Path(asked) / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
