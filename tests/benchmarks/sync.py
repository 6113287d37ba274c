"""Push of 10,000 records from a desk to a central in its own process over TLS, and what a dose weighs on the wire."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from tests.benchmarks.rows import Row, seconds
from tests.support.central import PASSPHRASE, open_as_in_charge
from tests.support.desk import CENTRE, vaccines
from vaccinator_app.central.clock import system_clock
from vaccinator_app.central.keyring.keys import load
from vaccinator_app.central.operations import admin
from vaccinator_app.cli.demo.server import Central
from vaccinator_app.desk.enrol import NewDesk, enrol
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.events import (
    DoseGiven,
    EligibilityShown,
    IdentityMethod,
    Proof,
    ProofKind,
    Site,
)
from vaccinator_app.protocol.enrolment import read_file
from vaccinator_app.protocol.records import EVENT_TYPE, read_event
from vaccinator_app.sync.engine import Engine
from vaccinator_app.sync.http import HttpCentral
from vaccinator_app.trust import dsse, seal
from vaccinator_app.trust.keys import SealingKey, key_id
from vaccinator_app.trust.keyslot import FLOOR

RECORDS = 10_000
BYTES_A_DOSE = 300.0


class Weighing:
    """The HTTPS client, with a scale."""

    def __init__(self, central: HttpCentral) -> None:
        self._central = central
        self.sizes: list[int] = []

    def push(self, packed: bytes) -> bytes:
        self.sizes.append(len(packed))
        return self._central.push(packed)

    def pull(self, packed: bytes) -> bytes:
        return self._central.pull(packed)

    def confirm(self, packed: bytes) -> bytes:
        return self._central.confirm(packed)

    def history(self, packed: bytes) -> bytes:
        return self._central.history(packed)

    def deliver(self, packed: bytes) -> bytes:
        return self._central.deliver(packed)


def push(folder: Path) -> list[Row]:
    """Records a second, verified, opened, adjudicated and durable at central; beside bare verify-and-open on one
    core. The peer that the budget names (PouchDB) is measured by its own script, since it needs Node."""
    admin.init(folder / "central", system_clock, vaccines())
    home = admin.open_home(folder / "central")
    admin.add_centre(home, CENTRE, "PHC Rampur", "Rampur")
    server = Central(folder / "central", folder / "central.log")
    try:
        file = read_file(admin.create_enrolment_file(home, system_clock, CENTRE, server.address))
        desk = NewDesk(device_name="Desk", in_charge_name="R. Sharma", passphrase=PASSPHRASE, kdf=FLOOR)
        enrol(folder / "desk", file, desk, lambda f: HttpCentral(f.address, f.authority), datetime.now(UTC))
        place = open_as_in_charge(Unlock(folder / "desk", vaccines())).place
        _record(place)
        bare = _bare(place, load(folder / "central").codes)
        client = HttpCentral(file.address, file.authority)
        scale = Weighing(client)
        took = seconds(Engine(desk_of(place.vault), place.vault.exchange, scale).run)
        client.close()
        place.vault.close()
    finally:
        server.stop()
        home.database.close()
    return [
        Row(row="push, records a second to bare verify-and-open on one core", unit="1/s", ours=RECORDS / took,
            reference=bare, budget=0.6, at_least=True),
        Row(row="bytes a dose in a batch of 500", unit="B", ours=sum(scale.sizes) / RECORDS, reference=BYTES_A_DOSE,
            budget=1.0),
    ]  # fmt: skip


def _record(place: Workplace) -> None:
    vault = place.vault
    device, codes = vault.identity.device, vault.identity.central.codes
    name = key_id(codes)
    first = vault.ledger.next_seq()
    for start in range(0, RECORDS, 500):
        bodies = []
        for n in range(start, start + 500):
            person = f"{n:012d}"
            sealed = seal.seal(b"4821", codes, seal.code_binding(person, device, first + n))
            bodies.append(
                DoseGiven(
                    appointment=person,
                    identity=IdentityMethod.PHOTO_ID,
                    eligibility=EligibilityShown(rule="eligible.first_dose"),
                    proof=Proof(how=ProofKind.CODE, seq=first + n, key=name, sealed=sealed),
                    vaccine="covishield",
                    dose=1,
                    batch="4121Z025",
                    expiry=date(2099, 3, 31),
                    vial=n // 10 + 1,
                    site=Site.LEFT_ARM,
                )
            )
        place.record(*bodies)


def _bare(place: Workplace, codes: SealingKey) -> float:
    """Records a second on one core, doing nothing but verify, decode and open."""
    records = list(place.vault.ledger.records(1, 2_000))
    public, device = place.signing_key.public, place.vault.identity.device

    def work() -> None:
        for record in records:
            dsse.verify(EVENT_TYPE, record.payload, record.signature, public)
            body = read_event(record.payload).read_body()
            assert isinstance(body, DoseGiven)
            seal.open_seal(body.proof.sealed, codes, seal.code_binding(body.appointment, device, body.proof.seq))

    return len(records) / min(seconds(work) for _ in range(3))
