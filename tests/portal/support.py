"""Somebody's browser at the portal of a real server, without a browser: pages over TLS, read as HTML."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import requests

from tests.central.support import World, texts
from vaccinator_app.central.citizens.booking import Booked
from vaccinator_app.central.messages.gateways import FileGateway
from vaccinator_app.central.messages.outbox import State
from vaccinator_app.central.running.server import running
from vaccinator_app.central.running.settings import Settings
from vaccinator_app.cli.resources import font_files, resources_folder

PHONE, OTHER = "9876543210", "9876500000"
ANSWER = "234567"
"""What every captcha of these servers shows."""


@dataclass(slots=True)
class Phones:
    """Everybody's phones: the demo's inbox, and a way to wait until a message has come."""

    file: FileGateway
    texts: dict[str, list[str]] = field(default_factory=dict)
    _used: dict[str, int] = field(default_factory=dict)
    _come: threading.Condition = field(default_factory=threading.Condition)

    def send(self, mobile: str, text: str, report: str) -> State:
        state = self.file.send(mobile, text, report)
        with self._come:
            self.texts.setdefault(mobile, []).append(text)
            self._come.notify_all()
        return state

    def wait(self, mobile: str, so: Callable[[list[str]], bool]) -> list[str]:
        """The texts on this phone, once they are ``so``."""
        with self._come:
            assert self._come.wait_for(lambda: so(self.texts.get(mobile, [])), timeout=30), "no such message"
            return list(self.texts[mobile])

    def otp(self, mobile: str) -> str:
        """The newest one-time password that was not read yet."""
        used = self._used.get(mobile, 0)
        found = _otps(self.wait(mobile, lambda texts: len(_otps(texts)) > used))
        self._used[mobile] = len(found)
        return found[-1]


def _otps(texts: list[str]) -> list[str]:
    return [text[:6] for text in texts if text[:6].isdecimal()]


@dataclass(frozen=True, slots=True)
class Portal:
    """A server that answers, and the phones that it sends to."""

    address: str
    phones: Phones


@dataclass(slots=True)
class Tag:
    """An element with its attributes and all the text in it."""

    name: str
    attributes: dict[str, str]
    text: str = ""

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def get(self, name: str) -> str | None:
        return self.attributes.get(name)


class Page(HTMLParser):
    """A page as it was answered."""

    VOID = frozenset({"meta", "link", "input", "img", "br", "path"})

    def __init__(self, answer: requests.Response) -> None:
        super().__init__()
        self.answer = answer
        self.status = answer.status_code
        self.tags: list[Tag] = []
        self._open: list[Tag] = []
        self.feed(answer.text)
        assert not self._open, [tag.name for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Tag(tag, {name: value or "" for name, value in attrs})
        self.tags.append(made)
        if tag not in self.VOID:
            self._open.append(made)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(Tag(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().name == tag, tag

    def handle_data(self, data: str) -> None:
        for tag in self._open:
            tag.text += data

    def all(self, kind: str, /, **attributes: str) -> list[Tag]:
        wanted = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
        return [
            tag for tag in self.tags if tag.name == kind and all(tag.get(key) == value for key, value in wanted.items())
        ]

    def one(self, kind: str, /, **attributes: str) -> Tag:
        (found,) = self.all(kind, **attributes)
        return found

    def value(self, field_name: str) -> str:
        return self.all("input", name=field_name)[0].get("value") or ""

    def links(self) -> list[str]:
        return [tag["href"] for tag in self.all("a")]

    @property
    def heading(self) -> str:
        return " ".join(self.all("h1")[0].text.split())

    @property
    def said(self) -> str:
        """Every word of the page's middle, in order."""
        return " ".join(self.one("main").text.split())

    @property
    def fault(self) -> str:
        """What its error summary says."""
        (summary,) = self.all("div", class_="summary")
        return " ".join(summary.text.split())


@dataclass(slots=True)
class Browser:
    """Keeps cookies, follows redirects only where told."""

    server: Portal
    web: requests.Session
    history: list[str] = field(default_factory=list)

    def get(self, path: str, **query: str) -> Page:
        return Page(self.fetch(path, **query))

    def fetch(self, path: str, **query: str) -> requests.Response:
        self.history.append(f"GET {path}")
        return self.web.get(f"{self.server.address}{path}", params=query, allow_redirects=False)

    def post(self, path: str, **form: str) -> requests.Response:
        """A form, sent with the token of the page that it stands on now."""
        if "csrf" not in form:
            form["csrf"] = self.token()
        self.history.append(f"POST {path}")
        return self.web.post(f"{self.server.address}{path}", data=form, allow_redirects=False)

    def token(self) -> str:
        """What every form of this session carries."""
        return self.get("/verify").all("input", name="csrf")[0]["value"]

    def again(self, path: str, **form: str) -> Page:
        """A form that is refused: the page with why."""
        answer = self.post(path, **form)
        assert answer.status_code >= 400, answer.headers
        page = Page(answer)
        targets = {tag["href"][1:] for tag in page.all("a") if tag["href"].startswith("#")}
        assert targets <= {tag.get("id") for tag in page.tags}, "what is wrong leads to where it is wrong"
        return page

    def done(self, path: str, **form: str) -> str:
        """A form that was accepted; where it leads."""
        answer = self.post(path, **form)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    @property
    def session(self) -> str:
        """The token of who is signed in."""
        return str(self.web.cookies["__Host-session"])

    def sign_in(self, mobile: str = PHONE) -> None:
        page = self.get("/sign-in")
        asked = self.done("/sign-in", mobile=mobile, captcha=page.value("captcha"), answer=ANSWER)
        assert asked == "/sign-in/code"
        assert self.done(asked, otp=self.server.phones.otp(mobile)) == "/people"

    def register(self, number: int = 1, **changes: str) -> str:
        """Somebody new; their beneficiary id."""
        form = {
            "name": f"Sunita Kumari {number}",
            "year_of_birth": "1968",
            "gender": "woman",
            "photo_id_type": "aadhaar",
            "photo_id_number": f"4444{number:08d}",
        }
        return self.done("/people/new", **{**form, **changes}).split("/")[2]


@contextmanager
def served(world: World, tmp_path: Path) -> Iterator[Portal]:
    """The portal of ``world`` on a free port; its captchas all have one answer."""
    phones = Phones(FileGateway(world.folder / "sms"))
    settings = Settings(
        home=world.folder,
        texts=texts(),
        port=0,
        clock=world.clock,
        resources=resources_folder(),
        fonts=font_files(),
        captcha_answer=lambda: ANSWER,
        gateway=phones,
    )
    with running(settings) as found:
        (tmp_path / "authority.pem").write_bytes(found.authority)
        yield Portal(found.address, phones)


@contextmanager
def browser_at(server: Portal, tmp_path: Path, language: str = "en") -> Iterator[Browser]:
    with requests.Session() as session:
        session.verify = str(tmp_path / "authority.pem")
        session.trust_env = False
        session.headers["Accept-Language"] = language
        session.headers["Accept"] = "text/html"
        yield Browser(server, session)


def booked(browser: Browser, world: World, **changes: object) -> Booked:
    """Somebody booked under the mobile that is signed in, with the code that only they know."""
    return world.bookings.book(browser.session, world.form(**changes))
