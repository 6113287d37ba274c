"""Writes the vault of this release that ``test_migrations`` opens for ever (DESIGN 6.2).

``python -m tests.vault.golden`` writes the file of the schema as it is now, and never one that is there already.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.domain.given import dose_given, observed, previous, refused, voided, walk_in
from tests.vault.given import (
    COLLEAGUE,
    DAY,
    IN_CHARGE,
    TEN,
    born,
    changes,
    moment,
    person,
    receipt,
    save,
    vial,
    walk_in_person,
)
from vaccinator_app.domain.events import Arrived, SignedIn
from vaccinator_app.protocol.messages import AllottedBatch, Outcome, Reason, Status
from vaccinator_app.vault.files import DATABASE
from vaccinator_app.vault.migrations import newest

FOLDER = Path(__file__).parents[1] / "golden" / "vault"


def a_morning(home: Path) -> None:
    """A few people, a few records of every state, some of them confirmed, and a draft."""
    vault = born(home)
    people = [
        person(1, "Sunita Kumari", previous=(previous(1, DAY.replace(month=6)),)),
        person(2, "सुनीता कुमारी", minute=615),
        person(3, "Mohd. Irfan", minute=630, cancelled=True),
        person(4, "Lakshmi Iyer", minute=645),
    ]
    names = [one.appointment for one in people]
    vault.exchange.apply(changes(*people, batches=[AllottedBatch("two", "4121Z025", DAY.replace(year=2027), 10)]))
    guest = walk_in_person(90, "Abdul Rahman")
    save(vault, SignedIn(), Arrived(appointment=names[0]), vial(), dose_given(names[0]), author=IN_CHARGE)
    vault.ledger.append(moment(3), COLLEAGUE, [walk_in(guest.appointment), dose_given(guest.appointment)], person=guest)
    save(vault, voided(6, guest.appointment), *(refused(names[1], n) for n in (1, 2, 3)), minutes=5)
    save(vault, observed(names[0]), minutes=40)
    vault.exchange.confirm(
        receipt(
            vault, 5, *(Outcome(n, Status.ACCEPTED) for n in (1, 2, 3, 5)), Outcome(4, Status.HELD, (Reason.TOO_EARLY,))
        ),
        b"signed by central",
    )
    vault.drafts.save(names[3], COLLEAGUE.staff, b"half done")
    assert vault.exchange.last_contact() == TEN
    vault.close()


if __name__ == "__main__":
    path = FOLDER / f"vault-{newest():04d}.db"
    with tempfile.TemporaryDirectory() as folder, path.open("xb") as file:
        a_morning(Path(folder) / "home")
        file.write((Path(folder) / "home" / DATABASE).read_bytes())
