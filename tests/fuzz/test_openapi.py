"""Every address of a running server, asked for whatever its own OpenAPI document allows and much that it does not.

Whatever is asked, there is an answer in good order: never a fault of the server's own, never a trace of its inside, and
where the document says what an answer looks like, it looks like that. The examples are the same in each run;
``VACCINATOR_FUZZ=40`` takes so many for each address, others each time, and some minutes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.central.apps import app, served
from tests.central.machine import Desk
from tests.central.support import Clock, World, make_home
from tests.central.test_every_door import DOORS
from tests.support.postgres import copy_home
from vaccinator_app.central.citizens.account import Account
from vaccinator_app.central.citizens.login import mobile_hash
from vaccinator_app.central.http.partner_door import HEADER
from vaccinator_app.central.operations import admin

MOBILE = "9876543210"
LONG = int(os.environ.get("VACCINATOR_FUZZ", "0"))
EXAMPLES = LONG or 8
INSIDE = re.compile(r"Traceback|File \"|sqlalchemy|sqlite3|psycopg|litestar|jinja2|\.py\b|SELECT |INSERT ")
"""What no answer may hold; the pages about the portal itself name none of it either."""

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@dataclass(slots=True)
class Fuzzed:
    """A served central with somebody signed in, who has an appointment, a dose and a certificate."""

    address: str
    web: requests.Session
    schema: Any
    csrf: str
    headers: dict[str, str]
    session: str
    ids: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    made, folder = tmp_path_factory.mktemp("made") / "home", tmp_path_factory.mktemp("fuzzed") / "home"
    make_home(made)
    copy_home(made, folder)
    world = World(folder, admin.open_home(folder), Clock())
    desk, booked, later = Desk(world), world.book(MOBILE), world.book(MOBILE)
    desk.record(desk.dose(booked))
    desk.push()
    with served(world) as server, requests.Session() as web:
        web.verify, web.trust_env = str(folder / "authority.pem"), False
        one = app(world, server)
        one.web.close()
        at_portal, through_app = _session(world, None), _session(world, one.partner(world))
        people = Account(world.home.database, world.home.keys, world.clock, world.login).people(at_portal)
        dose = next(dose for person in people for dose in person.doses)
        page = web.get(f"{server.address}/verify", cookies={"__Host-session": at_portal}).text
        match = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
        assert match is not None
        assert dose.certificate is not None
        schema = schemathesis.openapi.from_dict(
            web.get(f"{server.address}/schema/openapi.json").json(), config=SchemathesisConfig()
        )
        yield Fuzzed(
            server.address,
            web,
            schema,
            match[1],
            {HEADER: one.key, "Authorization": f"Bearer {through_app}"},
            at_portal,
            {
                "reference": later.reference,
                "beneficiary": people[0].beneficiary,
                "dose": dose.dose,
                "certificate": dose.certificate,
                "centre": booked.centre,
            },
        )
    world.home.database.close()


def _session(world: World, partner: str | None) -> str:
    whose = mobile_hash(world.home.keys.cupboard, MOBILE)
    with world.home.database.write() as connection:
        return world.login._open(connection, MOBILE, whose, partner, world.clock()).token


@pytest.mark.slow
@pytest.mark.parametrize("door", sorted(DOORS))
def test_whatever_is_asked_there_is_an_answer_in_good_order(fuzzed: Fuzzed, door: str) -> None:
    method, path = door.split()
    operation = fuzzed.schema[path][method]

    @settings(
        max_examples=EXAMPLES,
        derandomize=not LONG,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), known=st.booleans())
    def asked(case: Any, known: bool) -> None:
        if known:
            for name in case.path_parameters or {}:
                case.path_parameters[name] = fuzzed.ids.get(name, case.path_parameters[name])
        # Who signs out, or sends another token than the page's, is refused; the rest would never be reached.
        if isinstance(case.body, dict) and path != "/sign-out":
            case.body["csrf"] = fuzzed.csrf
        if path == "/v1/sign-out":
            return
        sent = case.as_transport_kwargs(base_url=fuzzed.address, headers=fuzzed.headers)
        sent["cookies"] = {**(sent.get("cookies") or {}), "__Host-session": fuzzed.session}
        answer = fuzzed.web.request(**sent, allow_redirects=False, timeout=60)
        assert answer.status_code < 500, (answer.status_code, sent)
        assert INSIDE.search(answer.text if "text" in answer.headers.get("Content-Type", "") else "") is None
        case.validate_response(answer, checks=CHECKS)

    asked()
