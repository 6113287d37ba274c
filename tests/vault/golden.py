"""Writes the vault of this release that ``test_migrations`` opens for ever (DESIGN 6.2).

``python -m tests.vault.golden`` writes the file of the schema as it is now, and never one that is there already.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TypedDict

from tests.domain.given import dose_given, observed, previous, refused, voided, walk_in
from tests.vault.given import (
    COLLEAGUE,
    DAY,
    IN_CHARGE,
    TEN,
    aefi,
    born,
    changes,
    discarded,
    moment,
    overridden,
    override,
    person,
    receipt,
    received,
    save,
    transferred,
    vial,
    walk_in_person,
)
from tests.vault.neighbours import Neighbour
from vaccinator_app.domain.events import Arrived, SignedIn
from vaccinator_app.protocol.messages import (
    AllottedBatch,
    CloseAnswer,
    CountedElsewhere,
    Outcome,
    PeerDesk,
    PeerRecord,
    Reason,
    Status,
)
from vaccinator_app.vault.files import DATABASE
from vaccinator_app.vault.migrations import newest

FOLDER = Path(__file__).parents[1] / "golden" / "vault"


def a_morning(home: Path) -> None:
    """A few people, a few records of every state, some of them confirmed, a draft, stock, and another desk."""
    vault = born(home)
    people = [
        person(1, "Sunita Kumari", previous=(previous(1, DAY.replace(month=6)),)),
        person(2, "सुनीता कुमारी", minute=615),
        person(3, "Mohd. Irfan", minute=630, cancelled=True),
        person(4, "Lakshmi Iyer", minute=645),
    ]
    names = [one.appointment for one in people]
    vault.exchange.apply(changes(*people, **_told()))
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
    save(vault, received(5), received(1, "B7"), transferred(), discarded(0, vials=1, doses=10), minutes=50)
    save(
        vault, override("000000000009"), replace(overridden("000000000009", 16), vial=9), aefi(4, names[0]), minutes=55
    )
    assert vault.exchange.last_contact() == TEN
    vault.close()


class _Told(TypedDict):
    batches: list[AllottedBatch]
    peers: list[PeerRecord]
    desks: list[PeerDesk]
    closes: list[CloseAnswer]


def _told() -> _Told:
    """What central says beside people: batches, and a neighbour of whose records one does not hold."""
    other, false = Neighbour(), Neighbour()
    records = [
        other.tells(received(3)),
        other.tells(dose_given("000000000008"), Reason.TOO_EARLY, status=Status.HELD),
        false.tells(vial()),
    ]
    return _Told(
        batches=[AllottedBatch("two", "4121Z025", DAY.replace(year=2027), 10)],
        peers=records,
        desks=[other.desk(claimed=4)],
        closes=[CloseAnswer(other.device, 3, (CountedElsewhere("total.given", 2, 1),)), CloseAnswer(other.device, 4)],
    )


if __name__ == "__main__":
    path = FOLDER / f"vault-{newest():04d}.db"
    with tempfile.TemporaryDirectory() as folder, path.open("xb") as file:
        a_morning(Path(folder) / "home")
        file.write((Path(folder) / "home" / DATABASE).read_bytes())
