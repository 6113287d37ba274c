"""``vaccinator recover ...``: nobody remembers a passphrase (DESIGN 5.4; docs/recovery.md)."""

from __future__ import annotations

from argparse import Namespace

from vaccinator_app.cli.exits import Exit, Failed
from vaccinator_app.cli.home import desk_home, load_formulary, passphrase
from vaccinator_app.desk.recovery import Recovery
from vaccinator_app.desk.unlock import lock
from vaccinator_app.trust.keyslot import KdfParameters


def run_request(arguments: Namespace) -> int:
    """``vaccinator recover request``: the file for central, and what is read out on the telephone."""
    recovery = Recovery(desk_home(arguments), load_formulary())
    if arguments.anew:
        recovery.drop()
    asked = recovery.asked()
    if asked is None:
        if arguments.name is None:
            raise Failed(Exit.USAGE, "Say who will be in charge of this desk: --in-charge NAME.")
        asked = recovery.begin(
            arguments.name,
            passphrase(arguments, f"A new passphrase for {arguments.name} (at least 8 characters): "),
            KdfParameters(),
            device=arguments.device or "",
        )
    recovery.save(arguments.out)
    print(f"Machine: {asked.device}")
    print(f"In charge will be: {asked.name}")
    print(f"Fingerprint: {asked.fingerprint}")
    print(f"Send {arguments.out.name} to the district office and read out machine and fingerprint on the telephone.")
    return Exit.OK


def run_answer(arguments: Namespace) -> int:
    """``vaccinator recover answer FILE``: open the desk with central's answer and the new passphrase."""
    recovery = Recovery(desk_home(arguments), load_formulary())
    opened = recovery.answer_in(arguments.file, passphrase(arguments, "The new passphrase: "), KdfParameters())
    place = opened.place
    pending = place.vault.exchange.pending().count
    lock(place)
    print(f"{place.staff.name} is in charge of this desk. Every record is here; {pending} are not confirmed yet.")
    print("Give the others new passphrases on the Staff screen.")
    return Exit.OK
