"""SIGKILL between any two steps of a visit, and in the middle of them: the vault opens, the ledger holds, nothing
that the screen called saved is gone (DESIGN 3.6, 6.3)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.desk import IN_CHARGE, CentralSide, ToldClock, identity, staff_certificate, vaccines
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.events import DoseGiven
from vaccinator_app.trust.keys import SigningKey
from vaccinator_app.vault.vault import Vault

PEOPLE = 40


@pytest.mark.parametrize("lines", range(1, 12))
def test_a_kill_loses_nothing_that_was_called_saved(tmp_path: Path, lines: int) -> None:
    """Killed as soon as it has said ``lines`` things, while the next step is already under way."""
    central, key, database_key = CentralSide(), SigningKey.generate(), os.urandom(32)
    vault = Vault.create(tmp_path / "home", database_key, identity(central, SigningKey.generate()))
    vault.certificates.add([staff_certificate(central, IN_CHARGE, key)])
    people = [central.appointment(number, the_code="4821") for number in range(1, PEOPLE + 1)]
    vault.exchange.apply(central.changes(vault.identity.device, people))
    vault.close()
    names = [person.appointment for person in people]
    said = _run_and_kill(tmp_path / "home", database_key, key, names, lines)

    vault = Vault.open(tmp_path / "home", database_key)
    head = vault.ledger.check(vault.certificates.find)
    saved = [int(line.split()[1]) for line in said if len(line.split()) == 2]
    assert head.seq >= max(saved, default=0)
    vault.views.rebuild()
    doses = [body.appointment for *_, body in vault.ledger.events() if isinstance(body, DoseGiven)]
    assert len(doses) == len(set(doses))
    # whoever was at the desk goes on where the last durable step ended
    place = Workplace(
        home=tmp_path / "home",
        vault=vault,
        staff=IN_CHARGE,
        signing_key=key,
        formulary=vaccines(),
        clock=ToldClock(),
    )
    person = next(name for name in names if name not in doses)
    desk = VisitDesk(place, person)
    if desk.draft.identity is None:
        desk.confirm_identity()
    if not desk.proven:
        desk.type_code("4821")
    desk.record_dose()
    vault.ledger.check(vault.certificates.find)
    vault.close()


def _run_and_kill(home: Path, database_key: bytes, key: SigningKey, names: list[str], lines: int) -> list[str]:
    command = [sys.executable, "-m", "tests.desk.visits_until_killed", str(home), database_key.hex()]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}
    process = subprocess.Popen(
        [*command, key.private.hex(), *names], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    said = [process.stdout.readline().strip() for _ in range(lines)]
    process.send_signal(signal.SIGKILL)
    said += process.stdout.read().splitlines()
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    assert all(said[:lines]), "it ended before it was killed"
    return said
