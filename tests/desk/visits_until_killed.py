"""A desk in a process of its own that does one visit after another until it is killed; run by ``test_kill``.

Arguments: the home, the database key and the signing key in hex, the names of the appointments. After each step it
says on standard output what the screen would: the step, and for a record the number it was saved under.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.support.desk import IN_CHARGE, ToldClock, vaccines
from vaccinator_app.desk.visit import VisitDesk
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.trust.keys import SigningKey
from vaccinator_app.vault.vault import Vault


def main() -> None:
    """Visit everybody; each line goes out before the next step begins."""
    home, database_key, signing_key, *people = sys.argv[1:]
    vault = Vault.open(Path(home), bytes.fromhex(database_key))
    place = Workplace(
        home=Path(home),
        vault=vault,
        staff=IN_CHARGE,
        signing_key=SigningKey(bytes.fromhex(signing_key)),
        formulary=vaccines(),
        clock=ToldClock(),
    )
    for person in people:
        desk = VisitDesk(place, person)
        print("opened", flush=True)
        desk.confirm_identity()
        print("identity", place.vault.ledger.head().seq, flush=True)
        desk.type_code("0000")
        print("wrong-code", place.vault.ledger.head().seq, flush=True)
        desk.type_code("4821")
        print("code", flush=True)
        print("dose", desk.record_dose().seq, flush=True)


if __name__ == "__main__":
    main()
