"""Every address of a running server, tried by people it has no business with: nobody's details come out of any of them.

The addresses are those of the server's own OpenAPI document. A new one fails here until it stands in ``DOORS``.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.central.apps import ANSWER, App, app, served
from tests.central.machine import Desk
from tests.central.support import FAR, RAMPUR, TODAY, Clock, World, make_home, texts
from tests.support.postgres import copy_home
from vaccinator_app.central import log
from vaccinator_app.central.citizens.account import Account, MyPerson
from vaccinator_app.central.citizens.login import mobile_hash
from vaccinator_app.central.http.app import create_app
from vaccinator_app.central.http.partner_door import HEADER
from vaccinator_app.central.operations import admin
from vaccinator_app.central.running.building import build
from vaccinator_app.central.running.settings import Settings
from vaccinator_app.cli.resources import font_files, resources_folder
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.messages import PULL_TYPE, PullRequest


class Door(Enum):
    """Who is answered."""

    EVERYBODY = "what is about nobody: keys, health, pages to sign in and to verify"
    MACHINE = "an enrolled desk, by its signature"
    NETWORK = "the operator's SMS gateway"
    PARTNER = "an app by its key"
    CITIZEN = "an app by its key, and the citizen's session that was opened through it"
    BROWSER = "the citizen's session at the portal"


DOORS: dict[str, Door] = {
    "POST /v1/enrolments": Door.MACHINE,
    "POST /v1/push": Door.MACHINE,
    "POST /v1/pull": Door.MACHINE,
    "POST /v1/confirm": Door.MACHINE,
    "POST /v1/history": Door.MACHINE,
    "POST /v1/deliveries": Door.MACHINE,
    "POST /v1/otp": Door.PARTNER,
    "POST /v1/otp/verify": Door.PARTNER,
    "POST /v1/sign-out": Door.PARTNER,
    "GET /v1/centres/{centre}/sessions": Door.PARTNER,
    "POST /v1/bookings": Door.CITIZEN,
    "POST /v1/appointments": Door.CITIZEN,
    "GET /v1/bookings/{reference}": Door.CITIZEN,
    "GET /v1/bookings/{reference}/slip": Door.CITIZEN,
    "POST /v1/bookings/{reference}/move": Door.CITIZEN,
    "POST /v1/bookings/{reference}/cancel": Door.CITIZEN,
    "GET /v1/people": Door.CITIZEN,
    "POST /v1/people": Door.CITIZEN,
    "GET /v1/doses": Door.CITIZEN,
    "POST /v1/doses/{dose}/confirm": Door.CITIZEN,
    "POST /v1/doses/{dose}/dispute": Door.CITIZEN,
    "GET /v1/certificates/{certificate}": Door.CITIZEN,
    "GET /v1/certificates/{certificate}/card": Door.CITIZEN,
    "GET /captcha/{file}": Door.EVERYBODY,
    "GET /.well-known/jwks.json": Door.EVERYBODY,
    "GET /.well-known/crl/{file}": Door.EVERYBODY,
    "GET /v1/health": Door.EVERYBODY,
    "GET /v1/ready": Door.EVERYBODY,
    "GET /v1/sms/{token}": Door.NETWORK,
    "GET /": Door.EVERYBODY,
    "GET /sign-in": Door.EVERYBODY,
    "POST /sign-in": Door.EVERYBODY,
    "GET /sign-in/code": Door.EVERYBODY,
    "POST /sign-in/code": Door.EVERYBODY,
    "POST /sign-out": Door.EVERYBODY,
    "GET /people": Door.BROWSER,
    "GET /people/new": Door.BROWSER,
    "POST /people/new": Door.BROWSER,
    "GET /people/{beneficiary}/book": Door.BROWSER,
    "GET /people/{beneficiary}/book/{centre}": Door.BROWSER,
    "POST /people/{beneficiary}/book/{centre}": Door.BROWSER,
    "GET /appointments/{reference}": Door.BROWSER,
    "GET /appointments/{reference}/slip": Door.BROWSER,
    "GET /appointments/{reference}/cancel": Door.BROWSER,
    "POST /appointments/{reference}/cancel": Door.BROWSER,
    "GET /appointments/{reference}/move": Door.BROWSER,
    "GET /appointments/{reference}/move/{centre}": Door.BROWSER,
    "POST /appointments/{reference}/move/{centre}": Door.BROWSER,
    "GET /certificates/{certificate}": Door.BROWSER,
    "GET /certificates/{certificate}/pdf": Door.BROWSER,
    "GET /certificates/{certificate}/card": Door.BROWSER,
    "GET /doses/{dose}/confirm": Door.BROWSER,
    "POST /doses/{dose}/confirm": Door.BROWSER,
    "GET /doses/{dose}/dispute": Door.BROWSER,
    "POST /doses/{dose}/dispute": Door.BROWSER,
    "GET /verify": Door.EVERYBODY,
    "POST /verify": Door.EVERYBODY,
    "GET /help": Door.EVERYBODY,
    "GET /privacy": Door.EVERYBODY,
    "GET /static/{name}": Door.EVERYBODY,
}

PERSONAL = ("reference", "dose", "certificate", "beneficiary")
"""What an address names somebody's by."""

VICTIM, STRANGER = "9876504321", "9812306789"
NAME, WAITING = "Lakshmi Venkataraman", "Kamala Venkataraman"
ID, WAITING_ID = "753108649205", "753108641937"
GARBAGE = ("000000000000", "x", "..%2f..%2fetc%2fpasswd", "%00", "%27%20OR%201=1", "{{7*7}}", "9" * 400, "%F0%9F%92%89")


@dataclass(slots=True)
class Seeded:
    """A served central with somebody's appointments, doses and certificate, and a stranger who has their own."""

    world: World
    address: str
    web: requests.Session
    ours: App
    theirs: App
    stream: io.StringIO
    document: dict[str, Any]
    ids: dict[str, str] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)

    def session(self, mobile: str, one: App | None = None) -> str:
        """A session at the portal or through an app, opened beside the wire: this is not about signing in."""
        world, partner = self.world, None if one is None else one.partner(self.world)
        whose = mobile_hash(world.home.keys.cupboard, mobile)
        with world.home.database.write() as connection:
            return world.login._open(connection, mobile, whose, partner, world.clock()).token

    def of_victim(self) -> list[MyPerson]:
        """What the victim has, as the victim sees it."""
        keys, database = self.world.home.keys, self.world.home.database
        return Account(database, keys, self.world.clock, self.world.login).people(self.session(VICTIM))


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    made, folder = tmp_path_factory.mktemp("made") / "home", tmp_path_factory.mktemp("doors") / "home"
    make_home(made)
    copy_home(made, folder)
    world = World(folder, admin.open_home(folder), Clock())
    stream = io.StringIO()
    handler = log.to_stream(stream)
    try:
        with ExitStack() as stack:
            server = stack.enter_context(served(world))
            ours, theirs = app(world, server), app(world, server)
            document = ours.web.get(f"{server.address}/schema/openapi.json").json()
            found = Seeded(world, server.address, requests.Session(), ours, theirs, stream, document)
            found.web.verify, found.web.trust_env = str(folder / "authority.pem"), False
            _seed(found)
            for web in (found.web, ours.web, theirs.web):
                stack.callback(web.close)
            yield found
    finally:
        log.LOGGER.removeHandler(handler)
        world.home.database.close()


def _seed(found: Seeded) -> None:
    world, desk = found.world, Desk(found.world)
    dosed = world.book(VICTIM, name=NAME, photo_id_number=ID)
    open_one = world.book(VICTIM, name=WAITING, photo_id_number=WAITING_ID)
    own = world.book(STRANGER, name="Somebody Else")
    for booked in (dosed, own):
        desk.record(desk.dose(booked))
    desk.push()
    people = {person.name: person for person in found.of_victim()}
    (dose,) = people[NAME].doses
    assert dose.certificate is not None
    found.ids = {
        "reference": open_one.reference,
        "beneficiary": people[WAITING].beneficiary,
        "dose": dose.dose,
        "certificate": dose.certificate,
        "centre": RAMPUR,
    }
    found.secrets = [NAME, "Lakshmi", "Kamala", "Venkataraman", VICTIM, ID, WAITING_ID, VICTIM[-4:], ID[-4:]]
    found.secrets += [WAITING_ID[-4:], open_one.code, open_one.slip, dosed.slip]


def operations(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(method.upper(), path) for path, item in document["paths"].items() for method in item]


def test_every_address_is_one_of_these(seeded: Seeded) -> None:
    assert {f"{method} {path}" for method, path in operations(seeded.document)} == set(DOORS)


def test_no_address_is_left_out_of_the_document(tmp_path: Path, seeded: Seeded) -> None:
    settings = Settings(home=seeded.world.folder, texts=texts(), resources=resources_folder(), fonts=font_files())
    with ExitStack() as stack:
        routes = create_app(build(settings, "https://127.0.0.1:1", stack).services).routes
    hidden = {route.path_format for route in routes} - set(seeded.document["paths"])
    assert all(path == "/schema" or path.startswith("/schema/") for path in hidden), hidden


def filled(path: str, ids: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: ids.get(match[1], "x"), path)


def body_of(seeded: Seeded, method: str, path: str, csrf: str) -> dict[str, Any]:
    """A body of the right kind that asks for the victim's: what the stranger would send."""
    content = seeded.document["paths"][path][method.lower()].get("requestBody", {}).get("content", {})
    place = {"centre": RAMPUR, "date": TODAY.isoformat(), "slot": "10:30", "day": TODAY.isoformat()}
    person = asdict(seeded.world.form(name=NAME, photo_id_number=ID))
    everything = {**person, **place, **seeded.ids, "mobile": VICTIM, "otp": "000000", "vaccine": "covishield"}
    if "application/json" in content:
        return {"json": everything}
    if "application/x-www-form-urlencoded" in content:
        return {"data": {**everything, "dose": "1", "csrf": csrf, "captcha": "x", "answer": ANSWER}}
    if "multipart/form-data" in content:
        return {"files": {"text": (None, "shc:/123"), "csrf": (None, csrf)}}
    if "application/octet-stream" in content:
        return {"data": b"rubbish", "headers": {"Content-Type": "application/octet-stream"}}
    return {}


Asking = Callable[[str, str, dict[str, Any]], requests.Response]


def visitors(seeded: Seeded) -> dict[str, Asking]:
    """Those who have no business with the victim, each with what they may hold."""
    stranger, victim = seeded.session(STRANGER, seeded.ours), seeded.session(VICTIM, seeded.theirs)
    at_portal, victims_own = seeded.session(STRANGER), seeded.session(VICTIM)

    def asking(headers: dict[str, str], cookie: str = "") -> Asking:
        def ask(method: str, path: str, body: dict[str, Any]) -> requests.Response:
            more = {**body.pop("headers", {}), **headers}
            cookies = {"__Host-session": cookie} if cookie else {}
            return requests.request(
                method,
                seeded.address + path,
                headers=more,
                cookies=cookies,
                verify=seeded.web.verify,
                allow_redirects=False,
                timeout=30,
                **body,
            )

        return ask

    def bearer(key: str, token: str) -> dict[str, str]:
        return {HEADER: key, "Authorization": f"Bearer {token}"}

    return {
        "nobody": asking({}),
        "an app without a citizen": asking({HEADER: seeded.ours.key}),
        "a stranger": asking(bearer(seeded.ours.key, stranger), at_portal),
        "the victim's session, another app's key": asking(bearer(seeded.ours.key, victim), victim),
        "the victim's session without a key": asking({"Authorization": f"Bearer {victim}"}),
        "the victim's portal session in an app": asking(bearer(seeded.theirs.key, victims_own)),
        "a made-up session": asking(bearer(seeded.ours.key, "x" * 43), "x" * 43),
    }


def csrf_of(seeded: Seeded, ask: Asking) -> str:
    page = ask("GET", "/verify", {}).text
    match = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert match is not None
    return match[1]


def told(seeded: Seeded, text: str) -> list[str]:
    """Which of the victim's details stand in ``text``; digits only where they stand alone."""
    alone = r"(?<![0-9A-Za-z_-])%s(?![0-9A-Za-z_-])"
    return [word for word in seeded.secrets if re.search(alone % re.escape(word), text)]


def right(door: Door, who: str, path: str, answer: requests.Response) -> bool:
    """Whether this is how somebody without business is answered here."""
    status = answer.status_code
    if door is Door.EVERYBODY:
        return status < 500
    if door in (Door.MACHINE, Door.NETWORK):
        return 400 <= status < 500
    if door is Door.PARTNER:
        return status < 500 if who not in ("nobody", "the victim's session without a key") else status == 401
    personal = any(f"{{{name}}}" in path for name in PERSONAL)
    if who != "a stranger" or personal:
        signs_in = status == 303 and answer.headers["Location"].startswith("/sign-in")
        return 400 <= status < 500 or (door is Door.BROWSER and signs_in)
    return status < 500


WHO = (
    "nobody",
    "an app without a citizen",
    "a stranger",
    "the victim's session, another app's key",
    "the victim's session without a key",
    "the victim's portal session in an app",
    "a made-up session",
)


@pytest.mark.parametrize("who", WHO)
def test_nobody_gets_anybodys_details(seeded: Seeded, who: str) -> None:
    before = seeded.of_victim()
    everybody = visitors(seeded)
    assert tuple(everybody) == WHO
    ask = everybody[who]
    wrong = []
    for method, path in operations(seeded.document):
        door = DOORS[f"{method} {path}"]
        # Signing out is theirs to do; it would end this walk.
        if path in ("/sign-out", "/v1/sign-out"):
            continue
        # A visitor without cookies has another token for each page; what is refused for that is refused.
        csrf = csrf_of(seeded, ask)
        body = body_of(seeded, method, path, csrf)
        answer = ask(method, filled(path, seeded.ids), dict(body))
        if not right(door, who, path, answer):
            wrong.append(f"{method} {path}: {answer.status_code}")
        # A form that is refused shows again what was typed into it.
        typed = str(body.get("data", ""))
        if found := [word for word in told(seeded, f"{answer.headers}\n{answer.text}") if word not in typed]:
            wrong.append(f"{method} {path} told {found}")
    assert wrong == []
    assert seeded.of_victim() == before


def test_garbage_in_place_of_names_is_refused_in_good_order(seeded: Seeded) -> None:
    ask = visitors(seeded)["a stranger"]
    csrf = csrf_of(seeded, ask)
    wrong = []
    for method, path in operations(seeded.document):
        if "{" not in path:
            continue
        door = DOORS[f"{method} {path}"]
        for garbage in GARBAGE:
            address = re.sub(r"\{\w+\}", garbage, path)
            answer = ask(method, address, body_of(seeded, method, path, csrf))
            refused = 400 <= answer.status_code < 500 or answer.status_code == 303
            if not refused or "Traceback" in answer.text or told(seeded, answer.text):
                wrong.append(f"{door.name} {method} {address}: {answer.status_code}")
    assert wrong == []


def test_no_list_of_people_is_pulled_by_who_is_no_desk_of_the_centre(seeded: Seeded) -> None:
    own, far = Desk(seeded.world), Desk(seeded.world, FAR)
    asked = PullRequest(centre=RAMPUR, device=far.device, nonce=bytes(16), cursor=0, limit=5000)
    stolen = PullRequest(centre=RAMPUR, device=own.device, nonce=bytes(16), cursor=0, limit=5000)
    for request, key in ((asked, far.device_key), (stolen, far.device_key), (stolen, own.staff_key)):
        packed = packing.pack(request, PULL_TYPE, key)
        answer = seeded.web.post(f"{seeded.address}/v1/pull", data=packed)
        assert answer.status_code == 403, answer.text
        assert answer.json()["code"] in ("device_unknown", "bad_signature")
    assert any(entry.beneficiary.name == NAME for entry in own.pull().appointments), "nothing would have been pulled"
    assert far.pull().appointments == []


def test_no_line_of_the_log_tells_anything_of_them(seeded: Seeded) -> None:
    lines = seeded.stream.getvalue()
    assert lines.count('"request"') > len(WHO) * len(DOORS) / 2
    assert told(seeded, lines) == []
