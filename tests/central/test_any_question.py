"""Whatever an enrolled machine asks, it gets an answer that holds, or one sentence why not (P.8.5, P.15.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.central.machine import Desk
from tests.central.support import World, texts
from tests.support.postgres import copy_home
from vaccinator_app.central.operations import admin
from vaccinator_app.central.running.server import Settings, running
from vaccinator_app.domain.events import Arrived, OverrideGranted, OverrideReason, Proof, ProofKind
from vaccinator_app.protocol import packing
from vaccinator_app.protocol.messages import (
    CHANGES_TYPE,
    CONFIRM_TYPE,
    CONFIRMED_TYPE,
    MAX_PAGE,
    PULL_TYPE,
    PUSH_TYPE,
    RECEIPT_TYPE,
    Changes,
    ConfirmReply,
    ConfirmState,
    Receipt,
)
from vaccinator_app.protocol.shapes import MAX_NUMBER

ANSWERS: dict[str, tuple[str, str, type[Changes | ConfirmReply | Receipt]]] = {
    "confirm": (CONFIRM_TYPE, CONFIRMED_TYPE, ConfirmReply),
    "pull": (PULL_TYPE, CHANGES_TYPE, Changes),
    "push": (PUSH_TYPE, RECEIPT_TYPE, Receipt),
}


@dataclass
class Asked:
    """A central that is served, one of its desks with a dose that waits for its person, and another desk."""

    desk: Desk
    other: Desk
    web: requests.Session
    address: str

    def ask(self, what: str, fields: dict[str, Any]) -> Changes | ConfirmReply | Receipt | None:
        """Sign and send ``fields`` as they are; the answer, verified, or None for a refusal in good order."""
        asks, answers, kind = ANSWERS[what]
        message = {"v": 1, "centre": self.desk.centre, "device": self.desk.device, "nonce": bytes(16), **fields}
        packed = packing.pack(message, asks, self.desk.device_key)  # type: ignore[arg-type]
        answer = self.web.post(f"{self.address}/v1/{what}", data=packed)
        if answer.status_code == 200:
            signed = packing.unpack(answer.content)
            return packing.verified(signed, answers, self.desk.file.central.signing, kind)
        refusal = answer.json()
        assert 400 <= answer.status_code < 500, refusal
        assert refusal.keys() == {"code", "sentence"}
        assert refusal["sentence"].endswith(".")
        assert "\n" not in refusal["sentence"]
        return None


@pytest.fixture(scope="module")
def asked(made_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("asked") / "home"
    copy_home(made_home, folder)
    world = World(folder, admin.open_home(folder))
    desk, other = Desk(world), Desk(world)
    person = world.book("9876543210")
    desk.record(OverrideGranted(appointment=person.reference, reason=OverrideReason.SLIP_LOST))
    desk.record(desk.dose(person, proof=Proof(how=ProofKind.OVERRIDE, seq=1)))
    desk.push()
    for _ in range(3):
        other.record(Arrived(appointment=person.reference))
    other.push()
    with (
        running(Settings(home=folder, texts=texts(), port=0, clock=world.clock)) as server,
        requests.Session() as web,
    ):
        (folder / "authority.pem").write_bytes(server.authority)
        web.verify, web.trust_env = str(folder / "authority.pem"), False
        yield Asked(desk, other, web, server.address)
    world.home.database.close()


NUMBERS = st.one_of(
    st.sampled_from([0, 1, 2, 77, 2**31, 2**50, 2**50 + 1, MAX_NUMBER, MAX_NUMBER + 1, 2**63, 2**64 - 1, -1, -(2**63)]),
    st.sampled_from(["2", None, 1.5]),
)
OTPS = st.one_of(
    st.sampled_from(["", " ", "123456", "1234567", "12345", "abcdef", "१२३४५६", "١٢٣٤٥٦", "½½½½½½", "12\x0034"]),
    st.just("9" * 9999),
    st.text(max_size=12),
)
NAMES = st.one_of(
    st.sampled_from(["", "d\0", "\0", "x" * 32, "x" * 200, "x" * 99_999, "डेस्क", "d'; --", None, 7]),
    st.text(),
)
NONCES = st.sampled_from([bytes(16), bytes(15), bytes(17), b"", "", None])
RECORDS: st.SearchStrategy[object] = st.one_of(
    st.just([]),
    st.lists(st.tuples(st.binary(max_size=9), NAMES, st.binary(max_size=64)), max_size=2),
    st.sampled_from([None, [[]], [None], "", {}]),
)


@settings(max_examples=60, deadline=None)
@given(of_device=st.one_of(st.just("mine"), NAMES), seq=NUMBERS, otp=st.one_of(OTPS, st.none()), nonce=NONCES)
@example(of_device="mine", seq=2, otp="", nonce=bytes(16))
@example(of_device="mine", seq=2, otp="१२३४५६", nonce=bytes(16))
@example(of_device="mine", seq=2, otp="1234567", nonce=bytes(16))
@example(of_device="mine", seq=2, otp="abcdef", nonce=bytes(16))
@example(of_device="mine", seq=2, otp="12\x0034", nonce=bytes(16))
@example(of_device="x" * 200, seq=MAX_NUMBER, otp="1234567", nonce=bytes(16))
def test_questions_for_an_otp(asked: Asked, of_device: object, seq: object, otp: object, nonce: object) -> None:
    name = asked.desk.device if of_device == "mine" else of_device
    reply = asked.ask("confirm", {"of_device": name, "seq": seq, "otp": otp, "nonce": nonce})
    if (of_device, seq, nonce) == ("mine", 2, bytes(16)) and otp is not None:
        assert isinstance(reply, ConfirmReply)
        assert reply.state not in (ConfirmState.NOT_WAITING, ConfirmState.CONFIRMED)


@settings(max_examples=60, deadline=None)
@given(cursor=NUMBERS, limit=st.one_of(NUMBERS, st.just(MAX_PAGE)), nonce=NONCES)
@example(cursor=MAX_NUMBER, limit=1, nonce=bytes(16))
@example(cursor=2**50, limit=1, nonce=bytes(16))
@example(cursor=2**51, limit=1, nonce=bytes(16))
def test_pulls(asked: Asked, cursor: object, limit: object, nonce: object) -> None:
    asked.ask("pull", {"cursor": cursor, "limit": limit, "nonce": nonce})
    # Whatever one machine asked, the others go on to be told everything.
    assert {peer.device for peer in asked.other.pull().peers} == {asked.desk.device}


@settings(max_examples=60, deadline=None)
@given(records=RECORDS, urgent=RECORDS, head_seq=NUMBERS, head_hash=st.sampled_from([bytes(32), bytes(31), None]))
@example(records=[], urgent=[], head_seq=0, head_hash=bytes(32))
@example(records=[], urgent=[], head_seq=MAX_NUMBER, head_hash=bytes(32))
def test_pushes(asked: Asked, records: object, urgent: object, head_seq: object, head_hash: object) -> None:
    asked.ask("push", {"records": records, "urgent": urgent, "head_seq": head_seq, "head_hash": head_hash})
