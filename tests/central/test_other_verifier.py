"""Certificates over the wire, and what another maker's software makes of them: npm's ``@pathcheck/shc-sdk``.

It is installed beside its lock with ``npm ci --prefix tests/shc``, and is a tool of this test alone. It gets our key
set handed in and fetches it once more from the issuer that the card names, which is our server on loopback.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import insert

from tests.central.certified import certificates, given, one_of
from tests.central.machine import Desk
from tests.central.support import World, texts
from tests.support.demand import missing
from vaccinator_app.central import schema
from vaccinator_app.central.certificates.certificates import rid_of
from vaccinator_app.central.running.server import Settings, running
from vaccinator_app.cli.resources import resources_folder
from vaccinator_app.reports.qr import health_card_uri
from vaccinator_app.trust.card_keys import read_key_set, read_status_list
from vaccinator_app.trust.health_card import verify
from vaccinator_app.trust.strict_json import base64url, read_base64url

FOLDER = Path(__file__).parents[1] / "shc"


@dataclass(slots=True)
class Wire:
    """A central that serves, what it publishes, and where its authority's certificate lies."""

    address: str
    authority: Path

    def get(self, path: str) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            return session.get(f"{self.address}{path}", verify=str(self.authority), timeout=30)


@contextmanager
def served(world: World, tmp_path: Path) -> Iterator[Wire]:
    settings = Settings(home=world.folder, texts=texts(), port=0, clock=world.clock, resources=resources_folder())
    with running(settings) as server:
        authority = tmp_path / "authority.pem"
        authority.write_bytes(server.authority)
        yield Wire(server.address, authority)


def card_of(world: World, wire: Wire) -> str:
    _, session, certificate = one_of(world)
    return certificates(world, wire.address).card(session, certificate)


def other_verifier(wire: Wire, cards: Sequence[str], keys: Any) -> list[Any]:
    """What the other software says of each card."""
    node = shutil.which("node")
    if node is None:
        missing("node", "there is no node on the path")
    if not (FOLDER / "node_modules" / "@pathcheck" / "shc-sdk").is_dir():
        missing("node", "run `npm ci --prefix tests/shc --ignore-scripts` first")
    done = subprocess.run(
        [node, str(FOLDER / "verify.js")],
        input=json.dumps({"cards": [health_card_uri(card) for card in cards], "keys": {wire.address: keys}}),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={"PATH": os.environ["PATH"], "NODE_EXTRA_CA_CERTS": str(wire.authority)},
    )
    assert done.returncode == 0, done.stderr
    found: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def changed(card: str, part: int, at: int) -> str:
    """The card with one character of one of its three parts another."""
    parts = card.split(".")
    text = parts[part]
    parts[part] = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
    return ".".join(parts)


def swapped(card: str) -> str:
    """Dose 1 of 2 made 2 of 1: well formed in every way, but not what was signed."""
    head, body, signature = card.split(".")
    plain = zlib.decompress(read_base64url(body), wbits=-15)
    other = plain.replace(b'Int":1', b'Int":x').replace(b'Int":2', b'Int":1').replace(b'Int":x', b'Int":2')
    assert json.loads(other) != json.loads(plain)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return f"{head}.{base64url(packer.compress(other) + packer.flush())}.{signature}"


def test_another_makers_software_verifies_a_certificate_and_refuses_it_changed(
    world: World, desk: Desk, tmp_path: Path
) -> None:
    given(world, desk, name="सुनीता कुमारी")
    with served(world, tmp_path) as wire:
        card = card_of(world, wire)
        keys = wire.get("/.well-known/jwks.json").json()
        elsewhere = certificates(world, "https://127.0.0.1:1").card(world.sign_in("9876543210"), one_of(world)[2])
        spoilt = [swapped(card), changed(card, 1, 300), changed(card, 2, 10), elsewhere]
        true, *false = other_verifier(wire, [card, *spoilt], keys)
    said = verify(card, [read_key_set(json.dumps(keys).encode())], [], world.clock())
    assert true["iss"] == wire.address
    assert true["vc"]["credentialSubject"]["fhirBundle"] == said.bundle
    assert false == [None] * len(spoilt)


def test_keys_and_revoked_cards_are_open_to_everybody_and_to_pages_of_other_sites(
    world: World, desk: Desk, tmp_path: Path
) -> None:
    given(world, desk)
    with served(world, tmp_path) as wire:
        card = card_of(world, wire)
        before = wire.get("/.well-known/jwks.json")
        (key,) = before.json()["keys"]
        with world.home.database.write() as connection:
            row = {"certificate": "f" * 32, "beneficiary": "b", "revoked_at": world.clock(), "why": "voided"}
            connection.execute(insert(schema.revoked_certificates).values(row))
        after, gone = wire.get("/.well-known/jwks.json"), wire.get(f"/.well-known/crl/{key['kid']}.json")
        unknown = [
            wire.get(f"/.well-known/crl/{name}") for name in ("x.json", key["kid"], "x.json/y", ".json", "%00.json")
        ]
    for answer in (before, gone):
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].partition(";")[0] == "application/json"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert before.json()["issuer"] == wire.address
    assert (key["crlVersion"], after.json()["keys"][0]["crlVersion"]) == (1, 2)
    listed = gone.json()
    assert listed == {"kid": key["kid"], "method": "rid", "ctr": 2, "rids": [rid_of("f" * 32)]}
    assert [answer.status_code for answer in unknown] == [404] * 5
    assert all(answer.json()["code"] in ("key_unknown", "not_found") for answer in unknown)
    found = verify(card, [read_key_set(after.content)], [read_status_list(gone.content)], world.clock())
    assert found.status_checked


def test_where_the_other_software_is_missing_the_test_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tests.central.test_other_verifier.FOLDER", tmp_path)
    monkeypatch.delenv("VACCINATOR_TESTS_DEMAND", raising=False)
    with pytest.raises(pytest.skip.Exception, match="node"):
        other_verifier(Wire("", tmp_path), [], {})
