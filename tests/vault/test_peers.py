"""What central tells of other desks: only what holds is kept, and nothing keeps back the rest (DESIGN 7.3, 7.5)."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.domain.given import dose_given, voided, walk_in
from tests.trust import fixed
from tests.vault.given import (
    CHAIN,
    COLLEAGUE,
    COLLEAGUE_CHAIN,
    DAY,
    IDENTITY,
    IN_CHARGE,
    KEY,
    TEN,
    born,
    changes,
    person,
    save,
    vial,
)
from tests.vault.neighbours import Neighbour
from vaccinator_app.domain.daybook import Difference, Said
from vaccinator_app.domain.events import Arrived, SignedIn
from vaccinator_app.domain.visits import VisitState
from vaccinator_app.protocol.messages import (
    CloseAnswer,
    CountedElsewhere,
    PeerRecord,
    Reason,
    Status,
)
from vaccinator_app.trust import certificates
from vaccinator_app.trust.keys import SealingKey, SigningKey, key_id
from vaccinator_app.vault.errors import PageOutOfOrder
from vaccinator_app.vault.ledger import Author
from vaccinator_app.vault.peers import PeerDose
from vaccinator_app.vault.vault import Vault

NAMES = [f"{n:012d}" for n in range(20)]
NEWCOMER = Author(staff="s0000000000c3", key=fixed.STRANGER)
NEWCOMER_CHAIN = (
    certificates.issue(
        replace(fixed.VACCINATOR_CERTIFICATE, id=NEWCOMER.staff, name="Meera", signing_key=fixed.STRANGER.public),
        fixed.IN_CHARGE,
    ).to_json(),
    *CHAIN,
)


@pytest.fixture
def peer() -> Neighbour:
    return Neighbour()


def tell(vault: Vault, *peers: PeerRecord, staff: Sequence[Sequence[str]] = ()) -> None:
    vault.exchange.apply(changes(cursor=vault.exchange.cursor(), peers=peers, staff=staff))


def kept(vault: Vault) -> list[tuple[str, int]]:
    return [tuple(row) for row in vault._database.read("SELECT device, seq FROM peer_records ORDER BY 1, 2")]


def test_a_neighbours_records_are_kept_with_what_central_said(vault: Vault, peer: Neighbour) -> None:
    first, second = (
        peer.tells(Arrived(appointment=NAMES[1])),
        peer.tells(dose_given(NAMES[1]), Reason.TOO_EARLY, status=Status.HELD),
    )
    tell(vault, first, second)
    assert kept(vault) == [(peer.device, 1), (peer.device, 2)]
    assert vault.peers.rejected() == 0
    assert vault.daybooks.outcomes() == {(peer.device, 2): Said("held", ("too_early",))}
    assert vault.daybooks.hash_of(peer.device, 2) == second.record.hash.hex()
    assert vault.ledger.head().seq == 0
    assert vault.queue.counts(DAY)[VisitState.ARRIVED] == 0


def test_a_later_answer_replaces_the_earlier_one_and_makes_no_second_record(vault: Vault, peer: Neighbour) -> None:
    held = peer.tells(dose_given(NAMES[1]), Reason.TOO_EARLY, status=Status.HELD)
    tell(vault, held)
    tell(vault, msgspec.structs.replace(held, status=Status.ACCEPTED, reasons=()))
    assert (kept(vault), vault.daybooks.outcomes(), vault.peers.rejected()) == ([(peer.device, 1)], {}, 0)
    tell(vault, msgspec.structs.replace(held, status=Status.REFUSED, reasons=(Reason.UNREADABLE,)), held)
    assert vault.daybooks.outcomes() == {(peer.device, 1): Said("held", ("too_early",))}, "in one page, the last"


def test_another_record_under_the_same_number_is_left_out_and_counted(vault: Vault, peer: Neighbour) -> None:
    true = peer.tells(dose_given(NAMES[1]))
    forked = Neighbour().tells(dose_given(NAMES[2]), Reason.TOO_EARLY, status=Status.HELD)
    for _ in range(2):
        tell(vault, true, forked)
    assert vault.daybooks.hash_of(peer.device, 1) == true.record.hash.hex()
    assert vault.daybooks.outcomes() == {}
    assert vault.peers.rejected() == 1, "each once, however often it is told"


def _spoilt(peer: Neighbour, what: str) -> PeerRecord:
    good = peer.tells(dose_given(NAMES[1]))
    record = good.record
    match what:
        case "payload":
            record = msgspec.structs.replace(record, payload=record.payload.replace(b"left_arm", b"left_leg"))
        case "signature":
            record = msgspec.structs.replace(record, signature=bytes(64))
        case "short signature":
            record = msgspec.structs.replace(record, signature=b"")
        case "no event":
            record = msgspec.structs.replace(record, payload=b"[" * 100_000)
        case "unknown key":
            return Neighbour().tells(dose_given(NAMES[1]), author=Author(staff="s9", key=fixed.STRANGER))
        case "somebody else's key":
            return Neighbour().tells(dose_given(NAMES[1]), author=replace(COLLEAGUE, staff=IN_CHARGE.staff))
        case "another centre":
            return Neighbour(centre="091002").tells(dose_given(NAMES[1]))
        case "another desk":
            return msgspec.structs.replace(good, device="d00000000000c")
        case "this desk":
            return Neighbour(device=IDENTITY.device).tells(dose_given(NAMES[1]))
    return msgspec.structs.replace(good, record=record)


SPOILT = [
    "payload",
    "signature",
    "short signature",
    "no event",
    "unknown key",
    "somebody else's key",
    "another centre",
    "another desk",
    "this desk",
]


@pytest.mark.parametrize("what", SPOILT)
def test_a_page_with_one_bad_record_gives_all_the_rest(vault: Vault, what: str) -> None:
    other = Neighbour(device="d0000000000aa")
    page = changes(
        person(1),
        peers=[other.tells(vial()), _spoilt(Neighbour(), what), other.tells(dose_given(NAMES[1]))],
        desks=[other.desk()],
        closes=[CloseAnswer(other.device, 2)],
        staff=[COLLEAGUE_CHAIN],
    )
    vault.exchange.apply(page)
    assert kept(vault) == [(other.device, 1), (other.device, 2)]
    assert vault.peers.rejected() == 1
    assert vault.roster.appointment(person(1).appointment) == person(1)
    assert vault.exchange.cursor() == 1
    assert [machine.device for machine in vault.daybooks.machines(TEN)] == [IDENTITY.device, other.device]
    assert vault.daybooks.agreed() == {(other.device, 2)}


def test_a_chain_that_comes_with_the_page_speaks_for_its_records(vault: Vault, peer: Neighbour) -> None:
    first = peer.tells(dose_given(NAMES[1]), author=NEWCOMER)
    tell(vault, first)
    assert (kept(vault), vault.peers.rejected()) == ([], 1)
    tell(vault, first, staff=[CHAIN, NEWCOMER_CHAIN])
    assert kept(vault) == [(peer.device, 1)]
    assert vault.peers.rejected() == 0, "it holds after all"
    tell(vault, peer.tells(dose_given(NAMES[2]), author=NEWCOMER))
    assert len(kept(vault)) == 2, "the chain was kept"
    assert vault.daybooks.names() == {
        IN_CHARGE.staff: "Sushila Devi",
        COLLEAGUE.staff: "रमेश कुमार",
        NEWCOMER.staff: "Meera",
    }


def _chains() -> Iterator[tuple[str, list[str]]]:
    by_stranger = certificates.issue(
        replace(fixed.VACCINATOR_CERTIFICATE, id="s1", signing_key=SealingKey.generate().public), fixed.STRANGER
    ).to_json()
    yield "signed by nobody we know", [by_stranger, *CHAIN]
    other = replace(fixed.IN_CHARGE_CERTIFICATE, centre="091002", id="s2", signing_key=fixed.STRANGER.public)
    yield "of another centre", [certificates.issue(other, fixed.CENTRAL).to_json()]
    yield "a device's", [IDENTITY.device_certificate]
    yield "empty", []
    yield "no JSON", ["{"]
    yield "deep", ["[" * 100_000]
    yield "half a pair", ['{"payload": "\\ud800", "signatures": [{"keyid": "\\ud800", "sig": "AA=="}]}']


@pytest.mark.parametrize(("why", "chain"), list(_chains()), ids=lambda value: value if isinstance(value, str) else "")
def test_a_chain_that_does_not_hold_is_left_out(vault: Vault, peer: Neighbour, why: str, chain: list[str]) -> None:
    before = vault.certificates.chains()
    tell(vault, peer.tells(dose_given(NAMES[1])), staff=[chain, NEWCOMER_CHAIN])
    assert len(kept(vault)) == 1
    assert set(vault.certificates.chains()) == {*before, NEWCOMER_CHAIN}


@settings(max_examples=50, deadline=None)
@given(chain=st.lists(st.one_of(st.text(), st.sampled_from(COLLEAGUE_CHAIN)), max_size=3))
@example(chain=list(reversed(COLLEAGUE_CHAIN)))
def test_whatever_stands_in_a_chain_keeps_back_no_page(chain: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        vault = born(Path(folder) / "home")
        try:
            tell(vault, Neighbour().tells(vial()), staff=[chain])
            assert len(kept(vault)) == 1
        finally:
            vault.close()


def test_a_key_stays_the_persons_whose_records_it_signed(vault: Vault) -> None:
    taken = replace(fixed.VACCINATOR_CERTIFICATE, id="s0000000000c3", name="Somebody else")
    renewed = replace(fixed.VACCINATOR_CERTIFICATE, name="Ramesh K.")
    save(vault, SignedIn(), author=COLLEAGUE)
    for certificate in (renewed, taken):
        tell(vault, staff=[[certificates.issue(certificate, fixed.IN_CHARGE).to_json(), *CHAIN]])
        assert vault.certificates.find(key_id(fixed.VACCINATOR.public)) == renewed
    assert vault.ledger.check(vault.certificates.find).seq == 1


def test_after_a_renewal_the_name_is_the_one_that_lasts_longest(vault: Vault) -> None:
    until = fixed.VACCINATOR_CERTIFICATE.not_after
    for name, key, days in (("Ramesh K.", 21, 30), ("Ramesh", 22, -30)):
        renewed = replace(
            fixed.VACCINATOR_CERTIFICATE,
            name=name,
            signing_key=SigningKey(bytes([key]) * 32).public,
            not_after=until + timedelta(days=days),
        )
        tell(vault, staff=[[certificates.issue(renewed, fixed.IN_CHARGE).to_json(), *CHAIN]])
    assert len(vault.certificates.chains()) == 4
    assert vault.daybooks.names()[COLLEAGUE.staff] == "Ramesh K."


def test_of_the_doses_elsewhere_the_newest_that_stands_is_told(vault: Vault, peer: Neighbour) -> None:
    other = Neighbour(device="d00000000000c")
    hour, yesterday = timedelta(hours=1), TEN - timedelta(days=1)
    assert vault.peers.dose_of(NAMES[1]) is None
    tell(vault, peer.tells(Arrived(appointment=NAMES[1])), peer.tells(dose_given(NAMES[2]), at=yesterday))
    assert vault.peers.dose_of(NAMES[1]) is None
    assert vault.peers.dose_of(NAMES[2]) == PeerDose(peer.device, yesterday), "its clock may be a day behind"
    tell(vault, peer.tells(dose_given(NAMES[1])), other.tells(dose_given(NAMES[1]), at=TEN + hour))
    vault.exchange.apply(changes(cursor=vault.exchange.cursor(), desks=[peer.desk(), other.desk("Desk 4")]))
    assert vault.peers.dose_of(NAMES[1]) == PeerDose("Desk 4", TEN + hour)
    tell(vault, other.tells(voided(1, NAMES[1]), at=TEN + hour))
    assert vault.peers.dose_of(NAMES[1]) == PeerDose("Desk 3", TEN)
    tell(vault, peer.tells(voided(3, NAMES[1]), at=TEN + hour))
    assert vault.peers.dose_of(NAMES[1]) is None


def test_who_opens_a_sheet_does_not_look_through_what_the_neighbours_did(vault: Vault, peer: Neighbour) -> None:
    """43 ms of a visit went there, on a day of 10,000 people."""
    tell(vault, *(peer.tells(dose_given(name)) for name in NAMES), peer.tells(vial()))
    plan = vault._database.read("EXPLAIN QUERY PLAN SELECT payload FROM peer_records p WHERE p.appointment = 'x'")
    assert [row[3] for row in plan] == ["SEARCH p USING INDEX peer_records_dose (appointment=?)"]


def test_desks_are_what_central_said_last_and_none_is_forgotten(vault: Vault, peer: Neighbour) -> None:
    peer.skip(3)
    other = Neighbour(device="d0000000000aa")
    vault.exchange.apply(changes(desks=[peer.desk(claimed=5), other.desk("Desk 1", seen_at=None)]))
    peer.skip(2)
    this = Neighbour(device=IDENTITY.device)
    vault.exchange.apply(changes(cursor=1, desks=[peer.desk("Desk 3 (new)"), this.desk("Not us")]))
    _, first, second = vault.daybooks.machines(TEN)
    assert (first.device, first.upto, first.missing, first.heard_at) == (other.device, 0, 0, None)
    assert (second.name, second.upto, second.missing, second.heard_at) == ("Desk 3 (new)", 5, 0, TEN)


def test_what_central_counted_over_a_close_is_kept(vault: Vault, peer: Neighbour) -> None:
    differs = CloseAnswer(peer.device, 7, (CountedElsewhere("total.given", 10, 9), CountedElsewhere("left", 0, -1)))
    vault.exchange.apply(changes(closes=[differs, CloseAnswer(IDENTITY.device, 3)]))
    assert vault.daybooks.agreed() == {(IDENTITY.device, 3)}
    assert vault.daybooks.differences() == {
        (peer.device, 7): (Difference("total.given", 10, 9), Difference("left", 0, -1))
    }
    vault.exchange.apply(changes(cursor=1, closes=[CloseAnswer(peer.device, 7)]))
    assert (vault.daybooks.agreed(), vault.daybooks.differences()) == ({(IDENTITY.device, 3), (peer.device, 7)}, {})


def test_a_page_out_of_order_changes_nothing(vault: Vault, peer: Neighbour) -> None:
    page = changes(cursor=4, peers=[peer.tells(vial())], desks=[peer.desk()], staff=[NEWCOMER_CHAIN])
    with pytest.raises(PageOutOfOrder):
        vault.exchange.apply(page)
    assert (kept(vault), len(vault.daybooks.machines(TEN)), len(vault.certificates.chains())) == ([], 1, 2)


def test_the_desk_can_write_while_signatures_are_checked(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    check = vault.peers.check
    page = changes(peers=[Neighbour().tells(vial())])
    seen: list[int] = []

    def checking(asked: object) -> object:
        found = check(page)
        # inside a transaction the one writer would wait for itself
        seen.extend(save(vault, SignedIn()))
        return found

    monkeypatch.setattr(vault.peers, "check", checking)
    vault.exchange.apply(page)
    assert (seen, len(kept(vault))) == ([1], 1)


def test_no_detail_of_a_person_comes_with_a_neighbours_record(vault: Vault, peer: Neighbour) -> None:
    tell(vault, peer.tells(walk_in("W0000000000000001")))
    assert vault.roster.appointment("W0000000000000001") is None


@settings(max_examples=30, deadline=None)
@given(
    seed=st.randoms(use_true_random=False), pages=st.integers(1, 5), doubled=st.integers(0, 6), bad=st.integers(0, 6)
)
def test_in_any_order_with_duplicates_and_forks_the_same_is_kept(
    seed: random.Random, pages: int, doubled: int, bad: int
) -> None:
    neighbours = [Neighbour(device=f"d00000000000{n}") for n in range(3)]
    true = [peer.tells(dose_given(NAMES[n])) for n in range(6) for peer in neighbours]
    false = [_spoilt(Neighbour(), SPOILT[seed.randrange(len(SPOILT))]) for _ in range(bad)]
    fork = Neighbour(device=neighbours[0].device).tells(vial())
    told = [*true, fork, *seed.choices([*true, fork], k=doubled), *false]
    forked = (fork.device, 1)
    seed.shuffle(told)
    cuts = sorted(seed.randrange(len(told) + 1) for _ in range(pages - 1))
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        vault = born(home)
        try:
            for begin, end in zip([0, *cuts], [*cuts, len(told)], strict=True):
                tell(vault, *told[begin:end])
                if seed.random() < 0.3:
                    vault.close()
                    vault = Vault.open(home, KEY)
            assert kept(vault) == sorted((peer.device, n) for peer in neighbours for n in range(1, 7))
            for one in true:
                seq = msgspec.json.decode(one.record.payload)["seq"]
                hashes = {one.record.hash.hex(), *([fork.record.hash.hex()] if (one.device, seq) == forked else [])}
                assert vault.daybooks.hash_of(one.device, seq) in hashes, "of two, the one that came first"
            assert vault.peers.rejected() == len({one.record.hash for one in false}) + 1
        finally:
            vault.close()
