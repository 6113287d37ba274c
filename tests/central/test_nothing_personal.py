"""From booking to certificate over the wire: no log line and no metric holds a detail of anybody (DESIGN 5.5)."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from sqlalchemy import select

from tests.central.machine import Desk, other_code
from tests.central.support import RAMPUR, World, log_of, partner_key, texts
from tests.central.test_server import MOBILE, NAME, NUMBER, form, otp_of, web_of
from vaccinator_app.central import schema
from vaccinator_app.central.citizens.booking import Booked
from vaccinator_app.central.operations.lost_device import lost_device
from vaccinator_app.central.running.server import Settings, running
from vaccinator_app.cli.resources import font_files, resources_folder
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.messages import CHANGES_TYPE, PULL_TYPE, Changes, PullRequest

WALK_IN = "W00000000000000aa"


def a_day(world: World, tmp_path: Path) -> list[str]:
    """One person from booking to certificate, a wrong code, a walk-in, a lost machine; every word of it that is
    somebody's alone."""
    settings = Settings(
        home=world.folder, texts=texts(), port=0, clock=world.clock, resources=resources_folder(), fonts=font_files()
    )
    partner = partner_key(world.folder)
    with running(settings) as server, web_of(server, tmp_path, partner) as web:
        at = server.address
        assert web.post(f"{at}/v1/otp", json={"mobile": MOBILE}).status_code == 202
        otp = otp_of(world, server)
        token = web.post(f"{at}/v1/otp/verify", json={"mobile": MOBILE, "otp": otp}).json()["session"]
        bearer = {"Authorization": f"Bearer {token}"}
        answer = web.post(f"{at}/v1/bookings", json=form(), headers=bearer)
        assert answer.status_code == 201, answer.text
        booked = Booked(**{key: answer.json()[key] for key in Booked.__dataclass_fields__})
        assert web.get(f"{at}/v1/people", headers=bearer).status_code == 200
        assert web.get(f"{at}/v1/bookings/{booked.reference}/slip", headers=bearer).content[:4] == b"%PDF"

        desk = Desk(world)
        wrong = other_code(booked.code, same_bucket=True)
        desk.record(desk.refused_code(booked, wrong))
        desk.record(desk.dose(booked))
        desk.record(desk.walk_in(WALK_IN))
        assert web.post(f"{at}/v1/push", data=desk.packed(desk.ledger)).status_code == 200
        ask = PullRequest(centre=RAMPUR, device=desk.device, nonce=bytes(16), cursor=0)
        answer = web.post(f"{at}/v1/pull", data=packing.pack(ask, PULL_TYPE, desk.device_key))
        told = packing.verified(packing.unpack(answer.content), CHANGES_TYPE, desk.file.central.signing, Changes)
        assert [one.appointment for one in told.appointments] == [booked.reference]
        server.drain.run()

        (person,) = web.get(f"{at}/v1/doses", headers=bearer).json()
        certificate = person["doses"][0]["certificate"]
        assert web.get(f"{at}/v1/certificates/{certificate}", headers=bearer).content[:4] == b"%PDF"
        card = web.get(f"{at}/v1/certificates/{certificate}/card", headers=bearer).text
        assert web.get(f"{at}/v1/certificates/{certificate}").status_code == 401
        assert web.post(f"{at}/v1/bookings", json=form(name=f"{NAME}\x07"), headers=bearer).status_code == 422
        assert web.post(f"{at}/v1/bookings", data=f'{{"name": "{NAME}"'.encode(), headers=bearer).status_code == 400
        assert web.get(f"{at}/v1/{MOBILE}/{NAME}").status_code == 404
        assert web.get(f"{at}/v1/ready").status_code == 200
        lost_device(world.home, desk.device, world.clock(), by="duty officer", notify=True)
        server.drain.run()
    with world.home.database.read() as connection:
        secrets = [bytes(row.mobile).hex() for row in connection.execute(select(schema.people.c.mobile))]
    return [
        *("lakshmi", "iyer", "irfan", "7788", "9812345678", NUMBER.replace(" ", ""), MOBILE, "4209"),
        *(otp, token, partner, booked.slip, booked.reference, f'"{booked.code}"', f'"{wrong}"'),
        *(certificate, card[:40], *secrets),
    ]


def test_a_day_leaves_nobody_in_the_log_or_in_what_is_counted(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with log_of(caplog) as stream:
        words = a_day(world, tmp_path)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert {"request", "booked", "push", "pull", "device_lost", "messages_handed_over"} <= {
        line["event"] for line in lines
    }
    # What one request did can be found together, by a number that is nobody's.
    pushed = next(line for line in lines if line["event"] == "push")
    assert [line["event"] for line in lines if line.get("request") == pushed["request"]][-1] == "request"
    assert len({line["request"] for line in lines if line["event"] == "request"}) == sum(
        line["event"] == "request" for line in lines
    )
    # urllib3's own lines are the client's and hold the addresses it asked for
    ours = "\n".join(r.getMessage() for r in caplog.records if not r.name.startswith("urllib3"))
    logged = (stream.getvalue() + ours).lower()
    # Random ids may hold any four digits: a last four is looked for where it would stand as a value.
    values = {str(value).lower() for line in lines for value in line.values()}
    assert [word for word in words if len(word) > 4 and word.lower() in logged] == []
    assert [word for word in words if len(word) <= 4 and word.lower() in values] == []

    counted = generate_latest().decode().lower()
    device = str(next(line["device"] for line in lines if "device" in line))
    labels = re.findall(r'(\w+)="([^"]*)"', "\n".join(x for x in counted.splitlines() if x.startswith("central_")))
    assert {name for name, _ in labels} <= {
        *("method", "route", "status", "outcome", "act", "result", "state", "kind", "event", "le")
    }
    assert [
        value
        for name, value in labels
        if name != "le" and not re.fullmatch(r"[a-z_]+|[1-5]\d\d|/[a-z0-9_./{}:-]*", value)
    ] == []
    for word in (*words, device, RAMPUR, "duty officer"):
        assert f'"{word.lower()}"' not in counted
        assert len(word) <= 6 or word.lower() not in counted


def test_what_is_counted_is_what_happened(world: World, tmp_path: Path) -> None:
    def told() -> dict[str, float]:
        lines = [line for line in generate_latest().decode().splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}

    with running(Settings(home=world.folder, texts=texts(), port=0, clock=world.clock)):
        before = told()
        booked = world.book()
        desk = Desk(world)
        desk.record(desk.dose(booked))
        desk.record(desk.dose(booked, other_code(booked.code, same_bucket=True)))
        desk.push()
        desk.push()
        desk.pull()
        after = told()
    moved = {name: after[name] - before.get(name, 0.0) for name in after if after[name] != before.get(name, 0.0)}
    assert moved['central_bookings_total{act="booked"}'] == 1
    assert moved['central_records_total{outcome="accepted"}'] == 1
    assert moved['central_records_total{outcome="held"}'] == 1
    assert moved['central_certificates_total{act="issued"}'] == 1
    assert moved["central_pulls_total"] == 1
