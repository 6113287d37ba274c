"""What somebody learns who opens the database, or reads the file without (DESIGN 4.1, 5.5)."""

from __future__ import annotations

import json
from pathlib import Path

from tests.domain.given import dose_given, refused, walk_in
from tests.trust import fixed
from tests.vault.given import IDENTITY, IN_CHARGE, changes, moment, person, receipt, save, vial, walk_in_person
from vaccinator_app.domain.events import Arrived, Proof, ProofKind
from vaccinator_app.domain.people import Role, StaffMember
from vaccinator_app.protocol.messages import Outcome, Status
from vaccinator_app.trust import code, seal
from vaccinator_app.trust.keys import SealingKey, key_id
from vaccinator_app.trust.keyslot import FLOOR
from vaccinator_app.vault.slots import Slots
from vaccinator_app.vault.vault import Vault

CODES = {1: "4821", 2: "0000", 3: "9999", 4: "0250"}
ALL_CODES = [f"{number:04d}" for number in range(10_000)]


def proof(number: int, seq: int, typed: str) -> Proof:
    public = fixed.CODES.public
    info = seal.code_binding(person(number).appointment, IDENTITY.device, seq)
    return Proof(how=ProofKind.CODE, seq=seq, key=key_id(public), sealed=seal.seal(typed.encode(), public, info))


def a_day(vault: Vault) -> None:
    """Right codes, wrong ones, a walk-in, a draft, a receipt."""
    from dataclasses import replace

    vault.exchange.apply(
        changes(*(person(n, "Zubeida Qureshi", the_code=c, last4="5729", mobile="6138") for n, c in CODES.items()))
    )
    save(vault, vial(), Arrived(appointment=person(1).appointment))
    save(vault, replace(dose_given(person(1).appointment), proof=proof(1, 3, CODES[1])))
    for attempt, typed in enumerate(("1234", "4831", "8412"), 1):
        save(vault, replace(refused(person(2).appointment, attempt), proof=proof(2, 3 + attempt, typed)))
    guest = walk_in_person(90, "Yashodhara Xavier")
    vault.ledger.append(moment(), IN_CHARGE, [walk_in(guest.appointment)], person=guest)
    vault.drafts.save(person(3).appointment, IN_CHARGE.staff, b"half done")
    vault.exchange.confirm(receipt(vault, 2, Outcome(1, Status.ACCEPTED)), b"signed")


def dump(vault: Vault) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, also the full-text index's own."""
    tables = vault._database.read("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'roster_words'")
    return {name: vault._database.read(f"SELECT * FROM {name}") for (name,) in tables}


def test_the_opened_database_leaves_at_least_39_codes_for_everybody(vault: Vault) -> None:
    """Every value in it is tried as the key of the tags, and every value as a tag."""
    a_day(vault)
    values = [value for rows in dump(vault).values() for row in rows for value in row]
    keys = {value for value in values if isinstance(value, bytes) and len(value) == 32}
    roster_key = vault.roster.key()
    assert roster_key is not None
    keys |= {roster_key.key, vault.identity.device_key.private}
    tags = {value for value in values if isinstance(value, bytes) and len(value) == code.TAG_LENGTH}
    assert len(tags) == len(CODES)
    for number in CODES:
        appointment = person(number).appointment
        left = set(ALL_CODES)
        for key in keys:
            by_bucket = {code.tag(key, appointment, bucket): bucket for bucket in range(code.MODULUS)}
            for hit in tags & by_bucket.keys():
                left = {typed for typed in left if code.bucket(typed) == by_bucket[hit]}
        assert CODES[number] in left
        assert 39 <= len(left) <= 40


def test_a_code_is_nowhere_in_the_clear(vault: Vault) -> None:
    a_day(vault)
    found = json.dumps([[repr(value) for value in row] for rows in dump(vault).values() for row in rows])
    for typed in ("1234", "4831", "8412", CODES[1]):
        assert f'"{typed}"' not in found
        assert f"'{typed}'" not in found
        assert f"b'{typed}" not in found


def test_two_codes_of_one_bucket_leave_the_same_roster(vault: Vault, tmp_path: Path) -> None:
    from tests.vault.given import born

    other = born(tmp_path / "other")
    assert code.bucket("0001") == code.bucket("0252")
    vault.exchange.apply(changes(person(1, the_code="0001")))
    other.exchange.apply(changes(person(1, the_code="0252")))
    assert dump(vault) == dump(other)
    other.close()


DETAILS = [
    "Zubeida",
    "Qureshi",
    "zubeida",
    "qureshi",
    "Yashodhara",
    "Xavier",
    "5729",
    "6138",
    "PHC Rampur",
    "covishield",
]


def test_no_personal_detail_is_in_the_bytes_of_the_home(vault: Vault, home: Path) -> None:
    slots = Slots.create(home / "slots", IDENTITY.device)
    slots.add(
        StaffMember(staff="s1", name="Sushila", role=Role.IN_CHARGE),
        fixed.IN_CHARGE,
        SealingKey.generate(),
        "neem leaf tea",
        bytes(32),
        FLOOR,
    )
    a_day(vault)
    files = [path for path in home.rglob("*") if path.is_file()]
    assert len(files) == 4
    everything = b"".join(path.read_bytes() for path in files)
    for detail in DETAILS:
        assert detail.encode() not in everything
        assert detail.encode("utf-16-le") not in everything
    assert b"SQLite format 3" not in everything
    vault.close()
    everything = b"".join(path.read_bytes() for path in files if path.exists())
    assert [detail for detail in DETAILS if detail.encode() in everything] == []


def test_the_mobiles_last_four_stand_in_the_roster_alone(vault: Vault) -> None:
    a_day(vault)
    holding = {
        table for table, rows in dump(vault).items() for row in rows if any("6138" in str(value) for value in row)
    }
    assert holding == {"roster"}
